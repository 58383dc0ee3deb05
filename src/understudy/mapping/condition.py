"""Conditions: when a row applies, when an element is dropped, which case of a decision holds.

{path: test, is: true}                              some value at the path is true
{every: line_items[].requires_shipping, is: false}  there is a value, and all are (an absent one is not)
{path: remainingAmount, is: $totals.includingTax}   compared with another value; decimal strings by their value
{path: a[*].x, is_not: $a[*].y}                     two lists compare pair by pair
{all: [...]}, {any: [...]}, {not: ...}, or the name of a condition of the table
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from understudy.errors import MappingError, closest
from understudy.mapping.argument import Mention, compile_argument, mentions, value_of
from understudy.mapping.frame import Frame, Loop, compile_reader
from understudy.mapping.function import Refusal
from understudy.mapping.number import json_number, same
from understudy.mapping.path import parse_path

Holds = Callable[[Frame], bool]
Named = Mapping[str, Any]
"""The conditions of a table by name, as written."""


def _ordered(decide: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def test(value: Any, bound: Any) -> bool:
        if value is None or bound is None:
            return False
        try:
            left, right = json_number(value), json_number(bound)
        except Refusal:
            left, right = str(value), str(bound)  # type: ignore[assignment]  # dates order as text
        return decide((left > right) - (left < right))

    return test


TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": same,
    "is_not": lambda value, other: value is not None and not same(value, other),
    "in": lambda value, others: any(same(value, other) for other in others),
    "gt": _ordered(lambda order: order > 0),
    "gte": _ordered(lambda order: order >= 0),
    "lt": _ordered(lambda order: order < 0),
    "lte": _ordered(lambda order: order <= 0),
    "present": lambda value, wanted: (value is not None) is wanted,
}
_JOINS = ("all", "any", "not")


def compile_condition(raw: Any, named: Named, loop: Loop | None = None) -> Holds:
    """Raises MappingError for an unknown test or name, or a condition that refers to itself."""
    return _compile(raw, named, loop, ())


def _compile(raw: Any, named: Named, loop: Loop | None, within: tuple[str, ...]) -> Holds:
    if isinstance(raw, str):
        return _compile(_resolve_name(raw, named, within), named, loop, (*within, raw))
    kind = _kind(raw)
    if kind == "not":
        inner = _compile(raw["not"], named, loop, within)
        return lambda frame: not inner(frame)
    if kind in _JOINS:
        parts = [_compile(part, named, loop, within) for part in raw[kind]]
        join = all if kind == "all" else any
        return lambda frame: join(part(frame) for part in parts)
    quantifier = "every" if "every" in raw else "path"
    reader = compile_reader(parse_path(raw[quantifier]), loop)
    test = TESTS[kind]
    bound = compile_argument(raw[kind], loop)
    read, many = reader.read, reader.many
    if not many:
        return lambda frame: test(read(frame), value_of(bound, frame, None))
    every = quantifier == "every"

    def holds(frame: Frame) -> bool:
        values = read(frame)
        limit = value_of(bound, frame, None)
        if kind == "present":
            return any(value is not None for value in values) is limit
        if isinstance(limit, list) and kind != "in":
            outcomes = [test(value, other) for value, other in zip(values, limit, strict=False)]
        else:
            outcomes = [test(value, limit) for value in values]
        return bool(outcomes) and all(outcomes) if every else any(outcomes)

    return holds


def _resolve_name(name: str, named: Named, within: tuple[str, ...]) -> Any:
    if name in within:
        raise MappingError(f"condition {name!r} refers to itself")
    if name not in named:
        raise MappingError(f"unknown condition {name!r}", allowed=", ".join(named), hint=closest(name, named))
    return named[name]


def _kind(raw: Any) -> str:
    """The join or test of a condition as written."""
    if not isinstance(raw, dict) or not raw:
        raise MappingError(
            f"{raw!r} is no condition", allowed="an object with `path` and a test, or a condition's name"
        )
    keys = raw.keys() - {"path", "every"}
    allowed = (*_JOINS, *TESTS)
    for key in sorted(keys):
        if key not in allowed:
            raise MappingError(
                f"unknown test {key!r} in a condition", allowed=", ".join(allowed), hint=closest(key, allowed)
            )
    kind = next(iter(keys), "")
    if len(keys) != 1 or (kind in TESTS) != (len(raw) == 2) or (kind in ("all", "any")) > isinstance(raw[kind], list):
        raise MappingError(
            "a condition has one path and one test, or one of all, any, not", hint="join several with `all: [...]`"
        )
    return kind


def condition_mentions(raw: Any, named: Named, within: tuple[str, ...] = ()) -> Iterator[Mention]:
    """Every path that a condition reads, through named conditions too. Raises MappingError as compiling does."""
    if isinstance(raw, str):
        yield from condition_mentions(_resolve_name(raw, named, within), named, (*within, raw))
        return
    kind = _kind(raw)
    if kind in _JOINS:
        for part in raw[kind] if kind != "not" else [raw["not"]]:
            yield from condition_mentions(part, named, within)
        return
    yield Mention(parse_path(raw["every"] if "every" in raw else raw["path"]))
    yield from mentions(raw[kind])


def describe(raw: Any) -> str:
    """A condition in words: `test is true`, `financial_status in paid, partially_refunded`."""
    if isinstance(raw, str):
        return raw
    kind = _kind(raw)
    if kind == "not":
        return f"not ({describe(raw['not'])})"
    if kind in _JOINS:
        return (" and " if kind == "all" else " or ").join(
            f"({describe(part)})" if isinstance(part, dict) and _kind(part) in _JOINS else describe(part)
            for part in raw[kind]
        )
    subject = f"every {raw['every']}" if "every" in raw else raw["path"]
    if kind == "present":
        return f"{subject} is {'present' if raw[kind] else 'absent'}"
    bound = raw[kind]
    text = ", ".join(map(_word, bound)) if isinstance(bound, list) else _word(bound)
    sign = {"is": "is", "is_not": "is not", "in": "in", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}[kind]
    return f"{subject} {sign} {text}"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).removeprefix("$")
