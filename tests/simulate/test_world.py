"""What every simulated system does, whatever its business: domain.md section 2.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from tests.simulate.board import Board, code
from tests.simulate.toy import HEADERS
from understudy import ConnectionReset, DeliveryEntry, Exchange, Note, Request, Response, Transition
from understudy.simulate.event import sign


def test_a_created_record_is_read_back_with_its_etag(board: Board) -> None:
    created = board.send("POST", "/notes", {"text": "milk"})
    assert created.status == 201
    assert created.headers["etag"] == created.json()["@etag"] == 'W/"1"'
    assert board.send("GET", f"/notes/{created.json()['id']}").json() == created.json()


@pytest.mark.parametrize(
    "method, path, body, headers, expected",
    [
        ("GET", "/nowhere", None, {}, (404, "not-found")),
        ("PUT", "/notes", None, {}, (405, "method-not-allowed")),
        ("POST", "/notes", {"text": "x"}, {"x_board_key": ""}, (401, "token-missing")),
        ("POST", "/notes", {"text": "x"}, {"x_board_key": "wrong"}, (401, "token-invalid")),
        ("POST", "/notes", {"text": "x"}, {"content_type": "text/plain"}, (415, "unsupported-media-type")),
        ("POST", "/notes", b'{"text": "' + b"x" * 1_100_000 + b'"}', {}, (413, "payload-too-large")),
        ("POST", "/notes", None, {}, (400, "malformed-request")),
        ("POST", "/notes", b"{not json", {}, (400, "malformed-request")),
        ("POST", "/notes", b'{"text": "\xff"}', {}, (400, "malformed-request")),
        ("POST", "/notes", b'{"text": "a", "text": "b"}', {}, (400, "malformed-request")),
        ("POST", "/notes", b"[" * 100_000, {}, (400, "malformed-request")),
        ("POST", "/notes", b'{"text": NaN}', {}, (400, "malformed-request")),
        ("POST", "/notes", {"text": ""}, {}, (422, "validation-failed")),
        ("PATCH", "/notes/x", {"text": "y"}, {}, (428, "precondition-required")),
        ("PATCH", "/notes/x", {"text": "y"}, {"if_match": "*"}, (404, "not-found")),
        ("GET", "/notes", None, {"query": "limit=0"}, (400, "malformed-request")),
        ("GET", "/notes", None, {"query": "limit=many"}, (400, "malformed-request")),
        ("GET", "/notes", None, {"query": "colour=red"}, (400, "malformed-request")),
        ("GET", "/notes", None, {"query": "cursor=rubbish"}, (400, "invalid-filter")),
    ],
)
def test_a_bad_request_is_refused_by_name_and_changes_nothing(
    board: Board, method: str, path: str, body: Any, headers: Mapping[str, str], expected: tuple[int, str]
) -> None:
    response = board.send(method, path, body, **headers)
    assert code(response) == expected
    assert response.headers["content-type"] == "application/problem+json"
    assert not board.run.stage.world.tables["board"]["notes"]


def test_a_missing_idempotency_key_is_400(board: Board) -> None:
    response = board.host.handle(Request("POST", "/board/notes", "", HEADERS, b'{"text": "x"}'))
    assert code(response) == (400, "idempotency-key-missing")


def test_all_violations_are_listed_with_pointers(board: Board) -> None:
    errors = board.send("POST", "/notes", {"rank": 0, "colour": "red"}).json()["errors"]
    assert [(e["pointer"], e["code"]) for e in errors] == [
        ("/colour", "unknown-field"),
        ("/rank", "invalid-value"),
        ("/text", "required"),
    ] or sorted(e["pointer"] for e in errors) == ["/colour", "/rank", "/text"]


def test_an_unknown_path_names_the_nearest_operation(board: Board) -> None:
    assert "listNotes (GET /notes)" in board.send("GET", "/note").json()["detail"]


def test_a_refusal_gives_numbers_back(board: Board) -> None:
    assert board.send("POST", "/notes", {"text": "forbidden"}).status == 422
    assert board.send("POST", "/notes", {"text": "fine"}).json()["number"] == 1


def test_the_same_key_and_body_is_answered_from_the_record(board: Board) -> None:
    first = board.send("POST", "/notes", {"text": "a", "rank": 1}, idempotency_key="k")
    again = board.send("POST", "/notes", b'{"rank":1,  "text":"a"}', idempotency_key="k", x_correlation_id="later")
    assert again.json() == first.json()
    assert again.headers["x-correlation-id"] == "later"
    assert again.headers["idempotency-replayed"] == "true"
    assert len(board.run.stage.world.tables["board"]["notes"]) == 1


def test_the_same_key_with_another_body_is_422_without_effect(board: Board) -> None:
    board.send("POST", "/notes", {"text": "a"}, idempotency_key="k")
    assert code(board.send("POST", "/notes", {"text": "b"}, idempotency_key="k")) == (422, "idempotency-key-reuse")
    assert len(board.run.stage.world.tables["board"]["notes"]) == 1


def test_a_business_refusal_is_not_recorded_but_a_schema_refusal_is(board: Board) -> None:
    assert board.send("POST", "/notes", {"text": "forbidden"}, idempotency_key="k").status == 422
    assert board.send("POST", "/notes", {"text": "ok"}, idempotency_key="k").status == 201
    assert board.send("POST", "/notes", {"text": ""}, idempotency_key="s").status == 422
    assert code(board.send("POST", "/notes", {"text": "ok"}, idempotency_key="s")) == (422, "idempotency-key-reuse")


def test_an_idempotency_record_ends_after_24_hours(board: Board) -> None:
    board.send("POST", "/notes", {"text": "a"}, idempotency_key="k")
    board.run.stage.advance(board.run.stage.world.clock.now.replace(day=2, hour=13))
    assert board.send("POST", "/notes", {"text": "b"}, idempotency_key="k").status == 201


def test_a_stale_version_is_412_and_the_current_one_rises(board: Board) -> None:
    note = board.send("POST", "/notes", {"text": "a"}).json()
    changed = board.send("PATCH", f"/notes/{note['id']}", {"text": "b"}, if_match=note["@etag"])
    assert changed.headers["etag"] == 'W/"2"'
    assert code(board.send("PATCH", f"/notes/{note['id']}", {"text": "c"}, if_match=note["@etag"])) == (
        412,
        "precondition-failed",
    )


def test_a_simulator_that_breaks_its_contract_is_a_finding(board: Board) -> None:
    assert board.send("GET", "/broken").status == 500
    exchange = board.entries(Exchange)[-1]
    assert any("/text" in finding or "/number" in finding for finding in exchange.findings)
    assert board.host.evaluate(board.run, scope="final")["failed"] == 1


def test_a_behaviour_that_crashes_is_a_finding_and_the_world_goes_on(board: Board) -> None:
    assert board.send("GET", "/crash").status == 500
    assert "RuntimeError: a bug" in board.entries(Exchange)[-1].findings[0]
    assert board.send("POST", "/notes", {"text": "a"}).status == 201


def test_a_job_runs_at_its_time(board: Board) -> None:
    note = board.send("POST", "/notes", {"text": "a"}).json()
    board.run.stage.advance(board.run.stage.world.clock.now.replace(day=2, hour=13))
    assert board.send("GET", f"/notes/{note['id']}").json()["text"] == "faded"
    assert [(t.before, t.after) for t in board.entries(Transition)] == [(None, "a"), ("a", "faded")]


class Sink:
    """A receiver that answers as told and keeps what it got."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.got: list[tuple[Mapping[str, str], bytes]] = []

    def start(self) -> None: ...
    def next_due(self) -> None:
        return None

    def run_due(self) -> int:
        return 0

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        self.got.append((headers, body))
        return Response(self.answers.pop(0) if self.answers else 202)


