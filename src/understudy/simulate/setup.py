"""What the worlds of a host are made of, and the two parts that a workspace hands in: its rules and its integration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from understudy.simulate.behaviour import DataSet
from understudy.simulate.stage import Hosted
from understudy.simulate.system import System
from understudy.simulate.world import World

INTERNAL_ORIGIN = "http://understudy.internal"
"""Where systems are reached by an integration in this process."""


class Judge(Protocol):
    """Evaluates invariants over a world; handed in, since the engine's simulation knows no rules."""

    def __call__(
        self, world: World, *, since: int, scope: str, step: str, integration: Mapping[str, Any] | None, quiet: bool
    ) -> list[Mapping[str, Any]]: ...


class HostedFactory(Protocol):
    """Builds the integration that plays in this process. environ: its settings, as environment variables."""

    def __call__(
        self,
        environ: Mapping[str, str],
        *,
        transport: Any,
        clock: Callable[[], datetime],
        chance: Callable[[str], float],
    ) -> Hosted: ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What worlds are made of. environ: template of the integration's settings, with {placeholders}; environ_outside:
    what an integration is told besides where time is real: in another process, and in a world that flows.

    policy: completes overrides to all switches. literals: (seed, run) -> values that startRun hands out.
    run_base: ordinal of the first run over sockets; 0 in-process. origin: address that systems are reached at.
    """

    systems: Mapping[str, System]
    start: datetime
    seed: int
    policy: Callable[[Mapping[str, str]], dict[str, str]]
    dataset: Callable[[], DataSet]
    literals: Callable[[int, int], Mapping[str, Any]]
    judge: Judge
    hosted: HostedFactory | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    environ_outside: Mapping[str, str] = field(default_factory=dict)
    sink: str = "http://integration.internal"
    defects: Mapping[str, str] = field(default_factory=dict)
    origin: str = INTERNAL_ORIGIN
    run_base: int = 0
    defect: str = ""
