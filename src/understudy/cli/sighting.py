"""How a scenario saw a defect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OWN = "criteria"
"""The scenario's own criteria, as against invariants and mapping judges that nobody had to ask."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """How one scenario saw a defect. by: `criteria`, `invariant` and `mapping`, each with what it named."""

    scenario: str
    by: dict[str, list[str]]

    def to_json(self) -> dict[str, Any]:
        return {"scenario": self.scenario, "by": self.by}
