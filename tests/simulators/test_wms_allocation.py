"""Fulfilment orders meet stock: allocation, backorder, arrival, repeats and changes (domain 2.3, INV-6)."""

from __future__ import annotations

import pytest

from understudy.testing import Landscape

from .floor import STANDARD_LINES, Floor, order_body, quantities


@pytest.fixture
def floor(landscape: Landscape) -> Floor:
    return Floor(landscape)


@pytest.mark.parametrize(
    ("wanted", "status", "allocated", "backordered", "events"),
    [
        pytest.param("5", "allocated", "5", "0", ["order.accepted", "order.allocated"], id="all in stock"),
        pytest.param("7", "partially_allocated", "5", "2", ["order.accepted", "order.backordered"], id="a part"),
    ],
)
def test_an_order_is_allocated_at_creation_as_far_as_stock_allows(
    floor: Floor, wanted: str, status: str, allocated: str, backordered: str, events: list[str]
) -> None:
    order = floor.order("SO-1", ("10000", "SKU-1004", wanted))
    assert order["status"] == status
    assert quantities(order, "10000", "allocated", "backordered") == {
        "allocated": allocated,
        "backordered": backordered,
    }
    assert floor.event_names("SO-1") == events
    assert floor.stock("SKU-1004") == ("5", allocated, str(5 - int(allocated)))


def test_an_order_without_any_stock_is_backordered(floor: Floor) -> None:
    order = floor.order("SO-1", ("10000", "SKU-1003", "4"))
    assert order["status"] == "backordered"
    assert quantities(order, "10000", "allocated", "backordered") == {"allocated": "0", "backordered": "4"}
    assert floor.event_names("SO-1") == ["order.accepted", "order.backordered"]


def test_a_sku_that_the_warehouse_has_never_seen_is_backordered_until_it_arrives(floor: Floor) -> None:
    """The WMS has no item master: MD-1's item exists in the ERP first, then in the warehouse's first document."""
    order = floor.order("SO-1", ("10000", "SKU-9999", "1"))
    assert order["status"] == "backordered"
    floor.receive("SKU-9999", "1")
    assert floor.status(order) == "allocated"


def test_arriving_stock_goes_to_the_most_urgent_and_then_to_the_oldest_order(floor: Floor) -> None:
    first = floor.order("SO-1", ("10000", "SKU-1003", "5"))
    second = floor.order("SO-2", ("10000", "SKU-1003", "2"))
    urgent = floor.order("SO-3", ("10000", "SKU-1003", "1"), priority=1)
    dated = floor.order("SO-4", ("10000", "SKU-1003", "1"), requiredShipDate="2026-03-05")
    floor.receive("SKU-1003", "4")
    assert [floor.status(order) for order in (urgent, dated, first, second)] == [
        "allocated",
        "allocated",
        "partially_allocated",
        "backordered",
    ]
    assert quantities(floor.read(first), "10000", "allocated", "backordered") == {"allocated": "2", "backordered": "3"}
    floor.receive("SKU-1003", "5")
    assert floor.status(first) == "allocated"
    assert floor.status(second) == "allocated"


def test_backorder_events_repeat_whenever_the_number_changes_and_carry_every_line(floor: Floor) -> None:
    """PS-2: what X lacks is told again with each arrival, and not when nothing changed."""
    floor.order("SO-1", ("10000", "SKU-1003", "5"), ("20000", "SKU-1001", "1"))
    floor.receive("SKU-1003", "2")
    floor.receive("SKU-1002", "1")
    floor.receive("SKU-1003", "3")
    assert floor.event_names("SO-1") == [
        "order.accepted",
        "order.backordered",
        "order.backordered",
        "order.allocated",
    ]
    told = [e.cloud_event["data"]["lines"] for e in floor.events("SO-1") if e.name == "wms.order.backordered.v1"]
    assert [[line["backordered"] for line in lines] for lines in told] == [["5", "0"], ["3", "0"]]


def test_allocation_never_exceeds_sellable_stock_whatever_the_order_of_requests(floor: Floor) -> None:
    """INV-6, CON-2: twenty orders for stock 5 get 5 pieces together."""
    orders = [floor.order(f"SO-{n}", ("10000", "SKU-1004", "1")) for n in range(20)]
    assert [order["status"] for order in orders] == ["allocated"] * 5 + ["backordered"] * 15
    assert floor.stock("SKU-1004") == ("5", "5", "0")


