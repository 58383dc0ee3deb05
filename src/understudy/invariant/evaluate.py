"""Evaluate invariants over evidence. Nothing examined is `not_observable`, never `passed` (design decision 7)."""

from __future__ import annotations

import traceback
from collections.abc import Iterable

from understudy.invariant.evidence import Evidence
from understudy.invariant.model import Invariant, Row, Verdict


def evaluate(invariants: Iterable[Invariant], evidence: Evidence, *, scope: str, step: str = "") -> list[Verdict]:
    """One verdict per invariant, in the order given. scope: `step` evaluates only those marked each_step."""
    return [
        _evaluate(invariant, evidence, scope, step)
        for invariant in invariants
        if scope == "final" or invariant.each_step
    ]


def _evaluate(invariant: Invariant, evidence: Evidence, scope: str, step: str) -> Verdict:
    def verdict(status: str, examined: int = 0, offending: tuple[Row, ...] = (), reason: str = "") -> Verdict:
        return Verdict(
            invariant.id, invariant.statement, invariant.kind, status, examined, scope, offending, reason, step
        )

    if "integration" in invariant.needs and evidence.integration is None:
        return verdict("not_observable", reason="the integration reports nothing of itself")
    examined = 0
    offending: list[Row] = []
    evidence.gap = False
    try:
        for row in invariant.check(evidence):
            examined += 1
            if row is not None:
                offending.append(row)
    except Exception as problem:
        if evidence.gap:
            return verdict("not_observable", reason=_gap(evidence))
        # Data that a rule cannot even read is no proof: it counts as a failure, with the place.
        place = traceback.extract_tb(problem.__traceback__)[-1]
        return verdict(
            "error",
            examined,
            tuple(offending),
            f"cannot be judged: {type(problem).__name__}: {problem} ({place.name}, line {place.lineno})",
        )
    if evidence.gap:  # half a journal neither proves nor disproves
        return verdict("not_observable", reason=_gap(evidence))
    if offending:
        return verdict("failed", examined, tuple(offending))
    if examined == 0:
        return verdict("not_observable", reason="nothing to examine")
    return verdict("passed", examined)


def _gap(evidence: Evidence) -> str:
    return f"the journal no longer holds its first {evidence.dropped:,} entries"
