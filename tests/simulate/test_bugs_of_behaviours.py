"""What a simulator does wrong is a finding: nothing of it takes effect, and the world goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.simulate.board import Board, code
from tests.simulate.toy import SIMULATOR
from understudy import Context, DataSet, JobEntry, Problem, Reply
from understudy.simulate.run import contract_verdict
from understudy.simulate.stage import StageTransport


def board_with(create: Callable[[Context], Reply]) -> Board:
    return Board(simulator=replace(SIMULATOR, operations={**SIMULATOR.operations, "createNote": create}))


def verdict(board: Board) -> tuple[str, list[str]]:
    told = contract_verdict(board.run.stage.world, 0, "final", "")
    return told["status"], [row["finding"] for row in told["offending"]]


def misspelled(context: Context) -> Reply:
    raise Problem("not-fuond", "the note is gone")


def twice(context: Context) -> Reply:
    for text in "ab":
        note = context.table("notes").put({"id": text, "number": 7, "text": text})
    return Reply(201, note)


def unknown_job(context: Context) -> Reply:
    context.schedule("fadd", {})
    return Reply(201, context.table("notes").put({"id": "a", "number": 7, "text": "a"}))


@pytest.mark.parametrize(
    "create, finding",
    [
        (misspelled, "behaviour refused with 'not-fuond', a slug without a status (the note is gone)"),
        (twice, "behaviour crashed: DuplicateKey: notes: number=7 exists already"),
        (unknown_job, "behaviour crashed: LookupError: there is no job 'fadd'"),
    ],
)
def test_a_bug_is_500_a_finding_and_nothing_else(create: Callable[[Context], Reply], finding: str) -> None:
    board = board_with(create)
    for _ in range(2):  # under one key: nothing was remembered of the first either
        assert code(board.send("POST", "/notes", {"text": "x"}, idempotency_key="k")) == (500, "internal-error")
    assert not board.run.stage.world.tables["board"]["notes"]
    status, findings = verdict(board)
    assert (status, len(findings)) == ("failed", 2)
    assert all(found.startswith(finding) for found in findings)


def test_two_records_may_swap_their_unique_values() -> None:
    def swap(context: Context) -> Reply:
        table = context.table("notes")
        first, second = table.get("a"), table.get("b")
        if first is None or second is None:
            table.put({"id": "a", "number": 1, "text": "a"})
            return Reply(201, table.put({"id": "b", "number": 2, "text": "b"}))
        table.put({**first, "number": 2})
        return Reply(201, table.put({**second, "number": 1}))

    board = board_with(swap)
    for _ in range(2):
        assert board.send("POST", "/notes", {"text": "x"}).status == 201
    notes = board.run.stage.world.tables["board"]["notes"]
    assert [[row["id"] for row in notes.find("number", n)] for n in (1, 2)] == [["b"], ["a"]]


def test_a_job_that_crashes_does_nothing_and_is_a_finding() -> None:
    def fade(context: Context, payload: object) -> None:
        context.table("notes").put({"id": "half", "number": 0, "text": "half done"})
        raise RuntimeError("a bug")

    board = Board(simulator=replace(SIMULATOR, jobs={"fade": fade}))
    board.send("POST", "/notes", {"text": "x"})
    board.pass_until_next()
    assert board.run.stage.world.tables["board"]["notes"].get("half") is None
    assert board.entries(JobEntry)[0].to_json()["findings"]
    status, [finding] = verdict(board)
    assert (status, finding.partition(" (")[0]) == ("failed", "job fade: behaviour crashed: RuntimeError: a bug")


def test_ids_that_a_seeder_drew_are_not_drawn_again() -> None:
    def seed(context: Context, data: DataSet) -> None:
        context.table("notes").put({"id": context.new_id("note"), "number": 0, "text": "seeded"})

    board = Board(simulator=replace(SIMULATOR, seed=seed))
    board.send("POST", "/notes", {"text": "x"})
    assert [n["text"] for n in board.run.stage.world.tables["board"]["notes"].all()] == ["seeded", "x"]


def test_an_embedded_integration_that_calls_nowhere_is_answered_404(board: Board) -> None:
    answer = StageTransport(board.run.stage).send("GET", "http://understudy.internal/bord/notes", {}, b"", 5.0)
    assert (answer.status, answer.json()["code"]) == (404, "not-found")
