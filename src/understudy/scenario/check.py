"""What a document says about itself: every step, output, input, workflow and source that it names must exist.

Operations are not looked up here; that needs the contracts and is done by `link`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from understudy.errors import closest
from understudy.scenario.diagnostic import Diagnostics
from understudy.scenario.expression import Expression, ExpressionError, longest_known, pointer_tokens
from understudy.scenario.model import Action, Document, Place, Step, Workflow
from understudy.scenario.order import action_expressions, judging_expressions, request_expressions
from understudy.scenario.template import expressions

_NEEDS_CALL = ("url", "method", "statusCode", "request", "response")


def check_document(document: Document, diagnostics: Diagnostics) -> None:
    for workflow in document.workflows.values():
        _Checker(workflow, diagnostics).check()
    _check_circles(document, diagnostics)


def input_names(workflow: Workflow) -> frozenset[str] | None:
    """The declared inputs; None when the schema leaves them open or there is none."""
    if workflow.inputs is None:
        return None
    names: set[str] = set()
    closed = _collect(workflow.inputs, workflow.document.components, names, set())
    return frozenset(names) if closed else None


def _collect(schema: Any, components: Mapping[str, Any], names: set[str], seen: set[str]) -> bool:
    """Adds declared property names; False when the schema allows inputs that it does not name one by one."""
    if not isinstance(schema, dict):
        return schema is not True
    if schema.get("patternProperties") or schema.get("additionalProperties") or schema.get("unevaluatedProperties"):
        return False
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference in seen:
            return True
        seen.add(reference)
        target = local_schema(reference, components)
        if target is None or not _collect(target, components, names, seen):
            return False
    properties = schema.get("properties")
    if isinstance(properties, dict):
        names.update(properties)
    for key in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(key)
        if isinstance(parts, list) and not all(_collect(part, components, names, seen) for part in parts):
            return False
    return bool(names) or reference is not None or "properties" in schema


def local_schema(reference: str, components: Mapping[str, Any]) -> Any:
    """What `#/components/...` refers to, None when it is something else or nothing."""
    if not reference.startswith("#/components/"):
        return None
    value: Any = components
    try:
        tokens = pointer_tokens(reference[1:])[1:]
    except ExpressionError:
        return None
    for token in tokens:
        value = value.get(token) if isinstance(value, dict) else None
    return value


class _Checker:
    def __init__(self, workflow: Workflow, diagnostics: Diagnostics) -> None:
        self._workflow = workflow
        self._document = workflow.document
        self._diagnostics = diagnostics
        self._steps = {step.id: (at, step) for at, step in enumerate(workflow.steps)}
        self._inputs = input_names(workflow)
        actions = [*workflow.success_actions, *workflow.failure_actions]
        for step in workflow.steps:
            actions += [*step.on_success, *step.on_failure]
        # Where control can jump, a step may use the output of one that is written below it.
        self._jumps = any(action.step_id for action in actions)

    def check(self) -> None:
        workflow = self._workflow
        for name in workflow.depends_on:
            self._workflow_exists(name, workflow.place.at("dependsOn"))
        for parameter in workflow.parameters:
            self._all(((e, parameter.place) for e in expressions(parameter.value)), -1, sent=False)
        for at, step in enumerate(workflow.steps):
            self._step(at, step)
        everywhere = len(workflow.steps)
        for name, template in workflow.outputs.items():
            place = workflow.place.at("outputs", name)
            self._all(((e, place) for e in expressions(template)), everywhere, sent=True)
        shared = (*workflow.success_actions, *workflow.failure_actions)
        self._all(action_expressions(shared), everywhere, sent=True)
        for action in shared:
            self._action(action)

    def _step(self, at: int, step: Step) -> None:
        if step.workflow_id:
            target = self._workflow_exists(step.workflow_id, step.place.at("workflowId"))
            declared = input_names(target) if target else None
            for parameter in step.parameters:
                if declared is not None and parameter.name not in declared:
                    self._diagnostics.error(
                        "unknown-input", f"workflow `{step.workflow_id}` has no input `{parameter.name}`",
                        parameter.place, hint=closest(parameter.name, declared),
                    )  # fmt: skip
        for name in step.depends_on:
            if name.startswith("$"):
                self._foreign_step(name, step.place.at("dependsOn"))
        self._all(request_expressions(step), at, sent=False)
        self._all(judging_expressions(step), at, sent=True)
        actions = (*step.on_success, *step.on_failure)
        self._all(action_expressions(actions), at + 1, sent=True)
        for action in actions:
            self._action(action)

    def _action(self, action: Action) -> None:
        if action.step_id and action.step_id not in self._steps:
            self._diagnostics.error(
                "unknown-step",
                f"the action `{action.name}` goes to `{action.step_id}`, no step of this workflow",
                action.place.at("stepId"),
                hint=closest(action.step_id, self._steps),
            )
        if action.workflow_id:
            self._workflow_exists(action.workflow_id, action.place.at("workflowId"))
        if action.parameters and not action.workflow_id:
            self._diagnostics.warn("action-field", "`parameters` have no effect without `workflowId`", action.place)

    def _all(self, found: Iterable[tuple[Expression, Place]], at: int, *, sent: bool) -> None:
        """at: the position of the step; outputs of steps before it are known. sent: whether there is a call yet."""
        for expression, place in found:
            self._expression(expression, place, at, sent)

    def _expression(self, expression: Expression, place: Place, at: int, sent: bool) -> None:
        match expression.root:
            case "steps":
                self._step_output(expression, place, at)
            case "inputs":
                self._input(expression, self._workflow, self._inputs, place)
            case "workflows":
                self._workflow_field(expression, place)
            case "sourceDescriptions":
                self._source(expression, place)
            case "components":
                self._error("reference", expression, "a component is not a value", place,
                            "refer to it by `reference:` in a list of parameters or actions")  # fmt: skip
            case root if root in _NEEDS_CALL and not sent:
                self._error("too-early", expression, "nothing has been sent yet when the request is built", place,
                            "keep the value as an output of the earlier step")  # fmt: skip

    def _step_output(self, expression: Expression, place: Place, at: int) -> None:
        known = self._steps.get(expression.part)
        if known is None:
            self._error("unknown-step", expression, f"`{expression.part}` is no step of this workflow", place,
                        closest(expression.part, self._steps))  # fmt: skip
            return
        position, step = known
        if position >= at and not self._jumps:
            when = "is this very step" if position == at else "runs later"
            self._error("forward-reference", expression, f"`{step.id}` {when}", place, "move that step up")
            return
        declared: set[str] = set(step.outputs)
        if step.workflow_id:
            target = self._document.workflow(step.workflow_id)
            declared |= set(target.outputs) if target else set(expression.names)
        if not longest_known(expression.names, dict.fromkeys(declared)):
            self._error("unknown-output", expression, f"step `{step.id}` has no output `{expression.names[0]}`", place,
                        closest(expression.names[0], declared))  # fmt: skip

    def _input(self, expression: Expression, workflow: Workflow, declared: frozenset[str] | None, place: Place) -> None:
        if declared is not None and not longest_known(expression.names, dict.fromkeys(declared)):
            self._error("unknown-input", expression, f"workflow `{workflow.id}` has no input `{expression.names[0]}`",
                        place, closest(expression.names[0], declared))  # fmt: skip
        elif workflow.inputs is None:
            self._diagnostics.warn("undeclared-input", f"`{expression.text}`: the workflow declares no inputs", place,
                                   hint="declare them, so that they are checked before a run")  # fmt: skip

    def _workflow_field(self, expression: Expression, place: Place) -> None:
        target = self._document.workflows.get(expression.part)
        if target is None:
            self._error("unknown-workflow", expression, f"`{expression.part}` is no workflow of this document", place,
                        closest(expression.part, self._document.workflows))  # fmt: skip
        elif expression.field == "inputs":
            self._input(expression, target, input_names(target), place)
        elif not longest_known(expression.names, target.outputs):
            self._error("unknown-output", expression, f"workflow `{target.id}` has no output `{expression.names[0]}`",
                        place, closest(expression.names[0], target.outputs))  # fmt: skip

    def _source(self, expression: Expression, place: Place) -> None:
        source = self._document.sources.get(expression.part)
        if source is None:
            self._error("unknown-source", expression, f"`{expression.part}` is no source of this document", place,
                        closest(expression.part, self._document.sources))  # fmt: skip
        elif expression.field not in ("name", "url", "type"):
            self._error("reference", expression, f"a source description has no field `{expression.field}`", place,
                        closest(expression.field, ("name", "url", "type")))  # fmt: skip

    def _workflow_exists(self, name: str, place: Place) -> Workflow | None:
        target = self._document.workflow(name)
        if target is None:
            known = list(self._document.workflows)
            for source, document in self._document.imports.items():
                known += [f"$sourceDescriptions.{source}.{workflow}" for workflow in document.workflows]
            self._diagnostics.error("unknown-workflow", f"there is no workflow `{name}`", place,
                                    allowed=", ".join(known[:12]), hint=closest(name, known))  # fmt: skip
        return target

    def _foreign_step(self, name: str, place: Place) -> None:
        workflow, _, step = name.rpartition(".steps.")
        prefix = "$workflows."
        target = self._document.workflow(workflow[len(prefix) :] if workflow.startswith(prefix) else workflow)
        if target is None or all(step != s.id for s in target.steps):
            self._diagnostics.error("unknown-step", f"dependsOn names `{name}`, which is no known step", place,
                                    hint="write `$workflows.<workflowId>.steps.<stepId>`")  # fmt: skip

    def _error(self, rule: str, expression: Expression, message: str, place: Place, hint: str) -> None:
        self._diagnostics.error(rule, f"`{expression.text}`: {message}", place, hint=hint)


def _check_circles(document: Document, diagnostics: Diagnostics) -> None:
    """Workflows that wait for each other by dependsOn can never start."""
    done: set[str] = set()
    for start in document.workflows:
        path: list[str] = []
        waiting = [(start, False)]
        while waiting:
            name, leaving = waiting.pop()
            if leaving:
                path.pop()
                done.add(name)
                continue
            if name in path:
                diagnostics.error("circular", f"the workflows {', '.join(f'`{p}`' for p in path)} wait for each other",
                                  document.workflows[name].place.at("dependsOn"))  # fmt: skip
                return
            if name in done or name not in document.workflows:
                continue
            path.append(name)
            waiting.append((name, True))
            waiting.extend((other, False) for other in document.workflows[name].depends_on)
