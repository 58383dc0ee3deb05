"""When the cost of what was sold reaches the general ledger: at goods issue or with the invoice (`costTiming`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy import Context

from ..common.money import ZERO, cumulative_share, decimal, total
from .accounts import COST_OF_GOODS, inventory_account
from .company import base_currency, minor_units
from .drafts import shipment_line_ref
from .general_ledger import Booking, credit, debit
from .records import Record, find_one


def at_goods_issue(ctx: Context) -> bool:
    """Under `costTiming=invoice` the cost waits for the invoice, unless that came first (`invoicePolicy=on_order`)."""
    late = ctx.policy.get("costTiming", "goods_issue") == "invoice"
    return not late or ctx.policy.get("invoicePolicy", "on_shipment") == "on_order"


def cost_bookings(ctx: Context, invoice: Mapping[str, Any]) -> list[Booking]:
    """Cost of goods sold for the invoiced part of every shipment whose goods issue left the general ledger alone."""
    bookings: list[Booking] = []
    for line in invoice["lines"]:
        reference = line["shipmentLineRef"]
        shipment = None if reference is None else find_one(ctx, "salesShipments", "number", reference.split("/")[0])
        if shipment is None or shipment["_costBooked"]:
            continue
        cost = _share(ctx, shipment, line, reference)
        item = find_one(ctx, "items", "number", line["itemNumber"])
        account = None if item is None or item["inventoryPostingGroup"] is None else inventory_account(ctx, item)
        if cost != 0 and account is not None:
            bookings += [debit(COST_OF_GOODS, cost), credit(account, cost)]
    return bookings


def _share(ctx: Context, shipment: Record, line: Mapping[str, Any], reference: str) -> Decimal:
    """The line's share of what its shipment cost, after what earlier invoices took of it."""
    shipped = [
        each
        for each in shipment["lines"]
        if shipment_line_ref(shipment, each["orderLineSequence"]) == reference and each["costAmount"] is not None
    ]
    cost = total(decimal(each["costAmount"]) for each in shipped)
    quantity = total(decimal(each["quantity"]) for each in shipped)
    before = ZERO
    for other in ctx.table("salesInvoices").find("orderNumber", shipment["orderNumber"]):
        if other["status"] != "draft":
            before += total(
                decimal(each["quantity"]) for each in other["lines"] if each["shipmentLineRef"] == reference
            )
    if not quantity:
        return ZERO
    return cumulative_share(cost, before, decimal(line["quantity"]), quantity, minor_units(ctx, base_currency(ctx)))
