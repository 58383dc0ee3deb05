"""Shipments: goods issue and its books, what cannot ship, and the way back (domain 2.2, salesShipment; 4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import Erp, freight, line


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def knives(erp: Erp, quantity="5", **header) -> Any:
    return erp.release(erp.order(line("SKU-1004", quantity, "18.00"), **header))


def item_entries(erp: Erp, document: Any) -> Any:
    return [
        (row["itemNumber"], row["entryType"], row["quantity"], row["costAmount"], row["reversalOf"])
        for row in erp.rows("itemLedgerEntries")
        if row["documentNumber"] == document
    ]


def test_m8_a_shipment_posts_cost_of_goods_against_inventory(erp: Erp) -> None:
    order = erp.release(erp.standard_order())
    shipment = erp.ship(order, {10000: "2", 20000: "1"}, carrierCode="DHL", trackingNumber="JD0146")
    assert (shipment["number"], shipment["status"]) == ("SH-2026-000077", "posted")
    assert erp.ledger(shipment["number"]) == [("5000", "28.90", "0.00"), ("1300", "0.00", "28.90")]
    assert item_entries(erp, shipment["number"]) == [
        ("SKU-1001", "Sale", "-2", "-22.40", None),
        ("SKU-1002", "Sale", "-1", "-6.50", None),
    ]
    assert (erp.stock("SKU-1001"), erp.stock("SKU-1002")) == (("18", "0", "18"), ("9", "0", "9"))
    assert erp.events()[-1] == ("erp.shipment.posted.v1", "SH-2026-000077")


def test_a_draft_has_no_effect(erp: Erp) -> None:
    order = knives(erp)
    shipment = erp.shipment(order, {10000: "5"})
    assert shipment["status"] == "draft"
    assert erp.stock("SKU-1004") == ("5", "5", "0")
    assert erp.ledger(shipment["number"]) == []
    assert erp.reread(order)["lines"][0]["shipped"] == "0"


def test_ps1_three_of_five_then_two(erp: Erp) -> None:
    order = knives(erp)
    erp.ship(order, {10000: "3"})
    after = erp.reread(order)
    row = after["lines"][0]
    assert (row["shipped"], row["outstanding"], row["reserved"]) == ("3", "2", "2")
    assert (after["shipmentStatus"], after["status"]) == ("partially_shipped", "released")
    erp.ship(order, {10000: "2"})
    erp.advance("PT6S")
    after = erp.reread(order)
    assert (after["shipmentStatus"], after["invoiceStatus"], after["status"]) == (
        "fully_shipped",
        "fully_invoiced",
        "closed",
    )


def test_freight_ships_with_the_first_shipment(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "5", "18.00"), freight("4.90")))
    first = erp.ship(order, {10000: "3"})
    assert [(row["orderLineSequence"], row["quantity"]) for row in first["lines"]] == [(10000, "3"), (20000, "1")]
    second = erp.ship(order, {10000: "2"})
    assert [(row["orderLineSequence"], row["quantity"]) for row in second["lines"]] == [(10000, "2")]
    erp.advance("PT6S")
    assert [invoice["totals"]["excludingTax"] for invoice in erp.invoices()] == ["58.90", "36.00"]


def test_ps5_more_than_outstanding_is_refused_without_effect(erp: Erp) -> None:
    order = knives(erp)
    status, code, problem = erp.refuse("createSalesShipment", erp.shipment_body(order, {10000: "6"}))
    assert (status, code) == (422, "over-shipment")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("/lines/0/quantity", "over-shipment")]
    assert erp.rows("salesShipments") == []
    assert erp.stock("SKU-1004") == ("5", "5", "0")


def test_two_lines_over_one_order_line_count_together(erp: Erp) -> None:
    order = knives(erp)
    body = erp.shipment_body(order, {})
    body["lines"] = [{"orderLineSequence": 10000, "quantity": "3"}] * 2
    _, code, problem = erp.refuse("createSalesShipment", body)
    assert (code, problem["errors"][0]["pointer"]) == ("over-shipment", "/lines/1/quantity")


def test_a_draft_that_another_shipment_overtook_is_refused_at_posting(erp: Erp) -> None:
    order = knives(erp)
    drafts = [erp.shipment(order, {10000: "4"}) for _ in range(2)]
    erp.do("postSalesShipment", salesShipmentId=drafts[0]["id"])
    assert erp.refuse("postSalesShipment", salesShipmentId=drafts[1]["id"])[:2] == (422, "over-shipment")


def test_stock_never_falls_below_zero(erp: Erp) -> None:
    order = knives(erp, "7")
    shipment = erp.shipment(order, {10000: "7"})
    status, code, problem = erp.refuse("postSalesShipment", salesShipmentId=shipment["id"])
    assert (status, code, problem["errors"][0]["pointer"]) == (409, "insufficient-stock", "/lines/0/quantity")
    assert erp.stock("SKU-1004") == ("5", "5", "0")


def test_with_negative_stock_allowed_the_cost_is_made_good_by_the_receipt(make_landscape: MakeLandscape) -> None:
    """5 at 8.00 on hand, 7 shipped: 56.00; 2 arrive at 9.00, so 2.00 more was cost of goods sold (INV-11)."""
    erp = Erp(make_landscape(allowNegativeStock="true"))
    shipment = erp.ship(knives(erp, "7"), {10000: "7"})
    assert erp.ledger(shipment["number"]) == [("5000", "56.00", "0.00"), ("1300", "0.00", "56.00")]
    assert erp.stock("SKU-1004") == ("-2", "0", "-2")
    receipt = erp.receive("SKU-1004", "2", unitCost="9.00")
    assert erp.ledger(receipt["number"]) == [
        ("1300", "16.00", "0.00"),
        ("2150", "0.00", "18.00"),
        ("5000", "2.00", "0.00"),
    ]
    assert erp.stock("SKU-1004") == ("0", "0", "0")


def test_what_ships_beyond_its_reservation_takes_the_promise_of_others_back(erp: Erp) -> None:
    """CON-2: the warehouse shipped it, so it is gone; the other order waits."""
    first, second = knives(erp, "4"), knives(erp, "3")
    erp.ship(second, {10000: "3"})
    row = erp.reread(first)["lines"][0]
    assert (row["reserved"], row["backordered"]) == ("2", "2")
    assert erp.stock("SKU-1004") == ("2", "2", "0")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"orderNumber": "SO-1"}, "/orderNumber", "unknown-reference"),
        ({"locationCode": "MOON"}, "/locationCode", "unknown-reference"),
        ({"locationCode": "EAST"}, "/locationCode", "invalid-value"),
        ({"postingDate": "2026-03-03"}, "/postingDate", "invalid-value"),
        ({"lines": [{"orderLineSequence": 99, "quantity": "1"}]}, "/lines/0/orderLineSequence", "unknown-reference"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_shipment_is_refused(erp: Erp, change: Any, pointer: Any, code: Any) -> None:
    body = erp.shipment_body(knives(erp), {10000: "1"}) | change
    _, _, problem = erp.refuse("createSalesShipment", body)
    assert (pointer, code) in [(e["pointer"], e["code"]) for e in problem["errors"]]


def test_tracked_goods_name_their_lot_or_serials(erp: Erp) -> None:
    item = next(row for row in erp.rows("items") if row["number"] == "SKU-1004")
    order = knives(erp)
    for tracking, field in (("lot", "lot"), ("serial", "serials")):
        erp.change("items", item["id"], tracking=tracking)
        _, _, problem = erp.refuse("createSalesShipment", erp.shipment_body(order, {10000: "2"}))
        assert problem["errors"][0]["pointer"] == f"/lines/0/{field}"
    body = erp.shipment_body(order, {10000: "2"})
    body["lines"][0]["serials"] = ["S1", "S2"]
    assert erp.do("createSalesShipment", body)["lines"][0]["serials"] == ["S1", "S2"]


def test_an_order_that_is_not_released_ships_nothing(erp: Erp) -> None:
    order = erp.order(line("SKU-1004", "5", "18.00"))
    status, code, problem = erp.refuse("createSalesShipment", erp.shipment_body(order, {10000: "1"}))
    assert (status, code, problem["currentState"]) == (409, "invalid-state-transition", "draft")


@pytest.mark.parametrize(("support", "second"), [("full", 409), ("businessKeyOnly", 409), ("none", 201)])
def test_one_document_per_wms_shipment(make_landscape: MakeLandscape, support: Any, second: Any) -> None:
    """DOC-6."""
    erp = Erp(make_landscape(idempotencySupport=support))
    order = knives(erp)
    body = erp.shipment_body(order, {10000: "2"})
    first = erp.do("createSalesShipment", body)
    response = erp.call("createSalesShipment", body)
    assert response.status == second
    if second == 409:
        assert (response.json()["code"], response.json()["existingId"]) == (
            "duplicate-external-document",
            first["id"],
        )


def test_a_repeat_after_posting_is_a_duplicate_and_no_over_shipment(erp: Erp) -> None:
    body = erp.shipment_body(knives(erp), {10000: "5"})
    first = erp.do("createSalesShipment", body)
    erp.do("postSalesShipment", salesShipmentId=first["id"])
    _, code, problem = erp.refuse("createSalesShipment", body)
    assert (code, problem["existingId"], problem["currentState"]) == (
        "duplicate-external-document",
        first["id"],
        "posted",
    )


def test_undo_mirrors_the_entries_and_reserves_again(erp: Erp) -> None:
    """FIN-6: same accounts, same amounts, with a reference."""
    order = knives(erp)
    shipment = erp.ship(order, {10000: "3"})
    undone = erp.do("undoSalesShipment", salesShipmentId=shipment["id"])
    assert undone["status"] == "reversed"
    assert erp.ledger(shipment["number"]) == [
        ("5000", "24.00", "0.00"),
        ("1300", "0.00", "24.00"),
        ("1300", "24.00", "0.00"),
        ("5000", "0.00", "24.00"),
    ]
    original = next(r for r in erp.rows("itemLedgerEntries") if r["documentNumber"] == shipment["number"])
    assert item_entries(erp, shipment["number"])[1] == (
        "SKU-1004",
        "Sale",
        "3",
        "24.00",
        original["entryNumber"],
    )
    after = erp.reread(order)
    assert (after["shipmentStatus"], after["lines"][0]["reserved"]) == ("not_shipped", "5")
    assert erp.stock("SKU-1004") == ("5", "5", "0")
    erp.advance("PT1M")
    assert erp.invoices() == [], "the draft went with the shipment"
    assert erp.do(
        "createSalesShipment", erp.shipment_body(order, {10000: "3"}, wmsShipmentId=shipment["wmsShipmentId"])
    )


def test_an_invoiced_shipment_cannot_be_undone(erp: Erp) -> None:
    shipment = erp.ship(knives(erp), {10000: "3"})
    erp.advance("PT6S")
    status, code, problem = erp.refuse("undoSalesShipment", salesShipmentId=shipment["id"])
    assert (status, code, problem["currentState"]) == (409, "invalid-state-transition", "posted")
    assert "INV-2026-000456" in problem["detail"]


@pytest.mark.parametrize("state", ["draft", "reversed"])
def test_only_a_posted_shipment_can_be_undone(erp: Erp, state: Any) -> None:
    shipment = erp.shipment(knives(erp), {10000: "3"})
    if state == "reversed":
        erp.do("postSalesShipment", salesShipmentId=shipment["id"])
        erp.do("undoSalesShipment", salesShipmentId=shipment["id"])
    _, code, problem = erp.refuse("undoSalesShipment", salesShipmentId=shipment["id"])
    assert (code, problem["currentState"]) == ("invalid-state-transition", state)


def test_posting_twice_is_refused(erp: Erp) -> None:
    shipment = erp.ship(knives(erp), {10000: "3"})
    _, code, problem = erp.refuse("postSalesShipment", salesShipmentId=shipment["id"])
    assert (code, problem["currentState"], problem["allowedTransitions"]) == (
        "document-posted",
        "posted",
        ["reversed"],
    )


def test_pt6_a_late_shipment_is_posted_on_the_next_open_day_and_keeps_its_tax_point(erp: Erp) -> None:
    """February is closed: the entries are March's, the invoice's paper and due date are February's."""
    order = knives(erp, orderDate="2026-02-20")
    shipment = erp.ship(order, {10000: "5"}, postingDate="2026-02-27")
    assert shipment["postingDate"] == "2026-03-01"
    erp.advance("PT6S")
    invoice = erp.invoices()[0]
    assert (invoice["documentDate"], invoice["postingDate"], invoice["dueDate"]) == (
        "2026-02-27",
        "2026-03-01",
        "2026-02-27",
    )


