"""SEC, TIM, OPS and REC: what operators, auditors and customers would stumble over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from understudy import Exchange

from . import plays
from .bench import Bench, problem

ORDER, INVOICE = "SO-2026-000123", "INV-2026-000456"


def test_sec_1_an_address_and_a_token_in_the_log() -> None:
    bench = Bench(plays.paid())
    assert bench.integration is not None
    log = bench.integration["log"]
    log[3]["detail"] = "no account for anna.k@example.com, Hauptstr. 5"
    log[4]["detail"] = "sent Authorization: Bearer 0123456789abcdef.w1"
    rows = bench.offending("SEC-1")
    assert [(row["place"], row["record"], row["contains"]) for row in rows] == [
        ("log", 3, ["address1", "an e-mail address"]),
        ("log", 4, ["a credential"]),
    ]


def test_sec_1_a_card_number_in_a_dead_letter_and_an_order_id_that_is_none() -> None:
    bench = Bench(plays.refused())
    assert bench.integration is not None
    letter = bench.integration["deadLetters"][0]
    letter["errorDetail"] = "order 4111111111111112 was paid with 4111111111111111"
    (row,) = bench.offending("SEC-1")
    assert (row["place"], row["contains"]) == ("deadLetters", ["a card number"])
    letter["errorDetail"] = "order 4111111111111112 is unknown"
    assert bench.offending("SEC-1") == []


def test_sec_3_a_refused_credential_that_had_an_effect() -> None:
    bench = Bench(plays.forged())
    (refused,) = [call for call in bench.entries(Exchange, system="erp") if call.status == 401]
    bench.rewrite(refused, committed=True, changes=(("customers", "x"),))
    row = {"system": "erp", "operation": refused.operation_id, "journal": refused.seq}
    assert bench.offending("SEC-3") == [{**row, "changed": [["customers", "x"]]}]


def test_tim_1_a_flow_that_is_too_slow() -> None:
    bench = Bench(plays.released())
    (commit,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    bench.rewrite(commit, at=commit.at + timedelta(seconds=60))
    (row,) = bench.offending("TIM-1")
    assert (row["flow"], row["targetSeconds"], row["measured"]) == ("F-3", 30.0, 1)
    assert row["p95Seconds"] > 60
    assert row["late"] == [commit.causation_id]


def test_tim_1_measures_a_sender_that_names_no_cause_by_its_correlation_id() -> None:
    bench = Bench(plays.released())
    (commit,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    bench.rewrite(commit, at=commit.at + timedelta(seconds=60), causation_id=None)
    (row,) = bench.offending("TIM-1")
    assert (row["flow"], row["late"]) == ("F-3", [commit.causation_id])


def test_tim_1_an_outage_of_the_target_is_not_the_flows_time() -> None:
    """The ERP asked for two minutes of quiet; the flow's target is one minute."""
    bench = Bench(plays.busy())
    assert bench.offending("TIM-1") == []
    (refused,) = [call for call in bench.entries(Exchange) if call.fault]
    bench.rewrite(refused, response=problem(503))
    assert [row["flow"] for row in bench.offending("TIM-1")] == ["F-1"]


def test_tim_1_a_repair_by_people_is_not_the_flows_time() -> None:
    bench = Bench(plays.repaired())
    bench.integration = None
    assert bench.offending("TIM-1") == []


@pytest.mark.parametrize(
    ("asked", "until"),
    [("120", 120.0), ("2.0", 2.0), ("Sun, 01 Mar 2026 23:30:00 GMT", 59.9)],
    ids=["seconds", "decimal", "HTTP-date"],
)
def test_tim_2_called_again_too_early(asked: str, until: float) -> None:
    bench = Bench(plays.busy())
    (refused,) = [call for call in bench.entries(Exchange) if call.fault]
    again = next(
        c for c in bench.entries(Exchange, operation_id="createSalesOrder", client="integration") if c.seq > refused.seq
    )
    bench.rewrite(refused, response=problem(503, retry_after=asked))
    bench.rewrite(again, at=refused.at + timedelta(seconds=1))
    (row,) = bench.offending("TIM-2")
    assert (row["operation"], row["journal"]) == ("createSalesOrder", [refused.seq, again.seq])
    assert row["secondsTooEarly"] == pytest.approx(until - 1)
    bench.rewrite(bench.entries(Exchange, seq=again.seq)[0], at=refused.at + timedelta(seconds=until))
    assert bench.offending("TIM-2") == []


