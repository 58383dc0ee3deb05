"""ORD-1 to ORD-10: each is broken in recorded state, and names exactly what contradicts what."""

from __future__ import annotations

from dataclasses import replace

from understudy import Exchange, Transition

from . import plays
from .bench import Bench

ORDER = "SO-2026-000123"


def test_ord_1_a_released_order_without_shipment_method_and_with_a_blocked_customer() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "salesOrders", shipmentMethodCode=None)
    bench.change("erp", "customers", {"number": "C00042"}, blocked="All")
    assert bench.offending("ORD-1") == [{"order": ORDER, "missing": ["shipmentMethodCode", "an unblocked customer"]}]


def test_ord_1_a_customer_who_was_blocked_after_the_release_is_no_fault_of_the_order() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "customers", {"number": "C00042"}, blocked="All", lastModifiedDateTime="2026-03-02T08:00:00Z")
    assert bench.offending("ORD-1") == []


def test_ord_1_no_item_line() -> None:
    bench = Bench(plays.released())
    lines = [line for line in bench.one("erp", "salesOrders")["lines"] if line["lineType"] == "Charge"]
    bench.change("erp", "salesOrders", lines=lines)
    assert bench.offending("ORD-1") == [{"order": ORDER, "missing": ["an item line"]}]


def test_ord_2_two_erp_orders_for_one_store_order() -> None:
    bench = Bench(plays.paid())
    bench.copy("erp", "salesOrders", id="second", number="SO-2026-000999")
    pair = {"sourceSystem": "store", "sourceOrderId": "5512340001"}
    assert bench.offending("ORD-2") == [{**pair, "orders": [ORDER, "SO-2026-000999"]}]


def test_ord_2_sees_a_second_order_at_the_step_that_made_it() -> None:
    bench = Bench(plays.paid())
    before = bench.touch("erp", "salesOrders", "second")
    assert bench.verdict("ORD-2", since=before).examined == 0
    bench.copy("erp", "salesOrders", id="second", number="SO-2026-000999")
    assert bench.verdict("ORD-2", since=before).examined == 1
    assert len(bench.offending("ORD-2", since=before)) == 1


def test_ord_2_a_test_order_reached_the_erp() -> None:
    bench = Bench(plays.paid())
    bench.change("storefront", "orders", test=True)
    row = {"sourceSystem": "store", "sourceOrderId": "5512340001", "orders": [ORDER], "test": True}
    assert bench.offending("ORD-2") == [row]


def test_ord_3_quantities_that_do_not_add_up() -> None:
    bench = Bench(plays.released())
    bench.change_line("erp", "salesOrders", 0, shipped="1")
    row = {"order": ORDER, "line": 10000, "quantity": "2", "shipped": "1", "cancelled": "0", "outstanding": "2"}
    assert bench.offending("ORD-3") == [row]


def test_ord_3_a_negative_quantity_that_adds_up_all_the_same() -> None:
    bench = Bench(plays.released())
    bench.change_line("erp", "salesOrders", 0, shipped="3", outstanding="-1")
    assert [row["outstanding"] for row in bench.offending("ORD-3")] == ["-1"]


def test_ord_4_neither_reserved_nor_backordered() -> None:
    bench = Bench(plays.released())
    bench.change_line("erp", "salesOrders", 1, reserved="0")
    row = {"order": ORDER, "line": 20000, "outstanding": "1", "reserved": "0", "backordered": "0"}
    assert bench.offending("ORD-4") == [row]


def test_ord_5_a_status_that_its_lines_do_not_bear_out() -> None:
    bench = Bench(plays.paid())
    bench.change("erp", "salesOrders", shipmentStatus="partially_shipped")
    wrong = {"shipmentStatus": ["partially_shipped", "fully_shipped"]}
    assert bench.offending("ORD-5") == [{"order": ORDER, "storedAndExpected": wrong}]


def test_ord_5_a_posted_shipment_that_the_order_knows_nothing_of() -> None:
    bench = Bench(plays.paid())
    lines = [{**line, "shipped": "0"} for line in bench.one("erp", "salesOrders")["lines"]]
    bench.change("erp", "salesOrders", lines=lines, shipmentStatus="not_shipped")
    wrong = {"shipmentStatus": ["not_shipped", "a shipment is posted"]}
    assert bench.offending("ORD-5") == [{"order": ORDER, "storedAndExpected": wrong}]


