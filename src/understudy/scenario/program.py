"""A document bound to contracts: every step knows the operation or workflow it calls, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from understudy.errors import closest
from understudy.scenario.diagnostic import Diagnostic, Diagnostics
from understudy.scenario.inputs import InputSchema
from understudy.scenario.model import (
    Action,
    ContractLike,
    Document,
    OperationLike,
    Parameter,
    ParameterLike,
    Source,
    Step,
    Workflow,
)
from understudy.scenario.parts import parameter_key
from understudy.scenario.scope import is_json
from understudy.scenario.template import Literal

if TYPE_CHECKING:
    from understudy.contract import Contract

    # The engine's own contracts satisfy the protocol; mypy holds us to it.
    _CONFORMS: type[ContractLike] = Contract

_PATH_STEP = re.compile(
    r"\{?\$sourceDescriptions\.(?P<source>[A-Za-z0-9_-]+)\.url\}?#/paths/(?P<path>[^/]*)/(?P<method>[a-z]+)\Z"
)
_ID_STEP = re.compile(r"\$sourceDescriptions\.(?P<source>[A-Za-z0-9_-]+)\.(?P<id>.+)\Z")
_TEMPLATE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class BoundOperation:
    """source: the name under which the caller knows the contract. path: literal text and parameter names in turns."""

    source: str
    contract: ContractLike
    operation: OperationLike
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoundParameter:
    """declared: None for a parameter that the operation does not declare (sent in the default style)."""

    parameter: Parameter
    declared: ParameterLike | None


@dataclass(frozen=True, slots=True, eq=False)
class BoundStep:
    """One step with everything that applies to it, its own before what it takes over from the workflow.

    target: the operation, None when `workflow` is set. content_type: of the body, empty when nothing is sent.
    """

    step: Step
    target: BoundOperation | None
    workflow: Workflow | None
    parameters: tuple[BoundParameter, ...]
    content_type: str
    on_success: tuple[Action, ...]
    on_failure: tuple[Action, ...]
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class BoundWorkflow:
    """positions: index of each step by id. inputs: compiled schema. sources: field values for expressions."""

    workflow: Workflow
    steps: tuple[BoundStep, ...]
    positions: Mapping[str, int]
    inputs: InputSchema
    sources: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Every workflow that can be reached, bound. warnings: what does not stop a run, of all documents."""

    workflows: Mapping[Workflow, BoundWorkflow]
    warnings: tuple[Diagnostic, ...]


def link(document: Document, contracts: Mapping[str, ContractLike]) -> Program:
    """Bind a document and its imports to contracts, by source description name (or else by an equal URL).

    Kept with the document, so that a second run with the same contracts costs nothing. Raises ScenarioError
    (InvalidScenario) for an operation, parameter or source that does not exist, with the closest known name.
    """
    key = tuple(sorted((name, id(contract)) for name, contract in contracts.items()))
    kept = document.cache.get(key)
    if kept is None:
        if len(document.cache) >= 8:  # someone builds new contracts for every run: keep the newest
            document.cache.clear()
        # The contracts are kept too: an id is only unique while its object lives.
        kept = document.cache[key] = (_Linker(document, contracts).link(), dict(contracts))
    program: Program = kept[0]
    return program


