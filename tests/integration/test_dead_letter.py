"""Dead letters that a person can use, and reprocessing with an audit (OPS-1, OPS-2, MO-2, MO-4, section 8)."""

from __future__ import annotations

import hashlib
import json

import pytest

from integration.transport import encode

from .bench import ACCOUNTS, Bench, account, customer_created, no_account, problem_answer

FIELDS = {
    "messageId", "source", "type", "subject", "flow", "correlationId", "receivedAt", "firstFailureAt", "lastFailureAt",
    "attempts", "errorCode", "errorDetail", "errors", "httpStatus", "targetSystem", "payloadRef", "payloadHash",
    "schemaVersion", "mappingVersion", "owner", "status", "runbookUrl",
}  # fmt: skip
LETTER = "/admin/dead-letters/erp-evt-C00042-1"


@pytest.fixture
def bench() -> Bench:
    """One dead letter, refused by the CRM with two violations; the next attempt would succeed."""
    bench = Bench()
    errors = [
        {
            "pointer": "/email",
            "code": "format",
            "detail": "anna.k@example.com is no address",
            "rejectedValue": "anna.k@example.com",
        },
        {"pointer": "/erpCustomerNumber", "code": "unknown", "detail": "no customer C00042", "rejectedValue": "C00042"},
    ]
    detail = "2 problems with anna.k@example.com, call +49 30 12345678"
    refusal = problem_answer(422, "validation-failed", detail=detail, errors=errors)
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, refusal, account())
    bench.deliver("erp", customer_created())
    bench.run()
    return bench


def test_the_record_has_every_field(bench: Bench) -> None:
    record = bench.admin("GET", "/admin/dead-letters").json()["items"][0]
    assert set(record) == FIELDS
    assert [name for name in FIELDS if record[name] is None] == ["mappingVersion"]
    assert (record["errorCode"], record["httpStatus"], record["targetSystem"]) == ("validation-failed", 422, "crm")
    assert (record["status"], record["attempts"], record["schemaVersion"]) == ("dead", 1, "1")


def test_the_payload_is_kept_as_it_came(bench: Bench) -> None:
    record = bench.admin("GET", LETTER).json()
    assert record["payloadHash"] == f"sha256:{hashlib.sha256(encode(customer_created())).hexdigest()}"
    assert bench.integration._inbox.body("/erp/DE01", "erp-evt-C00042-1") == ("erp", encode(customer_created()))


def test_personal_data_is_masked_where_people_look(bench: Bench) -> None:
    """SEC-1: neither in the list, nor in the detail, nor in the log."""
    shown = bench.admin("GET", LETTER).body + bench.admin("GET", "/admin/log").body
    for secret in (b"anna.k@", b"Anna", b"12345678"):
        assert secret not in shown
    errors = json.loads(bench.admin("GET", LETTER).body)["errors"]
    assert [error["rejectedValue"] for error in errors] == ["***", "C00042"]


def test_reprocessing_keeps_the_message_id_and_is_audited(bench: Bench) -> None:
    answer = bench.admin("POST", f"{LETTER}/reprocess", {"by": "support@example.com", "why": "portal repaired"})
    assert answer.json()["outcome"] == "queued"
    assert bench.admin("GET", LETTER).json()["status"] == "reprocessing"
    bench.run()
    record = bench.admin("GET", LETTER).json()
    assert (record["status"], record["messageId"]) == ("applied", "erp-evt-C00042-1")
    (entry,) = record["audit"]
    assert (entry["who"], entry["why"]) == ("support@example.com", "portal repaired")
    assert (entry["before"], entry["after"], entry["payloadChanged"]) == ("dead", "applied", False)
    counts = bench.integration.observe()["counters"]["F-11"]
    assert (counts["messages_applied_total"], counts["messages_dead_total"], counts["in_flight"]) == (1, 0, 0)


def test_reprocessing_twice_by_mistake_applies_once(bench: Bench) -> None:
    request = {"errorCode": "validation-failed", "by": "support", "why": "repaired"}
    first = bench.admin("POST", "/admin/dead-letters/reprocess", request).json()
    second = bench.admin("POST", "/admin/dead-letters/reprocess", request).json()
    assert (first["count"], second["count"]) == (1, 0)
    bench.run()
    assert bench.admin("POST", f"{LETTER}/reprocess", {"by": "x", "why": "y"}).json()["outcome"] == "already_applied"
    bench.run()
    assert len(bench.network.to("POST", ACCOUNTS)) == 2