def subscribe(board: Board, *answers: int) -> Sink:
    sink = Sink(*answers)
    board.run.stage.hosted = sink  # type: ignore[assignment]
    body = {"sink": "http://integration.internal/hook", "types": ["board.note.created.v1"], "secret": "s" * 16}
    assert board.send("POST", "/subscriptions", body).status == 201
    return sink


def test_an_event_is_a_signed_cloud_event(board: Board) -> None:
    sink = subscribe(board)
    note = board.send("POST", "/notes", {"text": "a"}, x_correlation_id="flow-1").json()
    assert board.run.stage.settle()
    [(headers, body)] = sink.got
    event = json.loads(body)
    assert event["type"] == "com.example.board.note.created.v1"
    assert (event["source"], event["subject"], event["sequence"]) == ("/board", "note-1", "000001")
    assert event["correlationid"] == headers["x-correlation-id"] == "flow-1"
    assert event["data"] == note
    stamp = int(headers["x-signature"].partition(",")[0].removeprefix("t="))
    assert headers["x-signature"] == sign("s" * 16, stamp, body)


def test_a_refused_delivery_climbs_the_ladder_with_the_same_body(board: Board) -> None:
    sink = subscribe(board, 500, 503)
    board.send("POST", "/notes", {"text": "a"})
    board.run.stage.settle()
    attempts = board.entries(DeliveryEntry)
    assert [a.outcome for a in attempts] == ["failed", "failed", "delivered"]
    assert [(b.at - a.at).total_seconds() for a, b in pairwise(attempts)] == [10, 30]
    assert len({body for _, body in sink.got}) == 1


