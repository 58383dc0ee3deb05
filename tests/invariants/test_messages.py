"""MSG-1 to MSG-6: messages that cannot be traced, vanish, are forged or change between deliveries."""

from __future__ import annotations

from dataclasses import replace

from understudy import DeliveryEntry, EventEntry, Exchange

from . import plays
from .bench import Bench, problem, with_body, with_headers

STORE_ORDER = "5512340001"


def test_msg_1_a_request_without_correlation_id() -> None:
    bench = Bench(plays.paid())
    (write,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    bench.rewrite(write, request=with_headers(write, x_correlation_id=None))
    row = {"request": "createFulfilmentOrder", "system": "wms", "journal": write.seq, "correlationId": None}
    assert bench.offending("MSG-1") == [{**row, "problem": "no X-Correlation-Id"}]


def test_msg_1_a_request_with_another_id_than_the_event_that_caused_it() -> None:
    bench = Bench(plays.paid())
    (write,) = bench.entries(Exchange, operation_id="createFulfillment")
    bench.rewrite(write, request=with_headers(write, x_correlation_id="c-new"))
    (row,) = bench.offending("MSG-1")
    assert (row["correlationId"], row["causationId"]) == ("c-new", write.causation_id)
    assert row["expected"] == write.correlation_id


def test_msg_1_without_a_causation_id_the_flow_of_the_order_is_what_counts() -> None:
    bench = Bench(plays.paid())
    (write,) = bench.entries(Exchange, operation_id="createSalesShipment")
    request = with_headers(write, x_correlation_id="c-new", x_causation_id=None)
    bench.rewrite(write, request=request, causation_id=None)
    (row,) = bench.offending("MSG-1")
    assert (row["request"], row["expected"]) == ("createSalesShipment", write.correlation_id)


def test_msg_1_an_event_of_the_order_in_another_flow() -> None:
    bench = Bench(plays.paid())
    (posted,) = bench.entries(EventEntry, name="erp.shipment.posted.v1")
    bench.rewrite(posted, cloud_event={**posted.cloud_event, "correlationid": "c-new"})
    rows = [row for row in bench.offending("MSG-1") if "event" in row]
    flow = posted.cloud_event["correlationid"]
    row = {"event": posted.event_id, "type": posted.name, "subject": posted.subject, "correlationId": "c-new"}
    assert rows == [{**row, "expected": flow}]


def test_msg_2_accepted_and_then_vanished() -> None:
    bench = Bench(plays.released())
    (event,) = bench.entries(EventEntry, name="store.order.created.v1")
    assert bench.integration is not None
    bench.integration["messages"] = [m for m in bench.integration["messages"] if m["id"] != event.event_id]
    (row,) = bench.offending("MSG-2")
    assert (row["event"], row["problem"]) == (event.event_id, "accepted, then vanished")


def test_msg_2_applied_without_an_effect() -> None:
    bench = Bench(plays.released())
    bench.drop("erp", "customerPayments")
    (event,) = bench.entries(EventEntry, name="store.order.paid.v1")
    (row,) = bench.offending("MSG-2")
    assert (row["event"], row["missing"]) == (event.event_id, "payment 6601")


def test_msg_2_skipped_without_a_reason_and_never_ended() -> None:
    bench = Bench(plays.released())
    assert bench.integration is not None
    first, second = bench.integration["messages"][:2]
    first |= {"status": "skipped", "reason": None}
    second |= {"status": "parked", "reason": "waits"}
    assert [row["problem"] for row in bench.offending("MSG-2")] == ["skipped without a reason", "still parked"]


def test_msg_2_seen_from_outside_every_kind_of_event_leaves_its_mark() -> None:
    bench = Bench(plays.paid())
    bench.integration = None
    bench.drop("crm", "invoiceViews")
    bench.drop("erp", "salesShipments")
    order = bench.one("storefront", "orders")
    bench.put("storefront", "orders", {**order, "fulfillments": []})
    (write,) = [
        w for w in bench.entries(Exchange, operation_id="setInventoryLevel")
        if b"6600000001002" in w.request.body
    ]  # fmt: skip
    bench.erase(write)
    assert [(row["type"], row["missing"]) for row in bench.offending("MSG-2")] == [
        ("erp.availability.changed.v1", "quantity of SKU-1002 at the store"),
        ("wms.shipment.confirmed.v1", "posted sales shipment for WSH-88001"),
        ("erp.shipment.posted.v1", "fulfilment of line 901 at the store: 0 of 2"),
        ("erp.salesinvoice.posted.v1", "portal view of INV-2026-000456"),
        ("erp.salesinvoice.statuschanged.v1", "portal view of INV-2026-000456"),
    ]


def test_msg_2_goods_received_and_counted() -> None:
    bench = Bench(plays.counted())
    bench.integration = None
    bench.drop("erp", "purchaseReceipts")
    for entry in bench.rows("erp", "itemJournalEntries"):
        bench.drop("erp", "itemJournalEntries", id=entry["id"])
    assert [row["missing"].partition(" for ")[0] for row in bench.offending("MSG-2")] == [
        "purchase receipt", "item journal entry", "item journal entry",
    ]  # fmt: skip


def test_msg_2_a_released_order_that_never_came_to_the_warehouse_and_a_customer_without_account() -> None:
    bench = Bench(plays.guest())
    for order in bench.rows("wms", "fulfilmentOrders")[1:]:
        bench.drop("wms", "fulfilmentOrders", id=order["id"])
    bench.drop("crm", "accounts", email="gerda.g@example.com")
    assert [row["missing"] for row in bench.offending("MSG-2")] == [
        "CRM account of C10001", "warehouse order for lines 10000, 20000 of SO-2026-000124",
    ]  # fmt: skip


def test_msg_3_a_cause_that_never_happened() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="releaseSalesOrder")
    bench.rewrite(write, causation_id="storefront-evt-0001~2")
    row = {"request": "releaseSalesOrder", "journal": write.seq, "causationId": "storefront-evt-0001~2"}
    assert bench.offending("MSG-3") == [{**row, "problem": "no such event before it"}]


