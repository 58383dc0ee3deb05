"""Physical stock: one row per warehouse, sku, bin, lot and status, and a log of every movement in or out.

Only SELLABLE stock outside a bin under count is available. Moving goods between bins is no movement of the log: it
changes no total (domain 2.3: pick and pack move stock between bins only).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy import Context, Problem

from ..common.dates import instant_text
from ..common.money import ZERO, decimal, quantity_text
from ..common.violations import Violations

Record = dict[str, Any]

SELLABLE = "SELLABLE"
DAMAGED = "DAMAGED"
DEFAULT_UOM = "EA"


def row_key(warehouse: str, sku: str, bin_code: str, lot: str | None, status: str) -> str:
    return "/".join((warehouse, sku, bin_code, lot or "", status))


def read_row(
    ctx: Context, warehouse: str, sku: str, bin_code: str, lot: str | None = None, status: str = SELLABLE
) -> Record:
    """The row, or an empty one that is not stored yet."""
    key = row_key(warehouse, sku, bin_code, lot, status)
    return ctx.table("inventory").get(key) or {
        "_key": key,
        "sku": sku,
        "warehouseCode": warehouse,
        "binCode": bin_code,
        "lot": lot,
        "_expiry": None,
        "status": status,
        "uom": stock_uom(ctx, sku) or DEFAULT_UOM,
        "onHand": "0",
        "allocated": "0",
        "available": "0",
        "countRequired": False,
    }


def change_row(
    ctx: Context,
    row: Mapping[str, Any],
    *,
    on_hand: Decimal = ZERO,
    allocated: Decimal = ZERO,
    expiry: str | None = None,
    count_required: bool | None = None,
) -> Record:
    """Add to a row and recompute what is available. Raises Problem 409 insufficient-stock below what is allocated."""
    new_on_hand = decimal(row["onHand"]) + on_hand
    new_allocated = decimal(row["allocated"]) + allocated
    if new_on_hand < new_allocated or new_allocated < 0:
        raise Problem(
            "insufficient-stock",
            f"bin {row['binCode']} holds {row['onHand']} {row['sku']} ({row['status']}), {row['allocated']} of them "
            f"allocated to orders: it cannot give {quantity_text(-on_hand)}",
        )
    needs_count = bool(row["countRequired"]) if count_required is None else count_required
    is_available = row["status"] == SELLABLE and not needs_count
    return ctx.table("inventory").put(
        {
            **row,
            "_expiry": expiry or row["_expiry"],
            "onHand": quantity_text(new_on_hand),
            "allocated": quantity_text(new_allocated),
            "available": quantity_text(new_on_hand - new_allocated if is_available else ZERO),
            "countRequired": needs_count,
        }
    )


def record_movement(
    ctx: Context,
    *,
    warehouse: str,
    sku: str,
    status: str,
    quantity: Decimal,
    reason: str,
    reference: str,
    correlation_id: str,
) -> None:
    """Log that stock came (+) or left (−). The number counts per warehouse, so that snapshots can name a point."""
    site = ctx.table("warehouses").get(warehouse)
    assert site is not None, "movements happen in known warehouses only"
    number = site["_movements"] + 1
    ctx.table("warehouses").put({**site, "_movements": number})
    ctx.table("stockMovements").put(
        {
            "_key": f"{warehouse}/{number:06}",
            "warehouseCode": warehouse,
            "sequence": f"{number:06}",
            "sku": sku,
            "status": status,
            "quantity": quantity_text(quantity),
            "reason": reason,
            "reference": reference,
            "occurredAt": instant_text(ctx.now),
            "correlationId": correlation_id,
        }
    )


def stock_uom(ctx: Context, sku: str) -> str | None:
    """The unit in which the warehouse counts this sku; None for a sku that it has never seen."""
    known = ctx.table("skus").get(sku)
    return None if known is None else str(known["uom"])


def learn_sku(ctx: Context, sku: str, uom: str) -> None:
    """A warehouse has no item master of its own: the first document that names a sku says how it is counted."""
    if ctx.table("skus").get(sku) is None:
        ctx.table("skus").put({"sku": sku, "uom": uom})


def check_whole(ctx: Context, uom: str, quantity: str, pointer: str, found: Violations) -> None:
    """Half a piece cannot be picked, packed or counted (DQ-16)."""
    unit = ctx.table("unitsOfMeasure").get(uom)
    if unit is not None and unit["wholeOnly"] and decimal(quantity) % 1:
        found.add(pointer, "invalid-value", f"{uom} is counted in whole numbers", quantity)


def bins(ctx: Context, warehouse: str, kind: str) -> list[str]:
    """The codes of the warehouse's bins of a kind (storage, dock, blocked), in their order."""
    site = ctx.table("warehouses").get(warehouse)
    return [] if site is None else [place["code"] for place in site["bins"] if place["kind"] == kind]


def inbound_dock(ctx: Context, warehouse: str) -> str:
    return bins(ctx, warehouse, "dock")[0]


def packing_bench(ctx: Context, warehouse: str) -> str:
    """Where picked goods wait until they leave."""
    return bins(ctx, warehouse, "dock")[-1]


def blocked_bin(ctx: Context, warehouse: str) -> str:
    """Where goods go that must not be sold."""
    return bins(ctx, warehouse, "blocked")[0]


def putaway_bin(ctx: Context, warehouse: str, sku: str) -> str:
    """The sku's own storage bin unless it awaits a count, else the inbound dock, from which can be picked as well."""
    storage = set(bins(ctx, warehouse, "storage"))
    for row in ctx.table("inventory").find(("warehouseCode", "sku"), (warehouse, sku)):
        if row["status"] == SELLABLE and row["binCode"] in storage and not row["countRequired"]:
            return str(row["binCode"])
    return inbound_dock(ctx, warehouse)
