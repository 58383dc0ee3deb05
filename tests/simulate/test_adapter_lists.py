"""What the control plane passes on of an integration's own report: its messages and its dead letters."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from understudy.simulate.host import Host
from understudy.simulate.message import Request, Response
from understudy.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = [
    {"id": "e-1", "subject": "5512340001", "flow": "F-1", "status": "applied"},
    {"id": "e-1", "subject": "5512340001", "flow": "F-1", "status": "duplicate"},
    {"id": "e-2", "subject": "SO-1", "flow": "F-3", "status": "applied"},
]
LETTERS = [
    {"messageId": "e-3", "subject": "5512340002", "flow": "F-1", "status": "dead", "errorCode": "unknown-reference"},
    {"messageId": "e-4", "subject": "5512340003", "flow": "F-1", "status": "applied", "errorCode": "total-mismatch"},
]


class Telling:
    """An integration that does nothing but tell."""

    def observe(self) -> dict[str, Any]:
        return {"messages": MESSAGES, "deadLetters": LETTERS, "inFlight": 0}


@pytest.fixture(scope="module")
def host() -> Host:
    return Host(dataclasses.replace(open_workspace(ROOT).setup(), hosted=None))


def ask(host: Host, *, telling: bool, path: str, query: str = "") -> Response:
    run = host.start_run(integration="none")
    if telling:
        run.stage.hosted = Telling()  # type: ignore[assignment]
    answer = host.handle(Request("GET", f"/control/v1/runs/{run.id}/{path}", query, {}, b""))
    run.stage.hosted = None
    host.end_run(run.id)
    return answer


def test_messages_are_counted_by_event_flow_and_outcome(host: Host) -> None:
    told = ask(host, telling=True, path="messages").json()
    assert told == {"count": 3, "distinct": {"id": 2, "flow": 2, "status": 2}, "items": MESSAGES}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subject=5512340001&status=duplicate", MESSAGES[1:2]),
        ("flow=F-3", MESSAGES[2:]),
        ("limit=1", MESSAGES[2:]),
        ("subject=SO-9", []),
    ],
)
def test_messages_are_narrowed_by_the_query(host: Host, query: str, expected: list[dict[str, str]]) -> None:
    told = ask(host, telling=True, path="messages", query=query).json()
    assert told["items"] == expected


def test_dead_letters_are_narrowed_to_a_subject(host: Host) -> None:
    told = ask(host, telling=True, path="dead-letters", query="subject=5512340002").json()
    assert told == {"count": 1, "distinct": {"errorCode": 1, "status": 1, "flow": 1}, "items": LETTERS[:1]}


@pytest.mark.parametrize("path", ["messages", "dead-letters"])
def test_an_integration_that_tells_nothing_is_a_conflict(host: Host, path: str) -> None:
    answer = ask(host, telling=False, path=path)
    assert (answer.status, answer.json()["code"]) == (409, "invalid-state-transition")
