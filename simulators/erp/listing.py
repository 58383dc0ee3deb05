"""Lists that are only read: set-up, stock balances, ledgers."""

from __future__ import annotations

from collections.abc import Callable

from understudy import Context, Reply

from ..common.records import present


def listing(table: str) -> Callable[[Context], Reply]:
    """A handler that answers with every record of a table, in the order in which they were made."""

    def list_records(ctx: Context) -> Reply:
        return ctx.page([present(record) for record in ctx.table(table).all()])

    return list_records
