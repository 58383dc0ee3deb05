"""What the warehouse does on its own: receipts, corrections, goods that come for those who wait (4.2, HP-4, PS-2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from hands import Shopper, Warehouse, Watcher, done

from understudy.testing import Landscape


@pytest.mark.understudy(proves=["MAP-4.2", "INV-1", "INV-3", "INV-7", "INV-12", "FIN-1"])
def test_goods_received_are_on_offer(world: Landscape, warehouse: Warehouse, watcher: Watcher) -> None:
    """HP-4: 30 desk lamps arrive, 2 of them damaged; 28 are on offer, and the books have 30."""
    warehouse.receives("SKU-1003", "28", damaged="2", expected="30")
    world.settle()
    assert _on_hand(world, "SKU-1003") == {"SELLABLE": "28", "DAMAGED": "2"}
    assert watcher.offered("SKU-1003") == 28
    # All 30 are in the books, at their cost of 7.00.
    entries = [row for row in world.rows("erp", "generalLedgerEntries") if row["accountNumber"] == "2150"]
    assert sum(Decimal(row["creditAmount"]) for row in entries) == Decimal("210.00")


@pytest.mark.parametrize(
    "correction, sellable, damaged",
    [
        ({"quantityDelta": "-4", "reasonCode": "LOSS"}, "16", "0"),
        ({"quantityDelta": "3", "reasonCode": "FOUND"}, "23", "0"),
        (
            {"quantityDelta": "2", "reasonCode": "DAMAGE", "fromStatus": "SELLABLE", "toStatus": "DAMAGED"},
            "18",
            "2",
        ),
    ],
    ids=["lost", "found", "damaged"],
)
@pytest.mark.understudy(proves=["MAP-4.2", "INV-3", "INV-7", "FIN-1"])
def test_corrections_reach_the_ledger_with_their_reason(
    world: Landscape, watcher: Watcher, correction: Mapping[str, str], sellable: str, damaged: str
) -> None:
    """B13: a difference is posted; a change of status moves pieces and leaves the total alone (INV-12)."""
    place = {"warehouseCode": "LEJ1", "sku": "SKU-1001", "binCode": "A-01-01"}
    done(world.wms.call("createAdjustment", {**place, **correction}))
    world.settle()
    on_hand = _on_hand(world, "SKU-1001")
    assert (on_hand["SELLABLE"], on_hand.get("DAMAGED", "0")) == (sellable, damaged)
    assert str(watcher.offered("SKU-1001")) == sellable
    assert {row["reasonCode"] for row in world.rows("erp", "itemJournalEntries")} == {correction["reasonCode"]}


@pytest.mark.understudy(proves=["INV-2", "CON-2", "DOC-7"])
def test_who_waits_longest_is_served_first(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """PS-2 with a stock of 5: X wants 7 and gets 5, Y wants 2 and gets none; 4 arrive, and both are whole."""
    x = shopper.orders_knives(7, "23.94", "149.94")
    y = shopper.orders_knives(2, "6.84", "42.84")
    world.settle()
    assert [_promised(watcher, order) for order in (x, y)] == [("5", "2"), ("0", "2")]
    warehouse.receives("SKU-1004", "4")
    world.settle()
    assert [_promised(watcher, order) for order in (x, y)] == [("7", "0"), ("2", "0")]
    assert watcher.offered("SKU-1004") == 0
    for order in (x, y):
        warehouse.ships(watcher.sales_order(order)["number"])
        world.settle()
    assert [row["totals"]["includingTax"] for row in world.rows("erp", "salesInvoices")] == ["149.94", "42.84"]
    assert {row["status"] for row in world.rows("erp", "salesOrders")} == {"closed"}


@pytest.mark.understudy(proves=["DOC-6", "MAP-4.2", "ORD-5"])
def test_two_cartons_one_shipment(world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher) -> None:
    """One line in two cartons is one shipment line of the ERP, one invoice, and one parcel note with tracking."""
    order = shopper.orders_knives(4, "13.68", "85.68")
    world.settle()
    number = watcher.sales_order(order)["number"]
    warehouse.ships(number, cartons=[{"10000": 3}, {"10000": 1}])
    world.settle()
    shipment = watcher.only("erp", "salesShipments")
    pieces = [row["quantity"] for row in shipment["lines"] if row["orderLineSequence"] == 10000]
    assert sum(map(int, pieces)) == 4
    assert watcher.only("erp", "salesInvoices")["totals"]["includingTax"] == "85.68"
    (parcel,) = watcher.only("storefront", "orders")["fulfillments"]
    assert parcel["tracking_number"]


@pytest.mark.understudy(proves=["MAP-4.2", "FIN-5", "TIM-1"])
def test_goods_that_left_before_midnight_are_posted_on_the_day_they_left(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """B4: shipped at 23:50 in Berlin, told at 0:10 on the next day, which is the same day in UTC."""
    order = shopper.orders_a_mug()
    world.settle()
    world.advance("PT23H20M")
    fault("late-event", "wms", "wms.shipment.confirmed.v1", seconds=1200)
    gone = warehouse.ships(watcher.sales_order(order)["number"])
    world.settle()
    assert gone["shippedAt"].startswith("2026-03-02T22:49")
    assert watcher.only("erp", "salesShipments")["postingDate"] == "2026-03-02"
    assert watcher.only("erp", "salesInvoices")["documentDate"] == "2026-03-02"


def _on_hand(world: Landscape, sku: str) -> dict[str, str]:
    """Stock status -> pieces at MAIN, as the ERP has it."""
    rows = world.rows("erp", "stockBalances")
    return {r["stockStatus"]: r["onHand"] for r in rows if (r["itemNumber"], r["locationCode"]) == (sku, "MAIN")}


def _promised(watcher: Watcher, order: Mapping[str, object]) -> tuple[str, str]:
    (line,) = [row for row in watcher.sales_order(order)["lines"] if row["lineType"] == "Item"]
    return line["reserved"], line["backordered"]
