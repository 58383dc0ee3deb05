"""Fulfilment orders: accepted, matched with stock, shown. What the floor does with them: picking, packing, shipping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.money import quantity_text
from ..common.records import present
from ..common.violations import Violations
from .allocation import allocate_line, queue
from .lifecycle import WAITING_FOR_STOCK, may_become
from .line import Line, read_line, read_lines, to_records
from .stock import check_whole, learn_sku, stock_uom

Record = dict[str, Any]
TABLE = "fulfilmentOrders"
_OPTIONAL_ADDRESS = ("addressLine2", "state", "email", "phoneNumber")


def create(ctx: Context) -> Reply:
    """createFulfilmentOrder: 201 with the order allocated as far as stock allows.

    A repeat of the order number with an equal body answers 200 with the order as it is now. Raises Problem 409
    entity-changed for a lower releaseVersion, 409 duplicate-source-order for another body (both with existingId), 422
    with every violation.
    """
    wanted = normalised(ctx.body)
    known = ctx.table(TABLE).find(("warehouseCode", "orderNumber"), (wanted["warehouseCode"], wanted["orderNumber"]))
    if known:
        return _repeated(known[0], wanted)
    _check_warehouse_and_lines(ctx, wanted)
    now = instant_text(ctx.now)
    number = ctx.next("fulfilmentOrder")
    lines = {line["lineRef"]: _fresh(line) for line in wanted["lines"]}
    for line in lines.values():
        learn_sku(ctx, line.sku, line.uom)
    accepted = ctx.table(TABLE).put(
        {
            "id": f"FO-{number}",
            "orderNumber": wanted["orderNumber"],
            "releaseVersion": wanted["releaseVersion"],
            "warehouseCode": wanted["warehouseCode"],
            "status": "received",
            "holdReason": None,
            "cancelRejectReason": None,
            **{name: wanted[name] for name in ("shipTo", "carrierCode", "serviceCode")},
            **{name: wanted[name] for name in ("shipComplete", "requiredShipDate", "priority")},
            "lines": to_records(lines),
            "cartons": [],
            "createdAt": now,
            "updatedAt": now,
            "_arrival": number,
            "_request": wanted,
            "_correlationId": ctx.correlation_id,
            "_causationId": ctx.causation_id,
            "_floor": None,
            "_backorderedSaid": {},
        }
    )
    emit(ctx, "wms.order.accepted.v1", accepted)
    return Reply(201, present(allocate(ctx, accepted)))


def get(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx)))


def list_orders(ctx: Context) -> Reply:
    number, status = ctx.query.get("orderNumber"), ctx.query.get("status")
    rows: Sequence[Record]
    rows = ctx.table(TABLE).find("orderNumber", number) if number is not None else list(ctx.table(TABLE).all())
    return ctx.page([present(row) for row in rows if status is None or row["status"] == status])


def fetch(ctx: Context, order_id: str | None = None) -> Record:
    """The order of the path (or of `order_id`). Raises Problem 404 not-found."""
    wanted = order_id if order_id is not None else str(ctx.path["fulfilmentOrderId"])
    order = ctx.table(TABLE).get(wanted)
    if order is None:
        raise Problem("not-found", f"there is no fulfilment order {wanted!r}")
    return order


def save(ctx: Context, order: Mapping[str, Any], **changes: Any) -> Record:
    """Store the order with changes; a new status must be a legal next state."""
    target = changes.get("status", order["status"])
    assert may_become(order, target), f"{order['status']} -> {target} is no transition of domain 2.3"
    return ctx.table(TABLE).put({**order, **changes, "updatedAt": instant_text(ctx.now)})


def finish(ctx: Context, order: Mapping[str, Any], **changes: Any) -> Record:
    """Nothing is left to ship: the order is `shipped`, and closed after a day (setting `closeAfterHours`)."""
    hours = int(ctx.settings.get("closeAfterHours", 24))
    payload = {"fulfilmentOrderId": order["id"]}
    ctx.schedule("closeOrder", payload, after=timedelta(hours=hours), correlation_id=order["_correlationId"])
    return save(ctx, order, status="shipped", **changes)


def close(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job: a shipped order is put away for good."""
    order = ctx.table(TABLE).get(payload["fulfilmentOrderId"])
    if order is not None and order["status"] == "shipped":
        save(ctx, order, status="closed")


def emit(ctx: Context, event: str, order: Mapping[str, Any], data: Mapping[str, Any] | None = None) -> None:
    """State an event about an order; it belongs to the flow that created the order, whoever moves it now (MSG-1).

    A device names no cause: then it is what caused the order, the ERP's release (domain 2.7).
    """
    ctx.emit(
        event,
        subject=order["orderNumber"],
        data=present(order if data is None else data),
        correlation_id=order["_correlationId"],
        causation_id=ctx.causation_id or order["_causationId"],
    )


