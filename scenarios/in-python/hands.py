"""The people in these scenarios, as test code drives them: a shopper, a warehouse worker, and who looks on.

Everything goes through the systems' own APIs; only `Watcher` reads the journal, and what the integration tells of
itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from understudy import Exchange, Response
from understudy.testing import Landscape

Record = dict[str, Any]

HOME: Record = {
    "first_name": "Anna",
    "last_name": "Keller",
    "address1": "Hauptstr. 5",
    "city": "Dresden",
    "zip": "01067",
    "country_code": "DE",
}
OFFICE: Record = {
    "first_name": "Jonas",
    "last_name": "Petersen",
    "company": "Nordwind Handels GmbH",
    "address1": "Kaistr. 12",
    "city": "Hamburg",
    "zip": "20457",
    "country_code": "DE",
}
CARD = "card"


def line(sku: str, quantity: int, price: str, tax: str, *, rate: float = 0.19, discount: str = "") -> Record:
    """A line of a checkout. tax: what the shop charged for it. discount: its share of the order's discount."""
    record: Record = {
        "sku": sku,
        "title": sku,
        "quantity": quantity,
        "price": price,
        "requires_shipping": True,
        "tax_lines": [{"title": f"MwSt {rate:.0%}", "rate": rate, "price": tax}],
    }
    if discount:
        record["discount_allocations"] = [{"amount": discount, "discount_application_index": 0}]
    return record


def freight(price: str, tax: str, *, code: str = "dhl_std", rate: float = 0.19) -> Record:
    return {"title": "DHL", "code": code, "price": price, "tax_lines": [{"title": "MwSt", "rate": rate, "price": tax}]}


class Shopper:
    """Orders at the shop. Every method returns the order as the shop answers it."""

    def __init__(self, world: Landscape) -> None:
        self._world = world

    def orders_the_standard(self, **changes: Any) -> Record:
        """M-6, 70.73: 2 travel mugs at 24.90, a field guide at 12.00, 10 % off, freight 4.90; paid by card."""
        rebate = {"type": "discount_code", "title": "SPRING10", "value": "10.0", "value_type": "percentage"}
        return self.checks_out(
            [
                line("SKU-1001", 2, "24.90", "8.52", discount="4.98"),
                line("SKU-1002", 1, "12.00", "0.76", rate=0.07, discount="1.20"),
            ],
            tax="10.21",
            total="70.73",
            shipping=[freight("4.90", "0.93")],
            **{"discount_applications": [{**rebate, "target_type": "line_item", "target_selection": "all"}], **changes},
        )

    def orders_knives(self, quantity: int = 5, tax: str = "17.10", total: str = "107.10", **changes: Any) -> Record:
        """M-10 by default: bread knives at 18.00 and nothing else."""
        return self.checks_out([line("SKU-1004", quantity, "18.00", tax)], tax=tax, total=total, **changes)

    def orders_a_mug(self, **changes: Any) -> Record:
        """One travel mug: 24.90 and 4.73 tax."""
        return self.checks_out([line("SKU-1001", 1, "24.90", "4.73")], tax="4.73", total="29.63", **changes)

    def checks_out(
        self,
        lines: Sequence[Record],
        *,
        tax: str,
        total: str,
        shipping: Sequence[Record] | None = None,
        **changes: Any,
    ) -> Record:
        """changes: fields of the checkout; `transactions=[]` leaves it unpaid, `customer=None` makes a guest."""
        checkout = {
            "email": "anna.k@example.com",
            "customer": {"id": 7723},
            "currency": "EUR",
            "taxes_included": False,
            "billing_address": HOME,
            "shipping_address": HOME,
            "line_items": list(lines),
            "shipping_lines": [freight("0.00", "0.00")] if shipping is None else list(shipping),
            "total_tax": tax,
            "total_price": total,
            "transactions": [{"kind": "sale", "status": "success", "amount": total, "gateway": CARD}],
            **changes,
        }
        return done(self._world.storefront.call("createOrder", checkout))

    def pays(self, order: Mapping[str, Any], amount: str, *, kind: str = "sale", **changes: Any) -> Record:
        """Money moved after the checkout."""
        body = {"kind": kind, "amount": amount, "gateway": CARD, **changes}
        return done(self._world.storefront.call("createOrderTransaction", body, orderId=order["id"]))


