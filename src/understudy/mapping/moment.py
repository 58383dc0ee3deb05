"""Transformations of instants and dates. Instants are RFC 3339 with an offset; a date belongs to a named time zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from understudy.errors import MappingError
from understudy.mapping.function import Refusal, shown, text_of

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?P<offset>[Zz]|[+-]\d\d:\d\d)?\Z", re.ASCII
)
_PARTS = {"yyyy": r"(?P<year>\d{4})", "mm": r"(?P<month>\d{1,2})", "dd": r"(?P<day>\d{1,2})"}


def zone_of(name: str) -> ZoneInfo:
    """Raises MappingError for an unknown zone: that is set-up, not data."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise MappingError(f"unknown time zone {name!r}", allowed="an IANA name such as Europe/Berlin") from None


def instant_of(value: Any, zone: str | None = None) -> datetime:
    """The instant of an RFC 3339 text. Without an offset it is refused (DQ-5); `zone` lets the reason say why local
    time is not enough: it may not exist, or exist twice."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    text = text_of(value)
    match = _INSTANT.match(text)
    if match is None:
        raise Refusal(f"{shown(text)} is no instant; write it like 2026-03-01T23:30:00Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise Refusal(f"{shown(text)} is no instant: {problem}") from None
    if match["offset"] is None:
        raise Refusal(f"{text} has no offset{_hint(moment, zone)}; write it in UTC with a Z")
    return moment


def _hint(local: datetime, zone: str | None) -> str:
    if zone is None:
        return ""
    info = zone_of(zone)
    first, second = local.replace(tzinfo=info), local.replace(tzinfo=info, fold=1)
    if first.utcoffset() == second.utcoffset():
        return f" ({zone} is not assumed)"
    exists = first.astimezone(UTC).astimezone(info).replace(tzinfo=None) == local
    return f" and in {zone} it {'occurs twice' if exists else 'does not exist'}"


def instant_to_date(value: Any, zone: str) -> str:
    """The day of an instant in a time zone: `2026-03-01T23:30:00Z` in Europe/Berlin is `2026-03-02`."""
    try:
        return instant_of(value, zone).astimezone(zone_of(zone)).date().isoformat()
    except OverflowError:
        raise Refusal(f"{shown(value)} is out of range") from None


def parse_date(value: Any, formats: Sequence[str] = ("yyyy-mm-dd",)) -> str:
    """A day written in one of the source's formats, as `yyyy-mm-dd`: with `dd/mm/yyyy`, 03/04/2026 is 3 April.

    A text that no format fits is refused, and so is one that two formats read as different days (DQ-4).
    """
    text = text_of(value)
    days = {day.isoformat() for form in formats if (day := _day(text, form)) is not None}
    if len(days) != 1:
        reason = "is ambiguous" if days else "is no date"
        raise Refusal(f"{shown(text)} {reason} in the source's format ({' or '.join(formats)})")
    return days.pop()


def _day(text: str, form: str) -> date | None:
    pattern = re.sub(r"yyyy|mm|dd", lambda part: _PARTS[part[0]], re.escape(form).replace(r"\-", "-"))
    match = re.fullmatch(pattern, text, re.ASCII)
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"])) if match else None
    except ValueError:
        return None