def test_a_delivery_is_given_up_after_the_ladder(board: Board) -> None:
    subscribe(board, *[500] * 20)
    board.send("POST", "/notes", {"text": "a"})
    board.run.stage.settle()
    attempts = board.entries(DeliveryEntry)
    assert (len(attempts), attempts[-1].outcome) == (9, "given_up")


def test_events_of_one_subject_keep_their_order_over_a_failure(board: Board) -> None:
    sink = subscribe(board, 500)
    world = board.run.stage.world
    for text in "ab":
        board.send("POST", "/notes", {"text": text})
    world.dispatch.redeliver(world, next(iter(world.events)))
    board.run.stage.settle()
    assert {json.loads(body)["data"]["text"] for _, body in sink.got} == {"a", "b"}


def test_redelivery_sends_equal_bytes_many_times(board: Board) -> None:
    sink = subscribe(board)
    board.send("POST", "/notes", {"text": "a"})
    board.run.stage.settle()
    world = board.run.stage.world
    assert len(world.dispatch.redeliver(world, next(iter(world.events)), copies=4)) == 4
    board.run.stage.settle()
    assert len(sink.got) == 5
    assert len({body for _, body in sink.got}) == 1


@pytest.mark.parametrize("kind, count", [("duplicate-event", 5), ("drop-event", 0), ("late-event", 1)])
def test_event_faults_multiply_drop_and_delay(board: Board, kind: str, count: int) -> None:
    sink = subscribe(board)
    board.inject(kind=kind)
    board.send("POST", "/notes", {"text": "a"})
    board.run.stage.settle()
    assert len(sink.got) == count


@pytest.mark.parametrize("kind", ["corrupt-event", "wrong-signature"])
def test_tampered_events_do_not_fit_their_signature(board: Board, kind: str) -> None:
    sink = subscribe(board)
    board.inject(kind=kind)
    board.send("POST", "/notes", {"text": "a"})
    board.run.stage.settle()
    headers, body = sink.got[0]
    stamp = int(headers["x-signature"].partition(",")[0].removeprefix("t="))
    assert headers["x-signature"] != sign("s" * 16, stamp, body)


def test_a_status_fault_before_the_work_has_no_effect_and_ends_after_its_count(board: Board) -> None:
    board.inject(kind="status", operationId="createNote", parameters={"status": 503, "retryAfter": 120})
    refused = board.send("POST", "/notes", {"text": "a"})
    assert (refused.status, refused.headers["retry-after"]) == (503, "120")
    assert board.send("POST", "/notes", {"text": "a"}).json()["number"] == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "parameters, headers, seconds",
    [
        ({"status": 503}, {}, None),
        ({"status": 429, "retryAfter": 2}, {"retry-after": "2"}, 2),
        ({"status": 429, "retryAfter": 2.5}, {"retry-after": "2.5"}, None),
        (
            {"status": 503, "retryAfter": "Sun, 01 Mar 2026 23:30:00 GMT"},
            {"retry-after": "Sun, 01 Mar 2026 23:30:00 GMT"},
            None,
        ),
        ({"status": 401}, {"www-authenticate": 'Bearer error="invalid_token"'}, None),
    ],
)
def test_an_injected_refusal_looks_like_any_other(
    board: Board, when: str, parameters: dict[str, Any], headers: dict[str, str], seconds: int | None
) -> None:
    board.inject(kind="status", parameters={**parameters, "when": when})
    refused = board.send("POST", "/notes", {"text": "a"}, x_correlation_id="c-1")
    assert refused.status == parameters["status"]
    expected = {"content-type": "application/problem+json", "x-correlation-id": "c-1", **headers}
    assert dict(refused.headers) == expected
    body = refused.json()
    assert (body["instance"], body["correlationId"], body["detail"]) == ("/board/notes", "c-1", "injected fault")
    assert body.get("retryAfterSeconds") == seconds


def test_a_star_for_any_version_is_taken_and_noted_as_unsafe(board: Board) -> None:
    note = board.send("POST", "/notes", {"text": "a"}).json()
    assert board.send("PATCH", f"/notes/{note['id']}", {"text": "b"}, if_match="*").status == 200
    [noted] = board.entries(Note)
    details = {"system": "board", "operationId": "updateNote", "client": "scenario"}
    assert (noted.action, noted.details) == ("unsafe If-Match", details)