class Warehouse:
    """Works on what has come to the warehouse. Time stands still meanwhile."""

    def __init__(self, world: Landscape) -> None:
        self._world = world

    def ships(self, number: str, *, cartons: Sequence[Mapping[str, int]] = (), final: bool = True) -> Record:
        """Pick all that is allocated of an ERP order, pack it and ship it; the shipment.

        cartons: pieces by line, one carton with everything if none are named. What is left out goes back to its bin
        and, unless the shipment is `final`, is allocated to the order again, for another shipment.
        """
        call = self._world.wms.call
        fulfilment = self.order_of(number)
        done(call("createWave", {"fulfilmentOrderIds": [fulfilment["id"]]}))
        picked = {}
        for task in done(call("listPickTasks", query={"fulfilmentOrderId": fulfilment["id"]}))["items"]:
            if task["status"] != "open":
                continue
            done(call("startPickTask", pickTaskId=task["id"]))
            done(call("completePickTask", {"pickedQuantity": task["quantity"]}, pickTaskId=task["id"]))
            picked[task["lineRef"]] = task["quantity"]
        packed = [
            {"weightGrams": 1000, "lines": [{"lineRef": ref, "quantity": str(n)} for ref, n in carton.items()]}
            for carton in cartons or [picked]
        ]
        done(call("packFulfilmentOrder", {"cartons": packed}, fulfilmentOrderId=fulfilment["id"]))
        shipment = done(call("createShipment", {"fulfilmentOrderId": fulfilment["id"], "final": final}))
        done(call("manifestShipment", shipmentId=shipment["id"]))
        return done(call("shipShipment", shipmentId=shipment["id"]))

    def receives(
        self, sku: str, good: str, *, damaged: str = "0", expected: str | None = None, code: str = "LEJ1"
    ) -> Record:
        """A purchase arrives and is counted in. expected: what was announced, the good pieces if absent."""
        line = {"lineRef": "1", "sku": sku, "expected": expected or good, "uom": "EA"}
        announced = {"type": "purchase", "reference": "PO-4711", "warehouseCode": code, "lines": [line]}
        receipt = done(self._world.wms.call("createReceipt", announced))
        counted = {"lines": [{"lineRef": "1", "received": good, "damaged": damaged}]}
        return done(self._world.wms.call("confirmReceipt", counted, receiptId=receipt["id"]))

    def order_of(self, number: str) -> Record:
        """What the warehouse knows of an ERP order."""
        found = done(self._world.wms.call("listFulfilmentOrders", query={"orderNumber": number}))
        (order,) = found["items"]
        record: Record = order
        return record


class Watcher:
    """Looks on: what was called, what became of messages, what the books say."""

    def __init__(self, world: Landscape) -> None:
        self._world = world

    def calls(self, operation: str = "", **wanted: Any) -> list[Exchange]:
        """The integration's requests, subscriptions and tokens apart; of one operation if named."""
        return [
            entry
            for entry in self._world.world.entries()
            if isinstance(entry, Exchange)
            and entry.client == "integration"
            and entry.operation_id == (operation or entry.operation_id)
            and not entry.operation_id.endswith(("Subscription", "Subscriptions", "Token"))
            and all(getattr(entry, name) == value for name, value in wanted.items())
        ]

    def seconds(self, exchange: Exchange) -> float:
        """World time between the start of the run and this exchange."""
        return (exchange.at - self._world.world.started) / timedelta(seconds=1)

    def deliveries(self, event: str) -> list[Record]:
        found: list[Record] = [
            entry.to_json() for entry in self._world.world.entries() if getattr(entry, "kind", "") == "delivery"
        ]
        return [row for row in found if row["name"] == event]

    def messages(self, **wanted: str) -> list[Record]:
        """The integration's messages, of one flow, subject or status."""
        found = self._told("messages")
        return [row for row in found if all(row.get(name) == value for name, value in wanted.items())]

    def dead_letters(self) -> list[Record]:
        return self._told("deadLetters")

    def _told(self, what: str) -> list[Record]:
        told = self._world.host.observe(self._world.run)
        assert told is not None
        return [dict(row) for row in told[what]]

    def only(self, system: str, table: str) -> Record:
        """The one record of a table that is there."""
        (row,) = self._world.rows(system, table)
        return row

    def sales_order(self, order: Mapping[str, Any]) -> Record:
        """The one ERP order of a store order."""
        (row,) = [r for r in self._world.rows("erp", "salesOrders") if r["sourceOrderId"] == str(order["id"])]
        return row

    def offered(self, sku: str) -> int:
        """What the shop says that it can sell."""
        (level,) = [row for row in self._world.rows("storefront", "inventoryLevels") if row["sku"] == sku]
        available: int = level["available"]
        return available


def done(answer: Response) -> Record:
    """The body of an answer that has to be a success."""
    assert answer.status < 300, answer.body
    record: Record = answer.json()
    return record