def test_tim_3_a_ninth_attempt() -> None:
    bench = Bench(plays.busy())
    (refused,) = [call for call in bench.entries(Exchange) if call.fault]
    for _ in range(7):
        bench.again(refused)
    assert bench.offending("TIM-3") == []
    bench.again(refused)
    row = {"system": "erp", "operation": "createSalesOrder", "causationId": refused.causation_id}
    assert bench.offending("TIM-3") == [{**row, "attempts": 9, "allowed": 8}]


def test_tim_3_a_refusal_that_is_tried_again() -> None:
    bench = Bench(plays.released())
    (made,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    refused = bench.rewrite(made, response=problem(422, "validation-failed"), committed=False, changes=())
    at = bench.again(refused)
    row = {"system": "wms", "operation": "createFulfilmentOrder", "causationId": made.causation_id}
    wanted = {**row, "status": 422, "code": "validation-failed", "journal": [made.seq, at]}
    assert bench.offending("TIM-3") == [wanted]


def test_tim_3_after_a_repair_at_the_target_the_same_request_may_succeed() -> None:
    bench = Bench(plays.released())
    (made,) = bench.entries(Exchange, operation_id="createFulfilmentOrder")
    refused = bench.rewrite(made, response=problem(422, "unknown-reference"), committed=False, changes=())
    bench.again(refused, client="scenario", causation_id=None, changes=(("skus", "SKU-1"),), committed=True)
    bench.again(refused)
    assert bench.offending("TIM-3") == []


def test_tim_3_a_dead_letter_that_was_tried_eight_times_for_nothing() -> None:
    bench = Bench(plays.refused())
    assert bench.integration is not None
    letter = next(row for row in bench.integration["deadLetters"] if row["errors"])
    letter["attempts"] = 8
    row = {"messageId": letter["messageId"], "errorCode": "unknown-reference", "attempts": 8, "allowed": 1}
    assert bench.offending("TIM-3") == [row]


def test_ops_1_a_dead_letter_that_nobody_could_work_with() -> None:
    bench = Bench(plays.refused())
    assert bench.integration is not None
    letter = bench.integration["deadLetters"][0]
    letter["owner"] = ""
    del letter["targetSystem"]
    row = {"messageId": letter["messageId"], "flow": letter["flow"], "missing": ["owner", "targetSystem"]}
    assert bench.offending("OPS-1") == [row]


def test_ops_1_a_payload_that_is_not_what_was_delivered() -> None:
    bench = Bench(plays.refused())
    assert bench.integration is not None
    letter = bench.integration["deadLetters"][0]
    letter["payloadHash"] = "sha256:" + "0" * 64
    (row,) = bench.offending("OPS-1")
    assert (row["payloadHash"], len(row["delivered"])) == ("0" * 64, 1)


def test_ops_2_reprocessing_under_another_id() -> None:
    bench = Bench(plays.repaired())
    assert bench.integration is not None
    audit = bench.integration["audit"]
    audit[0]["messageId"] = "a-new-id"
    (row,) = bench.offending("OPS-2")
    assert (row["messageId"], row["problem"]) == ("a-new-id", "another message id")


def test_ops_2_reprocessing_that_never_ended_or_counts_twice() -> None:
    bench = Bench(plays.repaired())
    assert bench.integration is not None
    audit, messages = bench.integration["audit"], bench.integration["messages"]
    audit[0]["after"] = "reprocessing"
    assert [row["problem"] for row in bench.offending("OPS-2")] == ["ended as reprocessing"]
    audit[0]["after"] = "applied"
    again = next(m for m in messages if m["id"] == audit[0]["messageId"] and m["flow"] == audit[0]["flow"])
    messages.append(dict(again))
    assert [row["problem"] for row in bench.offending("OPS-2")] == ["counted 2 times"]


def test_ops_4_a_hop_without_its_fields_and_one_that_was_not_logged() -> None:
    bench = Bench(plays.released())
    assert bench.integration is not None
    log = bench.integration["log"]
    log[0]["correlationId"] = ""
    sent = next(r for r in log if r["direction"] == "outbound" and r["targetSystem"] == "wms")
    log.remove(sent)
    message = sent["messageId"]
    assert bench.offending("OPS-4") == [
        {"record": 0, "messageId": log[0]["messageId"], "missing": ["correlationId"]},
        {"event": message, "targetSystem": "wms", "requests": 1, "logged": 0},
    ]


def test_ops_5_counts_that_do_not_balance() -> None:
    bench = Bench(plays.five_copies())
    assert bench.integration is not None
    counts = bench.integration["counters"]["F-1"]
    counts["messages_received_total"] += 1
    row = {"flow": "F-1", "received": 7, "applied": 1, "skipped": 1, "duplicate": 4, "dead": 0, "inFlight": 0}
    assert bench.offending("OPS-5") == [row]
    assert bench.offending("OPS-5", since=5) == [row]


def test_ops_5_counts_that_the_messages_do_not_bear_out() -> None:
    bench = Bench(plays.five_copies())
    assert bench.integration is not None
    counts = bench.integration["counters"]["F-1"]
    counts["messages_applied_total"] += 1
    counts["messages_skipped_total"] -= 1
    (row,) = bench.offending("OPS-5")
    assert row["countedAndListed"] == {"applied": [2, 1], "skipped": [0, 1]}


def test_rec_1_a_store_order_that_nobody_took_over() -> None:
    bench = Bench(plays.released())
    bench.drop("erp", "salesOrders")
    row = {"storeOrder": "#1001", "id": "5512340001", "total": "70.73", "paid": "paid", "erpOrders": 0}
    assert bench.offending("REC-1") == [row]


def test_rec_1_an_order_of_the_store_that_the_store_does_not_have() -> None:
    """A 64-bit id that went through floating point."""
    bench = Bench(plays.released())
    bench.change("erp", "salesOrders", sourceOrderId="5512340000")
    assert bench.offending("REC-1") == [
        {"storeOrder": "#1001", "id": "5512340001", "total": "70.73", "paid": "paid", "erpOrders": 0},
        {"order": ORDER, "sourceOrderId": "5512340000", "storeOrders": 0},
    ]


def test_rec_1_without_an_integration_there_is_nothing_to_reconcile() -> None:
    from understudy.testing import world_for

    land = world_for()
    plays.done(land.storefront.call("createOrder", plays.standard_order()))
    bench = Bench(plays.Play(land.world, {}))
    bench.integration = None
    assert bench.verdict("REC-1").status == "not_observable"


def test_rec_2_the_portal_shows_another_state() -> None:
    bench = Bench(plays.overdue())
    bench.change("crm", "invoiceViews", status="issued", remaining="0.00")
    wrong = {"status": ["issued", "overdue"], "remaining": ["0.00", "70.73"]}
    assert bench.offending("REC-2") == [{"invoice": INVOICE, "portalAndErp": wrong}]


def test_rec_2_a_credit_note_that_the_customer_cannot_see() -> None:
    """C9, RT-1: the invoice stays paid, with one credit note over 26.67 (M-9)."""
    bench = Bench(plays.credited())
    view = bench.one("crm", "invoiceViews")
    assert (view["status"], view["creditNotes"]) == ("paid", [{"number": "CM-2026-000031", "amount": "26.67"}])
    assert bench.offending("REC-2") == []
    bench.change("crm", "invoiceViews", creditNotes=[])
    wrong = {"creditNotes": [[], ["CM-2026-000031"]]}
    assert bench.offending("REC-2") == [{"invoice": INVOICE, "portalAndErp": wrong}]


def test_rec_2_missing_in_the_portal_and_shown_from_a_draft() -> None:
    bench = Bench(plays.paid())
    view = bench.one("crm", "invoiceViews")
    bench.drop("crm", "invoiceViews")
    bench.put("crm", "invoiceViews", {**view, "number": "DRAFT-1"})
    assert bench.offending("REC-2") == [
        {"invoice": INVOICE, "problem": "not in the portal"},
        {"invoice": "DRAFT-1", "problem": "in the portal and unknown at the ERP"},
    ]
