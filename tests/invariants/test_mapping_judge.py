"""MAP-4.1 to MAP-4.3: what was written is not what the mapping table makes of what was read; the row is named."""

from __future__ import annotations

from typing import Any

from understudy import EventEntry, Exchange

from . import plays
from .bench import Bench, with_body, with_headers

ORDER = "storefront-order-to-erp-sales-order"


def written(bench: Bench, operation: str, **changes: Any) -> Exchange:
    """The one request of the integration for an operation, sent with other fields."""
    (write,) = bench.entries(Exchange, operation_id=operation, client="integration")
    bench.rewrite(write, request=with_body(write, {**write.request_body, **changes}))
    return write


def test_map_4_1_a_postcode_that_lost_its_zero() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    body = write.request_body
    written(bench, "createSalesOrder", shipTo={**body["shipTo"], "postalCode": "1067"})
    assert bench.offending("MAP-4.1") == [
        {
            "mapping": ORDER, "operation": "createSalesOrder", "journal": write.seq, "row": "A11", "kind": "different",
            "target": "/shipTo/postalCode", "source": "/shipping_address/zip", "read": "01067", "expected": "01067",
            "written": "1067",
        }
    ]  # fmt: skip


def test_map_4_1_a_line_with_the_tax_code_of_another() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    lines = [{**line, "taxCode": "DE-S19"} for line in write.request_body["lines"]]
    written(bench, "createSalesOrder", lines=lines)
    (row,) = bench.offending("MAP-4.1")
    assert (row["row"], row["target"], row["expected"], row["written"]) == (
        "A21",
        "/lines/1/taxCode",
        "DE-S7",
        "DE-S19",
    )


def test_map_4_1_headers_are_part_of_the_mapping() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    bench.rewrite(write, request=with_headers(write, x_correlation_id=None))
    (row,) = bench.offending("MAP-4.1")
    assert (row["row"], row["kind"], row["target"]) == ("A28", "missing", "header:X-Correlation-Id")
    assert row["source"] == "event:correlationid"


def test_map_4_1_an_order_that_nobody_placed() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    request = with_body(write, {**write.request_body, "sourceOrderId": "77"})
    bench.rewrite(write, request=request, causation_id=None)
    (row,) = bench.offending("MAP-4.1")
    assert row["problem"] == "written without anything that was read"
    assert row["about"] == {"sourceOrderId": "77", "externalDocumentNumber": "1001"}


def test_map_4_1_a_test_order_should_not_have_been_written() -> None:
    bench = Bench(plays.released())
    for event in [e for e in bench.entries(EventEntry) if e.name.startswith("store.order.")]:
        data = {**event.cloud_event["data"], "test": True}
        bench.rewrite(event, cloud_event={**event.cloud_event, "data": data})
    row = next(row for row in bench.offending("MAP-4.1") if row["mapping"] == ORDER)
    assert (row["row"], row["kind"], row["detail"]) == ("A3", "skipped", "skipped_test")


def test_map_4_1_a_prepayment_net_of_tax() -> None:
    bench = Bench(plays.released())
    write = written(bench, "createCustomerPayment", amount="60.52")
    (row,) = bench.offending("MAP-4.1")
    assert (row["row"], row["journal"], row["source"], row["read"]) == ("A24", write.seq, "/amount", "70.73")
    assert (row["expected"], row["written"]) == ("70.73", "60.52")


def test_map_4_1_a_payment_that_no_transaction_of_the_store_explains() -> None:
    bench = Bench(plays.released())
    written(bench, "createCustomerPayment", externalPaymentId="6601-2")
    (row,) = bench.offending("MAP-4.1")
    assert row["about"] == {"externalPaymentId": "6601-2"}


def test_map_4_1_a_customer_with_the_address_as_it_was_typed() -> None:
    bench = Bench(plays.guest())
    (write,) = bench.entries(Exchange, operation_id="createCustomer")
    written(bench, "createCustomer", email="Gerda.G@Example.com")
    (row,) = bench.offending("MAP-4.1")
    assert (row["mapping"], row["journal"]) == ("storefront-order-to-erp-customer", write.seq)
    assert (row["read"], row["expected"]) == ("Gerda.G@Example.com", "gerda.g@example.com")


def test_map_4_2_more_than_the_warehouse_shipped() -> None:
    bench = Bench(plays.in_two_parts())
    first = bench.entries(Exchange, operation_id="createSalesShipment")[0]
    lines = [{**first.request_body["lines"][0], "quantity": "5"}]
    bench.rewrite(first, request=with_body(first, {**first.request_body, "lines": lines}))
    (row,) = bench.offending("MAP-4.2")
    assert (row["row"], row["target"], row["read"]) == ("B9", "/lines/0/quantity", "3")
    assert (row["expected"], row["written"]) == ("3", "5")


