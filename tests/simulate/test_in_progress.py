"""A request that is held up opens a window between its start and its commit (domain.md 2.1, design decision 2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulate.board import Board, code
from understudy import Exchange
from understudy.simulate.message import ClientTimeout


def held_up(board: Board, method: str, path: str, body: Any, **headers: str) -> None:
    """A request that takes a minute, whose caller gives up after half of it."""
    board.inject(kind="delay", parameters={"milliseconds": 60_000})
    with pytest.raises(ClientTimeout):
        board.send(method, path, body, **headers)


def test_a_repeat_while_the_first_is_running_is_409_and_after_it_the_first_answer(board: Board) -> None:
    held_up(board, "POST", "/notes", {"text": "milk"}, idempotency_key="one")
    early = board.send("POST", "/notes", {"text": "milk"}, idempotency_key="one")
    assert code(early) == (409, "idempotency-in-progress")
    assert early.headers["retry-after"] == "1"
    assert early.json()["retryable"] is True
    board.pass_until_next()
    late = board.send("POST", "/notes", {"text": "milk"}, idempotency_key="one")
    assert (late.status, late.headers["idempotency-replayed"]) == (201, "true")
    assert len(board.run.stage.world.tables["board"]["notes"]) == 1


def test_another_body_under_a_running_key_is_422(board: Board) -> None:
    held_up(board, "POST", "/notes", {"text": "milk"}, idempotency_key="one")
    other = board.send("POST", "/notes", {"text": "eggs"}, idempotency_key="one")
    assert code(other) == (422, "idempotency-key-reuse")


def test_a_world_without_idempotency_support_does_the_work_twice() -> None:
    board = Board({"idempotencySupport": "none"})
    held_up(board, "POST", "/notes", {"text": "milk"}, idempotency_key="one")
    assert board.send("POST", "/notes", {"text": "milk"}, idempotency_key="one").status == 201
    board.pass_until_next()
    assert len(board.run.stage.world.tables["board"]["notes"]) == 2


def test_the_slower_of_two_writers_in_one_window_is_409_entity_changed(board: Board) -> None:
    note = board.send("POST", "/notes", {"text": "milk"}).json()
    held_up(board, "PATCH", f"/notes/{note['id']}", {"text": "slow"}, if_match=note["@etag"])
    fast = board.send("PATCH", f"/notes/{note['id']}", {"text": "fast"}, if_match=note["@etag"])
    assert fast.status == 200
    board.pass_until_next()
    loser = board.entries(Exchange)[-1]
    assert (loser.status, loser.response_body["code"], loser.committed) == (409, "entity-changed", False)
    assert board.send("GET", f"/notes/{note['id']}").json()["text"] == "fast"


def test_a_version_that_was_stale_on_arrival_stays_412(board: Board) -> None:
    note = board.send("POST", "/notes", {"text": "milk"}).json()
    held_up(board, "PATCH", f"/notes/{note['id']}", {"text": "slow"}, if_match='W/"7"')
    board.pass_until_next()
    assert board.entries(Exchange)[-1].status == 412


def test_one_delay_holds_up_one_request(board: Board) -> None:
    held_up(board, "POST", "/notes", {"text": "milk"})
    began = board.run.stage.world.clock.now
    assert board.send("POST", "/notes", {"text": "eggs"}).status == 201
    assert board.run.stage.world.clock.now == began


def test_a_delay_with_a_probability_holds_up_that_share(board: Board) -> None:
    board.inject(kind="delay", count=-1, probability=0.2, parameters={"milliseconds": 1000})
    began = board.run.stage.world.clock.now
    for _ in range(100):
        board.send("GET", "/notes")
    delayed = sum(1 for entry in board.entries(Exchange) if entry.fault == "delay")
    assert 5 < delayed < 40
    assert (board.run.stage.world.clock.now - began).total_seconds() == delayed


def test_a_restored_world_knows_only_the_requests_of_its_own_future(board: Board) -> None:
    board.run.stage.snapshot("before")
    held_up(board, "POST", "/notes", {"text": "milk"}, idempotency_key="one")
    board.run.stage.snapshot("during")
    board.run.stage.restore("before", board.run.stage.world.clock.now)
    assert board.send("POST", "/notes", {"text": "milk"}, idempotency_key="one").status == 201
    board.run.stage.restore("during", board.run.stage.world.clock.now)
    again = board.send("POST", "/notes", {"text": "milk"}, idempotency_key="one")
    assert code(again) == (409, "idempotency-in-progress")
