"""Sales orders: create with full validation, read, delete (domain 2.2, salesOrder). Changes are in order_changes."""

from __future__ import annotations

from understudy import Context, Reply

from ..common.records import present
from ..common.violations import Violations
from .company import location_of, today
from .duplicates import refuse_duplicate
from .events import announce
from .numbering import loose_number
from .order_check import check_order
from .order_composition import compose_order, ordering_customer, price
from .order_totals import check_control_totals
from .records import fetch, save
from .states import order_transitions, refused


def create_sales_order(ctx: Context) -> Reply:
    """A draft order. Raises Problem 422 with every violation, 409 duplicate-source-order with the existing id."""
    pair = (ctx.body["sourceSystem"], ctx.body["sourceOrderId"])
    refuse_duplicate(ctx, "salesOrders", ("sourceSystem", "sourceOrderId"), pair, slug="duplicate-source-order")
    found = Violations()
    customer = ordering_customer(ctx, ctx.body, found)
    order = compose_order(ctx, ctx.body, customer)
    check_order(ctx, order, customer, found)
    check_control_totals(ctx, order, found)
    found.refuse("Order cannot be accepted")
    saved = save(
        ctx,
        "salesOrders",
        {
            "id": ctx.new_id("salesOrder"),
            "number": loose_number(ctx, "SO", "salesOrder", today(ctx)),
            **price(ctx, order),
            "correlationId": ctx.correlation_id,
        },
    )
    announce(ctx, "erp.salesorder.created.v1", saved)
    return Reply(201, present(saved), location_of(ctx, "salesOrders", saved))


def get_sales_order(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx, "salesOrders", ctx.path["salesOrderId"])))


def delete_sales_order(ctx: Context) -> Reply:
    """Only a draft goes without a trace; everything later is cancelled or closed."""
    order = fetch(ctx, "salesOrders", ctx.path["salesOrderId"])
    ctx.require_match(order)
    if order["status"] != "draft":
        allowed = order_transitions(order)
        raise refused(f"sales order {order['number']}", order["status"], allowed, "deleted", "only drafts are")
    ctx.table("salesOrders").delete(order["id"])
    return Reply(204)
