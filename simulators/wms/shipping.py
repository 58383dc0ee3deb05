"""Shipments: cartons that leave together, their labels, and the moment when stock leaves the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.money import ZERO, decimal
from ..common.records import present
from ..common.violations import Violations
from .allocation import consume, free_line, return_unpacked
from .fulfilment_orders import allocate_waiting, emit, fetch, finish, save
from .lifecycle import FULFILMENT_ORDER, SHIPMENT, refused, require
from .line import Line, read_lines, to_records
from .packing import finish_packing
from .picking import schedule_reallocation
from .stock import SELLABLE, record_movement

Record = dict[str, Any]
TABLE = "shipments"


def create(ctx: Context) -> Reply:
    """createShipment: 201 with every packed carton that no shipment holds.

    It ends packing: pieces picked but not in a carton go back to their bins and stay allocated to the order. Raises
    Problem 409 invalid-state-transition when nothing is packed, or not all of an order that ships complete.
    """
    order = _order_of_request(ctx)
    cartons = [carton for carton in order["cartons"] if carton["shipmentId"] is None]
    what = f"fulfilment order {order['id']}"
    if order["status"] not in ("packing", "packed") or not cartons:
        raise refused(what, order["status"], FULFILMENT_ORDER, "no packed carton waits for a shipment")
    lines = read_lines(order)
    if order["shipComplete"] and any(line.open > line.packed - line.shipped for line in lines.values()):
        raise refused(what, order["status"], FULFILMENT_ORDER, "it ships complete only and is not wholly packed")
    if order["status"] == "packing":
        lines = {ref: return_unpacked(ctx, order, line) for ref, line in lines.items()}
        order = finish_packing(ctx, save(ctx, order, lines=to_records(lines)))
    now = instant_text(ctx.now)
    shipment = ctx.table(TABLE).put(
        {
            "id": f"WSH-{ctx.next('shipment')}",
            "fulfilmentOrderId": order["id"],
            "orderNumber": order["orderNumber"],
            "warehouseCode": order["warehouseCode"],
            "status": "open",
            "carrierCode": ctx.body.get("carrierCode", order["carrierCode"]),
            "serviceCode": ctx.body.get("serviceCode", order["serviceCode"]),
            "final": ctx.body["final"],
            "cartons": [_without_label(carton) for carton in cartons],
            "shippedAt": None,
            "createdAt": now,
            "updatedAt": now,
        }
    )
    _assign_cartons(ctx, order, shipment, shipment["id"])
    return Reply(201, present(shipment))


def get(ctx: Context) -> Reply:
    return Reply(200, present(_fetch(ctx)))


def list_shipments(ctx: Context) -> Reply:
    number = ctx.query.get("orderNumber")
    table = ctx.table(TABLE)
    rows = table.find("orderNumber", number) if number is not None else list(table.all())
    return ctx.page([present(row) for row in rows])


def manifest(ctx: Context) -> Reply:
    """manifestShipment: the carrier's label for each carton."""
    shipment = _fetch(ctx)
    require(f"shipment {shipment['id']}", shipment, "manifested", SHIPMENT)
    cartons = [{**carton, "trackingNumber": f"JD{ctx.next('label'):04}"} for carton in shipment["cartons"]]
    return Reply(200, present(_move_on(ctx, shipment, "manifested", cartons=cartons)))


def void(ctx: Context) -> Reply:
    """voidShipment: labels are void, the cartons wait again. Raises Problem 409 after `shipped` (use a return)."""
    shipment = _fetch(ctx)
    require(f"shipment {shipment['id']}", shipment, "voided", SHIPMENT, _why_not_void(shipment))
    order = fetch(ctx, shipment["fulfilmentOrderId"])
    voided = _move_on(ctx, shipment, "voided")
    emit(ctx, "wms.shipment.voided.v1", _assign_cartons(ctx, order, shipment, None), voided)
    return Reply(200, present(voided))


