"""What happens while a scenario runs, as values. The runner yields them; terminal, reports and pytest listen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from understudy.scenario.criterion import CriterionResult
from understudy.scenario.model import Place
from understudy.simulate.message import Request, Response

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ContractCheck:
    """The answer against the contract, reported beside the verdict and never part of it.

    documented: whether the contract knows the status. violations: one sentence each, empty when the answer conforms.
    """

    documented: bool
    violations: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        return self.documented and not self.violations


@dataclass(frozen=True, slots=True)
class WorkflowStarted:
    """path: ids from the outermost workflow down, steps in between: `("hp-1", "pay", "take-payment")`."""

    path: tuple[str, ...]
    workflow_id: str
    document: str
    summary: str
    inputs: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class StepStarted:
    """path: that of the workflow. visit: from 1, more when control comes back. target: words for what is called."""

    path: tuple[str, ...]
    step_id: str
    visit: int
    description: str
    target: str
    place: Place


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step that calls an operation.

    number: from 1. request: its path is relative to the base URL of `source`; None when it could not be built.
    response: None when there was no answer. error: why there is no request or answer, empty otherwise.
    criteria: the success criteria judged on this attempt (one made up for a step without any).
    """

    path: tuple[str, ...]
    step_id: str
    visit: int
    number: int
    source: str
    operation_id: str
    url: str
    request: Request | None
    response: Response | None
    error: str
    criteria: tuple[CriterionResult, ...]
    passed: bool


@dataclass(frozen=True, slots=True)
class Retrying:
    """The step will be tried again. number: from 1, of `limit`. because: `retryAfter` or `Retry-After`."""

    path: tuple[str, ...]
    step_id: str
    action: str
    number: int
    limit: int
    after_s: float
    because: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """outcome: passed, failed or skipped. reason: one sentence, empty when it passed.

    criteria, contract: of the last attempt; contract is None for workflows and where there was no answer.
    outputs: those that could be computed. notes: what the reader should know although it does not decide.
    followed_by: `next`, `end`, `stop`, `goto <step>` or `workflow <id>`; rescued: whether a failure action chose it.
    """

    path: tuple[str, ...]
    step_id: str
    visit: int
    outcome: str
    reason: str = ""
    attempts: int = 0
    criteria: tuple[CriterionResult, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    contract: ContractCheck | None = None
    notes: tuple[str, ...] = ()
    followed_by: str = "next"
    rescued: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class WorkflowFinished:
    """outcome: failed as soon as one step failed, also a rescued one. rescued: steps whose failure an action met.

    passed, failed, skipped: numbers of step visits, without those of workflows inside.
    """

    path: tuple[str, ...]
    workflow_id: str
    outcome: str
    reason: str
    outputs: Mapping[str, Any]
    passed: int
    failed: int
    skipped: int
    rescued: tuple[str, ...] = ()


Event: TypeAlias = WorkflowStarted | StepStarted | Attempt | Retrying | StepFinished | WorkflowFinished
