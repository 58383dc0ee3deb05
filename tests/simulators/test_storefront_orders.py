"""Money, goods and changes of an order (domain 2.4): three axes, each with its own machine."""

from __future__ import annotations

import re
from typing import Any

import pytest

from understudy.testing import Landscape

from .shop import ABSENT, WITHOUT_SUMS, Shop


@pytest.fixture
def shop(landscape: Landscape) -> Shop:
    return Shop(landscape)


class TestMoney:
    @pytest.mark.parametrize(
        ("moves", "status"),
        [
            pytest.param([], "pending", id="nothing paid"),
            pytest.param([("sale", "70.73")], "paid", id="sale"),
            pytest.param([("sale", "70.00")], "partially_paid", id="a part"),
            pytest.param([("sale", "70.00"), ("sale", "0.73")], "paid", id="two parts"),
            pytest.param([("authorization", "70.73")], "authorized", id="authorised"),
            pytest.param([("authorization", "70.73"), ("capture", "30.00")], "partially_paid", id="captured in part"),
            pytest.param([("authorization", "70.73"), ("capture", "70.73")], "paid", id="captured"),
            pytest.param([("authorization", "70.73"), ("void", "70.73")], "voided", id="voided"),
            pytest.param([("void", "0")], "voided", id="given up while pending"),
            pytest.param([("sale", "70.73"), ("refund", "26.67")], "partially_refunded", id="refunded in part"),
            pytest.param([("sale", "70.73"), ("refund", "26.67"), ("refund", "44.06")], "refunded", id="refunded"),
        ],
    )
    def test_the_financial_status_follows_the_transactions(
        self, shop: Shop, moves: list[tuple[str, str]], status: str
    ) -> None:
        order = shop.unpaid()
        for kind, amount in moves:
            assert shop.move(order, kind, amount).status == 201
        assert shop.read(order)["financial_status"] == status

    @pytest.mark.parametrize(
        ("before", "kind", "amount", "status", "current"),
        [
            pytest.param([], "refund", "1.00", 409, "pending", id="refund while unpaid"),
            pytest.param([], "capture", "1.00", 409, "pending", id="capture of nothing"),
            pytest.param([("sale", "70.73")], "sale", "1.00", 409, "paid", id="pay twice"),
            pytest.param([("authorization", "70.73")], "sale", "70.73", 409, "authorized", id="sale while authorised"),
            pytest.param([("authorization", "70.73")], "authorization", "1.00", 409, "authorized", id="twice"),
            pytest.param([("sale", "70.73")], "void", "0", 409, "paid", id="void what is captured"),
            pytest.param([("void", "0")], "sale", "70.73", 409, "voided", id="pay a voided order"),
            pytest.param([("authorization", "70.73")], "capture", "70.74", 422, None, id="capture above authorised"),
            pytest.param([("sale", "70.73")], "refund", "70.74", 422, None, id="refund above captured"),
            pytest.param([("sale", "70.73"), ("refund", "70.73")], "refund", "0.01", 422, None, id="refund once more"),
            pytest.param([], "sale", "70.74", 422, None, id="more than the price"),
            pytest.param([], "sale", "0.00", 422, None, id="nothing at all"),
        ],
    )
    def test_what_the_money_cannot_do_is_refused(
        self, shop: Shop, before: list[tuple[str, str]], kind: str, amount: str, status: int, current: str | None
    ) -> None:
        order = shop.unpaid()
        for earlier in before:
            shop.move(order, *earlier)
        refused = shop.move(order, kind, amount)
        assert (refused.status, refused.json().get("currentState")) == (status, current)
        transactions = shop.do("listOrderTransactions", orderId=order["id"])["transactions"]
        assert len(transactions) == len(before)

    def test_every_violation_is_listed(self, shop: Shop) -> None:
        order = shop.order()
        refused = shop.move(order, "refund", "80.001", currency="USD", parent_id=1)
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
            ("/currency", "currency-mismatch"),
            ("/amount", "invalid-value"),
            ("/parent_id", "unknown-reference"),
            ("/amount", "invalid-value"),
        ]

    def test_a_refund_of_a_named_payment_is_limited_by_it(self, shop: Shop) -> None:
        order = shop.unpaid()
        first = shop.move(order, "sale", "30.73").json()
        shop.move(order, "sale", "40.00")
        assert shop.move(order, "refund", "31.00", parent_id=first["id"]).status == 422
        assert shop.move(order, "refund", "30.73", parent_id=first["id"]).json()["parent_id"] == first["id"]
        assert shop.move(order, "refund", "0.01", parent_id=first["id"]).status == 422

    def test_becoming_paid_is_told_once_other_changes_as_updates(self, shop: Shop) -> None:
        order = shop.unpaid()
        shop.move(order, "authorization", "70.73")
        shop.move(order, "capture", "70.73")
        shop.move(order, "refund", "26.67")
        assert shop.event_names(order) == ["created", "updated", "paid", "updated"]
        assert shop.read(order)["current_total_price"] == "44.06"

    def test_a_failed_attempt_is_kept_and_changes_nothing(self, shop: Shop) -> None:
        order = shop.unpaid()
        assert shop.move(order, "sale", "70.73", status="failure").json()["status"] == "failure"
        assert shop.read(order)["financial_status"] == "pending"
        assert shop.event_names(order) == ["created"]

    def test_an_authorisation_expires_after_seven_days(self, shop: Shop) -> None:
        order = shop.unpaid()
        captured = shop.unpaid()
        for one in (order, captured):
            shop.move(one, "authorization", "70.73")
        shop.move(captured, "capture", "70.73")
        shop.landscape.advance("P7D")
        assert shop.read(order)["financial_status"] == "expired"
        assert shop.read(captured)["financial_status"] == "paid"
        assert shop.move(order, "capture", "70.73").status == 409

    def test_a_test_order_arrives_on_live_topics(self, shop: Shop) -> None:
        order = shop.order(test=True)
        assert shop.event_names(order) == ["created", "paid"]
        assert shop.events(str(order["id"]))[0].cloud_event["data"]["test"] is True


