"""A scenario told in numbered plain sentences: what is sent where, what must hold, what happens otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from understudy.scenario.check import local_schema
from understudy.scenario.model import Action, ContractLike, Document, Step, Workflow
from understudy.scenario.program import BoundStep, BoundWorkflow, entry_workflows, link
from understudy.scenario.words import Words, schema_words

MAX_VALUES = 12
"""Values of a payload that are listed before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class StepStory:
    """One step as sentences. does: what it is for. sends: the call. holds, keeps, otherwise: may be empty."""

    number: int
    id: str
    does: str
    sends: str
    holds: tuple[str, ...]
    keeps: tuple[str, ...]
    otherwise: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One workflow as sentences. entry: whether it is run by itself. given: the inputs it takes."""

    workflow_id: str
    title: str
    description: str
    entry: bool
    given: tuple[str, ...]
    steps: tuple[StepStory, ...]
    gives: tuple[str, ...]


def tell(document: Document, contracts: Mapping[str, ContractLike] | None = None) -> tuple[Story, ...]:
    """The stories of a document's workflows, in document order.

    contracts: by source name, to name method and path of each call; without them the operation ids stand alone.
    Raises ScenarioError when contracts are given and an operation is in none of them.
    """
    bound = link(document, contracts).workflows if contracts else {}
    entries = entry_workflows(document)
    return tuple(_story(w, bound.get(w), w in entries) for w in document.workflows.values())


def explain(document: Document, contracts: Mapping[str, ContractLike] | None = None) -> str:
    """The stories as text, ready for a terminal."""
    lines = [document.title]
    if document.summary or document.description:
        lines += ["", *_wrapped(document.summary or document.description, "")]
    for story in tell(document, contracts):
        lines += ["", f"{story.title}{'' if story.entry else '  (run by other workflows)'}"]
        if story.description:
            lines += _wrapped(story.description, "  ")
        if story.given:
            lines += ["", "  Given", *(f"    - {words}" for words in story.given)]
        lines.append("")
        for step in story.steps:
            lines += _step_lines(step)
        if story.gives:
            lines += ["", f"  In the end it gives {'; '.join(story.gives)}."]
    return "\n".join(lines) + "\n"


def _step_lines(step: StepStory) -> list[str]:
    number = f"  {step.number}. "
    indent = " " * len(number)
    lines = [f"{number}{step.does}", f"{indent}{step.sends}"]
    if len(step.holds) == 1:
        lines.append(f"{indent}It must hold that {step.holds[0]}.")
    elif step.holds:
        lines += [f"{indent}It must hold that", *(f"{indent}- {words}" for words in step.holds)]
    if step.keeps:
        lines.append(f"{indent}Keeps {'; '.join(step.keeps)}.")
    return [*lines, *(f"{indent}{words}" for words in step.otherwise)]


def _wrapped(text: str, indent: str) -> list[str]:
    return [f"{indent}{' '.join(paragraph.split())}" for paragraph in text.split("\n\n") if paragraph.strip()]


def _story(workflow: Workflow, bound: BoundWorkflow | None, entry: bool) -> Story:
    numbers = {step.id: at for at, step in enumerate(workflow.steps, 1)}
    words = Words(numbers)
    merged = {b.step.id: b for b in bound.steps} if bound else {}
    steps = tuple(_step(step, merged.get(step.id), workflow, words, numbers) for step in workflow.steps)
    return Story(
        workflow_id=workflow.id,
        title=workflow.summary or workflow.id,
        description=workflow.description,
        entry=entry,
        given=tuple(_given(workflow)),
        steps=steps,
        gives=tuple(f"{words.value(template)} as `{name}`" for name, template in workflow.outputs.items()),
    )


def _given(workflow: Workflow) -> list[str]:
    schema: Any = workflow.inputs or {}
    if isinstance(schema.get("$ref"), str):
        schema = local_schema(schema["$ref"], workflow.document.components) or {}
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return []
    given = []
    for name, subschema in properties.items():
        kind = schema_words(subschema)
        about = subschema.get("description", "") if isinstance(subschema, dict) else ""
        given.append(f"`{name}`{f' ({kind})' if kind else ''}{f': {_sentence(str(about))}' if about else ''}")
    return given


def _step(
    step: Step, bound: BoundStep | None, workflow: Workflow, words: Words, numbers: Mapping[str, int]
) -> StepStory:
    on_success = bound.on_success if bound else (*step.on_success, *workflow.success_actions)
    on_failure = bound.on_failure if bound else (*step.on_failure, *workflow.failure_actions)
    holds = tuple(words.criterion(criterion) for criterion in step.criteria)
    if not holds and not step.workflow_id:
        holds = ("the status is a success that the contract documents",)
    summary = getattr(bound.target.operation, "summary", "") if bound and bound.target else ""
    return StepStory(
        number=numbers[step.id],
        id=step.id,
        does=_sentence(step.description or summary or _spaced(step.id)),
        sends=_sends(step, bound, words),
        holds=holds,
        keeps=tuple(f"{words.value(template)} as `{name}`" for name, template in step.outputs.items()),
        otherwise=(
            *(_action(action, "When it succeeds", words, numbers) for action in on_success),
            *(_action(action, "When it fails", words, numbers) for action in on_failure),
        ),
    )


def _sends(step: Step, bound: BoundStep | None, words: Words) -> str:
    headers = [p.name for p in step.parameters if p.location == "header"]
    values = [f"{p.name} = {words.value(p.value)}" for p in step.parameters if p.location != "header"]
    if step.body is not None:
        if step.body.payload is not None:
            values += [f"{path} = {value}" if path else value for path, value in words.leaves(step.body.payload)]
        values += [f"{r.target.lstrip('/')} = {words.value(r.value)}" for r in step.body.replacements]
    if len(values) > MAX_VALUES:
        values = [*values[:MAX_VALUES], f"and {len(values) - MAX_VALUES} more values"]
    with_ = f" with {', '.join(values)}" if values else ""
    with_ += (
        f"{';' if values else ' with'} header{'s' if len(headers) > 1 else ''} {', '.join(headers)}" if headers else ""
    )
    if step.workflow_id:
        return f"Runs the workflow {step.workflow_id.rpartition('.')[2]}{with_}."
    if bound and bound.target:
        operation = bound.target.operation
        return f"Sends {operation.method} {operation.path} to {bound.target.source} ({operation.id}){with_}."
    if step.operation_path:
        return f"Calls {step.operation_path}{with_}."
    source, _, operation_id = step.operation_id.removeprefix("$sourceDescriptions.").rpartition(".")
    return f"Calls {operation_id}{f' of {source}' if source else ''}{with_}."


def _action(action: Action, when: str, words: Words, numbers: Mapping[str, int]) -> str:
    if action.criteria:
        when += f" and {' and '.join(words.criterion(criterion) for criterion in action.criteria)}"
    target = (
        f"step {numbers.get(action.step_id, action.step_id)}" if action.step_id else f"workflow {action.workflow_id}"
    )
    match action.kind:
        case "end":
            return f"{when}, the story ends."
        case "goto":
            return f"{when}, it goes on with {target}."
    times = {0: "not at all", 1: "once", 2: "twice"}.get(action.retry_limit, f"up to {action.retry_limit} times")
    apart = (
        f", {action.retry_after:g} s {'later' if action.retry_limit == 1 else 'apart'}" if action.retry_after else ""
    )
    before = f", after {target}" if action.step_id or action.workflow_id else ""
    return f"{when}, it tries again {times}{apart}{before}."


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text[-1:] in ".!?:" else f"{text}."


def _spaced(identifier: str) -> str:
    """`checkOpenInvoice` -> `Check open invoice`."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in identifier.replace("-", " ").replace("_", " "))
    return spaced.strip()[:1].upper() + " ".join(spaced.split())[1:]
