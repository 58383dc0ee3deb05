"""Why a message could not be applied; the kind of failure decides what happens next (domain 2.1, right column).

Failure
├── Retryable        the target may succeed later: 408, 429, 5xx, idempotency-in-progress
│   └── Unknown      ... and may already have done the work: time-out, dropped connection, 408, 500, 502, 504
├── Paused           nothing was sent, because the target asked for quiet until a given time
├── Waiting          something this message builds on is not there yet: parked within the grace window
└── Refused          trying again as it is cannot help: a human repairs, then reprocesses
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is known about a failure, ready for the dead-letter record.

    code: the problem's slug, or a name of ours for what has none (`timeout`, `connection-reset`).
    errors: the target's or the mapping's list, `{pointer, code, detail, rejectedValue}` each.
    status: HTTP status, None when no answer came or the message was refused before a call.
    """

    code: str
    detail: str
    target: str = ""
    operation: str = ""
    status: int | None = None
    errors: Sequence[dict[str, Any]] = ()


class Failure(Exception):
    """A message could not be applied."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(f"{cause.code}: {cause.detail}")
        self.cause = cause


class Retryable(Failure):
    """May succeed later. not_before: the target's `Retry-After` as an instant, None when it gave none."""

    def __init__(self, cause: Cause, *, not_before: datetime | None = None) -> None:
        super().__init__(cause)
        self.not_before = not_before


class Unknown(Retryable):
    """The work may have been done; look it up by its business key before asking again."""


class Paused(Failure):
    """The target asked for quiet until `until`; the call was not made and costs no attempt."""

    def __init__(self, cause: Cause, *, until: datetime) -> None:
        super().__init__(cause)
        self.until = until


class Waiting(Failure):
    """Early: `needs` names the object that has to exist first, such as `store.order:5512340001`."""

    def __init__(self, cause: Cause, *, needs: str) -> None:
        super().__init__(cause)
        self.needs = needs


class Refused(Failure):
    """Not retryable. existing_id: from the problem document, lets a caller adopt what exists."""

    def __init__(self, cause: Cause, *, existing_id: str | None = None) -> None:
        super().__init__(cause)
        self.existing_id = existing_id
