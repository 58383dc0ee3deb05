"""What a flow is: which events it takes, what it does about them, and how it ends (domain section 0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .work import Work


@dataclass(frozen=True, slots=True)
class Applied:
    """The targets are as the event says. note: what is worth telling, such as `on_hold`."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing had to be done, and why: `skipped_test`, `stale`, `superseded`."""

    reason: str


Outcome = Applied | Skipped
Handler = Callable[["Work"], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One row of the system map.

    handlers: event type -> what to do. mappings: event type -> the mapping table that is executed then.
    owner: who repairs its dead letters. latest_only: events carry the whole state, so that only the newest one about an
    object counts; otherwise each event is a fact, and facts are applied in the order of their sequence.
    coalesces: wait a little for more changes of the same object, and apply only the last.
    """

    id: str
    title: str
    owner: str
    handlers: Mapping[str, Handler]
    mappings: Mapping[str, str] = field(default_factory=dict)
    latest_only: bool = False
    coalesces: bool = False