def test_one_that_dies_again_keeps_its_place_and_its_history(bench: Bench) -> None:
    bench.network.on("POST", ACCOUNTS, problem_answer(403, "insufficient-scope"))
    bench.admin("POST", f"{LETTER}/reprocess", {"by": "support", "why": "try"})
    bench.run()
    (record,) = bench.admin("GET", "/admin/dead-letters").json()["items"]
    assert (record["status"], record["errorCode"]) == ("dead", "insufficient-scope")
    detail = bench.admin("GET", LETTER).json()
    assert [row["errorCode"] for row in detail["attemptHistory"]] == ["validation-failed", "insufficient-scope"]
    assert detail["audit"][0]["after"] == "dead"


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ({"errorCode": "validation-failed"}, 1),
        ({"errorCode": "unknown-reference"}, 0),
        ({"from": "2026-03-01T23:30:00Z", "to": "2026-03-01T23:31:00Z"}, 1),
        ({"to": "2026-03-01T23:30:00Z"}, 0),
        ({"from": "2026-03-02T00:30:01+01:00"}, 0),
        ({"errorCode": "validation-failed", "flow": "F-1"}, 0),
    ],
)
def test_reprocessing_by_cause_and_by_time(bench: Bench, selection: dict[str, str], count: int) -> None:
    answer = bench.admin("POST", "/admin/dead-letters/reprocess", {**selection, "by": "support", "why": "repaired"})
    assert answer.json()["count"] == count


def test_a_dry_run_reads_and_checks_and_writes_nothing(bench: Bench) -> None:
    before = len(bench.network.to("POST", ACCOUNTS))
    request = {"by": "support", "why": "just looking", "dryRun": True}
    answer = bench.admin("POST", f"{LETTER}/reprocess", request).json()
    assert (answer["outcome"], answer["dryRun"]) == ("would_apply", True)
    assert len(bench.network.to("POST", ACCOUNTS)) == before
    assert bench.admin("GET", LETTER).json()["audit"] == []
    bench.network.on("GET", ACCOUNTS, problem_answer(403, "insufficient-scope"))
    answer = bench.admin("POST", f"{LETTER}/reprocess", request).json()
    assert (answer["outcome"], answer["errorCode"]) == ("would_fail", "insufficient-scope")


def test_a_corrected_payload_is_kept_beside_the_original(bench: Bench) -> None:
    corrected = {**customer_created()["data"], "number": "C00043"}
    request = {"by": "support", "why": "wrong number", "correctedPayload": corrected}
    bench.admin("POST", f"{LETTER}/reprocess", request)
    bench.run()
    record = bench.admin("GET", LETTER).json()
    assert (record["payload"]["number"], record["correctedPayload"]["number"]) == ("C00042", "C00043")
    assert record["audit"][0]["payloadChanged"]
    assert record["payloadHash"] == f"sha256:{hashlib.sha256(encode(customer_created())).hexdigest()}"


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        ({}, 422, ["/by", "/why"]),
        ({"by": "x", "why": ""}, 422, ["/why"]),
        ({"by": "x", "why": "y", "dryRun": "yes"}, 422, ["/dryRun"]),
        ({"by": "x", "why": "y", "correctedPayload": []}, 422, ["/correctedPayload"]),
        ({"by": "x", "why": "y", "surprise": 1}, 422, ["/surprise"]),
    ],
)
def test_an_unusable_request_lists_every_fault(bench: Bench, body: object, status: int, pointers: list[str]) -> None:
    answer = bench.admin("POST", f"{LETTER}/reprocess", body)
    assert (answer.status, [error["pointer"] for error in answer.json()["errors"]]) == (status, pointers)


def test_a_selection_needs_a_cause_or_a_time(bench: Bench) -> None:
    answer = bench.admin("POST", "/admin/dead-letters/reprocess", {"by": "x", "why": "y"})
    assert answer.status == 422


def test_an_unknown_letter_is_not_found(bench: Bench) -> None:
    assert bench.admin("GET", "/admin/dead-letters/nobody").status == 404
    assert bench.admin("POST", "/admin/dead-letters/nobody/reprocess", {"by": "x", "why": "y"}).status == 404


def test_what_ended_long_ago_is_forgotten_and_open_letters_are_kept(bench: Bench) -> None:
    bench.deliver("erp", customer_created(subject="C00050"))
    bench.run()
    bench.wait(days=31)
    assert bench.integration.prune() == 1
    left = [(row["id"], row["status"]) for row in bench.admin("GET", "/admin/messages").json()["items"]]
    assert left == [("erp-evt-C00042-1", "dead")]
    assert bench.admin("GET", LETTER).json()["status"] == "dead"