def test_map_4_2_damaged_goods_received_as_good_ones() -> None:
    bench = Bench(plays.counted())
    (write,) = bench.entries(Exchange, operation_id="createPurchaseReceipt")
    line = {**write.request_body["lines"][0], "received": "30", "damaged": "0"}
    written(bench, "createPurchaseReceipt", lines=[line])
    assert [(row["target"], row["expected"], row["written"]) for row in bench.offending("MAP-4.2")] == [
        ("/lines/0/received", "28", "30"),
        ("/lines/0/damaged", "2", "0"),
    ]


def test_map_4_2_a_correction_with_the_wrong_sign() -> None:
    bench = Bench(plays.counted())
    loss = next(w for w in bench.entries(Exchange, operation_id="createItemJournalEntry") if b"LOSS" in w.request.body)
    bench.rewrite(loss, request=with_body(loss, {**loss.request_body, "quantity": "1"}))
    (row,) = bench.offending("MAP-4.2")
    assert (row["row"], row["expected"], row["written"]) == ("B13", "-1", "1")


def test_map_4_3_a_paid_invoice_shown_as_issued() -> None:
    bench = Bench(plays.paid())
    last = bench.entries(Exchange, operation_id="upsertInvoiceView")[-1]
    body = {**last.request_body, "status": "issued", "remaining": "70.73"}
    bench.rewrite(last, request=with_body(last, body))
    assert [(row["row"], row["expected"], row["written"]) for row in bench.offending("MAP-4.3")] == [
        ("C4", "paid", "issued"),
        ("C6", "0.00", "70.73"),
    ]


def test_map_4_3_a_view_of_something_that_was_never_posted() -> None:
    bench = Bench(plays.paid())
    first = bench.entries(Exchange, operation_id="upsertInvoiceView")[0]
    bench.rewrite(first, request=with_body(first, {**first.request_body, "number": "DRAFT-1"}))
    (row,) = bench.offending("MAP-4.3")
    assert (row["problem"], row["about"]) == ("written without anything that was read", {"number": "DRAFT-1"})


def test_an_older_state_of_the_order_explains_what_was_written_from_it() -> None:
    """A later tag on the order is noise: the write is right if one state that was there explains it."""
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    (created,) = bench.entries(EventEntry, name="store.order.created.v1")
    bench.rewrite(write, causation_id=None, request=with_headers(write, x_causation_id=None))
    changed = {**created.cloud_event, "data": {**created.cloud_event["data"], "note": "please ring"}}
    bench.rewrite(created, cloud_event=changed, name="store.order.updated.v1", event_id="store-evt-later")
    assert bench.offending("MAP-4.1") == []


def test_map_4_1_goods_that_go_to_another_country_belong_to_the_customer_at_home() -> None:
    """Domain 3: e-mail and country of the customer, which is that of the bill-to address (A8)."""
    vienna = {**plays.GUEST, "address1": "Ring 1", "city": "Wien", "zip": "1010", "country_code": "AT"}
    line = plays.goods("SKU-1001", 1, "10.00", "2.00", rate=0.2)
    land = plays.embedded()
    for email in ("gerda.g@example.com", "Gerda.G@example.com"):
        checkout = plays.standard_order(
            email=email, billing_address=plays.GUEST, shipping_address=vienna, line_items=[line],
            shipping_lines=[{**plays.freight("0.00", "0.00"), "tax_lines": [{"rate": 0.2, "price": "0.00"}]}],
            discount_applications=[], total_discounts="0.00", total_tax="2.00", total_price="12.00",
            transactions=[{"kind": "sale", "status": "success", "amount": "12.00", "gateway": "card"}],
        )  # fmt: skip
        del checkout["customer"]
        plays.order(land, checkout)
    bench = Bench(plays.ended(land))
    assert {order["customerNumber"] for order in bench.rows("erp", "salesOrders")} == {"C10001"}
    assert bench.offending("MAP-4.1") == []


def test_map_4_1_the_crosswalk_comes_before_the_address() -> None:
    """Domain 3, match keys in order: whom this shopper's first order made stays his customer."""
    vienna = {**plays.HOME, "address1": "Ring 1", "city": "Wien", "zip": "1010", "country_code": "AT"}
    land = plays.embedded()
    for bill_to in (vienna, plays.HOME):
        plays.order(land, plays.standard_order(billing_address=bill_to))
    bench = Bench(plays.ended(land))
    assert [order["customerNumber"] for order in bench.rows("erp", "salesOrders")] == ["C10001", "C10001"]
    assert bench.offending("MAP-4.1") == []