class _Linker:
    def __init__(self, document: Document, contracts: Mapping[str, ContractLike]) -> None:
        self._root = document
        self._contracts = contracts
        self._diagnostics = Diagnostics()

    def link(self) -> Program:
        bound: dict[Workflow, BoundWorkflow] = {}
        warnings: list[Diagnostic] = []
        for document in all_documents(self._root):
            warnings += document.warnings
            for workflow in document.workflows.values():
                bound[workflow] = self._workflow(workflow)
        self._diagnostics.refuse()
        return Program(bound, (*warnings, *self._diagnostics.warnings))

    def _workflow(self, workflow: Workflow) -> BoundWorkflow:
        document = workflow.document
        steps = tuple(self._step(workflow, step) for step in workflow.steps)
        return BoundWorkflow(
            workflow=workflow,
            steps=steps,
            positions={step.id: at for at, step in enumerate(workflow.steps)},
            inputs=InputSchema(workflow),
            sources={s.name: {"name": s.name, "url": s.url, "type": s.type} for s in document.sources.values()},
        )

    def _step(self, workflow: Workflow, step: Step) -> BoundStep:
        target = None if step.workflow_id else self._target(workflow.document, step)
        called = workflow.document.workflow(step.workflow_id) if step.workflow_id else None
        content_type = ""
        if target is not None and step.body is not None:
            content_type = step.body.content_type or _default_media(target.operation)
            self._check_media(step, target.operation, content_type)
        words = f"workflow {step.workflow_id}"
        if target is not None:
            words = f"{target.operation.method} {target.operation.path} of {target.source} ({target.operation.id})"
        return BoundStep(
            step=step,
            target=target,
            workflow=called,
            parameters=self._parameters(workflow, step, target),
            content_type=content_type,
            on_success=_merged(step.on_success, workflow.success_actions),
            on_failure=_merged(step.on_failure, workflow.failure_actions),
            words=words,
        )

    # --- operations ----------------------------------------------------------------------------------------------

    def _target(self, document: Document, step: Step) -> BoundOperation | None:
        if step.operation_path:
            return self._by_path(document, step)
        found = _ID_STEP.match(step.operation_id)
        if found:
            source = self._source(document, step, found["source"], "operationId")
            contract = self._contract(document, source, step, "operationId") if source else None
            if source is None or contract is None:
                return None
            operation = contract[1].operations.get(found["id"])
            if operation is None:
                self._unknown(step, found["id"], f"the contract of `{source.name}`", contract[1].operations)
                return None
            return _bound(contract[0], contract[1], operation)
        return self._by_plain_id(document, step)

    def _by_plain_id(self, document: Document, step: Step) -> BoundOperation | None:
        sources = [s for s in document.sources.values() if s.type == "openapi"]
        found: list[BoundOperation] = []
        known: list[str] = []
        for source in sources:
            contract = self._contract(document, source, step, "operationId", quiet=len(sources) > 1)
            if contract is None:
                continue
            known += contract[1].operations
            if step.operation_id in contract[1].operations:
                found.append(_bound(contract[0], contract[1], contract[1].operations[step.operation_id]))
        place = step.place.at("operationId")
        if not found:
            if known or not self._diagnostics.found:
                where = " or ".join(f"`{s.name}`" for s in sources) or "any source of type openapi"
                prefix, _, rest = step.operation_id.partition(".")
                hint = f"write `$sourceDescriptions.{prefix}.{rest}`" if prefix in document.sources and rest else ""
                self._unknown(step, step.operation_id, f"the contract of {where}", known, hint)
            return None
        if len(found) > 1:
            names = [f"$sourceDescriptions.{f.source}.{step.operation_id}" for f in found]
            message = f"the operationId `{step.operation_id}` exists in several sources"
            self._diagnostics.error("ambiguous-operation", message, place, allowed=" or ".join(names))
            return None
        if len(sources) > 1:
            full = f"$sourceDescriptions.{found[0].source}.{step.operation_id}"
            message = f"`{step.operation_id}` should name its source, because the document has several"
            self._diagnostics.warn("ambiguous-operation", message, place, hint=f"write `{full}`")
        return found[0]

    def _by_path(self, document: Document, step: Step) -> BoundOperation | None:
        place = step.place.at("operationPath")
        found = _PATH_STEP.match(step.operation_path)
        if found is None:
            message = f"`{step.operation_path}` refers to no operation"
            allowed = "{$sourceDescriptions.<name>.url}#/paths/~1orders~1{id}/get"
            self._diagnostics.error("operation-path", message, place, allowed=allowed)
            return None
        source = self._source(document, step, found["source"], "operationPath")
        contract = self._contract(document, source, step, "operationPath") if source else None
        if source is None or contract is None:
            return None
        path, method = unquote(found["path"]).replace("~1", "/").replace("~0", "~"), found["method"].upper()
        for operation in contract[1].operations.values():
            if operation.path == path and operation.method.upper() == method:
                return _bound(contract[0], contract[1], operation)
        known = {f"{o.method.upper()} {o.path}": o.id for o in contract[1].operations.values()}
        hint = closest(f"{method} {path}", known)
        message = f"the contract of `{source.name}` has no operation {method} {path}"
        self._diagnostics.error("unknown-operation", message, place, hint=hint)
        return None

    def _source(self, document: Document, step: Step, name: str, field: str) -> Source | None:
        source = document.sources.get(name)
        place = step.place.at(field)
        if source is None:
            message = f"`{name}` is no source of this document"
            allowed = ", ".join(document.sources)
            hint = closest(name, document.sources)
            self._diagnostics.error("unknown-source", message, place, allowed=allowed, hint=hint)
            return None
        if source.type == "asyncapi":
            message = f"the source `{name}` is an AsyncAPI document; such steps are not supported"
            hint = "receive events through an operation that lists or awaits them"
            self._diagnostics.error("unsupported", message, place, hint=hint)
            return None
        if source.type == "arazzo":
            message = f"the source `{name}` holds workflows, not operations"
            self._diagnostics.error("step-target", message, place, hint=f"call it by `workflowId`, not `{field}`")
            return None
        return source

    def _contract(
        self, document: Document, source: Source, step: Step, field: str, *, quiet: bool = False
    ) -> tuple[str, ContractLike] | None:
        """The contract with the name that the caller knows it by. An imported document may call it differently."""
        if source.name in self._contracts:
            return source.name, self._contracts[source.name]
        for name, other in self._root.sources.items():
            same = _absolute(self._root, other.url) == _absolute(document, source.url)
            if same and name in self._contracts:
                return name, self._contracts[name]
        if not quiet:
            message = f"no contract is known for the source `{source.name}` ({source.url})"
            hint = closest(source.name, self._contracts) or "name it as in the system map"
            allowed = ", ".join(sorted(self._contracts))
            self._diagnostics.error("unknown-source", message, step.place.at(field), allowed=allowed, hint=hint)
        return None

    def _unknown(self, step: Step, name: str, where: str, known: Iterable[str], hint: str = "") -> None:
        message = f"step `{step.id}` calls `{name}`, but {where} has no such operation"
        place = step.place.at("operationId")
        self._diagnostics.error("unknown-operation", message, place, hint=hint or closest(name, known))

    # --- parameters ----------------------------------------------------------------------------------------------

    def _parameters(self, workflow: Workflow, step: Step, target: BoundOperation | None) -> tuple[BoundParameter, ...]:
        """The step's own parameters over those of the workflow: overridden by name and location, never removed."""
        merged = {parameter_key(p): p for p in step.parameters}
        for parameter in workflow.parameters:
            # To a workflow only inputs can be passed, to an operation only located parameters.
            if bool(parameter.location) != bool(step.workflow_id) and _has_place_for(parameter, target):
                merged.setdefault(parameter_key(parameter), parameter)
        if target is None:
            return tuple(BoundParameter(p, None) for p in merged.values())
        declared = {
            (p.name.lower() if p.location == "header" else p.name, p.location): p for p in target.operation.parameters
        }
        for name in target.path[1::2]:
            given = merged.get((name, "path"))
            if given is None or given.value == Literal(None):
                message = f"step `{step.id}` gives no value for the path parameter `{name}` of {target.operation.path}"
                paths = [p.name for p in merged.values() if p.location == "path"]
                self._diagnostics.error("missing-parameter", message, step.place, hint=closest(name, paths))
        for key, parameter in merged.items():
            if key in declared:
                continue
            known = [p.name for p in declared.values() if p.location == parameter.location]
            message = f"{target.operation.id} has no {parameter.location} parameter `{parameter.name}`"
            hint = closest(parameter.name, known)
            if parameter.location == "path" and parameter.name not in target.path[1::2]:
                self._diagnostics.error("unknown-parameter", message, parameter.place, hint=hint)
            elif parameter.location in ("query", "cookie") and parameter in step.parameters:
                self._diagnostics.warn("unknown-parameter", message, parameter.place, hint=hint)
        return tuple(BoundParameter(p, declared.get(key)) for key, p in merged.items())

    def _check_media(self, step: Step, operation: OperationLike, content_type: str) -> None:
        assert step.body is not None
        media = content_type.partition(";")[0].strip().lower()
        structured = step.body.payload is not None and not isinstance(
            getattr(step.body.payload, "value", ""), str | type(None)
        )
        if media.startswith("multipart/") or (
            structured and not is_json(media) and media != "application/x-www-form-urlencoded"
        ):
            self._diagnostics.error("unsupported", f"a body of type {media} cannot be made from a structured payload",
                                    step.body.place, hint="give the payload as text")  # fmt: skip
        known = operation.request_body.content if operation.request_body else {}
        if known and media not in known and not any(m.endswith("/*") for m in known):
            message = f"{operation.id} does not accept {media}"
            self._diagnostics.warn("content-type", message, step.body.place, hint=f"it accepts {', '.join(known)}")


