"""The ERP of a landscape and the standard records as requests: what the tests of its behaviour start from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy import EventEntry, Response
from understudy.testing import Landscape

ANNA, NORDWIND = "C00042", "C00050"
ADDRESS = {
    "name": "Anna Keller",
    "addressLine1": "Hauptstr. 5",
    "city": "Dresden",
    "country": "DE",
    "postalCode": "01067",
}


class Erp:
    """The ERP of a landscape. `do` calls what must succeed and returns the body; `refuse` returns the problem."""

    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape
        self._external = 0

    def call(self, operation_id: str, body: Any = None, **more: Any) -> Response:
        return self.landscape.erp.call(operation_id, body, companyId="DE01", **more)

    def do(self, operation_id: str, body: Any = None, **more: Any) -> Any:
        response = self.call(operation_id, body, **more)
        assert response.status < 300, (operation_id, response.status, response.json())
        return response.json()

    def refuse(self, operation_id: str, body: Any = None, **more: Any) -> tuple[int, str, dict[str, Any]]:
        response = self.call(operation_id, body, **more)
        assert response.status >= 400, (operation_id, response.status, response.json())
        problem = response.json()
        return response.status, problem["code"], problem

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.landscape.rows("erp", table)

    def advance(self, by: str) -> None:
        self.landscape.advance(by)

    # -- standard records -----------------------------------------------------------------------------------------

    def customer(self, number: str = ANNA) -> dict[str, Any]:
        return next(row for row in self.rows("customers") if row["number"] == number)

    def change(self, table: str, key: Any, **fields: Any) -> None:
        """Master data as a test needs it, written past the API."""
        store = self.landscape.world.tables["erp"][table]
        record = store.get(key)
        assert record is not None
        store.write(key, {**record, **fields})

    def set_rate(self, code: str, rate: str) -> None:
        for row in self.rows("taxCodes"):
            if row["code"] == code:
                self.change("taxCodes", row["_key"], rate=rate)

    def order(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        """A draft order over lines made by `line`."""
        return self.do("createSalesOrder", self.order_body(*lines, **header))

    def order_body(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        self._external += 1
        numbered = [{"sourceLineId": str(901 + index), **line} for index, line in enumerate(lines)]
        body = {
            "sourceSystem": "store",
            "sourceOrderId": str(5512340000 + self._external),
            "externalDocumentNumber": str(1000 + self._external),
            "orderDate": "2026-03-02",
            "customerNumber": ANNA,
            "billTo": ADDRESS,
            "shipTo": ADDRESS,
            "currencyCode": "EUR",
            "pricesIncludeTax": False,
            "shipmentMethodCode": "DHL-STD",
            "paymentTermsCode": "PREPAID",
            "lines": numbered,
        }
        return {name: value for name, value in (body | header).items() if value is not None}

    def standard_order(self, **header: Any) -> dict[str, Any]:
        """The draft of M-6: two mugs, a book, 10 % off, freight."""
        return self.order(
            line("SKU-1001", "2", "24.90", discountAmount="4.98"),
            line("SKU-1002", "1", "12.00", discountAmount="1.20", taxCode="DE-S7"),
            freight("4.90"),
            **header,
        )

    def release(self, order: Mapping[str, Any]) -> dict[str, Any]:
        return self.do("releaseSalesOrder", salesOrderId=order["id"])

    def reread(self, order: Mapping[str, Any]) -> dict[str, Any]:
        return self.do("getSalesOrder", salesOrderId=order["id"])

    def shipment(self, order: Mapping[str, Any], quantities: Mapping[int, str], **header: Any) -> dict[str, Any]:
        """A draft shipment of order line sequence -> quantity."""
        return self.do("createSalesShipment", self.shipment_body(order, quantities, **header))

    def shipment_body(self, order: Mapping[str, Any], quantities: Mapping[int, str], **header: Any) -> dict[str, Any]:
        self._external += 1
        body = {
            "orderNumber": order["number"],
            "wmsShipmentId": f"WSH-{88000 + self._external}",
            "postingDate": "2026-03-02",
            "locationCode": "MAIN",
            "lines": [{"orderLineSequence": sequence, "quantity": q} for sequence, q in quantities.items()],
        }
        return body | header

    def ship(self, order: Mapping[str, Any], quantities: Mapping[int, str], **header: Any) -> dict[str, Any]:
        return self.do("postSalesShipment", salesShipmentId=self.shipment(order, quantities, **header)["id"])

    def pay(self, amount: str, **fields: Any) -> dict[str, Any]:
        self._external += 1
        body = {
            "customerNumber": ANNA,
            "amount": amount,
            "currencyCode": "EUR",
            "externalPaymentId": f"txn-{self._external}",
        }
        return self.do("createCustomerPayment", body | fields)

    def receive(self, item: str, received: str, damaged: str = "0", **header: Any) -> dict[str, Any]:
        self._external += 1
        line_ = {"itemNumber": item, "received": received, "damaged": damaged}
        body = {
            "wmsReceiptId": f"RCV-{3300 + self._external}",
            "reference": "PO-1",
            "locationCode": "MAIN",
            "postingDate": "2026-03-02",
        }
        cost = header.pop("unitCost", None)
        return self.do(
            "createPurchaseReceipt", body | header | {"lines": [line_ | ({"unitCost": cost} if cost else {})]}
        )

    # -- what can be seen -----------------------------------------------------------------------------------------

    def ledger(self, document: str) -> list[tuple[str, str, str]]:
        """(account, debit, credit) of every general ledger entry of a document, in booking order."""
        return [
            (row["accountNumber"], row["debitAmount"], row["creditAmount"])
            for row in self.rows("generalLedgerEntries")
            if row["documentNumber"] == document
        ]

    def balance_of(self, account: str) -> str:
        rows = [row for row in self.rows("generalLedgerEntries") if row["accountNumber"] == account]
        return str(sum((Decimal(r["debitAmount"]) - Decimal(r["creditAmount"]) for r in rows), Decimal("0.00")))

    def stock(self, item: str, status: str = "SELLABLE", location: str = "MAIN") -> tuple[str, str, str]:
        """(on hand, reserved, available)."""
        for row in self.rows("stockBalances"):
            if (row["itemNumber"], row["locationCode"], row["stockStatus"]) == (item, location, status):
                return row["onHand"], row["reserved"], row["available"]
        return "0", "0", "0"

    def invoices(self) -> list[dict[str, Any]]:
        return self.do("listSalesInvoices")["value"]

    def events(self, name: str = "") -> list[tuple[str, str]]:
        """(event, subject) of everything that the ERP told, in order."""
        entries = [entry for entry in self.landscape.world.entries() if isinstance(entry, EventEntry)]
        return [(entry.name, entry.subject) for entry in entries if entry.name.startswith(name)]


def line(item: str, quantity: str, price: str, **more: Any) -> dict[str, Any]:
    return {
        "lineType": "Item",
        "itemNumber": item,
        "locationCode": "MAIN",
        "unitOfMeasureCode": "EA",
        "quantity": quantity,
        "unitPrice": price,
        "taxCode": "DE-S19",
        **more,
    }


def freight(price: str, **more: Any) -> dict[str, Any]:
    return {
        "lineType": "Charge",
        "itemNumber": "FREIGHT",
        "quantity": "1",
        "unitPrice": price,
        "taxCode": "DE-S19",
        "sourceLineId": "ship-1",
        **more,
    }
