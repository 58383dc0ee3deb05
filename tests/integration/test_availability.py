"""F-6: what the store may sell is an absolute number; old news is ignored, a burst becomes one (INV-7, CON-3, DU-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integration.transport import Answer, json_answer

from .bench import START, Bench, event, problem_answer

ERP = "/erp/v1/companies/DE01"
SET = "/store/v1/inventory_levels/set"


class Stock:
    """The ERP's balances and the store's variants, as one GET each."""

    def __init__(self, bench: Bench, **available: str) -> None:
        self.available = available or {"MAIN": "20"}
        locations = [
            {"code": "MAIN", "sellable": True},
            {"code": "EAST", "sellable": True},
            {"code": "OUTLET", "sellable": False},
        ]
        bench.network.on("GET", f"{ERP}/locations", json_answer(200, {"value": locations}))
        bench.network.on("GET", f"{ERP}/stockBalances", self.balances)
        variants = {"variants": [{"id": 1, "sku": "SKU-1001", "inventory_item_id": 45001}]}
        bench.network.on("GET", "/store/v1/variants", json_answer(200, variants))
        bench.network.on("POST", SET, json_answer(200, {}))

    def balances(self, _call: object) -> Answer:
        rows = [
            {"itemNumber": "SKU-1001", "locationCode": place, "available": n} for place, n in self.available.items()
        ]
        return json_answer(200, {"value": rows})


def changed(sequence: int, available: str = "20", location: str = "MAIN") -> dict[str, Any]:
    data = {"itemNumber": "SKU-1001", "locationCode": location, "available": available}
    subject = f"SKU-1001/{location}"
    return event("erp", "erp.availability.changed.v1", data, subject=subject, sequence=sequence)


def offered(bench: Bench) -> list[tuple[int, float]]:
    """(available, seconds after the start) of every write to the store."""
    return [(call.body["available"], (call.at - START).total_seconds()) for call in bench.network.to("POST", SET)]


def test_a_change_goes_over_as_an_absolute_number_with_its_sequence() -> None:
    bench = Bench()
    Stock(bench, MAIN="18")
    bench.deliver("erp", changed(7))
    bench.run()
    (call,) = bench.network.to("POST", SET)
    assert call.body == {"inventory_item_id": 45001, "available": 18, "sequence": "000007"}


def test_changes_within_half_a_minute_go_over_as_one() -> None:
    bench = Bench()
    stock = Stock(bench)
    for sequence in range(1, 6):
        bench.deliver("erp", changed(sequence))
        bench.wait(seconds=5)
    stock.available = {"MAIN": "15"}
    bench.run()
    assert offered(bench) == [(15, 30.0)]
    assert [status for _, status, _ in bench.statuses()] == ["skipped"] * 4 + ["applied"]
    assert bench.statuses()[0][2] == "superseded by erp-evt-SKU-1001/MAIN-5"


def test_a_busy_item_is_not_held_back_for_ever() -> None:
    """The first change opens the window, the last one does not prolong it."""
    bench = Bench()
    Stock(bench)
    for sequence in range(1, 14):
        bench.deliver("erp", changed(sequence))
        bench.wait(seconds=10)
    bench.run()
    assert [at for _, at in offered(bench)] == [30.0, 60.0, 90.0, 120.0, 150.0]


def test_the_window_can_be_switched_off() -> None:
    bench = Bench(coalesce_s=0)
    Stock(bench)
    bench.deliver("erp", changed(1))
    bench.integration.run_due()
    assert offered(bench) == [(20, 0.0)]


def test_an_older_sequence_is_ignored_with_the_reason() -> None:
    bench = Bench()
    Stock(bench)
    bench.deliver("erp", changed(5))
    bench.run()
    bench.deliver("erp", changed(4))
    bench.run()
    assert len(offered(bench)) == 1
    assert bench.statuses()[1] == ("F-6", "skipped", "stale")


def test_sellable_locations_add_up_and_others_do_not_count() -> None:
    bench = Bench()
    Stock(bench, MAIN="7", EAST="4", OUTLET="100")
    bench.deliver("erp", changed(1))
    bench.run()
    assert offered(bench) == [(11, 30.0)]


@pytest.mark.parametrize(("available", "expected"), [("20", 17), ("2", 0), ("-4", 0), ("5.9", 2)])
def test_safety_stock_is_kept_and_the_offer_never_negative(available: str, expected: int) -> None:
    bench = Bench(safety_stock="3")
    Stock(bench, MAIN=available)
    bench.deliver("erp", changed(1))
    bench.run()
    assert [n for n, _ in offered(bench)] == [expected]


def test_an_item_the_store_does_not_sell_is_skipped_with_the_reason() -> None:
    bench = Bench()
    Stock(bench)
    bench.network.on("GET", "/store/v1/variants", json_answer(200, {"variants": []}))
    bench.deliver("erp", changed(1))
    bench.run()
    assert bench.statuses() == [("F-6", "skipped", "not sold in the store")]


def test_while_the_store_is_down_only_the_newest_is_kept_waiting() -> None:
    bench = Bench(chance=0.999)
    Stock(bench)
    bench.network.on("POST", SET, problem_answer(503, "service-unavailable"), json_answer(200, {}))
    bench.deliver("erp", changed(1))
    bench.run(until=timedelta(seconds=31))
    bench.deliver("erp", changed(2))
    bench.run()
    assert [status for _, status, _ in bench.statuses()] == ["skipped", "applied"]
