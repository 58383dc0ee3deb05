"""The integration in a real landscape: simulators, events and virtual time, with a shopper and a warehouse worker."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from understudy.testing import Landscape, world_for
from understudy.workspace import Workspace, open_workspace

Record = dict[str, Any]

HOME = {
    "first_name": "Anna",
    "last_name": "Keller",
    "address1": "Hauptstr. 5",
    "city": "Dresden",
    "zip": "01067",
    "country_code": "DE",
}


@cache
def workspace() -> Workspace:
    """Read once for all tests; every landscape is a world of its own."""
    return open_workspace(Path(__file__).parents[2])


def open_landscape(*, defect: str = "", **policies: str) -> Landscape:
    return world_for(workspace(), integration="embedded", defect=defect, policies=policies)


def goods(sku: str, quantity: int, price: str, tax: str, *, rate: float = 0.19, discount: str = "") -> Record:
    line: Record = {"sku": sku, "title": sku, "quantity": quantity, "price": price, "requires_shipping": True}
    line["tax_lines"] = [{"title": "VAT", "rate": rate, "price": tax}]
    if discount:
        line["discount_allocations"] = [{"amount": discount, "discount_application_index": 0}]
    return line


def standard_order(**more: Any) -> Record:
    """M-6: 70.73 gross, paid by card at checkout, by the customer 7723."""
    rebate = {"type": "discount_code", "title": "SPRING10", "value": "10.0", "value_type": "percentage"}
    shipping = {"title": "DHL", "code": "dhl_std", "price": "4.90"}
    return {
        "email": "anna.k@example.com",
        "customer": {"id": 7723},
        "currency": "EUR",
        "taxes_included": False,
        "billing_address": HOME,
        "shipping_address": HOME,
        "line_items": [
            goods("SKU-1001", 2, "24.90", "8.52", discount="4.98"),
            goods("SKU-1002", 1, "12.00", "0.76", rate=0.07, discount="1.20"),
        ],
        "shipping_lines": [{**shipping, "tax_lines": [{"title": "VAT", "rate": 0.19, "price": "0.93"}]}],
        "discount_applications": [{**rebate, "target_type": "line_item", "target_selection": "all"}],
        "subtotal_price": "55.62",
        "total_discounts": "6.18",
        "total_shipping": "4.90",
        "total_tax": "10.21",
        "total_price": "70.73",
        "transactions": [{"kind": "sale", "status": "success", "amount": "70.73", "gateway": "card"}],
        **more,
    }


def knives(quantity: int, net: str, tax: str, gross: str, **more: Any) -> Record:
    """Bread knives at 18.00 and nothing else, freight free."""
    shipping = {"title": "DHL", "code": "dhl_std", "price": "0.00"}
    return standard_order(
        line_items=[goods("SKU-1004", quantity, "18.00", tax)],
        shipping_lines=[{**shipping, "tax_lines": [{"title": "VAT", "rate": 0.19, "price": "0.00"}]}],
        discount_applications=[],
        subtotal_price=net,
        total_discounts="0.00",
        total_shipping="0.00",
        total_tax=tax,
        total_price=gross,
        **{"transactions": [{"kind": "sale", "status": "success", "amount": gross, "gateway": "card"}], **more},
    )


def ordered(land: Landscape, order: Record) -> Record:
    answer = land.storefront.call("createOrder", order)
    assert answer.status == 201, answer.body
    record: Record = answer.json()
    return record


def ship(land: Landscape, order_number: str, *, pieces: Mapping[str, str] | None = None, final: bool = True) -> Record:
    """The warehouse picks, packs and ships an order, all of it or some pieces by line. Time does not move."""
    found = land.wms.call("listFulfilmentOrders", query={"orderNumber": order_number}).json()["items"]
    (fulfilment,) = found
    done(land.wms.call("createWave", {"fulfilmentOrderIds": [fulfilment["id"]]}))
    packed = []
    for task in land.wms.call("listPickTasks", query={"fulfilmentOrderId": fulfilment["id"]}).json()["items"]:
        if task["status"] != "open":
            continue
        done(land.wms.call("startPickTask", pickTaskId=task["id"]))
        quantity = (pieces or {}).get(task["lineRef"], task["quantity"])
        short = {} if quantity == task["quantity"] else {"shortReason": "NOT_FOUND"}
        done(land.wms.call("completePickTask", {"pickedQuantity": quantity, **short}, pickTaskId=task["id"]))
        packed.append({"lineRef": task["lineRef"], "quantity": quantity})
    carton = {"weightGrams": 1000, "lines": packed}
    done(land.wms.call("packFulfilmentOrder", {"cartons": [carton]}, fulfilmentOrderId=fulfilment["id"]))
    shipment = done(land.wms.call("createShipment", {"fulfilmentOrderId": fulfilment["id"], "final": final}))
    done(land.wms.call("manifestShipment", shipmentId=shipment["id"]))
    return done(land.wms.call("shipShipment", shipmentId=shipment["id"]))


def done(answer: Any) -> Record:
    assert answer.status < 300, answer.body
    record: Record = answer.json()
    return record


def observed(land: Landscape) -> Record:
    hosted = land.run.stage.hosted
    assert hosted is not None
    return hosted.observe()


def ends(land: Landscape) -> dict[str, int]:
    """How many messages ended how."""
    counts: dict[str, int] = {}
    for row in observed(land)["messages"]:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    return counts


def only(rows: list[Record]) -> Record:
    (row,) = rows
    return row
