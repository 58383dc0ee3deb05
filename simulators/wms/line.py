"""One line of a fulfilment order in exact quantities: quantity = shipped + cancelled + allocated + backordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ..common.money import ZERO, decimal, quantity_text

_QUANTITIES = ("quantity", "allocated", "backordered", "picked", "short", "packed", "shipped", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """allocated: assigned from stock and not yet shipped, so it includes what is picked and packed but has not left.

    picked, packed: taken from bins, put into cartons; shipped pieces included. short: reported missing so far.
    """

    line_ref: str
    sku: str
    uom: str
    quantity: Decimal
    allocated: Decimal = ZERO
    backordered: Decimal = ZERO
    picked: Decimal = ZERO
    short: Decimal = ZERO
    packed: Decimal = ZERO
    shipped: Decimal = ZERO
    cancelled: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """What still has to leave the warehouse."""
        return self.quantity - self.shipped - self.cancelled

    @property
    def unpacked(self) -> Decimal:
        """Picked pieces that wait at the packing bench."""
        return self.picked - self.packed

    def with_packed(self, quantity: Decimal) -> Line:
        return replace(self, packed=self.packed + quantity)

    def with_shipped(self, quantity: Decimal) -> Line:
        return replace(self, shipped=self.shipped + quantity, allocated=self.allocated - quantity)

    def to_record(self) -> dict[str, Any]:
        quantities = {name: quantity_text(getattr(self, name)) for name in _QUANTITIES}
        return {
            "lineRef": self.line_ref,
            "sku": self.sku,
            "quantity": quantities.pop("quantity"),
            "uom": self.uom,
            **quantities,
        }


def read_line(record: Mapping[str, Any]) -> Line:
    """A stored line, or a line as a client sends it (then only the quantity is set)."""
    quantities = {name: decimal(record[name]) for name in _QUANTITIES if name in record}
    return Line(line_ref=record["lineRef"], sku=record["sku"], uom=record["uom"], **quantities)


def read_lines(order: Mapping[str, Any]) -> dict[str, Line]:
    """The lines of an order by lineRef, in their order."""
    return {record["lineRef"]: read_line(record) for record in order["lines"]}


def to_records(lines: Mapping[str, Line]) -> list[dict[str, Any]]:
    return [line.to_record() for line in lines.values()]