def test_a_restored_world_draws_the_same_again(board: Board) -> None:
    stage = board.run.stage
    stage.world.draw("jitter")
    stage.snapshot("before")
    first = [stage.world.draw(key) for key in ("jitter", "jitter", "other")]
    stage.restore("before", stage.world.clock.now)
    assert [stage.world.draw(key) for key in ("jitter", "jitter", "other")] == first
    assert len(set(first)) == 3


@pytest.mark.parametrize("when, notes", [("before", 0), ("after", 1)])
def test_a_reset_closes_the_connection_before_or_after_the_commit(board: Board, when: str, notes: int) -> None:
    board.inject(kind="reset", parameters={"when": when})
    with pytest.raises(ConnectionReset):
        board.send("POST", "/notes", {"text": "a"})
    assert len(board.run.stage.world.tables["board"]["notes"]) == notes
    exchange = board.entries(Exchange)[-1]
    assert (exchange.response, exchange.committed, exchange.fault) == (None, bool(notes), "reset")


def test_a_delay_lets_virtual_time_pass_before_the_commit(board: Board) -> None:
    board.inject(kind="delay", parameters={"milliseconds": 2500})
    before = board.run.stage.world.clock.now
    board.send("POST", "/notes", {"text": "a"})
    assert (board.run.stage.world.clock.now - before).total_seconds() == 2.5


def test_a_truncated_body_still_names_its_full_length(board: Board) -> None:
    board.inject(kind="truncate", parameters={"share": 0.5})
    response = board.send("POST", "/notes", {"text": "a"})
    assert len(response.body) < int(response.headers["content-length"])


def test_a_fork_and_its_origin_go_separate_ways(board: Board) -> None:
    world = board.run.stage.world
    board.send("POST", "/notes", {"text": "before"})
    twin = world.fork("twin")
    board.send("POST", "/notes", {"text": "after"})
    assert [n["text"] for n in twin.tables["board"]["notes"].all()] == ["before"]
    assert [n["text"] for n in world.tables["board"]["notes"].find("text", "after")] == ["after"]
    assert twin.tables["board"]["notes"].find("text", "after") == []
    assert twin.sequences["board"]["note"] == 2


def test_a_snapshot_is_restored_with_its_clock_and_its_future(board: Board) -> None:
    stage = board.run.stage
    note = board.send("POST", "/notes", {"text": "a"}).json()
    stage.snapshot("start")
    start = stage.world.clock.now
    stage.advance(start.replace(day=2, hour=13))
    stage.restore("start", start)
    assert stage.world.clock.now == start
    assert board.send("GET", f"/notes/{note['id']}").json()["text"] == "a"
    stage.advance(start.replace(day=2, hour=13))
    assert board.send("GET", f"/notes/{note['id']}").json()["text"] == "faded"


def test_the_journal_masks_credentials(board: Board) -> None:
    subscribe(board)
    text = json.dumps([e.to_json() for e in board.run.stage.world.entries()])
    assert "scenario-key-at-board" not in text
    assert "s" * 16 not in text
    assert "***" in text


def test_the_same_seed_gives_the_same_journal_and_another_seed_other_ids() -> None:
    def journal(seed: int) -> str:
        board = Board()
        board.run = board.host.start_run(seed=seed, integration="none")
        headers = {**HEADERS, "x-board-key": f"scenario-key-at-board.{board.run.id}", "idempotency-key": "k"}
        board.host.handle(Request("POST", "/board/notes", "", headers, b'{"text": "a"}'))
        return json.dumps([e.to_json() for e in board.run.stage.world.entries()])

    assert journal(1) == journal(1)
    assert journal(1) != journal(2)


def test_pages_follow_the_cursor_to_the_end(board: Board) -> None:
    for number in range(5):
        board.send("POST", "/notes", {"text": f"n{number}"})
    first = board.send("GET", "/notes", query="limit=3").json()
    second = board.send("GET", "/notes", query=f"limit=3&cursor={first['nextCursor']}").json()
    assert [n["text"] for n in first["items"] + second["items"]] == ["n0", "n1", "n2", "n3", "n4"]
    assert (first["hasMore"], second["hasMore"], second["nextCursor"]) == (True, False, None)


def test_notes_of_the_control_plane_are_in_the_journal(board: Board) -> None:
    board.inject(kind="status", parameters={"status": 503})
    assert [n.action for n in board.entries(Note)] == ["fault injected"]
