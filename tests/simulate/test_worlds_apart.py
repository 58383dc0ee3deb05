"""What belongs to one world, one run or one system never reaches another."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.simulate.toy import HEADERS, host
from understudy import DeliveryEntry, Problem, Request, Response
from understudy.simulate.event import Outgoing
from understudy.simulate.host import Host
from understudy.simulate.run import Run

START = datetime(2026, 8, 1, 9, tzinfo=UTC)


class Shell:
    """A host as a server has it: its worlds flow with the wall, and deliveries leave the process."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.host = Host(host().setup, post=lambda _stage, outgoing: self.sent.append(outgoing))
        self.wall = START
        self.send("POST", "/subscriptions", {"sink": "http://there:1/hook", "types": ["board.note.created.v1"]}, "all")
        self.run = self.start()

    def start(self) -> Run:
        return self.host.start_run(integration="external", wall=self.wall)

    def send(self, method: str, path: str, body: object, key: str) -> Response:
        if path == "/subscriptions":
            body = {**dict(body), "secret": "s" * 16}  # type: ignore[call-overload]
            self.host.default()
        token = self.run.tokens["board"] if hasattr(self, "run") else "scenario-key-at-board.default"
        headers = {**HEADERS, "x-board-key": token, "idempotency-key": key}
        answer = self.host.begin(Request(method, f"/board{path}", "", headers, json.dumps(body).encode()), self.wall)
        assert isinstance(answer, Response)
        assert answer.status == 201, answer.body
        return answer

    def let_pass(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.run.stage.catch_up(self.wall)

    def deliveries(self) -> list[str]:
        return [e.outcome for e in self.run.stage.world.entries() if isinstance(e, DeliveryEntry)]


@pytest.fixture
def shell() -> Shell:
    return Shell()


def test_an_answer_to_a_delivery_of_an_earlier_run_says_nothing_about_this_one(shell: Shell) -> None:
    shell.send("POST", "/notes", {"text": "old"}, "k1")
    shell.let_pass(1)
    [old] = shell.sent
    shell.run = shell.start()
    shell.send("POST", "/notes", {"text": "new"}, "k1")
    shell.let_pass(1)
    shell.run.stage.delivered(old, 202)
    assert shell.deliveries() == []
    assert shell.sent[1].delivery_id == old.delivery_id, "ids start anew, so they alone tell nothing"
    shell.run.stage.delivered(shell.sent[1], 202)
    assert shell.deliveries() == ["delivered"]


def test_a_late_answer_without_any_delivery_of_that_id_is_ignored(shell: Shell) -> None:
    shell.send("POST", "/notes", {"text": "old"}, "k1")
    shell.let_pass(1)
    shell.run = shell.start()
    shell.run.stage.delivered(shell.sent[0], 202)
    assert shell.deliveries() == []


def test_a_delivery_under_way_at_a_snapshot_is_made_anew_after_its_restore(shell: Shell) -> None:
    shell.send("POST", "/notes", {"text": "a"}, "k1")
    shell.let_pass(1)
    shell.run.stage.snapshot("under-way")
    shell.run.stage.delivered(shell.sent[0], 202)
    shell.run.stage.restore("under-way", shell.wall)
    assert not shell.run.stage.quiet
    shell.let_pass(1)
    assert len(shell.sent) == 2
    shell.run.stage.delivered(shell.sent[1], 202)
    assert not shell.run.stage.world.dispatch.pending


def test_a_new_run_of_an_external_integration_has_no_snapshots_of_the_last(shell: Shell) -> None:
    shell.run.stage.snapshot("old")
    shell.run = shell.start()
    assert shell.run.stage.snapshots == []


def test_whoever_plays_a_run_that_was_replaced_is_told_so(shell: Shell) -> None:
    """Two runners against one external integration: the first must not play along in the second one's run."""
    first = shell.run
    second = shell.run = shell.start()
    assert first.id != second.id
    assert shell.host.run("default") is shell.host.run(second.id) is second
    with pytest.raises(LookupError, match="a later one of the same integration has replaced it"):
        shell.host.run(first.id)
    request = Request("GET", "/board/notes", "", {"x-board-key": first.tokens["board"]})
    answer = shell.host.begin(request, shell.wall)
    assert isinstance(answer, Response)
    assert answer.status == 401
    shell.host.end_run(second.id)
    assert shell.host.run("default").stage is second.stage
    with pytest.raises(LookupError):
        shell.host.end_run(second.id)


def test_a_defect_cannot_be_switched_on_in_an_integration_of_another_process(shell: Shell) -> None:
    with pytest.raises(Problem, match="a defect is switched on in the embedded integration"):
        shell.host.start_run(integration="external", defect="any", wall=shell.wall)


def test_a_credential_of_another_system_is_not_known_here() -> None:
    from dataclasses import replace

    from understudy.simulate.system import System

    setup = host().setup
    board = setup.systems["board"]
    other = System("wall", "/wall", board.contract, replace(board.simulator, name="wall"), "cursor")
    both = Host(replace(setup, systems={"board": board, "wall": other}))
    run = both.start_run(integration="none")
    answers = {
        base: both.handle(Request("GET", f"{base}/notes", "", {"x-board-key": run.tokens["board"]})).status
        for base in ("/board", "/wall")
    }
    assert answers == {"/board": 200, "/wall": 401}
