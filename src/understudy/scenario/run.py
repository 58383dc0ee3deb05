"""Running a workflow: a generator of typed events that sends through a client and never prints.

Where the specification leaves room, the rules are those of design section 9.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.errors import ScenarioError
from understudy.scenario.attempt import Tried, applicable, arguments, call, output, shared
from understudy.scenario.criterion import judge
from understudy.scenario.event import (
    FAILED,
    PASSED,
    SKIPPED,
    Attempt,
    Event,
    Retrying,
    StepFinished,
    StepStarted,
    WorkflowFinished,
    WorkflowStarted,
)
from understudy.scenario.judgement import check_answer, why_failed
from understudy.scenario.model import Action, ContractLike, Workflow
from understudy.scenario.program import BoundOperation, BoundStep, BoundWorkflow, link
from understudy.scenario.retry import delay
from understudy.scenario.scope import EvaluationError, Missing, Scope, WorkflowRecord
from understudy.scenario.transport import Client, ClockedClient

MAX_NESTING = 20


@dataclass(frozen=True, slots=True)
class RunOptions:
    """max_steps: step visits before a run is stopped, against endless goto. max_wait_s: the longest single wait before
    a retry, None for no limit. base_urls: by source name, for `$url`; the contract's first server otherwise.
    check_contract: compare every final answer with its contract.
    """

    max_steps: int = 1000
    max_wait_s: float | None = None
    base_urls: Mapping[str, str] = field(default_factory=dict)
    check_contract: bool = True


def run_workflow(
    workflow: Workflow,
    *,
    client: Client,
    contracts: Mapping[str, ContractLike],
    inputs: Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
) -> Iterator[Event]:
    """Run one workflow and what it depends on.

    contracts: by source description name. inputs: checked against the workflow's schema, defaults filled in.
    Raises ScenarioError, before anything is sent, for a document that does not fit the contracts or inputs that do not
    fit the schema. What the client raises as Unreachable passes through; events yielded so far stay true.
    """
    program = link(workflow.document, contracts)
    bound = program.workflows[workflow]
    complete, problems = bound.inputs.complete(inputs or {})
    if problems:
        raise ScenarioError(
            "; ".join(problems),
            where=str(workflow.place.at("inputs")),
            hint=f"give the inputs that workflow `{workflow.id}` declares",
        )
    return _Run(client, program.workflows, options or RunOptions()).start(bound, complete)


@dataclass(frozen=True, slots=True)
class _Next:
    """What follows a step: kind is next, goto, workflow, end or stop (a failure that no action met)."""

    kind: str
    step_id: str = ""
    workflow: BoundWorkflow | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.step_id or (self.workflow.workflow.id if self.workflow else '')}".strip()


@dataclass(slots=True)
class _Frame:
    """One workflow while it runs. reason: of the first failure, empty while everything has passed."""

    bound: BoundWorkflow
    path: tuple[str, ...]
    scope: Scope
    record: WorkflowRecord
    visits: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {PASSED: 0, FAILED: 0, SKIPPED: 0})
    rescued: list[str] = field(default_factory=list)
    reason: str = ""

    def fail(self, reason: str) -> None:
        self.reason = self.reason or reason


class _Run:
    def __init__(self, client: Client, workflows: Mapping[Workflow, BoundWorkflow], options: RunOptions) -> None:
        self._client = client
        self._workflows = workflows
        self._options = options
        self._visited = 0
        self._aside = 0
        self._records: dict[int, dict[str, WorkflowRecord]] = {}

    def start(self, bound: BoundWorkflow, inputs: Mapping[str, Any]) -> Iterator[Event]:
        yield from self._workflow(bound, inputs, (bound.workflow.id,))

    # --- workflows -----------------------------------------------------------------------------------------------

    def _workflow(
        self, bound: BoundWorkflow, inputs: Mapping[str, Any], path: tuple[str, ...]
    ) -> Generator[Event, None, _Frame]:
        workflow = bound.workflow
        records = self._records.setdefault(id(workflow.document), {})
        scope = Scope(inputs, workflows=records, sources=bound.sources, self_uri=workflow.document.self_uri)
        frame = _Frame(bound, path, scope, WorkflowRecord(inputs))
        yield WorkflowStarted(path, workflow.id, workflow.document.name, workflow.summary, inputs, workflow.place)
        yield from self._prerequisites(frame)
        records[workflow.id] = frame.record
        if not frame.reason:
            yield from self._steps(frame)
        for step in (bound_step.step for bound_step in bound.steps):
            if step.id not in frame.visits:
                frame.counts[SKIPPED] += 1
                reason = f"not reached: {frame.reason}" if frame.reason else "the workflow ended before it"
                yield StepFinished(path, step.id, 0, SKIPPED, reason, place=step.place)
        yield self._close(frame)
        return frame

    def _close(self, frame: _Frame) -> WorkflowFinished:
        outputs, scope = frame.record.outputs, frame.scope
        scope.outputs = outputs
        for name, template in frame.bound.workflow.outputs.items():
            value = output(template, scope)
            if not isinstance(value, Missing):
                outputs[name] = value
        frame.record.passed = not frame.reason
        return WorkflowFinished(
            path=frame.path,
            workflow_id=frame.bound.workflow.id,
            outcome=FAILED if frame.reason else PASSED,
            reason=frame.reason,
            outputs=dict(outputs),
            passed=frame.counts[PASSED],
            failed=frame.counts[FAILED],
            skipped=frame.counts[SKIPPED],
            rescued=tuple(frame.rescued),
        )

    def _prerequisites(self, frame: _Frame) -> Generator[Event, None, None]:
        """dependsOn: each workflow once a run, with the inputs that it shares with the waiting one."""
        for name in frame.bound.workflow.depends_on:
            needed = self._find(frame, name)
            record = self._records.get(id(needed.workflow.document), {}).get(needed.workflow.id)
            if record is None:
                inputs = shared(frame.scope.inputs, needed)
                ran = yield from self._inner(frame, needed, inputs, needed.workflow.id)
                if isinstance(ran, str):
                    return frame.fail(ran)
                record = ran.record
            if not record.passed:
                return frame.fail(f"workflow `{name}`, which it depends on, failed")
        return None

    def _inner(
        self, frame: _Frame, target: BoundWorkflow, given: Mapping[str, Any], *steps: str
    ) -> Generator[Event, None, _Frame | str]:
        """Run another workflow inside this one: the frame it ended with, or why it could not start."""
        name = target.workflow.id
        if len(frame.path) > 2 * MAX_NESTING:
            return f"workflow `{name}` cannot start: workflows are nested deeper than {MAX_NESTING}"
        inputs, problems = target.inputs.complete(given)
        if problems:
            return f"workflow `{name}` cannot start: {'; '.join(problems)}"
        ended = yield from self._workflow(target, inputs, (*frame.path, *steps))
        return ended

    def _find(self, frame: _Frame, name: str) -> BoundWorkflow:
        workflow = frame.bound.workflow.document.workflow(name)
        assert workflow is not None, name  # checked when the document was read
        return self._workflows[workflow]

    def _steps(self, frame: _Frame) -> Generator[Event, None, None]:
        at = 0
        steps = frame.bound.steps
        while at < len(steps):
            follow = yield from self._step(frame, steps[at])
            match follow.kind:
                case "next":
                    at += 1
                case "goto":
                    at = frame.bound.positions[follow.step_id]
                case "workflow":
                    # One way: the failure of the workflow is the failure of the one that handed over.
                    assert follow.workflow is not None
                    target = follow.workflow
                    ran = yield from self._inner(frame, target, follow.inputs, target.workflow.id)
                    reason = (
                        ran if isinstance(ran, str) else ran.reason and f"workflow `{target.workflow.id}`: {ran.reason}"
                    )
                    return frame.fail(reason)
                case _:
                    return None
        return None

    # --- steps ---------------------------------------------------------------------------------------------------

    def _step(self, frame: _Frame, bound: BoundStep) -> Generator[Event, None, _Next]:
        step, scope = bound.step, frame.scope
        visit = frame.visits[step.id] = frame.visits.get(step.id, 0) + 1
        yield StepStarted(frame.path, step.id, visit, step.description, bound.words, step.place)
        scope.outputs, scope.answer, scope.call = {}, None, None
        refused = self._refusal(frame, bound)
        if refused:
            finished = self._finish(frame, bound, Tried(False, refused), _Next("stop"), None)
            yield finished
            return _Next("stop")
        used: dict[str, int] = {}
        notes: list[str] = []
        number = 0
        while True:
            number += 1
            scope.outputs = {}
            if bound.target is not None:
                tried = yield from self._call(frame, bound, bound.target, number)
            else:
                tried = yield from self._run_workflow(frame, bound)
            notes += tried.notes
            self._keep_outputs(bound, scope)
            action = applicable(bound.on_success if tried.passed else bound.on_failure, scope, used, notes)
            if action is None or action.kind != "retry":
                break
            used[action.name] = used.get(action.name, 0) + 1
            obstacle = yield from self._before_retry(frame, bound, action, used[action.name], tried)
            if obstacle:
                tried.reason, action = f"{tried.reason}; {obstacle}", None
                break
        follow = self._follow(frame, action, tried)
        tried.notes = notes
        yield self._finish(frame, bound, tried, follow, action, number)
        return follow

    def _refusal(self, frame: _Frame, bound: BoundStep) -> str:
        """Why a step is not even tried, usually nothing."""
        self._visited += 1
        if self._visited > self._options.max_steps:
            return f"the run was stopped after {self._options.max_steps} steps (--max-steps): an endless goto?"
        missing = next((name for name in bound.step.depends_on if not self._has_passed(frame, name)), None)
        return f"it depends on `{missing}`, which has not passed" if missing else ""

    def _has_passed(self, frame: _Frame, name: str) -> bool:
        if not name.startswith("$"):
            return name in frame.record.steps
        workflow_id, _, step_id = name.rpartition(".steps.")
        target = self._find(frame, workflow_id.removeprefix("$workflows.")).workflow
        record = self._records.get(id(target.document), {}).get(target.id)
        return record is not None and step_id in record.steps

    def _call(
        self, frame: _Frame, bound: BoundStep, target: BoundOperation, number: int
    ) -> Generator[Event, None, Tried]:
        scope, step = frame.scope, bound.step
        base_url = self._options.base_urls.get(target.source) or target.contract.server_url
        tried = call(bound, target, scope, self._client, base_url)
        yield Attempt(
            path=frame.path,
            step_id=step.id,
            visit=frame.visits[step.id],
            number=number,
            source=target.source,
            operation_id=target.operation.id,
            url=scope.call.url if scope.call else "",
            request=tried.request,
            response=tried.response,
            error=tried.error,
            criteria=tried.criteria,
            passed=tried.passed,
        )
        return tried

    def _run_workflow(self, frame: _Frame, bound: BoundStep) -> Generator[Event, None, Tried]:
        """A step that runs a workflow passes when the workflow passed and the step's own criteria hold.

        `$outputs` are those of the workflow, `$statusCode` and `$response` those of its last answer.
        """
        scope = frame.scope
        scope.answer = scope.call = None
        target = self._find(frame, bound.step.workflow_id)
        try:
            given = arguments([p.parameter for p in bound.parameters], scope)
        except EvaluationError as problem:
            return Tried(False, f"workflow `{target.workflow.id}` cannot start: {problem}")
        ran = yield from self._inner(frame, target, given, bound.step.id, target.workflow.id)
        if isinstance(ran, str):
            return Tried(False, ran)
        scope.outputs, scope.answer, scope.call = ran.record.outputs, ran.scope.answer, ran.scope.call
        criteria = tuple([judge(criterion, scope) for criterion in bound.step.criteria])
        reason = f"workflow `{target.workflow.id}`: {ran.reason}" if ran.reason else why_failed(criteria)
        return Tried(not reason, reason, criteria)

    def _keep_outputs(self, bound: BoundStep, scope: Scope) -> None:
        """The outputs that can be computed, also those of a failed step: the target of a goto may use them."""
        outputs = dict(scope.outputs)  # those of the workflow that the step ran, if it ran one
        for name, template in bound.step.outputs.items():
            value = output(template, scope)
            if isinstance(value, Missing):
                outputs.pop(name, None)
            else:
                outputs[name] = value
        scope.steps[bound.step.id] = scope.outputs = outputs

    def _finish(
        self, frame: _Frame, bound: BoundStep, tried: Tried, follow: _Next, action: Action | None, attempts: int = 0
    ) -> StepFinished:
        step, scope = bound.step, frame.scope
        outcome = PASSED if tried.passed else FAILED
        frame.counts[outcome] += 1
        notes = [*tried.notes, *(result.warning for result in tried.criteria if result.warning)]
        rescued = action is not None and not tried.passed and follow.kind != "stop"
        if tried.passed:
            frame.record.steps.add(step.id)
            for name, template in step.outputs.items():
                if name not in scope.outputs and isinstance(value := output(template, scope), Missing):
                    notes.append(f"output `{name}` has no value: {value.why}")
        else:
            frame.fail(f"step `{step.id}` failed: {tried.reason}")
            if rescued:
                frame.rescued.append(step.id)
        checked = None
        if self._options.check_contract and bound.target is not None and scope.answer is not None:
            checked = check_answer(bound.target.contract, bound.target.operation, scope.answer)
        return StepFinished(
            path=frame.path,
            step_id=step.id,
            visit=frame.visits[step.id],
            outcome=outcome,
            reason=tried.reason,
            attempts=attempts,
            criteria=tried.criteria,
            outputs=scope.outputs,
            contract=checked,
            notes=tuple(dict.fromkeys(notes)),
            followed_by=str(follow),
            rescued=rescued,
            place=step.place,
        )

    # --- actions -------------------------------------------------------------------------------------------------

    def _follow(self, frame: _Frame, action: Action | None, tried: Tried) -> _Next:
        if action is None:
            return _Next("next" if tried.passed else "stop")
        if action.kind == "end":
            return _Next("end")
        if action.step_id:
            return _Next("goto", step_id=action.step_id)
        target = self._find(frame, action.workflow_id)
        try:
            return _Next("workflow", workflow=target, inputs=self._handed_over(action, target, frame.scope))
        except EvaluationError as problem:
            tried.passed, tried.reason = False, f"workflow `{target.workflow.id}` cannot start: {problem}"
            return _Next("stop")

    def _handed_over(self, action: Action, target: BoundWorkflow, scope: Scope) -> Mapping[str, Any]:
        return arguments(action.parameters, scope) if action.parameters else shared(scope.inputs, target)

    def _before_retry(
        self, frame: _Frame, bound: BoundStep, action: Action, number: int, tried: Tried
    ) -> Generator[Event, None, str]:
        """Wait, then run the step or workflow that the action names. Returns what forbids a retry, usually nothing."""
        now = self._client.now() if isinstance(self._client, ClockedClient) else None
        seconds, because = delay(action, tried.response, now)
        limit = self._options.max_wait_s
        if limit is not None and seconds > limit:
            return f"{because} asks for {seconds:g} s, more than the {limit:g} s that this run waits"
        yield Retrying(frame.path, bound.step.id, action.name, number, action.retry_limit, seconds, because)
        self._client.wait(seconds)
        if action.step_id:
            if self._aside >= MAX_NESTING:
                return f"steps run each other before a retry, {MAX_NESTING} deep"
            self._aside += 1
            # Control comes back here, whatever that step says about what follows.
            yield from self._step(frame, frame.bound.steps[frame.bound.positions[action.step_id]])
            self._aside -= 1
        elif action.workflow_id:
            target = self._find(frame, action.workflow_id)
            try:
                given = self._handed_over(action, target, frame.scope)
            except EvaluationError as problem:
                return f"workflow `{target.workflow.id}` cannot start: {problem}"
            ran = yield from self._inner(frame, target, given, bound.step.id, target.workflow.id)
            if isinstance(ran, str):
                return ran
            if ran.reason:
                frame.fail(f"workflow `{target.workflow.id}`: {ran.reason}")
        return ""
