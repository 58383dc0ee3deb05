"""Instants as text: RFC 3339, UTC, microseconds, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def text(moment: datetime) -> str:
    """`2026-03-01T23:30:00.000000Z`: fixed width, sorts as it stands."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def short(moment: datetime) -> str:
    """`2026-03-01T23:30:00Z`, with a fraction only when there is one: for people and for other systems."""
    stamp = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{stamp}Z"


def read(stamp: str) -> datetime:
    """An RFC 3339 instant as an aware datetime. Raises ValueError for anything else, a missing offset included."""
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is None:
        raise ValueError(f"{stamp!r} has no offset from UTC")
    return moment.astimezone(UTC)


def company_date(stamp: str | datetime, zone: str) -> date:
    """The calendar date in the company's time zone: a late evening in UTC is already tomorrow in Berlin."""
    moment = read(stamp) if isinstance(stamp, str) else stamp
    return moment.astimezone(ZoneInfo(zone)).date()


def seconds_between(earlier: str, later: datetime) -> float:
    """Seconds from a stored instant to `later`, never below zero (clocks of two systems may differ a little)."""
    return max(0.0, (later - read(earlier)) / timedelta(seconds=1))
