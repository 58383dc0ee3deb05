"""Transformations that consult reference data. An unknown key is refused with the owner who can add it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.mapping.function import UNKNOWN_REFERENCE, Refusal, shown
from understudy.mapping.lookup import Lookup


def crosswalk(value: Any, table: Lookup, to: str, key: Sequence[Any] | None = None, valid_on: str | None = None) -> Any:
    """The column `to` of the row with this key (the value itself unless `key` is given).

    Refused: no row, a row that is not active, and with `valid_on` a row whose `from` or `to` excludes that day.
    """
    parts = tuple(key) if key is not None else (value,)
    row = table.find(*parts)
    named = " / ".join(shown(part) for part in parts)
    if row is None:
        raise Refusal(f"no row for {named} in {_named(table)}", code=UNKNOWN_REFERENCE, owner=table.owner)
    if not row.get("active", True):
        raise Refusal(
            f"the row for {named} in {_named(table)} is not active", code=UNKNOWN_REFERENCE, owner=table.owner
        )
    if valid_on is not None and (reason := outside(row, valid_on)):
        raise Refusal(f"{named} in {_named(table)} {reason}", owner=table.owner)
    return row.get(to)


def lookup(value: Any, table: Lookup, take: str = "", key: Sequence[Any] | None = None, optional: bool = False) -> Any:
    """The record with this key, or its member `take`. Unknown: refused, or absent if `optional`."""
    if value is None and key is None:
        return None
    record = table.find(*(key if key is not None else (value,)))
    if record is None:
        if optional:
            return None
        raise Refusal(f"no entry for {shown(value)} in {_named(table)}", code=UNKNOWN_REFERENCE, owner=table.owner)
    return member_at(record, take)


def alias(value: Any, table: Lookup, to: str) -> Any:
    """The column `to` of the row with this key; without a row the value stays as it is."""
    row = table.find(value)
    return value if row is None or not row.get("active", True) else row.get(to)


def member_at(record: Any, dotted: str) -> Any:
    """`member_at(item, "unitPrice")`; an empty name is the record itself, an absent member None."""
    for name in dotted.split(".") if dotted else ():
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def outside(row: Mapping[str, Any], day: str, first: str = "from", last: str = "to") -> str:
    """Why a day lies outside a row's validity, empty when it lies inside. Both bounds belong to it."""
    if row.get(first) is not None and day < str(row[first]):
        return f"is valid only from {row[first]}, not on {day}"
    if row.get(last) is not None and day > str(row[last]):
        return f"was valid until {row[last]}, not on {day}"
    return ""


def _named(table: Lookup) -> str:
    return f"{table.name} (owner {table.owner})" if table.owner else table.name
