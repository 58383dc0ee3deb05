"""MSG-2 where no mapping table looks: releases, warehouse orders, fulfilments, CRM accounts (F-1, F-3, F-7, F-11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from understudy import Exchange

from . import plays
from .bench import Bench, with_body


def missing(bench: Bench) -> list[str]:
    return [row["missing"] for row in bench.offending("MSG-2")]


def test_an_order_that_was_paid_for_and_never_released() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "salesOrders", status="draft")
    assert missing(bench) == ["release of SO-2026-000123", "release of SO-2026-000123"]


def test_an_order_that_waits_for_its_money_is_a_draft() -> None:
    bench = Bench(plays.cancelled())
    bench.change("erp", "salesOrders", status="draft")
    assert missing(bench) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shipTo": {"postalCode": "1067"}}, "shipTo.postalCode '01067', not '1067'"),
        ({"shipTo": {"name": "Nordwind Handels GmbH"}}, "shipTo.name 'Anna Keller', not 'Nordwind Handels GmbH'"),
        ({"shipTo": {"addressLine2": "Hinterhaus"}}, "shipTo.addressLine2 None, not 'Hinterhaus'"),
        ({"carrierCode": "UPS"}, "carrierCode 'DHL', not 'UPS'"),
        ({"serviceCode": "EXPRESS"}, "serviceCode 'PAKET', not 'EXPRESS'"),
        ({"shipComplete": True}, "shipComplete False, not True"),
    ],
)
def test_a_warehouse_order_that_goes_elsewhere_or_otherwise(changes: Mapping[str, Any], told: str) -> None:
    bench = Bench(plays.released())
    pushed = bench.one("wms", "fulfilmentOrders")
    ship_to = {**pushed["shipTo"], **changes.get("shipTo", {})}
    bench.put("wms", "fulfilmentOrders", {**pushed, **changes, "shipTo": ship_to})
    assert missing(bench) == [f"warehouse order FO-70001 with {told}"]


def test_an_address_that_was_corrected_later_may_be_at_the_warehouse() -> None:
    bench = Bench(plays.released())
    for system, table in (("erp", "salesOrders"), ("wms", "fulfilmentOrders")):
        ship_to = {**bench.one(system, table)["shipTo"], "addressLine1": "Hauptstr. 7"}
        bench.change(system, table, shipTo=ship_to)
    assert missing(bench) == []


def test_other_goods_and_another_warehouse() -> None:
    bench = Bench(plays.released())
    bench.change_line("wms", "fulfilmentOrders", 1, sku="SKU-1003")
    assert missing(bench) == ["SKU-1002 in line 20000 of the warehouse order: SKU-1003"]
    bench.change("wms", "fulfilmentOrders", warehouseCode="WAW1")
    assert missing(bench) == ["warehouse order for lines 10000, 20000 of SO-2026-000123"]


def shown(bench: Bench, *fulfillments: Mapping[str, Any]) -> None:
    """The store's fulfilments of the one order as they are said to be."""
    bench.change("storefront", "orders", fulfillments=[dict(row) for row in fulfillments])


def test_the_store_shows_more_than_was_sent() -> None:
    bench = Bench(plays.in_two_parts())
    first, second = bench.one("storefront", "orders")["fulfillments"]
    shown(bench, {**first, "line_items": [{"id": 901, "quantity": 5}]}, second)
    assert set(missing(bench)) == {"shipment of all that the store shows of line 901: 5 of 7"}


def test_the_store_shows_less_than_was_sent() -> None:
    bench = Bench(plays.in_two_parts())
    first, _ = bench.one("storefront", "orders")["fulfillments"]
    shown(bench, first)
    assert missing(bench) == ["fulfilment of line 901 at the store: 3 of 5"]


def test_the_parcels_of_two_shipments_are_mixed_up() -> None:
    bench = Bench(plays.in_two_parts())
    first, second = bench.one("storefront", "orders")["fulfillments"]
    names = ("tracking_number", "tracking_numbers")
    shown(
        bench,
        {**first, **{name: second[name] for name in names}},
        {**second, **{name: first[name] for name in names}},
    )
    assert set(missing(bench)) == {f"3 of line 901 in parcel {second['tracking_number']}"}


def test_a_parcel_that_nobody_sent() -> None:
    bench = Bench(plays.paid())
    (only,) = bench.one("storefront", "orders")["fulfillments"]
    shown(bench, {**only, "tracking_number": "DHL"})
    assert missing(bench) == ["a parcel DHL of the order"]


@pytest.mark.parametrize(
    ("changes", "told"), [({"email": "GERDA.G@EXAMPLE.COM"}, "email"), ({"name": "C10001"}, "name")]
)
def test_an_account_that_says_something_else_than_the_customer(changes: Mapping[str, str], told: str) -> None:
    bench = Bench(plays.guest())
    (write,) = bench.entries(Exchange, operation_id="createAccount")
    bench.rewrite(write, request=with_body(write, {**write.request_body, **changes}))
    assert missing(bench) == [f"{told} of C10001 at the CRM account"]
