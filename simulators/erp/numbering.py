"""Document and entry numbers. Orders and shipments may have gaps; invoices and credit memos may not (DOC-4, DOC-10)."""

from __future__ import annotations

from datetime import date

from understudy import Context

SEQUENCES = {
    "salesOrder": 123,
    "salesShipment": 77,
    "customerPayment": 501,
    "purchaseReceipt": 201,
    "itemJournalEntry": 301,
    "customer": 10001,
    "item": 1,
}
"""First numbers of the series that may have gaps; the engine adds 1000 for every further run of a world."""

_FIRST = {"INV-2026": 456, "CM-2026": 31}
"""Numbers already used up when the standard scenarios begin. Other years begin at 1."""


def loose_number(ctx: Context, prefix: str, sequence: str, on: date) -> str:
    """`SO-2026-000123`: the next of a series that may have gaps."""
    return f"{prefix}-{on.year}-{ctx.next(sequence):06d}"


def gapless_number(ctx: Context, prefix: str, posting_date: date) -> str:
    """`INV-2026-000456`: the next of the series of a document type and fiscal year, taken by the posting itself.

    A posting that fails takes its number back, since the count is stored in the same transaction.
    """
    series = f"{prefix}-{posting_date.year}"
    return f"{series}-{_FIRST.get(series, 1) + ctx.run * 1000 + _count(ctx, series) - 1:06d}"


def entry_number(ctx: Context, ledger: str) -> int:
    """The next entry of a ledger: 1, 2, 3, …, opening entries included."""
    return _count(ctx, ledger)


def _count(ctx: Context, series: str) -> int:
    table = ctx.table("numberSeries")
    row = table.get(series)
    taken = (row["taken"] if row is not None else 0) + 1
    table.put({"code": series, "taken": taken})
    return int(taken)
