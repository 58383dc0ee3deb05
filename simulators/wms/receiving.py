"""Receipts: goods announced, counted in and put away; a return arrives the same way."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.money import decimal, quantity_text, times
from ..common.records import present
from ..common.violations import Violations
from .fulfilment_orders import allocate_waiting, check_lines
from .lifecycle import RECEIPT, require
from .stock import (
    DAMAGED,
    SELLABLE,
    blocked_bin,
    change_row,
    check_whole,
    learn_sku,
    putaway_bin,
    read_row,
    record_movement,
)

Record = dict[str, Any]
TABLE = "receipts"
TOLERANCE = Decimal("1.05")
"""Up to 5 % more than expected is accepted (domain 2.3, B12); damaged pieces count towards it."""


def create(ctx: Context) -> Reply:
    """createReceipt: 201 announced. Raises Problem 422 with every violation."""
    body = ctx.body
    found = Violations()
    if ctx.table("warehouses").get(body["warehouseCode"]) is None:
        found.add("/warehouseCode", "unknown-reference", "there is no such warehouse", body["warehouseCode"])
    check_lines(ctx, body["lines"], found, quantity="expected")
    found.refuse("Receipt cannot be announced")
    for line in body["lines"]:
        learn_sku(ctx, line["sku"], line["uom"])
    now = instant_text(ctx.now)
    receipt = ctx.table(TABLE).put(
        {
            "id": f"RCV-{ctx.next('receipt')}",
            "type": body["type"],
            "reference": body["reference"],
            "asnNumber": body.get("asnNumber"),
            "warehouseCode": body["warehouseCode"],
            "status": "announced",
            "lines": [_announced(line) for line in body["lines"]],
            "receivedAt": None,
            "createdAt": now,
            "updatedAt": now,
            "_correlationId": ctx.correlation_id,
        }
    )
    return Reply(201, present(receipt))


def get(ctx: Context) -> Reply:
    return Reply(200, present(_fetch(ctx)))


def list_receipts(ctx: Context) -> Reply:
    return ctx.page([present(row) for row in ctx.table(TABLE).all()])


def confirm(ctx: Context) -> Reply:
    """confirmReceipt: good pieces become SELLABLE in the sku's bin, damaged ones DAMAGED; waiting orders are served.

    Raises Problem 409 for a receipt that is closed (use an adjustment), 422 over-receipt above the tolerance.
    """
    receipt = _fetch(ctx)
    require(f"receipt {receipt['id']}", receipt, "arrived", RECEIPT, "it is counted in, use an adjustment")
    counts = _checked_counts(ctx, receipt)
    for status in ("arrived", "receiving", "received"):
        receipt = _move_on(ctx, receipt, status)
    lines = [_count_in(ctx, receipt, line, counts.get(line["lineRef"], {})) for line in receipt["lines"]]
    closed = _move_on(ctx, receipt, "closed", lines=lines, receivedAt=instant_text(ctx.now))
    ctx.emit(
        "wms.return.received.v1" if closed["type"] == "return" else "wms.receipt.confirmed.v1",
        subject=closed["id"],
        data=present(closed),
        correlation_id=closed["_correlationId"],
    )
    allocate_waiting(ctx, closed["warehouseCode"])
    return Reply(200, present(closed))


def _announced(line: Mapping[str, Any]) -> Record:
    return {
        "lineRef": line["lineRef"],
        "sku": line["sku"],
        "expected": quantity_text(decimal(line["expected"])),
        "received": "0",
        "damaged": "0",
        "uom": line["uom"],
        "lot": line.get("lot"),
        "expiry": line.get("expiry"),
    }


def _checked_counts(ctx: Context, receipt: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found = Violations()
    lines = {line["lineRef"]: line for line in receipt["lines"]}
    counts: dict[str, Mapping[str, Any]] = {}
    for index, count in enumerate(ctx.body["lines"]):
        ref, pointer = count["lineRef"], f"/lines/{index}"
        line = lines.get(ref)
        if line is None:
            found.add(f"{pointer}/lineRef", "unknown-reference", "the receipt has no such line", ref)
            continue
        if ref in counts:
            found.add(f"{pointer}/lineRef", "invalid-value", "this line is counted twice", ref)
        counts[ref] = count
        for name in ("received", "damaged"):
            check_whole(ctx, line["uom"], count.get(name, "0"), f"{pointer}/{name}", found)
        arrived = decimal(count["received"]) + decimal(count.get("damaged"))
        limit = times(decimal(line["expected"]), TOLERANCE)
        if arrived > limit:
            detail = f"{quantity_text(arrived)} arrived; {line['expected']} expected, {quantity_text(limit)} accepted"
            found.add(f"{pointer}/received", "over-receipt", detail, count["received"])
    found.refuse("Receipt cannot be confirmed")
    return counts


def _count_in(ctx: Context, receipt: Mapping[str, Any], line: Mapping[str, Any], count: Mapping[str, Any]) -> Record:
    lot = count.get("lot") or line["lot"]
    expiry = count.get("expiry") or line["expiry"]
    received, damaged = decimal(count.get("received")), decimal(count.get("damaged"))
    warehouse, sku = receipt["warehouseCode"], line["sku"]
    places = (
        (received, SELLABLE, putaway_bin(ctx, warehouse, sku)),
        (damaged, DAMAGED, blocked_bin(ctx, warehouse)),
    )
    for quantity, status, place in places:
        if quantity > 0:
            row = read_row(ctx, warehouse, sku, place, lot, status)
            change_row(ctx, row, on_hand=quantity, expiry=expiry)
            record_movement(
                ctx,
                warehouse=warehouse,
                sku=sku,
                status=status,
                quantity=quantity,
                reason=receipt["type"],
                reference=receipt["id"],
                correlation_id=receipt["_correlationId"],
            )
    return {
        **line,
        "received": quantity_text(received),
        "damaged": quantity_text(damaged),
        "lot": lot,
        "expiry": expiry,
    }


def _fetch(ctx: Context) -> Record:
    receipt = ctx.table(TABLE).get(ctx.path["receiptId"])
    if receipt is None:
        raise Problem("not-found", f"there is no receipt {ctx.path['receiptId']!r}")
    return receipt


def _move_on(ctx: Context, receipt: Mapping[str, Any], status: str, **changes: Any) -> Record:
    return ctx.table(TABLE).put({**receipt, **changes, "status": status, "updatedAt": instant_text(ctx.now)})
