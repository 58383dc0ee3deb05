"""Invariants: business rules over recorded state. The rules themselves are in the workspace."""

from understudy.invariant.evaluate import evaluate
from understudy.invariant.evidence import Evidence
from understudy.invariant.model import Check, Invariant, Row, Verdict

__all__ = ["Check", "Evidence", "Invariant", "Row", "Verdict", "evaluate"]
