"""What is wrong with a scenario, found before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.errors import ScenarioError
from understudy.scenario.model import Place


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """rule: a stable id such as `unknown-operation`. severity: error or warning (a warning does not stop a run)."""

    rule: str
    severity: str
    message: str
    place: Place
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message}{f' ({self.hint})' if self.hint else ''}"


class InvalidScenario(ScenarioError):
    """A scenario with errors; `diagnostics` holds all of them, the message words the first and counts the rest."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        first, *rest = diagnostics
        more = [f"{d.place}: {d.message}" for d in rest[:4]]
        if len(rest) > 4:
            more.append(f"and {len(rest) - 4} more")
        message = first.message + "".join(f"\n  also {line}" for line in more)
        super().__init__(message, where=str(first.place), allowed=first.allowed, hint=first.hint)
        self.diagnostics = tuple(diagnostics)


class Diagnostics:
    """Collects; `refuse()` raises when there was an error."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self._seen: set[tuple[str, str, tuple[str | int, ...]]] = set()

    def error(self, rule: str, message: str, place: Place, *, allowed: str = "", hint: str = "") -> None:
        self._add(Diagnostic(rule, "error", message, place, allowed, hint))

    def warn(self, rule: str, message: str, place: Place, *, hint: str = "") -> None:
        self._add(Diagnostic(rule, "warning", message, place, hint=hint))

    def _add(self, diagnostic: Diagnostic) -> None:
        # A component is read where it stands and wherever it is used; one report is enough.
        key = (diagnostic.rule, diagnostic.message, diagnostic.place.path)
        if key not in self._seen:
            self._seen.add(key)
            self.found.append(diagnostic)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.found if d.severity == "warning")

    def refuse(self) -> None:
        errors = [d for d in self.found if d.severity == "error"]
        if errors:
            raise InvalidScenario(sorted(errors, key=lambda d: d.place.line))
