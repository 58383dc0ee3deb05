"""From the text of an Arazzo description to a `Document`, or to a ScenarioError that names every problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from understudy.contract.yaml import load_yaml
from understudy.errors import ScenarioError
from understudy.scenario.check import check_document
from understudy.scenario.diagnostic import Diagnostic, Diagnostics
from understudy.scenario.model import Document, Lines, Place, Source, Step, Workflow
from understudy.scenario.order import in_order
from understudy.scenario.parts import LOCATIONS, Parts
from understudy.scenario.shape import Shapes

MAX_BYTES = 4_000_000

Imports = Callable[[Source], Document | None]


def load_document(path: Path | str, *, shown: str = "") -> Document:
    """The description in a file, with the Arazzo documents that it names as sources.

    shown: the name in messages, the path when empty. Raises ScenarioError (InvalidScenario, with all diagnostics) for
    every problem that can be found without the contracts; `link` finds those that need them.
    """
    return _load(Path(path), shown or str(path), ())


def read_document(text: str | bytes, name: str, *, imports: Imports = lambda _source: None) -> Document:
    """The description in `text`. imports: gives the document of a source of type arazzo, None when it is not known."""
    if len(text) > MAX_BYTES:
        raise ScenarioError(f"the scenario has {len(text):,} bytes", where=name, allowed=f"at most {MAX_BYTES:,} bytes")
    data = load_yaml(text, name, error=ScenarioError)
    decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    version = data.get("arazzo") if isinstance(data, dict) else None
    root = Place(Lines(name, decoded))
    if not isinstance(version, str) or not re.match(r"1\.[01]\.\d+", version):
        raise ScenarioError(
            "this is not an Arazzo description" if version is None else f"Arazzo {version} is not supported",
            where=str(root.at("arazzo")),
            allowed="a document with `arazzo: 1.0.x` or `arazzo: 1.1.x`",
        )
    shapes = Shapes(Diagnostics(), later=version.startswith("1.1"))
    return _Reader(shapes, root, imports).document(data)


def read_file(path: Path, shown: str, what: str) -> bytes:
    """The bytes of a scenario file. Raises ScenarioError when it is missing, unreadable or far too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            size = path.stat().st_size
            raise ScenarioError(f"the {what} has {size:,} bytes", where=shown, allowed=f"at most {MAX_BYTES:,} bytes")
        return path.read_bytes()
    except OSError as problem:
        raise ScenarioError(f"the {what} cannot be read: {problem.strerror}", where=shown) from None
    except ValueError as problem:  # a NUL in the path
        raise ScenarioError(f"the {what} cannot be read: {problem}", where=repr(shown)) from None


def _load(path: Path, shown: str, above: tuple[Path, ...]) -> Document:
    content = read_file(path, shown, "scenario")
    resolved = path.resolve()
    if resolved in above:
        raise ScenarioError("the documents name each other as sources in a circle", where=shown)

    def imported(source: Source) -> Document | None:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", source.url):
            return None  # never fetched; a step that needs it is told so
        return _load(path.parent / source.url, str(Path(shown).parent / source.url), (*above, resolved))

    return read_document(content, shown, imports=imported)


