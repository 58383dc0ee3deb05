"""How long to wait before a retry."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from understudy.scenario.model import Action
from understudy.simulate.message import Response


def delay(action: Action, response: Response | None, now: datetime | None) -> tuple[float, str]:
    """Seconds, and which of `Retry-After` and `retryAfter` asked for them; the header overrules the action.

    now: the client's time, for a date in a header without a `Date` beside it; None when the client knows no time.
    """
    header = response.headers.get("retry-after") if response is not None else None
    if header is not None and response is not None:
        asked = retry_after_seconds(header, response.headers.get("date"), now)
        if asked is not None:
            return asked, "Retry-After"
    return action.retry_after or 0.0, "retryAfter"


def retry_after_seconds(header: str, date: str | None, now: datetime | None) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110 section 10.2.3), never negative; None when unreadable."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(date) if date else now
    except (ValueError, TypeError, OverflowError):
        return None
    if since is None:
        return None
    return max(0.0, (_aware(until) - _aware(since)).total_seconds())


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
