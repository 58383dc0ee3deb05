"""The ERP: customers, sales orders, shipments, payments, stock postings and master data of one company."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..failure import Refused
from ..outbox import Outbox
from .http import Caller, Request, body_of, part
from .write import Write, write_once

Record = dict[str, Any]

# Rounds of re-reading after "somebody else was faster" (CON-1).
_ROUNDS = 3
_ENDED = ("cancelled", "closed", "reversed")


class Erp:
    """Calls on behalf of one message. company: the code in every path."""

    def __init__(self, caller: Caller, outbox: Outbox, company: str) -> None:
        self._caller = caller
        self._outbox = outbox
        self._base = f"/companies/{part(company)}"

    # Reading

    def find(self, operation: str, collection: str, **equal: str) -> Record | None:
        """The one record of a collection whose fields have these values, None when there is none."""
        found = self.rows(operation, collection, _filter(equal), top=1)
        return found[0] if found else None

    def rows(self, operation: str, collection: str, condition: str = "", *, top: int = 0) -> list[Record]:
        """Records of a collection, all pages of it; at most `top` where that is not 0."""
        query = {**({"$filter": condition} if condition else {}), **({"$top": str(top)} if top else {})}
        found: list[Record] = []
        while True:
            path = self._path(collection)
            page = self._caller.call(Request(operation=operation, method="GET", path=path, query=query))
            found += page["value"]
            if "@odata.nextLink" not in page:
                return found
            query = dict(parse_qsl(urlsplit(page["@odata.nextLink"]).query))

    def get(self, operation: str, collection: str, record_id: str) -> Record:
        path = f"{self._path(collection)}/{part(record_id)}"
        return _record(self._caller.call(Request(operation=operation, method="GET", path=path)))

    def customer(self, customer_id: str) -> Record | None:
        """A customer by id, merged ones too: reading one of those by its path would lead to the survivor (308)."""
        return self.find("listCustomers", "customers", id=customer_id)

    def survivor(self, customer: Record) -> Record:
        """Who this customer was merged into, over any number of merges; himself when he was not."""
        seen = {customer["id"]}
        while customer.get("mergedIntoId") and customer["mergedIntoId"] not in seen:
            seen.add(customer["mergedIntoId"])
            customer = self.customer(customer["mergedIntoId"]) or customer
        return customer

    def order_by_number(self, number: str) -> Record | None:
        return self.find("listSalesOrders", "salesOrders", number=number)

    def shipment_by_wms_id(self, shipment_id: str) -> Record | None:
        return self.find("listSalesShipments", "salesShipments", wmsShipmentId=shipment_id)

    def invoice_by_number(self, number: str) -> Record | None:
        return self.find("listSalesInvoices", "salesInvoices", number=number)

    def credit_memos_of(self, invoice_number: str) -> list[Record]:
        """The posted credit memos for an invoice; drafts have no number yet."""
        rows = self.rows("listCreditMemos", "creditMemos", _filter({"invoiceNumber": invoice_number}))
        return [row for row in rows if row["number"] is not None]

    def stock_of(self, item_number: str) -> list[Record]:
        """Balances of an item, one per location and stock status."""
        return self.rows("listStockBalances", "stockBalances", _filter({"itemNumber": item_number}))

    # Writing

    def create_customer(self, body: Record, *, name: str, find: Callable[[], Record | None]) -> Record:
        return self._create("createCustomer", "getCustomer", "customers", body, name, find)

    def create_order(self, body: Record, *, name: str) -> Record:
        """A draft sales order; an existing one of the same (sourceSystem, sourceOrderId) is adopted."""

        def find() -> Record | None:
            return self.find(
                "listSalesOrders", "salesOrders", sourceSystem=body["sourceSystem"], sourceOrderId=body["sourceOrderId"]
            )

        return self._create("createSalesOrder", "getSalesOrder", "salesOrders", body, name, find)

    def release_order(self, order: Record, *, name: str) -> Record:
        """The order after release: `released`, or `on_hold` where the credit check says so."""
        return self._act("releaseSalesOrder", "getSalesOrder", "salesOrders", "release", order, "draft", name)

    def create_shipment(self, body: Record, *, name: str) -> Record:
        """A draft shipment; an existing one of the same WMS shipment is adopted."""
        return self._create(
            "createSalesShipment", "getSalesShipment", "salesShipments", body, name,
            lambda: self.shipment_by_wms_id(body["wmsShipmentId"]),
        )  # fmt: skip

    def post_shipment(self, shipment: Record, *, name: str) -> Record:
        return self._act("postSalesShipment", "getSalesShipment", "salesShipments", "post", shipment, "draft", name)

    def create_payment(self, body: Record, *, name: str) -> Record:
        """A customer payment; an existing one of the same external payment is adopted."""

        def find() -> Record | None:
            return self.find("listCustomerPayments", "customerPayments", externalPaymentId=body["externalPaymentId"])

        return self._create("createCustomerPayment", "getCustomerPayment", "customerPayments", body, name, find)

    def create_receipt(self, body: Record, *, name: str) -> Record:
        """A purchase receipt, posted at once; an existing one of the same WMS receipt is adopted."""

        def find() -> Record | None:
            return self.find("listPurchaseReceipts", "purchaseReceipts", wmsReceiptId=body["wmsReceiptId"])

        return self._create("createPurchaseReceipt", "", "purchaseReceipts", body, name, find)

    def create_journal_entry(self, body: Record, *, name: str) -> Record:
        """An item journal entry, posted at once; an existing one of the same WMS adjustment is adopted."""

        def find() -> Record | None:
            number = body["externalDocumentNumber"]
            return self.find("listItemJournalEntries", "itemJournalEntries", externalDocumentNumber=number)

        return self._create("createItemJournalEntry", "", "itemJournalEntries", body, name, find)

    def noted(self, name: str) -> Record | None:
        """What the ERP answered to this write before, None when it was not answered yet."""
        entry = self._outbox.find(name)
        return _record(entry.answer) if entry is not None and entry.status == "answered" else None

    def _create(
        self, operation: str, reading: str, collection: str, body: Record, name: str, find: Callable[[], Record | None]
    ) -> Record:
        """reading: the operation that reads one record; empty where there is none, then `find` reads it too."""
        request = Request(operation=operation, method="POST", path=self._path(collection), body=body_of(body))

        def read(existing: str) -> Record | None:
            return self.get(reading, collection, existing) if reading else find()

        return _record(write_once(self._caller, self._outbox, Write(name=name, request=request, find=find, read=read)))

    def _act(
        self, operation: str, reading: str, collection: str, action: str, record: Record, start: str, name: str
    ) -> Record:
        """A bound action on `record`, under its version; done already when it has left the state `start`."""

        def done() -> Record | None:
            current = self.get(reading, collection, record["id"])
            return current if current["status"] != start else None

        for round_ in range(1, _ROUNDS + 1):
            path = f"{self._path(collection)}/{part(record['id'])}/{action}"
            request = Request(operation=operation, method="POST", path=path, if_match=record["@etag"])
            try:
                return _record(write_once(self._caller, self._outbox, Write(name=name, request=request, find=done)))
            except Refused as refusal:
                overtaken = refusal.cause.status == 412 or refusal.cause.code == "entity-changed"
                if not overtaken and refusal.cause.status != 409:
                    raise
                record = self.get(reading, collection, record["id"])
                if record["status"] not in (start, *_ENDED):
                    # Refused because it is done: by an earlier attempt of ours, or by a person at the ERP.
                    self._outbox.answered(name, record, self._caller.now())
                    return record
                if not overtaken or round_ == _ROUNDS:
                    raise
        raise AssertionError("the last round returns or raises")

    def _path(self, collection: str) -> str:
        return f"{self._base}/{collection}"


def any_of(field: str, values: Iterable[str]) -> str:
    """`number eq 'A' or number eq 'B'`."""
    return " or ".join(f"{field} eq {_literal(value)}" for value in values)


def _filter(equal: Mapping[str, str]) -> str:
    return " and ".join(f"{field} eq {_literal(value)}" for field, value in equal.items())


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _record(value: Any) -> Record:
    if not isinstance(value, dict):
        raise TypeError(f"the ERP answered with {type(value).__name__} where a record was due")
    return value
