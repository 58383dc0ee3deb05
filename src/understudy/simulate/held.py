"""A request between its arrival and its commit: the window that a delay fault opens (design decision 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from understudy.simulate.fault import Fault
from understudy.simulate.idempotency import RecordKey
from understudy.simulate.message import Request


@dataclass(frozen=True, slots=True)
class Held:
    """request: its path below the system's base. fault: the one that hit it on arrival, None when none did.

    delay: world time until it is answered. key: its idempotency record, when it is the first to claim it.
    fresh: whether its precondition held on arrival, so that a later failure means that another writer was faster.
    """

    system: str
    request: Request
    fault: Fault | None
    delay: timedelta = timedelta()
    key: RecordKey | None = None
    fresh: bool = False
