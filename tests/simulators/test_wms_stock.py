"""Receipts, adjustments and snapshots (domain 2.3, 4.2; HP-4; INV-5, INV-12)."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.testing import Landscape

from .floor import Floor

COUNT = {"warehouseCode": "LEJ1", "sku": "SKU-1001", "binCode": "A-01-01", "quantityDelta": "-4", "reasonCode": "LOSS"}


@pytest.fixture
def floor(landscape: Landscape) -> Floor:
    return Floor(landscape)


class TestReceipts:
    def announce(self, floor: Floor, expected: str = "30", **changes: Any) -> dict[str, Any]:
        line = {"lineRef": "1", "sku": "SKU-1003", "expected": expected, "uom": "EA"}
        body = {"type": "purchase", "reference": "PO-7", "warehouseCode": "LEJ1", "lines": [line], **changes}
        return floor.do("createReceipt", body)

    def test_good_pieces_become_sellable_and_damaged_ones_come_on_top(self, floor: Floor) -> None:
        """HP-4: 30 arrive, 2 of them damaged."""
        announced = self.announce(floor)
        assert (announced["id"], announced["status"]) == ("RCV-3301", "announced")
        assert floor.stock("SKU-1003") == ("0", "0", "0")
        counts = {"lines": [{"lineRef": "1", "received": "28", "damaged": "2"}]}
        closed = floor.do("confirmReceipt", counts, receiptId=announced["id"])
        assert (closed["status"], closed["receivedAt"]) == ("closed", "2026-03-01T23:29:00Z")
        assert (closed["lines"][0]["received"], closed["lines"][0]["damaged"]) == ("28", "2")
        assert floor.stock("SKU-1003") == ("28", "0", "28")
        assert floor.stock("SKU-1003", status="DAMAGED") == ("2", "0", "0")
        (event,) = floor.events("RCV-3301")
        assert (event.name, event.cloud_event["data"]) == ("wms.receipt.confirmed.v1", closed)

    def test_a_return_is_told_as_a_return(self, floor: Floor) -> None:
        receipt = floor.receive("SKU-1001", "1", type="return", reference="RMA-1")
        assert floor.event_names(receipt["id"]) == ["return.received"]

    @pytest.mark.parametrize(
        ("received", "damaged", "status"),
        [
            pytest.param("105", "0", 200, id="5 % above"),
            pytest.param("103", "2", 200, id="5 % above, damaged included"),
            pytest.param("106", "0", 422, id="6 % above"),
            pytest.param("104", "2", 422, id="6 % above, damaged included"),
            pytest.param("40", "0", 200, id="fewer leave the purchase order open"),
        ],
    )
    def test_five_per_cent_more_than_expected_are_accepted(
        self, floor: Floor, received: str, damaged: str, status: int
    ) -> None:
        receipt = self.announce(floor, "100")
        counts = {"lines": [{"lineRef": "1", "received": received, "damaged": damaged}]}
        answer = floor.call("confirmReceipt", counts, receiptId=receipt["id"])
        assert answer.status == status
        if status == 422:
            assert answer.json()["code"] == "over-receipt"
            assert floor.stock("SKU-1003") == ("0", "0", "0")

    def test_a_closed_receipt_is_not_confirmed_again(self, floor: Floor) -> None:
        receipt = floor.receive("SKU-1003", "30")
        counts = {"lines": [{"lineRef": "1", "received": "30"}]}
        again = floor.call("confirmReceipt", counts, receiptId=receipt["id"])
        assert (again.status, again.json()["currentState"]) == (409, "closed")
        assert floor.stock("SKU-1003") == ("30", "0", "30")

    def test_every_wrong_count_is_listed(self, floor: Floor) -> None:
        receipt = self.announce(floor)
        lines = [
            {"lineRef": "9", "received": "1"},
            {"lineRef": "1", "received": "1.5"},
            {"lineRef": "1", "received": "40"},
        ]
        refused = floor.call("confirmReceipt", {"lines": lines}, receiptId=receipt["id"])
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
            ("/lines/0/lineRef", "unknown-reference"),
            ("/lines/1/received", "invalid-value"),
            ("/lines/2/lineRef", "invalid-value"),
            ("/lines/2/received", "over-receipt"),
        ]

    def test_first_expiring_goods_leave_first(self, floor: Floor) -> None:
        line = {"lineRef": "1", "sku": "SKU-1003", "expected": "5", "uom": "EA"}
        for lot, expiry in (("L2", "2026-12-31"), ("L1", "2026-06-30")):
            self.announce(floor, lines=[{**line, "lot": lot, "expiry": expiry}])
        for receipt in floor.do("listReceipts")["items"]:
            floor.do("confirmReceipt", {"lines": [{"lineRef": "1", "received": "5"}]}, receiptId=receipt["id"])
        order = floor.order("SO-1", ("10000", "SKU-1003", "7"))
        tasks = floor.release(order)
        assert [(task["lot"], task["quantity"]) for task in tasks] == [("L1", "5"), ("L2", "2")]
        for task in tasks:
            floor.pick(task)
        contents = floor.pack(order)["cartons"][0]["lines"]
        assert [(content["lot"], content["qty"]) for content in contents] == [("L1", "5"), ("L2", "2")]
        floor.ship(order)
        assert floor.stock("SKU-1003") == ("3", "0", "3")


class TestAdjustments:
    def test_a_loss_lowers_on_hand_and_is_told_under_the_sku(self, floor: Floor) -> None:
        adjustment = floor.do("createAdjustment", COUNT)
        assert floor.stock("SKU-1001") == ("16", "0", "16")
        (event,) = floor.events("SKU-1001")
        assert (event.name, event.cloud_event["data"]) == ("wms.inventory.adjusted.v1", adjustment)

    def test_a_change_of_status_keeps_the_total(self, floor: Floor) -> None:
        change = {
            **COUNT,
            "quantityDelta": "3",
            "reasonCode": "DAMAGE",
            "fromStatus": "SELLABLE",
            "toStatus": "DAMAGED",
        }
        floor.do("createAdjustment", change)
        assert floor.stock("SKU-1001") == ("17", "0", "17")
        assert floor.stock("SKU-1001", status="DAMAGED") == ("3", "0", "0")
        assert floor.event_names("SKU-1001") == ["inventory.statuschanged"]

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            pytest.param({"quantityDelta": "-21"}, 409, "insufficient-stock", id="more than is there"),
            pytest.param({"binCode": "Z-99"}, 422, "unknown-reference", id="unknown bin"),
            pytest.param({"sku": "SKU-0"}, 422, "unknown-reference", id="unknown sku"),
            pytest.param({"warehouseCode": "XYZ1"}, 422, "unknown-reference", id="unknown warehouse"),
            pytest.param({"quantityDelta": "-0.5"}, 422, "validation-failed", id="half a piece"),
            pytest.param({"quantityDelta": "0"}, 422, "validation-failed", id="nothing"),
            pytest.param({"toStatus": "DAMAGED"}, 422, "validation-failed", id="gone from no status"),
            pytest.param(
                {"fromStatus": "SELLABLE", "toStatus": "DAMAGED"}, 422, "validation-failed", id="a negative move"
            ),
            pytest.param(
                {"fromStatus": "SELLABLE", "toStatus": "SELLABLE", "quantityDelta": "1"},
                422,
                "validation-failed",
                id="no change of status",
            ),
        ],
    )
    def test_what_cannot_be_is_refused_without_effect(
        self, floor: Floor, changes: dict[str, str], status: int, code: str
    ) -> None:
        refused = floor.call("createAdjustment", {**COUNT, **changes})
        assert (refused.status, refused.json()["code"]) == (status, code)
        assert floor.stock("SKU-1001") == ("20", "0", "20")

    def test_allocated_pieces_cannot_be_adjusted_away(self, floor: Floor) -> None:
        """INV-6."""
        floor.order("SO-1", ("10000", "SKU-1001", "18"))
        refused = floor.call("createAdjustment", COUNT)
        assert (refused.status, refused.json()["code"]) == (409, "insufficient-stock")

    def test_scrapped_pieces_leave_the_status_they_have(self, floor: Floor) -> None:
        """RT-2: damaged stock is scrapped, what can be sold stays."""
        floor.receive("SKU-1001", "0", "3")
        scrap = {**COUNT, "binCode": "BLOCK-01", "quantityDelta": "-3", "reasonCode": "DAMAGE", "fromStatus": "DAMAGED"}
        floor.do("createAdjustment", scrap)
        assert floor.stock("SKU-1001", status="DAMAGED") == ("0", "0", "0")
        assert floor.stock("SKU-1001") == ("20", "0", "20")
        assert floor.event_names("SKU-1001") == ["inventory.adjusted"]

    def test_found_pieces_serve_who_waits(self, floor: Floor) -> None:
        order = floor.order("SO-1", ("10000", "SKU-1004", "6"))
        found = {**COUNT, "sku": "SKU-1004", "binCode": "A-01-04", "quantityDelta": "1", "reasonCode": "FOUND"}
        floor.do("createAdjustment", found)
        assert floor.status(order) == "allocated"


class TestSnapshots:
    def test_a_snapshot_is_absolute_and_names_the_last_movement(self, floor: Floor) -> None:
        """INV-5."""
        first = floor.do("createSnapshot", {"warehouseCode": "LEJ1"})
        assert first["lines"][0] == {
            "sku": "SKU-1001",
            "warehouseCode": "LEJ1",
            "status": "SELLABLE",
            "uom": "EA",
            "onHand": "20",
        }
        floor.order("SO-1")
        floor.do("createAdjustment", COUNT)
        second = floor.do("createSnapshot", {"warehouseCode": "LEJ1"})
        assert second["lines"][0]["onHand"] == "16"
        assert int(second["asOfSequence"]) == int(first["asOfSequence"]) + 1
        assert floor.event_names("LEJ1") == ["inventory.snapshot", "inventory.snapshot"]

    def test_an_unknown_warehouse_is_422(self, floor: Floor) -> None:
        refused = floor.call("createSnapshot", {"warehouseCode": "XYZ1"})
        assert (refused.status, refused.json()["code"]) == (422, "unknown-reference")

    def test_it_agrees_with_the_log_of_movements(self, floor: Floor) -> None:
        order = floor.order("SO-1")
        floor.to_packed(order)
        floor.ship(order)
        floor.receive("SKU-1003", "28", "2")
        floor.do("createAdjustment", COUNT)
        snapshot = floor.do("createSnapshot", {})
        moved: dict[tuple[str, str], int] = {}
        for movement in floor.landscape.rows("wms", "stockMovements"):
            assert movement["warehouseCode"] == "LEJ1"
            key = movement["sku"], movement["status"]
            moved[key] = moved.get(key, 0) + int(movement["quantity"])
        on_hand = {(line["sku"], line["status"]): int(line["onHand"]) for line in snapshot["lines"]}
        assert {key: quantity for key, quantity in on_hand.items() if quantity} == moved
