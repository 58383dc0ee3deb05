"""Checks of one field against the schema of its target: type, length, listed values, pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from understudy.errors import closest
from understudy.mapping.finding import WARNING, MappingFinding
from understudy.mapping.frame import OUTPUTS
from understudy.mapping.shape import Shape
from understudy.mapping.sides import Sides, absolute
from understudy.mapping.spec import FieldSpec, RowSpec

_FORMATS = {"date": {"date"}, "date-time": {"instant"}, "uuid": {"uuid"}, "decimal": {"money", "price", "qty"}}
_TEXT_ONLY = ("one_space", "trim", "nfc", "missing", "first")
"""Transformations that leave a listed value as it is."""


def check_type(sides: Sides, row: RowSpec, field: FieldSpec, shape: Shape) -> Iterator[MappingFinding]:
    kind, text = field.type, field.target_text
    formats = _FORMATS.get(str(shape.first("format")), set())
    wrong_kind = bool(kind.json) and bool(shape.types) and kind.json not in shape.types
    if kind.name != "any" and (wrong_kind or (formats and kind.name not in formats)):
        expected = sorted(formats or shape.types)
        yield sides.finding(
            "type-mismatch",
            f"{text!r} is {kind.text} here, {' or '.join(expected)} in the contract",
            field.pointer,
            row=row.id,
            place=text,
            expected=expected,
            actual=kind.text,
        )
        return
    values = _values(sides, field)
    limit = shape.max_length
    limits_itself = shape.values is not None or values is not None or kind.name not in ("string", "code")
    if limit is not None and not limits_itself and (kind.length is None or kind.length > limit):
        yield sides.finding(
            "too-long",
            f"{text!r} may have {kind.length or 'any number of'} characters here, {limit} in the contract",
            field.pointer,
            row=row.id,
            place=text,
            hint=f"type: {kind.name}({limit})",
            expected=limit,
            actual=kind.length,
        )
    if shape.values is not None:
        yield from _listed(sides, row, field, shape.values, values)
    yield from _spelled(sides, row, field, shape, values or [])


def _listed(
    sides: Sides, row: RowSpec, field: FieldSpec, allowed: list[Any], values: list[Any] | None
) -> Iterator[MappingFinding]:
    text = field.target_text
    listed = ", ".join(map(str, allowed))
    if values is None:
        yield sides.finding(
            "enum-not-guarded",
            f"{text!r} allows only {listed}, nothing in the row limits it to these",
            field.pointer,
            row=row.id,
            place=text,
            level=WARNING,
            hint="add a rule `one_of`, a table or a decision",
            expected=allowed,
        )
    for value in values or ():
        if value not in allowed:
            yield sides.finding(
                "not-in-enum",
                f"{text!r} can become {value!r}, the contract allows {listed}",
                field.pointer,
                row=row.id,
                place=text,
                hint=closest(str(value), [str(known) for known in allowed]),
                expected=allowed,
                actual=value,
            )


def _spelled(sides: Sides, row: RowSpec, field: FieldSpec, shape: Shape, values: list[Any]) -> Iterator[MappingFinding]:
    pattern, limit = shape.first("pattern"), shape.max_length
    for value in values:
        if not isinstance(value, str):
            continue
        if (limit is not None and len(value) > limit) or (pattern and not re.search(pattern, value)):
            yield sides.finding(
                "pattern-mismatch",
                f"{field.target_text!r} can become {value!r}, the contract allows {pattern or f'{limit} characters'}",
                field.pointer,
                row=row.id,
                place=field.target_text,
                expected=pattern or limit,
                actual=value,
            )


def _values(sides: Sides, field: FieldSpec) -> list[Any] | None:
    """The only values that a field can have, None where that is not known."""
    for rule in field.rules:
        if rule.name == "one_of" and rule.on is None and not rule.warning:
            return _constants(rule.arguments.get("values"))
    for step in reversed([*sides.spec.steps(field)]):
        if step.name == "constant":
            return _constants([step.arguments["value"]])
        if step.name == "decide":
            return _constants([case["then"] for case in step.arguments["cases"]])
        if step.name == "crosswalk":
            table = sides.spec.lookups[step.arguments["table"]].table
            active = [row for row in table.rows if row.get("active", True)] if table is not None else None
            column = step.arguments["to"]
            return None if active is None else sorted({row[column] for row in active if row.get(column) is not None})
        if step.name not in _TEXT_ONLY:
            return None
    listed: list[Any] = []
    for path in field.sources:
        values = None if path.scope in (*OUTPUTS, "lookup") else _source_values(sides, field, path)
        if values is None:
            return None
        listed.extend(values)
    default = _constants([field.default]) if field.default is not None else []
    return None if default is None or not field.sources else [*listed, *default]


def _source_values(sides: Sides, field: FieldSpec, path: Any) -> list[Any] | None:
    """The values that the source's contract lists, where it does."""
    scope, segments = absolute(path, sides.feeds(field)[0])
    found, _, _ = sides.found(scope, segments)
    return None if found is None else found.values


def _constants(values: Any) -> list[Any] | None:
    """The values when all are literals."""
    if not isinstance(values, list) or any(
        isinstance(value, dict) or (isinstance(value, str) and value.startswith("$")) for value in values
    ):
        return None
    return [value for value in values if value is not None]