class TestGoods:
    def test_a_part_then_the_rest(self, shop: Shop) -> None:
        """PS-1: `partial`, then `fulfilled`; both events are echoes to the integration."""
        order = shop.order()
        first = shop.fulfil(order, (0, 1), tracking_numbers=["JD0146"], tracking_company="DHL").json()
        assert (first["status"], first["tracking_number"], first["tracking_numbers"]) == (
            "success",
            "JD0146",
            ["JD0146"],
        )
        partly = shop.read(order)
        assert partly["fulfillment_status"] == "partial"
        assert [item["fulfillment_status"] for item in partly["line_items"]] == ["partial", None]
        shop.fulfil(order, (0, 1), (1, 1))
        done = shop.read(order)
        assert done["fulfillment_status"] == "fulfilled"
        assert [item["fulfillment_status"] for item in done["line_items"]] == ["fulfilled", "fulfilled"]
        assert len(done["fulfillments"]) == 2
        assert shop.event_names(order) == ["created", "paid", "partially_fulfilled", "fulfilled"]

    @pytest.mark.parametrize(
        "lines", [pytest.param([(0, 3)], id="at once"), pytest.param([(0, 2), (0, 1)], id="named twice")]
    )
    def test_more_pieces_than_are_left_are_422(self, shop: Shop, lines: list[tuple[int, int]]) -> None:
        order = shop.order()
        refused = shop.fulfil(order, *lines)
        assert (refused.status, refused.json()["code"]) == (422, "over-shipment")
        assert shop.read(order)["fulfillments"] == []

    def test_a_fulfilled_order_has_nothing_left(self, shop: Shop) -> None:
        order = shop.order()
        shop.fulfil(order, (0, 2), (1, 1))
        assert shop.fulfil(order, (0, 1)).status == 422

    def test_unknown_lines_are_422(self, shop: Shop) -> None:
        body = {"line_items": [{"id": 1, "quantity": 1}]}
        refused = shop.call("createFulfillment", body, orderId=shop.order()["id"])
        assert (refused.status, refused.json()["code"]) == (422, "unknown-reference")

    def test_a_cancelled_order_is_409(self, shop: Shop) -> None:
        order = shop.order()
        shop.do("cancelOrder", {}, orderId=order["id"])
        refused = shop.fulfil(order, (0, 1))
        assert (refused.status, refused.json()["code"], refused.json()["currentState"]) == (
            409,
            "invalid-state-transition",
            "cancelled",
        )

    def test_the_same_key_makes_one_fulfilment(self, shop: Shop) -> None:
        order = shop.order()
        body = {"line_items": [{"id": order["line_items"][0]["id"], "quantity": 1}]}
        key = {"Idempotency-Key": "store:fulfilment:WSH-88001"}
        answers = [shop.call("createFulfillment", body, orderId=order["id"], headers=key) for _ in range(2)]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        assert len(shop.do("listFulfillments", orderId=order["id"])["fulfillments"]) == 1

    def test_digital_lines_do_not_hold_the_order_up(self, shop: Shop) -> None:
        digital = {"title": "E-book", "quantity": 1, "price": "5.00", "requires_shipping": False}
        order = shop.order(
            line_items=[{"sku": "SKU-1001", "quantity": 1}, digital],
            shipping_lines=[],
            transactions=ABSENT,
            **WITHOUT_SUMS,
        )
        shop.fulfil(order, (0, 1))
        assert shop.read(order)["fulfillment_status"] == "fulfilled"


