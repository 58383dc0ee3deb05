"""An Arazzo description as values: documents, workflows, steps, actions. Read by `read`, bound to contracts by `link`.

Reusable objects are already replaced by what they refer to; expressions, conditions and queries are already compiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from understudy.scenario.condition import Node
from understudy.scenario.expression import Expression
from understudy.scenario.template import Template

if TYPE_CHECKING:
    from understudy.scenario.diagnostic import Diagnostic

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Lines:
    """Line numbers of one document, found only when a place is worded: composing costs more than reading."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text
        self._root: yaml.Node | None = None
        self._composed = False

    def line_of(self, text: str) -> int:
        """The 1-based line where `text` first stands, 1 if it does not: cheap, for lines that every run shows."""
        return self._text.count("\n", 0, max(0, self._text.find(text))) + 1

    def line(self, path: tuple[str | int, ...]) -> int:
        """The 1-based line of the value at `path`, or of the nearest value around it."""
        if not self._composed:
            self._composed = True
            try:
                self._root = yaml.compose(self._text, Loader=_SafeLoader)
            except (yaml.YAMLError, RecursionError):
                self._root = None
        node, line = self._root, 1
        for part in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if getattr(k, "value", None) == part), None)
                if found is None:
                    return line
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                return line
        return line


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where something stands in a document; `str(place)` is `file:line`."""

    lines: Lines = field(repr=False)
    path: tuple[str | int, ...] = ()

    @property
    def file(self) -> str:
        return self.lines.file

    @property
    def line(self) -> int:
        return self.lines.line(self.path)

    def at(self, *parts: str | int) -> Place:
        return Place(self.lines, (*self.path, *parts))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Source:
    """A source description. type: openapi, asyncapi or arazzo (openapi when the document does not say)."""

    name: str
    url: str
    type: str
    place: Place


@dataclass(frozen=True, slots=True)
class Parameter:
    """location: path, query, querystring, header or cookie; empty for an input of a workflow."""

    name: str
    location: str
    value: Template
    place: Place


@dataclass(frozen=True, slots=True)
class Replacement:
    """kind: jsonpointer or jsonpath. query: pointer tokens or a compiled query."""

    target: str
    kind: str
    query: Any
    value: Template
    place: Place


@dataclass(frozen=True, slots=True)
class RequestBody:
    """content_type: empty when the operation's own applies. payload: None when the document gives none."""

    content_type: str
    payload: Template | None
    replacements: tuple[Replacement, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Criterion:
    """One assertion, compiled.

    kind: simple, regex or jsonpath. context: for regex and jsonpath. test: a condition's `Node`, a compiled pattern or
    query, or None when the condition holds embedded expressions and is compiled when they are known (see `text`).
    """

    condition: str
    kind: str
    context: Expression | None
    test: Any
    text: Template
    place: Place
    note: str = ""

    @property
    def node(self) -> Node | None:
        return self.test if self.kind == "simple" else None


@dataclass(frozen=True, slots=True)
class Action:
    """A success or failure action.

    kind: end, goto or retry. retry_after: seconds, None when not given. retry_limit: attempts after the first.
    """

    name: str
    kind: str
    workflow_id: str
    step_id: str
    retry_after: float | None
    retry_limit: int
    criteria: tuple[Criterion, ...]
    parameters: tuple[Parameter, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Exactly one of operation_id, operation_path and workflow_id is set.

    timeout_ms: None for no limit of its own. depends_on: steps that must have passed before this one.
    """

    id: str
    description: str
    operation_id: str
    operation_path: str
    workflow_id: str
    parameters: tuple[Parameter, ...]
    body: RequestBody | None
    criteria: tuple[Criterion, ...]
    on_success: tuple[Action, ...]
    on_failure: tuple[Action, ...]
    outputs: Mapping[str, Template]
    timeout_ms: int | None
    depends_on: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Workflow:
    """steps: in the order of execution. inputs: the JSON Schema, None when the workflow declares none."""

    id: str
    summary: str
    description: str
    inputs: Mapping[str, Any] | None
    depends_on: tuple[str, ...]
    steps: tuple[Step, ...]
    success_actions: tuple[Action, ...]
    failure_actions: tuple[Action, ...]
    outputs: Mapping[str, Template]
    parameters: tuple[Parameter, ...]
    place: Place
    document: Document = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One Arazzo description.

    name: as shown in messages, usually the path. version: of the specification. self_uri: `$self` or empty.
    workflows: by id, in document order. imports: the documents of sources of type arazzo, by source name.
    components: the raw Components Object (schemas of inputs refer into it). cache: what `link` keeps between runs.
    """

    name: str
    version: str
    title: str
    summary: str
    description: str
    self_uri: str
    sources: Mapping[str, Source]
    workflows: Mapping[str, Workflow]
    components: Mapping[str, Any]
    warnings: Sequence[Diagnostic]
    imports: Mapping[str, Document]
    place: Place
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)

    def workflow(self, workflow_id: str) -> Workflow | None:
        """The workflow of that id here, or in an import by `$sourceDescriptions.<source>.<workflowId>`."""
        if workflow_id.startswith("$sourceDescriptions."):
            _, source, name = (*workflow_id.split(".", 2), "", "")[:3]
            other = self.imports.get(source)
            return other.workflows.get(name) if other else None
        return self.workflows.get(workflow_id)


# --- what a contract must offer; `understudy.contract.Contract` does ----------------------------------------------


class ParameterLike(Protocol):
    """style and explode with the defaults of OpenAPI filled in."""

    @property
    def name(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def style(self) -> str: ...
    @property
    def explode(self) -> bool: ...


class BodyLike(Protocol):
    @property
    def content(self) -> Mapping[str, Any]: ...


class ResponseLike(Protocol):
    @property
    def content(self) -> Mapping[str, Any]: ...


class OperationLike(Protocol):
    """responses: keys as written in the contract (`200`, `2XX`, `default`)."""

    @property
    def id(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def parameters(self) -> Sequence[ParameterLike]: ...
    @property
    def request_body(self) -> BodyLike | None: ...
    @property
    def responses(self) -> Mapping[str, ResponseLike]: ...


class ContractLike(Protocol):
    """The minimum that a scenario needs of a contract; `schemas`, when there, is used to check responses."""

    @property
    def name(self) -> str: ...
    @property
    def operations(self) -> Mapping[str, OperationLike]: ...
    @property
    def server_url(self) -> str: ...
