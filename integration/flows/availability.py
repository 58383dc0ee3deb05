"""F-6: what the store may sell, as an absolute number; changes within half a minute go over as one.

The store keeps one number per item, the ERP one balance per location, so a change at one location is told as the sum
over all sellable ones, less the safety stock, never below zero (INV-7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from ..flow import Applied, Outcome, Skipped
from ..work import Work

Record = dict[str, Any]
_VARIANT_OF = "erp.item>store.variant"


def offer(work: Work) -> Outcome:
    """erp.availability.changed"""
    number = work.message.data["itemNumber"]
    known = work.crosswalk.find(_VARIANT_OF, number)
    if known is None:
        variant = work.storefront.variant(number)
        if variant is None:
            return Skipped("not sold in the store")
        known = {"inventoryItemId": variant["inventory_item_id"]}
        work.crosswalk.put(_VARIANT_OF, number, known)
    balances = work.practice.balances(work.erp.stock_of(number), work.message.data)
    available = sellable(balances, _sellable_locations(work), Decimal(work.settings.safety_stock))
    work.storefront.set_available(known["inventoryItemId"], available, work.message.sequence)
    return Applied()


def sellable(balances: Iterable[Mapping[str, Any]], locations: set[str], safety_stock: Decimal) -> int:
    """Whole pieces on offer: the sum of what is available at sellable locations, less the safety stock, at least 0."""
    total = sum((Decimal(row["available"]) for row in balances if row["locationCode"] in locations), Decimal(0))
    return max(0, int((total - safety_stock).to_integral_value(rounding=ROUND_FLOOR)))


def _sellable_locations(work: Work) -> set[str]:
    return {row["code"] for row in work.masters.table("listLocations", "locations") if row["sellable"]}
