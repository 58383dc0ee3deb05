"""Variants and what is on offer of them. The number is absolute and the last write wins: the shop has no ETag."""

from __future__ import annotations

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.records import present
from ..common.violations import Violations


def list_variants(ctx: Context) -> Reply:
    """listVariants: by id."""
    sku = ctx.query.get("sku")
    table = ctx.table("variants")
    rows = sorted(table.all() if sku is None else table.find("sku", sku), key=lambda row: row["id"])
    return ctx.page([present(row) for row in rows], name="variants")


def get_variant(ctx: Context) -> Reply:
    variant = ctx.table("variants").get(ctx.path["variantId"])
    if variant is None:
        raise Problem("not-found", f"there is no variant {ctx.path['variantId']}")
    return Reply(200, present(variant))


def list_levels(ctx: Context) -> Reply:
    """listInventoryLevels: by inventory item."""
    wanted = ctx.query.get("inventory_item_id")
    rows = [row for row in ctx.table("inventoryLevels").all() if wanted in (None, row["inventory_item_id"])]
    rows.sort(key=lambda row: row["inventory_item_id"])
    return ctx.page([present(row) for row in rows], name="inventory_levels")


def set_level(ctx: Context) -> Reply:
    """setInventoryLevel: 200 with the level after the write; told when the number changed.

    The sequence is kept for the sender and not enforced. Raises Problem 422 unknown-reference for an unknown item.
    """
    item = ctx.body["inventory_item_id"]
    before = ctx.table("inventoryLevels").get(item)
    if before is None:
        wrong = Violations()
        wrong.add("/inventory_item_id", "unknown-reference", "no variant has this inventory item", item)
        wrong.refuse("Inventory level cannot be set")
    assert before is not None
    level = ctx.table("inventoryLevels").put(
        {
            **before,
            "available": ctx.body["available"],
            "sequence": ctx.body.get("sequence"),
            "updated_at": instant_text(ctx.now),
        }
    )
    if level["available"] != before["available"]:
        ctx.emit("store.inventory_level.updated.v1", subject=str(item), data=present(level))
    return Reply(200, present(level))
