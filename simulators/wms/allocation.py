"""Hard assignment of physical stock to order lines: what each order holds, where, and who is served next.

A holding is one row of the table `allocations`: so many pieces of a line in a bin. Picking moves it to the packing
bench, shipping ends it. Its home is the bin it came from, to which it returns when it is not shipped after all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from understudy import Context

from ..common.money import ZERO, decimal, quantity_text
from .line import Line
from .stock import SELLABLE, change_row, packing_bench, read_row

Record = dict[str, Any]


def holdings(ctx: Context, order_id: str, line_ref: str | None = None) -> list[Record]:
    """What the order (or one of its lines) holds, in the order of assignment."""
    rows = ctx.table("allocations").find("fulfilmentOrderId", order_id)
    return [row for row in rows if line_ref is None or row["lineRef"] == line_ref]


def allocate_line(ctx: Context, order: Mapping[str, Any], line: Line) -> Line:
    """Assign available stock to the backordered part of a line, first expiring lot first, then by bin."""
    wanted = line.backordered
    for row in _pickable(ctx, order["warehouseCode"], line.sku):
        if wanted <= 0:
            break
        taken = min(wanted, decimal(row["available"]))
        change_row(ctx, row, allocated=taken)
        _hold(ctx, order["id"], line.line_ref, row, row["binCode"], taken)
        wanted -= taken
    return replace(line, allocated=line.allocated + line.backordered - wanted, backordered=wanted)


def free_line(ctx: Context, order_id: str, line: Line) -> Line:
    """Give back everything the line holds; what waits at the packing bench returns to its bins.

    The freed quantity becomes backordered: the caller decides what else is to become of it.
    """
    for holding in holdings(ctx, order_id, line.line_ref):
        _return(ctx, holding, decimal(holding["quantity"]))
    for holding in holdings(ctx, order_id, line.line_ref):
        release_holding(ctx, holding, decimal(holding["quantity"]))
    return replace(
        line,
        allocated=ZERO,
        backordered=line.backordered + line.allocated,
        picked=line.shipped,
        packed=line.shipped,
    )


def release_holding(ctx: Context, holding: Mapping[str, Any], quantity: Decimal) -> None:
    """The order no longer holds this much of it; the goods stay where they are."""
    row = read_row(ctx, holding["warehouseCode"], holding["sku"], holding["binCode"], holding["lot"])
    change_row(ctx, row, allocated=-quantity)
    _shrink(ctx, holding, quantity)


def move_to_bench(ctx: Context, holding: Mapping[str, Any], quantity: Decimal) -> None:
    """Picked pieces leave their bin for the packing bench and stay assigned to the line."""
    _move(ctx, holding, quantity, packing_bench(ctx, holding["warehouseCode"]))


def return_unpacked(ctx: Context, order: Mapping[str, Any], line: Line) -> Line:
    """Put pieces that were picked but not packed back into their bins; the line keeps them."""
    left = line.unpacked
    bench = packing_bench(ctx, order["warehouseCode"])
    for holding in reversed(holdings(ctx, order["id"], line.line_ref)):
        if left <= 0:
            break
        if holding["binCode"] == bench:
            back = min(left, decimal(holding["quantity"]))
            _return(ctx, holding, back)
            left -= back
    return replace(line, picked=line.packed)


def consume(ctx: Context, order: Mapping[str, Any], line_ref: str, lot: str | None, quantity: Decimal) -> None:
    """Pieces of the line leave the warehouse from the packing bench: stock on hand and allocation fall together."""
    bench = packing_bench(ctx, order["warehouseCode"])
    left = quantity
    for holding in holdings(ctx, order["id"], line_ref):
        if left <= 0:
            break
        if holding["binCode"] == bench and holding["lot"] == lot:
            gone = min(left, decimal(holding["quantity"]))
            row = read_row(ctx, holding["warehouseCode"], holding["sku"], bench, lot)
            change_row(ctx, row, on_hand=-gone, allocated=-gone)
            _shrink(ctx, holding, gone)
            left -= gone
    assert left == 0, "a carton holds only what was picked"


def queue(orders: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Who gets arriving stock first: by priority, required ship date (none last), then arrival of the order."""
    return sorted(orders, key=lambda o: (o["priority"], o.get("requiredShipDate") or "9999-12-31", o["_arrival"]))


def _pickable(ctx: Context, warehouse: str, sku: str) -> list[Record]:
    rows = ctx.table("inventory").find(("warehouseCode", "sku"), (warehouse, sku))
    usable = [row for row in rows if row["status"] == SELLABLE and decimal(row["available"]) > 0]
    return sorted(usable, key=lambda row: (row["_expiry"] or "9999-12-31", row["binCode"], row["lot"] or ""))


def _hold(ctx: Context, order_id: str, line_ref: str, row: Mapping[str, Any], home: str, quantity: Decimal) -> None:
    key = "/".join((order_id, line_ref, row["binCode"], home, row["lot"] or ""))
    existing = ctx.table("allocations").get(key)
    ctx.table("allocations").put(
        {
            "_key": key,
            "fulfilmentOrderId": order_id,
            "lineRef": line_ref,
            "sku": row["sku"],
            "warehouseCode": row["warehouseCode"],
            "binCode": row["binCode"],
            "homeBinCode": home,
            "lot": row["lot"],
            "quantity": quantity_text(quantity + decimal(existing["quantity"] if existing else "0")),
        }
    )


def _shrink(ctx: Context, holding: Mapping[str, Any], quantity: Decimal) -> None:
    left = decimal(holding["quantity"]) - quantity
    if left > 0:
        ctx.table("allocations").put({**holding, "quantity": quantity_text(left)})
    else:
        ctx.table("allocations").delete(holding["_key"])


def _return(ctx: Context, holding: Mapping[str, Any], quantity: Decimal) -> None:
    if holding["binCode"] != holding["homeBinCode"]:
        _move(ctx, holding, quantity, holding["homeBinCode"])


def _move(ctx: Context, holding: Mapping[str, Any], quantity: Decimal, to_bin: str) -> None:
    warehouse, sku, lot = holding["warehouseCode"], holding["sku"], holding["lot"]
    source = read_row(ctx, warehouse, sku, holding["binCode"], lot)
    change_row(ctx, source, on_hand=-quantity, allocated=-quantity)
    target = read_row(ctx, warehouse, sku, to_bin, lot)
    change_row(ctx, target, on_hand=quantity, allocated=quantity, expiry=source["_expiry"])
    _shrink(ctx, holding, quantity)
    _hold(ctx, holding["fulfilmentOrderId"], holding["lineRef"], target, holding["homeBinCode"], quantity)
