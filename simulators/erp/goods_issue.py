"""Stock leaves the books with a shipment, and comes back when the shipment is undone (domain 2.2, Postings; FIN-6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from understudy import Context

from ..common.money import decimal, money_text
from .accounts import COST_OF_GOODS, require_inventory_account
from .company import base_currency, minor_units
from .cost_of_sales import at_goods_issue
from .general_ledger import Booking, Voucher, credit, debit, post
from .item_ledger import Movement, move
from .order_lines import amount, in_base_units, with_lines, with_quantities
from .records import Record, find_one
from .shipment_check import physical_lines
from .stock import Stock


def issue_goods(ctx: Context, stock: Stock, order: Record, shipment: Record) -> Record:
    """The shipment with the cost of every line, after stock entries and, by `costTiming`, cost of goods sold."""
    decimals = minor_units(ctx, base_currency(ctx))
    lines = list(shipment["lines"])
    bookings: list[Booking] = []
    for index, line, known in physical_lines(order, shipment):
        item = find_one(ctx, "items", "number", known["itemNumber"])
        assert item is not None, "an order line names an item"
        account = require_inventory_account(ctx, item, f"/lines/{index}/itemNumber")
        movement = Movement(
            item_number=item["number"],
            location_code=known["locationCode"],
            quantity=-in_base_units(known, decimal(line["quantity"])),
            entry_type="Sale",
        )
        moved = move(ctx, stock, _voucher(shipment), movement)
        lines[index] = {**line, "costAmount": money_text(moved.cost, decimals)}
        bookings += [debit(COST_OF_GOODS, moved.cost), credit(account, moved.cost)]
    booked = at_goods_issue(ctx)
    if booked:
        post(ctx, _voucher(shipment), bookings)
    return {**shipment, "lines": lines, "_costBooked": booked}


def return_goods(ctx: Context, stock: Stock, shipment: Record) -> None:
    """Mirror every entry of the shipment: same accounts, same amounts, other side."""
    voucher = _voucher(shipment)
    bookings: list[Booking] = []
    for entry in ctx.table("itemLedgerEntries").find("documentNumber", shipment["number"]):
        item = find_one(ctx, "items", "number", entry["itemNumber"])
        assert item is not None, "a ledger entry names an item"
        movement = Movement(
            item_number=entry["itemNumber"],
            location_code=entry["locationCode"],
            quantity=-decimal(entry["quantity"]),
            entry_type="Sale",
            cost=-decimal(entry["costAmount"]),
            reversal_of=entry["entryNumber"],
        )
        moved = move(ctx, stock, voucher, movement)
        cost = moved.cost - moved.revaluation
        bookings += [debit(require_inventory_account(ctx, item, "/lines"), cost), credit(COST_OF_GOODS, cost)]
    if shipment["_costBooked"]:
        post(ctx, voucher, bookings)


def advance(order: Record, lines: Sequence[Record], sign: int) -> Record:
    """The order with a shipment's quantities shipped (1) or back again (-1); what ships is no longer reserved. Pure."""
    moved: dict[int, Decimal] = {}
    for line in lines:
        sequence = line["orderLineSequence"]
        moved[sequence] = moved.get(sequence, Decimal(0)) + sign * decimal(line["quantity"])
    return with_lines(
        order, [_shipped(order, line, moved.get(line["sequence"], Decimal(0))) for line in order["lines"]]
    )


def _shipped(order: Record, line: Record, quantity: Decimal) -> Record:
    reserved = amount(line, "reserved")
    return with_quantities(
        line,
        confirmed=order["status"] == "released",
        shipped=amount(line, "shipped") + quantity,
        reserved=reserved - max(Decimal(0), min(quantity, reserved)),
    )


def _voucher(shipment: Record) -> Voucher:
    day = date.fromisoformat(shipment["postingDate"])
    return Voucher("SalesShipment", shipment["number"], day, shipment["correlationId"])
