"""Simple conditions: what the specification says they mean, and that our parser means the same as Python does."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.scenario.condition import (
    And,
    Compare,
    Constant,
    Node,
    Not,
    Or,
    Reference,
    evaluate,
    parse,
    references,
    render,
    truthy,
)
from understudy.scenario.expression import ExpressionError
from understudy.scenario.expression import parse as parse_expression
from understudy.scenario.scope import Answer, EvaluationError, Missing, Scope

from .fakes import reply

BODY = {
    "status": "Released",
    "total": "70.73",
    "count": 2,
    "ratio": 0.5,
    "held": False,
    "paid": True,
    "note": None,
    "lines": [{"sku": "SKU-1001", "quantity": "2"}, {"sku": "SKU-1002", "quantity": "1"}],
    "@etag": 'W/"3"',
    "empty": [],
}


def scope(status: int = 200, **headers: str) -> Scope:
    made = Scope({"sku": "sku-1001", "limit": 100, "customer.name": "Anna"})
    made.answer = Answer(reply(status, BODY, **headers))
    made.steps["create"] = {"id": "SO-1", "order": {"lines": [7, 8]}}
    return made


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        # operators
        ("$statusCode == 200", True),
        ("$statusCode==200&&$response.body.count>=2", True),
        ("$statusCode != 200", False),
        ("$statusCode == 200 || $statusCode == 201", True),
        ("$response.body.count < 2", False),
        ("$response.body.count <= 2", True),
        ("$response.body.count > 1", True),
        ("!($response.body.held == true)", True),
        ("!$response.body.held", True),
        ("!!$response.body.paid", True),
        # && binds tighter than ||
        ("true || false && false", True),
        ("(true || false) && false", False),
        # index and property
        ("$response.body.lines[1].sku == 'SKU-1002'", True),
        ("$response.body#/lines/0/quantity == '2'", True),
        ("$response.body#/@etag == 'W/\"3\"'", True),
        ("$steps.create.outputs.order.lines[1] == 8", True),
        ("$steps.create.outputs.order#/lines/0 == 7", True),
        ("$inputs.customer.name == 'anna'", True),
        # text is compared without case
        ("$response.body.status == 'released'", True),
        ("$response.body.status != 'RELEASED'", False),
        ("'straße' == 'STRASSE'", True),
        ("$inputs.sku == $response.body#/lines/0/sku", True),
        ("'it''s' == 'IT''S'", True),
        # numeric text meets numbers, but text meets text as text
        ("$response.body.total == 70.73", True),
        ("$response.body.total > 70", True),
        ("'9' < '10'", True),
        ("'007' == '7'", False),
        ("'007' == 7", True),
        ("0.1 == '0.10'", True),
        ("9007199254740993 == '9007199254740993'", True),
        ("9007199254740993 == 9007199254740992", False),
        # dates are texts with an order
        ("'2026-03-31T20:00Z' < '2026-03-31T22:30Z'", True),
        # null equals only null
        ("$response.body.note == null", True),
        ("null == null", True),
        ("$response.body.note == false", False),
        ("$response.body.note == ''", False),
        ("$response.body.note == 0", False),
        ("$response.body.count != null", True),
        ("$response.body.note < 1", False),
        ("$response.body.note >= null", False),
        # what is not there is null (the specification's own `$response.body#/0 == null`)
        ("$response.body#/nowhere == null", True),
        ("$response.body.lines[9] == null", True),
        ("$response.header.X-Nothing == null", True),
        ("$response.body#/nowhere != null", False),
        # true is neither 1 nor 'true'
        ("$response.body.paid == 1", False),
        ("$response.body.paid == 'true'", False),
        ("$response.body.paid == true", True),
        # a value alone
        ("$response.body.paid", True),
        ("$response.body.held", False),
        ("$response.body.note", False),
        ("$response.body.empty", True),
        ("true", True),
        ("false", False),
        ("null", False),
        # headers without case
        ("$response.header.x-total-count == 3", True),
        ("$response.header.X-Total-Count > 2", True),
    ],
)
def test_a_condition_holds_or_not(condition: str, holds: bool) -> None:
    assert truthy(evaluate(parse(condition), scope(x_total_count="3"))) is holds


@pytest.mark.parametrize(
    ("condition", "column", "message"),
    [
        ("", 1, "ends where a value is expected"),
        ("$statusCode = 200", 13, "a single `=` is no operator"),
        ("$statusCode == open", 16, "neither a literal nor an expression"),
        ('$response.body.status == "open"', 26, "single quotes, not double"),
        ("$response.body.status == 'open", 26, "not closed by a single quote"),
        ("1 < 2 < 3", 8, "comparisons do not chain"),
        ("($statusCode == 200", 20, "a `)` is missing"),
        ("$statusCode == 200)", 19, "not expected here"),
        ("$statusCode == 200 and true", 20, "not expected here"),
        ("== 200", 1, "not expected here"),
        ("$statusCode == 2_0", 16, "not expected here"),
    ],
)
def test_a_broken_condition_is_refused_at_its_column(condition: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)) as caught:
        parse(condition)
    assert f"column {column}:" in str(caught.value)


@pytest.mark.parametrize(
    "condition", ["!" * 500 + "true", "(" * 500 + "true" + ")" * 500, "1 == 1 && " * 5000 + "true"]
)
def test_an_endless_condition_is_refused_and_not_a_crash(condition: str) -> None:
    with pytest.raises(ExpressionError):
        parse(condition)


@pytest.mark.parametrize(
    "condition",
    ["$response.body.lines < 3", "true > false", "'abc' >= 3", "$response.body < null || $response.body < 1"],
)
def test_values_without_an_order_are_an_evaluation_error(condition: str) -> None:
    with pytest.raises(EvaluationError, match="have no order"):
        evaluate(parse(condition), scope())


def test_and_stops_at_the_first_part_that_fails() -> None:
    """So `$response.body.x != null && $response.body.x < 5` is safe to write."""
    assert evaluate(parse("false && $response.body.lines < 3"), scope()) is False
    assert evaluate(parse("true || $response.body.lines < 3"), scope()) is True


def test_references_names_every_expression_in_order() -> None:
    node = parse("!($statusCode == 200) || $inputs.a < $steps.create.outputs.id && true")
    assert [e.text for e in references(node)] == ["$statusCode", "$inputs.a", "$steps.create.outputs.id"]


# --- a second opinion --------------------------------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "text": "Open",
    "number": 5,
    "half": 2.5,
    "digits": "10",
    "yes": True,
    "none": None,
    "list": [1],
}
NAMES = st.sampled_from([*VALUES, "absent"])
LITERALS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-20, 20),
    st.floats(-20, 20, allow_nan=False),
    st.sampled_from(["open", "OPEN", "10", "9.0", "it's", "", "a && b", "$statusCode"]),
)
LEAVES = st.one_of(LITERALS.map(Constant), NAMES.map(lambda name: Reference(parse_expression(f"$inputs.{name}"))))


def _grow(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        inner.map(Not),
        st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner, inner),
        several.map(And),
        several.map(Or),
    )


NODES: st.SearchStrategy[Node] = st.recursive(LEAVES, _grow, max_leaves=12)


class NoOrder(Exception):
    pass


def oracle(node: Node) -> Any:
    """What a condition means, written a second time without any of the engine's code."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Reference):
        return VALUES.get(node.expression.names[0])
    if isinstance(node, Not):
        return not _true(oracle(node.inner))
    if isinstance(node, And):
        return all(_true(oracle(part)) for part in node.parts)
    if isinstance(node, Or):
        return any(_true(oracle(part)) for part in node.parts)
    left, right = oracle(node.left), oracle(node.right)
    if node.operator in ("==", "!="):
        return _same(left, right) == (node.operator == "==")
    if left is None or right is None:
        return False
    if any(isinstance(side, bool | list) for side in (left, right)):
        raise NoOrder
    numbers = [_number(side) for side in (left, right)]
    if None in numbers:
        if not (isinstance(left, str) and isinstance(right, str)):
            raise NoOrder
        low, high = left.casefold(), right.casefold()
    else:
        low, high = numbers
    return {"<": low < high, "<=": low <= high, ">": low > high, ">=": low >= high}[node.operator]


def _true(value: Any) -> bool:
    return isinstance(value, list) or bool(value)


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return None


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return type(left) is type(right) and left == right
    if isinstance(left, str) != isinstance(right, str) and not isinstance(left, list) and not isinstance(right, list):
        return _number(left) is not None and _number(left) == _number(right)
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return bool(left == right)


@given(NODES)
def test_a_rendered_condition_reads_back_as_itself(node: Node) -> None:
    assert parse(render(node)) == node


@settings(max_examples=300)
@given(NODES)
def test_a_condition_means_what_the_oracle_says(node: Node) -> None:
    inputs = {name: value for name, value in VALUES.items() if value is not None} | {"none": None}
    try:
        expected = oracle(node)
    except NoOrder:
        with pytest.raises(EvaluationError):
            evaluate(parse(render(node)), Scope(inputs))
        return
    found = evaluate(parse(render(node)), Scope(inputs))
    assert (None if isinstance(found, Missing) else found) == expected
    assert type(None if isinstance(found, Missing) else found) is type(expected)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    with suppress(ExpressionError):
        parse(text)