def test_msg_3_a_chain_that_bites_its_tail() -> None:
    bench = Bench(plays.released())
    (created,) = bench.entries(EventEntry, name="store.order.created.v1")
    (released,) = bench.entries(EventEntry, name="erp.salesorder.released.v1")
    bench.rewrite(created, cloud_event={**created.cloud_event, "causationid": released.event_id})
    found = {row["event"]: row["problem"] for row in bench.offending("MSG-3")}
    assert (found[created.event_id], found[released.event_id]) == ("cycle", "cycle")


def test_msg_4_a_simulator_that_breaks_its_own_contract() -> None:
    bench = Bench(plays.released())
    (event,) = bench.entries(EventEntry, name="erp.salesorder.released.v1")
    bench.rewrite(event, findings=("/number: is no text",))
    row = {"event": event.event_id, "type": event.name, "findings": ["/number: is no text"]}
    assert bench.offending("MSG-4") == [row]


def test_msg_4_a_request_that_its_contract_does_not_allow() -> None:
    """An additional field and a missing one; a refusal for business reasons is no breach of contract."""
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    body = {**write.request_body, "colour": "red"}
    del body["orderDate"]
    refusal = problem(422, "validation-failed")
    bench.rewrite(write, request=with_body(write, body), response=refusal, committed=False)
    (row,) = bench.offending("MSG-4")
    assert (row["operation"], len(row["problems"])) == ("createSalesOrder", 2)
    assert {text.partition(":")[0] for text in row["problems"]} == {"/orderDate", "/colour"}
    (bad,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    bench.rewrite(bad, request=write.request)
    assert bench.offending("MSG-4") == []


def test_msg_4_no_idempotency_key_and_no_such_operation() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    bench.rewrite(write, response=problem(400, "idempotency-key-missing"), committed=False)
    (read, *_) = bench.entries(Exchange, operation_id="listTaxCodes")
    bench.rewrite(read, operation_id="", response=problem(404, "not-found"))
    assert [row["problems"] for row in bench.offending("MSG-4")] == [
        [f"GET {read.request.path} is no operation"], ["as the test wants it"],
    ]  # fmt: skip


def test_msg_4_an_injected_refusal_is_not_the_callers_fault() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    bench.rewrite(write, response=problem(400, "malformed-request"), committed=False, fault="status")
    assert bench.offending("MSG-4") == []


def test_msg_5_a_forged_delivery_was_accepted() -> None:
    bench = Bench(plays.forged())
    first = bench.entries(DeliveryEntry)[0]
    bench.rewrite(first, answer=202)
    row = {"event": first.event_id, "type": "store.order.created.v1", "mutation": "wrong-signature"}
    assert bench.offending("MSG-5") == [{**row, "answer": 202}]


def test_msg_5_a_forged_delivery_had_an_effect() -> None:
    bench = Bench(plays.forged())
    made = Bench(plays.released()).entries(Exchange, operation_id="createSalesOrder", client="integration")[0]
    (event,) = bench.entries(EventEntry, name="store.order.created.v1")
    at = bench.again(made, causation_id=event.event_id)
    row = {"request": "createSalesOrder", "cause": event.event_id, "journal": at}
    assert bench.offending("MSG-5") == [{**row, "mutation": "wrong-signature"}]


def test_msg_5_what_was_delivered_honestly_before_may_have_an_effect() -> None:
    bench = Bench(plays.released())
    (honest,) = bench.entries(DeliveryEntry, name="store.order.created.v1")
    bench.append(lambda seq: _forged_copy(honest, seq))
    made = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")[0]
    bench.again(made)
    assert bench.offending("MSG-5") == []


def test_msg_6_a_redelivery_with_another_body() -> None:
    bench = Bench(plays.five_copies())
    copies = bench.entries(DeliveryEntry, name="store.order.created.v1")
    bench.rewrite(copies[2], body_hash="0" * 64)
    same = ["/store/demo", copies[0].body_hash]
    row = {"event": copies[0].event_id, "deliveries": 5, "bodies": [same, ["/store/demo", "0" * 64]]}
    assert bench.offending("MSG-6") == [row]


def _forged_copy(delivery: DeliveryEntry, seq: int) -> DeliveryEntry:
    return replace(delivery, seq=seq, mutation="wrong-signature", answer=401, outcome="failed")
