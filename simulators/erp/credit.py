"""Credit check at release (domain 2.2, side effects)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from understudy import Context

from ..common.money import ZERO, decimal
from .company import exchange_rate, minor_units, to_base
from .customers import balance_due
from .order_pricing import open_value
from .records import Record


def exceeds_credit(ctx: Context, order: Record, customer: Record) -> bool:
    """balanceDue + open orders + this order > creditLimit > 0, all in base currency. A limit of 0 means none."""
    limit = decimal(customer["creditLimit"])
    if limit <= 0:
        return False
    others = [
        other
        for other in ctx.table("salesOrders").find("customerId", customer["id"])
        if other["status"] in ("released", "on_hold") and other["id"] != order["id"]
    ]
    exposure = balance_due(ctx, customer["id"]) + sum((_open_in_base(ctx, each) for each in (*others, order)), ZERO)
    return exposure > limit


def _open_in_base(ctx: Context, order: Record) -> Decimal:
    rate = exchange_rate(ctx, order["currencyCode"], date.fromisoformat(order["orderDate"]))
    assert rate is not None, "an accepted order has a rate"
    return to_base(ctx, open_value(order, minor_units(ctx, order["currencyCode"])), rate)
