"""A target that is away, or asks for quiet: nothing is lost, nothing comes early (OU-1 and OU-2 thin; MSG-2, TIM-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hands import Shopper, Warehouse, Watcher

from understudy.testing import Landscape


@pytest.mark.understudy(proves=["MSG-2", "TIM-2", "REC-1"])
def test_503_with_retry_after_in_seconds(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """The ERP asks for two minutes of quiet and gets them; then the order comes, once."""
    fault("status", "erp", "createSalesOrder", status=503, retryAfter=120)
    order = shopper.orders_the_standard()
    world.settle()
    refused, taken = watcher.calls("createSalesOrder")
    assert (refused.status, taken.status) == (503, 201)
    assert watcher.seconds(taken) - watcher.seconds(refused) >= 120
    assert refused.request.headers["idempotency-key"] == taken.request.headers["idempotency-key"]
    assert watcher.sales_order(order)["status"] == "released"
    assert watcher.dead_letters() == []


@pytest.mark.understudy(proves=["MSG-2", "TIM-2", "REC-1"])
def test_429_with_an_http_date(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """Retry-After may be a date: nobody calls before it."""
    until = world.world.clock.now + timedelta(minutes=7)
    fault("status", "erp", "createSalesOrder", status=429, retryAfter=format_datetime(until, usegmt=True))
    shopper.orders_the_standard()
    world.settle()
    refused, taken = watcher.calls("createSalesOrder")
    assert (refused.status, taken.status) == (429, 201)
    assert taken.at >= until
    assert watcher.dead_letters() == []


@pytest.mark.understudy(proves=["TIM-2"])
def test_a_decimal_number_of_seconds(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """The shop says `45.5`, and decimal it is meant (domain 2.1)."""
    shopper.orders_the_standard()
    world.settle()
    fault("status", "storefront", "createFulfillment", status=429, retryAfter=45.5)
    warehouse.ships(watcher.only("erp", "salesOrders")["number"])
    world.settle()
    refused, taken = watcher.calls("createFulfillment")
    assert 45.5 <= watcher.seconds(taken) - watcher.seconds(refused) < 120
    assert watcher.only("storefront", "orders")["fulfillment_status"] == "fulfilled"


@pytest.mark.parametrize(
    "system, operation, parameters",
    [
        ("wms", "createFulfilmentOrder", {"status": 503}),
        ("erp", "createSalesShipment", {"status": 502}),
        ("erp", "createCustomerPayment", {"status": 500}),
        ("storefront", "createFulfillment", {"status": 503, "retryAfter": 60}),
        ("storefront", "setInventoryLevel", {"status": 429, "retryAfter": 2.5}),
        ("crm", "upsertInvoiceView", {"status": 504}),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.get("status", "")),
)
@pytest.mark.understudy(proves=["MSG-2", "REC-1", "REC-2"])
def test_a_target_that_fails_twice_and_recovers(
    world: Landscape,
    shopper: Shopper,
    warehouse: Warehouse,
    watcher: Watcher,
    fault: Callable[..., None],
    system: str,
    operation: str,
    parameters: dict[str, float],
) -> None:
    """Wherever on the way it happens, the order arrives, is shipped once, invoiced once and shown as paid."""
    fault("status", system, operation, count=2, **parameters)
    shopper.orders_the_standard()
    world.settle()
    warehouse.ships(watcher.only("erp", "salesOrders")["number"])
    world.settle()
    assert [call.status for call in watcher.calls(operation)][:2] == [parameters["status"]] * 2
    assert watcher.only("erp", "salesShipments")["status"] == "posted"
    assert watcher.only("erp", "salesInvoices")["status"] == "paid"
    assert watcher.only("storefront", "orders")["fulfillment_status"] == "fulfilled"
    assert watcher.only("crm", "invoiceViews")["status"] == "paid"
    assert watcher.dead_letters() == []


@pytest.mark.understudy(proves=["MSG-2", "TIM-2", "REC-1", "ORD-2"])
def test_orders_that_come_while_the_erp_is_down(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """Half an hour of 503 with Retry-After: 120; every order waits and is there soon after, the first one first."""
    fault("status", "erp", "", count=-1, status=503, retryAfter=120)
    sold = []
    for _ in range(8):
        sold.append(shopper.orders_a_mug())
        world.advance("PT3M45S")
    assert world.rows("erp", "salesOrders") == []
    world.control("clearFaults")
    world.advance("PT10M")
    taken = world.rows("erp", "salesOrders")
    assert {row["sourceOrderId"] for row in taken} == {str(order["id"]) for order in sold}
    assert len(taken) == len(sold)
    assert {row["status"] for row in taken} == {"released"}
    assert watcher.dead_letters() == []


@pytest.mark.understudy(proves=["MSG-2"])
def test_a_target_that_never_comes_back_leaves_a_dead_letter(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """After 8 attempts with growing waits a human is asked; reprocessing then makes the one order (TIM-3, OPS-2)."""
    fault("status", "erp", "createSalesOrder", count=-1, status=500)
    shopper.orders_a_mug(transactions=[], customer={"id": 7730}, payment_terms="net_30")
    world.settle()
    assert [call.status for call in watcher.calls("createSalesOrder")] == [500] * 8
    (letter,) = watcher.dead_letters()
    assert (letter["attempts"], letter["errorCode"], letter["flow"]) == (8, "internal-error", "F-1")
    world.control("clearFaults")
    repaired = {"by": "support", "why": "the ERP is back"}
    world.control("reprocessRunDeadLetter", repaired, messageId=letter["messageId"])
    world.settle()
    assert watcher.only("erp", "salesOrders")["status"] == "released"
