"""The whole way in a real landscape: HP-1, HP-2, HP-3, HP-4, PS-1, MD-1, DU-1 to DU-3, seen from the integration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .landscape import HOME, done, ends, goods, knives, observed, only, open_landscape, ordered, ship, standard_order


def test_hp_1_order_to_paid_invoice() -> None:
    land = open_landscape()
    order = ordered(land, standard_order())
    assert land.settle()
    sales_order = only(land.rows("erp", "salesOrders"))
    assert (sales_order["sourceOrderId"], sales_order["orderDate"]) == (str(order["id"]), "2026-03-02")
    assert (sales_order["status"], sales_order["totals"]["includingTax"]) == ("released", "70.73")
    ship(land, sales_order["number"])
    assert land.settle()
    invoice = only(land.rows("erp", "salesInvoices"))
    assert (invoice["status"], invoice["totals"]["includingTax"]) == ("paid", "70.73")
    assert only(land.rows("erp", "salesOrders"))["status"] == "closed"
    shown = only(land.rows("crm", "invoiceViews"))
    assert (shown["status"], shown["remaining"], shown["orderRef"]) == ("paid", "0.00", order["name"])
    assert only(land.rows("storefront", "orders"))["fulfillment_status"] == "fulfilled"
    assert observed(land)["deadLetters"] == []
    assert set(ends(land)) <= {"applied", "skipped"}


def test_hp_1_uses_one_key_for_each_write_and_one_correlation_id_for_all() -> None:
    """IDM-1, MSG-1: what the simulators saw."""
    land = open_landscape()
    ordered(land, standard_order())
    land.settle()
    ship(land, only(land.rows("erp", "salesOrders"))["number"])
    land.settle()
    exchanges = land.control("listExchanges")["items"]
    ours = [row for row in exchanges if row["client"] == "integration" and "Subscription" not in row["operationId"]]
    assert {row["response"]["status"] for row in ours} <= {200, 201}
    assert len({row["correlationId"] for row in ours}) == 1
    headers = [row["request"]["headers"] for row in ours]
    keys = [sent["idempotency-key"] for sent in headers if "idempotency-key" in sent]
    assert len(keys) == len(set(keys)) == 7
    assert "*" not in {sent.get("if-match") for sent in headers}
    assert [row["findings"] for row in exchanges if row["findings"]] == []


def test_hp_2_on_terms_no_prepayment_and_the_portal_follows() -> None:
    """issued, overdue on day 31, paid by bank transfer."""
    land = open_landscape()
    business = {**HOME, "company": "Nordwind Handels GmbH", "city": "Hamburg", "zip": "20457"}
    order = standard_order(
        customer={"id": 7730},
        email="einkauf@nordwind.example.com",
        billing_address=business,
        shipping_address=business,
        payment_terms="net_30",
        transactions=[],
    )
    ordered(land, order)
    land.settle()
    sales_order = only(land.rows("erp", "salesOrders"))
    assert (sales_order["customerNumber"], sales_order["paymentTermsCode"]) == ("C00050", "N30")
    assert sales_order["status"] == "released"
    assert land.rows("erp", "customerPayments") == []
    ship(land, sales_order["number"])
    land.settle()
    assert only(land.rows("crm", "invoiceViews"))["status"] == "issued"
    land.advance("P31D")
    assert only(land.rows("crm", "invoiceViews"))["status"] == "overdue"
    invoice = only(land.rows("erp", "salesInvoices"))
    transfer = {
        "customerId": sales_order["customerId"],
        "amount": "70.73",
        "currencyCode": "EUR",
        "externalPaymentId": "bank-1",
        "applications": [{"documentNumber": invoice["number"], "amount": "70.73"}],
    }
    done(land.erp.call("createCustomerPayment", transfer, companyId="DE01"))
    land.settle()
    shown = only(land.rows("crm", "invoiceViews"))
    assert (shown["status"], shown["remaining"]) == ("paid", "0.00")
    assert observed(land)["deadLetters"] == []


def test_hp_3_a_guest_is_created_once_whatever_the_case_of_the_address() -> None:
    land = open_landscape()
    guest = {**HOME, "first_name": "Gerda", "last_name": "Gast"}
    for email in ("Gerda.G@Example.com", "gerda.g@example.com"):
        order = standard_order(email=email, billing_address=guest, shipping_address=guest)
        del order["customer"]
        ordered(land, order)
        land.settle()
    (customer,) = [row for row in land.rows("erp", "customers") if row["email"] == "gerda.g@example.com"]
    assert [row["customerNumber"] for row in land.rows("erp", "salesOrders")] == [customer["number"]] * 2
    (account,) = [row for row in land.rows("crm", "accounts") if row["email"] == "gerda.g@example.com"]
    assert account["erpCustomerNumber"] == customer["number"]
    assert observed(land)["deadLetters"] == []


def test_hp_4_a_receipt_reaches_the_store() -> None:
    """30 arrive, 2 of them damaged: 28 on offer."""
    land = open_landscape()
    lines = [{"lineRef": "1", "sku": "SKU-1003", "expected": "30", "uom": "EA"}]
    receipt = {"type": "purchase", "reference": "PO-4711", "warehouseCode": "LEJ1", "lines": lines}
    announced = done(land.wms.call("createReceipt", receipt))
    counted = {"lines": [{"lineRef": "1", "received": "28", "damaged": "2"}]}
    done(land.wms.call("confirmReceipt", counted, receiptId=announced["id"]))
    land.settle()
    balances = {
        row["stockStatus"]: row["onHand"]
        for row in land.rows("erp", "stockBalances")
        if row["itemNumber"] == "SKU-1003"
    }
    assert (balances["SELLABLE"], balances["DAMAGED"]) == ("28", "2")
    (level,) = [row for row in land.rows("storefront", "inventoryLevels") if row["sku"] == "SKU-1003"]
    assert level["available"] == 28
    assert observed(land)["deadLetters"] == []


def test_an_adjustment_reaches_the_ledger_with_its_reason() -> None:
    land = open_landscape()
    lost = {
        "warehouseCode": "LEJ1",
        "sku": "SKU-1004",
        "binCode": "A-01-04",
        "quantityDelta": "-1",
        "reasonCode": "LOSS",
    }
    done(land.wms.call("createAdjustment", lost))
    land.settle()
    entry = only(land.rows("erp", "itemJournalEntries"))
    assert (entry["quantity"], entry["reasonCode"], entry["locationCode"]) == ("-1", "LOSS", "MAIN")
    (level,) = [row for row in land.rows("storefront", "inventoryLevels") if row["sku"] == "SKU-1004"]
    assert level["available"] == 4


def test_ps_1_three_of_five_then_two() -> None:
    land = open_landscape()
    ordered(land, knives(5, "90.00", "17.10", "107.10"))
    land.settle()
    number = only(land.rows("erp", "salesOrders"))["number"]
    ship(land, number, pieces={"10000": "3"}, final=False)
    land.settle()
    assert only(land.rows("storefront", "orders"))["fulfillment_status"] == "partial"
    land.advance("PT10M")
    counted = {
        "warehouseCode": "LEJ1",
        "sku": "SKU-1004",
        "binCode": "A-01-04",
        "quantityDelta": "0",
        "reasonCode": "COUNT",
    }
    land.wms.call("createAdjustment", counted)
    invoices = [row["totals"]["includingTax"] for row in land.rows("erp", "salesInvoices")]
    assert invoices == ["64.26"]
    assert observed(land)["deadLetters"] == []


def test_md_1_an_unknown_item_refuses_the_whole_order_and_is_reprocessed_after_repair() -> None:
    land = open_landscape()
    order = knives(1, "18.00", "3.42", "21.42")
    order["line_items"].append({**goods("SKU-9999", 1, "0.00", "0.00")})
    ordered(land, order)
    land.settle()
    (letter,) = [row for row in observed(land)["deadLetters"] if row["errorCode"] == "unknown-reference"]
    assert [error["pointer"] for error in letter["errors"]] == ["/line_items/1/sku"]
    assert land.rows("erp", "salesOrders") == []
    item = {
        "number": "SKU-9999", "displayName": "Surprise", "type": "Inventory", "baseUnitOfMeasureCode": "EA",
        "unitPrice": "0.00", "taxGroupCode": "STD", "productPostingGroup": "RETAIL", "inventoryPostingGroup": "RESALE",
    }  # fmt: skip
    done(land.erp.call("createItem", item, companyId="DE01"))
    path = f"/admin/dead-letters/{letter['messageId']}/reprocess"
    hosted = land.run.stage.hosted
    assert hosted is not None
    headers = {"x-admin-key": "integration-admin-key", "content-type": "application/json"}
    for _ in range(2):
        hosted.handle("POST", path, "", headers, json.dumps({"by": "support", "why": "item created"}).encode())
    land.settle()
    assert only(land.rows("erp", "salesOrders"))["status"] == "released"
    assert len(land.rows("erp", "customerPayments")) == 1


@pytest.mark.parametrize("support", ["full", "businessKeyOnly", "none"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset", "parameters": {"when": "after"}},
        {"kind": "status", "parameters": {"status": 504, "when": "after"}},
        {"kind": "truncate"},
    ],
    ids=["dropped", "504", "cut off"],
)
@pytest.mark.parametrize("operation", ["createSalesOrder", "releaseSalesOrder", "createCustomerPayment"])
def test_du_2_committed_and_the_answer_lost(support: str, fault: dict[str, Any], operation: str) -> None:
    """No second document, with each kind of idempotency that an ERP may offer."""
    land = open_landscape(idempotencySupport=support)
    land.control(
        "injectFault", {"system": "erp", "operationId": operation, "client": "integration", "count": 1, **fault}
    )
    ordered(land, standard_order())
    assert land.settle()
    assert len(land.rows("erp", "salesOrders")) == 1
    assert len(land.rows("erp", "customerPayments")) == 1
    assert only(land.rows("erp", "salesOrders"))["status"] == "released"
    assert observed(land)["deadLetters"] == []


def test_du_1_five_copies_at_once() -> None:
    """One order, four duplicates, all answers 2xx."""
    land = open_landscape()
    fault = {"kind": "duplicate-event", "system": "storefront", "eventType": "store.order.created.v1"}
    land.control("injectFault", {**fault, "parameters": {"copies": 5}})
    ordered(land, standard_order())
    land.settle()
    assert len(land.rows("erp", "salesOrders")) == 1
    counts = observed(land)["counters"]["F-1"]
    assert (counts["messages_duplicate_total"], counts["messages_dead_total"]) == (4, 0)
    deliveries = land.control("listDeliveries")["items"]
    assert {row["answer"] for row in deliveries if row["name"] == "store.order.created.v1"} == {202}


def test_du_3_paid_before_created() -> None:
    """The payment is parked, woken by the order, and booked once; no dead letter inside the grace window."""
    land = open_landscape()
    fault = {"kind": "late-event", "system": "storefront", "eventType": "store.order.created.v1"}
    land.control("injectFault", {**fault, "parameters": {"seconds": 40}})
    ordered(land, standard_order())
    land.advance("PT30S")
    (paid,) = [row for row in observed(land)["messages"] if row["type"].endswith("order.paid.v1")]
    assert (paid["status"], paid["reason"]) == ("parked", f"waits for store.order:{paid['subject']}")
    land.settle()
    assert only(land.rows("erp", "salesOrders"))["status"] == "released"
    assert len(land.rows("erp", "customerPayments")) == 1
    assert observed(land)["deadLetters"] == []


def test_goods_to_be_paid_before_delivery_stay_a_draft_until_they_are_paid() -> None:
    land = open_landscape()
    order = ordered(
        land,
        standard_order(
            transactions=[{"kind": "authorization", "status": "success", "amount": "70.73", "gateway": "card"}]
        ),
    )
    land.settle()
    assert only(land.rows("erp", "salesOrders"))["status"] == "draft"
    assert land.rows("erp", "customerPayments") == []
    (authorised,) = land.rows("storefront", "transactions")
    capture = {"kind": "capture", "amount": "70.73", "gateway": "card", "parent_id": authorised["id"]}
    done(land.storefront.call("createOrderTransaction", capture, orderId=order["id"]))
    land.settle()
    assert only(land.rows("erp", "salesOrders"))["status"] == "released"
    assert only(land.rows("erp", "customerPayments"))["amount"] == "70.73"


def test_a_test_order_never_reaches_the_erp() -> None:
    land = open_landscape()
    ordered(land, standard_order(test=True))
    land.settle()
    assert land.rows("erp", "salesOrders") == []
    assert {(row["status"], row["reason"]) for row in observed(land)["messages"]} == {("skipped", "skipped_test")}


def test_somebody_else_changes_the_order_before_its_release() -> None:
    """CON-1: 412, re-read, released under the new version."""
    land = open_landscape()
    busy = {"kind": "status", "parameters": {"status": 503, "when": "before", "retryAfter": 30}}
    land.control("injectFault", {"system": "erp", "operationId": "releaseSalesOrder", "client": "integration", **busy})
    ordered(land, standard_order())
    land.advance("PT5S")
    order = only(land.rows("erp", "salesOrders"))
    assert order["status"] == "draft"
    done(land.erp.call("updateSalesOrder", {"priority": 1}, companyId="DE01", salesOrderId=order["id"]))
    land.settle()
    order = only(land.rows("erp", "salesOrders"))
    assert (order["status"], order["priority"]) == ("released", 1)
    assert observed(land)["deadLetters"] == []


def test_repairs_are_logged_without_the_values() -> None:
    """MD-3: the dirty order becomes the clean one, and the log says what was put right (DQ-1, DQ-2, DQ-10)."""
    land = open_landscape()
    order = standard_order(email=" Anna.K@Example.com ")
    order["line_items"][0]["sku"] = " sku-1001\u00a0"
    ordered(land, order)
    land.settle()
    assert only(land.rows("erp", "salesOrders"))["lines"][0]["itemNumber"] == "SKU-1001"
    notes = [row["detail"] for row in observed(land)["log"] if row["detail"] and "repaired" in row["detail"]]
    assert {note.split(": ")[1] for note in notes} >= {
        "DQ-1 repaired at /line_items/0/sku",
        "DQ-2 repaired at /line_items/0/sku",
        "DQ-10 repaired at /email",
    }
    assert not [note for note in notes if "Anna" in note]


def test_a_snapshot_of_the_integration_continues_where_it_was_taken() -> None:
    """dump and load, as snapshot and restore of a world use them."""
    land = open_landscape()
    ordered(land, standard_order())
    land.settle()
    land.control("snapshot", {"name": "ordered"})
    number = only(land.rows("erp", "salesOrders"))["number"]
    for _ in range(2):
        ship(land, number)
        land.settle()
        assert only(land.rows("crm", "invoiceViews"))["status"] == "paid"
        assert observed(land)["inFlight"] == 0
        land.control("restore", name="ordered")
        assert {row["flow"] for row in observed(land)["messages"]} == {"F-1", "F-3", "F-6"}


@pytest.mark.parametrize(
    ("checkout", "status", "remaining"),
    [({}, "paid", "0.00"), ({"payment_terms": "net_30", "transactions": []}, "partially_paid", "44.06")],
)
def test_rt_1_the_portal_shows_a_credit_note_with_its_invoice(
    checkout: dict[str, Any], status: str, remaining: str
) -> None:
    """C9: 26.67 for one of two mugs (M-9), whether the invoice is paid already or 70.73 - 26.67 stay open."""
    land = open_landscape()
    ordered(land, standard_order(**checkout))
    land.settle()
    ship(land, only(land.rows("erp", "salesOrders"))["number"])
    land.settle()
    number = only(land.rows("erp", "salesInvoices"))["number"]
    lines = [{"invoiceLineSequence": 10000, "quantity": "1"}]
    memo = {"invoiceNumber": number, "reasonCode": "RETURN", "lines": lines}
    draft = done(land.erp.call("createCreditMemo", memo, companyId="DE01"))
    land.settle()
    assert only(land.rows("crm", "invoiceViews"))["creditNotes"] == []
    done(land.erp.call("postCreditMemo", companyId="DE01", creditMemoId=draft["id"]))
    land.settle()
    view = only(land.rows("crm", "invoiceViews"))
    assert view["creditNotes"] == [{"number": "CM-2026-000031", "amount": "26.67"}]
    assert (view["status"], view["remaining"]) == (status, remaining)
    assert observed(land)["deadLetters"] == []
