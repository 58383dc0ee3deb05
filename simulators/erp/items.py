"""Items, locations and stock balances (domain 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem, Reply

from ..common.money import decimal
from ..common.records import present
from ..common.violations import Violations
from .company import location_of
from .events import announce
from .item_ledger import set_unit_cost, unit_cost
from .records import Record, fetch, find_one, save

DEFAULTS: Mapping[str, Any] = {
    "gtin": None,
    "unitsOfMeasure": [],
    "priceIncludesTax": False,
    "inventoryPostingGroup": None,
    "tracking": "none",
    "blocked": False,
    "weightGrams": None,
}


def list_items(ctx: Context) -> Reply:
    return ctx.page([shown(ctx, item) for item in ctx.table("items").all()])


def get_item(ctx: Context) -> Reply:
    return Reply(200, shown(ctx, fetch(ctx, "items", ctx.path["itemId"])))


def create_item(ctx: Context) -> Reply:
    """Raises Problem 422 with every violation, 409 duplicate-external-document for a number that exists."""
    item = {**DEFAULTS, **ctx.body}
    _check(ctx, item)
    existing = find_one(ctx, "items", "number", item["number"])
    if existing is not None:
        raise Problem(
            "duplicate-external-document", f"item {item['number']} exists already", existing_id=existing["id"]
        )
    saved = save(ctx, "items", {"id": ctx.new_id("item"), **item})
    set_unit_cost(ctx, saved["number"], decimal("0"))
    announce(ctx, "erp.item.changed.v1", shown(ctx, saved))
    return Reply(201, shown(ctx, saved), location_of(ctx, "items", saved))


def update_item(ctx: Context) -> Reply:
    item = fetch(ctx, "items", ctx.path["itemId"])
    ctx.require_match(item)
    changed = {**item, **ctx.body}
    _check(ctx, changed)
    saved = save(ctx, "items", changed)
    announce(ctx, "erp.item.changed.v1", shown(ctx, saved))
    return Reply(200, shown(ctx, saved))


def shown(ctx: Context, item: Record) -> Record:
    """The item as the API returns it, with the unit cost of this moment."""
    return present({**item, "unitCost": unit_cost(ctx, item["number"])})


def has_valid_check_digit(gtin: str) -> bool:
    """GS1 check digit of a GTIN-13 (DQ-18)."""
    digits = [int(digit) for digit in gtin]
    weighted = sum(digit * (3 if index % 2 else 1) for index, digit in enumerate(digits[:-1]))
    return len(digits) == 13 and (-weighted) % 10 == digits[-1]


def _check(ctx: Context, item: Mapping[str, Any]) -> None:
    found = Violations()
    units = [("/baseUnitOfMeasureCode", item["baseUnitOfMeasureCode"])]
    units += [(f"/unitsOfMeasure/{index}/code", row["code"]) for index, row in enumerate(item["unitsOfMeasure"])]
    for pointer, code in units:
        if ctx.table("unitsOfMeasure").get(code) is None:
            found.add(pointer, "unknown-reference", f"no unit of measure {code}", code)
    for index, row in enumerate(item["unitsOfMeasure"]):
        if decimal(row["qtyPerBase"]) <= 0:
            found.add(f"/unitsOfMeasure/{index}/qtyPerBase", "invalid-value", "must be above 0", row["qtyPerBase"])
    if item["type"] == "Inventory" and item["inventoryPostingGroup"] is None:
        found.add("/inventoryPostingGroup", "required", "an inventory item has an inventory posting group")
    if decimal(item["unitPrice"]) < 0:
        found.add("/unitPrice", "invalid-value", "the price must not be negative", item["unitPrice"])
    if item["gtin"] is not None and not has_valid_check_digit(item["gtin"]):
        found.add("/gtin", "invalid-value", "the check digit of the GTIN is wrong", item["gtin"])
    found.refuse("Item cannot be accepted")
