"""What the control plane refuses, and that it says why: a slip in a test must not look like a result."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulate.board import Board, code
from understudy import Request
from understudy.simulate.clock import parse_instant, render_instant


@pytest.mark.parametrize(
    "by, says",
    [
        ("P1Y", "'P1Y' is no duration such as P31D or PT10M"),
        ("PT-1S", "'PT-1S' is no duration such as P31D or PT10M"),
        ("P\N{FULLWIDTH DIGIT ONE}D", "'P\N{FULLWIDTH DIGIT ONE}D' is no duration such as P31D or PT10M"),
        ("P40000D", "'P40000D' is longer than 36525 days"),
        ("P99999999999999D", "'P99999999999999D' is longer than 36525 days"),
    ],
)
def test_a_time_that_cannot_pass_is_422(board: Board, by: str, says: str) -> None:
    began = board.run.stage.world.clock.now
    for refused in (
        board.control("POST", "/clock/advance", {"by": by}),
        board.control("POST", "/deliveries/await", {"type": "board.note.created.v1", "timeout": by}),
    ):
        assert (refused.status, refused.json()["detail"]) == (422, says)
    assert board.run.stage.world.clock.now == began


def test_the_end_of_the_calendar_is_422(board: Board) -> None:
    answers = [board.control("POST", "/clock/advance", {"by": "P36525D"}).status for _ in range(90)]
    assert answers[0] == 200
    assert answers[-1] == 422


@pytest.mark.parametrize(
    "fault, says",
    [
        ({"kind": "status", "operationId": "createNotes"}, "did you mean 'createNote'"),
        ({"kind": "drop-event", "eventType": "board.note.made.v1"}, "did you mean 'board.note.created.v1'?"),
        ({"kind": "status", "client": "scenarios"}, "did you mean 'scenario'?"),
        ({"kind": "status", "system": "bord"}, "did you mean 'board'?"),
        ({"kind": "status", "system": ""}, "there are board"),
        ({"kind": "status", "eventType": "board.note.created.v1"}, "leave eventType out"),
        ({"kind": "drop-event", "operationId": "createNote"}, "leave operationId out"),
        ({"kind": "status", "count": 0}, "a fault that bites 0 times is none"),
        ({"kind": "delay", "parameters": {"milliseconds": 10**18}}, "allowed: 1 to 86,400,000"),
        ({"kind": "delay", "parameters": {"milliseconds": -5}}, "allowed: 1 to 86,400,000"),
        ({"kind": "truncate", "parameters": {"share": 2.0}}, "allowed: 0 up to but not 1"),
        ({"kind": "duplicate-event", "parameters": {"copies": 10**9}}, "allowed: a whole number from 0 to 1,000"),
        ({"kind": "late-event", "parameters": {"seconds": -1}}, "allowed: a whole number from 0 to 2,678,400"),
        ({"kind": "status", "parameters": {"retryAfter": "1\r\nx: y"}}, "printable ASCII"),
    ],
    ids=lambda value: "" if isinstance(value, str) else value["kind"],
)
def test_a_fault_that_could_never_bite_as_meant_is_422(board: Board, fault: dict[str, Any], says: str) -> None:
    refused = board.control("POST", "/faults", {"system": "board", **fault})
    assert code(refused) == (422, "validation-failed")
    assert says in refused.json()["detail"]
    assert not board.run.stage.world.faults


def test_records_that_no_system_takes_are_422_and_nothing_is_loaded(board: Board) -> None:
    notes = [{"id": "a", "text": "a"}]
    refused = board.control("POST", "/seed", {"entities": {"notes": notes, "nots": notes}})
    assert (refused.status, refused.json()["detail"]) == (422, "no system takes records of nots; systems take notes")
    assert not board.run.stage.world.tables["board"]["notes"]
    assert board.control("POST", "/seed", {"entities": {"notes": notes}}).json() == {"count": 1}


@pytest.mark.parametrize(
    "notes",
    [[{"id": "a", "text": "a"}, {"id": "b", "text": "b"}], [{"text": "no id"}], [{"id": ["list"], "text": "a"}]],
)
def test_records_that_cannot_be_seeded_are_422_and_nothing_is_loaded(board: Board, notes: Any) -> None:
    """The toy seeds every note under number 0, so a second one breaks uniqueness."""
    refused = board.control("POST", "/seed", {"entities": {"notes": notes}})
    assert refused.status == 422
    assert "the records cannot be seeded" in refused.json()["detail"]
    assert not board.run.stage.world.tables["board"]["notes"]


def test_a_method_that_a_path_does_not_have_is_405_with_those_it_has(board: Board) -> None:
    refused = board.control("PATCH", "")
    assert (refused.status, refused.headers["Allow"]) == (405, "DELETE, GET")


def test_null_is_no_request(board: Board) -> None:
    answer = board.host.handle(Request("POST", "/control/v1/runs", "", {"content-type": "application/json"}, b"null"))
    assert code(answer) == (422, "validation-failed")


@pytest.mark.parametrize(
    "text, shown",
    [
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"),
        ("2026-12-31T23:59:60.5Z", "2027-01-01T00:00:00.500000Z"),
        ("2026-03-01T23:29:00+01:00", "2026-03-01T22:29:00Z"),
    ],
)
def test_an_instant_of_rfc_3339_is_read(text: str, shown: str) -> None:
    assert render_instant(parse_instant(text)) == shown


@pytest.mark.parametrize("text", ["yesterday", "2026-03-01T23:29:00", "2026-03-01T23:29:61Z"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(text)