def allocate(ctx: Context, order: Record) -> Record:
    """Give an order that waits for stock what is there, derive its state from its lines, and tell what changed.

    It becomes allocated (all that is open is covered), partially_allocated, backordered (nothing is), or shipped when
    nothing is open any more.
    """
    lines = {ref: allocate_line(ctx, order, line) for ref, line in read_lines(order).items()}
    status = _stock_status(lines.values())
    records = to_records(lines)
    if status == order["status"] and records == order["lines"] and _backorders(lines) == order["_backorderedSaid"]:
        return order
    if status == "shipped":
        return finish(ctx, order, lines=records, _backorderedSaid={})
    stored = save(ctx, order, status=status, lines=records)
    if status == "allocated" and order["status"] != "allocated":
        emit(ctx, "wms.order.allocated.v1", stored)
    return tell_backorders(ctx, stored)


def tell_backorders(ctx: Context, order: Record) -> Record:
    """Emit wms.order.backordered when a backordered quantity is not what was last said; it carries every line."""
    now_backordered = _backorders(read_lines(order))
    if now_backordered == order["_backorderedSaid"]:
        return order
    stored = ctx.table(TABLE).put({**order, "_backorderedSaid": now_backordered})
    if now_backordered:
        emit(ctx, "wms.order.backordered.v1", stored)
    return stored


def allocate_waiting(ctx: Context, warehouse: str) -> None:
    """Stock arrived or was freed: serve the orders that wait for it, most urgent and oldest first."""
    waiting = [
        order
        for status in WAITING_FOR_STOCK
        for order in ctx.table(TABLE).find("status", status)
        if order["warehouseCode"] == warehouse
    ]
    for order in queue(waiting):
        allocate(ctx, dict(order))


def normalised(body: Mapping[str, Any]) -> Record:
    """A request with its defaults filled in, so that spelling out a default makes no other body."""
    address = {name: body["shipTo"].get(name) for name in _OPTIONAL_ADDRESS}
    return {
        **body,
        "shipTo": {**body["shipTo"], **address},
        "shipComplete": body.get("shipComplete", False),
        "requiredShipDate": body.get("requiredShipDate"),
        "priority": body.get("priority", 5),
        "lines": [{**line, "quantity": quantity_text(read_line(line).quantity)} for line in body["lines"]],
    }


def check_lines(
    ctx: Context, lines: Sequence[Mapping[str, Any]], found: Violations, *, quantity: str = "quantity"
) -> None:
    """Each lineRef once, each sku in the unit in which the warehouse counts it, whole where the unit is (DQ-16)."""
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if line["lineRef"] in seen:
            found.add(f"/lines/{index}/lineRef", "invalid-value", "this lineRef occurs twice", line["lineRef"])
        seen.add(line["lineRef"])
        uom = stock_uom(ctx, line["sku"])
        if uom is not None and uom != line["uom"]:
            found.add(f"/lines/{index}/uom", "invalid-value", f"{line['sku']} is counted in {uom}", line["uom"])
        check_whole(ctx, line["uom"], line[quantity], f"/lines/{index}/{quantity}", found)


def _check_warehouse_and_lines(ctx: Context, wanted: Mapping[str, Any]) -> None:
    found = Violations()
    if ctx.table("warehouses").get(wanted["warehouseCode"]) is None:
        found.add("/warehouseCode", "unknown-reference", "there is no such warehouse", wanted["warehouseCode"])
    check_lines(ctx, wanted["lines"], found)
    found.refuse("Fulfilment order cannot be accepted")


def _repeated(existing: Record, wanted: Mapping[str, Any]) -> Reply:
    if existing["_request"] == wanted:
        return Reply(200, present(existing))
    number = wanted["orderNumber"]
    if wanted["releaseVersion"] < existing["releaseVersion"]:
        raise Problem(
            "entity-changed",
            f"{number} is at release version {existing['releaseVersion']}, this is {wanted['releaseVersion']}",
            current_state=existing["status"],
            existing_id=existing["id"],
        )
    raise Problem(
        "duplicate-source-order",
        f"{number} exists as {existing['id']} with other contents; a newer version is sent with updateFulfilmentOrder",
        current_state=existing["status"],
        existing_id=existing["id"],
    )


def _fresh(line: Mapping[str, Any]) -> Line:
    quantity = read_line(line).quantity
    return Line(line_ref=line["lineRef"], sku=line["sku"], uom=line["uom"], quantity=quantity, backordered=quantity)


def _stock_status(lines: Iterable[Line]) -> str:
    found = list(lines)
    if not any(line.open > 0 for line in found):
        return "shipped"
    if not any(line.allocated > 0 for line in found):
        return "backordered"
    return "partially_allocated" if any(line.backordered > 0 for line in found) else "allocated"


def _backorders(lines: Mapping[str, Line]) -> dict[str, str]:
    return {ref: quantity_text(line.backordered) for ref, line in lines.items() if line.backordered > 0}
