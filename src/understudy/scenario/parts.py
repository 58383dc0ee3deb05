"""The parts of steps and workflows: parameters, bodies, criteria, actions, outputs, and components."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from understudy.errors import closest
from understudy.scenario.criterion import KINDS, compile_criterion
from understudy.scenario.expression import ExpressionError, pointer_tokens
from understudy.scenario.model import Action, Criterion, Parameter, Place, Replacement, RequestBody
from understudy.scenario.shape import Shapes
from understudy.scenario.template import (
    Literal,
    Template,
    compile_path,
    compile_selector,
    compile_text,
    compile_value,
    is_selector,
    selector_kind,
)

LOCATIONS = ("path", "query", "header", "cookie", "querystring")
SECTIONS = {"parameter": "parameters", "success action": "successActions", "failure action": "failureActions"}
_NAME = re.compile(r"[a-zA-Z0-9.\-_]+\Z")
_MULTIPART = re.compile(r"multipart/", re.IGNORECASE)


class Parts:
    """components: the raw Components Object. root: the place of the document."""

    def __init__(self, shapes: Shapes, components: Mapping[str, Any], root: Place) -> None:
        self._shapes = shapes
        self._found = shapes.diagnostics
        self._components = components
        self._root = root

    def check_components(self) -> None:
        """Read every component once, so that a broken one is found although nothing refers to it."""
        place = self._root.at("components")
        for kind, section in SECTIONS.items():
            for name, raw in self._shapes.mapping(self._components, section, place).items():
                here = place.at(section, name)
                if not _NAME.match(name):
                    self._found.error("component-name", f"`{name}` is no name for a component", here)
                if kind == "parameter":
                    self._parameter(raw, here)
                else:
                    self._action(raw, here, kind)

    def parameters(self, fields: Mapping[str, Any], place: Place) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for index, item in enumerate(self._shapes.items(fields, "parameters", place)):
            here = place.at("parameters", index)
            raw, at = self._reusable(item, "parameter", here)
            if raw is None:
                continue
            parameter = self._parameter(raw, at)
            key = parameter_key(parameter)
            if key in found:
                self._found.error("duplicate-parameter", f"the parameter `{parameter.name}` is given twice", here)
            found[key] = parameter
        return tuple(found.values())

    def _parameter(self, raw: Any, place: Place) -> Parameter:
        fields = self._shapes.fields(raw, "parameter", place)
        location = self._shapes.text(fields, "in", place)
        if location not in LOCATIONS and "in" in fields:
            hint = "send it in requestBody" if location == "body" else closest(location, LOCATIONS)
            allowed = f"one of {', '.join(LOCATIONS)}"
            message = f"a parameter cannot be in `{location}`"
            self._found.error("parameter-in", message, place.at("in"), allowed=allowed, hint=hint)
        value = self._value(fields.get("value"), place.at("value"))
        return Parameter(self._shapes.name(fields, "name", place), location, value, place)

    def body(self, raw: Any, place: Place) -> RequestBody:
        fields = self._shapes.fields(raw, "request body", place)
        content_type = self._shapes.text(fields, "contentType", place)
        if _MULTIPART.match(content_type):
            message = f"bodies of type {content_type} are not supported"
            allowed = "JSON, application/x-www-form-urlencoded, text"
            self._found.error("unsupported", message, place.at("contentType"), allowed=allowed)
        payload = self._value(fields["payload"], place.at("payload")) if "payload" in fields else None
        replacements = []
        for index, item in enumerate(self._shapes.items(fields, "replacements", place)):
            here = place.at("replacements", index)
            replacement = self._replacement(self._shapes.fields(item, "replacement", here), here, content_type)
            if replacement is not None:
                replacements.append(replacement)
        return RequestBody(content_type, payload, tuple(replacements), place)

    def _replacement(self, fields: Mapping[str, Any], place: Place, content_type: str) -> Replacement | None:
        target = self._shapes.text(fields, "target", place)
        value = self._value(fields.get("value"), place.at("value"))
        declared = fields.get("targetSelectorType", "xpath" if "xml" in content_type.lower() else "jsonpointer")
        try:
            kind = selector_kind(declared)
            return Replacement(target, kind, compile_path(kind, target), value, place)
        except ExpressionError as problem:
            self._broken("target", problem, place.at("target"))
            return None

    def criteria(
        self, fields: Mapping[str, Any], key: str, place: Place, *, filled: bool = False
    ) -> tuple[Criterion, ...]:
        items = enumerate(self._shapes.items(fields, key, place, filled=filled))
        read = (self._criterion(item, place.at(key, index)) for index, item in items)
        return tuple(criterion for criterion in read if criterion is not None)

    def _criterion(self, raw: Any, place: Place) -> Criterion | None:
        fields = self._shapes.fields(raw, "criterion", place)
        kind, version = fields.get("type", "simple"), ""
        if isinstance(kind, dict):
            version, kind = str(kind.get("version", "")), kind.get("type")
        if kind not in KINDS:
            allowed = "one of simple, regex, jsonpath"
            self._found.error("criterion-type", f"`{kind}` is no type of criterion", place.at("type"), allowed=allowed)
            return None
        context = self._shapes.text(fields, "context", place)
        if kind in ("regex", "jsonpath") and not context:
            hint = "for example `context: $response.body`"
            self._found.error("criterion-context", f"a criterion of type {kind} needs a `context`", place, hint=hint)
            return None
        if "condition" not in fields:
            return None  # reported as missing
        try:
            return compile_criterion(self._shapes.text(fields, "condition", place), kind, version, context, place)
        except ExpressionError as problem:
            self._broken("condition", problem, place)
            return None

    def actions(self, fields: Mapping[str, Any], key: str, kind: str, place: Place) -> tuple[Action, ...]:
        """kind: `success action` or `failure action`."""
        found: dict[str, Action] = {}
        for index, item in enumerate(self._shapes.items(fields, key, place)):
            here = place.at(key, index)
            raw, at = self._reusable(item, kind, here)
            if raw is None:
                continue
            action = self._action(raw, at, kind)
            if action.name in found:
                self._found.error("duplicate-action", f"the action `{action.name}` is listed twice", here)
            found[action.name] = action
        return tuple(found.values())

    def _action(self, raw: Any, place: Place, kind: str) -> Action:
        shapes = self._shapes
        fields = shapes.fields(raw, kind, place)
        name, type_ = shapes.name(fields, "name", place), shapes.text(fields, "type", place)
        allowed = ("end", "goto", "retry") if kind == "failure action" else ("end", "goto")
        targets = [f for f in ("workflowId", "stepId") if f in fields]
        if type_ not in allowed:
            if type_:
                message = f"`{type_}` is no type of {kind}"
                self._found.error("action-type", message, place.at("type"), allowed=f"one of {', '.join(allowed)}")
        elif len(targets) > 1 or (type_ == "goto" and not targets) or (type_ == "end" and targets):
            wanted = {"goto": "exactly one of workflowId, stepId", "end": "neither workflowId nor stepId"}
            message = f"the {type_} action `{name}` names {' and '.join(targets) or 'no target'}"
            self._found.error("action-target", message, place, allowed=wanted.get(type_, "one of workflowId, stepId"))
        for field in ("retryAfter", "retryLimit"):
            if field in fields and type_ != "retry":
                self._found.warn("action-field", f"`{field}` has no effect on an action of type {type_}", place)
        after = shapes.seconds(fields, "retryAfter", place)
        limit = shapes.integer(fields, "retryLimit", place)
        return Action(
            name=name,
            kind=type_,
            workflow_id=shapes.text(fields, "workflowId", place),
            step_id=shapes.text(fields, "stepId", place),
            retry_after=after,
            retry_limit=1 if limit is None else limit,
            criteria=self.criteria(fields, "criteria", place),
            parameters=self.parameters(fields, place),
            place=place,
        )

    def outputs(self, fields: Mapping[str, Any], place: Place) -> dict[str, Template]:
        outputs: dict[str, Template] = {}
        for name, raw in self._shapes.mapping(fields, "outputs", place).items():
            here = place.at("outputs", name)
            if not _NAME.match(name):
                allowed = "letters, digits, `.`, `-` and `_`"
                self._found.error("output-name", f"`{name}` is no name for an output", here, allowed=allowed)
            try:
                if self._shapes.later and is_selector(raw):
                    outputs[name] = compile_selector(raw)
                    continue
                template = compile_text(raw) if isinstance(raw, str) else Literal(raw)
            except ExpressionError as problem:
                self._broken("expression", problem, here)
                continue
            if isinstance(template, Literal):
                hint = "for example `$response.body#/id`"
                self._found.error("expression", f"the output `{name}` is no runtime expression", here, hint=hint)
            outputs[name] = template
        return outputs

    def _reusable(self, raw: Any, kind: str, place: Place) -> tuple[Any, Place]:
        """The object itself, or the component that a Reusable Object refers to; None when there is none."""
        if not isinstance(raw, dict) or "reference" not in raw:
            return raw, place
        section = SECTIONS[kind]
        reference, prefix = raw["reference"], f"$components.{section}."
        known = self._components.get(section)
        known = known if isinstance(known, dict) else {}
        name = reference[len(prefix) :] if isinstance(reference, str) and reference.startswith(prefix) else ""
        if name not in known:
            hint = closest(str(reference), [f"{prefix}{n}" for n in known])
            message = f"`{reference}` refers to no {kind} of this document"
            self._found.error("reference", message, place.at("reference"), allowed=f"{prefix}<name>", hint=hint)
            return None, place
        if "value" in raw and kind != "parameter":
            self._found.error("reference", f"`value` sets a parameter, not a {kind}", place.at("value"))
        elif "value" in raw and isinstance(known[name], dict):
            return {**known[name], "value": raw["value"]}, place
        return known[name], self._root.at("components", section, name)

    def _value(self, raw: Any, place: Place) -> Template:
        self._shapes.count(raw, place)

        def report(pointer: str, problem: ExpressionError) -> None:
            self._broken("expression", problem, place.at(*_path(raw, pointer_tokens(pointer))))

        return compile_value(raw, selectors=self._shapes.later, report=report)

    def _broken(self, rule: str, problem: ExpressionError, place: Place) -> None:
        rule = "unsupported" if "not supported" in str(problem) else rule
        self._found.error(rule, str(problem), place, hint=problem.hint)


def parameter_key(parameter: Parameter) -> tuple[str, str]:
    """What makes a parameter unique: name and location; header names compare without case (RFC 9110)."""
    return (parameter.name.lower() if parameter.location == "header" else parameter.name, parameter.location)


def _path(value: Any, tokens: tuple[str, ...]) -> tuple[str | int, ...]:
    """Pointer tokens with the indexes of lists as integers, as places have them."""
    path: list[str | int] = []
    for token in tokens:
        step: str | int = int(token) if isinstance(value, list) else token
        path.append(step)
        value = value[step]
    return tuple(path)
