"""A checkout becomes an order that keeps what was charged (domain 2.4, 2.7; section 5, rule 7; A23)."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.testing import Landscape

from .shop import ABSENT, SUMS, WITHOUT_SUMS, Shop, line, standard_checkout


@pytest.fixture
def shop(landscape: Landscape) -> Shop:
    return Shop(landscape)


def test_the_standard_order_is_that_of_domain_2_7(shop: Shop) -> None:
    order = shop.order()
    shown = ("id", "name", "currency", "financial_status", "fulfillment_status", "total_discounts", "total_tax")
    assert [order[name] for name in shown] == [5512340001, "#1001", "EUR", "paid", None, "6.18", "10.21"]
    assert (order["total_price"], order["current_total_price"], order["gateway"]) == ("70.73", "70.73", "card")
    assert order["customer"] == {
        "id": 7723,
        "email": "anna.k@example.com",
        "first_name": "Anna",
        "last_name": "Keller",
        "tax_exempt": False,
        "vat_id": None,
    }
    assert [(item["id"], item["sku"], item["current_quantity"]) for item in order["line_items"]] == [
        (901, "SKU-1001", 2),
        (902, "SKU-1002", 1),
    ]
    assert [(tax["rate"], tax["price"]) for tax in order["tax_lines"]] == [(0.19, "9.45"), (0.07, "0.76")]
    assert shop.event_names(order) == ["created", "paid"]
    created = shop.events("5512340001")[0].cloud_event
    assert (created["source"], created["data"]) == ("/store/demo", order)
    (transaction,) = shop.do("listOrderTransactions", orderId=order["id"])["transactions"]
    assert (transaction["kind"], transaction["amount"], transaction["currency"]) == ("sale", "70.73", "EUR")


def test_orders_ids_and_names_count_up_and_no_two_lines_share_an_id(shop: Shop) -> None:
    first, second = shop.order(), shop.order()
    assert [(o["id"], o["name"]) for o in (first, second)] == [(5512340001, "#1001"), (5512340002, "#1002")]
    ids = [row["id"] for o in (first, second) for row in (*o["line_items"], *o["shipping_lines"])]
    assert len(set(ids)) == len(ids)


def test_an_id_beyond_2_to_the_53_keeps_every_digit(shop: Shop) -> None:
    order = shop.order(id=9007199254740993)
    assert order["id"] == 9007199254740993
    assert shop.read(order)["id"] == 9007199254740993
    assert shop.events("9007199254740993")[0].cloud_event["data"]["id"] == 9007199254740993
    taken = shop.call("createOrder", standard_checkout(id=9007199254740993))
    assert (taken.status, taken.json()["errors"][0]["pointer"]) == (422, "/id")


def test_sums_that_the_checkout_leaves_out_are_computed(shop: Shop) -> None:
    order = shop.order(**WITHOUT_SUMS)
    assert [order[name] for name in SUMS] == ["55.62", "6.18", "4.90", "10.21", "70.73"]


def test_a_variant_gives_what_the_basket_leaves_out(shop: Shop) -> None:
    sku = {"sku": "SKU-1004", "quantity": 5}
    order = shop.order(
        line_items=[sku],
        shipping_lines=[],
        discount_applications=[],
        transactions=ABSENT,
        **WITHOUT_SUMS,
    )
    (item,) = order["line_items"]
    assert (item["title"], item["price"], item["variant_id"]) == ("Bread knife", "18.00", 4400000001004)
    assert order["total_price"] == "90.00"


class TestWhoBuys:
    def test_a_guest_has_no_customer(self, shop: Shop) -> None:
        """HP-3: the shop does not normalise the email."""
        order = shop.order(customer=None, email="Anna.K@Example.com")
        assert (order["customer"], order["email"]) == (None, "Anna.K@Example.com")

    def test_a_person_with_an_email_gets_or_has_an_account(self, shop: Shop) -> None:
        known = shop.order(customer={"email": "ANNA.K@example.com"})
        assert known["customer"]["id"] == 7723
        fresh = shop.order(customer={"email": "ben@example.com", "first_name": "Ben"})
        again = shop.order(customer={"email": "ben@example.com"})
        assert fresh["customer"] == again["customer"]
        assert [e.name for e in shop.events(str(fresh["customer"]["id"]))] == ["store.customer.created.v1"]

    def test_a_plus_tag_is_another_customer(self, shop: Shop) -> None:
        """DQ-10."""
        assert shop.order(customer={"email": "anna.k+x@example.com"})["customer"]["id"] != 7723


def test_a_checkout_without_correlation_id_begins_a_flow_that_all_its_events_carry(shop: Shop) -> None:
    """MSG-1."""
    order = shop.unpaid()
    shop.move(order, "sale", "70.73")
    shop.fulfil(order, (0, 2), (1, 1))
    assert shop.event_names(order) == ["created", "paid", "fulfilled"]
    assert len({entry.cloud_event["correlationid"] for entry in shop.events(str(order["id"]))}) == 1
    other = shop.unpaid()
    both = shop.events(str(order["id"])) + shop.events(str(other["id"]))
    assert len({entry.cloud_event["correlationid"] for entry in both}) == 2


class TestWhatWasCharged:
    """The charged total is the truth, as far as rounding can explain it."""

    def test_tax_rounded_per_document_may_differ_from_the_sum_of_its_lines(self, shop: Shop) -> None:
        """M-1: 1.90 per document, 1.89 by lines."""
        order = shop.order(
            line_items=[line("SKU-1001", 1, "3.33", "0.63") for _ in range(3)],
            shipping_lines=[],
            discount_applications=[],
            subtotal_price="9.99",
            total_discounts="0.00",
            total_shipping="0.00",
            total_tax="1.90",
            total_price="11.89",
            transactions=ABSENT,
        )
        assert (order["total_tax"], order["total_price"]) == ("1.90", "11.89")

    def test_prices_may_include_the_tax(self, shop: Shop) -> None:
        """M-20."""
        order = shop.order(
            taxes_included=True,
            line_items=[line("SKU-1001", 3, "19.99", "9.16", rate=0.2, discount="5.00")],
            shipping_lines=[],
            subtotal_price="54.97",
            total_discounts="5.00",
            total_shipping="0.00",
            total_tax="9.16",
            total_price="54.97",
            transactions=ABSENT,
        )
        assert order["total_price"] == "54.97"

    def test_a_discount_after_tax_is_kept_for_the_erp_to_refuse(self, shop: Shop) -> None:
        """M-5, PT-2: 90.00 adds up, though 10.00 of tax on 80.00 does not fit 10 %."""
        order = shop.order(
            line_items=[line("SKU-1001", 1, "100.00", "10.00", rate=0.1, discount="20.00")],
            shipping_lines=[],
            subtotal_price="80.00",
            total_discounts="20.00",
            total_shipping="0.00",
            total_tax="10.00",
            total_price="90.00",
            transactions=ABSENT,
        )
        assert order["total_price"] == "90.00"

    def test_a_currency_without_decimals(self, shop: Shop) -> None:
        """M-15, CUR-1."""
        yen = {
            "currency": "JPY",
            "line_items": [line("SKU-1001", 1, "5940", "594", rate=0.1)],
            "shipping_lines": [],
            "discount_applications": [],
            "transactions": ABSENT,
            **WITHOUT_SUMS,
        }
        assert shop.order(**yen)["total_price"] == "6534"
        broken = standard_checkout(**{**yen, "line_items": [line("SKU-1001", 1, "5940", "594.5", rate=0.1)]})
        refused = shop.call("createOrder", broken)
        assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, "/line_items/0/tax_lines/0/price")

    def test_a_price_per_piece_may_have_five_decimals(self, shop: Shop) -> None:
        """M-18: multiply first, then round."""
        order = shop.order(
            line_items=[{"sku": "SKU-1001", "quantity": 7, "price": "0.03333"}],
            shipping_lines=[],
            discount_applications=[],
            transactions=ABSENT,
            **WITHOUT_SUMS,
        )
        assert order["total_price"] == "0.23"


@pytest.mark.parametrize(
    ("changes", "code", "pointers"),
    [
        pytest.param({"total_price": "71.73"}, "total-mismatch", ["/total_price"], id="a wrong total"),
        pytest.param(
            {"total_tax": "9.21", "subtotal_price": "55.63"},
            "total-mismatch",
            ["/subtotal_price", "/total_tax", "/total_price"],
            id="several wrong sums",
        ),
        pytest.param(
            {"customer": {"first_name": "Ben"}, "email": None}, "validation-failed", ["/customer/email"], id="nobody"
        ),
        pytest.param(
            {"shipping_lines": [{"title": "Free", "code": None, "price": "-4.90"}]},
            "validation-failed",
            ["/shipping_lines/0/price"],
            id="a negative price",
        ),
        pytest.param({"customer": {"id": 1}}, "unknown-reference", ["/customer/id"], id="an unknown customer"),
        pytest.param(
            {"line_items": [{"sku": "SKU-9999", "quantity": 1}, {"variant_id": 5, "quantity": 1, "price": "1.00"}]},
            "validation-failed",
            ["/line_items/0/price", "/line_items/1/variant_id"],
            id="a line without price and an unknown variant",
        ),
        pytest.param(
            {"line_items": [line("SKU-1001", 1, "5.00", "0.00", discount="6.00")]},
            "validation-failed",
            ["/line_items/0/discount_allocations"],
            id="a discount above its line",
        ),
        pytest.param(
            {"discount_applications": []},
            "unknown-reference",
            [f"/line_items/{n}/discount_allocations/0/discount_application_index" for n in (0, 1)],
            id="an allocation of no discount",
        ),
    ],
)
def test_nonsense_is_refused_with_every_violation(
    shop: Shop, changes: dict[str, Any], code: str, pointers: list[str]
) -> None:
    refused = shop.call("createOrder", standard_checkout(**changes))
    assert (refused.status, refused.json()["code"]) == (422, code)
    assert [error["pointer"] for error in refused.json()["errors"]] == pointers
    assert shop.do("listOrders")["orders"] == []
    assert shop.order()["name"] == "#1001", "a refusal uses up no number"
