"""F-3 and F-7: released orders reach the warehouses, posted shipments reach the store (domain section 0)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integration.transport import json_answer

from .bench import START, Bench, event

ERP = "/erp/v1/companies/DE01"
ORDERS = "/wms/v1/fulfilmentOrders"
FULFILMENTS = "/store/v1/orders/5512340001/fulfillments"


def line(sequence: int, item: str, outstanding: str, location: str = "MAIN", **more: Any) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "lineType": "Item",
        "itemNumber": item,
        "locationCode": location,
        "unitOfMeasureCode": "EA",
        "quantity": outstanding,
        "outstanding": outstanding,
        "backordered": "0",
        "sourceLineId": str(sequence // 10000 + 900),
        **more,
    }


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    address = {"name": "Anna Keller", "addressLine1": "Hauptstr. 5", "addressLine2": None, "city": "Dresden"}
    return {
        "id": "o-1",
        "number": "SO-2026-000123",
        "sourceSystem": "store",
        "sourceOrderId": "5512340001",
        "status": "released",
        "shipTo": {**address, "country": "DE", "postalCode": "01067"},
        "email": "anna.k@example.com",
        "currencyCode": "EUR",
        "shipmentMethodCode": "DHL-STD",
        "partialShipping": True,
        "lines": [*lines, line(90000, "FREIGHT", "1", lineType="Charge")],
        "@etag": 'W/"3"',
        **more,
    }


def released(data: dict[str, Any]) -> dict[str, Any]:
    return event("erp", "erp.salesorder.released.v1", data, subject=data["number"])


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    kinds = {"SKU-1001": "Inventory", "SKU-1002": "Inventory", "SERVICE": "Service", "FREIGHT": "Service"}
    items = [{"number": number, "type": kind} for number, kind in kinds.items()]
    methods = [{"code": "DHL-STD", "carrierCode": "DHL", "serviceCode": "PAKET", "active": True}]
    bench.network.on("GET", f"{ERP}/items", json_answer(200, {"value": items}))
    bench.network.on("GET", f"{ERP}/shipmentMethods", json_answer(200, {"value": methods}))
    bench.network.on("GET", f"{ERP}/salesOrders", json_answer(200, {"value": []}))
    bench.network.on("POST", ORDERS, json_answer(201, {"id": "fo-1"}))
    return bench


def test_the_outstanding_quantity_of_each_inventory_line_goes_to_the_warehouse(bench: Bench) -> None:
    """Backordered or not; freight and services stay."""
    bench.deliver("erp", released(order(line(10000, "SKU-1001", "2", backordered="1"), line(20000, "SERVICE", "1"))))
    bench.run()
    (call,) = bench.network.to("POST", ORDERS)
    assert call.body["lines"] == [{"lineRef": "10000", "sku": "SKU-1001", "quantity": "2", "uom": "EA"}]
    assert call.body["shipTo"] == {
        "name": "Anna Keller", "addressLine1": "Hauptstr. 5", "city": "Dresden", "country": "DE", "postalCode": "01067",
        "email": "anna.k@example.com",
    }  # fmt: skip
    head = ("orderNumber", "releaseVersion", "warehouseCode", "carrierCode", "serviceCode", "shipComplete")
    assert [call.body[name] for name in head] == ["SO-2026-000123", 3, "LEJ1", "DHL", "PAKET", False]
    assert call.headers["idempotency-key"] == "erp:order:SO-2026-000123:LEJ1:3"


def test_lines_at_two_locations_go_to_two_warehouses(bench: Bench) -> None:
    bench.deliver("erp", released(order(line(10000, "SKU-1001", "2"), line(20000, "SKU-1002", "1", "EAST"))))
    bench.run()
    sent = [(call.body["warehouseCode"], call.body["lines"][0]["sku"]) for call in bench.network.to("POST", ORDERS)]
    assert sent == [("WAW1", "SKU-1002"), ("LEJ1", "SKU-1001")]


def test_what_was_shipped_already_is_not_sent_again(bench: Bench) -> None:
    bench.deliver("erp", released(order(line(10000, "SKU-1001", "0"))))
    bench.run()
    assert bench.statuses() == [("F-3", "skipped", "nothing physical outstanding")]


def test_an_order_that_ships_complete_waits_until_all_is_reserved(bench: Bench) -> None:
    short = order(line(10000, "SKU-1001", "2", backordered="1"), partialShipping=False)
    bench.deliver("erp", released(short))
    bench.run()
    assert bench.statuses() == [("F-3", "skipped", "ships complete, waits for stock")]
    full = order(line(10000, "SKU-1001", "2"), partialShipping=False, **{"@etag": 'W/"5"'})
    bench.network.on("GET", f"{ERP}/salesOrders", json_answer(200, {"value": [full]}))
    filled = {"orderNumber": "SO-2026-000123", "itemNumber": "SKU-1001"}
    bench.deliver("erp", event("erp", "erp.backorder.filled.v1", filled, subject="SO-2026-000123", sequence=2))
    bench.run()
    (call,) = bench.network.to("POST", ORDERS)
    assert (call.body["shipComplete"], call.body["releaseVersion"]) == (True, 5)


def test_an_order_at_a_location_without_a_warehouse_is_refused(bench: Bench) -> None:
    bench.deliver("erp", released(order(line(10000, "SKU-1001", "2", "MOON"))))
    bench.run()
    (letter,) = bench.integration.observe()["deadLetters"]
    assert (letter["errorCode"], letter["errors"][0]["rejectedValue"]) == ("unknown-reference", "MOON")


def test_a_shipment_of_an_order_not_known_yet_is_parked_and_given_up_after_ten_minutes(bench: Bench) -> None:
    data = {"shipmentId": "WSH-88001", "orderNumber": "SO-2026-000999", "warehouseCode": "LEJ1", "cartons": []}
    bench.deliver("wms", event("wms", "wms.shipment.confirmed.v1", data, subject="SO-2026-000999"))
    bench.run(until=timedelta(minutes=9))
    assert bench.statuses() == [("F-4", "parked", "waits for erp.order:SO-2026-000999")]
    assert bench.integration.observe()["deadLetters"] == []
    bench.run()
    assert bench.statuses() == [("F-4", "dead", "not-found")]
    assert bench.now == START + timedelta(minutes=10)


def shipped(*lines: tuple[int, str], **more: Any) -> dict[str, Any]:
    data = {
        "number": "SH-2026-000077", "orderNumber": "SO-2026-000123", "status": "posted", "carrierCode": "DHL",
        "trackingNumber": "JD0146", "lines": [{"orderLineSequence": s, "quantity": q} for s, q in lines], **more,
    }  # fmt: skip
    return event("erp", "erp.shipment.posted.v1", data, subject=data["number"])


def test_a_posted_shipment_is_told_to_the_store_with_its_tracking_number(bench: Bench) -> None:
    """Pieces per store line; freight is no line of the store."""
    known = order(line(10000, "SKU-1001", "2"), line(20000, "SKU-1002", "1"))
    bench.network.on("GET", f"{ERP}/salesOrders", json_answer(200, {"value": [known]}))
    bench.network.on("GET", "/store/v1/orders/5512340001", json_answer(200, {"id": 5512340001, "name": "#1001"}))
    bench.network.on("POST", FULFILMENTS, json_answer(201, {"id": 1}))
    bench.deliver("erp", shipped((10000, "2"), (20000, "1"), (90000, "1")))
    bench.run()
    (call,) = bench.network.to("POST", FULFILMENTS)
    assert call.body == {
        "line_items": [{"id": 901, "quantity": 2}, {"id": 902, "quantity": 1}], "notify_customer": True,
        "tracking_number": "JD0146", "tracking_numbers": ["JD0146"], "tracking_company": "DHL",
    }  # fmt: skip
    assert call.headers["idempotency-key"] == "erp:shipment:SH-2026-000077:fulfilment"


def test_a_fulfilment_whose_answer_was_lost_is_recognised(bench: Bench) -> None:
    """The store keeps no number of ours: tracking number and lines tell it."""
    bench.network.on("GET", f"{ERP}/salesOrders", json_answer(200, {"value": [order(line(10000, "SKU-1001", "2"))]}))
    bench.network.on("GET", "/store/v1/orders/5512340001", json_answer(200, {"id": 5512340001, "name": "#1001"}))
    bench.network.on("POST", FULFILMENTS, TimeoutError())
    there = {"id": 1, "status": "success", "tracking_numbers": ["JD0146"], "line_items": [{"id": 901, "quantity": 2}]}
    other = {**there, "tracking_numbers": ["JD0147"]}
    bench.network.on("GET", FULFILMENTS, json_answer(200, {"fulfillments": [other, there]}))
    bench.deliver("erp", shipped((10000, "2")))
    bench.run()
    assert len(bench.network.to("POST", FULFILMENTS)) == 1
    assert bench.statuses() == [("F-7", "applied", None)]


def test_an_order_of_another_channel_is_none_of_the_stores_business(bench: Bench) -> None:
    other = order(line(10000, "SKU-1001", "2"), sourceSystem="edi")
    bench.network.on("GET", f"{ERP}/salesOrders", json_answer(200, {"value": [other]}))
    bench.deliver("erp", shipped((10000, "2")))
    bench.run()
    assert bench.statuses() == [("F-7", "skipped", "not a store order")]
