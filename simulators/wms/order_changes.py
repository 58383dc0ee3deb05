"""Changes and cancellation of fulfilment orders, as far as the floor has not overtaken them (domain 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from understudy import Context, Problem, Reply

from ..common.money import ZERO
from ..common.records import present
from ..common.violations import Violations
from .allocation import free_line
from .fulfilment_orders import allocate, allocate_waiting, check_lines, emit, fetch, normalised, save
from .lifecycle import BEFORE_PICKING, BEFORE_RELEASE, ENDED, FULFILMENT_ORDER, ON_THE_FLOOR, PICK_TASK, refused
from .line import Line, read_line, read_lines, to_records
from .picking import schedule_reallocation
from .tasks import close_wave_if_done, finish_task

Record = dict[str, Any]
TRANSPORT = frozenset({"shipTo", "carrierCode", "serviceCode"})


def update(ctx: Context) -> Reply:
    """updateFulfilmentOrder: 200 with the order after the change; it ends a hold.

    Raises Problem 409 entity-changed when the releaseVersion is not higher than the last one, 409 document-locked for
    what may no longer change, 422 with every violation.
    """
    order = fetch(ctx)
    ctx.require_match(order)
    wanted = {name: value for name, value in _wanted(order, ctx.body).items() if value != _current(order, name)}
    changed = set(wanted) - {"releaseVersion"}
    version, given = order["releaseVersion"], ctx.body["releaseVersion"]
    if given < version or (given == version and changed):
        raise Problem(
            "entity-changed",
            f"{order['orderNumber']} is at release version {version}; a change needs a higher one, this is {given}",
            current_state=order["status"],
            existing_id=order["id"],
        )
    if given == version:
        return Reply(200, present(order))
    _require_unlocked(order, changed)
    if "lines" in changed:
        return Reply(200, present(_change_lines(ctx, order, wanted)))
    return Reply(200, present(save(ctx, order, **wanted, **_resumption(ctx, order))))


def cancel(ctx: Context) -> Reply:
    """cancelFulfilmentOrder: 200 cancelled before picking, 202 cancel_requested while the floor is at work.

    Raises Problem 409 invalid-state-transition from `packed` on.
    """
    order = fetch(ctx)
    ctx.require_match(order)
    status = order["status"]
    if status in BEFORE_PICKING:
        return Reply(200, present(_give_up(ctx, order)))
    if status == "cancel_requested":
        return Reply(202, present(order))
    if status in ON_THE_FLOOR or status == "on_hold":
        floor = order["_floor"] if status == "on_hold" else status
        asked = save(ctx, order, status="cancel_requested", holdReason=None, cancelRejectReason=None, _floor=floor)
        minutes = int(ctx.settings.get("cancelDecisionMinutes", 5))
        ctx.schedule(
            "decideCancellation",
            {"fulfilmentOrderId": order["id"]},
            after=timedelta(minutes=minutes),
            correlation_id=order["_correlationId"],
        )
        return Reply(202, present(asked))
    why = "it is already cancelled" if status == "cancelled" else "too late to cancel, the customer's path is a return"
    raise refused(f"fulfilment order {order['id']}", status, FULFILMENT_ORDER, why)


def decide_cancellation(ctx: Context, payload: Mapping[str, Any]) -> None:
    """The floor has stopped: the goods go back to their bins. Nothing to do if it had packed everything before."""
    order = ctx.table("fulfilmentOrders").get(payload["fulfilmentOrderId"])
    if order is not None and order["status"] == "cancel_requested":
        _give_up(ctx, order)


def _give_up(ctx: Context, order: Record) -> Record:
    for task in ctx.table("pickTasks").find("fulfilmentOrderId", order["id"]):
        if "cancelled" in PICK_TASK[task["status"]]:
            close_wave_if_done(ctx, finish_task(ctx, task, status="cancelled"))
    lines = {}
    for ref, line in read_lines(order).items():
        freed = free_line(ctx, order["id"], line)
        lines[ref] = replace(freed, backordered=ZERO, cancelled=line.cancelled + line.open)
    cartons = [carton for carton in order["cartons"] if carton["shipmentId"] is not None]
    cancelled = save(
        ctx, order, status="cancelled", lines=to_records(lines), cartons=cartons, _floor=None, _backorderedSaid={}
    )
    emit(ctx, "wms.order.cancelled.v1", cancelled)
    allocate_waiting(ctx, order["warehouseCode"])
    return cancelled


def _wanted(order: Mapping[str, Any], body: Mapping[str, Any]) -> Record:
    """The fields that the request names, with defaults inside them filled in."""
    complete = normalised({**{name: order[name] for name in ("shipTo", "lines")}, **body})
    return {name: complete[name] for name in body}


def _current(order: Mapping[str, Any], name: str) -> Any:
    if name != "lines":
        return order[name]
    return [
        {"lineRef": line["lineRef"], "sku": line["sku"], "quantity": line["quantity"], "uom": line["uom"]}
        for line in order["lines"]
        if read_line(line).open + read_line(line).shipped > 0
    ]


def _require_unlocked(order: Mapping[str, Any], changed: set[str]) -> None:
    status = order["status"]
    if status in BEFORE_RELEASE:
        return
    if status in ENDED or status in ("packed", "cancel_requested"):
        locked = changed
    elif status == "on_hold":
        locked = changed - TRANSPORT - {"lines"}
    else:
        locked = changed - TRANSPORT
    if locked:
        raise Problem(
            "document-locked",
            f"fulfilment order {order['id']} is {status}: {', '.join(sorted(locked))} can no longer change",
            current_state=status,
            allowed_transitions=FULFILMENT_ORDER[status],
        )


def _change_lines(ctx: Context, order: Record, wanted: Mapping[str, Any]) -> Record:
    """Take over a new set of lines; a lineRef left out is cancelled.

    Before the release the stock is assigned anew. On hold the floor keeps what it has: no line falls below that.
    """
    held = order["status"] == "on_hold"
    found = Violations()
    check_lines(ctx, wanted["lines"], found)
    before = read_lines(order)
    after: dict[str, Line] = {}
    for index, record in enumerate(wanted["lines"]):
        given, old = read_line(record), before.get(record["lineRef"])
        floor = ZERO if old is None else old.shipped + (old.allocated if held else ZERO)
        if given.quantity < floor:
            found.add(
                f"/lines/{index}/quantity",
                "invalid-value",
                f"{floor:f} are picked or shipped already",
                record["quantity"],
            )
        if old is not None and old.sku != given.sku and floor > 0:
            found.add(f"/lines/{index}/sku", "invalid-value", f"pieces of {old.sku} are on their way", record["sku"])
        after[given.line_ref] = _renewed(given, old, keep_allocation=held)
    for ref, old in before.items():
        if ref not in after:
            if held and old.allocated > 0:
                found.add("/lines", "invalid-value", f"line {ref} is picked already and cannot be left out", None)
            after[ref] = replace(old, allocated=ZERO, backordered=ZERO, cancelled=old.cancelled + old.open)
    found.refuse("Fulfilment order cannot be changed")
    if held:
        return save(ctx, order, **{**wanted, "lines": to_records(after)}, **_resumption(ctx, order))
    for old in before.values():
        free_line(ctx, order["id"], old)
    changed = save(ctx, order, **{**wanted, "lines": to_records(after)})
    allocated = allocate(ctx, changed)
    allocate_waiting(ctx, order["warehouseCode"])
    return allocated


def _resumption(ctx: Context, order: Mapping[str, Any]) -> Record:
    """What ends a hold; an order that was waiting for stock is matched with it again."""
    if order["status"] != "on_hold":
        return {}
    if order["_floor"] == "backordered":
        schedule_reallocation(ctx, order)
    return {"status": order["_floor"], "_floor": None, "holdReason": None}


def _renewed(given: Line, old: Line | None, *, keep_allocation: bool) -> Line:
    if old is None:
        return replace(given, backordered=given.quantity)
    allocated = old.allocated if keep_allocation else ZERO
    return replace(
        given,
        allocated=allocated,
        backordered=given.quantity - old.shipped - allocated,
        picked=old.picked if keep_allocation else old.shipped,
        packed=old.packed,
        short=old.short,
        shipped=old.shipped,
    )
