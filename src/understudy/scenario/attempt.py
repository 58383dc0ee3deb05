"""One try of a step: an operation is called and judged, or the inputs of a workflow are made ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.scenario.check import input_names
from understudy.scenario.criterion import CriterionResult, judge
from understudy.scenario.judgement import documented_success, why_failed
from understudy.scenario.model import Action, Parameter
from understudy.scenario.program import BoundOperation, BoundStep, BoundWorkflow
from understudy.scenario.request import build
from understudy.scenario.scope import Answer, EvaluationError, Missing, Scope
from understudy.scenario.template import Template, evaluate
from understudy.scenario.transport import Client, TimedClient
from understudy.simulate.message import Request, Response


@dataclass(slots=True)
class Tried:
    """The outcome of one try. reason: one sentence, empty when it passed. error: why there was no request or answer."""

    passed: bool
    reason: str = ""
    criteria: tuple[CriterionResult, ...] = ()
    request: Request | None = None
    response: Response | None = None
    error: str = ""
    notes: list[str] = field(default_factory=list)


def call(bound: BoundStep, target: BoundOperation, scope: Scope, client: Client, base_url: str) -> Tried:
    """Build the request, send it, judge the answer; the scope then holds both. Unreachable passes through."""
    tried = Tried(passed=False)
    scope.answer = scope.call = None
    try:
        tried.request, scope.call = build(bound, scope, base_url)
        tried.response = _send(bound, target, client, tried.request)
    except EvaluationError as problem:
        tried.error = f"nothing was sent: {problem}"
    except (ConnectionError, TimeoutError) as problem:
        tried.error = f"no answer: {str(problem) or type(problem).__name__}"
    if tried.response is None:
        scope.no_answer = tried.reason = tried.error
        return tried
    scope.answer = Answer(tried.response)
    step = bound.step
    if step.criteria:
        tried.criteria = tuple([judge(criterion, scope) for criterion in step.criteria])
    else:
        tried.criteria = (documented_success(target.operation, tried.response.status, step.place),)
    tried.reason = why_failed(tried.criteria)
    tried.passed = not tried.reason
    return tried


def _send(bound: BoundStep, target: BoundOperation, client: Client, request: Request) -> Response:
    timeout_ms = bound.step.timeout_ms
    if timeout_ms is not None and isinstance(client, TimedClient):
        return client.send_within(target.source, target.operation, request, timeout_ms / 1000)
    return client.send(target.source, target.operation, request)


def applicable(actions: Sequence[Action], scope: Scope, used: Mapping[str, int], notes: list[str]) -> Action | None:
    """The first action whose criteria hold; a retry only until its limit is used up.

    used: retries made so far, by action name. notes: gets the criteria that could not be evaluated (they have failed).
    """
    for action in actions:
        if action.kind == "retry" and used.get(action.name, 0) >= action.retry_limit:
            continue
        results = [judge(criterion, scope) for criterion in action.criteria]
        for result in results:
            words = result.error or result.warning
            if words:
                notes.append(f"action `{action.name}`: {words}")
        if all(result.passed for result in results):
            return action
    return None


def output(template: Template, scope: Scope) -> Any:
    """The value of an output, `Missing` when it has none."""
    try:
        return evaluate(template, scope)
    except (EvaluationError, RecursionError) as problem:
        return Missing(str(problem))


def arguments(parameters: Sequence[Parameter], scope: Scope) -> dict[str, Any]:
    """Parameters as inputs of a workflow; an input that the caller was not given is not passed on.

    Raises EvaluationError for a value that leads nowhere.
    """
    given: dict[str, Any] = {}
    for parameter in parameters:
        value = evaluate(parameter.value, scope)
        if not isinstance(value, Missing):
            given[parameter.name] = value
        elif not value.optional:
            raise EvaluationError(f"the input `{parameter.name}` has no value: {value.why}")
    return given


def shared(inputs: Mapping[str, Any], target: BoundWorkflow) -> dict[str, Any]:
    """The inputs that the target knows too: what a workflow gets where Arazzo 1.0 has no way to pass any."""
    names = input_names(target.workflow)
    return {name: value for name, value in inputs.items() if names is None or name in names}
