"""Which refusal a request with several faults gets, and what a refusal may carry (domain.md 2.1, validation order)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulate.board import Board, code
from understudy import Exchange


@pytest.mark.parametrize(
    "body, headers, expected",
    [
        ({"text": ""}, {"x_board_key": "", "content_type": "text/plain"}, (401, "token-missing")),
        (b"{not json", {"content_type": "text/plain"}, (415, "unsupported-media-type")),
        (b"{not json", {}, (400, "malformed-request")),
        ({"text": ""}, {}, (422, "validation-failed")),
        ({"text": "fine"}, {}, (428, "precondition-required")),
        ({"text": ""}, {"if_match": 'W/"9"'}, (422, "validation-failed")),
        ({"text": "fine"}, {"if_match": 'W/"9"'}, (412, "precondition-failed")),
    ],
)
def test_the_earlier_refusal_wins(board: Board, body: Any, headers: dict[str, str], expected: tuple[int, str]) -> None:
    """auth, media type, syntax, schema, precondition: a later failure never hides an earlier one."""
    note = board.send("POST", "/notes", {"text": "milk"}).json()
    assert code(board.send("PATCH", f"/notes/{note['id']}", body, **headers)) == expected


@pytest.mark.parametrize(
    "body",
    [b'{"text": "\\ud800"}', b'{"text": "\\uDFFF"}', b'{"text": "a", "rank": 1e999}', b'{"text": "a", "rank": -1E400}'],
    ids=["half of a pair", "the other half", "too large", "too small"],
)
def test_json_that_no_answer_could_carry_is_400(board: Board, body: bytes) -> None:
    assert code(board.send("POST", "/notes", body)) == (400, "malformed-request")
    assert not board.entries(Exchange)[-1].findings


@pytest.mark.parametrize("rank", [b"2.0", b"2e0", b"20E-1"])
def test_a_whole_number_is_an_integer_however_it_is_spelt(board: Board, rank: bytes) -> None:
    note = board.send("POST", "/notes", b'{"text": "a", "rank": ' + rank + b"}")
    assert (note.status, type(note.json()["rank"]), note.json()["rank"]) == (201, int, 2)


def test_null_is_a_body_that_breaks_the_schema(board: Board) -> None:
    refused = board.send("POST", "/notes", b"null")
    assert code(refused) == (422, "validation-failed")
    assert [e["pointer"] for e in refused.json()["errors"]] == [""]


def test_a_surrogate_pair_is_a_character(board: Board) -> None:
    assert board.send("POST", "/notes", b'{"text": "\\ud83d\\ude00"}').json()["text"] == "\N{GRINNING FACE}"


def test_a_refusal_is_not_larger_than_what_it_refuses(board: Board) -> None:
    many = b"{" + b",".join(b'"k%d":1' % i for i in range(50_000)) + b"}"
    refused = board.send("POST", "/notes", many)
    assert refused.json()["detail"] == "50001 problems, the first 1000 are listed"
    assert len(refused.json()["errors"]) == 1000
    long = b'{"text": [' + b"1," * 400_000 + b"1]}"
    assert len(board.send("POST", "/notes", long).body) < 4000


@pytest.mark.parametrize("secret", ["short", {"secret": "hidden-in-an-object"}])
def test_a_refused_secret_is_quoted_nowhere(board: Board, secret: Any) -> None:
    body = {"sink": "http://integration.internal/hook", "types": [], "secret": secret}
    refused = board.send("POST", "/subscriptions", body)
    assert [(e["pointer"], e["rejectedValue"]) for e in refused.json()["errors"]] == [("/secret", "***")]
    recorded = str(board.entries(Exchange)[-1].to_json())
    assert "short" not in recorded
    assert "hidden" not in recorded


@pytest.mark.parametrize(
    "accept, status",
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/problem+json, application/json;q=0.9", 200),
        ("application/*", 200),
        ("text/html, */*;q=0.1", 200),
        ("what is this", 200),
        ("application/xml", 406),
        ("text/html;q=0.5, application/problem+json", 406),
        ("application/json;q=0, */*", 406),
        ("application/json;q=0.0", 406),
    ],
)
def test_a_caller_that_takes_no_answer_of_ours_is_406(board: Board, accept: str, status: int) -> None:
    answer = board.send("GET", "/notes", accept=accept)
    assert answer.status == status
    assert status == 200 or answer.json()["code"] == "not-acceptable"
