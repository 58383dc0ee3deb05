"""Payments: prepayments, payments of invoices, and what they may be set against (domain 2.2, Postings; M-13)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import NORDWIND, Erp, line


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def invoiced(erp: Erp, quantity="5", **header) -> Any:
    order = erp.release(erp.order(line("SKU-1004", quantity, "18.00"), **header))
    erp.ship(order, {10000: quantity})
    erp.advance("PT6S")
    return order, erp.invoices()[-1]


def applied(number: Any, amount: Any) -> Any:
    return [{"documentNumber": number, "amount": amount}]


def test_money_before_the_invoice_is_a_liability(erp: Erp) -> None:
    """FIN-8: 2200 is what was captured and is not yet applied."""
    order = erp.order(line("SKU-1004", "5", "18.00"))
    payment = erp.pay("107.10", orderNumber=order["number"], paymentMethodCode="CARD")
    assert (payment["status"], payment["unappliedAmount"], payment["applications"]) == ("received", "107.10", [])
    assert erp.ledger(payment["number"]) == [("1210", "107.10", "0.00"), ("2200", "0.00", "107.10")]
    assert (payment["number"], payment["postingDate"]) == ("PAY-2026-000501", "2026-03-02")


def test_money_after_the_invoice_lowers_the_receivable(erp: Erp) -> None:
    _, invoice = invoiced(erp)
    payment = erp.pay("107.10", applications=applied(invoice["number"], "107.10"))
    assert erp.ledger(payment["number"]) == [("1210", "107.10", "0.00"), ("1200", "0.00", "107.10")]
    assert (payment["status"], payment["unappliedAmount"]) == ("applied", "0.00")
    assert erp.events()[-2:] == [
        ("erp.payment.applied.v1", payment["number"]),
        ("erp.salesinvoice.statuschanged.v1", invoice["number"]),
    ]


def test_a_late_capture_for_an_order_finds_its_invoice(erp: Erp) -> None:
    order, _ = invoiced(erp)
    payment = erp.pay("107.10", orderNumber=order["number"])
    assert erp.ledger(payment["number"]) == [("1210", "107.10", "0.00"), ("1200", "0.00", "107.10")]
    assert erp.invoices()[0]["status"] == "paid"


def test_a_part_payment_and_the_rest(erp: Erp) -> None:
    _, invoice = invoiced(erp)
    erp.pay("40.00", applications=applied(invoice["number"], "40.00"))
    after = erp.invoices()[0]
    assert (after["status"], after["remainingAmount"]) == ("partially_paid", "67.10")
    erp.pay("67.10", applications=applied(invoice["number"], "67.10"))
    assert erp.invoices()[0]["status"] == "paid"
    assert erp.balance_of("1200") == "0.00"


def test_what_is_left_of_a_payment_can_be_applied_later(erp: Erp) -> None:
    _, first = invoiced(erp, "2")
    payment = erp.pay("100.00", applications=applied(first["number"], "42.84"))
    assert payment["unappliedAmount"] == "57.16"
    _, second = invoiced(erp, "3")
    after = erp.do(
        "applyCustomerPayment",
        {"applications": applied(second["number"], "57.16")},
        customerPaymentId=payment["id"],
    )
    assert after["unappliedAmount"] == "0.00"
    assert after["applications"] == [*applied(first["number"], "42.84"), *applied(second["number"], "57.16")]
    assert erp.ledger(payment["number"])[-2:] == [("2200", "57.16", "0.00"), ("1200", "0.00", "57.16")]
    assert erp.invoices()[1]["remainingAmount"] == "7.10"


def test_an_order_paid_in_two_parts_is_paid_from_both(erp: Erp) -> None:
    order = erp.order(line("SKU-1004", "5", "18.00"))
    erp.pay("100.00", orderNumber=order["number"])
    erp.pay("7.10", orderNumber=order["number"])
    erp.ship(erp.release(order), {10000: "5"})
    erp.advance("PT1M")
    assert erp.invoices()[0]["status"] == "paid"
    assert [row["unappliedAmount"] for row in erp.rows("customerPayments")] == ["0.00", "0.00"]


def test_m13_a_dollar_payment_at_another_rate_leaves_an_exchange_gain(erp: Erp) -> None:
    """USD 250.00: invoiced at 1.0842 = 230.58, paid at 1.0750 = 232.56."""
    row = {"lineType": "Item", "itemNumber": "SKU-1004", "quantity": "1", "unitPrice": "250.00", "taxCode": "EX-G0"}
    draft = erp.do("createSalesInvoice", {"customerNumber": NORDWIND, "currencyCode": "USD", "lines": [row]})
    invoice = erp.do("postSalesInvoice", salesInvoiceId=draft["id"])
    erp.advance("P31D")
    payment = erp.pay(
        "250.00",
        customerNumber=NORDWIND,
        currencyCode="USD",
        applications=applied(invoice["number"], "250.00"),
    )
    assert payment["postingDate"] == "2026-04-02"
    assert erp.ledger(payment["number"]) == [
        ("1210", "232.56", "0.00"),
        ("1200", "0.00", "230.58"),
        ("7800", "0.00", "1.98"),
    ]
    assert erp.balance_of("1200") == "0.00"


def test_cur2_a_payment_that_a_closed_period_moves_has_the_rate_of_its_new_day(erp: Erp) -> None:
    """February is closed: of 1 March is the rate 1.0842, by which USD 250.00 are 230.58 (M-13)."""
    paid = erp.pay("250.00", currencyCode="USD", postingDate="2026-02-27")
    assert paid["postingDate"] == "2026-03-01"
    assert erp.ledger(paid["number"]) == [("1210", "230.58", "0.00"), ("2200", "0.00", "230.58")]


def test_the_parts_of_a_dollar_invoice_leave_nothing_in_base_currency(erp: Erp) -> None:
    row = {"lineType": "Item", "itemNumber": "SKU-1004", "quantity": "1", "unitPrice": "100.00", "taxCode": "EX-G0"}
    draft = erp.do("createSalesInvoice", {"customerNumber": NORDWIND, "currencyCode": "USD", "lines": [row]})
    invoice = erp.do("postSalesInvoice", salesInvoiceId=draft["id"])
    for amount in ("33.33", "33.33", "33.34"):
        erp.pay(amount, customerNumber=NORDWIND, currencyCode="USD", applications=applied(invoice["number"], amount))
    assert erp.balance_of("1200") == "0.00"
    assert erp.do("getCustomer", customerId=invoice["customerId"])["balanceDue"] == "0.00"


@pytest.mark.parametrize(("support", "second"), [("full", 409), ("businessKeyOnly", 409), ("none", 201)])
def test_an_external_payment_is_booked_once(make_landscape: MakeLandscape, support: Any, second: Any) -> None:
    erp = Erp(make_landscape(idempotencySupport=support))
    first = erp.pay("10.00", externalPaymentId="txn-7")
    body = {"customerNumber": "C00042", "amount": "10.00", "currencyCode": "EUR", "externalPaymentId": "txn-7"}
    response = erp.call("createCustomerPayment", body)
    assert response.status == second
    if second == 409:
        assert (response.json()["code"], response.json()["existingId"]) == ("duplicate-external-document", first["id"])
        assert erp.balance_of("1210") == "10.00"


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"customerNumber": "C99999"}, "/customerNumber", "unknown-reference"),
        ({"orderNumber": "SO-1"}, "/orderNumber", "unknown-reference"),
        ({"currencyCode": "HUF"}, "/currencyCode", "unknown-reference"),
        ({"paymentMethodCode": "SHELLS"}, "/paymentMethodCode", "unknown-reference"),
        ({"amount": "10.001"}, "/amount", "invalid-value"),
        ({"postingDate": "2026-03-03"}, "/postingDate", "invalid-value"),
        ({"applications": applied("INV-1", "1.00")}, "/applications/0/documentNumber", "unknown-reference"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_payment_is_refused(erp: Erp, fields: Any, pointer: Any, code: Any) -> None:
    body = {"customerNumber": "C00042", "amount": "10.00", "currencyCode": "EUR", "externalPaymentId": "x", **fields}
    status, _, problem = erp.refuse("createCustomerPayment", body)
    assert (status, [(e["pointer"], e["code"]) for e in problem["errors"]]) == (422, [(pointer, code)])
    assert erp.rows("customerPayments") == []


def test_no_more_is_applied_than_is_open_or_left(erp: Erp) -> None:
    _, invoice = invoiced(erp, "1")
    payment = erp.pay("20.00")
    for amount in ("21.43", "20.01"):
        status, code, problem = erp.refuse(
            "applyCustomerPayment",
            {"applications": applied(invoice["number"], amount)},
            customerPaymentId=payment["id"],
        )
        assert (status, code, problem["errors"][0]["pointer"]) == (422, "validation-failed", "/applications/0/amount")


def test_two_applications_to_one_invoice_count_together(erp: Erp) -> None:
    _, invoice = invoiced(erp, "1")
    half = applied(invoice["number"], "11.00")[0]
    body = {"customerNumber": "C00042", "amount": "22.00", "currencyCode": "EUR", "externalPaymentId": "x"}
    _, _, problem = erp.refuse("createCustomerPayment", {**body, "applications": [half, half]})
    assert problem["errors"][0]["pointer"] == "/applications/1/amount"
    parts = [applied(invoice["number"], amount)[0] for amount in ("11.00", "10.42")]
    assert erp.do("createCustomerPayment", {**body, "applications": parts})["unappliedAmount"] == "0.58"
    assert erp.invoices()[0]["status"] == "paid"


def test_another_currency_than_the_invoices_is_a_mismatch(erp: Erp) -> None:
    _, invoice = invoiced(erp, "1")
    body = {"customerNumber": "C00042", "amount": "10.00", "currencyCode": "USD", "externalPaymentId": "x"}
    refusal = erp.refuse("createCustomerPayment", {**body, "applications": applied(invoice["number"], "10.00")})
    assert refusal[:2] == (422, "currency-mismatch")
    order = erp.order(line("SKU-1004", "1", "18.00"))
    assert erp.refuse("createCustomerPayment", {**body, "orderNumber": order["number"]})[1] == "currency-mismatch"


def test_another_customers_invoice_is_not_found(erp: Erp) -> None:
    _, invoice = invoiced(erp, "1", customerNumber=NORDWIND, paymentTermsCode="N30")
    body = {"customerNumber": "C00042", "amount": "21.42", "currencyCode": "EUR", "externalPaymentId": "x"}
    refusal = erp.refuse("createCustomerPayment", {**body, "applications": applied(invoice["number"], "21.42")})
    assert refusal[1] == "unknown-reference"
