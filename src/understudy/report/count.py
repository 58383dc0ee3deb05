"""The counts that every report shows, computed once from the scenarios: totals are exact, whatever a report cuts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from understudy.scenario.suite import ScenarioRecord

# Verdicts of one evaluation of one rule, worst first: a rule that failed after any step has failed.
_WORST_FIRST = ("error", "failed", "passed", "not_observable")
_COUNTED_AS = {"error": "failed", "failed": "failed", "passed": "passed", "not_observable": "notObservable"}
# Kind of verdict -> where it is counted.
_KINDS = {"invariant": "invariants", "mapping": "mappings", "contract": "contracts"}


def count(scenarios: Sequence[ScenarioRecord]) -> dict[str, Any]:
    """Counts of scenarios, steps, journal entries and judgements.

    A judgement is one rule in one scenario, however often it was evaluated there; `rules` counts distinct rules.
    """
    outcomes = Counter(s.outcome for s in scenarios)
    steps = Counter(step.outcome for s in scenarios for step in s.steps)
    kinds = Counter(kind for s in scenarios for kind in _kinds(s.journal))
    return {
        "scenarios": {"total": len(scenarios), **{o: outcomes[o] for o in ("passed", "failed", "error")}},
        "steps": {"total": steps.total(), **{o: steps[o] for o in ("passed", "failed", "skipped")}},
        "exchanges": kinds["exchange"],
        "deliveries": kinds["delivery"],
        "events": kinds["event"],
        **{name: _judgements(scenarios, kind) for kind, name in _KINDS.items()},
    }


def _kinds(journal: Sequence[Mapping[str, Any]]) -> list[str]:
    """The kinds of all entries, without making JSON of those that nobody has asked for."""
    known = getattr(journal, "kinds", None)
    return [str(entry["kind"]) for entry in journal] if known is None else list(known)


def worst(verdicts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The worst status of each rule, by its id, in order of first appearance."""
    statuses: dict[str, str] = {}
    for verdict in verdicts:
        status = str(verdict["status"])
        before = statuses.get(verdict["id"], status)
        statuses[verdict["id"]] = min(before, status, key=_WORST_FIRST.index)
    return statuses


def _judgements(scenarios: Sequence[ScenarioRecord], kind: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    rules: set[str] = set()
    for scenario in scenarios:
        statuses = worst(v for v in scenario.verdicts if v["kind"] == kind)
        counts.update(_COUNTED_AS[status] for status in statuses.values())
        rules.update(statuses)
    return {
        "rules": len(rules),
        "evaluated": counts.total(),
        **{name: counts[name] for name in ("passed", "failed", "notObservable")},
    }


def never_observed(scenarios: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids of the rules that no scenario of the record gave anything to examine, sorted by first appearance."""
    best: dict[str, bool] = {}
    for scenario in scenarios:
        for verdict in scenario["verdicts"]:
            best[verdict["id"]] = best.get(verdict["id"], False) or verdict["status"] != "not_observable"
    return [rule for rule, observed in best.items() if not observed]
