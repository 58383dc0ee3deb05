"""Late, doubled, shuffled: events arrive in any order and the end is the same (IDM-1, IDM-2, CON-3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hands import Shopper, Warehouse, Watcher

from understudy.testing import Landscape

AVAILABLE = "erp.availability.changed.v1"


@pytest.mark.understudy(proves=["CON-3", "INV-7"])
def test_an_older_availability_never_overwrites_a_newer_one(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """20 mugs; the news that 19 are left comes five minutes after the news that 17 are: 17 it stays (DU-4)."""
    fault("late-event", "erp", AVAILABLE, seconds=300)
    shopper.orders_a_mug()
    world.advance("PT1M")
    shopper.orders_the_standard()
    world.advance("PT1M")
    assert watcher.offered("SKU-1001") == 17
    world.advance("PT10M")
    first, *_ = watcher.messages(flow="F-6")
    assert watcher.offered("SKU-1001") == 17
    late = [row for row in watcher.messages(flow="F-6") if row["reason"] == "stale"]
    assert len(late) == 1, first


@pytest.mark.understudy(proves=["CON-3", "MSG-6"])
def test_an_old_availability_that_is_delivered_again_changes_nothing(
    world: Landscape, shopper: Shopper, watcher: Watcher
) -> None:
    shopper.orders_a_mug()
    world.settle()
    shopper.orders_the_standard()
    world.settle()
    oldest = next(row for row in watcher.deliveries(AVAILABLE))
    world.control("redeliver", {"copies": 3}, eventId=oldest["eventId"])
    world.settle()
    assert watcher.offered("SKU-1001") == 17
    assert watcher.offered("SKU-1002") == 9


@pytest.mark.understudy(proves=["ORD-2", "FIN-8", "IDM-1"])
def test_paid_twice_and_before_created(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """DU-3 with a duplicate: one order, one prepayment, and no dead letter inside the grace window."""
    fault("late-event", "storefront", "store.order.created.v1", seconds=40)
    fault("duplicate-event", "storefront", "store.order.paid.v1", copies=2)
    shopper.orders_the_standard()
    world.advance("PT30S")
    assert world.rows("erp", "salesOrders") == []
    assert [row["status"] for row in watcher.messages(flow="F-1")].count("parked") == 1
    world.settle()
    assert watcher.only("erp", "salesOrders")["status"] == "released"
    assert watcher.only("erp", "customerPayments")["amount"] == "70.73"
    assert watcher.dead_letters() == []
    warehouse.ships(watcher.only("erp", "salesOrders")["number"])
    world.settle()
    assert watcher.only("erp", "salesInvoices")["status"] == "paid"


@pytest.mark.understudy(proves=["FIN-8"])
def test_an_order_that_is_paid_later_waits_for_its_money(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """Goods paid in advance are not promised before the money is in; authorised is not paid (A24, A25)."""
    order = shopper.orders_the_standard(
        transactions=[{"kind": "authorization", "status": "success", "amount": "70.73", "gateway": "card"}]
    )
    world.settle()
    assert watcher.sales_order(order)["status"] == "draft"
    assert world.rows("erp", "customerPayments") == world.rows("wms", "fulfilmentOrders") == []
    (authorised,) = world.rows("storefront", "transactions")
    shopper.pays(order, "70.73", kind="capture", parent_id=authorised["id"])
    world.settle()
    assert watcher.sales_order(order)["status"] == "released"
    assert watcher.only("erp", "customerPayments")["amount"] == "70.73"
    warehouse.ships(watcher.sales_order(order)["number"])
    world.settle()
    assert watcher.only("erp", "salesInvoices")["status"] == "paid"


def _shuffled(seed: int) -> Any:
    marker = pytest.mark.understudy(seed=seed, policies={"ordering": "shuffled"}, proves=["ORD-6", "FIN-1", "REC-2"])
    return pytest.param(marks=marker, id=f"seed-{seed}")


@pytest.mark.parametrize((), [_shuffled(seed) for seed in range(1, 6)])
def test_shuffled_events_come_to_the_same_end(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """DU-6 thin: PS-1 with every event up to two seconds late, in another order for each seed."""
    order = shopper.orders_knives()
    world.settle()
    number = watcher.sales_order(order)["number"]
    for pieces, final in (({"10000": 3}, False), ({"10000": 2}, True)):
        warehouse.ships(number, cartons=[pieces], final=final)
        world.settle()
    invoices = [(row["totals"]["includingTax"], row["status"]) for row in world.rows("erp", "salesInvoices")]
    assert invoices == [("64.26", "paid"), ("42.84", "paid")]
    assert watcher.sales_order(order)["status"] == "closed"
    assert watcher.only("storefront", "orders")["fulfillment_status"] == "fulfilled"
    assert watcher.offered("SKU-1004") == 0
    assert watcher.dead_letters() == []
