"""What the shop has before a scenario begins: accounts, variants, and on offer what the ERP has in stock to sell."""

from __future__ import annotations

from decimal import Decimal

from understudy import Context, DataSet

from ..common.money import ZERO, decimal
from .customers import complete


def seed(ctx: Context, data: DataSet) -> None:
    """Entities used: currencies, storeCustomers, storeVariants, openingStock, locations (which stock may be sold)."""
    for currency in data.get("currencies", ()):
        ctx.table("currencies").put(currency)
    for customer in data.get("storeCustomers", ()):
        # The crosswalk to ERP customers belongs to the integration; the shop knows nothing of it.
        own = {name: value for name, value in customer.items() if name != "erpCustomerNumber"}
        ctx.table("customers").put(complete(own))
    sellable = {location["code"] for location in data.get("locations", ()) if location["sellable"]}
    stock: dict[str, Decimal] = {}
    for row in data.get("openingStock", ()):
        if row["stockStatus"] == "SELLABLE" and row["locationCode"] in sellable:
            stock[row["itemNumber"]] = stock.get(row["itemNumber"], ZERO) + decimal(row["quantity"])
    for variant in data.get("storeVariants", ()):
        ctx.table("variants").put({"grams": None, **variant})
        ctx.table("inventoryLevels").put(
            {
                "inventory_item_id": variant["inventory_item_id"],
                "sku": variant["sku"],
                "available": int(stock.get(variant["sku"], ZERO)),
                "sequence": None,
                "updated_at": variant["updated_at"],
            }
        )
