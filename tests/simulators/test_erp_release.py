"""Release, credit, reservation and backorder (domain 2.2, side effects)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import NORDWIND, Erp, freight, line


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def covered(order: Any, index=0) -> Any:
    row = order["lines"][index]
    return row["reserved"], row["backordered"], row["outstanding"]


def knives(erp: Erp, quantity: Any, **header) -> Any:
    return erp.order(line("SKU-1004", quantity, "18.00"), **header)


def test_a_release_reserves_what_is_available_and_backorders_the_rest(erp: Erp) -> None:
    order = erp.release(knives(erp, "7"))
    assert (order["status"], covered(order)) == ("released", ("5", "2", "7"))
    assert erp.stock("SKU-1004") == ("5", "5", "0")
    assert erp.events()[1:] == [
        ("erp.salesorder.released.v1", order["number"]),
        ("erp.backorder.created.v1", order["number"]),
        ("erp.availability.changed.v1", "SKU-1004/MAIN"),
    ]


def test_lines_of_one_item_share_what_is_available_first_line_first(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "4", "18.00"), line("SKU-1004", "4", "18.00")))
    assert [covered(order, index) for index in (0, 1)] == [("4", "0", "4"), ("1", "3", "4")]


def test_a_case_is_reserved_whole_or_not_at_all(erp: Erp) -> None:
    """20 mugs are on hand, a case holds 12: one of two cases can be promised."""
    order = erp.release(erp.order(line("SKU-1001", "2", "240.00", unitOfMeasureCode="CS")))
    assert covered(order) == ("1", "1", "2")
    assert erp.stock("SKU-1001") == ("20", "12", "8")


def test_ps2_backorders_are_filled_first_come(erp: Erp) -> None:
    """Stock 3, X (5) then Y (2); 4 arrive: X gets 2 more, Y gets 2."""
    _adjust(erp, "-2")
    x, y = erp.release(knives(erp, "5")), erp.release(knives(erp, "2"))
    assert (covered(x), covered(y)) == (("3", "2", "5"), ("0", "2", "2"))
    erp.receive("SKU-1004", "4")
    assert (covered(erp.reread(x)), covered(erp.reread(y))) == (("5", "0", "5"), ("2", "0", "2"))
    assert erp.stock("SKU-1004") == ("7", "7", "0")
    assert erp.events("erp.backorder") == [
        ("erp.backorder.created.v1", x["number"]),
        ("erp.backorder.created.v1", y["number"]),
        ("erp.backorder.filled.v1", x["number"]),
        ("erp.backorder.filled.v1", y["number"]),
    ]


def _adjust(erp: Erp, quantity: Any, reason="COUNT", **more) -> Any:
    erp._external += 1
    body = {
        "externalDocumentNumber": f"ADJ-{erp._external}",
        "itemNumber": "SKU-1004",
        "locationCode": "MAIN",
        "stockStatus": "SELLABLE",
        "quantity": quantity,
        "reasonCode": reason,
        "postingDate": "2026-03-02",
    }
    return erp.do("createItemJournalEntry", body | more)


@pytest.mark.parametrize(
    ("first", "second", "served"),
    [
        ({}, {"priority": 1}, "second"),
        ({}, {"requestedDeliveryDate": "2026-03-10"}, "second"),
        ({"requestedDeliveryDate": "2026-03-09"}, {"requestedDeliveryDate": "2026-03-10"}, "first"),
        ({"priority": 9}, {"requestedDeliveryDate": "2026-03-10", "priority": 9}, "second"),
        ({}, {}, "first"),
    ],
    ids=["priority", "a date before none", "the earlier date", "date within priority", "release time"],
)
def test_backorders_are_filled_by_priority_date_and_release(erp: Erp, first: Any, second: Any, served: Any) -> None:
    _adjust(erp, "-5")
    orders = {"first": erp.release(knives(erp, "2", **first))}
    erp.advance("PT1S")
    orders["second"] = erp.release(knives(erp, "2", **second))
    erp.receive("SKU-1004", "2")
    filled = {name for name, order in orders.items() if covered(erp.reread(order))[0] == "2"}
    assert filled == {served}


def test_a_partial_filling_is_told_with_what_is_still_missing(erp: Erp) -> None:
    order = erp.release(knives(erp, "9"))
    erp.receive("SKU-1004", "1")
    assert covered(erp.reread(order)) == ("6", "3", "9")
    assert erp.events("erp.backorder.filled") == [("erp.backorder.filled.v1", order["number"])]


def test_what_a_cancelled_order_frees_goes_to_those_who_wait(erp: Erp) -> None:
    held, waiting = erp.release(knives(erp, "5")), erp.release(knives(erp, "3"))
    erp.do("cancelSalesOrder", salesOrderId=held["id"])
    assert covered(erp.reread(waiting)) == ("3", "0", "3")
    assert erp.stock("SKU-1004") == ("5", "3", "2")


def test_stock_that_vanishes_takes_back_the_promise_made_last(erp: Erp) -> None:
    """CON-2: never more reserved than sellable on hand."""
    early, late = erp.release(knives(erp, "3")), erp.release(knives(erp, "2"))
    _adjust(erp, "-3", "LOSS")
    assert (covered(erp.reread(early)), covered(erp.reread(late))) == (("2", "1", "3"), ("0", "2", "2"))
    assert erp.stock("SKU-1004") == ("2", "2", "0")
    assert erp.events("erp.backorder.created") == [
        ("erp.backorder.created.v1", late["number"]),
        ("erp.backorder.created.v1", early["number"]),
    ]


def test_damaged_stock_raises_no_availability(erp: Erp) -> None:
    """HP-4, INV-12: 30 received, 2 of them damaged on top of 28."""
    waiting = erp.release(erp.order(line("SKU-1003", "29", "15.00")))
    erp.receive("SKU-1003", "28", damaged="2")
    assert erp.stock("SKU-1003") == ("28", "28", "0")
    assert erp.stock("SKU-1003", "DAMAGED") == ("2", "0", "0")
    assert covered(erp.reread(waiting)) == ("28", "1", "29")


# -- credit and tax checks --------------------------------------------------------------------------------------------


def test_a_release_over_the_credit_limit_answers_200_on_hold(erp: Erp) -> None:
    """balanceDue + open orders + this order > creditLimit > 0."""
    header = {"customerNumber": NORDWIND, "paymentTermsCode": "N30"}
    erp.change("customers", erp.customer(NORDWIND)["id"], creditLimit="100.00")
    first = erp.release(erp.order(line("SKU-1004", "1", "42.00"), **header))
    assert first["status"] == "released"
    erp.ship(first, {10000: "1"})
    erp.advance("PT6S")
    assert erp.do("getCustomer", customerId=first["customerId"])["balanceDue"] == "49.98"
    too_much = erp.release(erp.order(line("SKU-1004", "1", "42.04"), **header))
    assert (too_much["totals"]["includingTax"], too_much["status"]) == ("50.03", "on_hold")


def test_the_limit_itself_may_be_reached(erp: Erp) -> None:
    erp.change("customers", erp.customer(NORDWIND)["id"], creditLimit="119.00")
    header = {"customerNumber": NORDWIND, "paymentTermsCode": "N30"}
    assert erp.release(erp.order(line("SKU-1004", "1", "100.00"), **header))["status"] == "released"
    held = erp.release(erp.order(line("SKU-1004", "1", "0.01"), **header))
    assert (held["status"], held["holdReason"], covered(held)) == ("on_hold", "credit_limit", ("0", "0", "1"))
    assert erp.events()[-1] == ("erp.salesorder.onhold.v1", held["number"])
    assert erp.stock("SKU-1004") == ("5", "1", "4")


def test_a_held_order_is_resumed_by_decision_or_released_when_there_is_room(erp: Erp) -> None:
    customer = erp.customer(NORDWIND)["id"]
    erp.change("customers", customer, creditLimit="1.00")
    held = erp.release(knives(erp, "1", customerNumber=NORDWIND))
    again = erp.release(held)
    assert (held["status"], again["status"]) == ("on_hold", "on_hold")
    resumed = erp.do("resumeSalesOrder", salesOrderId=held["id"])
    assert (resumed["status"], resumed["holdReason"], covered(resumed)) == ("released", None, ("1", "0", "1"))
    other = erp.release(knives(erp, "1", customerNumber=NORDWIND))
    erp.change("customers", customer, creditLimit="0.00")
    assert erp.release(other)["status"] == "released"


def test_only_an_order_on_hold_can_be_resumed(erp: Erp) -> None:
    order = erp.release(knives(erp, "1"))
    _, code, problem = erp.refuse("resumeSalesOrder", salesOrderId=order["id"])
    assert (code, problem["currentState"]) == ("invalid-state-transition", "released")


def test_a_hold_keeps_reservations_for_a_day(erp: Erp) -> None:
    order = erp.release(knives(erp, "5"))
    waiting = erp.release(knives(erp, "1"))
    held = erp.do("holdSalesOrder", {"reason": "fraud_review"}, salesOrderId=order["id"])
    assert (held["status"], held["holdReason"], covered(held)) == ("on_hold", "fraud_review", ("5", "0", "5"))
    erp.advance("PT23H59M")
    assert covered(erp.reread(order)) == ("5", "0", "5")
    erp.advance("PT2M")
    assert covered(erp.reread(order)) == ("0", "0", "5")
    assert covered(erp.reread(waiting)) == ("1", "0", "1")
    resumed = erp.do("resumeSalesOrder", salesOrderId=order["id"])
    assert covered(resumed) == ("4", "1", "5")


def test_an_order_resumed_within_the_day_keeps_its_reservation(erp: Erp) -> None:
    order = erp.release(knives(erp, "5"))
    erp.do("holdSalesOrder", {"reason": "address"}, salesOrderId=order["id"])
    erp.do("resumeSalesOrder", salesOrderId=order["id"])
    erp.advance("P2D")
    assert covered(erp.reread(order)) == ("5", "0", "5")


@pytest.mark.parametrize(
    ("status", "outcome"), [("valid", "released"), ("unchecked", "on_hold"), ("invalid", "refused")]
)
def test_pt4_zero_rated_goods_need_a_checked_vat_id(erp: Erp, status: Any, outcome: Any) -> None:
    erp.change("customers", erp.customer(NORDWIND)["id"], taxRegistrationStatus=status)
    order = erp.order(line("SKU-1004", "1", "18.00", taxCode="EU-K0"), customerNumber=NORDWIND)
    response = erp.call("releaseSalesOrder", salesOrderId=order["id"])
    body = response.json()
    if outcome == "refused":
        assert (response.status, body["errors"][0]["pointer"]) == (422, "/lines/0/taxCode")
    else:
        assert (body["status"], body["holdReason"]) == (outcome, "tax_check" if outcome == "on_hold" else None)


# -- validation at release --------------------------------------------------------------------------------------------


def test_ord1_a_released_order_has_an_item_line(erp: Erp) -> None:
    order = erp.order(freight("4.90"), shipTo=None, shipmentMethodCode=None)
    _, code, problem = erp.refuse("releaseSalesOrder", salesOrderId=order["id"])
    assert (code, problem["errors"][0]["pointer"]) == ("validation-failed", "/lines")


def test_a_missing_posting_set_up_is_named_at_release(erp: Erp) -> None:
    order = knives(erp, "1")
    erp.change(
        "items", next(row["id"] for row in erp.rows("items") if row["number"] == "SKU-1004"), productPostingGroup="NEW"
    )
    _, code, problem = erp.refuse("releaseSalesOrder", salesOrderId=order["id"])
    assert (code, problem["errors"][0]["pointer"]) == ("posting-setup-missing", "/lines/0/itemNumber")
    assert erp.reread(order)["status"] == "draft"


def test_what_was_blocked_since_the_order_came_is_found_at_release(erp: Erp) -> None:
    order = knives(erp, "1")
    erp.change("customers", order["customerId"], blocked="All")
    assert erp.refuse("releaseSalesOrder", salesOrderId=order["id"])[:2] == (422, "customer-blocked")


def test_an_order_without_goods_counts_as_shipped_and_is_invoiced_at_release(erp: Erp) -> None:
    service = {**line("FREIGHT", "1", "30.00"), "locationCode": "MAIN"}
    order = erp.release(erp.order(service, shipTo=None, shipmentMethodCode=None))
    assert (order["status"], order["shipmentStatus"]) == ("released", "fully_shipped")
    erp.advance("PT6S")
    assert erp.reread(order)["status"] == "closed"
    assert erp.invoices()[0]["totals"]["includingTax"] == "35.70"


def test_an_order_resumed_before_its_invoice_is_posted_is_not_invoiced_twice(erp: Erp) -> None:
    order = erp.release(knives(erp, "2"))
    erp.ship(order, {10000: "2"})
    erp.do("holdSalesOrder", {"reason": "manual"}, salesOrderId=order["id"])
    erp.do("resumeSalesOrder", salesOrderId=order["id"])
    erp.advance("PT1M")
    assert [invoice["status"] for invoice in erp.invoices()] == ["open"]
    assert erp.reread(order)["status"] == "closed"


def test_an_order_that_was_finished_on_hold_closes_when_it_is_resumed(erp: Erp) -> None:
    order = erp.release(knives(erp, "2"))
    erp.ship(order, {10000: "2"})
    erp.do("holdSalesOrder", {"reason": "manual"}, salesOrderId=order["id"])
    erp.advance("PT1M")
    assert erp.do("resumeSalesOrder", salesOrderId=order["id"])["status"] == "released"
    erp.advance("PT1S")
    assert erp.reread(order)["status"] == "closed"
