"""Runs that the rules are tried on: real landscapes, played once per process and only forked afterwards.

Each is named after what happened in it; `Bench` (bench.py) takes a fork of one and spoils something.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from understudy.simulate.message import Request
from understudy.simulate.world import World
from understudy.testing import Landscape, world_for

Record = dict[str, Any]

HOME = {
    "first_name": "Anna",
    "last_name": "Keller",
    "address1": "Hauptstr. 5",
    "city": "Dresden",
    "zip": "01067",
    "country_code": "DE",
}
OFFICE = {**HOME, "company": "Nordwind Handels GmbH", "city": "Hamburg", "zip": "20457"}
GUEST = {**HOME, "first_name": "Gerda", "last_name": "Gast"}


@dataclass(frozen=True, slots=True)
class Play:
    """What is left of a run: its world, and what the integration told of itself."""

    world: World
    integration: Mapping[str, Any]


def ended(land: Landscape) -> Play:
    assert land.settle()
    hosted = land.run.stage.hosted
    assert hosted is not None
    return Play(land.world, deepcopy(hosted.observe()))


def embedded(**policies: str) -> Landscape:
    return world_for(integration="embedded", policies=policies)


def done(answer: Any) -> Record:
    assert answer.status < 300, answer.body
    record: Record = answer.json()
    return record


def goods(sku: str, quantity: int, price: str, tax: str, *, rate: float = 0.19, discount: str = "") -> Record:
    line: Record = {"sku": sku, "title": sku, "quantity": quantity, "price": price, "requires_shipping": True}
    line["tax_lines"] = [{"title": "VAT", "rate": rate, "price": tax}]
    if discount:
        line["discount_allocations"] = [{"amount": discount, "discount_application_index": 0}]
    return line


def freight(price: str, tax: str) -> Record:
    vat = {"title": "VAT", "rate": 0.19, "price": tax}
    return {"title": "DHL", "code": "dhl_std", "price": price, "tax_lines": [vat]}


def standard_order(**more: Any) -> Record:
    """M-6: 70.73 gross, paid by card at checkout, by the customer 7723."""
    rebate = {"type": "discount_code", "title": "SPRING10", "value": "10.0", "value_type": "percentage"}
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
        "shipping_lines": [freight("4.90", "0.93")],
        "discount_applications": [{**rebate, "target_type": "line_item", "target_selection": "all"}],
        "total_discounts": "6.18",
        "total_tax": "10.21",
        "total_price": "70.73",
        "transactions": [{"kind": "sale", "status": "success", "amount": "70.73", "gateway": "card"}],
        **more,
    }


def knives(quantity: int, tax: str, gross: str, **more: Any) -> Record:
    """Bread knives at 18.00 and nothing else, freight free."""
    paid = {"transactions": [{"kind": "sale", "status": "success", "amount": gross, "gateway": "card"}]}
    lines = [goods("SKU-1004", quantity, "18.00", tax)]
    plain = {"line_items": lines, "shipping_lines": [freight("0.00", "0.00")], "discount_applications": []}
    return standard_order(**plain, total_discounts="0.00", total_tax=tax, total_price=gross, **{**paid, **more})


def order(land: Landscape, checkout: Record) -> Record:
    placed = done(land.storefront.call("createOrder", checkout))
    assert land.settle()
    return placed


def ship(land: Landscape, *, pieces: Mapping[str, str] | None = None, final: bool = True) -> Record:
    """The warehouse picks what it has for its one waiting order, packs all of it or some pieces by line, and ships."""
    (waiting,) = [row for row in land.rows("wms", "fulfilmentOrders") if "allocated" in row["status"]]
    done(land.wms.call("createWave", {"fulfilmentOrderIds": [waiting["id"]]}))
    tasks = [row for row in land.rows("wms", "pickTasks") if row["status"] == "open"]
    for task in tasks:
        done(land.wms.call("startPickTask", pickTaskId=task["id"]))
        done(land.wms.call("completePickTask", {"pickedQuantity": task["quantity"]}, pickTaskId=task["id"]))
    packed = [{"lineRef": t["lineRef"], "quantity": (pieces or {}).get(t["lineRef"], t["quantity"])} for t in tasks]
    carton = {"weightGrams": 1000, "lines": packed}
    done(land.wms.call("packFulfilmentOrder", {"cartons": [carton]}, fulfilmentOrderId=waiting["id"]))
    shipment = done(land.wms.call("createShipment", {"fulfilmentOrderId": waiting["id"], "final": final}))
    done(land.wms.call("manifestShipment", shipmentId=shipment["id"]))
    return done(land.wms.call("shipShipment", shipmentId=shipment["id"]))


# -- plays ------------------------------------------------------------------------------------------------------------


@cache
def released() -> Play:
    """The standard order has come, is reserved and lies at the warehouse."""
    land = embedded()
    order(land, standard_order())
    return ended(land)


@cache
def paid() -> Play:
    """HP-1: the standard order from checkout to paid invoice."""
    land = embedded()
    order(land, standard_order())
    ship(land)
    return ended(land)


@cache
def overdue() -> Play:
    """HP-2 up to day 31: a business order on terms, shipped and not paid."""
    land = embedded()
    buyer = {"customer": {"id": 7730}, "email": "einkauf@nordwind.example.com", "payment_terms": "net_30"}
    order(land, standard_order(**buyer, billing_address=OFFICE, shipping_address=OFFICE, transactions=[]))
    ship(land)
    land.advance("P31D")
    return ended(land)


@cache
def in_two_parts() -> Play:
    """PS-1: three of five, then two."""
    land = embedded()
    order(land, knives(5, "17.10", "107.10"))
    ship(land, pieces={"10000": "3"}, final=False)
    assert land.settle()
    ship(land)
    return ended(land)


@cache
def guest() -> Play:
    """HP-3: the same guest twice, once in capitals."""
    land = embedded()
    for email in ("Gerda.G@Example.com", "gerda.g@example.com"):
        checkout = standard_order(email=email, billing_address=GUEST, shipping_address=GUEST)
        del checkout["customer"]
        order(land, checkout)
    return ended(land)


@cache
def refused() -> Play:
    """MD-1 before the repair: an order with an unknown item is a dead letter."""
    land = embedded()
    checkout = standard_order()
    checkout["line_items"][1]["sku"] = "SKU-9999"
    order(land, checkout)
    return ended(land)


@cache
def repaired() -> Play:
    """MD-1: the item is created and the dead letters are worked on again."""
    land = embedded()
    checkout = standard_order()
    checkout["line_items"][1]["sku"] = "SKU-9999"
    order(land, checkout)
    item = {
        "number": "SKU-9999", "displayName": "Surprise", "type": "Inventory", "baseUnitOfMeasureCode": "EA",
        "unitPrice": "12.00", "taxGroupCode": "RED", "productPostingGroup": "RETAIL", "inventoryPostingGroup": "RESALE",
    }  # fmt: skip
    done(land.erp.call("createItem", item, companyId="DE01"))
    hosted = land.run.stage.hosted
    assert hosted is not None
    for letter in hosted.observe()["deadLetters"]:
        body = {"by": "support", "why": "item created"}
        land.control("reprocessRunDeadLetter", body, messageId=letter["messageId"])
    return ended(land)


@cache
def answer_lost() -> Play:
    """DU-2: the ERP commits the order and the connection drops; a person sends another body under the same key."""
    land = embedded()
    fault = {"kind": "reset", "parameters": {"when": "after"}, "count": 1, "client": "integration"}
    land.control("injectFault", {"system": "erp", "operationId": "createSalesOrder", **fault})
    order(land, standard_order())
    for unit in ("Each", "Every"):
        customer = {
            "displayName": f"{unit} GmbH", "type": "Company", "addressLine1": "Weg 1", "city": "Ulm", "country": "DE",
            "postalCode": "89073", "customerPostingGroup": "DOMESTIC", "taxBusinessGroup": "DOM", "currencyCode": "EUR",
            "paymentTermsCode": "N30",
        }  # fmt: skip
        land.erp.call("createCustomer", customer, headers={"Idempotency-Key": "by-hand"}, companyId="DE01")
    return ended(land)


@cache
def five_copies() -> Play:
    """DU-1: the order's event is delivered five times at once."""
    land = embedded()
    fault = {"kind": "duplicate-event", "system": "storefront", "eventType": "store.order.created.v1"}
    land.control("injectFault", {**fault, "parameters": {"copies": 5}})
    order(land, standard_order())
    return ended(land)


