"""Running scenarios one after the other, judging each by invariants, and collecting what reports need.

A thin shell over `run_workflow`: the client notices the control plane's `startRun`, `evaluateInvariants` and `endRun`,
so that every scenario is judged in its own world, after every step and at the end, whether or not it asks for it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from understudy.errors import UnderstudyError, UnusableInput
from understudy.scenario.event import (
    FAILED,
    PASSED,
    Attempt,
    Event,
    StepFinished,
    StepStarted,
    WorkflowFinished,
)
from understudy.scenario.model import ContractLike, OperationLike
from understudy.scenario.run import RunOptions, run_workflow
from understudy.scenario.select import Selected
from understudy.simulate.message import Request, Response

CONTROL = "control"

JournalJson = Sequence[Mapping[str, Any]]
"""Journal entries as JSON, made when they are asked for."""


class Theatre(Protocol):
    """Where scenarios are played: a host in this process, or a server reached over sockets."""

    def send(self, source: str, operation: OperationLike, request: Request) -> Response: ...
    def wait(self, seconds: float) -> None: ...
    def started(self, answer: Mapping[str, Any]) -> None:
        """A run began; answer: the body of startRun."""

    def judge(self, *, scope: str, step: str, proves: Sequence[str]) -> Mapping[str, Any]:
        """The judgement of the present run (shape of evaluateInvariants)."""

    def journal(self) -> JournalJson:
        """Every journal entry of the present run as JSON."""

    def end(self) -> None:
        """End the present run if the scenario has not done so."""


@dataclass(slots=True)
class StepRecord:
    """One step as it went.

    criteria: condition, whether it held, what was found. calls: every attempt in short: method, path, status (None
    without an answer), error (why there was none), problem (code and detail of a refusal).
    """

    workflow: str
    id: str
    description: str
    target: str
    outcome: str
    reason: str
    attempts: int
    criteria: list[dict[str, Any]]
    notes: list[str]
    place: str
    control: bool
    contract: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    duration_s: float = 0.0


@dataclass(slots=True)
class ScenarioRecord:
    """One scenario as it went. outcome: passed, failed, or error when it could not be carried to its end.

    verdicts: of the final evaluation plus those that failed after a step. unproven: ids that the scenario is said to
    prove and that examined nothing.
    """

    id: str
    name: str
    summary: str
    file: str
    line: int
    inputs: Mapping[str, Any]
    outcome: str = PASSED
    reason: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)
    steps: list[StepRecord] = field(default_factory=list)
    verdicts: list[Mapping[str, Any]] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    proves: list[str] = field(default_factory=list)
    settled: bool = True
    journal: JournalJson = field(default_factory=list)
    duration_s: float = 0.0

    @property
    def failed_verdicts(self) -> list[Mapping[str, Any]]:
        return [v for v in self.verdicts if v["status"] in ("failed", "error")]

    @property
    def failed_steps(self) -> list[StepRecord]:
        return [s for s in self.steps if s.outcome == FAILED]


@dataclass(frozen=True, slots=True)
class ScenarioStarted:
    record: ScenarioRecord
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class ScenarioFinished:
    record: ScenarioRecord


SuiteEvent = ScenarioStarted | ScenarioFinished | Event


def run_suite(
    selected: Sequence[Selected],
    theatre: Theatre,
    contracts: Mapping[str, ContractLike],
    *,
    options: RunOptions | None = None,
    judge_steps: bool = True,
) -> Iterator[SuiteEvent]:
    """Run the scenarios in order, yielding what happens.

    Whatever breaks a scenario off (a target that is lost, Ctrl-C, a bug) ends it as `error` and passes through, so that
    a listener has the record of it and of those before.
    """
    for number, choice in enumerate(selected, 1):
        record = ScenarioRecord(
            id=choice.id,
            name=choice.workflow.id,
            summary=choice.workflow.summary,
            file=choice.workflow.place.file,
            line=choice.workflow.place.lines.line_of(f"workflowId: {choice.workflow.id}"),
            inputs=choice.inputs,
        )
        yield ScenarioStarted(record, number, len(selected))
        began = time.perf_counter()
        client = _Watching(theatre, record)
        try:
            for event in run_workflow(
                choice.workflow,
                client=client,
                contracts=_needed(choice, contracts),
                inputs=choice.inputs,
                options=options,
            ):
                if isinstance(event, StepStarted):
                    client.step = event
                elif isinstance(event, Attempt):
                    client.calls.append(_call(event))
                elif isinstance(event, StepFinished):
                    client.step_finished(event, judge_steps)
                elif isinstance(event, WorkflowFinished) and len(event.path) == 1:
                    record.outcome, record.reason = event.outcome, event.reason
                yield event
            client.close()
        except (Exception, KeyboardInterrupt) as problem:
            if isinstance(problem, UnusableInput) and not record.steps:
                raise  # refused before anything was sent: no scenario was broken off
            record.outcome = "error"
            record.reason = _why(problem)
            client.salvage()
            record.duration_s = time.perf_counter() - began
            yield ScenarioFinished(record)
            raise
        _conclude(record)
        record.duration_s = time.perf_counter() - began
        yield ScenarioFinished(record)


def _needed(choice: Selected, contracts: Mapping[str, ContractLike]) -> dict[str, ContractLike]:
    """The contracts that a scenario's documents name, so that others need not be read."""
    waiting, names = [choice.workflow.document], dict[str, None]()
    while waiting:
        document = waiting.pop()
        names |= dict.fromkeys(document.sources)
        waiting += document.imports.values()
    return {name: contracts[name] for name in names if name in contracts}


