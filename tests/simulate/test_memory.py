"""A server that lives for weeks forgets what can no longer matter."""

from __future__ import annotations

from datetime import timedelta

from tests.simulate.board import Board
from understudy import Exchange
from understudy.simulate.host import KEPT_BASES
from understudy.simulate.journal import Journal
from understudy.simulate.world import TIDY_AT


def test_idempotency_records_that_ended_are_forgotten(board: Board) -> None:
    world = board.run.stage.world
    for _ in range(TIDY_AT):
        board.send("POST", "/notes", {"text": ""})  # a schema refusal is recorded too
    world.clock.move(world.clock.now + timedelta(days=1))
    board.send("POST", "/notes", {"text": ""})
    assert len(world.idempotency) == 1


def test_tokens_that_ended_are_forgotten_and_those_without_end_kept(board: Board) -> None:
    world = board.run.stage.world
    kept = len(world.credentials)
    for _ in range(TIDY_AT - 1):
        world.mint_token("board", "somebody", frozenset(), timedelta(hours=1))
    world.clock.move(world.clock.now + timedelta(days=2))
    world.mint_token("board", "somebody", frozenset(), timedelta(hours=1))
    assert len(world.credentials) == kept + 1


def test_the_journal_is_bounded_in_bytes_too(board: Board) -> None:
    world = board.run.stage.world
    world.journal = Journal(keep_bytes=10_000)
    board.send("POST", "/notes", {"text": "x"})
    for _ in range(500):
        board.send("GET", "/notes")
    held = board.entries(Exchange)
    assert sum(len(e.response.body) for e in held) <= 12_500
    assert 50 < len(held) < 500
    assert world.journal.dropped + len(list(world.entries())) == world.journal.count


def test_a_seed_that_was_not_used_for_long_is_read_anew(board: Board) -> None:
    for seed in range(3 * KEPT_BASES):
        run = board.host.start_run(integration="none", seed=seed)
        board.host.end_run(run.id)
    assert len(board.host._bases) == KEPT_BASES
