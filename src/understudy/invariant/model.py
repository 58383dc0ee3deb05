"""What an invariant is: a statement about recorded state that must hold whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.invariant.evidence import Evidence

Row = Mapping[str, Any]
"""One offending subject, with the figures that contradict each other."""

Check = Callable[["Evidence"], Iterable[Row | None]]
"""Yields once per subject examined: None where the statement holds, a Row where it does not."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """id: as in the catalogue (`ORD-2`). statement: in business words.

    each_step: evaluated after every step on what the step touched, and once more on everything at the end. needs:
    inputs without which it is not observable (`integration`). kind: `invariant`, or `mapping` for a judge that compares
    what an integration wrote with what its mapping table says.
    """

    id: str
    statement: str
    check: Check
    each_step: bool = False
    needs: tuple[str, ...] = ()
    kind: str = "invariant"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an evaluation found.

    status: passed, failed, error (the check itself could not judge the data) or not_observable (nothing examined, or
    an input is missing). offending: every offending row. scope: step or final.
    """

    id: str
    statement: str
    kind: str
    status: str
    examined: int
    scope: str
    offending: tuple[Row, ...] = ()
    reason: str = ""
    step: str = field(default="", compare=False)

    @property
    def failed(self) -> bool:
        return self.status in ("failed", "error")

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "statement": self.statement,
            "kind": self.kind,
            "status": self.status,
            "examined": self.examined,
            "scope": self.scope,
            "step": self.step,
            "reason": self.reason,
            "offending": [dict(row) for row in self.offending],
        }