def test_pt6_by_policy_a_late_shipment_is_refused(make_landscape: MakeLandscape) -> None:
    erp = Erp(make_landscape(closedPeriod="reject"))
    body = erp.shipment_body(knives(erp, orderDate="2026-02-20"), {10000: "5"}, postingDate="2026-02-27")
    status, code, problem = erp.refuse("createSalesShipment", body)
    assert (status, code, problem["errors"][0]["pointer"]) == (422, "posting-period-closed", "/postingDate")


@pytest.mark.parametrize(("blocked", "allowed"), [("Ship", False), ("All", False), ("Invoice", True)])
def test_a_blocked_customers_order_does_not_ship(erp: Erp, blocked: Any, allowed: Any) -> None:
    order = knives(erp)
    shipment = erp.shipment(order, {10000: "3"})
    erp.change("customers", order["customerId"], blocked=blocked)
    response = erp.call("postSalesShipment", salesShipmentId=shipment["id"])
    assert (response.status == 200) is allowed


def test_cost_may_wait_for_the_invoice(make_landscape: MakeLandscape) -> None:
    """costTiming=invoice: the same 5000/1300, with the invoice's number."""
    erp = Erp(make_landscape(costTiming="invoice"))
    order = erp.release(erp.standard_order())
    shipment = erp.ship(order, {10000: "2", 20000: "1"})
    assert erp.ledger(shipment["number"]) == []
    erp.advance("PT6S")
    assert erp.ledger("INV-2026-000456")[-2:] == [("5000", "28.90", "0.00"), ("1300", "0.00", "28.90")]
