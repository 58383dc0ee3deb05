"""Changes and cancellation of an order. Both are noticed by subscribers, a mere tag too (domain 2.4: noise)."""

from __future__ import annotations

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.records import present
from . import transactions
from .orders import emit, fetch, openness, save


def update(ctx: Context) -> Reply:
    """updateOrder: note, tags, email. The last write wins; every one is told."""
    changes = {name: ctx.body[name] for name in ("note", "tags", "email") if name in ctx.body}
    order = save(ctx, fetch(ctx), **changes)
    emit(ctx, "store.order.updated.v1", order)
    return Reply(200, present(order))


def cancel(ctx: Context) -> Reply:
    """cancelOrder: an open authorisation is voided, captured money stays until it is refunded.

    `restock` changes no number here: what is on offer comes from the ERP (F-6), which frees its reservation. Raises
    Problem 409 invalid-state-transition once anything is fulfilled, and for an order that is cancelled already.
    """
    order = fetch(ctx)
    state = openness(order) if order["fulfillment_status"] is None else order["fulfillment_status"]
    if state != "open":
        why = "nothing is left to cancel" if order["fulfillment_status"] is None else "take back the rest by a refund"
        raise Problem(
            "invalid-state-transition",
            f"order {order['name']} is {state} and cannot be cancelled: {why}",
            current_state=state,
            allowed_transitions=("fulfilled",) if state == "partial" else (),
        )
    transactions.void_open(ctx, order)
    body = ctx.body or {}
    cancelled = save(
        ctx,
        transactions.settle(ctx, order),
        cancelled_at=instant_text(ctx.now),
        cancel_reason=body.get("reason", "other"),
    )
    emit(ctx, "store.order.cancelled.v1", cancelled)
    return Reply(200, present(cancelled))
