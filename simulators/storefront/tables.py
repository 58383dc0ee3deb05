"""What the storefront remembers. There is no ETag: the last write wins. Fields that begin with `_` never leave it."""

from __future__ import annotations

from understudy import TableSpec

TABLES = (
    TableSpec("currencies", key="code", versioned=False),
    TableSpec("customers", indexes=("_email",), versioned=False),
    TableSpec("variants", unique=("inventory_item_id",), indexes=("sku",), versioned=False),
    TableSpec("inventoryLevels", key="inventory_item_id", versioned=False),
    TableSpec(
        "orders",
        unique=("name",),
        indexes=("financial_status",),
        tracked=("financial_status", "fulfillment_status", "cancelled_at"),
        versioned=False,
    ),
    TableSpec("transactions", indexes=("order_id",), versioned=False),
)

SEQUENCES = {
    "order": 5512340001,
    "orderName": 1001,
    "line": 901,
    "transaction": 6601,
    "fulfillment": 8801,
    "customer": 7801,
}
"""Order 5512340001, name #1001, lines 901 and 902 are the standard order of domain 2.7.

Shipping lines count with lines, so that no two lines of an order share an id.
"""
