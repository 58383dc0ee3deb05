"""When to try again: pure decisions over a failure, an attempt count and the time (domain 2.1 and section 8).

Policy: 8 attempts in all, exponential backoff with full jitter, at most 90 minutes between two of them, never earlier
than the target's `Retry-After`. A message whose object is still unknown is parked for ten minutes and then given up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from .failure import Cause, Failure, Paused, Refused, Retryable, Unknown, Waiting

_RETRYABLE_STATUS = frozenset({408, 429, 500, 502, 503, 504})
# 429 and 503 are given before any work is done; after the others the work may have been committed.
_DONE_OR_NOT = frozenset({408, 500, 502, 504})
_RETRYABLE_CODES = frozenset({"idempotency-in-progress"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """attempts: calls in all, the first included. base_s, cap_s: bounds of the n-th wait, uniform in [0, base·2ⁿ]."""

    attempts: int = 8
    base_s: float = 10.0
    cap_s: float = 5400.0
    grace_s: float = 600.0
    park_s: float = 15.0
    honours_retry_after: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of the message: tried again at `due` (never before `not_before`), parked until `due`, or dead."""

    step: Literal["retry", "park", "dead"]
    due: datetime | None = None
    not_before: datetime | None = None


def decide(
    failure: Failure,
    policy: Policy,
    *,
    attempt: int,
    parked: int,
    received_at: datetime,
    now: datetime,
    chance: Callable[[], float],
) -> Decision:
    """What becomes of a message after a failed attempt.

    attempt: calls made so far, this one included. parked: how often it has been parked already.
    chance: uniform in [0, 1); drawn only where jitter is needed.
    """
    match failure:
        case Paused():
            return Decision(step="retry", due=failure.until, not_before=failure.until)
        case Waiting():
            return _park(policy, parked, received_at, now)
        case Refused() if failure.cause.status == 404:
            return _park(policy, parked, received_at, now)
        case Retryable() if attempt < policy.attempts:
            wait = chance() * min(policy.cap_s, policy.base_s * 2.0 ** (attempt - 1))
            due = now + timedelta(seconds=wait)
            floor = failure.not_before if policy.honours_retry_after else None
            if floor is not None and due <= floor:
                # Spread behind the window too, or every waiting message would arrive in its first second.
                due = floor + timedelta(seconds=min(wait, 1.0))
            return Decision(step="retry", due=due, not_before=floor)
        case _:
            return Decision(step="dead")


def _park(policy: Policy, parked: int, received_at: datetime, now: datetime) -> Decision:
    deadline = received_at + timedelta(seconds=policy.grace_s)
    if now >= deadline:
        return Decision(step="dead")
    again = now + timedelta(seconds=policy.park_s * 2.0 ** min(parked, 6))
    return Decision(step="park", due=min(again, deadline))


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """A `Retry-After` header as an instant: `120`, `2.0` (the storefront's) or an HTTP-date; None if absent or wild."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return now + timedelta(seconds=seconds)


def failure_of(cause: Cause, *, not_before: datetime | None, existing_id: str | None = None) -> Failure:
    """The failure that an answer with this status and code means."""
    status = cause.status or 0
    if status in _DONE_OR_NOT:
        return Unknown(cause, not_before=not_before)
    if status in _RETRYABLE_STATUS or cause.code in _RETRYABLE_CODES or status > 504:
        return Retryable(cause, not_before=not_before)
    return Refused(cause, existing_id=existing_id)
