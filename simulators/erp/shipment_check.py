"""May this be shipped? Quantities, locations, tracking and stock, every violation found before anything is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from understudy import Context, FieldError, Problem

from ..common.money import decimal, quantity_text
from ..common.violations import Violations
from .order_lines import amount, counts, in_base_units, is_physical
from .records import Record, find_one
from .stock import Stock


def order_line(order: Record, sequence: int) -> Record | None:
    return next((line for line in order["lines"] if line["sequence"] == sequence), None)


def check_shipment_lines(
    order: Record, lines: Sequence[Mapping[str, Any]], location_code: str, found: Violations
) -> None:
    """Lines belong to the order, ship from its location, and are not more than outstanding (DOC-2). Pure."""
    shipping: dict[int, Decimal] = {}
    for index, line in enumerate(lines):
        at, sequence = f"/lines/{index}", line["orderLineSequence"]
        known = order_line(order, sequence)
        if known is None or not counts(known):
            detail = f"{order['number']} has no line {sequence}"
            found.add(f"{at}/orderLineSequence", "unknown-reference", detail, sequence)
            continue
        if is_physical(known) and known["locationCode"] != location_code:
            detail = f"line {sequence} ships from {known['locationCode']}"
            found.add("/locationCode", "invalid-value", detail, location_code)
        so_far = shipping.get(sequence, Decimal(0)) + decimal(line["quantity"])
        shipping[sequence] = so_far
        if so_far > amount(known, "outstanding"):
            detail = f"line {sequence} has {known['outstanding']} outstanding, {quantity_text(so_far)} would ship"
            found.add(f"{at}/quantity", "over-shipment", detail, line["quantity"])


def check_tracking(ctx: Context, order: Record, lines: Sequence[Mapping[str, Any]], found: Violations) -> None:
    """A lot, or as many serial numbers as pieces, where the item asks for them (B15)."""
    for index, line in enumerate(lines):
        known = order_line(order, line["orderLineSequence"])
        item = find_one(ctx, "items", "number", known["itemNumber"]) if known is not None else None
        if known is None or item is None:
            continue
        if item["tracking"] == "lot" and line.get("lot") is None:
            found.add(f"/lines/{index}/lot", "required", f"item {item['number']} is tracked by lot")
        serials = line.get("serials") or []
        pieces = in_base_units(known, decimal(line["quantity"]))
        if item["tracking"] == "serial" and len(set(serials)) != pieces:
            detail = f"{quantity_text(pieces)} pieces need as many serial numbers"
            found.add(f"/lines/{index}/serials", "invalid-value", detail, serials)


def require_stock(ctx: Context, stock: Stock, order: Record, shipment: Record) -> None:
    """Raises Problem 409 insufficient-stock, naming every line that stock cannot cover (INV-4)."""
    if ctx.policy.get("allowNegativeStock", "false") == "true":
        return
    wanted: dict[tuple[str, str], Decimal] = {}
    errors = []
    for index, line, known in physical_lines(order, shipment):
        key = (known["itemNumber"], known["locationCode"])
        wanted[key] = wanted.get(key, Decimal(0)) + in_base_units(known, decimal(line["quantity"]))
        on_hand = stock.on_hand(*key)
        if wanted[key] > on_hand:
            detail = f"{key[0]} at {key[1]}: {quantity_text(on_hand)} on hand, {quantity_text(wanted[key])} needed"
            errors.append(FieldError(f"/lines/{index}/quantity", "insufficient-stock", detail, line["quantity"]))
    if errors:
        raise Problem("insufficient-stock", errors[0].detail, errors=errors, current_state=shipment["status"])


def physical_lines(order: Record, shipment: Record) -> list[tuple[int, Record, Record]]:
    """(position, shipment line, order line) of what takes stock."""
    pairs = (
        (index, line, order_line(order, line["orderLineSequence"])) for index, line in enumerate(shipment["lines"])
    )
    return [(index, line, known) for index, line, known in pairs if known is not None and is_physical(known)]
