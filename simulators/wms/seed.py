"""What the warehouse has before a scenario begins: its bins, its units and the opening stock of its location."""

from __future__ import annotations

from understudy import Context, DataSet

from ..common.money import decimal
from .stock import DEFAULT_UOM, change_row, learn_sku, read_row, record_movement


def seed(ctx: Context, data: DataSet) -> None:
    """Entities used: warehouses, unitsOfMeasure, items (their unit), openingStock (by the warehouse's ERP location)."""
    for unit in data.get("unitsOfMeasure", ()):
        ctx.table("unitsOfMeasure").put(unit)
    for site in data.get("warehouses", ()):
        ctx.table("warehouses").put({**site, "_movements": 0})
    for item in data.get("items", ()):
        if item["type"] == "Inventory":
            learn_sku(ctx, item["number"], item["baseUnitOfMeasureCode"])
    warehouse_of = {site["locationCode"]: site["code"] for site in data.get("warehouses", ())}
    for stock in data.get("openingStock", ()):
        warehouse = warehouse_of.get(stock["locationCode"])
        if warehouse is None:
            continue
        sku, status, quantity = stock["itemNumber"], stock["stockStatus"], decimal(stock["quantity"])
        learn_sku(ctx, sku, DEFAULT_UOM)
        row = read_row(ctx, warehouse, sku, stock["binCode"], stock.get("lot"), status)
        change_row(ctx, row, on_hand=quantity)
        if quantity:
            record_movement(
                ctx,
                warehouse=warehouse,
                sku=sku,
                status=status,
                quantity=quantity,
                reason="opening",
                reference=stock["postingDate"],
                correlation_id=ctx.correlation_id,
            )
