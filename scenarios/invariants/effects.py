"""What an accepted event must have brought about, seen from outside: the table behind MSG-2 and REC-1.

Only kinds of events whose effect cannot be missing have a row. An effect names what is not there, '' when it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from understudy import EventEntry, Evidence

from .amount import ZERO, dec, plain
from .masters import first, is_inventory, order_of, store_order_of
from .recorded import event_data, recorded

Effect = Callable[[Evidence, EventEntry], str]


def missing_effect(evidence: Evidence, event: EventEntry) -> str:
    effect = EFFECTS.get(event.name)
    return effect(evidence, event) if effect is not None else ""


def erp_orders_of(evidence: Evidence, store_order_id: Any) -> list[dict[str, Any]]:
    return evidence.find("erp", "salesOrders", ("sourceSystem", "sourceOrderId"), ("store", str(store_order_id)))


def _order(evidence: Evidence, event: EventEntry) -> str:
    data = event_data(event)
    if data["test"] or erp_orders_of(evidence, data["id"]):
        return ""
    sold = evidence.get("storefront", "orders", data["id"])
    if sold is not None and sold["cancelled_at"] is not None:
        return ""  # taken back before it got there: nothing is to be created any more (DU-5)
    return f"sales order for store order {data['id']}"


def _payments(evidence: Evidence, event: EventEntry) -> str:
    data = event_data(event)
    sold = evidence.get("storefront", "orders", data["id"])
    if data["test"] or (sold is not None and sold["cancelled_at"] is not None):
        return ""
    orders = erp_orders_of(evidence, data["id"])
    if not orders:
        return f"sales order for store order {data['id']}"
    missing = [
        f"payment {transaction['id']}"
        for transaction in taken_money(evidence, data["id"])
        if not evidence.find("erp", "customerPayments", "externalPaymentId", str(transaction["id"]))
    ]
    return ", ".join(missing)


def _warehouse_order(evidence: Evidence, event: EventEntry) -> str:
    order = event_data(event)
    if not order["partialShipping"] and any(dec(line["backordered"]) > 0 for line in order["lines"]):
        return ""  # ships complete: waits for stock at the ERP
    pushed = evidence.find("wms", "fulfilmentOrders", "orderNumber", order["number"])
    there = {line["lineRef"] for row in pushed for line in row["lines"]}
    missing = [
        str(line["sequence"])
        for line in order["lines"]
        if is_inventory(evidence, line) and dec(line["outstanding"]) > 0 and str(line["sequence"]) not in there
    ]
    return f"warehouse order for lines {', '.join(missing)} of {order['number']}" if missing else ""


def _shipment(evidence: Evidence, event: EventEntry) -> str:
    shipment_id = event_data(event)["shipmentId"]
    found = evidence.find("erp", "salesShipments", "wmsShipmentId", shipment_id)
    done = any(row["status"] in ("posted", "reversed") for row in found)
    return "" if done else f"posted sales shipment for {shipment_id}"


def _receipt(evidence: Evidence, event: EventEntry) -> str:
    data = event_data(event)
    if data["type"] != "purchase" or evidence.find("erp", "purchaseReceipts", "wmsReceiptId", data["id"]):
        return ""
    return f"purchase receipt for {data['id']}"


def _journal(evidence: Evidence, event: EventEntry) -> str:
    number = event_data(event)["id"]
    found = evidence.find("erp", "itemJournalEntries", "externalDocumentNumber", number)
    return "" if found else f"item journal entry for {number}"


def _fulfilment(evidence: Evidence, event: EventEntry) -> str:
    """What the ERP has shipped of a store order, the store shows as fulfilled, with the tracking number."""
    shipment = event_data(event)
    order = order_of(evidence, shipment["orderNumber"])
    sold = store_order_of(evidence, order) if order is not None else None
    if order is None or sold is None:
        return ""
    told: dict[str, Decimal] = {}
    numbers: set[Any] = set()
    for fulfilment in sold["fulfillments"]:
        if fulfilment["status"] != "cancelled":
            numbers |= set(fulfilment["tracking_numbers"])
            for line in fulfilment["line_items"]:
                told[str(line["id"])] = told.get(str(line["id"]), ZERO) + dec(line["quantity"])
    known = {line["sequence"]: line for line in order["lines"]}
    for line in shipment["lines"]:
        origin = known.get(line["orderLineSequence"])
        if origin is None or origin["lineType"] != "Item" or not origin.get("sourceLineId"):
            continue
        shown = told.get(str(origin["sourceLineId"]), ZERO)
        if shown < dec(line["quantity"]):
            return f"fulfilment of line {origin['sourceLineId']} at the store: {plain(shown)} of {line['quantity']}"
    tracking = shipment.get("trackingNumber")
    return "" if not tracking or tracking in numbers else f"tracking number {tracking} at the store"


def _view(evidence: Evidence, event: EventEntry) -> str:
    number = event_data(event)["number"]
    return "" if evidence.get("crm", "invoiceViews", number) is not None else f"portal view of {number}"


def _level(evidence: Evidence, event: EventEntry) -> str:
    """Some write of the item's number after the event: states may be coalesced, the last one counts (INV-7)."""
    number = event_data(event)["itemNumber"]
    variant = first(evidence.find("storefront", "variants", "sku", number))
    if variant is None:
        return ""
    item = variant["inventory_item_id"]
    story = recorded(evidence)
    written = any(
        write.committed and write.seq > event.seq and story.body(write).get("inventory_item_id") == item
        for write in story.of_operation("setInventoryLevel")
    )
    return "" if written else f"quantity of {number} at the store"


def _account(evidence: Evidence, event: EventEntry) -> str:
    customer = event_data(event)
    if not customer.get("email"):
        return ""
    found = evidence.find("crm", "accounts", "erpCustomerNumber", customer["number"])
    return "" if found else f"CRM account of {customer['number']}"


def taken_money(evidence: Evidence, store_order_id: Any) -> list[Mapping[str, Any]]:
    """The successful sales and captures of a store order (A24)."""
    return [
        transaction
        for transaction in evidence.find("storefront", "transactions", "order_id", store_order_id)
        if transaction["kind"] in ("sale", "capture") and transaction["status"] == "success"
    ]


MONEY = frozenset({"store.order.paid.v1"})
"""Events that no skip excuses from their effect: money taken is booked, by whichever message it was."""

EFFECTS: Mapping[str, Effect] = {
    "store.order.created.v1": _order,
    "store.order.paid.v1": _payments,
    "erp.salesorder.released.v1": _warehouse_order,
    "wms.shipment.confirmed.v1": _shipment,
    "wms.receipt.confirmed.v1": _receipt,
    "wms.inventory.adjusted.v1": _journal,
    "wms.inventory.statuschanged.v1": _journal,
    "erp.shipment.posted.v1": _fulfilment,
    "erp.salesinvoice.posted.v1": _view,
    "erp.salesinvoice.statuschanged.v1": _view,
    "erp.availability.changed.v1": _level,
    "erp.customer.created.v1": _account,
}