class TestChanges:
    def test_a_tag_is_noise_that_everybody_hears(self, shop: Shop) -> None:
        order = shop.order()
        shop.landscape.advance("PT1M")
        changed = shop.do("updateOrder", {"tags": "vip", "note": "ring twice"}, orderId=order["id"])
        assert (changed["tags"], changed["note"], changed["updated_at"]) == (
            "vip",
            "ring twice",
            "2026-03-01T23:30:00Z",
        )
        assert shop.event_names(order) == ["created", "paid", "updated"]

    def test_an_unpaid_order_is_cancelled_and_its_authorisation_voided(self, shop: Shop) -> None:
        order = shop.unpaid()
        shop.move(order, "authorization", "70.73")
        cancelled = shop.do("cancelOrder", {"reason": "customer"}, orderId=order["id"])
        assert (cancelled["cancel_reason"], cancelled["cancelled_at"], cancelled["financial_status"]) == (
            "customer",
            "2026-03-01T23:29:00Z",
            "voided",
        )
        assert shop.event_names(order)[-1] == "cancelled"

    def test_captured_money_stays_until_it_is_refunded(self, shop: Shop) -> None:
        order = shop.order()
        assert shop.do("cancelOrder", {}, orderId=order["id"])["financial_status"] == "paid"
        assert shop.move(order, "refund", "70.73").status == 201
        assert shop.read(order)["financial_status"] == "refunded"
        assert shop.move(order, "sale", "1.00").status == 409

    @pytest.mark.parametrize("state", ["partial", "fulfilled", "cancelled"])
    def test_only_an_open_unfulfilled_order_can_be_cancelled(self, shop: Shop, state: str) -> None:
        """CX-4: a whole-order cancel after a partial shipment is 409."""
        order = shop.order()
        if state == "cancelled":
            shop.do("cancelOrder", {}, orderId=order["id"])
        else:
            shop.fulfil(order, (0, 2), *([(1, 1)] if state == "fulfilled" else []))
        refused = shop.call("cancelOrder", {}, orderId=order["id"])
        assert (refused.status, refused.json()["currentState"]) == (409, state)


class TestLists:
    def follow(self, shop: Shop, operation: str, name: str, **query: Any) -> list[dict[str, Any]]:
        """Every row, page by page, by the Link header."""
        rows: list[dict[str, Any]] = []
        answer = shop.call(operation, query={"limit": 2, **query})
        while True:
            rows += answer.json()[name]
            link = re.search(r'page_info=([^&>]+)[^>]*>; rel="next"', answer.headers.get("link", ""))
            if link is None:
                return rows
            answer = shop.call(operation, query={"limit": 2, "page_info": link.group(1)})

    def test_pages_are_linked_and_a_single_page_has_no_link(self, shop: Shop) -> None:
        orders = [shop.unpaid()["id"] for _ in range(5)]
        assert [row["id"] for row in self.follow(shop, "listOrders", "orders")] == orders
        assert "link" not in shop.call("listOrders").headers

    def test_a_cursor_admits_no_filter(self, shop: Shop) -> None:
        for _ in range(3):
            shop.unpaid()
        link = shop.call("listOrders", query={"limit": 2}).headers["link"]
        cursor = re.search(r"page_info=([^&>]+)", link)
        assert cursor is not None
        refused = shop.call("listOrders", query={"page_info": cursor.group(1), "financial_status": "paid"})
        assert (refused.status, refused.json()["code"]) == (400, "invalid-filter")

    def test_a_cursor_expires_after_an_hour(self, shop: Shop) -> None:
        for _ in range(3):
            shop.unpaid()
        link = shop.call("listOrders", query={"limit": 2}).headers["link"]
        cursor = re.search(r"page_info=([^&>]+)", link)
        assert cursor is not None
        shop.landscape.advance("PT1H")
        assert shop.call("listOrders", query={"page_info": cursor.group(1)}).status == 200
        shop.landscape.advance("PT1S")
        expired = shop.call("listOrders", query={"page_info": cursor.group(1)})
        assert (expired.status, expired.json()["code"]) == (410, "cursor-expired")

    def test_orders_are_found_by_state_name_and_time(self, shop: Shop) -> None:
        pending = shop.unpaid()
        shop.landscape.advance("PT1H")
        paid = shop.order()
        gone = shop.order()
        shop.do("cancelOrder", {}, orderId=gone["id"])

        def found(**query: str) -> list[int]:
            return [order["id"] for order in shop.do("listOrders", query=query)["orders"]]

        assert found(name="#1001") == [pending["id"]]
        assert found(financial_status="pending") == [pending["id"]]
        assert found(created_at_min="2026-03-02T00:00:00Z") == [paid["id"], gone["id"]]
        assert found(status="open") == [pending["id"], paid["id"]]
        assert found(status="cancelled") == [gone["id"]]
        shop.do("updateOrder", {"tags": "x"}, orderId=pending["id"])
        assert found(updated_at_min="2026-03-02T00:00:00Z") == [pending["id"], paid["id"], gone["id"]]
