"""Stock as it is: per bin for the floor, and absolute per sku and status for reconciliation (F-13, INV-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from understudy import Context, Reply

from ..common.dates import instant_text
from ..common.money import ZERO, decimal, quantity_text
from ..common.records import present
from ..common.violations import Violations


def list_inventory(ctx: Context) -> Reply:
    """listInventory: by warehouse, sku, bin, lot and status."""
    sku = ctx.query.get("sku")
    rows = [row for row in ctx.table("inventory").all() if sku is None or row["sku"] == sku]
    rows.sort(key=lambda r: (r["warehouseCode"], r["sku"], r["binCode"], r["lot"] or "", r["status"]))
    return ctx.page([present(row) for row in rows])


def create_snapshot(ctx: Context) -> Reply:
    """createSnapshot: 201 with absolute stock on hand, and the movement up to which it is true.

    Without warehouseCode: the warehouse of the API key (setting `warehouseCode`, else the first one).
    """
    code = (ctx.body or {}).get("warehouseCode") or ctx.settings.get("warehouseCode")
    site = next(ctx.table("warehouses").all()) if code is None else ctx.table("warehouses").get(code)
    if site is None:
        wrong = Violations()
        wrong.add("/warehouseCode", "unknown-reference", "there is no such warehouse", code)
        wrong.refuse("Snapshot cannot be taken")
    assert site is not None
    totals: dict[tuple[str, str], Decimal] = {}
    units: dict[str, str] = {}
    for row in ctx.table("inventory").find("warehouseCode", site["code"]):
        key = row["sku"], row["status"]
        totals[key] = totals.get(key, ZERO) + decimal(row["onHand"])
        units[row["sku"]] = row["uom"]
    lines: list[dict[str, Any]] = [
        {
            "sku": sku,
            "warehouseCode": site["code"],
            "status": status,
            "uom": units[sku],
            "onHand": quantity_text(quantity),
        }
        for (sku, status), quantity in sorted(totals.items())
    ]
    snapshot = {
        "id": f"SNP-{ctx.next('snapshot')}",
        "warehouseCode": site["code"],
        "takenAt": instant_text(ctx.now),
        "asOfSequence": f"{site['_movements']:06}",
        "lines": lines,
    }
    ctx.table("snapshots").put(snapshot)
    ctx.emit("wms.inventory.snapshot.v1", subject=site["code"], data=snapshot)
    return Reply(201, snapshot)