@cache
def busy() -> Play:
    """The ERP asks for two minutes of quiet before it takes the order."""
    land = embedded()
    fault = {"kind": "status", "parameters": {"status": 503, "when": "before", "retryAfter": 120}, "count": 1}
    land.control("injectFault", {"system": "erp", "operationId": "createSalesOrder", "client": "integration", **fault})
    order(land, standard_order())
    return ended(land)


@cache
def forged() -> Play:
    """An order is announced under a wrong secret; somebody tries to read customers with a made-up token."""
    land = embedded()
    fault = {"kind": "wrong-signature", "system": "storefront", "eventType": "store.order.created.v1"}
    land.control("injectFault", fault)
    done(land.storefront.call("createOrder", standard_order(transactions=[])))
    land.advance("PT1M")
    path = f"/w/{land.run.id}/erp/v1/companies/DE01/customers"
    headers = {"authorization": "Bearer made-up", "accept": "application/json"}
    assert land.host.handle(Request("GET", path, "", headers)).status == 401
    hosted = land.run.stage.hosted
    assert hosted is not None
    return Play(land.world, deepcopy(hosted.observe()))


@cache
def counted() -> Play:
    """Goods come in, two of them damaged; one is lost, one changes its status; then the stock is compared."""
    land = embedded()
    lines = [{"lineRef": "1", "sku": "SKU-1003", "expected": "30", "uom": "EA"}]
    receipt = {"type": "purchase", "reference": "PO-4711", "warehouseCode": "LEJ1", "lines": lines}
    announced = done(land.wms.call("createReceipt", receipt))
    arrived = {"lines": [{"lineRef": "1", "received": "28", "damaged": "2"}]}
    done(land.wms.call("confirmReceipt", arrived, receiptId=announced["id"]))
    place = {"warehouseCode": "LEJ1", "sku": "SKU-1004", "binCode": "A-01-04"}
    done(land.wms.call("createAdjustment", {**place, "quantityDelta": "-1", "reasonCode": "LOSS"}))
    moved = {"quantityDelta": "1", "reasonCode": "DAMAGE", "fromStatus": "SELLABLE", "toStatus": "DAMAGED"}
    done(land.wms.call("createAdjustment", {**place, **moved}))
    done(land.wms.call("createSnapshot", {"warehouseCode": "LEJ1"}))
    return ended(land)


