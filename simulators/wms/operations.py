"""Which function answers which operation of contracts/wms/openapi.yaml, and which does which job."""

from __future__ import annotations

from collections.abc import Mapping

from understudy import Handler, Job

from . import corrections, fulfilment_orders, order_changes, packing, picking, receiving, shipping, snapshots

OPERATIONS: Mapping[str, Handler] = {
    "listFulfilmentOrders": fulfilment_orders.list_orders,
    "createFulfilmentOrder": fulfilment_orders.create,
    "getFulfilmentOrder": fulfilment_orders.get,
    "updateFulfilmentOrder": order_changes.update,
    "cancelFulfilmentOrder": order_changes.cancel,
    "createWave": picking.create_wave,
    "listPickTasks": picking.list_tasks,
    "getPickTask": picking.get_task,
    "startPickTask": picking.start_task,
    "completePickTask": picking.complete_task,
    "packFulfilmentOrder": packing.pack,
    "createShipment": shipping.create,
    "listShipments": shipping.list_shipments,
    "getShipment": shipping.get,
    "manifestShipment": shipping.manifest,
    "voidShipment": shipping.void,
    "shipShipment": shipping.ship,
    "listInventory": snapshots.list_inventory,
    "createReceipt": receiving.create,
    "listReceipts": receiving.list_receipts,
    "getReceipt": receiving.get,
    "confirmReceipt": receiving.confirm,
    "createAdjustment": corrections.create,
    "listAdjustments": corrections.list_adjustments,
    "createSnapshot": snapshots.create_snapshot,
}

JOBS: Mapping[str, Job] = {
    "reallocate": picking.reallocate,
    "decideCancellation": order_changes.decide_cancellation,
    "closeOrder": fulfilment_orders.close,
}