def _why(problem: BaseException) -> str:
    if isinstance(problem, KeyboardInterrupt):
        return "interrupted"
    return str(problem) if isinstance(problem, UnderstudyError) else f"{type(problem).__name__}: {problem}"


def _conclude(record: ScenarioRecord) -> None:
    """The scenario's verdict: its own criteria, then the invariants, then what it was to prove."""
    reasons = [record.reason] if record.reason else []
    failed = record.failed_verdicts
    if failed:
        reasons.append("; ".join(f"{id} does not hold" for id in list(dict.fromkeys(v["id"] for v in failed))[:5]))
    if record.unproven:
        reasons.append(f"examined nothing for {', '.join(record.unproven)}, which it is said to prove")
    if not record.settled:
        reasons.append("messages were still in flight at the end")
    if reasons:
        record.outcome = FAILED
        record.reason = "; ".join(reasons)


class _Watching:
    """The client of one scenario: passes requests on and notices what the control plane is asked."""

    def __init__(self, theatre: Theatre, record: ScenarioRecord) -> None:
        self._theatre = theatre
        self._record = record
        self._running = False
        self._judged = False
        self.step: StepStarted | None = None
        self.calls: list[dict[str, Any]] = []
        self._began = time.perf_counter()

    def send(self, source: str, operation: OperationLike, request: Request) -> Response:
        if source == CONTROL and operation.id == "endRun" and self._running:
            self._final()
            self._record.journal = self._theatre.journal()
        response = self._theatre.send(source, operation, request)
        if source == CONTROL and response.status < 300:
            if operation.id == "startRun":
                self._record.run = _without_tokens(response.json())
                self._theatre.started(response.json())
                self._running, self._judged = True, False
            elif operation.id == "endRun":
                self._running = False
            elif operation.id == "evaluateInvariants":
                self._take(request, response)
        return response

    def wait(self, seconds: float) -> None:
        self._theatre.wait(seconds)

    def step_finished(self, event: StepFinished, judge: bool) -> None:
        started = self.step
        now = time.perf_counter()
        target = started.target if started is not None else ""
        on_control = target.endswith(")") and f" of {CONTROL} (" in target
        self._record.steps.append(
            StepRecord(
                workflow=event.path[-1],
                id=event.step_id,
                description=started.description if started is not None and started.step_id == event.step_id else "",
                target=target if event.attempts else "",
                outcome=event.outcome,
                reason=event.reason,
                attempts=event.attempts,
                criteria=[_criterion(c) for c in event.criteria],
                notes=list(event.notes),
                place=str(event.place) if event.place is not None and event.outcome == FAILED else "",
                control=on_control,
                contract=list(event.contract.violations) if event.contract is not None else [],
                calls=self.calls if event.attempts else [],
                duration_s=now - self._began,
            )
        )
        self._began, self.calls = now, []
        if event.attempts and not on_control:
            self._judged = False  # what was judged in mid-run is not the end of it
        if judge and self._running and event.attempts and not on_control:
            judgement = self._theatre.judge(scope="step", step=event.step_id, proves=())
            known = {(v["id"], repr(v["offending"])) for v in self._record.verdicts}
            self._record.verdicts += [
                v
                for v in judgement["verdicts"]
                if v["status"] in ("failed", "error") and (v["id"], repr(v["offending"])) not in known
            ]

    def _take(self, request: Request, response: Response) -> None:
        body = _json(request)
        if body.get("scope", "final") == "final":
            self._record.proves = [str(i) for i in body.get("proves", ())]
            self._keep(response.json())

    def _final(self) -> None:
        if not self._judged:
            self._keep(self._theatre.judge(scope="final", step="", proves=self._record.proves))

    def _keep(self, judgement: Mapping[str, Any]) -> None:
        self._judged = True
        final = {(v["id"], repr(v["offending"])) for v in judgement["verdicts"]}
        earlier = [
            v for v in self._record.verdicts if (v["id"], repr(v["offending"])) not in final and v["scope"] == "step"
        ]
        self._record.verdicts = [*judgement["verdicts"], *earlier]
        self._record.unproven = list(judgement["unproven"])
        self._record.settled = bool(judgement["settled"])

    def close(self) -> None:
        """Judge and end a run that the scenario left open."""
        if self._running:
            self._final()
            self._record.journal = self._theatre.journal()
            self._theatre.end()
            self._running = False

    def salvage(self) -> None:
        """Keep what is known of a run that broke off; the reports are written all the same."""
        if self._running:
            try:
                self._record.journal = self._theatre.journal()
                self._theatre.end()
            except Exception as problem:  # the target may be gone: what is known so far is what is reported
                self._record.reason += f" (its journal could not be read: {problem})"


