"""Orders as records: found, stored, told to the world, listed. How they come about is in checkout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem, Reply, parse_instant

from ..common.dates import instant_text
from ..common.records import present

Record = dict[str, Any]
DEFAULT_MINOR_UNITS = 2


def get(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx)))


def list_orders(ctx: Context) -> Reply:
    """listOrders: oldest first."""
    query = ctx.query
    since = {
        field: parse_instant(str(query[f"{field}_min"]))
        for field in ("created_at", "updated_at")
        if f"{field}_min" in query
    }
    rows = [
        present(order)
        for order in ctx.table("orders").all()
        if query.get("name") in (None, order["name"])
        and query.get("financial_status") in (None, order["financial_status"])
        and query.get("status", "any") in ("any", openness(order))
        and all(parse_instant(order[field]) >= moment for field, moment in since.items())
    ]
    return ctx.page(rows, name="orders")


def openness(order: Mapping[str, Any]) -> str:
    if order["cancelled_at"] is not None:
        return "cancelled"
    return "closed" if order["closed_at"] is not None else "open"


def fetch(ctx: Context) -> Record:
    """The order of the path. Raises Problem 404 not-found."""
    order = ctx.table("orders").get(ctx.path["orderId"])
    if order is None:
        raise Problem("not-found", f"there is no order {ctx.path['orderId']}")
    return order


def save(ctx: Context, order: Mapping[str, Any], **changes: Any) -> Record:
    return ctx.table("orders").put({**order, **changes, "updated_at": instant_text(ctx.now)})


def emit(ctx: Context, event: str, order: Mapping[str, Any]) -> None:
    """State an event about an order; it belongs to the flow that its checkout began (MSG-1)."""
    ctx.emit(event, subject=str(order["id"]), data=present(order), correlation_id=order["_correlationId"])


def minor_units(ctx: Context, currency: str) -> int:
    """Decimals of a currency (CUR-1); two for one that the shop does not know."""
    known = ctx.table("currencies").get(currency)
    return DEFAULT_MINOR_UNITS if known is None else int(known["minorUnits"])
