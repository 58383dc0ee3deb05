"""One run of a host: its world, what was handed out at its start, how far it has been judged, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from understudy.simulate.clock import render_instant
from understudy.simulate.journal import EventEntry, Exchange, JobEntry
from understudy.simulate.message import Response
from understudy.simulate.stage import Stage
from understudy.simulate.world import World


@dataclass(slots=True)
class Run:
    """One run: a world on stage, what was handed out at its start, and how far it has been judged.

    counted_before: counters of an integration in another process at the start, which it has from earlier runs.
    """

    id: str
    stage: Stage
    seed: int
    ordinal: int
    integration: str
    scenario: str
    policies: Mapping[str, str]
    tokens: Mapping[str, str]
    urls: Mapping[str, str]
    literals: Mapping[str, Any]
    counted_before: Mapping[str, Any] = field(default_factory=dict)
    judged_to: int = 0
    verdicts: list[Mapping[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "runId": self.id,
            "seed": self.seed,
            "run": self.ordinal,
            "now": render_instant(self.stage.world.clock.now),
            "integration": self.integration,
            "policies": dict(self.policies),
            "urls": dict(self.urls),
            "tokens": dict(self.tokens),
            "literals": dict(self.literals),
        }

    def own_part(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """An integration in another process has seen earlier runs too: keep what is about this one."""
        kept = dict(told)
        events = self.stage.world.events
        for name, key in (
            ("messages", "id"),
            ("deadLetters", "messageId"),
            ("log", "messageId"),
            ("audit", "messageId"),
        ):
            kept[name] = [row for row in told.get(name, ()) if row.get(key) in events]
        kept["counters"] = {
            flow: {name: count - self.counted_before.get(flow, {}).get(name, 0) for name, count in counts.items()}
            for flow, counts in told.get("counters", {}).items()
        }
        return kept


@dataclass(frozen=True, slots=True)
class Wait:
    """An answer that is not there yet. ready: the response once it can be given. late: the answer at the deadline.

    asks: address of an integration in another process that is asked how it stands before each look; the shell does it
    without holding up anybody. still: what must not change meanwhile, or what the integration said is of the past.
    """

    stage: Stage
    deadline: datetime
    ready: Callable[[], Response | None]
    late: Callable[[], Response]
    asks: str = ""
    still: Callable[[], object] = lambda: None

    def on_virtual_time(self) -> Response:
        """Let virtual time pass until the answer is there."""
        while True:
            response = self.ready()
            if response is not None:
                return response
            at = self.stage.next_at()
            if at is None or at > self.deadline:
                self.stage.advance(self.deadline)
                return self.ready() or self.late()
            self.stage.advance(at)


def judgement(verdicts: Sequence[Mapping[str, Any]], proves: Iterable[str], settled: bool) -> dict[str, Any]:
    """Verdicts with their counts; unproven: ids of `proves` that examined nothing."""
    examined = {v["id"] for v in verdicts if v["examined"]}
    status = [v["status"] for v in verdicts]
    return {
        "evaluated": len(verdicts),
        "passed": status.count("passed"),
        "failed": status.count("failed") + status.count("error"),
        "notObservable": status.count("not_observable"),
        "unproven": [id for id in proves if id not in examined],
        "settled": settled,
        "verdicts": verdicts,
    }


def contract_verdict(world: World, since: int, scope: str, step: str) -> Mapping[str, Any]:
    """Whether every simulator kept its own contract; if not, that is a bug of ours and fails the run."""
    examined = 0
    offending = []
    for entry in world.entries(since):
        if isinstance(entry, Exchange | EventEntry) or (isinstance(entry, JobEntry) and entry.findings):
            examined += 1
            offending += [{"seq": entry.seq, "system": entry.system, "finding": f} for f in entry.findings]
    dropped = world.journal.dropped
    gap = f"the journal no longer holds its first {dropped:,} entries" if since < dropped else ""
    return {
        "id": "CONTRACT",
        "statement": "Every simulator keeps its own contract",
        "kind": "contract",
        "status": "failed" if offending else "passed" if examined and not gap else "not_observable",
        "examined": 0 if gap and not offending else examined,
        "scope": scope,
        "step": step,
        "reason": gap,
        "offending": offending,
    }
