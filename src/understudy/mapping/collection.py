"""Transformations of several values: choosing one, and making or shaping lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.mapping.function import Refusal


def first(values: Any) -> int | None:
    """The first value that is present."""
    if not isinstance(values, list):
        return None
    return next((index for index, value in enumerate(values) if value is not None), None)


def constant(_value: Any, value: Any) -> Any:
    """Always the same value."""
    return value


def decide(_value: Any, cases: Any) -> Any:
    """The value of the first case whose condition holds; absent when none does."""
    return cases


def distinct(values: Any) -> list[Any]:
    """The present values without repetitions, in order of first appearance."""
    found: list[Any] = []
    for value in values if isinstance(values, list) else [values]:
        if value is not None and value not in found:
            found.append(value)
    return found


def size(values: Any) -> int:
    """How many values there are."""
    return (
        len([value for value in values if value is not None]) if isinstance(values, list) else int(values is not None)
    )


def select(values: Any, member: str, among: Sequence[Any]) -> list[Any]:
    """The records whose `member` is one of the values `among`."""
    if not isinstance(values, list):
        raise Refusal("expected a list of records")
    return [value for value in values if isinstance(value, Mapping) and value.get(member) in among]


def pluck(values: Any, member: str) -> list[Any]:
    """The `member` of every record that has one."""
    if not isinstance(values, list):
        raise Refusal("expected a list of records")
    return [value[member] for value in values if isinstance(value, Mapping) and value.get(member) is not None]