@cache
def cancelled() -> Play:
    """An order on hold is cancelled at the ERP before anything happened to it."""
    land = embedded()
    checkout = standard_order(transactions=[{"kind": "authorization", "amount": "70.73", "gateway": "card"}])
    order(land, checkout)
    (draft,) = land.rows("erp", "salesOrders")
    done(land.erp.call("cancelSalesOrder", {"reason": "customer"}, companyId="DE01", salesOrderId=draft["id"]))
    return ended(land)


@cache
def undone() -> Play:
    """A shipment is posted and undone before its invoice is."""
    land = embedded()
    order(land, knives(1, "3.42", "21.42"))
    (placed,) = land.rows("erp", "salesOrders")
    shipment = _shipment_by_hand(land, placed["number"])
    done(land.erp.call("undoSalesShipment", companyId="DE01", salesShipmentId=shipment["id"]))
    return ended(land)


@cache
def failed_posting() -> Play:
    """Two orders ship; posting the second invoice into a closed period is refused, then it is posted by itself."""
    land = embedded()
    for _ in range(2):
        order(land, knives(1, "3.42", "21.42"))
        ship(land)
        land.advance("PT1S")
        draft = land.rows("erp", "salesInvoices")[-1]
        if len(land.rows("erp", "salesInvoices")) == 2:
            closed = {"postingDate": "2026-02-27"}
            answer = land.erp.call("postSalesInvoice", closed, companyId="DE01", salesInvoiceId=draft["id"])
            assert answer.status == 422, answer.body
        assert land.settle()
    return ended(land)


