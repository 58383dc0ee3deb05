"""The natural key of each document that an integration creates: what makes a second one a duplicate (IDM-1, IDM-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy import Evidence

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document.

    of_record: key of a stored record, None for one that does not count. of_request: key that a create request asks for.
    """

    operation: str
    system: str
    table: str
    of_record: Callable[[Mapping[str, Any]], Key | None]
    of_request: Callable[[Mapping[str, Any]], Key]

    def documents(self, evidence: Evidence) -> Mapping[Key, list[str]]:
        """Key -> the documents that have it, by name."""
        memo = f"documents of {self.operation}"
        if memo not in evidence.memo:
            found: dict[Key, list[str]] = {}
            for record in evidence.rows(self.system, self.table):
                key = self.of_record(record)
                if key is not None:
                    found.setdefault(key, []).append(_name(record))
            evidence.memo[memo] = found
        documents: Mapping[Key, list[str]] = evidence.memo[memo]
        return documents


def fulfilments(evidence: Evidence) -> Iterable[tuple[Key, str]]:
    """(key, id) of the store's fulfilments. The store keeps no number of the sender: goods and tracking are the key."""
    for order in evidence.rows("storefront", "orders"):
        for row in order["fulfillments"]:
            if row["status"] != "cancelled":
                yield fulfilment_key(order["id"], row), str(row["id"])


def fulfilment_key(order_id: Any, body: Mapping[str, Any]) -> Key:
    numbers = body.get("tracking_numbers") or ([body["tracking_number"]] if body.get("tracking_number") else [])
    lines = sorted((line["id"], line["quantity"]) for line in body["line_items"])
    return (str(order_id), tuple(sorted(numbers)), tuple(lines))


def _unless_reversed(record: Mapping[str, Any]) -> Key | None:
    return (record["wmsShipmentId"],) if record["status"] != "reversed" else None


def _by_email(record: Mapping[str, Any]) -> Key | None:
    if record.get("mergedIntoId") or not record.get("email"):
        return None
    return (str(record["email"]).strip().lower(), record.get("country"))


def _kind(operation: str, system: str, table: str, *fields: str) -> Kind:
    """A kind whose key is made of fields that requests and records share."""

    def key(values: Mapping[str, Any]) -> Key:
        return tuple(values.get(field) for field in fields)

    return Kind(operation, system, table, of_record=key, of_request=key)


KINDS: tuple[Kind, ...] = (
    _kind("createSalesOrder", "erp", "salesOrders", "sourceSystem", "sourceOrderId"),
    Kind("createSalesShipment", "erp", "salesShipments", _unless_reversed, lambda body: (body.get("wmsShipmentId"),)),
    _kind("createCustomerPayment", "erp", "customerPayments", "externalPaymentId"),
    _kind("createPurchaseReceipt", "erp", "purchaseReceipts", "wmsReceiptId"),
    _kind("createItemJournalEntry", "erp", "itemJournalEntries", "externalDocumentNumber"),
    Kind("createCustomer", "erp", "customers", _by_email, lambda body: _by_email(body) or ("", None)),
    _kind("createFulfilmentOrder", "wms", "fulfilmentOrders", "warehouseCode", "orderNumber"),
    _kind("createAccount", "crm", "accounts", "erpCustomerNumber"),
)
"""The store's fulfilments are no records of their own and are compared by `fulfilments`."""

BY_OPERATION: Mapping[str, Kind] = {kind.operation: kind for kind in KINDS}


def _name(record: Mapping[str, Any]) -> str:
    return str(record.get("number") or record.get("id"))