def ship(ctx: Context) -> Reply:
    """shipShipment: the goods leave. Stock on hand and allocation fall together, and the ERP hears of it.

    Not final, with something still open: the order returns to `backordered` and is matched with stock again. Final:
    what is still open is given up.
    """
    shipment = _fetch(ctx)
    require(f"shipment {shipment['id']}", shipment, "shipped", SHIPMENT)
    order = fetch(ctx, shipment["fulfilmentOrderId"])
    lines = read_lines(order)
    for carton in shipment["cartons"]:
        for content in carton["lines"]:
            line, quantity = lines[content["lineRef"]], decimal(content["qty"])
            lines[line.line_ref] = line.with_shipped(quantity)
            consume(ctx, order, line.line_ref, content.get("lot"), quantity)
            record_movement(
                ctx,
                warehouse=order["warehouseCode"],
                sku=line.sku,
                status=SELLABLE,
                quantity=-quantity,
                reason="shipment",
                reference=shipment["id"],
                correlation_id=order["_correlationId"],
            )
    gone = _move_on(ctx, shipment, "shipped", shippedAt=instant_text(ctx.now))
    emit(ctx, "wms.shipment.confirmed.v1", order, _confirmation(gone))
    _after_shipping(ctx, order, lines, final=gone["final"])
    return Reply(200, present(gone))


def _after_shipping(ctx: Context, order: Record, lines: dict[str, Line], *, final: bool) -> None:
    open_lines = [line for line in lines.values() if line.open > 0]
    if final:
        for line in open_lines:
            freed = free_line(ctx, order["id"], line)
            lines[line.line_ref] = replace(freed, backordered=ZERO, cancelled=line.cancelled + line.open)
    if open_lines and not final:
        shipped = save(ctx, order, status="shipped", lines=to_records(lines))
        schedule_reallocation(ctx, save(ctx, shipped, status="backordered"))
        return
    finish(ctx, order, lines=to_records(lines), _backorderedSaid={})
    if open_lines:
        allocate_waiting(ctx, order["warehouseCode"])


def _order_of_request(ctx: Context) -> Record:
    order = ctx.table("fulfilmentOrders").get(ctx.body["fulfilmentOrderId"])
    if order is None:
        wrong = Violations()
        wrong.add("/fulfilmentOrderId", "unknown-reference", "there is no such order", ctx.body["fulfilmentOrderId"])
        wrong.refuse("Shipment cannot be created")
    assert order is not None
    return order


def _fetch(ctx: Context) -> Record:
    shipment = ctx.table(TABLE).get(ctx.path["shipmentId"])
    if shipment is None:
        raise Problem("not-found", f"there is no shipment {ctx.path['shipmentId']!r}")
    return shipment


def _move_on(ctx: Context, shipment: Mapping[str, Any], status: str, **changes: Any) -> Record:
    return ctx.table(TABLE).put({**shipment, **changes, "status": status, "updatedAt": instant_text(ctx.now)})


def _assign_cartons(
    ctx: Context, order: Mapping[str, Any], shipment: Mapping[str, Any], shipment_id: str | None
) -> Record:
    """Note in the order which shipment holds the cartons; None when they wait again."""
    taken = {carton["sscc"] for carton in shipment["cartons"]}
    cartons = [{**c, "shipmentId": shipment_id} if c["sscc"] in taken else c for c in order["cartons"]]
    return save(ctx, order, cartons=cartons)


def _without_label(carton: Mapping[str, Any]) -> Record:
    shown = {name: carton[name] for name in ("sscc", "weightGrams", "dims") if name in carton}
    return {**shown, "trackingNumber": None, "lines": carton["lines"]}


def _confirmation(shipment: Mapping[str, Any]) -> Record:
    """Data of wms.shipment.confirmed.v1 (domain 2.7)."""
    cartons = [
        {name: carton[name] for name in ("sscc", "weightGrams", "trackingNumber", "lines")}
        for carton in shipment["cartons"]
    ]
    named = ("orderNumber", "warehouseCode", "shippedAt", "final", "carrierCode", "serviceCode")
    return {"shipmentId": shipment["id"], **{name: shipment[name] for name in named}, "cartons": cartons}


def _why_not_void(shipment: Mapping[str, Any]) -> str:
    if shipment["status"] in ("shipped", "delivered"):
        return "the goods have left, use a return"
    return "only a manifested shipment can be voided"
