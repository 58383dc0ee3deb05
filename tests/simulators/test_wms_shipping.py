"""Packing, shipping and cancelling (domain 2.3, 2.7; HP-1, PS-1, CX-1 to CX-3; INV-6)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from understudy import Transition
from understudy.testing import Landscape

from .floor import Floor, quantities


@pytest.fixture
def floor(landscape: Landscape) -> Floor:
    return Floor(landscape)


def gs1_is_valid(code: str) -> bool:
    """GS1 General Specifications 7.9: weighted 1, 3, 1, … from the right, the digits add up to a multiple of 10."""
    return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(reversed(code))) % 10 == 0


class TestPacking:
    def test_every_carton_has_an_sscc_with_a_valid_check_digit(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.pick_all(order)
        floor.pack(order, ("10000", "1"))
        packed = floor.pack(order, ("10000", "1"), ("20000", "1"))
        codes = [carton["sscc"] for carton in packed["cartons"]]
        assert codes[0] == "340123450000000017"
        assert all(re.fullmatch(r"\d{18}", code) and gs1_is_valid(code) for code in codes)
        assert len(set(codes)) == 2

    def test_the_order_is_packing_until_everything_picked_is_packed(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.pick_all(order)
        assert floor.pack(order, ("10000", "2"))["status"] == "packing"
        assert "pack.completed" not in floor.event_names("SO-1")
        assert floor.pack(order, ("20000", "1"))["status"] == "packed"
        assert floor.event_names("SO-1")[-1] == "pack.completed"

    def test_more_than_was_picked_is_409(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.pick_all(order)
        carton = {"weightGrams": 1, "lines": [{"lineRef": "10000", "quantity": "2"}]}
        too_much = {"weightGrams": 1, "lines": [{"lineRef": "10000", "quantity": "1"}]}
        refused = floor.call("packFulfilmentOrder", {"cartons": [carton, too_much]}, fulfilmentOrderId=order["id"])
        assert (refused.status, refused.json()["code"], refused.json()["currentState"]) == (
            409,
            "invalid-state-transition",
            "picked",
        )
        assert floor.read(order)["cartons"] == []

    def test_an_order_that_is_not_picked_cannot_be_packed(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.release(order)
        carton = {"weightGrams": 1, "lines": [{"lineRef": "10000", "quantity": "1"}]}
        refused = floor.call("packFulfilmentOrder", {"cartons": [carton]}, fulfilmentOrderId=order["id"])
        assert (refused.status, refused.json()["currentState"]) == (409, "released")

    def test_unknown_lines_and_unfit_serials_are_all_listed(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.pick_all(order)
        lines = [
            {"lineRef": "99", "quantity": "1"},
            {"lineRef": "10000", "quantity": "2", "serials": ["S1"]},
        ]
        refused = floor.call(
            "packFulfilmentOrder",
            {"cartons": [{"weightGrams": 1, "lines": lines}]},
            fulfilmentOrderId=order["id"],
        )
        assert [error["pointer"] for error in refused.json()["errors"]] == [
            "/cartons/0/lines/0/lineRef",
            "/cartons/0/lines/1/serials",
        ]


class TestShipping:
    def test_the_confirmation_is_that_of_domain_2_7(self, floor: Floor) -> None:
        order = floor.order("SO-2026-000123")
        floor.to_packed(order)
        shipment = floor.ship(order)
        event = floor.events("SO-2026-000123")[-1]
        assert (event.name, event.cloud_event["source"]) == ("wms.shipment.confirmed.v1", "/wms/LEJ1")
        assert event.cloud_event["data"] == {
            "shipmentId": "WSH-88001",
            "orderNumber": "SO-2026-000123",
            "warehouseCode": "LEJ1",
            "shippedAt": shipment["shippedAt"],
            "final": True,
            "carrierCode": "DHL",
            "serviceCode": "PAKET",
            "cartons": [
                {
                    "sscc": "340123450000000017",
                    "weightGrams": 1450,
                    "trackingNumber": "JD0146",
                    "lines": [
                        {"lineRef": "10000", "sku": "SKU-1001", "qty": "2", "uom": "EA"},
                        {"lineRef": "20000", "sku": "SKU-1002", "qty": "1", "uom": "EA"},
                    ],
                }
            ],
        }
        assert [int(e.cloud_event["sequence"]) for e in floor.events("SO-2026-000123")] == list(range(1, 8))

    def test_shipping_lowers_on_hand_and_allocated_together(self, floor: Floor) -> None:
        """HP-1: stock 18 and 9."""
        order = floor.order("SO-1")
        floor.to_packed(order)
        shipment = floor.shipment(order)
        floor.do("manifestShipment", shipmentId=shipment["id"])
        assert floor.stock("SKU-1001") == ("20", "2", "18")
        floor.do("shipShipment", shipmentId=shipment["id"])
        assert floor.stock("SKU-1001") == ("18", "0", "18")
        assert floor.stock("SKU-1002") == ("9", "0", "9")
        assert floor.status(order) == "shipped"

    def test_a_shipped_order_is_closed_a_day_later(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.to_packed(order)
        floor.ship(order)
        floor.landscape.advance("PT24H")
        assert floor.status(order) == "closed"

    def test_goods_leave_once(self, floor: Floor) -> None:
        """IDM-4: a second ship of the same shipment is refused and has no effect."""
        order = floor.order("SO-1")
        floor.to_packed(order)
        shipment = floor.ship(order)
        again = floor.call("shipShipment", shipmentId=shipment["id"])
        assert (again.status, again.json()["currentState"], again.json()["allowedTransitions"]) == (
            409,
            "shipped",
            ["delivered"],
        )
        assert floor.stock("SKU-1001") == ("18", "0", "18")
        assert floor.event_names("SO-1").count("shipment.confirmed") == 1

    def test_the_same_idempotency_key_replays_the_first_answer(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.to_packed(order)
        body = {"fulfilmentOrderId": order["id"], "final": True}
        answers = [floor.call("createShipment", body, headers={"Idempotency-Key": "k-1"}) for _ in range(2)]
        assert [answer.status for answer in answers] == [201, 201]
        assert answers[0].body == answers[1].body
        assert answers[1].headers["idempotency-replayed"] == "true"

    @pytest.mark.parametrize("operation", ["shipShipment", "voidShipment"])
    def test_an_open_shipment_has_to_be_manifested_first(self, floor: Floor, operation: str) -> None:
        order = floor.order("SO-1")
        floor.to_packed(order)
        shipment = floor.shipment(order)
        refused = floor.call(operation, shipmentId=shipment["id"])
        assert (refused.status, refused.json()["currentState"], refused.json()["allowedTransitions"]) == (
            409,
            "open",
            ["manifested"],
        )

    def test_nothing_packed_means_no_shipment(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.pick_all(order)
        refused = floor.call("createShipment", {"fulfilmentOrderId": order["id"], "final": True})
        assert (refused.status, refused.json()["currentState"]) == (409, "picked")
        unknown = floor.call("createShipment", {"fulfilmentOrderId": "FO-0", "final": True})
        assert (unknown.status, unknown.json()["code"]) == (422, "unknown-reference")

    def test_shipments_are_found_by_order_number(self, floor: Floor) -> None:
        orders = [floor.order("SO-1"), floor.order("SO-2")]
        for order in orders:
            floor.to_packed(order)
        first, second = [floor.shipment(order) for order in orders]
        assert floor.do("listShipments")["items"] == [first, second]
        assert floor.do("listShipments", query={"orderNumber": "SO-2"})["items"] == [second]
        assert floor.do("getShipment", shipmentId=first["id"]) == first

    def test_a_voided_shipment_gives_its_cartons_back(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.to_packed(order)
        shipment = floor.shipment(order)
        assert floor.call("createShipment", {"fulfilmentOrderId": order["id"], "final": True}).status == 409
        floor.do("manifestShipment", shipmentId=shipment["id"])
        assert floor.do("voidShipment", shipmentId=shipment["id"])["status"] == "voided"
        assert floor.event_names("SO-1")[-1] == "shipment.voided"
        assert floor.status(order) == "packed"
        second = floor.ship(order)
        assert second["cartons"][0]["sscc"] == shipment["cartons"][0]["sscc"]
        assert second["cartons"][0]["trackingNumber"] == "JD0147"

    def test_after_shipping_a_shipment_cannot_be_voided(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.to_packed(order)
        shipment = floor.ship(order)
        refused = floor.call("voidShipment", shipmentId=shipment["id"])
        assert refused.status == 409
        assert "use a return" in refused.json()["detail"]


class TestPartialShipments:
    """PS-1: three of five, then two."""

    def test_three_of_five_then_two(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1004", "5"))
        floor.pick_all(order)
        assert floor.pack(order, ("10000", "3"))["status"] == "packing"
        first = floor.ship(order, final=False)
        assert (first["final"], first["cartons"][0]["lines"][0]["qty"]) == (False, "3")
        assert floor.status(order) == "backordered"
        floor.landscape.settle()
        rest = floor.read(order)
        assert rest["status"] == "allocated"
        assert quantities(rest, "10000", "allocated", "backordered", "picked", "packed", "shipped") == {
            "allocated": "2",
            "backordered": "0",
            "picked": "3",
            "packed": "3",
            "shipped": "3",
        }
        assert floor.stock("SKU-1004") == ("2", "2", "0")
        (task,) = floor.release(order)
        assert (task["quantity"], task["binCode"]) == ("2", "A-01-04")
        floor.pick(task)
        floor.pack(order)
        second = floor.ship(order)
        assert second["id"] != first["id"]
        assert floor.stock("SKU-1004") == ("0", "0", "0")
        assert quantities(floor.read(order), "10000", "shipped", "cancelled") == {"shipped": "5", "cancelled": "0"}
        assert "order.backordered" not in floor.event_names("SO-1"), "what is in stock is no backorder"

    def test_what_stock_does_not_cover_ships_when_it_arrives(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1004", "7"))
        floor.to_packed(order)
        floor.ship(order, final=False)
        floor.landscape.settle()
        assert floor.status(order) == "backordered"
        floor.receive("SKU-1004", "2")
        floor.to_packed(order)
        floor.ship(order)
        assert quantities(floor.read(order), "10000", "shipped") == {"shipped": "7"}

    def test_a_final_partial_shipment_gives_the_rest_up(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1004", "5"))
        waiting = floor.order("SO-2", ("10000", "SKU-1004", "2"))
        floor.pick_all(order)
        floor.pack(order, ("10000", "3"))
        floor.ship(order, final=True)
        ended = floor.read(order)
        assert ended["status"] == "shipped"
        assert quantities(ended, "10000", "shipped", "cancelled", "allocated", "backordered") == {
            "shipped": "3",
            "cancelled": "2",
            "allocated": "0",
            "backordered": "0",
        }
        assert floor.status(waiting) == "allocated"

    def test_an_order_that_ships_complete_does_not_leave_in_parts(self, floor: Floor) -> None:
        order = floor.order("SO-1", shipComplete=True)
        floor.pick_all(order)
        floor.pack(order, ("10000", "2"))
        refused = floor.call("createShipment", {"fulfilmentOrderId": order["id"], "final": False})
        assert (refused.status, refused.json()["currentState"]) == (409, "packing")


class TestCancelling:
    def cancel(self, floor: Floor, order: dict[str, Any]) -> tuple[int, str]:
        answer = floor.call("cancelFulfilmentOrder", fulfilmentOrderId=order["id"])
        return answer.status, answer.json().get("status", "")

    def test_before_picking_it_is_cancelled_at_once_and_the_allocation_freed(self, floor: Floor) -> None:
        """CX-1."""
        order = floor.order("SO-1", ("10000", "SKU-1004", "5"))
        waiting = floor.order("SO-2", ("10000", "SKU-1004", "1"))
        floor.release(order)
        assert self.cancel(floor, order) == (200, "cancelled")
        assert quantities(floor.read(order), "10000", "allocated", "cancelled") == {"allocated": "0", "cancelled": "5"}
        assert floor.event_names("SO-1")[-1] == "order.cancelled"
        assert floor.open_tasks(order) == []
        assert floor.status(waiting) == "allocated"

    def test_while_picking_it_is_requested_and_the_floor_puts_the_goods_back(self, floor: Floor) -> None:
        """CX-2: no ledger entry, nothing on hand changes."""
        order = floor.order("SO-1")
        first, second = floor.release(order)
        floor.pick(first)
        floor.do("startPickTask", pickTaskId=second["id"])
        assert self.cancel(floor, order) == (202, "cancel_requested")
        assert "order.cancelled" not in floor.event_names("SO-1")
        floor.landscape.advance("PT10M")
        assert floor.status(order) == "cancelled"
        assert floor.event_names("SO-1")[-1] == "order.cancelled"
        assert floor.stock("SKU-1001") == ("20", "0", "20")
        rows = floor.do("listInventory", query={"sku": "SKU-1001"})["items"]
        assert [(row["binCode"], row["onHand"]) for row in rows] == [("A-01-01", "20"), ("OUT-01", "0")]

    def test_a_floor_that_is_faster_rejects_the_cancellation(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.pick_all(order)
        assert self.cancel(floor, order) == (202, "cancel_requested")
        packed = floor.pack(order)
        assert (packed["status"], packed["cancelRejectReason"]) == ("packed", "already packed")
        assert floor.event_names("SO-1")[-2:] == ["pack.completed", "order.cancelrejected"]
        floor.landscape.advance("PT10M")
        assert floor.status(order) == "packed"
        floor.ship(order)

    def test_from_packed_on_it_is_409(self, floor: Floor) -> None:
        """CX-3."""
        order = floor.order("SO-1")
        floor.to_packed(order)
        refused = floor.call("cancelFulfilmentOrder", fulfilmentOrderId=order["id"])
        assert (refused.status, refused.json()["code"], refused.json()["currentState"]) == (
            409,
            "invalid-state-transition",
            "packed",
        )
        floor.ship(order)
        assert floor.call("cancelFulfilmentOrder", fulfilmentOrderId=order["id"]).json()["currentState"] == "shipped"

    def test_a_cancelled_order_cannot_be_cancelled_or_released_again(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        assert self.cancel(floor, order)[0] == 200
        for operation, body, path in (
            ("cancelFulfilmentOrder", None, {"fulfilmentOrderId": order["id"]}),
            ("createWave", {"fulfilmentOrderIds": [order["id"]]}, {}),
        ):
            refused = floor.call(operation, body, **path)
            assert (refused.status, refused.json()["currentState"]) == (409, "cancelled")


def test_the_status_history_is_told_by_transitions(floor: Floor) -> None:
    """ORD-9 needs the path an order took."""
    order = floor.order("SO-1")
    floor.to_packed(order)
    floor.ship(order)
    path = [
        entry.after
        for entry in floor.landscape.world.journal.entries()
        if isinstance(entry, Transition) and entry.table == "fulfilmentOrders" and entry.key == order["id"]
    ]
    assert [state for state in path if state not in ("received", "packing")] == [
        "allocated",
        "released",
        "picking",
        "picked",
        "packed",
        "shipped",
    ]
