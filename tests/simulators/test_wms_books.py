"""Whatever the floor does, in whatever order: quantities add up, nothing is held twice, no stock is made or lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy import open_workspace
from understudy.testing import Landscape, world_for

from .floor import Floor, order_body

SKUS = ("SKU-1001", "SKU-1003", "SKU-1004")
WORKSPACE = open_workspace()
POLICIES = ("backorder", "cancelRemainder", "holdOrder")
COMMANDS = (
    "order", "receive", "adjust", "wave", "pick", "short", "pack", "part", "shipment", "manifest", "ship", "void",
    "cancel", "change", "wait",
)  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(COMMANDS), st.integers(0, 5), st.integers(1, 6), st.booleans()), min_size=5, max_size=60
)


class Chaos:
    """Sends commands that may or may not be possible; only a refusal by name is acceptable."""

    def __init__(self, landscape: Landscape) -> None:
        self.floor = Floor(landscape)
        self.landscape = landscape

    def pick_one(self, table: str, index: int) -> dict[str, Any] | None:
        rows = self.landscape.rows("wms", table)
        return rows[index % len(rows)] if rows else None

    def send(self, operation_id: str, body: Any = None, **path: Any) -> None:
        answer = self.floor.call(operation_id, body, **path)
        assert answer.status < 500, answer.json()

    def step(self, command: str, index: int, amount: int, flag: bool) -> None:
        sku = SKUS[index % len(SKUS)]
        order = self.pick_one("fulfilmentOrders", index)
        task = self.pick_one("pickTasks", index + amount)
        shipment = self.pick_one("shipments", index)
        if command == "order":
            number = f"SO-{len(self.landscape.rows('wms', 'fulfilmentOrders'))}"
            lines = (("1", sku, str(amount)), ("2", SKUS[amount % 3], "2"))
            self.send("createFulfilmentOrder", order_body(number, lines, shipComplete=flag and amount > 5))
        elif command == "receive":
            self.floor.receive(sku, str(amount), str(index))
        elif command == "adjust":
            reason, delta = ("COUNT", f"-{amount}") if flag else ("FOUND", str(amount))
            row = self.pick_one("inventory", index)
            assert row is not None
            body = {"warehouseCode": "LEJ1", "sku": row["sku"], "binCode": row["binCode"], "reasonCode": reason}
            self.send("createAdjustment", {**body, "quantityDelta": delta})
        elif command == "wait":
            self.landscape.advance(f"PT{amount}M")
        elif order is not None and command == "wave":
            self.send("createWave", {"fulfilmentOrderIds": [order["id"]]})
        elif order is not None and command in ("pack", "part"):
            self.pack(order, all_of_it=command == "pack")
        elif order is not None and command == "shipment":
            self.send("createShipment", {"fulfilmentOrderId": order["id"], "final": flag})
        elif order is not None and command == "cancel":
            self.send("cancelFulfilmentOrder", fulfilmentOrderId=order["id"])
        elif order is not None and command == "change":
            lines_after = order_body("x", (("1", sku if flag else order["lines"][0]["sku"], str(amount)),))["lines"]
            body = {"releaseVersion": order["releaseVersion"] + 1, "lines": lines_after}
            self.send("updateFulfilmentOrder", body, fulfilmentOrderId=order["id"])
        elif task is not None and command in ("pick", "short"):
            self.send("startPickTask", pickTaskId=task["id"])
            found = int(task["quantity"]) if command == "pick" else max(0, int(task["quantity"]) - amount)
            why = {} if command == "pick" else {"shortReason": "NOT_FOUND"}
            self.send("completePickTask", {"pickedQuantity": str(found), **why}, pickTaskId=task["id"])
        elif shipment is not None and command in ("manifest", "ship", "void"):
            self.send(f"{command}Shipment", shipmentId=shipment["id"])

    def pack(self, order: dict[str, Any], *, all_of_it: bool) -> None:
        loose = [(line["lineRef"], int(line["picked"]) - int(line["packed"])) for line in order["lines"]]
        contents = [
            {"lineRef": ref, "quantity": str(quantity if all_of_it else 1)} for ref, quantity in loose if quantity > 0
        ]
        if contents:
            body = {"cartons": [{"weightGrams": 100, "lines": contents}]}
            self.send("packFulfilmentOrder", body, fulfilmentOrderId=order["id"])

    def check(self) -> None:
        rows = self.landscape.rows
        held_by_line: dict[tuple[str, str], Decimal] = {}
        held_by_place: dict[tuple[str, ...], Decimal] = {}
        for holding in rows("wms", "allocations"):
            quantity = Decimal(holding["quantity"])
            line_key = holding["fulfilmentOrderId"], holding["lineRef"]
            held_by_line[line_key] = held_by_line.get(line_key, Decimal(0)) + quantity
            place = holding["sku"], holding["binCode"], holding["lot"] or ""
            held_by_place[place] = held_by_place.get(place, Decimal(0)) + quantity
        for order in rows("wms", "fulfilmentOrders"):
            for line in order["lines"]:
                self.check_line(order, line, held_by_line.get((order["id"], line["lineRef"]), Decimal(0)))
        moved: dict[tuple[str, str], Decimal] = {}
        for movement in rows("wms", "stockMovements"):
            key = movement["sku"], movement["status"]
            moved[key] = moved.get(key, Decimal(0)) + Decimal(movement["quantity"])
        for row in rows("wms", "inventory"):
            sellable = row["status"] == "SELLABLE"
            place = row["sku"], row["binCode"], row["lot"] or ""
            held = held_by_place.pop(place, Decimal(0)) if sellable else Decimal(0)
            assert Decimal(row["allocated"]) == held <= Decimal(row["onHand"]), row
            usable = sellable and not row["countRequired"]
            assert Decimal(row["available"]) == (Decimal(row["onHand"]) - held if usable else 0), row
            key = row["sku"], row["status"]
            moved[key] = moved.get(key, Decimal(0)) - Decimal(row["onHand"])
        assert held_by_place == {}
        assert set(moved.values()) <= {Decimal(0)}

    @staticmethod
    def check_line(order: dict[str, Any], line: dict[str, Any], held: Decimal) -> None:
        q = {name: Decimal(line[name]) for name in line if name not in ("lineRef", "sku", "uom")}
        assert q["quantity"] == q["shipped"] + q["cancelled"] + q["allocated"] + q["backordered"], line
        assert q["allocated"] == held, (order["status"], line)
        assert q["picked"] >= q["packed"] >= q["shipped"] >= 0, line
        assert all(value >= 0 for value in q.values()), line
        if order["status"] in ("shipped", "closed", "cancelled"):
            assert q["allocated"] == q["backordered"] == 0, (order["status"], line)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True)
@given(commands=steps, policy=st.sampled_from(POLICIES))
def test_quantities_add_up_after_every_command(commands: list[tuple[str, int, int, bool]], policy: str) -> None:
    """INV-3, INV-6, ORD-3 in the warehouse, checked after each command of a random sequence."""
    chaos = Chaos(world_for(WORKSPACE, policies={"shortPolicy": policy}))
    for number in range(3):
        chaos.step("order", number, 3 + number, False)
    chaos.step("wave", 0, 1, False)
    chaos.step("pick", 0, 0, False)
    for command in commands:
        chaos.step(*command)
        chaos.check()
    findings = [f for entry in chaos.landscape.world.journal.entries() for f in getattr(entry, "findings", ())]
    assert findings == []
