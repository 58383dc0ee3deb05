"""Transformations of several values: choosing one, and making or shaping lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.mapping.function import UNKNOWN_REFERENCE, Refusal, shown
from understudy.mapping.number import same
from understudy.mapping.reference import member_at


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


def pluck(values: Any, member: str) -> list[Any]:
    """The `member` (dotted where it lies deeper) of every record that has one."""
    return [held for record in _records(values) if (held := member_at(record, member)) is not None]


def project(values: Any, members: Mapping[str, str]) -> list[dict[str, Any]]:
    """The records with other members: new name -> where the value lies in the old record (dotted where deeper)."""
    return [
        {name: held for name, place in members.items() if (held := member_at(record, place)) is not None}
        for record in _records(values)
    ]


def sort(values: Any, by: str) -> list[Any]:
    """The records in ascending order of a member's text."""
    return sorted(_records(values), key=lambda record: str(member_at(record, by)))


def find_one(value: Any, records: Any, member: str, take: str = "") -> Any:
    """The one record whose `member` is the value, or its member `take`. None or several: refused."""
    found = [record for record in _records(records or []) if same(member_at(record, member), value)]
    if len(found) != 1:
        how_many = f"{len(found)} records have" if found else "no record has"
        raise Refusal(f"{how_many} {member} {shown(value)}", code=UNKNOWN_REFERENCE)
    return member_at(found[0], take)


def _records(values: Any) -> list[Mapping[str, Any]]:
    if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
        raise Refusal("expected a list of records")
    return values
