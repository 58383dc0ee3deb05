"""The order in which the steps of a workflow run (Arazzo 1.1, "Step Dependencies and Execution Order")."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from understudy.errors import closest
from understudy.scenario.criterion import criterion_expressions
from understudy.scenario.diagnostic import Diagnostics
from understudy.scenario.expression import Expression
from understudy.scenario.model import Action, Place, Step
from understudy.scenario.template import expressions


def in_order(steps: tuple[Step, ...], diagnostics: Diagnostics) -> tuple[Step, ...]:
    """As written, unless a step says `dependsOn`: then the first order that meets every dependency.

    Once one is declared, references to outputs of other steps count as dependencies too.
    """
    if not any(step.depends_on for step in steps):
        return steps
    index = {step.id: at for at, step in enumerate(steps)}
    waiting: dict[str, set[str]] = {}
    for step in steps:
        needed = {e.part for e, _ in request_expressions(step) if e.root == "steps" and e.part in index}
        for at, name in enumerate(step.depends_on):
            if name in index:
                needed.add(name)
            elif not name.startswith("$"):
                diagnostics.error("unknown-step", f"`{step.id}` depends on `{name}`, which is no step of this workflow",
                                  step.place.at("dependsOn", at), hint=closest(name, index))  # fmt: skip
        waiting[step.id] = needed
    blocks: dict[str, list[str]] = {}
    for name, needed in waiting.items():
        for other in needed:
            blocks.setdefault(other, []).append(name)
    ready = [index[name] for name, needed in waiting.items() if not needed]
    heapq.heapify(ready)
    ordered: list[Step] = []
    while ready:
        step = steps[heapq.heappop(ready)]
        ordered.append(step)
        for name in blocks.get(step.id, ()):
            waiting[name].discard(step.id)
            if not waiting[name]:
                heapq.heappush(ready, index[name])
    if len(ordered) < len(steps):
        stuck = [step for step in steps if step not in ordered]
        diagnostics.error("circular", f"{', '.join(f'`{s.id}`' for s in stuck[:5])} wait for each other in a circle",
                          stuck[0].place, hint="remove one dependsOn")  # fmt: skip
        return steps
    return tuple(ordered)


def request_expressions(step: Step) -> Iterator[tuple[Expression, Place]]:
    """The expressions that are evaluated before the step is sent, with their places."""
    for parameter in step.parameters:
        yield from ((e, parameter.place.at("value")) for e in expressions(parameter.value))
    if step.body is not None:
        if step.body.payload is not None:
            yield from ((e, step.body.place.at("payload")) for e in expressions(step.body.payload))
        for replacement in step.body.replacements:
            yield from ((e, replacement.place.at("value")) for e in expressions(replacement.value))


def judging_expressions(step: Step) -> Iterator[tuple[Expression, Place]]:
    """The expressions that are evaluated when the answer is there, outputs included."""
    for criterion in step.criteria:
        yield from ((e, criterion.place) for e in criterion_expressions(criterion))
    for name, template in step.outputs.items():
        yield from ((e, step.place.at("outputs", name)) for e in expressions(template))


def action_expressions(actions: tuple[Action, ...]) -> Iterator[tuple[Expression, Place]]:
    """The expressions of actions: criteria and the parameters for a workflow."""
    for action in actions:
        for criterion in action.criteria:
            yield from ((e, criterion.place) for e in criterion_expressions(criterion))
        for parameter in action.parameters:
            yield from ((e, parameter.place.at("value")) for e in expressions(parameter.value))
