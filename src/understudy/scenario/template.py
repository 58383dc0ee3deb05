"""Values of a scenario that may hold runtime expressions: parameters, payloads, outputs.

`compile_value({"sku": "$inputs.sku", "note": "for {$inputs.name}"})` -> a `Template`, compiled once per document;
`evaluate(template, scope)` -> the value. A string that is one whole expression keeps the type of what it refers to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from understudy.scenario.expression import (
    EMBEDDED,
    Expression,
    ExpressionError,
    as_pointer,
    as_text,
    looks_like_expression,
    parse,
    pointer_tokens,
    walk,
)
from understudy.scenario.jsonpath import compile_query, select
from understudy.scenario.scope import EvaluationError, Missing, Scope


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Whole:
    expression: Expression


@dataclass(frozen=True, slots=True)
class Embedded:
    """Text with `{$...}` in it; parts in order."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Members:
    items: tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Selected:
    """A Selector Object of Arazzo 1.1. query: JSON Pointer tokens, or a compiled JSONPath query.

    A singular query gives the value; any other query gives the list of all selected values.
    """

    context: Expression
    selector: str
    query: Any


Template: TypeAlias = Literal | Whole | Embedded | Members | Items | Selected


def compile_text(text: str) -> Template:
    """Raises ExpressionError when the string holds a broken expression."""
    if text.startswith("$") and looks_like_expression(text):
        return Whole(parse(text))
    if "{$" not in text:
        return Literal(text)
    parts: list[str | Expression] = []
    at = 0
    for found in EMBEDDED.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append(parse(found[1].strip()))
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    return Embedded(tuple(parts)) if any(isinstance(p, Expression) for p in parts) else Literal(text)


def compile_value(
    value: Any, *, selectors: bool, report: Callable[[str, ExpressionError], None], pointer: str = ""
) -> Template:
    """A template of any JSON value.

    selectors: whether objects of the form {context, selector, type} are Selector Objects (Arazzo 1.1).
    report: called with the JSON pointer and the error of every broken expression; the literal stands in for it.
    """
    try:
        if isinstance(value, str):
            return compile_text(value)
        if selectors and is_selector(value):
            return compile_selector(value)
    except ExpressionError as problem:
        report(pointer, problem)
        return Literal(value)
    if isinstance(value, dict):
        members = tuple(
            (key, compile_value(item, selectors=selectors, report=report, pointer=pointer + as_pointer((key,))))
            for key, item in value.items()
        )
        return Literal(value) if all(isinstance(t, Literal) for _, t in members) else Members(members)
    if isinstance(value, list):
        items = tuple(
            compile_value(item, selectors=selectors, report=report, pointer=f"{pointer}/{index}")
            for index, item in enumerate(value)
        )
        return Literal(value) if all(isinstance(t, Literal) for t in items) else Items(items)
    return Literal(value)


def is_selector(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"context", "selector", "type"}
        and isinstance(value["context"], str)
        and value["context"].startswith("$")
        and isinstance(value["selector"], str)
    )


def compile_selector(value: Mapping[str, Any]) -> Template:
    kind = selector_kind(value["type"])
    return Selected(parse(value["context"]), value["selector"], compile_path(kind, value["selector"]))


def selector_kind(declared: Any) -> str:
    """`jsonpath` or `jsonpointer` from a type name or an Expression Type Object; others raise ExpressionError."""
    kind = declared.get("type") if isinstance(declared, dict) else declared
    if kind in ("jsonpath", "jsonpointer"):
        return str(kind)
    if kind == "xpath":
        raise ExpressionError("XPath is not supported", "select from JSON with jsonpath or jsonpointer")
    raise ExpressionError(f"`{kind}` is no selector type", "one of jsonpath, jsonpointer")


def compile_path(kind: str, text: str) -> Any:
    return pointer_tokens(text) if kind == "jsonpointer" else compile_query(text)


def evaluate(template: Template, scope: Scope) -> Any:
    """The value, or `Missing` when the template is one expression that leads nowhere.

    Raises EvaluationError, with the JSON pointer of the member, when a part of a larger value leads nowhere. A member
    that is nothing but an input which the caller left out is left out too.
    """
    match template:
        case Literal(value):
            return value
        case Whole(expression):
            return expression.evaluate(scope)
        case Embedded(parts):
            return "".join(part if isinstance(part, str) else _embedded(part, scope) for part in parts)
        case Members(items):
            result = {}
            for key, item in items:
                value = _below(item, scope, key)
                if not isinstance(value, Missing):
                    result[key] = value
            return result
        case Items(elements):
            return [
                None if isinstance(value := _below(item, scope, index), Missing) else value
                for index, item in enumerate(elements)
            ]
        case Selected():
            return _selected(template, scope)


def _embedded(expression: Expression, scope: Scope) -> str:
    value = expression.evaluate(scope)
    if isinstance(value, Missing):
        raise EvaluationError(f"`{expression.text}` is empty: {value.why}")
    return as_text(value)


def _below(template: Template, scope: Scope, key: str | int) -> Any:
    try:
        value = evaluate(template, scope)
    except EvaluationError as problem:
        raise EvaluationError(f"{as_pointer((key,))}{'' if str(problem).startswith('/') else ' '}{problem}") from None
    if isinstance(value, Missing) and not value.optional:
        text = template.expression.text if isinstance(template, Whole) else "the selector"
        raise EvaluationError(f"{as_pointer((key,))} `{text}` is empty: {value.why}")
    return value


def _selected(template: Selected, scope: Scope) -> Any:
    context = template.context.evaluate(scope)
    if isinstance(context, Missing):
        return context
    if isinstance(template.query, tuple):
        return walk(context, template.query, f"`{template.context.text}`")
    try:
        values = [node.value for node in select(template.query, context)]
    except ExpressionError as problem:
        raise EvaluationError(str(problem)) from None
    if not template.query.singular_query():
        return values
    return values[0] if values else Missing(f"`{template.context.text}` has nothing at {template.selector}")


def expressions(template: Template) -> Iterator[Expression]:
    """Every expression in a template, in order."""
    match template:
        case Whole(expression):
            yield expression
        case Embedded(parts):
            yield from (part for part in parts if isinstance(part, Expression))
        case Members(items):
            for _, item in items:
                yield from expressions(item)
        case Items(elements):
            for item in elements:
                yield from expressions(item)
        case Selected(context):
            yield context
        case Literal():
            return