def test_damaged_stock_is_not_available(floor: Floor) -> None:
    """INV-12."""
    order = floor.order("SO-1", ("10000", "SKU-1003", "1"))
    floor.receive("SKU-1003", "0", "2")
    assert floor.status(order) == "backordered"
    assert floor.stock("SKU-1003", status="DAMAGED") == ("2", "0", "0")


class TestRepeats:
    """The order number is unique per warehouse (IDM-4 without an idempotency key)."""

    def test_an_equal_body_answers_200_with_the_same_order(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        again = floor.call("createFulfilmentOrder", order_body("SO-1", STANDARD_LINES))
        assert (again.status, again.json()["id"]) == (200, order["id"])
        assert floor.event_names("SO-1") == ["order.accepted", "order.allocated"]
        assert floor.stock("SKU-1001") == ("20", "2", "18")

    def test_spelling_out_a_default_makes_no_other_body(self, floor: Floor) -> None:
        floor.order("SO-1")
        body = order_body("SO-1", STANDARD_LINES, priority=5, shipComplete=False, requiredShipDate=None)
        body["lines"][0]["quantity"] = "2.00"
        assert floor.call("createFulfilmentOrder", body).status == 200

    def test_another_body_is_409_with_the_existing_id(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        other = floor.call("createFulfilmentOrder", order_body("SO-1", (("10000", "SKU-1001", "9"),)))
        assert (other.status, other.json()["code"], other.json()["existingId"]) == (
            409,
            "duplicate-source-order",
            order["id"],
        )

    def test_a_lower_release_version_is_409_entity_changed(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        late = floor.call("createFulfilmentOrder", order_body("SO-1", STANDARD_LINES, releaseVersion=2))
        assert (late.status, late.json()["code"], late.json()["existingId"]) == (409, "entity-changed", order["id"])

    def test_another_warehouse_may_have_the_same_number(self, floor: Floor) -> None:
        """HP-5: one order, two warehouses."""
        floor.order("SO-1")
        assert floor.order("SO-1", warehouseCode="WAW1")["status"] == "backordered"


def test_every_violation_is_listed_in_one_answer(floor: Floor) -> None:
    body = order_body(
        "SO-1",
        (("10000", "SKU-1001", "0.5"), ("10000", "SKU-1002", "1")),
        warehouseCode="XYZ1",
    )
    body["lines"][1]["uom"] = "CS"
    refused = floor.call("createFulfilmentOrder", body)
    assert refused.status == 422
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/warehouseCode", "unknown-reference"),
        ("/lines/0/quantity", "invalid-value"),
        ("/lines/1/lineRef", "invalid-value"),
        ("/lines/1/uom", "invalid-value"),
    ]


class TestChanges:
    def test_a_higher_version_takes_over_new_lines_and_assigns_stock_anew(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1004", "5"), ("20000", "SKU-1001", "1"))
        waiting = floor.order("SO-2", ("10000", "SKU-1004", "2"))
        lines = order_body("SO-1", (("10000", "SKU-1004", "3"),))["lines"]
        changed = floor.do(
            "updateFulfilmentOrder", {"releaseVersion": 4, "lines": lines}, fulfilmentOrderId=order["id"]
        )
        assert (changed["releaseVersion"], changed["status"]) == (4, "allocated")
        assert quantities(changed, "10000", "quantity", "allocated") == {"quantity": "3", "allocated": "3"}
        assert quantities(changed, "20000", "quantity", "allocated", "cancelled") == {
            "quantity": "1",
            "allocated": "0",
            "cancelled": "1",
        }
        assert floor.status(waiting) == "allocated"
        assert floor.stock("SKU-1001") == ("20", "0", "20")

    def test_more_than_there_is_makes_it_partially_allocated_again(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1004", "5"))
        lines = order_body("SO-1", (("10000", "SKU-1004", "6"),))["lines"]
        changed = floor.do(
            "updateFulfilmentOrder", {"releaseVersion": 4, "lines": lines}, fulfilmentOrderId=order["id"]
        )
        assert changed["status"] == "partially_allocated"
        assert floor.event_names("SO-1")[-1] == "order.backordered"

    @pytest.mark.parametrize("version", [2, 3])
    def test_a_change_without_a_higher_version_is_409(self, floor: Floor, version: int) -> None:
        order = floor.order("SO-1")
        late = floor.call(
            "updateFulfilmentOrder", {"releaseVersion": version, "priority": 1}, fulfilmentOrderId=order["id"]
        )
        assert (late.status, late.json()["code"]) == (409, "entity-changed")

    def test_an_equal_repeat_changes_nothing(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        same = {"releaseVersion": 3, "lines": order_body("SO-1", STANDARD_LINES)["lines"]}
        assert floor.do("updateFulfilmentOrder", same, fulfilmentOrderId=order["id"])["@etag"] == order["@etag"]

    def test_a_stale_if_match_is_412_and_a_missing_one_428(self, floor: Floor) -> None:
        """CON-1."""
        order = floor.order("SO-1")
        change = {"releaseVersion": 4, "priority": 1}
        stale = floor.call(
            "updateFulfilmentOrder", change, fulfilmentOrderId=order["id"], headers={"If-Match": 'W/"99"'}
        )
        assert (stale.status, stale.json()["code"]) == (412, "precondition-failed")

    def test_after_release_only_carrier_and_address_may_change(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.release(order)
        locked = floor.call(
            "updateFulfilmentOrder", {"releaseVersion": 4, "priority": 1}, fulfilmentOrderId=order["id"]
        )
        assert (locked.status, locked.json()["code"], locked.json()["currentState"]) == (
            409,
            "document-locked",
            "released",
        )
        moved = floor.do(
            "updateFulfilmentOrder", {"releaseVersion": 4, "carrierCode": "UPS"}, fulfilmentOrderId=order["id"]
        )
        assert (moved["carrierCode"], moved["status"]) == ("UPS", "released")

    def test_from_packed_on_nothing_may_change(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.to_packed(order)
        locked = floor.call(
            "updateFulfilmentOrder", {"releaseVersion": 4, "carrierCode": "UPS"}, fulfilmentOrderId=order["id"]
        )
        assert (locked.status, locked.json()["code"]) == (409, "document-locked")


def test_events_of_an_order_carry_the_correlation_it_was_created_with(landscape: Landscape) -> None:
    """MSG-1, MSG-3: the warehouse worker's own requests break neither the flow nor the chain of causes (domain 2.7)."""
    floor = Floor(landscape)
    flow = {"X-Correlation-Id": "c-7f3a", "X-Causation-Id": "erp-evt-0912"}
    order = floor.do("createFulfilmentOrder", order_body("SO-1", STANDARD_LINES), headers=flow)
    floor.to_packed(order)
    floor.ship(order)
    told = [entry.cloud_event for entry in floor.events("SO-1")]
    assert {(event["correlationid"], event["causationid"]) for event in told} == {("c-7f3a", "erp-evt-0912")}


def test_lists_are_paged_by_cursor(floor: Floor) -> None:
    numbers = [f"SO-{n}" for n in range(5)]
    for number in numbers:
        floor.order(number, ("10000", "SKU-1001", "1"))
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = floor.do("listFulfilmentOrders", query=query)
        seen += [order["orderNumber"] for order in page["items"]]
        if not page["hasMore"]:
            assert page["nextCursor"] is None
            break
        query["cursor"] = page["nextCursor"]
    assert seen == numbers
    floor.landscape.advance("PT1H1S")
    expired = floor.call("listFulfilmentOrders", query=query)
    assert (expired.status, expired.json()["code"]) == (410, "cursor-expired")
    forged = floor.call("listFulfilmentOrders", query={"cursor": "eyJwIjoyLCJ0IjoiMCJ9"})
    assert (forged.status, forged.json()["code"]) == (400, "invalid-filter"), "a cursor nobody gave out"


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("getFulfilmentOrder", {"fulfilmentOrderId": "FO-0"}),
        ("getPickTask", {"pickTaskId": "PT-0"}),
        ("getShipment", {"shipmentId": "WSH-0"}),
        ("getReceipt", {"receiptId": "RCV-0"}),
    ],
)
def test_an_unknown_id_is_404(floor: Floor, operation: str, path: dict[str, str]) -> None:
    answer = floor.call(operation, **path)
    assert (answer.status, answer.json()["code"]) == (404, "not-found")
