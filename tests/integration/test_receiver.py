"""Deliveries: stored, then acknowledged; a repeat has no effect (MSG-2, MSG-6, IDM-1, DU-1)."""

from __future__ import annotations

import sqlite3

import pytest

from integration.transport import json_answer

from .bench import ACCOUNTS, Bench, account, customer_created, no_account


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, account())
    return bench


def test_five_copies_are_one_message_and_four_duplicates(bench: Bench) -> None:
    answers = [bench.deliver("erp", customer_created()) for _ in range(5)]
    assert [answer.status for answer in answers] == [202] * 5
    assert [answer.json()["status"] for answer in answers] == ["accepted", *["duplicate"] * 4]
    bench.run()
    assert len(bench.network.to("POST", ACCOUNTS)) == 1
    counts = bench.integration.observe()["counters"]["F-11"]
    assert (counts["messages_received_total"], counts["messages_applied_total"]) == (5, 1)
    assert counts["messages_duplicate_total"] == 4
    assert [row["outcome"] for row in bench.integration.observe()["log"]].count("duplicate") == 4


def test_the_same_id_of_another_source_is_another_message(bench: Bench) -> None:
    assert bench.deliver("erp", customer_created()).json()["status"] == "accepted"
    assert bench.deliver("erp", customer_created(source="/erp/FR01")).json()["status"] == "accepted"


def test_what_cannot_be_stored_is_not_acknowledged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(bench.integration._inbox, "accept", full)
    answer = bench.deliver("erp", customer_created())
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": ""}, "`id`"),
        ({"subject": None}, "`subject`"),
        ({"time": "yesterday"}, "`time`"),
        ({"time": "2026-03-01T23:30:00"}, "`time`"),
        ({"specversion": "0.3"}, "specversion"),
        ({"data": []}, "`data`"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused_with_the_reason(
    bench: Bench, change: dict[str, object], reason: str
) -> None:
    answer = bench.deliver("erp", {**customer_created(), **change})
    assert answer.status == 400
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_event_is_refused(bench: Bench, body: bytes) -> None:
    assert bench.deliver("erp", {}, body=body).status == 400


def test_a_body_above_the_limit_is_refused(bench: Bench) -> None:
    assert bench.deliver("erp", {}, body=b" " * (1024 * 1024 + 1)).status == 413


def test_another_media_type_is_refused(bench: Bench) -> None:
    assert bench.deliver("erp", customer_created(), headers={"content-type": "text/xml"}).status == 415


def test_an_unknown_system_is_not_found(bench: Bench) -> None:
    assert bench.deliver("payroll", customer_created()).status == 404


def test_an_event_no_flow_takes_is_acknowledged_and_makes_no_work(bench: Bench) -> None:
    event = {**customer_created(), "type": "com.example.erp.item.changed.v1"}
    assert bench.deliver("erp", event).status == 202
    assert bench.integration.next_due() is None


def test_ids_beyond_2_53_keep_their_digits(bench: Bench) -> None:
    """JSON numbers are read exactly, whatever their size."""
    from integration.message import read

    named = b'"specversion":"1.0","id":"e","source":"/s","type":"t.v1","subject":"9","time":"2026-03-01T00:00:00Z"'
    body = b"{" + named + b',"data":{"id":9007199254740993,"rate":0.19}}'
    data = read("storefront", body).data
    assert (str(data["id"]), str(data["rate"])) == ("9007199254740993", "0.19")


def test_unknown_members_of_an_event_are_tolerated(bench: Bench) -> None:
    """CV-1: an additive change breaks nothing."""
    answer = bench.deliver(
        "erp", {**customer_created(), "newattribute": 1, "data": {**customer_created()["data"], "x": 1}}
    )
    assert answer.status == 202
    assert json_answer(202, {}).status == 202
