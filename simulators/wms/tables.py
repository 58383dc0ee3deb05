"""What the WMS remembers, under the names of the API's collections. Fields that begin with `_` never leave it."""

from __future__ import annotations

from understudy import TableSpec

TABLES = (
    TableSpec("warehouses", key="code", versioned=False),
    TableSpec("unitsOfMeasure", key="code", versioned=False),
    TableSpec("skus", key="sku", versioned=False),
    TableSpec(
        "fulfilmentOrders",
        unique=(("warehouseCode", "orderNumber"),),
        indexes=("orderNumber", "status"),
        tracked=("status",),
    ),
    TableSpec("allocations", key="_key", indexes=("fulfilmentOrderId",), versioned=False),
    TableSpec("waves", tracked=("status",), versioned=False),
    TableSpec("pickTasks", indexes=("fulfilmentOrderId", "waveId"), tracked=("status",)),
    TableSpec("shipments", indexes=("orderNumber", "fulfilmentOrderId"), tracked=("status",)),
    TableSpec("receipts", tracked=("status",)),
    TableSpec("adjustments", versioned=False),
    TableSpec("snapshots", versioned=False),
    TableSpec("inventory", key="_key", indexes=(("warehouseCode", "sku"), "warehouseCode"), versioned=False),
    TableSpec("stockMovements", key="_key", indexes=("warehouseCode",), versioned=False),
)

SEQUENCES = {
    "fulfilmentOrder": 70001,
    "wave": 501,
    "pickTask": 90001,
    "carton": 1,
    "shipment": 88001,
    "label": 146,
    "receipt": 3301,
    "adjustment": 6001,
    "snapshot": 101,
}
"""Examples of domain 2.7: shipment `WSH-88001`, receipt `RCV-3301`, label `JD0146`, carton `340123450000000017`."""
