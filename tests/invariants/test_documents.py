"""DOC-1 to DOC-10, broken one by one."""

from __future__ import annotations

from understudy import EventEntry, JobEntry

from . import plays
from .bench import Bench

ORDER, SHIPMENT, INVOICE = "SO-2026-000123", "SH-2026-000077", "INV-2026-000456"


def test_doc_1_invoiced_more_than_shipped() -> None:
    bench = Bench(plays.paid())
    bench.change_line("erp", "salesOrders", 0, shipped="1")
    row = {"order": ORDER, "line": 10000, "shipped": "1", "invoiced": "2", "onInvoices": "2"}
    assert bench.offending("DOC-1") == [row]


def test_doc_1_an_invoice_that_the_order_does_not_know() -> None:
    bench = Bench(plays.paid())
    bench.copy("erp", "salesInvoices", id="second", number="INV-2026-000457")
    before = bench.touch("erp", "salesInvoices", "second")
    found = bench.offending("DOC-1", since=before)
    assert [(row["line"], row["invoiced"], row["onInvoices"]) for row in found] == [
        (10000, "2", "4"), (20000, "1", "2"), (30000, "1", "2"),
    ]  # fmt: skip


def test_doc_1_does_not_apply_where_orders_are_invoiced() -> None:
    bench = Bench(plays.paid())
    bench.world.policy["invoicePolicy"] = "on_order"
    assert bench.verdict("DOC-1").status == "not_observable"


def test_doc_2_shipped_more_than_ordered() -> None:
    bench = Bench(plays.in_two_parts())
    bench.change_line("erp", "salesOrders", 0, quantity="4")
    row = {"order": ORDER, "line": 10000, "ordered": "4", "shipped": "5", "onShipments": "5"}
    assert bench.offending("DOC-2") == [row]


def test_doc_2_cancelled_pieces_are_not_there_to_be_shipped() -> None:
    bench = Bench(plays.in_two_parts())
    bench.change_line("erp", "salesOrders", 0, cancelled="1")
    assert [row["ordered"] for row in bench.offending("DOC-2")] == ["4"]


def test_doc_3_credited_more_than_invoiced() -> None:
    """M-12: one piece too many."""
    bench = Bench(plays.credited())
    (memo,) = bench.rows("erp", "creditMemos")
    for number in ("CM-2026-000032", "CM-2026-000033"):
        bench.put("erp", "creditMemos", {**memo, "id": number, "number": number})
    row = {"invoice": INVOICE, "line": 10000, "invoiced": ["2", "53.34"], "credited": ["3", "80.01"]}
    assert bench.offending("DOC-3") == [row]


def test_doc_4_a_gap_in_the_invoice_numbers() -> None:
    bench = Bench(plays.in_two_parts())
    second = bench.one("erp", "salesInvoices", number="INV-2026-000457")
    bench.put("erp", "salesInvoices", {**second, "number": "INV-2026-000458"})
    (event,) = [
        e for e in bench.entries(EventEntry, name="erp.salesinvoice.posted.v1") if e.subject == second["number"]
    ]
    data = {**event.cloud_event["data"], "number": "INV-2026-000458"}
    bench.rewrite(event, cloud_event={**event.cloud_event, "data": data})
    row = {"number": "INV-2026-000458", "expected": "INV-2026-000457", "problem": "gap, repeat or out of order"}
    assert bench.offending("DOC-4") == [row]


def test_doc_4_a_number_of_another_year_and_a_posting_without_an_event() -> None:
    bench = Bench(plays.paid())
    bench.change("erp", "salesInvoices", postingDate="2027-01-04")
    bench.copy("erp", "salesInvoices", id="second", number="INV-2026-000460")
    assert bench.offending("DOC-4") == [
        {"number": INVOICE, "postingDate": "2027-01-04", "problem": "another fiscal year"},
        {"number": "INV-2026-000460", "postingDate": "2027-01-04", "problem": "posted without an event"},
    ]


def test_doc_5_a_posted_invoice_was_edited() -> None:
    bench = Bench(plays.paid())
    bench.change("erp", "salesInvoices", dueDate="2026-12-31", remainingAmount="1.00")
    row = {"document": INVOICE, "postedAndNow": {"dueDate": ["2026-03-02", "2026-12-31"]}}
    assert bench.offending("DOC-5") == [row]


def test_doc_5_finds_the_posting_of_a_document_that_a_later_step_changes() -> None:
    bench = Bench(plays.paid())
    invoice = bench.change("erp", "salesInvoices", currencyCode="USD")
    before = bench.touch("erp", "salesInvoices", invoice["id"])
    assert bench.offending("DOC-5", since=before) == [
        {"document": INVOICE, "postedAndNow": {"currencyCode": ["EUR", "USD"]}}
    ]


def test_doc_6_two_erp_shipments_for_one_of_the_warehouse() -> None:
    bench = Bench(plays.paid())
    shipment = bench.copy("erp", "salesShipments", id="second", number="SH-2026-000078")
    key = shipment["wmsShipmentId"]
    assert bench.offending("DOC-6") == [{"wmsShipmentId": key, "documents": [SHIPMENT, "SH-2026-000078"]}]
    bench.change("erp", "salesShipments", {"id": "second"}, status="reversed")
    assert bench.offending("DOC-6") == []


def test_doc_7_an_invoice_line_without_its_shipment_line() -> None:
    bench = Bench(plays.paid())
    bench.change_line("erp", "salesInvoices", 0, shipmentLineRef="SH-2026-000099/10000")
    row = {"invoice": INVOICE, "line": 10000, "shipmentLineRef": "SH-2026-000099/10000"}
    assert bench.offending("DOC-7") == [{**row, "problem": "no such shipment line"}]


def test_doc_7_one_shipment_line_billed_twice() -> None:
    bench = Bench(plays.in_two_parts())
    first, second = bench.rows("erp", "salesInvoices")
    lines = [{**second["lines"][0], "shipmentLineRef": first["lines"][0]["shipmentLineRef"]}]
    bench.put("erp", "salesInvoices", {**second, "lines": lines})
    row = {"invoice": "INV-2026-000457", "line": 10000, "shipmentLineRef": lines[0]["shipmentLineRef"]}
    assert bench.offending("DOC-7") == [{**row, "problem": "bills 5 of 3 shipped"}]


def test_doc_8_a_credit_without_an_invoice_and_without_a_reason() -> None:
    bench = Bench(plays.credited())
    memo = bench.change("erp", "creditMemos", invoiceNumber=None, noReferenceReason=None)
    assert bench.offending("DOC-8") == [{"creditMemo": memo["number"], "invoiceNumber": None}]
    bench.change("erp", "creditMemos", noReferenceReason="goodwill")
    assert bench.offending("DOC-8") == []


def test_doc_10_a_refused_posting_burnt_a_number() -> None:
    bench = Bench(plays.failed_posting())
    events = bench.entries(EventEntry, name="erp.salesinvoice.posted.v1")
    data = {**events[-1].cloud_event["data"], "number": "INV-2026-000458"}
    bench.rewrite(events[-1], cloud_event={**events[-1].cloud_event, "data": data})
    (row,) = bench.offending("DOC-10")
    assert (row["failed"], row["lastNumber"], row["nextNumber"]) == ("postSalesInvoice", 456, 458)


def test_doc_10_counts_the_erps_own_job_among_the_postings() -> None:
    bench = Bench(plays.paid())
    (job,) = bench.entries(JobEntry, job="postInvoice")
    bench.rewrite(job, refusal="posting-period-closed")
    assert bench.verdict("DOC-10").examined == 1