def all_documents(root: Document) -> list[Document]:
    """A document and everything that it imports, each once."""
    found = {id(root): root}
    waiting = [root]
    while waiting:
        for other in waiting.pop().imports.values():
            if id(other) not in found:
                found[id(other)] = other
                waiting.append(other)
    return list(found.values())


def entry_workflows(document: Document) -> tuple[Workflow, ...]:
    """The workflows to run by themselves: those that no other workflow of the document runs or waits for."""
    called: set[str] = set()
    for workflow in document.workflows.values():
        called.update(workflow.depends_on)
        actions = [*workflow.success_actions, *workflow.failure_actions]
        for step in workflow.steps:
            called.add(step.workflow_id)
            actions += [*step.on_success, *step.on_failure]
        called.update(action.workflow_id for action in actions)
    entries = tuple(w for w in document.workflows.values() if w.id not in called)
    return entries or tuple(document.workflows.values())[:1]


def _bound(source: str, contract: ContractLike, operation: OperationLike) -> BoundOperation:
    return BoundOperation(source, contract, operation, tuple(_TEMPLATE.split(operation.path)))


def _has_place_for(parameter: Parameter, target: BoundOperation | None) -> bool:
    """A workflow's path parameter reaches only the operations that have it."""
    return parameter.location != "path" or (target is not None and parameter.name in target.path[1::2])


def _merged(own: tuple[Action, ...], shared: tuple[Action, ...]) -> tuple[Action, ...]:
    """A step's own actions first, then those of the workflow that it does not override by name."""
    names = {action.name for action in own}
    return (*own, *(action for action in shared if action.name not in names))


def _default_media(operation: OperationLike) -> str:
    content = list(operation.request_body.content) if operation.request_body else []
    return next((media for media in content if is_json(media)), content[0] if content else "application/json")


def _absolute(document: Document, url: str) -> str:
    return urljoin(document.name, url)
