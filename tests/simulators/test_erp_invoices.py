"""Invoices: numbers, books, due dates, part invoices, and the ERP's own jobs (domain 2.2; M-8, M-10, M-11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulators.erp.translation import translate, translate_once
from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import NORDWIND, Erp, freight, line

D = Decimal


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def shipped(erp: Erp, *lines, quantities=None, **header) -> Any:
    order = erp.release(erp.order(*lines, **header))
    wanted = quantities or {row["sequence"]: row["quantity"] for row in order["lines"] if row["lineType"] == "Item"}
    erp.ship(order, wanted)
    return order


def test_m8_the_books_of_the_standard_order_from_capture_to_paid(erp: Erp) -> None:
    order = erp.standard_order()
    payment = erp.pay("70.73", orderNumber=order["number"])
    erp.ship(erp.release(order), {10000: "2", 20000: "1"})
    assert erp.ledger(payment["number"]) == [("1210", "70.73", "0.00"), ("2200", "0.00", "70.73")]
    erp.advance("PT5S")
    assert [(i["number"], i["status"]) for i in erp.invoices()] == [("INV-2026-000456", "open")]
    erp.advance("PT2S")
    invoice = erp.invoices()[0]
    assert (invoice["status"], invoice["remainingAmount"], invoice["dueDate"]) == ("paid", "0.00", "2026-03-02")
    assert erp.ledger("INV-2026-000456") == [
        ("1200", "70.73", "0.00"),
        ("4000", "0.00", "55.62"),
        ("4100", "0.00", "4.90"),
        ("2110", "0.00", "9.45"),
        ("2111", "0.00", "0.76"),
        ("2200", "70.73", "0.00"),
        ("1200", "0.00", "70.73"),
    ]
    assert (erp.balance_of("2200"), erp.balance_of("1200")) == ("0.00", "0.00")
    assert invoice["taxSummary"] == [
        {"taxCode": "DE-S19", "base": "49.72", "percent": "19", "tax": "9.45"},
        {"taxCode": "DE-S7", "base": "10.80", "percent": "7", "tax": "0.76"},
    ]
    assert [row["shipmentLineRef"] for row in invoice["lines"]] == [
        "SH-2026-000077/10000",
        "SH-2026-000077/20000",
        "SH-2026-000077/30000",
    ]
    after = erp.reread(order)
    assert (after["status"], after["shipmentStatus"], after["invoiceStatus"]) == (
        "closed",
        "fully_shipped",
        "fully_invoiced",
    )
    assert erp.events("erp.salesinvoice") == [
        ("erp.salesinvoice.posted.v1", "INV-2026-000456"),
        ("erp.salesinvoice.statuschanged.v1", "INV-2026-000456"),
    ]


def test_a_shipment_leaves_a_draft_without_number_that_the_erp_posts_five_seconds_later(erp: Erp) -> None:
    shipped(erp, line("SKU-1004", "5", "18.00"))
    draft = erp.invoices()[0]
    assert (draft["number"], draft["status"], draft["dueDate"]) == (None, "draft", None)
    assert erp.balance_of("1200") == "0.00"
    erp.advance("PT4S")
    assert erp.invoices()[0]["status"] == "draft"
    erp.advance("PT1S")
    assert erp.invoices()[0]["status"] == "open"


def test_a_draft_that_was_deleted_is_not_posted(erp: Erp) -> None:
    shipped(erp, line("SKU-1004", "5", "18.00"))
    assert erp.call("deleteSalesInvoice", salesInvoiceId=erp.invoices()[0]["id"]).status == 204
    erp.advance("PT1M")
    assert erp.invoices() == []


def test_m10_part_shipments_are_invoiced_in_parts_that_add_up(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "5", "18.00")))
    erp.ship(order, {10000: "3"})
    erp.advance("PT1H")
    erp.ship(order, {10000: "2"})
    erp.advance("PT1M")
    assert [invoice["totals"] for invoice in erp.invoices()] == [
        {"excludingTax": "54.00", "tax": "10.26", "includingTax": "64.26"},
        {"excludingTax": "36.00", "tax": "6.84", "includingTax": "42.84"},
    ]
    assert order["totals"]["includingTax"] == "107.10"


def test_the_shares_of_a_discounted_line_add_up_to_it(erp: Erp) -> None:
    """3 pieces for 30.00 less 1.00: 9.67, 9.66, 9.67 (M-12), also while no draft is posted yet."""
    erp.receive("SKU-1004", "10")
    order = erp.release(erp.order(line("SKU-1004", "3", "10.00", discountAmount="1.00")))
    for _ in range(3):
        erp.ship(order, {10000: "1"})
    erp.advance("PT1M")
    assert [invoice["totals"]["excludingTax"] for invoice in erp.invoices()] == ["9.67", "9.66", "9.67"]


def test_m11_the_cent_between_three_invoices_and_one_payment_goes_to_rounding(erp: Erp) -> None:
    """3 x 3.33 in three shipments: 3 x 3.96 = 11.88, paid 11.89 (PT-1)."""
    order = erp.order(*[line("SKU-1001", "1", "3.33")] * 3)
    payment = erp.pay("11.89", orderNumber=order["number"])
    erp.release(order)
    for sequence in (10000, 20000, 30000):
        erp.ship(order, {sequence: "1"})
        erp.advance("PT1M")
    invoices = erp.invoices()
    assert [(i["totals"]["includingTax"], i["status"], i["roundingAmount"]) for i in invoices] == [
        ("3.96", "paid", "0.00"),
        ("3.96", "paid", "0.00"),
        ("3.96", "paid", "0.01"),
    ]
    assert erp.ledger(invoices[2]["number"])[-3:] == [
        ("2200", "3.97", "0.00"),
        ("1200", "0.00", "3.96"),
        ("6900", "0.00", "0.01"),
    ]
    assert (erp.balance_of("2200"), erp.balance_of("1200")) == ("0.00", "0.00")
    assert erp.do("getCustomerPayment", customerPaymentId=payment["id"])["unappliedAmount"] == "0.00"


def test_a_cent_charged_too_little_is_let_go_on_the_last_invoice(erp: Erp) -> None:
    """The store rounded down to 11.88, the ERP invoices 11.89 at once."""
    order = erp.order(*[line("SKU-1001", "1", "3.33")] * 3, controlTotals={"includingTax": "11.88"})
    erp.pay("11.88", orderNumber=order["number"])
    erp.ship(erp.release(order), {10000: "1", 20000: "1", 30000: "1"})
    erp.advance("PT1M")
    invoice = erp.invoices()[0]
    assert (invoice["totals"]["includingTax"], invoice["roundingAmount"], invoice["status"]) == (
        "11.89",
        "-0.01",
        "paid",
    )
    assert erp.balance_of("6900") == "0.01"
    assert (erp.balance_of("2200"), erp.balance_of("1200")) == ("0.00", "0.00")


def test_a_difference_that_rounding_cannot_explain_stays_open(erp: Erp) -> None:
    order = erp.order(line("SKU-1004", "1", "18.00"))
    erp.pay("20.00", orderNumber=order["number"])
    erp.ship(erp.release(order), {10000: "1"})
    erp.advance("PT1M")
    invoice = erp.invoices()[0]
    assert (invoice["status"], invoice["remainingAmount"], invoice["roundingAmount"]) == (
        "partially_paid",
        "1.42",
        "0.00",
    )


@pytest.mark.parametrize(
    ("terms", "due"),
    [("N30", "2026-04-01"), ("EOM+15", "2026-04-15"), ("2/10N30", "2026-04-01"), ("PREPAID", "2026-03-02")],
)
def test_the_due_date_follows_the_terms(erp: Erp, terms: Any, due: Any) -> None:
    shipped(erp, line("SKU-1004", "1", "18.00"), paymentTermsCode=terms)
    erp.advance("PT6S")
    assert (erp.invoices()[0]["documentDate"], erp.invoices()[0]["dueDate"]) == ("2026-03-02", due)


def test_hp2_an_unpaid_invoice_is_overdue_at_midnight_after_its_due_date_until_it_is_paid(erp: Erp) -> None:
    shipped(erp, line("SKU-1004", "5", "18.00"), customerNumber=NORDWIND, paymentTermsCode="N30")
    erp.advance("PT6S")
    invoice = erp.invoices()[0]
    assert invoice["dueDate"] == "2026-04-01"
    erp.advance("P30DT22H30M")
    assert erp.events("erp.salesinvoice.overdue") == [], "23:59:06 in Berlin on 1 April, summer time"
    erp.advance("PT1M")
    assert erp.events("erp.salesinvoice.overdue") == [("erp.salesinvoice.overdue.v1", invoice["number"])]
    payment = erp.pay(
        "107.10",
        customerNumber=NORDWIND,
        applications=[{"documentNumber": invoice["number"], "amount": "107.10"}],
    )
    assert erp.ledger(payment["number"]) == [("1210", "107.10", "0.00"), ("1200", "0.00", "107.10")]
    after = erp.invoices()[0]
    assert (after["status"], after["remainingAmount"]) == ("paid", "0.00")
    assert erp.events()[-1] == ("erp.salesinvoice.statuschanged.v1", invoice["number"])


def test_a_paid_invoice_is_never_overdue(erp: Erp) -> None:
    order = erp.standard_order()
    erp.pay("70.73", orderNumber=order["number"])
    erp.ship(erp.release(order), {10000: "2", 20000: "1"})
    erp.advance("P60D")
    assert erp.events("erp.salesinvoice.overdue") == []


def test_doc10_a_failed_posting_uses_up_no_number(erp: Erp) -> None:
    """Gapless in posting order, whatever was refused in between (DOC-4)."""
    setup = next(row for row in erp.rows("postingSetup") if row["_key"] == "sales|DOMESTIC|RETAIL")
    shipped(erp, line("SKU-1001", "1", "24.90"))
    erp.advance("PT6S")
    erp.landscape.world.tables["erp"]["postingSetup"].write(setup["_key"], None)
    failing = erp.order(line("SKU-1002", "1", "12.00"))
    erp.landscape.world.tables["erp"]["postingSetup"].write(setup["_key"], setup)
    erp.release(failing)
    erp.landscape.world.tables["erp"]["postingSetup"].write(setup["_key"], None)
    erp.ship(failing, {10000: "1"})
    erp.advance("PT6S")
    draft = erp.invoices()[1]
    assert (draft["status"], draft["number"]) == ("draft", None)
    status, code, problem = erp.refuse("postSalesInvoice", salesInvoiceId=draft["id"])
    assert (status, code, problem["errors"][0]["pointer"]) == (422, "posting-setup-missing", "/lines/0/itemNumber")
    erp.landscape.world.tables["erp"]["postingSetup"].write(setup["_key"], setup)
    assert erp.do("postSalesInvoice", salesInvoiceId=draft["id"])["number"] == "INV-2026-000457"
    shipped(erp, line("SKU-1001", "1", "24.90"))
    erp.advance("PT6S")
    assert [i["number"] for i in erp.invoices()] == ["INV-2026-000456", "INV-2026-000457", "INV-2026-000458"]


def test_the_number_belongs_to_the_fiscal_year_of_the_posting(erp: Erp) -> None:
    erp.advance("P306D")
    for day, number in (("2027-01-02", "INV-2027-000001"), ("2026-12-31", "INV-2026-000456")):
        order = erp.release(erp.order(line("SKU-1001", "1", "24.90")))
        erp.ship(order, {10000: "1"}, postingDate=day)
        erp.advance("PT6S")
        assert erp.invoices()[-1]["number"] == number


def test_a_posted_invoice_is_frozen(erp: Erp) -> None:
    shipped(erp, line("SKU-1004", "5", "18.00"))
    erp.advance("PT6S")
    invoice = erp.invoices()[0]
    for operation in ("postSalesInvoice", "deleteSalesInvoice"):
        status, code, problem = erp.refuse(operation, salesInvoiceId=invoice["id"])
        assert (status, code, problem["currentState"]) == (409, "document-posted", "open")


def test_a_stated_posting_date_in_a_closed_period_is_refused_whatever_the_switch_says(erp: Erp) -> None:
    shipped(erp, line("SKU-1004", "5", "18.00"))
    draft = erp.invoices()[0]
    status, code, problem = erp.refuse("postSalesInvoice", {"postingDate": "2026-02-27"}, salesInvoiceId=draft["id"])
    assert (status, code, problem["errors"][0]["pointer"]) == (422, "posting-period-closed", "/postingDate")
    assert (
        erp.do("postSalesInvoice", {"postingDate": "2026-03-01"}, salesInvoiceId=draft["id"])["postingDate"]
        == "2026-03-01"
    )
    erp.advance("PT1M")
    assert len(erp.invoices()) == 1


def test_a_customer_blocked_for_invoices_keeps_a_draft(erp: Erp) -> None:
    order = shipped(erp, line("SKU-1004", "5", "18.00"))
    erp.change("customers", order["customerId"], blocked="Invoice")
    erp.advance("PT6S")
    assert erp.invoices()[0]["status"] == "draft"
    assert erp.refuse("postSalesInvoice", salesInvoiceId=erp.invoices()[0]["id"])[1] == "customer-blocked"


def test_by_hand_no_more_is_invoiced_than_was_shipped(erp: Erp) -> None:
    order = shipped(erp, line("SKU-1004", "5", "18.00"), quantities={10000: "3"})
    body = {"orderNumber": order["number"], "lines": [{"orderLineSequence": 10000, "quantity": "4"}]}
    status, code, problem = erp.refuse("createSalesInvoice", body)
    assert (status, code, problem["errors"][0]["pointer"]) == (422, "over-invoice", "/lines/0/quantity")
    body["lines"][0]["quantity"] = "1"
    by_hand = erp.do("createSalesInvoice", body)
    assert by_hand["lines"][0]["shipmentLineRef"] == "SH-2026-000077/10000"
    assert erp.do("postSalesInvoice", salesInvoiceId=by_hand["id"])["totals"]["includingTax"] == "21.42"
    erp.advance("PT6S")
    automatic = erp.invoices()[0]
    assert automatic["status"] == "draft", "2 are left of the 3 that the automatic draft bills"
    assert erp.refuse("postSalesInvoice", salesInvoiceId=automatic["id"])[1] == "over-invoice"


def test_by_policy_an_order_is_invoiced_at_release(make_landscape: MakeLandscape) -> None:
    erp = Erp(make_landscape(invoicePolicy="on_order"))
    order = erp.release(erp.order(line("SKU-1004", "5", "18.00"), freight("4.90")))
    erp.advance("PT6S")
    assert [i["totals"]["excludingTax"] for i in erp.invoices()] == ["94.90"]
    assert erp.reread(order)["status"] == "released"
    erp.ship(order, {10000: "3"})
    assert erp.reread(order)["status"] == "released"
    last = erp.ship(order, {10000: "2"})
    assert erp.reread(order)["status"] == "closed", "fully shipped and fully invoiced (domain 2.2, released->closed)"
    assert erp.events("erp.salesorder.closed") == [("erp.salesorder.closed.v1", order["number"])]
    erp.advance("PT6S")
    assert len(erp.invoices()) == 1
    status, code, _ = erp.refuse("undoSalesShipment", salesShipmentId=last["id"])
    assert (status, code) == (409, "invalid-state-transition"), "a closed order changes no more"


# -- without an order, and in foreign currency ------------------------------------------------------------------------


def dollars(amount="250.00", **fields) -> Any:
    row = {"lineType": "Item", "itemNumber": "SKU-1004", "quantity": "1", "unitPrice": amount, "taxCode": "EX-G0"}
    return {"customerNumber": NORDWIND, "currencyCode": "USD", "lines": [row], **fields}


def test_m13_a_dollar_invoice_is_booked_at_the_rate_of_its_date(erp: Erp) -> None:
    invoice = erp.do("postSalesInvoice", salesInvoiceId=erp.do("createSalesInvoice", dollars())["id"])
    assert (invoice["totals"]["includingTax"], invoice["exchangeRate"]) == ("250.00", "1.0842")
    assert erp.ledger(invoice["number"]) == [("1200", "230.58", "0.00"), ("4000", "0.00", "230.58")]
    assert [r["sourceCurrencyAmount"] for r in erp.rows("generalLedgerEntries")[-2:]] == ["250.00", "-250.00"]
    assert erp.do("getCustomer", customerId=invoice["customerId"])["balanceDue"] == "230.58"


def test_m14_a_foreign_document_is_translated_once_on_its_total(erp: Erp) -> None:
    assert translate(D("250.00"), D("1.0842"), 2) == D("230.58")
    whole, parts = translate_once([D("15.00")] * 3, D("1.0842"), 2)
    assert (whole, parts) == (D("41.51"), [D("13.83"), D("13.84"), D("13.84")])
    body = dollars()
    body["lines"] = [{**body["lines"][0], "unitPrice": "15.00"}] * 3
    invoice = erp.do("postSalesInvoice", salesInvoiceId=erp.do("createSalesInvoice", body)["id"])
    assert erp.ledger(invoice["number"]) == [("1200", "41.51", "0.00"), ("4000", "0.00", "41.51")]


def test_an_invoice_without_an_order_is_checked_in_full(erp: Erp) -> None:
    body = dollars(paymentTermsCode="NEVER")
    body["lines"] = [
        {**body["lines"][0], "itemNumber": "SKU-9999", "taxCode": "XX-1"},
        {"orderLineSequence": 1, "quantity": "1"},
    ]
    _, _, problem = erp.refuse("createSalesInvoice", body)
    assert sorted(e["pointer"] for e in problem["errors"]) == [
        "/lines/0/itemNumber",
        "/lines/0/taxCode",
        "/lines/1/orderLineSequence",
        "/paymentTermsCode",
    ]