def test_ord_6_closed_with_a_line_that_was_not_invoiced() -> None:
    bench = Bench(plays.paid())
    bench.change_line("erp", "salesOrders", 1, invoiced="0")
    row = {"order": ORDER, "line": 20000, "outstanding": "0", "shipped": "1", "invoiced": "0"}
    assert bench.offending("ORD-6") == [row]


def test_ord_7_cancelled_and_still_at_the_warehouse() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "salesOrders", status="cancelled")
    (fulfilment,) = bench.rows("wms", "fulfilmentOrders")
    left = ["reservation of line 10000", "reservation of line 20000", f"warehouse order {fulfilment['id']}"]
    assert bench.offending("ORD-7") == [{"order": ORDER, "left": left}]


def test_ord_8_the_erp_does_not_have_what_the_store_charged() -> None:
    """The freight of 4.90 and its tax are missing."""
    bench = Bench(plays.released())
    bench.change("erp", "salesOrders", totals={"excludingTax": "55.62", "tax": "9.28", "includingTax": "64.90"})
    row = {"order": ORDER, "storeOrder": "#1001", "erpTotal": "64.90", "storeTotal": "70.73", "difference": "-5.83"}
    assert bench.offending("ORD-8") == [{**row, "explainedByRounding": "0.025"}]


def test_ord_8_a_cent_that_rounding_explains_must_end_on_6900() -> None:
    bench = Bench(plays.paid())
    bench.change("storefront", "orders", total_price="70.74")
    bench.change("erp", "customerPayments", amount="70.74")
    row = {"order": ORDER, "storeOrder": "#1001", "erpTotal": "70.73", "storeTotal": "70.74", "difference": "-0.01"}
    assert bench.offending("ORD-8") == [{**row, "missingOn6900": "0.01"}]
    (invoice,) = bench.rows("erp", "salesInvoices")
    entry = bench.rows("erp", "generalLedgerEntries", documentNumber=invoice["number"])[0]
    rounding = {"entryNumber": 900, "accountNumber": "6900", "debitAmount": "0.00", "creditAmount": "0.01"}
    bench.put("erp", "generalLedgerEntries", {**entry, **rounding})
    assert bench.offending("ORD-8") == []


def test_ord_9_a_status_that_its_state_machine_does_not_lead_to() -> None:
    bench = Bench(plays.paid())
    (closed,) = [t for t in bench.entries(Transition, system="erp", table="salesOrders") if t.after == "closed"]
    bench.append(
        lambda seq: Transition(
            seq, bench.world.clock.now, system="erp", table="salesOrders", key=closed.key, field="status",
            before="closed", after="released", cause=closed.cause,
        )
    )  # fmt: skip
    row = {"system": "erp", "table": "salesOrders", "key": closed.key, "field": "status"}
    at = bench.world.clock.now.isoformat()
    assert bench.offending("ORD-9") == [{**row, "before": "closed", "after": "released", "at": at}]


def test_ord_9_a_history_with_a_piece_missing() -> None:
    bench = Bench(plays.paid())
    (released,) = [t for t in bench.entries(Transition, table="salesOrders", field="status") if t.after == "released"]
    bench.erase(released)
    (row,) = bench.offending("ORD-9")
    assert (row["before"], row["after"], row["lastKnown"]) == ("released", "closed", "draft")


def test_ord_10_the_warehouse_has_another_open_quantity() -> None:
    bench = Bench(plays.released())
    bench.change_line("wms", "fulfilmentOrders", 0, quantity="3")
    assert bench.offending("ORD-10") == [{"order": ORDER, "line": 10000, "erp": "2", "wms": "3"}]


def test_ord_10_the_warehouse_had_the_order_before_it_was_released() -> None:
    bench = Bench(plays.released())
    (release,) = bench.entries(Transition, system="erp", table="salesOrders", after="released")
    (push,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    bench.erase(release)
    row = {"order": ORDER, "journal": push.seq, "problem": "at the warehouse before its release"}
    assert bench.offending("ORD-10") == [row], "never released"
    bench.append(lambda seq: replace(release, seq=seq))
    assert bench.offending("ORD-10") == [row], "released afterwards"


def test_ord_10_the_warehouse_has_a_line_that_is_none_of_its_business() -> None:
    bench = Bench(plays.released())
    order = bench.one("wms", "fulfilmentOrders")
    bench.change("wms", "fulfilmentOrders", lines=[*order["lines"], {**order["lines"][1], "lineRef": "30000"}])
    assert bench.offending("ORD-10") == [{"order": ORDER, "line": "30000", "erp": "0", "wms": "1"}]