@cache
def credited() -> Play:
    """M-9: one piece of the standard order is credited after it was paid."""
    land = embedded()
    order(land, standard_order())
    ship(land)
    assert land.settle()
    (invoice,) = land.rows("erp", "salesInvoices")
    memo = {
        "invoiceNumber": invoice["number"],
        "reasonCode": "RETURN",
        "lines": [{"invoiceLineSequence": invoice["lines"][0]["sequence"], "quantity": "1"}],
    }
    draft = done(land.erp.call("createCreditMemo", memo, companyId="DE01"))
    done(land.erp.call("postCreditMemo", companyId="DE01", creditMemoId=draft["id"]))
    return ended(land)


@cache
def reverse_charged() -> Play:
    """An intra-community supply, entered by hand, to a French firm whose VAT id is valid."""
    land = embedded()
    customer = {
        "displayName": "Librairie du Port", "type": "Company", "addressLine1": "12 rue du Port", "city": "Lyon",
        "country": "FR", "postalCode": "69001", "customerPostingGroup": "EU", "taxBusinessGroup": "EU",
        "currencyCode": "EUR", "paymentTermsCode": "N30", "taxRegistrationNumber": "FR40303265045",
        "email": "achats@librairie.example.com",
    }  # fmt: skip
    buyer = done(land.erp.call("createCustomer", customer, companyId="DE01"))
    assert land.settle()
    checked = land.world.tables["erp"]["customers"].get(buyer["id"])
    assert checked is not None
    land.world.tables["erp"]["customers"].write(buyer["id"], {**checked, "taxRegistrationStatus": "valid"})
    names = ("name", "addressLine1", "city", "postalCode", "country")
    address = dict(zip(names, ("Librairie du Port", "12 rue du Port", "Lyon", "69001", "FR"), strict=True))
    body = {
        "sourceSystem": "phone", "sourceOrderId": "T-1", "orderDate": "2026-03-02", "customerId": buyer["id"],
        "billTo": address, "shipTo": address, "currencyCode": "EUR", "pricesIncludeTax": False,
        "paymentTermsCode": "N30", "shipmentMethodCode": "DHL-STD",
        "lines": [{
            "sourceLineId": "1", "lineType": "Item", "itemNumber": "SKU-1004", "locationCode": "MAIN",
            "unitOfMeasureCode": "EA", "quantity": "2", "unitPrice": "18.00", "taxCode": "EU-K0",
        }],
    }  # fmt: skip
    placed = done(land.erp.call("createSalesOrder", body, companyId="DE01"))
    done(land.erp.call("releaseSalesOrder", companyId="DE01", salesOrderId=placed["id"]))
    assert land.settle()
    ship(land)
    return ended(land)


def _shipment_by_hand(land: Landscape, number: str) -> Record:
    body = {
        "orderNumber": number,
        "wmsShipmentId": "WSH-BY-HAND",
        "postingDate": "2026-03-02",
        "locationCode": "MAIN",
        "lines": [{"orderLineSequence": 10000, "quantity": "1"}],
    }
    draft = done(land.erp.call("createSalesShipment", body, companyId="DE01"))
    return done(land.erp.call("postSalesShipment", companyId="DE01", salesShipmentId=draft["id"]))
