"""Credit memos: at the invoice's price, code and rate, never more than was invoiced (M-9, M-12, RT-1 to RT-4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import NORDWIND, Erp, line


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def paid_standard_order(erp: Erp) -> Any:
    order = erp.standard_order()
    erp.pay("70.73", orderNumber=order["number"])
    erp.ship(erp.release(order), {10000: "2", 20000: "1"})
    erp.advance("PT10S")
    return erp.invoices()[0]


def draft(erp: Erp, invoice: Any, *lines, **header) -> Any:
    body = {"invoiceNumber": invoice["number"], "reasonCode": "RETURN", "lines": list(lines), **header}
    return erp.do("createCreditMemo", body)


def credit(erp: Erp, invoice: Any, *lines, **header) -> Any:
    return erp.do("postCreditMemo", creditMemoId=draft(erp, invoice, *lines, **header)["id"])


def pieces(quantity: Any, sequence=10000) -> Any:
    return {"invoiceLineSequence": sequence, "quantity": quantity}


def test_m9_one_of_two_mugs_comes_back(erp: Erp) -> None:
    invoice = paid_standard_order(erp)
    memo = draft(erp, invoice, pieces("1"))
    assert (memo["number"], memo["status"], memo["corrects"]) == (None, "draft", invoice["number"])
    assert memo["totals"] == {"excludingTax": "22.41", "tax": "4.26", "includingTax": "26.67"}
    posted = erp.do("postCreditMemo", creditMemoId=memo["id"])
    assert (posted["number"], posted["status"], posted["remainingAmount"]) == ("CM-2026-000031", "open", "26.67")
    assert erp.ledger(posted["number"]) == [
        ("1200", "0.00", "26.67"),
        ("4950", "22.41", "0.00"),
        ("2110", "4.26", "0.00"),
    ]
    erp.advance("PT1M")
    assert erp.invoices()[0]["status"] == "paid"
    assert erp.do("getCustomer", customerId=invoice["customerId"])["balanceDue"] == "-26.67"
    assert erp.events("erp.creditmemo") == [("erp.creditmemo.posted.v1", posted["number"])]


def test_m12_piece_by_piece_and_one_too_many(erp: Erp) -> None:
    """RT-4: a line of 3 with net 29.00 gives 9.67, 9.66, 9.67; the fourth is refused. The taxes add up to 5.51."""
    order = erp.release(erp.order(line("SKU-1004", "3", "10.00", discountAmount="1.00")))
    erp.ship(order, {10000: "3"})
    erp.advance("PT6S")
    invoice = erp.invoices()[0]
    assert invoice["totals"] == {"excludingTax": "29.00", "tax": "5.51", "includingTax": "34.51"}
    memos = [credit(erp, invoice, pieces("1")) for _ in range(3)]
    assert [memo["totals"]["excludingTax"] for memo in memos] == ["9.67", "9.66", "9.67"]
    assert [memo["totals"]["tax"] for memo in memos] == ["1.84", "1.83", "1.84"]
    body = {"invoiceNumber": invoice["number"], "reasonCode": "RETURN", "lines": [pieces("1")]}
    status, code, problem = erp.refuse("createCreditMemo", body)
    assert (status, code, problem["errors"][0]["pointer"]) == (422, "over-credit", "/lines/0/quantity")


def test_doc3_two_lines_of_one_memo_count_together(erp: Erp) -> None:
    invoice = paid_standard_order(erp)
    body = {"invoiceNumber": invoice["number"], "reasonCode": "RETURN", "lines": [pieces("1"), pieces("2")]}
    _, code, problem = erp.refuse("createCreditMemo", body)
    assert (code, problem["errors"][0]["pointer"]) == ("over-credit", "/lines/1/quantity")


def test_a_draft_that_another_memo_overtook_is_refused_at_posting(erp: Erp) -> None:
    invoice = paid_standard_order(erp)
    drafts = [draft(erp, invoice, pieces("2")) for _ in range(2)]
    erp.do("postCreditMemo", creditMemoId=drafts[0]["id"])
    assert erp.refuse("postCreditMemo", creditMemoId=drafts[1]["id"])[:2] == (422, "over-credit")
    last = draft(erp, invoice, pieces("1", 20000))
    assert erp.do("postCreditMemo", creditMemoId=last["id"])["number"] == "CM-2026-000032", "no number was burnt"


def test_a_full_credit_of_an_open_invoice_makes_it_credited(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "2", "18.00"), customerNumber=NORDWIND, paymentTermsCode="N30"))
    erp.ship(order, {10000: "2"})
    erp.advance("PT6S")
    invoice = erp.invoices()[0]
    memo = credit(erp, invoice, pieces("2"))
    erp.advance("PT2S")
    after = erp.invoices()[0]
    assert (after["status"], after["remainingAmount"]) == ("credited", "0.00")
    assert erp.do("getCreditMemo", creditMemoId=memo["id"])["status"] == "applied"
    assert (erp.balance_of("1200"), erp.balance_of("2110")) == ("0.00", "0.00")
    assert erp.events()[-2:] == [
        ("erp.creditmemo.applied.v1", memo["number"]),
        ("erp.salesinvoice.statuschanged.v1", invoice["number"]),
    ]


def test_a_part_credit_of_an_open_invoice_lowers_what_is_to_be_paid(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "2", "18.00"), customerNumber=NORDWIND, paymentTermsCode="N30"))
    erp.ship(order, {10000: "2"})
    erp.advance("PT6S")
    credit(erp, erp.invoices()[0], pieces("1"))
    erp.advance("PT2S")
    after = erp.invoices()[0]
    assert (after["status"], after["remainingAmount"]) == ("partially_paid", "21.42")


def test_rt3_goodwill_is_an_amount_without_pieces(erp: Erp) -> None:
    """4.20 net at 19 % is 5.00 gross; the pieces can still be returned, for what is left of their price."""
    invoice = paid_standard_order(erp)
    memo = credit(erp, invoice, {"invoiceLineSequence": 10000, "amount": "4.20"}, reasonCode="GOODWILL")
    assert (memo["totals"]["includingTax"], memo["lines"][0]["quantity"]) == ("5.00", "0")
    rest = credit(erp, invoice, pieces("2"))
    assert rest["totals"]["excludingTax"] == "40.62"
    body = {"invoiceNumber": invoice["number"], "reasonCode": "GOODWILL"}
    _, code, problem = erp.refuse(
        "createCreditMemo", {**body, "lines": [{"invoiceLineSequence": 10000, "amount": "0.01"}]}
    )
    assert (code, problem["errors"][0]["pointer"]) == ("over-credit", "/lines/0/amount")


def test_m22_a_credit_takes_the_invoices_rate_and_not_todays(erp: Erp) -> None:
    erp.set_rate("DE-S19", "20")
    order = erp.release(erp.order(line("SKU-1004", "1", "50.00")))
    erp.ship(order, {10000: "1"})
    erp.advance("PT6S")
    erp.set_rate("DE-S19", "21")
    assert credit(erp, erp.invoices()[0], pieces("1"))["totals"]["tax"] == "10.00"


def test_freight_taxed_by_the_goods_share_is_credited_as_it_was_charged(make_landscape: MakeLandscape) -> None:
    erp = Erp(make_landscape(freightTax="byGoodsShare"))
    order = erp.release(erp.standard_order())
    erp.ship(order, {10000: "2", 20000: "1"})
    erp.advance("PT6S")
    memo = credit(erp, erp.invoices()[0], pieces("2"), pieces("1", 20000), pieces("1", 30000))
    assert memo["totals"] == {"excludingTax": "60.52", "tax": "10.09", "includingTax": "70.61"}
    assert erp.balance_of("2110") == erp.balance_of("2111") == "0.00"


def test_tax6_a_dollar_credit_is_booked_at_the_invoices_rate(erp: Erp) -> None:
    row = {"lineType": "Item", "itemNumber": "SKU-1004", "quantity": "1", "unitPrice": "250.00", "taxCode": "EX-G0"}
    made = erp.do("createSalesInvoice", {"customerNumber": NORDWIND, "currencyCode": "USD", "lines": [row]})
    invoice = erp.do("postSalesInvoice", salesInvoiceId=made["id"])
    erp.advance("P31D")
    memo = credit(erp, invoice, pieces("1"))
    assert (memo["currencyCode"], memo["exchangeRate"]) == ("USD", "1.0842")
    assert erp.ledger(memo["number"]) == [("1200", "0.00", "230.58"), ("4950", "230.58", "0.00")]
    erp.advance("PT2S")
    assert erp.balance_of("1200") == "0.00"


def test_another_currency_than_the_invoices_is_a_mismatch(erp: Erp) -> None:
    invoice = paid_standard_order(erp)
    body = {"invoiceNumber": invoice["number"], "reasonCode": "RETURN", "currencyCode": "USD", "lines": [pieces("1")]}
    _, code, problem = erp.refuse("createCreditMemo", body)
    assert (code, problem["errors"][0]["pointer"]) == ("currency-mismatch", "/currencyCode")


def test_every_violation_of_a_credit_memo_is_listed(erp: Erp) -> None:
    invoice = paid_standard_order(erp)
    body = {
        "invoiceNumber": invoice["number"],
        "customerNumber": NORDWIND,
        "reasonCode": "RETURN",
        "lines": [pieces("1", 99), pieces("9"), pieces("1", 30000)],
    }
    _, code, problem = erp.refuse("createCreditMemo", body)
    assert code == "validation-failed"
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [
        ("/customerNumber", "invalid-value"),
        ("/lines/0/invoiceLineSequence", "unknown-reference"),
        ("/lines/1/quantity", "over-credit"),
    ]


def test_a_draft_invoice_cannot_be_credited(erp: Erp) -> None:
    body = {"invoiceNumber": "INV-2026-000456", "reasonCode": "RETURN", "lines": [pieces("1")]}
    assert erp.refuse("createCreditMemo", body)[1] == "unknown-reference"


def test_without_an_invoice_a_reason_and_an_amount_are_stated(erp: Erp) -> None:
    """DOC-8."""
    row = {"lineType": "Item", "itemNumber": "SKU-1001", "amount": "10.00", "taxCode": "DE-S19"}
    body = {"noReferenceReason": "Invoice lost", "customerNumber": NORDWIND, "reasonCode": "GOODWILL", "lines": [row]}
    memo = erp.do("postCreditMemo", creditMemoId=erp.do("createCreditMemo", body)["id"])
    assert (memo["invoiceNumber"], memo["totals"]["includingTax"], memo["currencyCode"]) == (None, "11.90", "EUR")
    assert erp.ledger(memo["number"])[0] == ("1200", "0.00", "11.90")


def test_a_posted_memo_is_frozen(erp: Erp) -> None:
    memo = credit(erp, paid_standard_order(erp), pieces("1"))
    status, code, problem = erp.refuse("postCreditMemo", creditMemoId=memo["id"])
    assert (status, code, problem["currentState"]) == (409, "document-posted", "open")


def test_a_stated_date_in_a_closed_period_is_refused(erp: Erp) -> None:
    memo = draft(erp, paid_standard_order(erp), pieces("1"))
    refusal = erp.refuse("postCreditMemo", {"postingDate": "2026-02-27"}, creditMemoId=memo["id"])
    assert refusal[:2] == (422, "posting-period-closed")


def test_a_credit_beyond_what_is_open_leaves_the_rest_on_the_memo(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "2", "18.00"), customerNumber=NORDWIND, paymentTermsCode="N30"))
    erp.ship(order, {10000: "2"})
    erp.advance("PT6S")
    invoice = erp.invoices()[0]
    paid = [{"documentNumber": invoice["number"], "amount": "40.00"}]
    erp.pay("40.00", customerNumber=NORDWIND, applications=paid)
    memo = credit(erp, invoice, pieces("1"))
    erp.advance("PT2S")
    after = erp.do("getCreditMemo", creditMemoId=memo["id"])
    assert (after["status"], after["remainingAmount"]) == ("applied", "18.58")
    assert (erp.invoices()[0]["status"], erp.invoices()[0]["remainingAmount"]) == ("paid", "0.00")


def test_an_invoice_credited_in_two_steps_is_credited_at_the_end(erp: Erp) -> None:
    order = erp.release(erp.order(line("SKU-1004", "2", "18.00"), customerNumber=NORDWIND, paymentTermsCode="N30"))
    erp.ship(order, {10000: "2"})
    erp.advance("PT6S")
    for _ in range(2):
        credit(erp, erp.invoices()[0], pieces("1"))
    erp.advance("PT2S")
    assert (erp.invoices()[0]["status"], erp.invoices()[0]["remainingAmount"]) == ("credited", "0.00")


def test_doc3_a_line_is_credited_with_the_tax_that_it_was_charged(erp: Erp) -> None:
    """3 x 3.35: 1.91 on the document, 0.64 + 0.64 + 0.63 on the lines; 19 % of 3.35 by itself would be 0.64."""
    order = erp.release(erp.order(*[line("SKU-1004", "1", "3.35")] * 3))
    erp.ship(order, {10000: "1", 20000: "1", 30000: "1"})
    erp.advance("PT6S")
    invoice = erp.invoices()[0]
    assert [row["taxAmount"] for row in invoice["lines"]] == ["0.64", "0.64", "0.63"]
    memos = [credit(erp, invoice, pieces("1", sequence)) for sequence in (30000, 10000, 20000)]
    assert [memo["totals"]["tax"] for memo in memos] == ["0.63", "0.64", "0.64"]
