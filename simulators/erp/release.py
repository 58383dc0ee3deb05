"""Release, hold and resume of sales orders (domain 2.2, salesOrder.status and side effects)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from understudy import Context, Reply

from ..common.dates import instant_text
from ..common.records import present
from ..common.violations import Violations
from .accounts import sales_account
from .credit import exceeds_credit
from .customers import survivor
from .drafts import draft_invoice, schedule_posting
from .events import announce
from .order_check import check_order
from .order_lines import amount, counts, is_finished, is_physical, with_lines, with_quantities
from .records import Record, fetch, find_one, save
from .reservations import announce_backorders, free_lines, reserve_lines, settle
from .states import order_transitions, refused, require_order
from .stock import Stock
from .tax_codes import INTRA_COMMUNITY

HOLD_KEEPS_RESERVATIONS = timedelta(hours=24)


def release_sales_order(ctx: Context) -> Reply:
    """Check everything again, check the credit, reserve, and tell. A failed credit or tax check answers 200 on_hold."""
    order = fetch(ctx, "salesOrders", ctx.path["salesOrderId"])
    ctx.require_match(order)
    customer = survivor(ctx, fetch(ctx, "customers", order["customerId"]))
    _check_for_release(ctx, order, customer)
    require_order(order, "released")
    reason = _hold_reason(ctx, order, customer)
    if reason is not None:
        return Reply(200, present(_put_on_hold(ctx, order, reason)))
    return Reply(200, present(_release(ctx, order)))


def hold_sales_order(ctx: Context) -> Reply:
    """Stop a released order; its reservations are kept for 24 hours."""
    order = fetch(ctx, "salesOrders", ctx.path["salesOrderId"])
    ctx.require_match(order)
    require_order(order, "on_hold")
    return Reply(200, present(_put_on_hold(ctx, order, ctx.body["reason"])))


def resume_sales_order(ctx: Context) -> Reply:
    """Release an order that is on hold, by decision: the credit is not asked again, everything else is."""
    order = fetch(ctx, "salesOrders", ctx.path["salesOrderId"])
    ctx.require_match(order)
    if order["status"] != "on_hold":
        raise refused(
            f"sales order {order['number']}", order["status"], order_transitions(order), "resumed", "it is not on hold"
        )
    customer = survivor(ctx, fetch(ctx, "customers", order["customerId"]))
    _check_for_release(ctx, order, customer)
    return Reply(200, present(_release(ctx, order)))


def free_held_reservations(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job, 24 hours after a hold: free what the order still reserves if it has been on hold ever since."""
    order = ctx.table("salesOrders").get(payload["orderId"])
    if order is None or order["status"] != "on_hold" or order["_heldAt"] != payload["heldAt"]:
        return
    stock = Stock(ctx)
    save(ctx, "salesOrders", free_lines(stock, order))
    settle(ctx, stock)


def _release(ctx: Context, order: Record) -> Record:
    stock = Stock(ctx)
    released = {
        **order,
        "status": "released",
        "holdReason": None,
        "_heldAt": None,
        "_releasedAt": order["_releasedAt"] or instant_text(ctx.now),
    }
    released = reserve_lines(stock, released)
    has_goods = any(is_physical(line) for line in released["lines"])
    if not has_goods:
        released = ship_services(released)
    saved = save(ctx, "salesOrders", released)
    announce(ctx, "erp.salesorder.released.v1", saved)
    announce_backorders(ctx, order, saved)
    settle(ctx, stock)
    if ctx.policy.get("invoicePolicy", "on_shipment") == "on_order" or not has_goods:
        invoice = draft_invoice(ctx, saved)
        if invoice is not None:
            schedule_posting(ctx, invoice)
    if is_finished(saved["lines"]):
        # It was shipped and invoiced while it was on hold. Released first, closed next: no state is skipped (ORD-9).
        ctx.schedule("closeOrder", {"orderId": saved["id"]}, correlation_id=saved["correlationId"])
    return saved


def ship_services(order: Record) -> Record:
    """The order with everything that is not physical counted as shipped: with the first shipment, or at release."""
    lines = [
        line
        if is_physical(line) or not counts(line)
        else with_quantities(line, confirmed=True, shipped=amount(line, "quantity") - amount(line, "cancelled"))
        for line in order["lines"]
    ]
    return with_lines(order, lines)


def _put_on_hold(ctx: Context, order: Record, reason: str) -> Record:
    held_at = instant_text(ctx.now)
    held = with_lines({**order, "status": "on_hold", "holdReason": reason, "_heldAt": held_at}, order["lines"])
    saved = save(ctx, "salesOrders", held)
    announce(ctx, "erp.salesorder.onhold.v1", saved)
    ctx.schedule(
        "freeHeldReservations",
        {"orderId": saved["id"], "heldAt": held_at},
        after=HOLD_KEEPS_RESERVATIONS,
        correlation_id=saved["correlationId"],
    )
    return saved


def _check_for_release(ctx: Context, order: Record, customer: Record) -> None:
    found = Violations()
    check_order(ctx, order, customer, found)
    if not any(line["lineType"] == "Item" for line in order["lines"]):
        found.add("/lines", "required", "a released order has at least one item line (ORD-1)")
    for index, line in enumerate(order["lines"]):
        item = find_one(ctx, "items", "number", line["itemNumber"]) if line["itemNumber"] else None
        if item is not None and sales_account(ctx, customer, item) is None:
            groups = f"{customer['customerPostingGroup']} and {item['productPostingGroup']}"
            found.add(
                f"/lines/{index}/itemNumber", "posting-setup-missing", f"no income account for {groups}", item["number"]
            )
        if item is not None and _tax_category(ctx, line) in INTRA_COMMUNITY and _vat_id_is_invalid(customer):
            found.add(
                f"/lines/{index}/taxCode",
                "invalid-value",
                f"{line['taxCode']} needs a valid VAT id, and that of {customer['number']} is not",
                line["taxCode"],
            )
    found.refuse("Order cannot be released")


def _hold_reason(ctx: Context, order: Record, customer: Record) -> str | None:
    if exceeds_credit(ctx, order, customer):
        return "credit_limit"
    zero_rated = any(_tax_category(ctx, line) in INTRA_COMMUNITY for line in order["lines"])
    if zero_rated and customer["taxRegistrationStatus"] != "valid":
        return "tax_check"
    return None


def _vat_id_is_invalid(customer: Mapping[str, Any]) -> bool:
    return customer["taxRegistrationNumber"] is None or customer["taxRegistrationStatus"] == "invalid"


def _tax_category(ctx: Context, line: Mapping[str, Any]) -> str | None:
    rows = ctx.table("taxCodes").find("code", line["taxCode"]) if line["taxCode"] else []
    return str(rows[0]["category"]) if rows else None
