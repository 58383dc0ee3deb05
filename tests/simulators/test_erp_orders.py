"""Sales orders: what they are worth, what is refused and how, what may still change (domain 2.2, section 5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import ADDRESS, Erp, freight, line


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def errors(problem: Any) -> Any:
    return [(error["pointer"], error["code"]) for error in problem["errors"]]


def amounts(order: Any) -> Any:
    return [(row["discountAllocation"], row["netAmount"], row["taxAmount"]) for row in order["lines"]]


# -- totals -----------------------------------------------------------------------------------------------------------


def test_m6_the_standard_order_with_the_storefronts_allocations(erp: Erp) -> None:
    order = erp.standard_order()
    assert order["number"] == "SO-2026-000123"
    assert order["status"] == "draft"
    assert order["totals"] == {"excludingTax": "60.52", "tax": "10.21", "includingTax": "70.73"}
    assert amounts(order) == [("0.00", "44.82", "8.52"), ("0.00", "10.80", "0.76"), ("0.00", "4.90", "0.93")]
    assert [row["sequence"] for row in order["lines"]] == [10000, 20000, 30000]


def test_m6_a_header_discount_is_allocated_to_the_goods_and_not_to_freight(erp: Erp) -> None:
    order = erp.order(
        line("SKU-1001", "2", "24.90"),
        line("SKU-1002", "1", "12.00", taxCode="DE-S7"),
        freight("4.90"),
        discountAmount="6.18",
    )
    assert amounts(order) == [("4.98", "44.82", "8.52"), ("1.20", "10.80", "0.76"), ("0.00", "4.90", "0.93")]
    assert order["totals"]["includingTax"] == "70.73"


def test_m7_freight_taxed_by_the_goods_share(make_landscape: MakeLandscape) -> None:
    order = Erp(make_landscape(freightTax="byGoodsShare")).standard_order()
    assert order["totals"] == {"excludingTax": "60.52", "tax": "10.09", "includingTax": "70.61"}
    assert amounts(order)[2] == ("0.00", "4.90", "0.82")


@pytest.mark.parametrize(("level", "total"), [("perDocumentPerCode", "11.89"), ("perLine", "11.88")])
def test_m1_the_switch_decides_where_tax_is_rounded(make_landscape: MakeLandscape, level: Any, total: Any) -> None:
    erp = Erp(make_landscape(taxRoundingLevel=level))
    order = erp.order(*[line("SKU-1001", "1", "3.33")] * 3)
    assert order["totals"]["includingTax"] == total


@pytest.mark.parametrize(("direction", "tax"), [("halfUp", "0.13"), ("halfEven", "0.12"), ("down", "0.12")])
def test_m2_the_switch_decides_the_direction(make_landscape: MakeLandscape, direction: Any, tax: Any) -> None:
    erp = Erp(make_landscape(taxRoundingDirection=direction))
    erp.set_rate("DE-S7", "5")
    assert erp.order(line("SKU-1002", "1", "2.50", taxCode="DE-S7"))["totals"]["tax"] == tax


def test_m20_inclusive_prices_with_an_order_discount(erp: Erp) -> None:
    erp.set_rate("DE-S19", "20")
    order = erp.order(line("SKU-1001", "3", "19.99"), pricesIncludeTax=True, discountAmount="5.00")
    assert order["totals"] == {"excludingTax": "45.81", "tax": "9.16", "includingTax": "54.97"}


@pytest.mark.parametrize(("price", "quantity", "net"), [("0.0333", "1000", "33.30"), ("0.03333", "7", "0.23")])
def test_m18_the_line_is_rounded_after_multiplying(erp: Erp, price: Any, quantity: Any, net: Any) -> None:
    assert erp.order(line("SKU-1001", quantity, price))["lines"][0]["netAmount"] == net


def test_a_currency_without_decimals_keeps_none(erp: Erp) -> None:
    order = erp.order(line("SKU-1001", "1", "5940"), currencyCode="JPY")
    assert order["totals"] == {"excludingTax": "5940", "tax": "1129", "includingTax": "7069"}


@pytest.mark.parametrize("charged", ["70.73", "70.75", "70.71"])
def test_a_control_total_within_what_rounding_can_cause_is_accepted(erp: Erp, charged: Any) -> None:
    """Three taxed lines and two codes: 0.025 at most (A23)."""
    assert erp.standard_order(controlTotals={"includingTax": charged, "tax": "10.21"})["status"] == "draft"


def test_a_control_total_that_rounding_cannot_explain_is_refused(erp: Erp) -> None:
    """PT-2: the shop took its discount off after tax (M-5)."""
    erp.set_rate("DE-S19", "10")
    body = erp.order_body(
        line("SKU-1001", "1", "100.00"), discountAmount="20.00", controlTotals={"includingTax": "90.00"}
    )
    status, code, problem = erp.refuse("createSalesOrder", body)
    assert (status, code) == (422, "total-mismatch")
    assert errors(problem) == [("/controlTotals/includingTax", "total-mismatch")]
    assert "90.00" in problem["detail"]
    assert "88.00" in problem["detail"]
    assert erp.rows("salesOrders") == []


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_every_violation_is_listed_with_its_pointer_in_one_refusal(erp: Erp) -> None:
    body = erp.order_body(
        line("SKU-1001", "0.5", "24.90", taxCode="DE-S16"),
        line("SKU-9999", "1", "1.00", locationCode="MOON"),
        line("SKU-1002", "1", "12.00", sourceLineId="901", discountAmount="12.01", unitOfMeasureCode="HR"),
        shipmentMethodCode="HER-STD",
        paymentTermsCode="NEVER",
        requestedDeliveryDate="2026-03-01",
        customerNumber="C99999",
    )
    status, code, problem = erp.refuse("createSalesOrder", body)
    assert (status, code) == (422, "validation-failed")
    assert sorted(errors(problem)) == [
        ("/customerNumber", "unknown-reference"),
        ("/lines/0/quantity", "invalid-value"),
        ("/lines/0/taxCode", "invalid-value"),
        ("/lines/1/itemNumber", "unknown-reference"),
        ("/lines/1/locationCode", "unknown-reference"),
        ("/lines/2/discountAmount", "invalid-value"),
        ("/lines/2/sourceLineId", "invalid-value"),
        ("/lines/2/unitOfMeasureCode", "unknown-reference"),
        ("/paymentTermsCode", "unknown-reference"),
        ("/requestedDeliveryDate", "invalid-value"),
        ("/shipmentMethodCode", "invalid-value"),
    ]
    assert erp.rows("salesOrders") == []
    assert erp.events() == []


def test_md1_an_unknown_item_alone_gives_the_refusal_its_name(erp: Erp) -> None:
    body = erp.order_body(line("SKU-1001", "1", "24.90"), line("SKU-9999", "1", "1.00"))
    status, code, problem = erp.refuse("createSalesOrder", body)
    assert (status, code, errors(problem)) == (
        422,
        "unknown-reference",
        [("/lines/1/itemNumber", "unknown-reference")],
    )
    assert problem["errors"][0]["rejectedValue"] == "SKU-9999"
    erp.do("createItem", {**_item("SKU-9999")})
    assert erp.do("createSalesOrder", body)["number"] == "SO-2026-000123"


def _item(number: Any) -> Any:
    return {
        "number": number,
        "displayName": "New",
        "type": "Inventory",
        "baseUnitOfMeasureCode": "EA",
        "unitPrice": "1.00",
        "taxGroupCode": "STD",
        "productPostingGroup": "RETAIL",
        "inventoryPostingGroup": "RESALE",
    }


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"shipmentMethodCode": None}, ("validation-failed", ("/shipmentMethodCode", "required"))),
        ({"shipTo": None}, ("validation-failed", ("/shipTo", "required"))),
        ({"currencyCode": "HUF"}, ("unknown-reference", ("/currencyCode", "unknown-reference"))),
        ({"currencyCode": "XXX"}, ("unknown-reference", ("/currencyCode", "unknown-reference"))),
        ({"paymentMethodCode": "SHELLS"}, ("unknown-reference", ("/paymentMethodCode", "unknown-reference"))),
        ({"discountAmount": "24.91"}, ("validation-failed", ("/discountAmount", "invalid-value"))),
        ({"discountAmount": "0.005"}, ("validation-failed", ("/discountAmount", "invalid-value"))),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_header_is_refused(erp: Erp, header: Any, expected: Any) -> None:
    status, code, problem = erp.refuse("createSalesOrder", erp.order_body(line("SKU-1001", "1", "24.90"), **header))
    assert (status, code, errors(problem)) == (422, expected[0], [expected[1]])


@pytest.mark.parametrize(("blocked", "allowed"), [(" ", True), ("Ship", False), ("Invoice", False), ("All", False)])
def test_a_blocked_customer_gets_no_new_order(erp: Erp, blocked: Any, allowed: Any) -> None:
    erp.change("customers", erp.customer()["id"], blocked=blocked)
    response = erp.call("createSalesOrder", erp.order_body(line("SKU-1001", "1", "24.90")))
    assert (response.status == 201) is allowed
    if not allowed:
        assert response.json()["code"] == "customer-blocked"


def test_a_blocked_item_is_named(erp: Erp) -> None:
    item = next(row for row in erp.rows("items") if row["number"] == "SKU-1001")
    erp.change("items", item["id"], blocked=True)
    _, code, problem = erp.refuse("createSalesOrder", erp.order_body(line("SKU-1001", "1", "24.90")))
    assert (code, errors(problem)) == ("item-blocked", [("/lines/0/itemNumber", "item-blocked")])


def test_a_merged_customer_is_followed_to_the_survivor(erp: Erp) -> None:
    anna, nordwind = erp.customer(), erp.customer("C00050")
    erp.change("customers", anna["id"], mergedIntoId=nordwind["id"])
    assert erp.order(line("SKU-1001", "1", "24.90"))["customerNumber"] == "C00050"
    response = erp.call("getCustomer", customerId=anna["id"])
    assert response.status == 308
    assert response.headers["location"].endswith(f"/customers/{nordwind['id']}")


def test_writing_a_derived_field_is_refused(erp: Erp) -> None:
    body = erp.order_body(line("SKU-1001", "1", "24.90"), shipmentStatus="fully_shipped")
    assert erp.refuse("createSalesOrder", body)[:2] == (422, "validation-failed")


@pytest.mark.parametrize(("support", "second"), [("full", 409), ("businessKeyOnly", 409), ("none", 201)])
def test_du2_the_source_pair_is_unique_unless_nothing_is(
    make_landscape: MakeLandscape, support: Any, second: Any
) -> None:
    erp = Erp(make_landscape(idempotencySupport=support))
    body = erp.order_body(line("SKU-1001", "1", "24.90"))
    first = erp.do("createSalesOrder", body)
    response = erp.call("createSalesOrder", {**body, "externalDocumentNumber": "other"})
    assert response.status == second
    if second == 409:
        assert response.json()["code"] == "duplicate-source-order"
        assert response.json()["existingId"] == first["id"]
        assert len(erp.rows("salesOrders")) == 1
    else:
        assert len(erp.rows("salesOrders")) == 2


def test_a_repeat_is_adopted_even_when_its_item_is_blocked_by_now(erp: Erp) -> None:
    body = erp.order_body(line("SKU-1001", "1", "24.90"))
    erp.do("createSalesOrder", body)
    item = next(row for row in erp.rows("items") if row["number"] == "SKU-1001")
    erp.change("items", item["id"], blocked=True)
    assert erp.refuse("createSalesOrder", body)[1] == "duplicate-source-order"


# -- changes and states -----------------------------------------------------------------------------------------------


def test_a_draft_may_change_in_everything(erp: Erp) -> None:
    order = erp.order(line("SKU-1001", "2", "24.90"))
    changed = erp.do(
        "updateSalesOrder",
        {"currencyCode": "USD", "lines": [{"sequence": 10000, "quantity": "3"}, line("SKU-1002", "1", "12.00")]},
        salesOrderId=order["id"],
    )
    assert changed["currencyCode"] == "USD"
    assert [(row["sequence"], row["itemNumber"], row["quantity"]) for row in changed["lines"]] == [
        (10000, "SKU-1001", "3"),
        (20000, "SKU-1002", "1"),
    ]
    assert changed["totals"]["excludingTax"] == "86.70"


def test_lines_that_a_change_does_not_name_stay(erp: Erp) -> None:
    order = erp.standard_order()
    changed = erp.do("updateSalesOrder", {"shipTo": {**ADDRESS, "city": "Pirna"}}, salesOrderId=order["id"])
    assert changed["shipTo"]["city"] == "Pirna"
    assert changed["lines"] == order["lines"]
    assert changed["@etag"] == 'W/"2"'


def test_a_violation_in_a_change_points_into_the_request(erp: Erp) -> None:
    order = erp.standard_order()
    body = {
        "lines": [{"sequence": 20000, "itemNumber": "SKU-9999"}, line("SKU-8888", "1", "1.00"), {"sequence": 50000}]
    }
    _, _, problem = erp.refuse("updateSalesOrder", body, salesOrderId=order["id"])
    assert sorted(errors(problem)) == [
        ("/lines/0/itemNumber", "unknown-reference"),
        ("/lines/1/itemNumber", "unknown-reference"),
        ("/lines/2/sequence", "unknown-reference"),
    ]


@pytest.mark.parametrize(
    "change",
    [{"currencyCode": "USD"}, {"pricesIncludeTax": True}, {"customerNumber": "C00050"}],
    ids=lambda c: next(iter(c)),
)
def test_a_release_locks_customer_currency_and_price_basis(erp: Erp, change: Any) -> None:
    order = erp.release(erp.order(line("SKU-1001", "1", "24.90")))
    status, code, problem = erp.refuse("updateSalesOrder", change, salesOrderId=order["id"])
    assert (status, code, problem["currentState"]) == (409, "document-locked", "released")


def test_a_changed_quantity_moves_the_reservation(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "2", "18.00")))
    for quantity, reserved, backordered in (("7", "5", "2"), ("3", "3", "0")):
        order = erp.do("updateSalesOrder", _quantity(quantity), salesOrderId=order["id"])
        row = order["lines"][0]
        assert (row["reserved"], row["backordered"], row["outstanding"]) == (reserved, backordered, quantity)
        assert erp.stock("SKU-1004")[1] == reserved


def _quantity(quantity: Any) -> Any:
    return {"lines": [{"sequence": 10000, "quantity": quantity}]}


def test_a_quantity_below_what_was_shipped_is_refused(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "5", "18.00")))
    erp.ship(order, {10000: "3"})
    status, _, problem = erp.refuse("updateSalesOrder", _quantity("2"), salesOrderId=order["id"])
    assert (status, errors(problem)) == (422, [("/lines/0/quantity", "invalid-value")])


def test_only_a_draft_can_be_deleted(erp: Erp) -> None:
    order = erp.order(line("SKU-1001", "1", "24.90"))
    assert erp.call("deleteSalesOrder", salesOrderId=order["id"]).status == 204
    assert erp.refuse("getSalesOrder", salesOrderId=order["id"])[:2] == (404, "not-found")
    released = erp.release(erp.order(line("SKU-1001", "1", "24.90")))
    status, code, problem = erp.refuse("deleteSalesOrder", salesOrderId=released["id"])
    assert (status, code) == (409, "invalid-state-transition")
    assert problem["currentState"] == "released"


def test_cancel_frees_reservations_and_is_final(erp: Erp) -> None:
    """CX-1, ORD-7."""
    order = erp.release(erp.order(line("SKU-1004", "4", "18.00")))
    assert erp.stock("SKU-1004") == ("5", "4", "1")
    cancelled = erp.do("cancelSalesOrder", salesOrderId=order["id"])
    row = cancelled["lines"][0]
    assert (cancelled["status"], row["cancelled"], row["outstanding"], row["reserved"]) == ("cancelled", "4", "0", "0")
    assert erp.stock("SKU-1004") == ("5", "0", "5")
    assert erp.events()[-2:] == [
        ("erp.salesorder.cancelled.v1", order["number"]),
        ("erp.availability.changed.v1", "SKU-1004/MAIN"),
    ]
    for operation in ("releaseSalesOrder", "cancelSalesOrder", "shortCloseSalesOrder", "resumeSalesOrder"):
        _, code, problem = erp.refuse(operation, salesOrderId=order["id"])
        assert (code, problem["currentState"], problem["allowedTransitions"]) == (
            "invalid-state-transition",
            "cancelled",
            [],
        )
    assert erp.refuse("updateSalesOrder", {"email": "a@example.com"}, salesOrderId=order["id"])[1] == (
        "invalid-state-transition"
    )


def test_after_a_shipment_cancel_is_refused_and_short_close_is_the_way(erp: Erp) -> None:
    """CX-4: the first invoice stays, the rest of the quantity is cancelled, the order closes with its invoice."""
    order = erp.release(erp.order(line("SKU-1004", "5", "18.00")))
    erp.ship(order, {10000: "3"})
    _, code, problem = erp.refuse("cancelSalesOrder", salesOrderId=order["id"])
    assert (code, problem["currentState"], problem["allowedTransitions"]) == (
        "invalid-state-transition",
        "released",
        ["on_hold", "closed"],
    )
    shortened = erp.do("shortCloseSalesOrder", salesOrderId=order["id"])
    assert (shortened["status"], shortened["lines"][0]["cancelled"]) == ("released", "2")
    assert shortened["shipmentStatus"] == "fully_shipped"
    assert erp.stock("SKU-1004") == ("2", "0", "2")
    erp.advance("PT6S")
    closed = erp.reread(order)
    assert (closed["status"], closed["invoiceStatus"]) == ("closed", "fully_invoiced")
    assert erp.invoices()[0]["totals"]["includingTax"] == "64.26"


def test_short_close_after_the_invoice_closes_at_once(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "5", "18.00")))
    erp.ship(order, {10000: "3"})
    erp.advance("PT6S")
    assert erp.do("shortCloseSalesOrder", salesOrderId=order["id"])["status"] == "closed"
    assert erp.events("erp.salesorder.closed") == [("erp.salesorder.closed.v1", order["number"])]


@pytest.mark.parametrize(
    ("operation", "body"), [("holdSalesOrder", {"reason": "manual"}), ("shortCloseSalesOrder", None)]
)
def test_a_draft_can_be_released_or_cancelled_only(erp: Erp, operation: Any, body: Any) -> None:
    order = erp.order(line("SKU-1001", "1", "24.90"))
    _, code, problem = erp.refuse(operation, body, salesOrderId=order["id"])
    assert (code, problem["currentState"], problem["allowedTransitions"]) == (
        "invalid-state-transition",
        "draft",
        ["released", "cancelled"],
    )


def test_two_editors_with_the_same_version_one_of_them_must_read_again(erp: Erp) -> None:
    """CC-1."""
    order = erp.order(line("SKU-1001", "1", "24.90"))
    first = {"shipTo": {**ADDRESS, "city": "Pirna"}}
    erp.do("updateSalesOrder", first, salesOrderId=order["id"], headers={"If-Match": order["@etag"]})
    stale = erp.call("updateSalesOrder", _quantity("2"), salesOrderId=order["id"], headers={"If-Match": order["@etag"]})
    assert (stale.status, stale.json()["code"]) == (412, "precondition-failed")
    fresh = erp.reread(order)
    after = erp.do("updateSalesOrder", _quantity("2"), salesOrderId=order["id"], headers={"If-Match": fresh["@etag"]})
    assert (after["shipTo"]["city"], after["lines"][0]["quantity"]) == ("Pirna", "2")


def test_comments_are_text_and_nothing_else(erp: Erp) -> None:
    order = erp.order(
        line("SKU-1001", "1", "24.90"), {"lineType": "Comment", "description": "ring twice", "sourceLineId": None}
    )
    assert order["lines"][1]["description"] == "ring twice"
    assert order["totals"]["excludingTax"] == "24.90"
    order = erp.release(order)
    erp.ship(order, {10000: "1"})
    erp.advance("PT6S")
    assert erp.reread(order)["status"] == "closed"
    assert len(erp.invoices()[0]["lines"]) == 1
