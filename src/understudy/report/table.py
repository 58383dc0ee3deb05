"""Rows of figures as a small aligned table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from understudy.report.normal import short

CELL = 36
WIDTH = 110


def columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every key of the rows, in order of first appearance."""
    return list(dict.fromkeys(key for row in rows for key in row))


def by_shape(rows: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Rows with the same keys together, in order of first appearance: rows of one rule may tell of different things."""
    shapes: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        shapes.setdefault(tuple(row), []).append(row)
    return list(shapes.values())


def cell(row: Mapping[str, Any], column: str, limit: int = CELL) -> str:
    """A value for a table: empty where the row has none, numbers and text as they are, the rest as JSON."""
    return short(row[column], limit) if column in row else ""


def aligned(rows: Sequence[Mapping[str, Any]], width: int = WIDTH) -> list[str]:
    """Header and rows with columns aligned; rows too wide for that as words, wrapped at `width`.

    [{"order": "SO-1", "lines": 2}]  ->  ["order  lines", "SO-1       2"]
    too wide                         ->  ["- order SO-1, lines 2, …"]
    """
    table: list[list[str]] = []
    for name in columns(rows):
        texts = [short(name, CELL), *(cell(row, name) for row in rows)]
        wide = max(map(len, texts))
        numeric = all(isinstance(row.get(name), int | float) for row in rows)
        table.append([text.rjust(wide) if numeric else text.ljust(wide) for text in texts])
    lines = ["  ".join(parts) for parts in zip(*table, strict=True)]
    if all(len(line) <= width for line in lines):
        return [line.rstrip() for line in lines]
    return [line for row in rows for line in _words(row, width)]


def _words(row: Mapping[str, Any], width: int) -> list[str]:
    words = ", ".join(f"{short(name, CELL)} {short(value, CELL * 2)}" for name, value in row.items())
    return wrap(words, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
