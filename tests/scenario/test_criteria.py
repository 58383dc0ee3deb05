"""Criterion Objects of each type, and what their results tell when they fail."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.scenario.criterion import Operand, compile_criterion, judge
from understudy.scenario.expression import ExpressionError
from understudy.scenario.model import Lines, Place
from understudy.scenario.scope import Answer, Scope

from .fakes import reply

PLACE = Place(Lines("story.yaml", ""))


def judged(
    condition: str, body: Any, *, kind: str = "simple", context: str = "", version: str = "", **inputs: Any
) -> Any:
    scope = Scope(inputs)
    scope.answer = Answer(reply(200, body))
    return judge(compile_criterion(condition, kind, version, context, PLACE), scope)


def test_a_failed_condition_names_what_it_found() -> None:
    result = judged("$statusCode == 200 && $response.body#/status == 'open'", {"status": "held"})
    assert (result.passed, result.error) == (False, "")
    assert result.operands == (Operand("$statusCode", 200), Operand("$response.body#/status", "held"))


def test_a_failed_condition_says_which_value_is_not_there() -> None:
    result = judged("$response.body#/stauts == 'open'", {"status": "open"})
    assert result.operands == (Operand("$response.body#/stauts", None, "the answer's body has nothing at /stauts"),)


def test_an_evaluation_error_fails_the_criterion_and_is_reported() -> None:
    result = judged("$response.body#/lines > 3", {"lines": []})
    assert (result.passed, result.error) == (False, "a list > 3: the two have no order")


@pytest.mark.parametrize(
    ("pattern", "context", "passed"),
    [
        (r"^2\d{2}$", "$statusCode", True),
        (r"^3", "$statusCode", False),
        ("INV-[0-9]{4}", "$response.body#/number", True),
        ("inv", "$response.body#/number", False),
        ("(?<year>2026)", "$response.body#/number", True),
        ("^({$inputs.pattern})$", "$response.body#/number", True),
        (".", "$response.body#/nothing", False),
        (".", "$response.body#/null", False),
        ("true", "$response.body#/paid", True),
    ],
)
def test_a_regex_matches_the_text_of_its_context(pattern: str, context: str, passed: bool) -> None:
    """Case counts here; a context that is null or absent fails (specification, "Regex Conditions")."""
    body = {"number": "INV-2026-000456", "paid": True, "null": None}
    assert judged(pattern, body, kind="regex", context=context, pattern="INV-.*").passed is passed


def test_a_regex_that_breaks_only_at_run_time_fails_and_is_reported() -> None:
    result = judged("{$inputs.pattern}", "x", kind="regex", context="$response.body", pattern="(")
    assert result.passed is False
    assert "no regular expression" in result.error


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        ("$.pets[*]", True),
        ("$.pets[?@.status == 'sold']", True),
        ("$.pets[?@.status == 'SOLD']", False),
        ("$.cats[*]", False),
        ('$.pets[?(@.status == "{$inputs.wanted}")]', True),
        ("$.nothing", False),
        ("$.null", True),
    ],
)
def test_a_jsonpath_holds_when_it_selects_something(query: str, passed: bool) -> None:
    """Strict RFC 9535: text is compared with its case, and a member that is null is something."""
    body = {"pets": [{"status": "sold"}], "null": None}
    result = judged(query, body, kind="jsonpath", context="$response.body", wanted="sold")
    assert (result.passed, result.error, result.warning) == (passed, "", "")


def test_the_specifications_own_filter_on_an_object_is_tried_wrapped_with_a_warning() -> None:
    """`$[?count(@.pets) > 0]` selects nothing on an object by RFC 9535, because a filter tests the object's members."""
    result = judged("$[?count(@.pets) > 0]", {"pets": [1]}, kind="jsonpath", context="$response.body")
    assert result.passed is True
    assert "RFC 9535" in result.warning


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("$[?count(@.pets) > 0]", {"cats": [1]}),
        ("$[?@.id == 1]", [{"id": 2}]),
        ("$.pets[?@.id == 1]", {"pets": [{"id": 2}]}),
    ],
)
def test_nothing_is_wrapped_where_the_rule_does_not_apply(query: str, body: Any) -> None:
    result = judged(query, body, kind="jsonpath", context="$response.body")
    assert (result.passed, result.warning) == (False, "")


def test_a_filter_on_a_list_needs_no_wrapping() -> None:
    result = judged("$[?@.id == 1]", [{"id": 1}], kind="jsonpath", context="$response.body")
    assert (result.passed, result.warning) == (True, "")


def test_a_context_that_is_null_fails_a_jsonpath() -> None:
    assert judged("$", None, kind="jsonpath", context="$response.body#/x").passed is False


def test_the_old_jsonpath_draft_is_evaluated_by_the_rfc_with_a_warning() -> None:
    draft = "draft-goessner-dispatch-jsonpath-00"
    result = judged("$.a", {"a": 1}, kind="jsonpath", context="$response.body", version=draft)
    assert result.passed is True
    assert draft in result.warning


@pytest.mark.parametrize(
    ("condition", "kind", "version", "message"),
    [
        ("count(/a) > 0", "xpath", "", "XPath conditions are not supported"),
        ("(", "regex", "", "no regular expression"),
        ("$.a[", "jsonpath", "", "no JSONPath query"),
        ("$..[", "jsonpath", "", "no JSONPath query"),
        ("$.a", "jsonpath", "rfc1", "version `rfc1` of jsonpath is not supported"),
        ("$inputs.a ==", "simple", "", "ends where a value is expected"),
    ],
)
def test_a_criterion_that_can_never_be_evaluated_is_refused(
    condition: str, kind: str, version: str, message: str
) -> None:
    with pytest.raises(ExpressionError, match=message):
        compile_criterion(condition, kind, version, "$response.body", PLACE)


def test_a_deeply_nested_answer_fails_a_comparison_without_a_crash() -> None:
    deep: Any = 1
    for _ in range(800):
        deep = [deep]
    result = judged("$response.body == $inputs.other", deep, other=deep)
    assert result.passed or "nested too deeply" in result.error
