"""Rows of figures as a small aligned table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.report.normal import short

CELL = 36
WIDTH = 110


def columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every key of the rows, in order of first appearance."""
    return list(dict.fromkeys(key for row in rows for key in row))


def cell(row: Mapping[str, Any], column: str, limit: int = CELL) -> str:
    """A value for a table: empty where the row has none, numbers and text as they are, the rest as JSON."""
    return short(row[column], limit) if column in row else ""


def aligned(rows: Sequence[Mapping[str, Any]], width: int = WIDTH) -> list[str]:
    """Header and rows with columns aligned, at most `width` wide: columns that do not fit are named in a last line.

    [{"order": "SO-1", "lines": 2}]  ->  ["order  lines", "SO-1       2"]
    """
    kept: list[list[str]] = []
    left_out: list[str] = []
    used = -2
    for name in columns(rows):
        texts = [short(name, CELL), *(cell(row, name) for row in rows)]
        wide = max(map(len, texts))
        numeric = all(isinstance(row.get(name), int | float) for row in rows)
        if (kept and used + 2 + wide > width) or left_out:
            left_out.append(name)
            continue
        used += 2 + wide
        kept.append([text.rjust(wide) if numeric else text.ljust(wide) for text in texts])
    lines = ["  ".join(parts).rstrip() for parts in zip(*kept, strict=True)]
    return [*lines, f"(also: {short(', '.join(left_out), width - 8)})"] if left_out else lines
