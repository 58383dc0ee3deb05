"""A warehouse worker's hands for tests: the steps from an allocated order to a shipped one, through the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from understudy import EventEntry, Response
from understudy.testing import Landscape

Json = dict[str, Any]

ADDRESS = {
    "name": "Anna Keller",
    "addressLine1": "Hauptstr. 5",
    "city": "Dresden",
    "postalCode": "01067",
    "country": "DE",
}
STANDARD_LINES = (("10000", "SKU-1001", "2"), ("20000", "SKU-1002", "1"))


def order_body(number: str, lines: Sequence[tuple[str, str, str]], **changes: Any) -> Json:
    """A fulfilment order as the integration sends it; lines: (lineRef, sku, quantity)."""
    return {
        "orderNumber": number,
        "releaseVersion": 3,
        "warehouseCode": "LEJ1",
        "shipTo": ADDRESS,
        "carrierCode": "DHL",
        "serviceCode": "PAKET",
        "lines": [{"lineRef": ref, "sku": sku, "quantity": quantity, "uom": "EA"} for ref, sku, quantity in lines],
        **changes,
    }


class Floor:
    """The WMS of a landscape, with the moves that most tests need."""

    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape

    def call(self, operation_id: str, body: Any = None, **others: Any) -> Response:
        response: Response = self.landscape.wms.call(operation_id, body, **others)
        return response

    def do(self, operation_id: str, body: Any = None, **others: Any) -> Json:
        """A call that must succeed; its body."""
        response = self.call(operation_id, body, **others)
        assert response.status < 300, response.json()
        result: Json = response.json()
        return result

    def order(self, number: str, *lines: tuple[str, str, str], **changes: Any) -> Json:
        return self.do("createFulfilmentOrder", order_body(number, lines or STANDARD_LINES, **changes))

    def read(self, order: Mapping[str, Any]) -> Json:
        return self.do("getFulfilmentOrder", fulfilmentOrderId=order["id"])

    def status(self, order: Mapping[str, Any]) -> str:
        return str(self.read(order)["status"])

    def release(self, order: Mapping[str, Any]) -> list[Json]:
        """Put the order into a wave of its own; its tasks that are open now."""
        self.do("createWave", {"fulfilmentOrderIds": [order["id"]]})
        return self.open_tasks(order)

    def open_tasks(self, order: Mapping[str, Any]) -> list[Json]:
        tasks = self.do("listPickTasks", query={"fulfilmentOrderId": order["id"], "limit": 200})["items"]
        return [task for task in tasks if task["status"] == "open"]

    def pick(self, task: Mapping[str, Any], quantity: str | None = None, reason: str | None = None) -> Json:
        self.do("startPickTask", pickTaskId=task["id"])
        body = {"pickedQuantity": quantity or task["quantity"], **({"shortReason": reason} if reason else {})}
        return self.do("completePickTask", body, pickTaskId=task["id"])

    def pick_all(self, order: Mapping[str, Any]) -> Json:
        for task in self.release(order):
            self.pick(task)
        return self.read(order)

    def pack(self, order: Mapping[str, Any], *contents: tuple[str, str]) -> Json:
        """One carton with (lineRef, quantity) pairs; without any, everything that is picked."""
        lines = contents or tuple(
            (line["lineRef"], str(Decimal(line["picked"]) - Decimal(line["packed"])))
            for line in self.read(order)["lines"]
            if line["picked"] != line["packed"]
        )
        carton = {"weightGrams": 1450, "lines": [{"lineRef": ref, "quantity": quantity} for ref, quantity in lines]}
        return self.do("packFulfilmentOrder", {"cartons": [carton]}, fulfilmentOrderId=order["id"])

    def shipment(self, order: Mapping[str, Any], *, final: bool = True) -> Json:
        return self.do("createShipment", {"fulfilmentOrderId": order["id"], "final": final})

    def ship(self, order: Mapping[str, Any], *, final: bool = True) -> Json:
        shipment = self.shipment(order, final=final)
        self.do("manifestShipment", shipmentId=shipment["id"])
        return self.do("shipShipment", shipmentId=shipment["id"])

    def to_packed(self, order: Mapping[str, Any]) -> Json:
        self.pick_all(order)
        return self.pack(order)

    def stock(self, sku: str, *, status: str = "SELLABLE") -> tuple[str, str, str]:
        """(onHand, allocated, available) of a sku at LEJ1, all bins."""
        rows = self.do("listInventory", query={"sku": sku, "limit": 200})["items"]
        mine = [row for row in rows if row["warehouseCode"] == "LEJ1" and row["status"] == status]
        sums = [sum((Decimal(row[name]) for row in mine), Decimal(0)) for name in ("onHand", "allocated", "available")]
        return f"{sums[0]:f}", f"{sums[1]:f}", f"{sums[2]:f}"

    def receive(self, sku: str, good: str, damaged: str = "0", *, expected: str | None = None, **changes: Any) -> Json:
        line = {"lineRef": "1", "sku": sku, "expected": expected or str(int(good) + int(damaged)), "uom": "EA"}
        body = {"type": "purchase", "reference": "PO-1", "warehouseCode": "LEJ1", "lines": [line], **changes}
        receipt = self.do("createReceipt", body)
        counts = {"lines": [{"lineRef": "1", "received": good, "damaged": damaged}]}
        return self.do("confirmReceipt", counts, receiptId=receipt["id"])

    def events(self, subject: str | None = None) -> list[EventEntry]:
        return [
            entry
            for entry in self.landscape.world.journal.entries()
            if isinstance(entry, EventEntry) and entry.system == "wms" and subject in (None, entry.subject)
        ]

    def event_names(self, subject: str | None = None) -> list[str]:
        return [entry.name.removeprefix("wms.").removesuffix(".v1") for entry in self.events(subject)]


def quantities(order: Mapping[str, Any], ref: str, *names: str) -> dict[str, str]:
    """The named quantities of one line: `quantities(order, "10000", "allocated", "backordered")`."""
    line = next(line for line in order["lines"] if line["lineRef"] == ref)
    return {name: line[name] for name in names}
