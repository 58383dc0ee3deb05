"""Whose order it is, and which: ids with every digit, customers that only look alike (A1, A6, A15, MDM-1)."""

from __future__ import annotations

import pytest
from hands import HOME, Shopper, Warehouse, Watcher, line

from understudy.testing import Landscape

BEYOND_FLOAT = 9007199254740993
"""2^53 + 1: the smallest whole number that binary floating point cannot hold (domain 2.4)."""


@pytest.mark.understudy(proves=["ORD-2", "MAP-4.1"])
def test_an_id_beyond_2_to_the_53_arrives_with_every_digit(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """The order's id and the ids of its lines, all the way to the ERP, and back to the store with the parcel."""
    mug = {**line("SKU-1001", 1, "24.90", "4.73"), "id": BEYOND_FLOAT + 2}
    guide = {**line("SKU-1002", 1, "12.00", "0.84", rate=0.07), "id": BEYOND_FLOAT + 10}
    shopper.checks_out([mug, guide], tax="5.57", total="42.47", id=BEYOND_FLOAT)
    world.settle()
    order = watcher.only("erp", "salesOrders")
    assert order["sourceOrderId"] == "9007199254740993"
    goods = [row["sourceLineId"] for row in order["lines"] if row["lineType"] == "Item"]
    assert goods == ["9007199254740995", "9007199254741003"]
    warehouse.ships(order["number"])
    world.settle()
    sold = watcher.only("storefront", "orders")
    assert (sold["id"], sold["fulfillment_status"]) == (BEYOND_FLOAT, "fulfilled")
    assert watcher.only("crm", "invoiceViews")["status"] == "paid"
    assert watcher.dead_letters() == []


@pytest.mark.understudy(proves=["ORD-2", "IDM-1"])
def test_neighbours_beyond_2_to_the_53_are_two_orders(world: Landscape, shopper: Shopper) -> None:
    """As binary floating point, 9007199254740992 and 9007199254740993 are one number."""
    for id_ in (BEYOND_FLOAT - 1, BEYOND_FLOAT):
        shopper.orders_a_mug(id=id_)
        world.settle()
    assert [row["sourceOrderId"] for row in world.rows("erp", "salesOrders")] == [
        "9007199254740992",
        "9007199254740993",
    ]
    assert [row["amount"] for row in world.rows("erp", "customerPayments")] == ["29.63", "29.63"]


@pytest.mark.understudy(proves=["MDM-1", "MAP-4.1"])
def test_a_namesake_is_another_customer(world: Landscape, shopper: Shopper) -> None:
    """Customers are matched by crosswalk, VAT id, or e-mail and country, never by name (domain 3)."""
    home = {**HOME, "address1": "Lindenallee 9", "city": "Leipzig", "zip": "04109"}
    guest = {"customer": None, "email": "keller.leipzig@example.com"}
    shopper.orders_a_mug(**guest, billing_address=home, shipping_address=home)
    shopper.orders_a_mug()
    world.settle()
    namesake, anna = world.rows("erp", "salesOrders")
    assert anna["customerNumber"] == "C00042"
    assert namesake["customerNumber"] != "C00042"
    (record,) = [row for row in world.rows("erp", "customers") if row["number"] == namesake["customerNumber"]]
    assert (record["displayName"], record["email"]) == ("Anna Keller", "keller.leipzig@example.com")


@pytest.mark.understudy(proves=["MDM-1"])
def test_a_plus_tag_is_part_of_the_address(world: Landscape, shopper: Shopper) -> None:
    """DQ-10: another spelling of the address is the same customer, another tag is not."""
    for email in ("Anna.K@Example.COM", "anna.k+shop@example.com"):
        shopper.orders_a_mug(customer=None, email=email)
        world.settle()
    first, second = world.rows("erp", "salesOrders")
    assert first["customerNumber"] == "C00042"
    assert second["customerNumber"] != "C00042"


def test_a_customer_who_also_orders_as_a_guest_is_one_customer(world: Landscape, shopper: Shopper) -> None:
    """By the crosswalk, and by e-mail and country (MDM-3)."""
    before = len(world.rows("erp", "customers"))
    for _ in range(2):
        shopper.orders_a_mug()
        shopper.orders_a_mug(customer=None)
    world.settle()
    assert {row["customerNumber"] for row in world.rows("erp", "salesOrders")} == {"C00042"}
    assert len(world.rows("erp", "customers")) == before


@pytest.mark.understudy(proves=["ORD-2"])
def test_a_test_order_stays_in_the_shop(world: Landscape, shopper: Shopper, watcher: Watcher) -> None:
    """A3: nothing reaches the ERP, and the log says why."""
    order = shopper.orders_a_mug(test=True)
    world.settle()
    assert world.rows("erp", "salesOrders") == world.rows("erp", "customerPayments") == []
    reasons = {row["reason"] for row in watcher.messages(flow="F-1", subject=str(order["id"]))}
    assert reasons == {"skipped_test"}
