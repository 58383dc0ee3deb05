"""What an accepted event must have brought about, seen from outside: the table behind MSG-2 and REC-1.

Only kinds of events whose effect cannot be missing have a row. An effect names what is not there, '' when it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from understudy import EventEntry, Evidence

from .dispatch import fulfilment, warehouse_order
from .masters import first
from .recorded import event_data, recorded

Effect = Callable[[Evidence, EventEntry], str]

_PREPAID = "PREPAID"
"""Terms under which goods are paid before they are delivered (A25)."""


def missing_effect(evidence: Evidence, event: EventEntry) -> str:
    effect = EFFECTS.get(event.name)
    return effect(evidence, event) if effect is not None else ""


def erp_orders_of(evidence: Evidence, store_order_id: Any) -> list[dict[str, Any]]:
    return evidence.find("erp", "salesOrders", ("sourceSystem", "sourceOrderId"), ("store", str(store_order_id)))


def _order(evidence: Evidence, event: EventEntry) -> str:
    """The sales order; and its release, unless the goods are to be paid first and were not paid yet (domain 0)."""
    data = event_data(event)
    sold = evidence.get("storefront", "orders", data["id"])
    if data["test"] or (sold is not None and sold["cancelled_at"] is not None):
        return ""  # a test, or taken back before it got there: nothing is to be created any more (DU-5)
    orders = erp_orders_of(evidence, data["id"])
    if not orders:
        return f"sales order for store order {data['id']}"
    return _release(row for row in orders if data["financial_status"] == "paid" or row["paymentTermsCode"] != _PREPAID)


def _release(orders: Iterable[Mapping[str, Any]]) -> str:
    """A draft becomes released, or on hold, by nobody but the integration."""
    drafts = [order["number"] for order in orders if order["status"] == "draft"]
    return f"release of {', '.join(drafts)}" if drafts else ""


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
    return ", ".join(missing) or _release(orders)


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
    """An account under the customer's number; one that was made for it says who he is."""
    customer = event_data(event)
    number, email = customer["number"], str(customer.get("email") or "")
    if not email:
        return ""
    if not evidence.find("crm", "accounts", "erpCustomerNumber", number):
        return f"CRM account of {number}"
    story = recorded(evidence)
    for write in story.of_operation("createAccount"):
        body = story.body(write)
        if write.committed and body.get("erpCustomerNumber") == number:
            wrong = [name for name, known in (("name", (customer["displayName"],)), ("email", (email, email.lower())))
                     if body.get(name) not in known]  # fmt: skip
            if wrong:
                return f"{' and '.join(wrong)} of {number} at the CRM account"
    return ""


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
    "erp.salesorder.released.v1": warehouse_order,
    "wms.shipment.confirmed.v1": _shipment,
    "wms.receipt.confirmed.v1": _receipt,
    "wms.inventory.adjusted.v1": _journal,
    "wms.inventory.statuschanged.v1": _journal,
    "erp.shipment.posted.v1": fulfilment,
    "erp.salesinvoice.posted.v1": _view,
    "erp.salesinvoice.statuschanged.v1": _view,
    "erp.availability.changed.v1": _level,
    "erp.customer.created.v1": _account,
}
