"""Adjustments: stock corrected in one bin, or moved from one status to another with the total unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy import Context, Reply

from ..common.dates import instant_text
from ..common.money import decimal, quantity_text
from ..common.records import present
from ..common.violations import Violations
from .fulfilment_orders import allocate_waiting
from .stock import SELLABLE, change_row, check_whole, read_row, record_movement, stock_uom

Record = dict[str, Any]
TABLE = "adjustments"


def create(ctx: Context) -> Reply:
    """createAdjustment: 201. A COUNT ends the count that a short pick asked for.

    With fromStatus and toStatus pieces change status; with one of them, or none (SELLABLE), that status' stock changes.

    Raises Problem 409 insufficient-stock below what is there or allocated, 422 with every violation.
    """
    body = ctx.body
    _check(ctx, body)
    delta = decimal(body["quantityDelta"])
    adjustment = {
        "id": f"ADJ-{ctx.next('adjustment')}",
        "warehouseCode": body["warehouseCode"],
        "sku": body["sku"],
        "binCode": body["binCode"],
        "quantityDelta": quantity_text(delta),
        "uom": stock_uom(ctx, body["sku"]),
        "reasonCode": body["reasonCode"],
        "fromStatus": body.get("fromStatus"),
        "toStatus": body.get("toStatus"),
        "lot": body.get("lot"),
        "note": body.get("note"),
        "occurredAt": instant_text(ctx.now),
    }
    ctx.table(TABLE).put(adjustment)
    moves = _changes_status(body)
    if moves:
        _book(ctx, adjustment, body["fromStatus"], -delta)
        _book(ctx, adjustment, body["toStatus"], delta)
    else:
        _book(ctx, adjustment, body.get("fromStatus") or body.get("toStatus") or SELLABLE, delta)
    ctx.emit(
        "wms.inventory.statuschanged.v1" if moves else "wms.inventory.adjusted.v1",
        subject=body["sku"],
        data=adjustment,
    )
    allocate_waiting(ctx, body["warehouseCode"])
    return Reply(201, adjustment)


def list_adjustments(ctx: Context) -> Reply:
    return ctx.page([present(row) for row in ctx.table(TABLE).all()])


def _check(ctx: Context, body: Mapping[str, Any]) -> None:
    found = Violations()
    site = ctx.table("warehouses").get(body["warehouseCode"])
    if site is None:
        found.add("/warehouseCode", "unknown-reference", "there is no such warehouse", body["warehouseCode"])
    elif body["binCode"] not in {place["code"] for place in site["bins"]}:
        found.add("/binCode", "unknown-reference", f"{site['code']} has no such bin", body["binCode"])
    uom = stock_uom(ctx, body["sku"])
    if uom is None:
        found.add("/sku", "unknown-reference", "the warehouse has never seen this sku", body["sku"])
    else:
        check_whole(ctx, uom, body["quantityDelta"], "/quantityDelta", found)
    delta = decimal(body["quantityDelta"])
    if _changes_status(body):
        if body["fromStatus"] == body["toStatus"]:
            found.add("/toStatus", "invalid-value", "the status does not change", body["toStatus"])
        if delta < 0:
            found.add("/quantityDelta", "invalid-value", "positive when pieces change status", body["quantityDelta"])
    elif "fromStatus" in body and delta > 0:
        found.add("/toStatus", "required", "pieces that are found need the status that they enter")
    elif "toStatus" in body and delta < 0:
        found.add("/fromStatus", "required", "pieces that are gone need the status that they leave")
    found.refuse("Adjustment cannot be posted")


def _changes_status(body: Mapping[str, Any]) -> bool:
    return "fromStatus" in body and "toStatus" in body


def _book(ctx: Context, adjustment: Mapping[str, Any], status: str, delta: Decimal) -> None:
    warehouse, sku = adjustment["warehouseCode"], adjustment["sku"]
    row = read_row(ctx, warehouse, sku, adjustment["binCode"], adjustment["lot"], status)
    counted = adjustment["reasonCode"] == "COUNT"
    change_row(ctx, row, on_hand=delta, count_required=False if counted else None)
    record_movement(
        ctx,
        warehouse=warehouse,
        sku=sku,
        status=status,
        quantity=delta,
        reason=adjustment["reasonCode"],
        reference=adjustment["id"],
        correlation_id=ctx.correlation_id,
    )
