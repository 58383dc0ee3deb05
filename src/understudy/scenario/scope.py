"""What a runtime expression can see: the call that was sent, the answer, inputs, outputs of steps and workflows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.simulate.message import Response


@dataclass(frozen=True, slots=True)
class Missing:
    """The result of an expression that leads nowhere. It compares like null; `why` says what was not there.

    optional: the place was allowed to be empty (an input that the caller left out), so a payload member that holds
    nothing else is left out instead of failing the step.
    """

    why: str
    optional: bool = False


class EvaluationError(Exception):
    """A value, condition or request that cannot be computed. It fails the criterion or step and is reported there."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the step described it, before it became bytes.

    path, query, header: parameter values by name as given (header names lower-case). body: the evaluated payload.
    """

    method: str
    url: str
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None


_UNREAD: Any = object()


class Answer:
    """A response whose body is decoded once, when it is first looked at."""

    __slots__ = ("_content", "response")

    def __init__(self, response: Response) -> None:
        self.response = response
        self._content: Any = _UNREAD

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def content(self) -> Any:
        """JSON as a value, other text as a string, `Missing` for an empty or undecodable body."""
        if self._content is _UNREAD:
            self._content = _decode(self.response)
        return self._content


def media_type(content_type: str) -> str:
    """`Application/JSON; charset=utf-8` -> `application/json`."""
    return content_type.partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    return media == "application/json" or media.endswith("+json") or media == "text/json"


def _decode(response: Response) -> Any:
    if not response.body:
        return Missing("the answer has no body")
    media = media_type(response.headers.get("content-type", ""))
    if media and not is_json(media):
        return response.body.decode("utf-8", "replace")
    try:
        return json.loads(response.body, parse_constant=_not_json)
    except (ValueError, RecursionError) as problem:
        if not media:
            return response.body.decode("utf-8", "replace")
        return Missing(f"the answer's body is not JSON ({str(problem)[:120]})")


def _not_json(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


@dataclass(slots=True)
class WorkflowRecord:
    """A workflow that ran: what `$workflows.<id>.inputs` and `.outputs` refer to. steps: ids that passed."""

    inputs: Mapping[str, Any]
    outputs: dict[str, Any] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    passed: bool = False


class Scope:
    """The names of one workflow run, with the call and answer of its current step.

    steps: outputs by step id. outputs: those of the current step, or of the workflow while its outputs are computed.
    workflows: records by workflow id. sources: field values of the source descriptions by name.
    """

    __slots__ = ("answer", "call", "inputs", "no_answer", "outputs", "self_uri", "sources", "steps", "workflows")

    def __init__(
        self,
        inputs: Mapping[str, Any],
        *,
        workflows: Mapping[str, WorkflowRecord] | None = None,
        sources: Mapping[str, Mapping[str, str]] | None = None,
        self_uri: str = "",
    ) -> None:
        self.inputs = inputs
        self.steps: dict[str, Mapping[str, Any]] = {}
        self.outputs: Mapping[str, Any] = {}
        # Not a copy: workflows that run later are added by the caller.
        self.workflows: Mapping[str, WorkflowRecord] = {} if workflows is None else workflows
        self.sources: Mapping[str, Mapping[str, str]] = sources or {}
        self.self_uri = self_uri
        self.call: Call | None = None
        self.answer: Answer | None = None
        self.no_answer = "nothing was sent yet"
