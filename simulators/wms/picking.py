"""Waves and pick tasks: what the floor is told to take, and what it found.

A short pick frees the allocation and marks the bin for a count; stock on hand stays until the count posts (INV-9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from understudy import Context, FieldError, Problem, Reply

from ..common.dates import instant_text
from ..common.money import ZERO, decimal, quantity_text
from ..common.records import present
from ..common.violations import Violations
from .allocation import holdings, move_to_bench, release_holding
from .fulfilment_orders import allocate_waiting, emit, fetch, finish, save, tell_backorders
from .lifecycle import FULFILMENT_ORDER, PICK_TASK, refused, require
from .line import Line, read_lines, to_records
from .stock import change_row, check_whole, read_row
from .tasks import close_wave_if_done, fetch_task, finish_task, tasks_left

Record = dict[str, Any]
RELEASABLE = ("allocated", "partially_allocated")


def create_wave(ctx: Context) -> Reply:
    """createWave: 201; one pick task per line and bin for what is allocated, whole wave or nothing.

    Raises Problem 422 for unknown orders, 409 invalid-state-transition when any order cannot be released.
    """
    orders = _orders_of_wave(ctx)
    wave_id = f"WV-{ctx.next('wave')}"
    released = []
    for order in orders:
        for holding in holdings(ctx, order["id"]):
            _create_task(ctx, wave_id, order, holding)
        stored = save(ctx, order, status="released")
        emit(ctx, "wms.order.released.v1", stored)
        released.append({name: stored[name] for name in ("id", "orderNumber", "status")})
    wave = {"id": wave_id, "status": "released", "fulfilmentOrders": released, "createdAt": instant_text(ctx.now)}
    ctx.table("waves").put(wave)
    return Reply(201, wave)


def get_task(ctx: Context) -> Reply:
    return Reply(200, present(fetch_task(ctx)))


def list_tasks(ctx: Context) -> Reply:
    order_id = ctx.query.get("fulfilmentOrderId")
    table = ctx.table("pickTasks")
    rows = table.find("fulfilmentOrderId", order_id) if order_id is not None else list(table.all())
    return ctx.page([present(row) for row in rows])


def start_task(ctx: Context) -> Reply:
    """startPickTask: the first one started makes the order `picking`.

    Raises Problem 409 for a task that is not open, an order that is not on the floor, a bin that awaits a count.
    """
    task = fetch_task(ctx)
    require(f"pick task {task['id']}", task, "in_progress", PICK_TASK)
    order = fetch(ctx, task["fulfilmentOrderId"])
    if order["status"] not in ("released", "picking"):
        raise refused(f"fulfilment order {order['id']}", order["status"], FULFILMENT_ORDER, "nobody picks for it now")
    row = read_row(ctx, task["warehouseCode"], task["sku"], task["binCode"], task["lot"])
    if row["countRequired"]:
        why = f"bin {task['binCode']} awaits a count and cannot be picked"
        raise refused(f"pick task {task['id']}", task["status"], PICK_TASK, why)
    if order["status"] == "released":
        save(ctx, order, status="picking")
    return Reply(200, present(finish_task(ctx, task, status="in_progress")))


def complete_task(ctx: Context) -> Reply:
    """completePickTask: `completed` when everything was found, else `short`.

    Raises Problem 409 unless the task is in progress, 422 for more than the task asks or a shortage without a reason.
    """
    task = fetch_task(ctx)
    require(f"pick task {task['id']}", task, "completed", PICK_TASK)
    order = fetch(ctx, task["fulfilmentOrderId"])
    if order["status"] not in ("picking", "cancel_requested"):
        raise refused(f"fulfilment order {order['id']}", order["status"], FULFILMENT_ORDER, "nobody picks for it now")
    found, reason = decimal(ctx.body["pickedQuantity"]), ctx.body.get("shortReason")
    _check_count(ctx, task, found, reason)
    missing = decimal(task["quantity"]) - found
    holding = next(h for h in holdings(ctx, order["id"], task["lineRef"]) if (h["binCode"], h["lot"]) == _place(task))
    if missing > 0:
        release_holding(ctx, holding, missing)
        _mark_for_count(ctx, task)
        holding = {**holding, "quantity": quantity_text(found)}
    if found > 0:
        move_to_bench(ctx, holding, found)
    ended = finish_task(
        ctx,
        task,
        status="short" if missing > 0 else "completed",
        pickedQuantity=quantity_text(found),
        shortReason=reason,
    )
    close_wave_if_done(ctx, ended)
    emit(ctx, "wms.pick.short.v1" if missing > 0 else "wms.pick.completed.v1", order, ended)
    _settle(ctx, order, task["lineRef"], found, missing)
    return Reply(200, present(ended))


def reallocate(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job: serve waiting orders from what is available now."""
    allocate_waiting(ctx, payload["warehouseCode"])


def schedule_reallocation(ctx: Context, order: Mapping[str, Any]) -> None:
    """Match waiting orders with stock in a transaction of its own, after this one."""
    ctx.schedule(
        "reallocate",
        {"warehouseCode": order["warehouseCode"]},
        after=timedelta(),
        correlation_id=order["_correlationId"],
    )


