"""The life of one task: gate, flow, and what becomes of it when the flow succeeds or fails."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from . import instant
from .crosswalk import Gates
from .dead_letter import DeadLetters
from .failure import Cause, Failure, Paused, Retryable, Waiting
from .flow import Applied, Flow, Outcome, Skipped
from .inbox import Inbox, Task
from .log import Log, Origin, object_type
from .mappings import Mappings
from .mask import masked
from .message import Message, read
from .metrics import Metrics
from .practice import Practice
from .retry import Decision, Policy, decide
from .store import Store
from .work import Work


class Worker:
    """Works on claimed tasks. open_work: builds what a flow gets to use; chance: jitter by key, uniform in [0, 1)."""

    def __init__(
        self,
        store: Store,
        inbox: Inbox,
        gates: Gates,
        dead_letters: DeadLetters,
        log: Log,
        metrics: Metrics,
        policy: Policy,
        practice: Practice,
        mappings: Mappings,
        clock: Callable[[], datetime],
        chance: Callable[[str], float],
        open_work: Callable[[Message, Origin], Work],
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._gates = gates
        self._dead_letters = dead_letters
        self._log = log
        self._metrics = metrics
        self._policy = policy
        self._practice = practice
        self._mappings = mappings
        self._clock = clock
        self._chance = chance
        self._open_work = open_work

    def run(self, task: Task, flow: Flow) -> None:
        """Work on a task until it has ended or is due again later. Never raises a Failure."""
        started = self._clock()
        system, body = self._inbox.body(task.source, task.id)
        message = replace(read(system, body), id=task.id)
        origin = origin_of(message, flow.id, task.attempts, "")
        try:
            origin = replace(origin, mapping=self._mappings.version(flow.mappings.get(message.name, "")))
            outcome = self._gate(task, flow) or flow.handlers[message.name](self._open_work(message, origin))
        except Failure as failure:
            self._failed(task, flow, message, origin, failure, started)
        except Exception as error:
            # A fault of ours: tried again like an outage, then a dead letter; the other messages go on (OU-5).
            where = traceback.extract_tb(error.__traceback__)[-1]
            detail = f"{type(error).__name__} in {where.name}, line {where.lineno}"
            self._failed(task, flow, message, origin, Retryable(Cause(code="internal-error", detail=detail)), started)
        else:
            self._ended(task, flow, origin, outcome, started)

    def _gate(self, task: Task, flow: Flow) -> Skipped | None:
        """Where only the newest state counts, older ones are dropped here, with the reason (B3, CON-3)."""
        if not flow.latest_only or task.sequence is None or not self._practice.refuses_old_state:
            return None
        if self._gates.passed(flow.id, _thing(task)) >= _mark(task):
            return Skipped("stale")
        newer = self._inbox.superseded_by(task)
        return Skipped(f"superseded by {newer}") if newer else None

    def _ended(self, task: Task, flow: Flow, origin: Origin, outcome: Outcome, started: datetime) -> None:
        now = self._clock()
        applied = isinstance(outcome, Applied)
        note = outcome.note if isinstance(outcome, Applied) else outcome.reason
        with self._store.transaction():
            if applied and task.sequence is not None:
                if self._gates.passed(flow.id, _thing(task)) > _mark(task):
                    note = f"{note}, out of order".lstrip(", ")
                self._gates.passing(flow.id, _thing(task), _mark(task))
            status = "applied" if applied else "skipped"
            self._attempt(task, status, None, started, now)
            self._inbox.finish(task, status, note, now)
            self._dead_letters.done(task, status)
            self._log.hop(
                origin, "applied" if applied else "skipped", "internal",
                duration_ms=_ms(started, now), note=note,
            )  # fmt: skip
        if applied:
            self._metrics.applied(flow.id, instant.seconds_between(task.event_time, now))

    def _failed(
        self, task: Task, flow: Flow, message: Message, origin: Origin, failure: Failure, started: datetime
    ) -> None:
        verdict = self._practice.verdict(failure)
        if verdict == "applied":
            self._ended(task, flow, origin, Applied(), started)
            return
        if verdict in ("lost", "crash"):
            self._inbox.vanish(task if verdict == "lost" else None)
            return
        if verdict == "retry":
            failure = Retryable(failure.cause)
        now = self._clock()
        decision = decide(
            failure, self._policy, attempt=task.attempts, parked=task.parked, received_at=instant.read(task.since),
            now=now, chance=lambda: self._chance(f"retry:{task.source}:{task.id}:{task.flow}:{task.attempts}"),
        )  # fmt: skip
        cause = failure.cause
        with self._store.transaction():
            self._inbox.failed(task, now)
            if not isinstance(failure, Paused):
                self._attempt(task, decision.step, cause, started, now)
            self._log.hop(
                origin, "dead" if decision.step == "dead" else "retry", "internal", target=cause.target,
                operation=cause.operation, status=cause.status, duration_ms=_ms(started, now), error=cause.code,
                note=masked(cause.detail) if decision.due is None else f"again at {instant.short(decision.due)}",
            )  # fmt: skip
            self._settle(task, flow, message, origin, failure, decision, now)
        if decision.step == "retry":
            self._metrics.retried(flow.id)

    def _settle(
        self,
        task: Task,
        flow: Flow,
        message: Message,
        origin: Origin,
        failure: Failure,
        decision: Decision,
        now: datetime,
    ) -> None:
        cause = failure.cause
        if decision.step == "retry" and decision.due is not None:
            held = "" if isinstance(failure, Paused) else f"{cause.target}:{cause.operation}"
            self._inbox.later(
                task, due=decision.due, not_before=decision.not_before, holds=held, free=isinstance(failure, Paused)
            )
        elif decision.step == "park" and decision.due is not None:
            needs = failure.needs if isinstance(failure, Waiting) else ""
            self._inbox.park(task, due=decision.due, needs=needs, reason=f"waits for {needs or cause.operation}")
        else:
            self._dead_letters.add(task, flow, message, cause, origin.mapping, now)
            self._inbox.finish(task, "dead", cause.code, now)

    def _attempt(self, task: Task, outcome: str, cause: Cause | None, started: datetime, now: datetime) -> None:
        self._store.insert(
            "INSERT INTO attempt (entry, attempt, started_at, finished_at, outcome, target, operation, http_status,"
            " error_code, error_detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            task.entry, task.attempts, instant.text(started), instant.text(now), outcome,
            cause.target if cause else "", cause.operation if cause else "", cause.status if cause else None,
            cause.code if cause else None, masked(cause.detail) if cause else None,
        )  # fmt: skip


def origin_of(message: Message, flow: str, attempt: int, mapping_version: str) -> Origin:
    """The fields that all log records of this message in this flow share."""
    return Origin(
        flow=flow,
        message_id=message.id,
        correlation=message.correlation,
        causation=message.causation,
        system=message.system,
        object_type=object_type(message.name),
        object_id=message.subject,
        schema=message.schema,
        mapping=mapping_version,
        attempt=attempt,
    )


def _thing(task: Task) -> str:
    return f"{task.source} {task.subject}"


def _mark(task: Task) -> str:
    return f"{task.sequence or 0:020d}"


def _ms(started: datetime, now: datetime) -> float:
    return (now - started) / timedelta(milliseconds=1)
