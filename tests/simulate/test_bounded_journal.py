"""The journal is bounded; what it no longer holds proves nothing (design decision 7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulate.board import Board
from understudy.invariant import Evidence, Invariant, Row, evaluate
from understudy.simulate.journal import Journal
from understudy.simulate.run import contract_verdict


def every_event(evidence: Evidence) -> Iterator[Row | None]:
    for _ in evidence.events():
        yield None


def new_events(evidence: Evidence) -> Iterator[Row | None]:
    for _ in evidence.events(new=True):
        yield None


def every_row(evidence: Evidence) -> Iterator[Row | None]:
    for _ in evidence.rows("board", "notes"):
        yield None


def event_of_every_row(evidence: Evidence) -> Iterator[Row | None]:
    """What half a journal would call a fault."""
    if "numbers" not in evidence.memo:
        evidence.memo["numbers"] = {event.subject for event in evidence.events()}
    for row in evidence.rows("board", "notes"):
        yield None if f"note-{row['number']}" in evidence.memo["numbers"] else row


RULES = [
    Invariant("EVENTS", "", every_event),
    Invariant("NEW", "", new_events, each_step=True),
    Invariant("ROWS", "", every_row),
    Invariant("PAIRS", "", event_of_every_row),
]
GAP = "the journal no longer holds its first 18 entries"


@pytest.fixture
def half_forgotten(board: Board) -> Board:
    board.run.stage.world.journal = Journal(keep=8)
    for _ in range(9):  # exchange, transition, event
        board.send("POST", "/notes", {"text": "x"})
    assert board.run.stage.world.journal.dropped == 18
    return board


def test_a_rule_that_needs_what_is_gone_is_not_observable(half_forgotten: Board) -> None:
    verdicts = evaluate(RULES, Evidence(half_forgotten.run.stage.world), scope="final")
    assert [(v.id, v.status, v.examined, v.reason) for v in verdicts] == [
        ("EVENTS", "not_observable", 0, GAP),
        ("NEW", "not_observable", 0, GAP),
        ("ROWS", "passed", 9, ""),
        ("PAIRS", "not_observable", 0, GAP),
    ]


def test_what_is_new_is_judged_as_long_as_it_is_held(half_forgotten: Board) -> None:
    evidence = Evidence(half_forgotten.run.stage.world, since=24)
    assert [(v.id, v.status, v.examined) for v in evaluate(RULES, evidence, scope="step")] == [("NEW", "passed", 1)]


def test_contracts_were_kept_only_as_far_as_is_known(half_forgotten: Board) -> None:
    world = half_forgotten.run.stage.world
    verdict = contract_verdict(world, 0, "final", "")
    assert (verdict["status"], verdict["examined"], verdict["reason"]) == ("not_observable", 0, GAP)
    assert contract_verdict(world, 24, "step", "")["status"] == "passed"
    half_forgotten.send("GET", "/broken")
    assert contract_verdict(world, 0, "final", "")["status"] == "failed"


def test_the_control_plane_says_how_much_is_gone(half_forgotten: Board) -> None:
    told = half_forgotten.control("GET", "/journal").json()
    assert (told["dropped"], told["entries"][0]["seq"]) == (18, 19)
