"""Fulfilments: goods that have left, with their tracking. The event that follows is an echo to whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.records import present
from ..common.violations import Violations
from .orders import emit, fetch, save

Record = dict[str, Any]


def create(ctx: Context) -> Reply:
    """createFulfillment: 201; the order becomes `partial` or `fulfilled`.

    Raises Problem 409 for a cancelled order, 422 over-shipment for more pieces than are left, unknown-reference for a
    line that the order does not have.
    """
    order = fetch(ctx)
    if order["cancelled_at"] is not None:
        raise Problem(
            "invalid-state-transition",
            f"order {order['name']} is cancelled and cannot be fulfilled",
            current_state="cancelled",
            allowed_transitions=(),
        )
    sent = _sent(ctx, order)
    now = instant_text(ctx.now)
    numbers = list(ctx.body.get("tracking_numbers", ()))
    first = ctx.body.get("tracking_number") or (numbers[0] if numbers else None)
    fulfillment = {
        "id": ctx.next("fulfillment"),
        "order_id": order["id"],
        "status": "success",
        "tracking_number": first,
        "tracking_numbers": numbers or ([first] if first else []),
        "tracking_company": ctx.body.get("tracking_company"),
        "line_items": [{"id": line, "quantity": quantity} for line, quantity in sent.items()],
        "created_at": now,
        "updated_at": now,
    }
    lines = [_fulfilled(line, sent.get(line["id"], 0)) for line in order["line_items"]]
    status = _order_status(lines)
    changed = save(
        ctx,
        order,
        line_items=lines,
        fulfillment_status=status,
        fulfillments=[*order["fulfillments"], fulfillment],
    )
    emit(ctx, "store.order.fulfilled.v1" if status == "fulfilled" else "store.order.partially_fulfilled.v1", changed)
    return Reply(201, fulfillment)


def list_fulfillments(ctx: Context) -> Reply:
    return ctx.page([present(row) for row in fetch(ctx)["fulfillments"]], name="fulfillments")


def _sent(ctx: Context, order: Mapping[str, Any]) -> dict[int, int]:
    """Pieces by line, lines named twice added up."""
    found = Violations()
    lines = {line["id"]: line for line in order["line_items"]}
    sent: dict[int, int] = {}
    for index, wanted in enumerate(ctx.body["line_items"]):
        pointer = f"/line_items/{index}"
        line = lines.get(wanted["id"])
        if line is None:
            found.add(f"{pointer}/id", "unknown-reference", "the order has no such line", wanted["id"])
            continue
        sent[line["id"]] = sent.get(line["id"], 0) + wanted["quantity"]
        left = line["current_quantity"] - line["_fulfilled"]
        if sent[line["id"]] > left:
            found.add(f"{pointer}/quantity", "over-shipment", f"{left} are left to fulfil", wanted["quantity"])
    found.refuse("Fulfilment cannot be recorded")
    return sent


def _fulfilled(line: Record, more: int) -> Record:
    done = line["_fulfilled"] + more
    status = None if done == 0 else "fulfilled" if done >= line["current_quantity"] else "partial"
    return {**line, "_fulfilled": done, "fulfillment_status": status}


def _order_status(lines: list[Record]) -> str:
    """`fulfilled` when everything that has to be shipped has left; digital lines do not hold the order up."""
    relevant = [line for line in lines if line["requires_shipping"]] or lines
    return "fulfilled" if all(line["fulfillment_status"] == "fulfilled" for line in relevant) else "partial"
