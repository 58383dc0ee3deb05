"""Quantities of sales order lines and what follows from them. Pure: every derived value is recomputed from the lines.

A line is a plain dict with the field names of the contract; quantities are decimal strings in the line's own unit of
measure. `_factor` is how many base units one of them holds, `_physical` whether the line takes stock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from ..common.money import ZERO, decimal, quantity_text
from .records import Record

QUANTITIES = ("reserved", "backordered", "shipped", "invoiced", "returned", "cancelled", "outstanding")


def amount(line: Mapping[str, Any], name: str) -> Decimal:
    """A quantity or money field of a line as an exact number."""
    return decimal(line.get(name))


def is_physical(line: Mapping[str, Any]) -> bool:
    """Whether the line takes stock and goes to the WMS. Service, NonInventory, Account and Charge lines do not."""
    return bool(line["_physical"])


def counts(line: Mapping[str, Any]) -> bool:
    """Whether the line takes part in shipment and invoice; comments do not."""
    return bool(line["lineType"] != "Comment")


def in_base_units(line: Mapping[str, Any], quantity: Decimal) -> Decimal:
    return quantity * decimal(line["_factor"])


def with_quantities(line: Record, *, confirmed: bool, **changes: Decimal) -> Record:
    """The line with changed quantities; outstanding and backordered follow (ORD-3, ORD-4).

    confirmed: whether the order is released, so that what is neither shipped nor reserved counts as backordered.
    """
    new = {**line, **{name: quantity_text(value) for name, value in changes.items()}}
    outstanding = amount(new, "quantity") - amount(new, "shipped") - amount(new, "cancelled")
    reserved = min(amount(new, "reserved"), outstanding)
    backordered = outstanding - reserved if confirmed and is_physical(line) else ZERO
    return {
        **new,
        "outstanding": quantity_text(outstanding),
        "reserved": quantity_text(reserved),
        "backordered": quantity_text(backordered),
    }


def reservable(line: Mapping[str, Any], available: Decimal) -> Decimal:
    """How much of the line `available` base units can newly cover: min(outstanding - reserved, available).

    In whole units of the line's own measure: 30 pieces cover 2 cases of 12.
    """
    if not is_physical(line) or available <= 0:
        return ZERO
    wanted = amount(line, "outstanding") - amount(line, "reserved")
    factor = decimal(line["_factor"])
    covered = available if factor == 1 else (available / factor).to_integral_value(rounding=ROUND_FLOOR)
    return max(ZERO, min(wanted, covered))


def shipment_status(lines: Iterable[Mapping[str, Any]]) -> str:
    """not_shipped | partially_shipped | fully_shipped, from the lines alone (ORD-5)."""
    return _progress(lines, "shipped", ("not_shipped", "partially_shipped", "fully_shipped"))


def invoice_status(lines: Iterable[Mapping[str, Any]]) -> str:
    """not_invoiced | partially_invoiced | fully_invoiced, from the lines alone (ORD-5)."""
    return _progress(lines, "invoiced", ("not_invoiced", "partially_invoiced", "fully_invoiced"))


def _progress(lines: Iterable[Mapping[str, Any]], name: str, words: tuple[str, str, str]) -> str:
    counted = [line for line in lines if counts(line)]
    if all(amount(line, name) == 0 for line in counted):
        return words[0]
    complete = all(amount(line, name) == amount(line, "quantity") - amount(line, "cancelled") for line in counted)
    return words[2] if complete else words[1]


def is_finished(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the order may close: every line shipped or cancelled in full, and all that shipped invoiced (ORD-6)."""
    return all(
        amount(line, "outstanding") == 0 and amount(line, "invoiced") == amount(line, "shipped")
        for line in lines
        if counts(line)
    )


def with_lines(order: Record, lines: Sequence[Record]) -> Record:
    """The order with new lines and the derived fields that follow from them."""
    return {
        **order,
        "lines": list(lines),
        "shipmentStatus": shipment_status(lines),
        "invoiceStatus": invoice_status(lines),
        "_waiting": _is_waiting(order, lines),
    }


def _is_waiting(order: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> bool | None:
    """True for an order that takes part in the filling of backorders; None keeps it out of the index."""
    if order["status"] == "released" and any(amount(line, "backordered") > 0 for line in lines):
        return True
    return None
