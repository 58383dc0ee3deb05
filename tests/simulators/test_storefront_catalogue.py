"""Customers, variants and what is on offer (domain 2.4, F-6)."""

from __future__ import annotations

import pytest

from understudy.testing import Landscape

from .shop import Shop

ITEM = 6600000001001


@pytest.fixture
def shop(landscape: Landscape) -> Shop:
    return Shop(landscape)


def test_on_offer_is_at_first_what_the_erp_can_sell(shop: Shop) -> None:
    """INV-7."""
    levels = shop.do("listInventoryLevels")["inventory_levels"]
    assert [(level["sku"], level["available"]) for level in levels] == [
        ("SKU-1001", 20),
        ("SKU-1002", 10),
        ("SKU-1003", 0),
        ("SKU-1004", 5),
    ]


def test_the_last_write_wins_and_only_a_change_is_told(shop: Shop) -> None:
    for available, sequence in ((18, "000008"), (19, "000007"), (19, "000007")):
        body = {"inventory_item_id": ITEM, "available": available, "sequence": sequence}
        level = shop.do("setInventoryLevel", body)
        assert (level["available"], level["sequence"], level["sku"]) == (available, sequence, "SKU-1001")
    told = [entry.cloud_event["data"]["available"] for entry in shop.events(str(ITEM))]
    assert told == [18, 19]


def test_an_unknown_item_is_422(shop: Shop) -> None:
    refused = shop.call("setInventoryLevel", {"inventory_item_id": 1, "available": 1})
    assert (refused.status, refused.json()["code"]) == (422, "unknown-reference")


def test_a_checkout_leaves_the_number_to_the_erp(shop: Shop) -> None:
    shop.order()
    (level,) = shop.do("listInventoryLevels", query={"inventory_item_id": ITEM})["inventory_levels"]
    assert level["available"] == 20


def test_variants_are_found_by_sku_and_id(shop: Shop) -> None:
    (variant,) = shop.do("listVariants", query={"sku": "SKU-1002"})["variants"]
    assert shop.do("getVariant", variantId=variant["id"]) == variant
    assert shop.call("getVariant", variantId=1).status == 404


def test_an_email_belongs_to_one_account_whatever_its_case(shop: Shop) -> None:
    created = shop.do("createCustomer", {"email": "Ben@Example.com", "first_name": "Ben"})
    assert created["email"] == "Ben@Example.com"
    assert [entry.name for entry in shop.events(str(created["id"]))] == ["store.customer.created.v1"]
    again = shop.call("createCustomer", {"email": "ben@example.com"})
    assert (again.status, again.json()["errors"][0]["pointer"]) == (422, "/email")
    assert shop.do("listCustomers", query={"email": "BEN@example.com"})["customers"] == [created]
    assert shop.do("getCustomer", customerId=created["id"]) == created
    assert shop.call("getCustomer", customerId=1).status == 404


def test_the_shop_knows_no_customer_numbers_of_the_erp(shop: Shop) -> None:
    assert all("erpCustomerNumber" not in customer for customer in shop.do("listCustomers")["customers"])