class _Reader:
    def __init__(self, shapes: Shapes, root: Place, imports: Imports) -> None:
        self._shapes = shapes
        self._found = shapes.diagnostics
        self._root = root
        self._imports = imports

    def document(self, data: Mapping[str, Any]) -> Document:
        root, shapes = self._root, self._shapes
        shapes.fields(data, "document", root)
        info = shapes.fields(data.get("info", {}), "info", root.at("info"))
        components = shapes.fields(data.get("components", {}), "components", root.at("components"))
        self._parts = Parts(shapes, components, root)
        self._parts.check_components()
        self_uri = shapes.text(data, "$self", root)
        if "#" in self_uri:
            self._found.error("self", "`$self` must not have a fragment", root.at("$self"))
        sources = self._sources(data)
        imports: dict[str, Document] = {}
        for source in sources.values():
            if source.type == "arazzo" and (found := self._imports(source)) is not None:
                imports[source.name] = found
        workflows: dict[str, Workflow] = {}
        warnings: list[Diagnostic] = []
        document = Document(
            name=root.file,
            version=shapes.text(data, "arazzo", root),
            title=shapes.text(info, "title", root.at("info")),
            summary=shapes.text(info, "summary", root.at("info")),
            description=shapes.text(info, "description", root.at("info")),
            self_uri=self_uri,
            sources=sources,
            workflows=workflows,
            components=components,
            warnings=warnings,
            imports=imports,
            place=root,
        )
        for index, raw in enumerate(shapes.items(data, "workflows", root, filled=True)):
            workflow = self._workflow(raw, root.at("workflows", index), document)
            if workflow.id in workflows:
                message = f"the workflowId `{workflow.id}` is used twice"
                self._found.error("duplicate-id", message, workflow.place.at("workflowId"))
            workflows[workflow.id] = workflow
        # References are only worth following in a document whose parts could all be read.
        self._found.refuse()
        check_document(document, self._found)
        self._found.refuse()
        warnings.extend(self._found.warnings)
        return document

    def _sources(self, data: Mapping[str, Any]) -> dict[str, Source]:
        sources: dict[str, Source] = {}
        place = self._root
        for index, item in enumerate(self._shapes.items(data, "sourceDescriptions", place, filled=True)):
            here = place.at("sourceDescriptions", index)
            fields = self._shapes.fields(item, "source description", here)
            kind = self._shapes.text(fields, "type", here) or "openapi"
            if kind not in ("openapi", "arazzo", "asyncapi"):
                message = f"`{kind}` is no type of source"
                self._found.error("source-type", message, here.at("type"), allowed="one of openapi, arazzo, asyncapi")
            name, url = self._shapes.name(fields, "name", here), self._shapes.name(fields, "url", here)
            if name in sources:
                self._found.error("duplicate-id", f"the source `{name}` is declared twice", here)
            sources[name] = Source(name, url, kind, here)
        return sources

    def _workflow(self, raw: Any, place: Place, document: Document) -> Workflow:
        shapes, parts = self._shapes, self._parts
        fields = shapes.fields(raw, "workflow", place)
        steps: dict[str, Step] = {}
        for index, item in enumerate(shapes.items(fields, "steps", place, filled=True)):
            step = self._step(item, place.at("steps", index))
            if step.id in steps:
                self._found.error("duplicate-id", f"the stepId `{step.id}` is used twice", step.place.at("stepId"))
            steps[step.id] = step
        return Workflow(
            id=shapes.name(fields, "workflowId", place),
            summary=shapes.text(fields, "summary", place),
            description=shapes.text(fields, "description", place),
            inputs=shapes.mapping(fields, "inputs", place) if "inputs" in fields else None,
            depends_on=shapes.texts(fields, "dependsOn", place),
            steps=in_order(tuple(steps.values()), self._found),
            success_actions=parts.actions(fields, "successActions", "success action", place),
            failure_actions=parts.actions(fields, "failureActions", "failure action", place),
            outputs=parts.outputs(fields, place),
            parameters=parts.parameters(fields, place),
            place=place,
            document=document,
        )

    def _step(self, raw: Any, place: Place) -> Step:
        shapes, parts = self._shapes, self._parts
        fields = shapes.fields(raw, "step", place)
        self._check_target(fields, place)
        parameters = parts.parameters(fields, place)
        for parameter in parameters:
            if not parameter.location and "workflowId" not in fields:
                allowed = f"one of {', '.join(LOCATIONS)}"
                message = f"the parameter `{parameter.name}` has no `in`"
                self._found.error("parameter-in", message, parameter.place, allowed=allowed)
        return Step(
            id=shapes.name(fields, "stepId", place),
            description=shapes.text(fields, "description", place),
            operation_id=shapes.text(fields, "operationId", place),
            operation_path=shapes.text(fields, "operationPath", place),
            workflow_id=shapes.text(fields, "workflowId", place),
            parameters=parameters,
            body=parts.body(fields["requestBody"], place.at("requestBody")) if "requestBody" in fields else None,
            criteria=parts.criteria(fields, "successCriteria", place, filled=True),
            on_success=parts.actions(fields, "onSuccess", "success action", place),
            on_failure=parts.actions(fields, "onFailure", "failure action", place),
            outputs=parts.outputs(fields, place),
            timeout_ms=shapes.integer(fields, "timeout", place),
            depends_on=shapes.texts(fields, "dependsOn", place),
            place=place,
        )

    def _check_target(self, fields: Mapping[str, Any], place: Place) -> None:
        for field in ("channelPath", "correlationId", "action"):
            if field in fields:
                message = f"`{field}` belongs to AsyncAPI steps, which are not supported"
                hint = "receive events through an operation that lists or awaits them"
                self._found.error("unsupported", message, place.at(field), hint=hint)
        targets = [f for f in ("operationId", "operationPath", "workflowId", "channelPath") if fields.get(f)]
        if len(targets) != 1:
            message = f"the step names {' and '.join(targets) or 'nothing to call'}"
            allowed = "exactly one of operationId, operationPath, workflowId"
            self._found.error("step-target", message, place, allowed=allowed)
        if "workflowId" in fields and "requestBody" in fields:
            message = "a step that runs a workflow sends no requestBody"
            self._found.error("step-target", message, place.at("requestBody"), hint="pass values as parameters")
