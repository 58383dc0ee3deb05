"""IDM, CON-1 and CON-3: repeats that left a trace, and news that was overwritten by what is older."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from understudy import EventEntry, Exchange

from . import plays
from .bench import Bench, problem, with_body, with_headers


def test_idm_1_two_documents_for_one_business_key() -> None:
    bench = Bench(plays.released())
    first = bench.one("erp", "customerPayments")
    bench.copy("erp", "customerPayments", id="second", number="PAY-2026-000999")
    row = {"kind": "customerPayments", "key": ["6601"], "documents": [first["number"], "PAY-2026-000999"]}
    assert bench.offending("IDM-1") == [row]


def test_idm_1_one_store_order_under_two_ids() -> None:
    bench = Bench(plays.released())
    bench.copy("erp", "salesOrders", id="second", number="SO-2026-000999", sourceOrderId="5512340001-2")
    row = {"kind": "salesOrders", "externalDocumentNumber": "1001"}
    assert bench.offending("IDM-1") == [{**row, "documents": ["SO-2026-000123", "SO-2026-000999"]}]


def test_idm_1_the_store_was_told_twice_of_the_same_parcel() -> None:
    bench = Bench(plays.paid())
    order = bench.one("storefront", "orders")
    (sent,) = order["fulfillments"]
    bench.put("storefront", "orders", {**order, "fulfillments": [sent, {**sent, "id": 8899}]})
    row = {"kind": "fulfillments", "storeOrder": "5512340001", "trackingNumbers": sent["tracking_numbers"]}
    assert bench.offending("IDM-1") == [{**row, "documents": [str(sent["id"]), "8899"]}]


def test_idm_1_one_message_created_the_same_thing_twice() -> None:
    bench = Bench(plays.released())
    (made,) = bench.entries(Exchange, operation_id="createCustomerPayment")
    bench.again(made)
    row = {"event": made.causation_id, "operation": "createCustomerPayment", "effects": 2}
    assert bench.offending("IDM-1") == [row]


def test_idm_3_another_body_under_a_used_key_took_effect() -> None:
    bench = Bench(plays.answer_lost())
    used = bench.entries(Exchange, operation_id="createCustomer")
    assert [(call.status, call.committed) for call in used] == [(201, True), (422, False)]
    bench.rewrite(used[1], committed=True, changes=(("customers", "second"),))
    row = {"system": "erp", "operation": "createCustomer", "key": "by-hand", "journal": used[1].seq}
    assert bench.offending("IDM-3") == [{**row, "problem": "another body took effect"}]


def test_idm_3_the_same_body_took_effect_twice() -> None:
    bench = Bench(plays.released())
    (made,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    at = bench.again(made)
    key = made.request.headers["idempotency-key"]
    row = {"system": "wms", "operation": "createFulfilmentOrder", "key": key, "journal": at}
    assert bench.offending("IDM-3") == [{**row, "problem": "took effect twice"}]


def test_idm_3_a_corrected_body_after_a_refusal_is_no_reuse() -> None:
    bench = Bench(plays.released())
    (made,) = bench.entries(Exchange, operation_id="createCustomerPayment")
    bench.rewrite(made, response=problem(422, "unknown-reference"), committed=False, changes=())
    bench.again(made, request=with_body(made, {**made.request_body, "amount": "70.00"}))
    assert bench.offending("IDM-3") == []


def test_idm_3_where_the_target_keeps_no_keys_only_the_integration_is_judged() -> None:
    bench = Bench(plays.answer_lost())
    used = bench.entries(Exchange, operation_id="createCustomer")
    bench.rewrite(used[1], committed=True, changes=(("customers", "second"),))
    bench.world.policy["idempotencySupport"] = "none"
    assert bench.offending("IDM-3") == []


@pytest.mark.parametrize(
    "outcome", [{"response": None}, {"response": problem(504)}, {"fault": "truncate"}, {"fault": "delay"}]
)
def test_idm_4_a_second_document_after_an_unknown_outcome(outcome: dict[str, Any]) -> None:
    bench = Bench(plays.released())
    (made,) = bench.entries(Exchange, operation_id="createSalesOrder", client="integration")
    bench.rewrite(made, **outcome)
    assert (bench.verdict("IDM-4").status, bench.verdict("IDM-4").examined) == ("passed", 1)
    bench.copy("erp", "salesOrders", id="second", number="SO-2026-000999")
    row = {"operation": "createSalesOrder", "journal": made.seq, "committed": True, "key": ["store", "5512340001"]}
    assert bench.offending("IDM-4") == [{**row, "documents": ["SO-2026-000123", "SO-2026-000999"]}]


def test_idm_4_a_fulfilment_whose_answer_was_lost() -> None:
    bench = Bench(plays.paid())
    (made,) = bench.entries(Exchange, operation_id="createFulfillment")
    bench.rewrite(made, response=None)
    assert bench.offending("IDM-4") == []
    order = bench.one("storefront", "orders")
    bench.put("storefront", "orders", {**order, "fulfillments": []})
    (row,) = bench.offending("IDM-4")
    assert (row["operation"], row["documents"]) == ("createFulfillment", [])


def test_idm_4_what_was_not_committed_and_given_up_needs_no_document() -> None:
    bench = Bench(plays.released())
    (made,) = bench.entries(Exchange, operation_id="createCustomerPayment")
    bench.rewrite(made, response=None, committed=False, changes=())
    bench.drop("erp", "customerPayments")
    assert (bench.verdict("IDM-4").examined, bench.offending("IDM-4")) == (1, [])


def test_con_1_an_unconditional_write() -> None:
    bench = Bench(plays.released())
    (write,) = bench.entries(Exchange, operation_id="releaseSalesOrder")
    bench.rewrite(write, request=with_headers(write, if_match="*"))
    row = {"system": "erp", "operation": "releaseSalesOrder", "journal": write.seq, "ifMatch": "*"}
    assert bench.offending("CON-1") == [row]


def test_con_3_an_older_invoice_state_over_a_newer_one() -> None:
    bench = Bench(plays.paid())
    last = bench.entries(Exchange, operation_id="upsertInvoiceView")[-1]
    body = last.request_body
    old = "2026-03-01T20:00:00Z"
    at = bench.again(last, request=with_body(last, {**body, "updatedAt": old}))
    row = {"invoice": "INV-2026-000456", "journal": at, "updatedAt": old, "shownBefore": body["updatedAt"]}
    assert bench.offending("CON-3") == [row]


def test_con_3_an_older_quantity_over_a_newer_one() -> None:
    """DU-4: what counts is the sequence of the event that each write goes back to."""
    bench = Bench(plays.paid())
    mugs = [w for w in bench.entries(Exchange, operation_id="setInventoryLevel") if b"1001" in w.request.body]
    assert len(mugs) == 1
    (first,) = bench.entries(EventEntry, event_id=mugs[0].causation_id)
    newer = {**first.cloud_event, "id": "newer", "sequence": f"{int(first.cloud_event['sequence']) + 1:06d}"}
    bench.append(lambda seq: replace(first, seq=seq, event_id="newer", cloud_event=newer))
    bench.again(mugs[0], causation_id="newer")
    at = bench.again(mugs[0])
    sequence = int(first.cloud_event["sequence"])
    row = {"inventoryItem": mugs[0].request_body["inventory_item_id"], "subject": "SKU-1001/MAIN", "journal": at}
    assert bench.offending("CON-3") == [{**row, "sequence": sequence, "writtenBefore": sequence + 1}]
