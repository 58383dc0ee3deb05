"""Criterion Objects: compiled once when a document is read, judged once per attempt.

A criterion that cannot be evaluated has failed, and its result says why (specification, "Evaluation Errors").
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from understudy.scenario import condition as simple
from understudy.scenario.expression import Expression, ExpressionError, as_text, parse, shorten
from understudy.scenario.jsonpath import compile_query, matches
from understudy.scenario.model import Criterion, Place
from understudy.scenario.scope import EvaluationError, Missing, Scope
from understudy.scenario.template import Literal, compile_text, evaluate, expressions

KINDS = ("simple", "regex", "jsonpath", "xpath")
GOESSNER = "draft-goessner-dispatch-jsonpath-00"


@dataclass(frozen=True, slots=True)
class Operand:
    """What an expression of a failed criterion was worth. note: why it has no value, empty when it has one."""

    expression: str
    value: Any
    note: str = ""


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion, judged.

    condition: as written. operands: only when it failed. error: why it could not be evaluated, empty otherwise.
    warning: what the reader should know although it was evaluated.
    """

    condition: str
    kind: str
    passed: bool
    place: Place | None = None
    operands: tuple[Operand, ...] = ()
    error: str = ""
    warning: str = ""


def compile_criterion(condition: str, kind: str, version: str, context: str, place: Place) -> Criterion:
    """kind: one of KINDS. context: the runtime expression, empty for a simple criterion.

    Raises ExpressionError for a condition that can never be evaluated. A regex or query with embedded expressions is
    compiled at run time, because only then is its text known.
    """
    if kind == "simple":
        node = simple.parse(condition)
        return Criterion(condition, kind, None, node, Literal(condition), place)
    if kind == "xpath":
        raise ExpressionError("XPath conditions are not supported", "use jsonpath on JSON, or regex on text")
    note = ""
    if version == GOESSNER:
        note = f"`{version}` is evaluated by RFC 9535, which replaced it"
    elif version not in ("", "rfc9535"):
        raise ExpressionError(f"version `{version}` of {kind} is not supported", f"one of rfc9535, {GOESSNER}")
    text = compile_text(condition) if "{$" in condition else Literal(condition)
    test = _compile(kind, condition) if isinstance(text, Literal) else None
    return Criterion(condition, kind, parse(context), test, text, place, note)


def _compile(kind: str, text: str) -> Any:
    if kind == "jsonpath":
        return compile_query(text)
    try:
        with warnings.catch_warnings():
            # Python warns of `[[`, which ECMA-262 reads as it does today.
            warnings.simplefilter("ignore", FutureWarning)
            # ECMA-262 writes `(?<name>` where Python writes `(?P<name>`.
            return re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", text))
    except (re.error, RecursionError, OverflowError) as problem:
        raise ExpressionError(f"`{shorten(text)}` is no regular expression: {problem}") from None


def judge(criterion: Criterion, scope: Scope) -> CriterionResult:
    """Never raises: what cannot be evaluated has failed."""
    warning = criterion.note
    try:
        if criterion.kind == "simple":
            passed = simple.truthy(simple.evaluate(criterion.test, scope))
        else:
            passed, warned = _judge_context(criterion, scope)
            warning = "; ".join(filter(None, (warning, warned)))
    except (EvaluationError, ExpressionError) as problem:
        return _failed(criterion, scope, str(problem), warning)
    except RecursionError:
        return _failed(criterion, scope, "a value is nested too deeply", warning)
    if not passed:
        return _failed(criterion, scope, "", warning)
    return CriterionResult(criterion.condition, criterion.kind, True, criterion.place, warning=warning)


def _judge_context(criterion: Criterion, scope: Scope) -> tuple[bool, str]:
    assert criterion.context is not None
    context = criterion.context.evaluate(scope)
    if context is None or isinstance(context, Missing):
        return False, ""
    test, text = criterion.test, criterion.condition
    if test is None:
        text = evaluate(criterion.text, scope)
        test = _compile(criterion.kind, text)
    if criterion.kind == "regex":
        return test.search(as_text(context)) is not None, ""
    return matches(test, text, context)


def _failed(criterion: Criterion, scope: Scope, error: str, warning: str) -> CriterionResult:
    operands = []
    for expression in dict.fromkeys(criterion_expressions(criterion)):
        value = expression.evaluate(scope)
        if isinstance(value, Missing):
            operands.append(Operand(expression.text, None, value.why))
        else:
            operands.append(Operand(expression.text, value))
    return CriterionResult(criterion.condition, criterion.kind, False, criterion.place, tuple(operands), error, warning)


def criterion_expressions(criterion: Criterion) -> Iterator[Expression]:
    """Every runtime expression that a criterion looks at, in order."""
    if criterion.kind == "simple":
        yield from simple.references(criterion.test)
        return
    if criterion.context is not None:
        yield criterion.context
    yield from expressions(criterion.text)
