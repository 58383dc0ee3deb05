"""The world's one clock. It moves only when it is moved; who moves it is the shell's affair."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?", re.ASCII
)
_LEAP_SECOND = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:)60")
LONGEST = timedelta(days=36_525)
"""A hundred years: what is longer is a slip, and soon leaves the calendar."""


class Clock:
    """now: timezone-aware UTC, microseconds. Moving backwards is refused: events have happened."""

    __slots__ = ("now",)

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)

    def move(self, to: datetime) -> None:
        if to > self.now:
            self.now = to


def render_instant(moment: datetime) -> str:
    """RFC 3339 UTC with `Z`, fractions only when there are any: `2026-03-01T23:30:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Raises ValueError for text that is no RFC 3339 instant with an offset. A leap second is the one after it."""
    leap = _LEAP_SECOND.match(text)
    moment = datetime.fromisoformat(f"{leap[1]}59{text[leap.end() :]}" if leap else text) + timedelta(
        seconds=bool(leap)
    )
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment.astimezone(UTC)


def parse_duration(text: str) -> timedelta:
    """An ISO 8601 duration of days to seconds: `P31D`, `PT10M`, `PT0.5S`. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None or text in ("P", "PT") or text.endswith("T"):
        raise ValueError(f"{text!r} is no duration such as P31D or PT10M")
    try:
        duration = timedelta(**{unit: float(value) for unit, value in match.groupdict().items() if value})
    except OverflowError:
        duration = timedelta.max
    if duration > LONGEST:
        raise ValueError(f"{text!r} is longer than {LONGEST.days} days")
    return duration
