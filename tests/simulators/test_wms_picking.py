"""Waves, pick tasks and short picks (domain 2.3; PS-3, PS-4; INV-6, INV-9)."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.testing import Landscape

from .conftest import MakeLandscape
from .floor import Floor, order_body, quantities


@pytest.fixture
def floor(landscape: Landscape) -> Floor:
    return Floor(landscape)


class TestWaves:
    def test_a_wave_releases_orders_and_makes_a_task_per_line_and_bin(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        wave = floor.do("createWave", {"fulfilmentOrderIds": [order["id"]]})
        assert (wave["status"], wave["fulfilmentOrders"]) == (
            "released",
            [{"id": order["id"], "orderNumber": "SO-1", "status": "released"}],
        )
        tasks = floor.open_tasks(order)
        assert [(t["sku"], t["binCode"], t["quantity"], t["waveId"]) for t in tasks] == [
            ("SKU-1001", "A-01-01", "2", wave["id"]),
            ("SKU-1002", "A-01-02", "1", wave["id"]),
        ]
        assert floor.event_names("SO-1")[-1] == "order.released"

    def test_one_order_that_cannot_be_released_refuses_the_whole_wave(self, floor: Floor) -> None:
        good, lacking = floor.order("SO-1"), floor.order("SO-2", ("10000", "SKU-1003", "1"))
        refused = floor.call("createWave", {"fulfilmentOrderIds": [good["id"], lacking["id"]]})
        problem = refused.json()
        assert (refused.status, problem["code"], problem["currentState"]) == (
            409,
            "invalid-state-transition",
            "backordered",
        )
        assert [error["pointer"] for error in problem["errors"]] == ["/fulfilmentOrderIds/1"]
        assert floor.status(good) == "allocated"

    def test_unknown_orders_are_all_listed(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        refused = floor.call("createWave", {"fulfilmentOrderIds": ["FO-0", order["id"], "FO-1"]})
        assert (refused.status, refused.json()["code"]) == (422, "unknown-reference")
        assert [error["pointer"] for error in refused.json()["errors"]] == [
            "/fulfilmentOrderIds/0",
            "/fulfilmentOrderIds/2",
        ]

    def test_an_order_that_ships_complete_waits_for_all_of_its_stock(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1004", "6"), shipComplete=True)
        assert floor.call("createWave", {"fulfilmentOrderIds": [order["id"]]}).status == 409
        floor.receive("SKU-1004", "1")
        assert len(floor.release(order)) == 1

    def test_a_wave_is_completed_with_its_last_task(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        for task in floor.release(order):
            assert floor.landscape.rows("wms", "waves")[0]["status"] == "released"
            floor.pick(task)
        assert floor.landscape.rows("wms", "waves")[0]["status"] == "completed"


class TestPicking:
    def test_the_first_task_started_makes_the_order_picking_the_last_one_done_makes_it_picked(
        self, floor: Floor
    ) -> None:
        order = floor.order("SO-1")
        first, second = floor.release(order)
        assert floor.do("startPickTask", pickTaskId=first["id"])["status"] == "in_progress"
        assert floor.status(order) == "picking"
        floor.do("completePickTask", {"pickedQuantity": "2"}, pickTaskId=first["id"])
        assert floor.status(order) == "picking"
        floor.pick(second)
        assert floor.status(order) == "picked"
        assert floor.event_names("SO-1")[-2:] == ["pick.completed", "pick.completed"]

    def test_picking_moves_stock_between_bins_only(self, floor: Floor) -> None:
        """INV-9: neither on hand nor allocated changes, and no movement is logged."""
        order = floor.order("SO-1", ("10000", "SKU-1001", "2"))
        before = len(floor.landscape.rows("wms", "stockMovements"))
        floor.pick_all(order)
        assert floor.stock("SKU-1001") == ("20", "2", "18")
        rows = floor.do("listInventory", query={"sku": "SKU-1001"})["items"]
        assert [(row["binCode"], row["onHand"], row["allocated"]) for row in rows] == [
            ("A-01-01", "18", "0"),
            ("OUT-01", "2", "2"),
        ]
        assert len(floor.landscape.rows("wms", "stockMovements")) == before

    def test_picking_before_the_release_is_impossible_and_after_it_in_order_only(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1001", "2"))
        assert floor.open_tasks(order) == []
        (task,) = floor.release(order)
        early = floor.call("completePickTask", {"pickedQuantity": "2"}, pickTaskId=task["id"])
        assert (early.status, early.json()["currentState"], early.json()["allowedTransitions"]) == (
            409,
            "open",
            ["in_progress", "cancelled"],
        )
        floor.pick(task)
        for operation, body in (("startPickTask", None), ("completePickTask", {"pickedQuantity": "2"})):
            again = floor.call(operation, body, pickTaskId=task["id"])
            assert (again.status, again.json()["currentState"], again.json()["allowedTransitions"]) == (
                409,
                "completed",
                [],
            )

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            pytest.param({"pickedQuantity": "3"}, ["/pickedQuantity"], id="above allocated"),
            pytest.param({"pickedQuantity": "1"}, ["/shortReason"], id="short without a reason"),
            pytest.param(
                {"pickedQuantity": "2", "shortReason": "DAMAGED"}, ["/shortReason"], id="a reason for nothing"
            ),
            pytest.param({"pickedQuantity": "0.5"}, ["/pickedQuantity", "/shortReason"], id="half a piece"),
        ],
    )
    def test_a_count_that_cannot_be_is_422(self, floor: Floor, body: dict[str, Any], pointers: list[str]) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1001", "2"))
        (task,) = floor.release(order)
        floor.do("startPickTask", pickTaskId=task["id"])
        refused = floor.call("completePickTask", body, pickTaskId=task["id"])
        assert refused.status == 422
        assert [error["pointer"] for error in refused.json()["errors"]] == pointers

    def test_an_unknown_task_is_404(self, floor: Floor) -> None:
        assert floor.call("startPickTask", pickTaskId="PT-0").status == 404


class TestShortPicks:
    """PS-3: 5 allocated, the picker finds 3."""

    def short(self, floor: Floor, quantity: str = "3") -> dict[str, Any]:
        order = floor.order("SO-1", ("10000", "SKU-1004", "5"))
        (task,) = floor.release(order)
        ended = floor.pick(task, quantity, "NOT_FOUND")
        assert (ended["status"], ended["pickedQuantity"], ended["shortReason"]) == ("short", quantity, "NOT_FOUND")
        return order

    def test_allocation_is_freed_on_hand_stays_and_the_bin_awaits_a_count(self, floor: Floor) -> None:
        order = self.short(floor)
        assert floor.stock("SKU-1004") == ("5", "3", "0")
        rows = floor.do("listInventory", query={"sku": "SKU-1004"})["items"]
        assert [(r["binCode"], r["onHand"], r["available"], r["countRequired"]) for r in rows] == [
            ("A-01-04", "2", "0", True),
            ("OUT-01", "3", "0", False),
        ]
        assert quantities(floor.read(order), "10000", "allocated", "backordered", "picked", "short") == {
            "allocated": "3",
            "backordered": "2",
            "picked": "3",
            "short": "2",
        }
        assert floor.event_names("SO-1")[-2:] == ["pick.short", "order.backordered"]

    def test_three_ship_two_stay_backordered_and_a_count_of_the_bin_posts_the_difference(self, floor: Floor) -> None:
        order = self.short(floor)
        floor.pack(order)
        floor.ship(order, final=False)
        floor.landscape.settle()
        assert floor.status(order) == "backordered"
        assert floor.stock("SKU-1004") == ("2", "0", "0")
        count = {
            "warehouseCode": "LEJ1",
            "sku": "SKU-1004",
            "binCode": "A-01-04",
            "quantityDelta": "-2",
            "reasonCode": "COUNT",
        }
        floor.do("createAdjustment", count)
        assert floor.stock("SKU-1004") == ("0", "0", "0")
        assert floor.do("listInventory", query={"sku": "SKU-1004"})["items"][0]["countRequired"] is False
        floor.receive("SKU-1004", "2")
        assert floor.status(order) == "allocated"

    def test_a_bin_that_awaits_a_count_cannot_be_picked(self, floor: Floor) -> None:
        victim = floor.order("SO-1", ("10000", "SKU-1004", "2"))
        other = floor.order("SO-2", ("10000", "SKU-1004", "2"))
        (task,) = floor.release(victim)
        (blocked,) = floor.release(other)
        floor.pick(task, "1", "DAMAGED")
        refused = floor.call("startPickTask", pickTaskId=blocked["id"])
        assert (refused.status, refused.json()["code"]) == (409, "invalid-state-transition")

    def test_nothing_found_at_all_sends_the_order_back_to_wait(self, floor: Floor) -> None:
        order = self.short(floor, "0")
        floor.landscape.settle()
        assert floor.status(order) == "backordered"
        floor.receive("SKU-1004", "5")
        assert floor.status(order) == "allocated"

    def test_under_cancel_remainder_the_missing_pieces_are_given_up(self, make_landscape: MakeLandscape) -> None:
        """PS-4."""
        floor = Floor(make_landscape(shortPolicy="cancelRemainder"))
        order = self.short(floor)
        read = floor.read(order)
        assert quantities(read, "10000", "backordered", "cancelled", "short") == {
            "backordered": "0",
            "cancelled": "2",
            "short": "2",
        }
        assert read["status"] == "picked"
        floor.pack(order)
        floor.ship(order)
        assert floor.status(order) == "shipped"

    def test_under_cancel_remainder_an_order_of_which_nothing_is_found_is_cancelled(
        self, make_landscape: MakeLandscape
    ) -> None:
        floor = Floor(make_landscape(shortPolicy="cancelRemainder"))
        order = self.short(floor, "0")
        assert floor.status(order) == "cancelled"
        assert floor.event_names("SO-1")[-1] == "order.cancelled"

    def test_a_held_order_of_which_nothing_was_found_waits_for_stock_once_resumed(
        self, make_landscape: MakeLandscape
    ) -> None:
        floor = Floor(make_landscape(shortPolicy="holdOrder"))
        order = self.short(floor, "0")
        assert floor.status(order) == "on_hold"
        floor.receive("SKU-1004", "5")
        assert floor.status(order) == "on_hold", "nothing is assigned to an order on hold"
        resumed = floor.do("updateFulfilmentOrder", {"releaseVersion": 4}, fulfilmentOrderId=order["id"])
        assert resumed["status"] == "backordered"
        floor.landscape.settle()
        assert floor.status(order) == "allocated"

    def test_a_held_order_can_be_cancelled(self, make_landscape: MakeLandscape) -> None:
        floor = Floor(make_landscape(shortPolicy="holdOrder"))
        order = self.short(floor)
        assert floor.call("cancelFulfilmentOrder", fulfilmentOrderId=order["id"]).status == 202
        floor.landscape.advance("PT10M")
        assert floor.status(order) == "cancelled"
        assert floor.stock("SKU-1004") == ("5", "0", "0"), "the goods are back in a bin that awaits its count"

    def test_under_hold_order_the_order_stops_until_the_erp_decides(self, make_landscape: MakeLandscape) -> None:
        floor = Floor(make_landscape(shortPolicy="holdOrder"))
        order = self.short(floor)
        held = floor.read(order)
        assert (held["status"], held["holdReason"]) == ("on_hold", "short_pick")
        carton = {"weightGrams": 1, "lines": [{"lineRef": "10000", "quantity": "3"}]}
        refused = floor.call("packFulfilmentOrder", {"cartons": [carton]}, fulfilmentOrderId=order["id"])
        assert (refused.status, refused.json()["currentState"]) == (409, "on_hold")
        too_low = order_body("SO-1", (("10000", "SKU-1004", "2"),))["lines"]
        change = {"releaseVersion": 4, "lines": too_low}
        assert floor.call("updateFulfilmentOrder", change, fulfilmentOrderId=order["id"]).status == 422
        change = {"releaseVersion": 4, "lines": order_body("SO-1", (("10000", "SKU-1004", "3"),))["lines"]}
        resumed = floor.do("updateFulfilmentOrder", change, fulfilmentOrderId=order["id"])
        assert (resumed["status"], resumed["holdReason"]) == ("picked", None)
        assert quantities(resumed, "10000", "quantity", "allocated", "backordered") == {
            "quantity": "3",
            "allocated": "3",
            "backordered": "0",
        }
