"""What users may catch, drawn as a tree; each kind knows its exit code (design section 7).

    UnderstudyError                 2  anything we refuse on purpose
    ├── UnusableInput               2  a file, argument or configuration that cannot be used
    │   ├── ContractError           2  a contract that cannot be read or resolved
    │   ├── MappingError            2  a mapping table that cannot be executed
    │   ├── ScenarioError           2  a scenario that cannot be run
    │   └── WorkspaceError          2  no workspace, or one that does not hold together
    ├── Unreachable                 3  a target or component that could not be reached
    └── NothingVerified             4  nothing was selected, so nothing was proven

A failed check is a finding, not an error; a bug of ours is neither and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_UNUSABLE = 2
EXIT_UNREACHABLE = 3
EXIT_NOTHING_VERIFIED = 4
EXIT_INTERRUPTED = 130


class UnderstudyError(Exception):
    """An error in four parts: what happened, where, what was allowed, what to try.

    message: one sentence without a full stop. where: `file:line`, a JSON pointer or a command-line option.
    allowed: what would have been accepted. hint: the next thing to try.
    """

    exit_code = EXIT_UNUSABLE

    def __init__(self, message: str, *, where: str = "", allowed: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.allowed = allowed
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.where:
            lines.append(f"  at {self.where}")
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class UnusableInput(UnderstudyError):
    """A file, argument or configuration that cannot be used."""


class ContractError(UnusableInput):
    """A contract that cannot be read, is no OpenAPI document, or has references that do not resolve."""


class MappingError(UnusableInput):
    """A mapping table that cannot be executed: unknown transformation, path without a field, no owner."""


class ScenarioError(UnusableInput):
    """A scenario that cannot be run: unknown operation, broken expression, unknown step."""


class WorkspaceError(UnusableInput):
    """No workspace where one was expected, or one whose parts do not fit together."""


class Unreachable(UnderstudyError):
    """A target or component that could not be reached."""

    exit_code = EXIT_UNREACHABLE


class NothingVerified(UnderstudyError):
    """Nothing was selected or observable, so nothing was proven (design decision 7)."""

    exit_code = EXIT_NOTHING_VERIFIED


def closest(name: str, known: Iterable[str]) -> str:
    """A hint with the closest known names, empty when nothing is near: `did you mean 'getOrder'?`."""
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