def _call(attempt: Attempt) -> dict[str, Any]:
    """One attempt in short, so that a report can say what was asked and answered."""
    request, response = attempt.request, attempt.response
    problem = ""
    if response is not None and "problem+json" in response.headers.get("content-type", ""):
        try:
            body = response.json()
            problem = ": ".join(str(body[key]) for key in ("code", "detail") if body.get(key))
        except (ValueError, AttributeError, RecursionError):
            problem = "the answer is no problem document"
    return {
        "method": request.method if request is not None else "",
        "path": urlsplit(attempt.url).path or (request.path if request is not None else ""),
        "status": response.status if response is not None else None,
        "error": attempt.error,
        "problem": problem,
    }


def _criterion(result: Any) -> dict[str, Any]:
    found = [{"expression": o.expression, "value": _plain(o.value), "note": o.note} for o in result.operands]
    return {
        "condition": result.condition,
        "kind": result.kind,
        "passed": result.passed,
        "error": result.error,
        "found": found,
        "place": "" if result.passed else str(result.place),
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | type(None) | list | dict) else str(value)


def _json(request: Request) -> Mapping[str, Any]:
    body: Mapping[str, Any] = json.loads(request.body) if request.body else {}
    return body


def _without_tokens(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "tokens"}


__all__ = [
    "Attempt",
    "ScenarioFinished",
    "ScenarioRecord",
    "ScenarioStarted",
    "StepRecord",
    "SuiteEvent",
    "Theatre",
    "run_suite",
]
