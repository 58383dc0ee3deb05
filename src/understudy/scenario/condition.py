"""Simple conditions of a Criterion Object: their grammar, and what they mean.

    or         = and *( "||" and )
    and        = comparison *( "&&" comparison )
    comparison = unary [ ( "==" / "!=" / "<" / "<=" / ">" / ">=" ) unary ]
    unary      = "!" unary / "(" or ")" / literal / runtime expression

`parse("$statusCode == 200 && !($response.body.held == true)")` -> a `Node`. Nothing is ever given to `eval`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from understudy.scenario.expression import Expression, ExpressionError, scan, shorten
from understudy.scenario.scope import EvaluationError, Missing, Scope

MAX_LENGTH = 10_000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: None, bool, int, float or str."""

    value: Any


@dataclass(frozen=True, slots=True)
class Reference:
    expression: Expression


@dataclass(frozen=True, slots=True)
class Not:
    inner: Node


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


Node: TypeAlias = Constant | Reference | Not | Compare | And | Or


# --- reading -----------------------------------------------------------------------------------------------------

_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")
_STRING = re.compile(r"'((?:[^']|'')*)'")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def parse(text: str) -> Node:
    """Raises ExpressionError with the column of the first thing that does not fit."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the condition has {len(text):,} characters", f"at most {MAX_LENGTH:,} are read")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._or()
        self._skip()
        if self._at < len(self._text):
            self._fail(f"`{shorten(self._text[self._at :], 30)}` is not expected here")
        return node

    def _or(self) -> Node:
        parts = [self._and()]
        while self._take("||"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Node:
        parts = [self._comparison()]
        while self._take("&&"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _comparison(self) -> Node:
        left = self._unary()
        operator = self._operator()
        if not operator:
            return left
        right = self._unary()
        if self._operator():
            self._fail("comparisons do not chain", "put parentheses around the first, or join two with &&")
        return Compare(operator, left, right)

    def _operator(self) -> str:
        self._skip()
        found = _OPERATOR.match(self._text, self._at)
        if found is None:
            if self._text[self._at : self._at + 1] == "=":
                self._fail("a single `=` is no operator", "compare with `==`")
            return ""
        self._at = found.end()
        return found.group()

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels")
        try:
            if self._take("!"):
                return Not(self._unary())
            if self._take("("):
                node = self._or()
                if not self._take(")"):
                    self._fail("a `)` is missing")
                return node
            return self._operand()
        finally:
            self._depth -= 1

    def _operand(self) -> Node:
        self._skip()
        text, at = self._text, self._at
        if at >= len(text):
            self._fail("the condition ends where a value is expected")
        if text[at] == "$":
            expression, self._at = scan(text, at)
            return Reference(expression)
        if found := _STRING.match(text, at):
            self._at = found.end()
            return Constant(found[1].replace("''", "'"))
        if found := _NUMBER.match(text, at):
            self._at = found.end()
            return Constant(_number(found.group()))
        if found := _WORD.match(text, at):
            if found.group() not in _WORDS:
                self._fail(f"`{shorten(found.group(), 30)}` is neither a literal nor an expression",
                           f"a text stands in single quotes: '{shorten(found.group(), 30)}'")  # fmt: skip
            self._at = found.end()
            return Constant(_WORDS[found.group()])
        if text[at] == '"':
            self._fail("a text stands in single quotes, not double quotes")
        if text[at] == "'":
            self._fail("the text is not closed by a single quote", "a single quote inside a text is written twice")
        self._fail(f"`{shorten(text[at:], 30)}` is not expected here")
        raise AssertionError  # _fail raises

    def _take(self, token: str) -> bool:
        self._skip()
        if not self._text.startswith(token, self._at):
            return False
        if token == "!" and self._text.startswith("!=", self._at):
            return False
        self._at += len(token)
        return True

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _fail(self, message: str, hint: str = "") -> None:
        raise ExpressionError(f"the condition `{shorten(self._text)}`, column {self._at + 1}: {message}", hint)


def _number(text: str) -> int | float:
    try:
        number = float(text) if any(c in text for c in ".eE") else int(text)
    except ValueError:
        number = float("inf")
    if number in (float("inf"), float("-inf")):
        raise ExpressionError(f"`{shorten(text, 30)}` is too large for a number")
    return number


def render(node: Node) -> str:
    """The condition as text; `parse(render(node)) == node` for every node whose parts have two members or more."""
    match node:
        case Constant(value):
            return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else json.dumps(value)
        case Reference(expression):
            return expression.text
        case Not(inner):
            return f"!{_grouped(inner)}"
        case Compare(operator, left, right):
            return f"{_grouped(left)} {operator} {_grouped(right)}"
        case And(parts):
            return " && ".join(f"({render(p)})" if isinstance(p, And | Or) else render(p) for p in parts)
        case Or(parts):
            return " || ".join(f"({render(p)})" if isinstance(p, Or) else render(p) for p in parts)


def _grouped(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, Compare | And | Or) else render(node)


def references(node: Node) -> Iterator[Expression]:
    """Every runtime expression of a condition, in order."""
    match node:
        case Reference(expression):
            yield expression
        case Not(inner):
            yield from references(inner)
        case Compare(_, left, right):
            yield from references(left)
            yield from references(right)
        case And(parts) | Or(parts):
            for part in parts:
                yield from references(part)
        case Constant():
            return


# --- meaning -----------------------------------------------------------------------------------------------------


def evaluate(node: Node, scope: Scope) -> Any:
    """The value of a node: a bool for operators, the value itself for a literal or an expression (`Missing` is null).

    Raises EvaluationError where two values have no order.
    """
    match node:
        case Compare(operator, left, right):
            return _COMPARE[operator](evaluate(left, scope), evaluate(right, scope))
        case Reference(expression):
            return expression.evaluate(scope)
        case Constant(value):
            return value
        case And(parts):
            return all(truthy(evaluate(part, scope)) for part in parts)
        case Or(parts):
            return any(truthy(evaluate(part, scope)) for part in parts)
        case Not(inner):
            return not truthy(evaluate(inner, scope))


def truthy(value: Any) -> bool:
    """Null, false, zero and the empty text are false; lists and objects are true even when empty."""
    if value is None or isinstance(value, Missing):
        return False
    if isinstance(value, bool | int | float | str):
        return bool(value)
    return True


def equal(left: Any, right: Any) -> bool:
    """Loose equality: text without case, a numeric text equals its number, null equals only null."""
    left_null = left is None or isinstance(left, Missing)
    right_null = right is None or isinstance(right, Missing)
    if left_null or right_null:
        return left_null and right_null
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str):
        if isinstance(right, str):
            return left.casefold() == right.casefold()
        number = _numeric(left)
        return number is not None and isinstance(right, int | float) and number == _exact(right)
    if isinstance(right, str):
        return equal(right, left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    return bool(left == right)


def _ordered(operator: str) -> Callable[[Any, Any], bool]:
    test: Callable[[int], bool] = {
        "<": lambda sign: sign < 0,
        "<=": lambda sign: sign <= 0,
        ">": lambda sign: sign > 0,
        ">=": lambda sign: sign >= 0,
    }[operator]

    def compare(left: Any, right: Any) -> bool:
        if left is None or right is None or isinstance(left, Missing) or isinstance(right, Missing):
            return False
        low, high = _comparable(left, right, operator)
        return test((low > high) - (low < high))

    return compare


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    **{operator: _ordered(operator) for operator in ("<", "<=", ">", ">=")},
}

_NUMERIC_TEXT = re.compile(r"\s*-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][-+]?[0-9]{1,3})?\s*\Z")


def _numeric(text: str) -> Decimal | None:
    return Decimal(text.strip()) if _NUMERIC_TEXT.match(text) else None


def _exact(number: int | float) -> Decimal:
    return Decimal(number) if isinstance(number, int) else Decimal(repr(number))


def _comparable(left: Any, right: Any, operator: str) -> tuple[Any, Any]:
    """Both sides as values with one order: numbers, or texts without case (so that ISO dates and times compare)."""
    if type(left) in (int, float) and type(right) in (int, float):
        return left, right
    left_text, right_text = isinstance(left, str), isinstance(right, str)
    left_number = _numeric(left) if left_text else _as_number(left)
    right_number = _numeric(right) if right_text else _as_number(right)
    if left_number is not None and right_number is not None:
        return left_number, right_number
    if left_text and right_text:
        return left.casefold(), right.casefold()
    raise EvaluationError(f"{_describe(left)} {operator} {_describe(right)}: the two have no order")


def _as_number(value: Any) -> Decimal | None:
    return _exact(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return shorten(json.dumps(value, ensure_ascii=False), 40)
