"""Lists in the styles of domain.md 2.1: what a filter matches, how rows are ordered, how long a cursor lives."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.simulate.board import Board, code
from understudy.simulate.pagination import odata

ROWS = [
    {"id": "a", "at": "2026-03-01T23:30:00Z", "amount": "9.00", "quantity": "10", "zip": "01067", "count": 2},
    {"id": "b", "at": "2026-03-01T23:30:00.100000Z", "amount": "10.00", "quantity": "9", "zip": "1067", "count": 10},
    {"id": "c", "at": "2026-03-01T23:30:01Z", "amount": "-1.50", "quantity": "0.5", "zip": "20457", "count": 1},
]


def ids(**options: str) -> str:
    query = {f"${name}": value for name, value in options.items()}
    context: Any = SimpleNamespace(query=query, now=datetime(2026, 3, 1, tzinfo=UTC))
    return "".join(row["id"] for row in odata(context, ROWS, "").body["value"])


@pytest.mark.parametrize(
    "condition, expected",
    [
        ("at gt 2026-03-01T23:30:00Z", "bc"),
        ("at ge 2026-03-01T23:30:00.1Z", "bc"),
        ("at eq 2026-03-01T23:30:00.1Z", "b"),
        ("at eq 2026-03-01T23:30:01.000Z", "c"),
        ("at lt '2026-03-01T23:30:00.1Z'", "a"),
        ("amount gt 9.5", "b"),
        ("amount ge '9.00'", "ab"),
        ("amount lt 0", "c"),
        ("quantity gt 9", "a"),
        ("quantity lt 1 or quantity eq 10", "ac"),
        ("count ge 10", "b"),
        ("zip eq '01067'", "a"),
        ("zip eq '1067'", "b"),
        ("id eq 7", ""),
    ],
)
def test_a_watermark_and_an_amount_compare_by_value(condition: str, expected: str) -> None:
    assert ids(filter=condition) == expected


@pytest.mark.parametrize(
    "order, expected",
    [("at", "abc"), ("at desc", "cba"), ("amount", "cab"), ("quantity desc", "abc"), ("count", "cab"), ("zip", "abc")],
)
def test_rows_are_ordered_by_value(order: str, expected: str) -> None:
    assert ids(orderby=order) == expected


def test_a_cursor_ends_after_an_hour(board: Board) -> None:
    for _ in range(3):
        board.send("POST", "/notes", {"text": "x"})
    cursor = board.send("GET", "/notes", query="limit=1").json()["nextCursor"]
    board.control("POST", "/clock/advance", {"by": "PT1H"})
    assert board.send("GET", "/notes", query=f"limit=1&cursor={cursor}").status == 200
    board.control("POST", "/clock/advance", {"by": "PT1S"})
    assert code(board.send("GET", "/notes", query=f"limit=1&cursor={cursor}")) == (410, "cursor-expired")