def _orders_of_wave(ctx: Context) -> list[Record]:
    found = Violations()
    orders: list[Record] = []
    for index, order_id in enumerate(ctx.body["fulfilmentOrderIds"]):
        order = ctx.table("fulfilmentOrders").get(order_id)
        if order is None:
            found.add(f"/fulfilmentOrderIds/{index}", "unknown-reference", "there is no such order", order_id)
        else:
            orders.append(order)
    found.refuse("Wave cannot be released")
    blocked = [(index, order, why) for index, order in enumerate(orders) if (why := _why_not_releasable(order))]
    if blocked:
        first = blocked[0][1]
        raise Problem(
            "invalid-state-transition",
            "; ".join(f"{order['orderNumber']} {why}" for _, order, why in blocked),
            title="Wave cannot be released",
            errors=[
                FieldError(f"/fulfilmentOrderIds/{index}", "invalid-state-transition", why, order["id"])
                for index, order, why in blocked
            ],
            current_state=first["status"],
            allowed_transitions=[state for state in FULFILMENT_ORDER[first["status"]] if state != "released"],
        )
    return orders


def _why_not_releasable(order: Mapping[str, Any]) -> str:
    if order["status"] not in RELEASABLE:
        return f"is {order['status']}: only allocated orders can be released"
    if order["shipComplete"] and order["status"] != "allocated":
        return "ships complete only and is not wholly allocated"
    return ""


def _create_task(ctx: Context, wave_id: str, order: Mapping[str, Any], holding: Mapping[str, Any]) -> None:
    now = instant_text(ctx.now)
    line = read_lines(order)[holding["lineRef"]]
    ctx.table("pickTasks").put(
        {
            "id": f"PT-{ctx.next('pickTask')}",
            "waveId": wave_id,
            "fulfilmentOrderId": order["id"],
            "orderNumber": order["orderNumber"],
            "lineRef": holding["lineRef"],
            "sku": holding["sku"],
            "warehouseCode": holding["warehouseCode"],
            "binCode": holding["binCode"],
            "lot": holding["lot"],
            "quantity": holding["quantity"],
            "uom": line.uom,
            "pickedQuantity": "0",
            "status": "open",
            "shortReason": None,
            "createdAt": now,
            "updatedAt": now,
        }
    )


def _check_count(ctx: Context, task: Mapping[str, Any], found: Decimal, reason: str | None) -> None:
    wrong = Violations()
    asked = decimal(task["quantity"])
    check_whole(ctx, task["uom"], ctx.body["pickedQuantity"], "/pickedQuantity", wrong)
    if found > asked:
        wrong.add(
            "/pickedQuantity", "invalid-value", f"the task asks for {task['quantity']}", ctx.body["pickedQuantity"]
        )
    if found < asked and reason is None:
        wrong.add("/shortReason", "required", f"{quantity_text(asked - found)} are missing: say why")
    if found >= asked and reason is not None:
        wrong.add("/shortReason", "invalid-value", "nothing is missing", reason)
    wrong.refuse("Pick task cannot be completed")


def _mark_for_count(ctx: Context, task: Mapping[str, Any]) -> None:
    row = read_row(ctx, task["warehouseCode"], task["sku"], task["binCode"], task["lot"])
    change_row(ctx, row, count_required=True)


def _place(task: Mapping[str, Any]) -> tuple[str, str | None]:
    return task["binCode"], task["lot"]


def _settle(ctx: Context, order: Record, line_ref: str, found: Decimal, missing: Decimal) -> None:
    """Book the pick on its line, apply the short policy, and move the order on when this was its last task."""
    lines = read_lines(order)
    policy = ctx.policy.get("shortPolicy", "backorder")
    lines[line_ref] = _booked(lines[line_ref], found, missing, cancel=policy == "cancelRemainder")
    stored = save(ctx, order, lines=to_records(lines))
    done = not tasks_left(ctx, order["id"])
    if stored["status"] == "cancel_requested":
        save(ctx, stored, _floor="picked" if done else "picking")
        return
    on_hold = missing > 0 and policy == "holdOrder"
    if done and not any(line.unpacked > 0 for line in lines.values()):
        _nothing_found(ctx, stored, lines, hold=on_hold)
        return
    if done:
        stored = save(ctx, stored, status="picked")
    if on_hold:
        stored = _hold(ctx, stored, stored["status"])
    tell_backorders(ctx, stored)


def _hold(ctx: Context, order: Record, resume_as: str) -> Record:
    return save(ctx, order, status="on_hold", _floor=resume_as, holdReason="short_pick")


def _booked(line: Line, found: Decimal, missing: Decimal, *, cancel: bool) -> Line:
    return replace(
        line,
        picked=line.picked + found,
        short=line.short + missing,
        allocated=line.allocated - missing,
        backordered=line.backordered + (ZERO if cancel else missing),
        cancelled=line.cancelled + (missing if cancel else ZERO),
    )


def _nothing_found(ctx: Context, order: Record, lines: Mapping[str, Line], *, hold: bool) -> None:
    """Every task came back empty: the order waits for stock again, or ends when nothing of it is open."""
    if hold:
        tell_backorders(ctx, _hold(ctx, order, "backordered"))
    elif any(line.open > 0 for line in lines.values()):
        tell_backorders(ctx, save(ctx, order, status="backordered"))
        schedule_reallocation(ctx, order)
    elif any(line.shipped > 0 for line in lines.values()):
        finish(ctx, save(ctx, order, status="backordered"))
    else:
        emit(ctx, "wms.order.cancelled.v1", save(ctx, order, status="cancelled"))
