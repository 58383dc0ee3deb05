"""How a sales order ends besides being done: cancelled before anything shipped, or its rest given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Reply

from ..common.records import present
from .drafts import delete_drafts_of_order
from .events import announce
from .invoice_posting import close_if_finished
from .order_lines import amount, counts, with_lines, with_quantities
from .records import Record, fetch, save
from .reservations import settle
from .states import require_order
from .stock import Stock


def cancel_sales_order(ctx: Context) -> Reply:
    """Give the whole order up while nothing has shipped or been invoiced. Frees its reservations (CX-1, ORD-7)."""
    order = fetch(ctx, "salesOrders", ctx.path["salesOrderId"])
    ctx.require_match(order)
    require_order(order, "cancelled", "what has shipped is credited, its rest closed by shortClose")
    delete_drafts_of_order(ctx, order)
    stock = Stock(ctx)
    cancelled = without_rest({**order, "status": "cancelled", "holdReason": None})
    stock.follow(order["lines"], cancelled["lines"])
    saved = save(ctx, "salesOrders", cancelled)
    announce(ctx, "erp.salesorder.cancelled.v1", saved)
    settle(ctx, stock)
    return Reply(200, present(saved))


def short_close_sales_order(ctx: Context) -> Reply:
    """Give up what is outstanding. The order closes at once, or with the invoice of what was shipped (ORD-6)."""
    order = fetch(ctx, "salesOrders", ctx.path["salesOrderId"])
    ctx.require_match(order)
    require_order(order, "closed")
    stock = Stock(ctx)
    shortened = close_if_finished(without_rest(order))
    stock.follow(order["lines"], shortened["lines"])
    saved = save(ctx, "salesOrders", shortened)
    if saved["status"] == "closed":
        announce(ctx, "erp.salesorder.closed.v1", saved)
    else:
        announce(ctx, "erp.salesorder.changed.v1", saved)
    settle(ctx, stock)
    return Reply(200, present(saved))


def close_order(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job: close an order that was finished before it came off hold."""
    order = ctx.table("salesOrders").get(payload["orderId"])
    if order is None:
        return
    closed = close_if_finished(order)
    if closed["status"] != order["status"]:
        announce(ctx, "erp.salesorder.closed.v1", save(ctx, "salesOrders", closed))


def without_rest(order: Record) -> Record:
    """The order with everything outstanding cancelled and nothing reserved. Pure."""
    lines = [
        with_quantities(line, confirmed=False, cancelled=amount(line, "cancelled") + amount(line, "outstanding"))
        if counts(line)
        else line
        for line in order["lines"]
    ]
    return with_lines(order, lines)
