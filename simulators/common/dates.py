"""Company dates: a date is what the calendar on the company's wall says, an instant is UTC (domain, header)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_date(moment: datetime, zone: str) -> date:
    """The date in `zone` at `moment`: 2026-03-01T23:30:00Z is 2026-03-02 in Berlin."""
    return moment.astimezone(ZoneInfo(zone)).date()


def local_midnight(day: date, zone: str) -> datetime:
    """The instant (UTC) at which `day` begins in `zone`."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def instant_text(moment: datetime) -> str:
    """RFC 3339 UTC: `2026-03-01T23:30:00Z`; fractions only when there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
