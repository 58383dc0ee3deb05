"""Which store order a message is about, and with which correlation id that order's flow began (MSG-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import EventEntry, Evidence, Exchange

from .masters import first, order_of, store_order_of
from .recorded import event_data, recorded

# What an accountant enters starts a flow of its own, and stock has no order: these events belong to no order's chain.
_NO_CHAIN = (
    "erp.payment.",
    "erp.creditmemo.",
    "erp.availability.",
    "erp.customer.",
    "erp.item.",
    "wms.receipt.",
    "wms.inventory.",
)


def correlation_of_store_order(evidence: Evidence, store_order: Mapping[str, Any]) -> str | None:
    """The correlation id under which the store took the order; None before any event said so."""
    value = store_order.get("_correlationId")
    if value is not None:
        return str(value)
    subject = str(store_order["id"])
    for event in recorded(evidence).events.values():
        if event.system == "storefront" and event.subject == subject:
            return str(event.cloud_event.get("correlationid"))
    return None


def chain_of_event(evidence: Evidence, event: EventEntry) -> str | None:
    """The correlation id that the event of an order must carry, None for an event that belongs to no store order."""
    if event.name.startswith(_NO_CHAIN):
        return None
    data = event_data(event)
    if event.system == "storefront":
        order = evidence.get("storefront", "orders", data.get("id")) if event.name.startswith("store.order.") else None
        return correlation_of_store_order(evidence, order) if order is not None else None
    number = data.get("orderNumber") or (data.get("number") if event.name.startswith("erp.salesorder.") else None)
    return chain_of_order(evidence, number)


def chain_of_write(evidence: Evidence, write: Exchange) -> str | None:
    """The correlation id that a request about an order must carry, None for one that belongs to no store order."""
    body = recorded(evidence).body(write)
    parts = write.request.path.split("/")
    if write.operation_id == "createSalesOrder":
        sold = store_order_of(evidence, body)
        return correlation_of_store_order(evidence, sold) if sold is not None else None
    if write.operation_id in ("createFulfillment", "createOrderTransaction", "cancelOrder", "updateOrder"):
        key = parts[parts.index("orders") + 1] if "orders" in parts[:-1] else ""
        sold = evidence.get("storefront", "orders", int(key)) if key.isdigit() else None
        return correlation_of_store_order(evidence, sold) if sold is not None else None
    if write.operation_id == "upsertInvoiceView":
        invoice = first(evidence.find("erp", "salesInvoices", "number", body.get("number")))
        return chain_of_order(evidence, invoice["orderNumber"]) if invoice is not None else None
    for collection, table in (("salesOrders", "salesOrders"), ("salesShipments", "salesShipments")):
        if write.system == "erp" and collection in parts[:-1]:
            record = evidence.get("erp", table, parts[parts.index(collection) + 1])
            number = record.get("orderNumber", record["number"]) if record is not None else None
            return chain_of_order(evidence, number)
    return chain_of_order(evidence, body.get("orderNumber"))


def chain_of_order(evidence: Evidence, number: Any) -> str | None:
    """By the number of an ERP order."""
    order = order_of(evidence, number)
    sold = store_order_of(evidence, order) if order is not None else None
    return correlation_of_store_order(evidence, sold) if sold is not None else None
