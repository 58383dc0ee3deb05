"""Reading, storing and showing records. A record is a plain dict that nobody changes in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem

from ..common.dates import instant_text

Record = dict[str, Any]


def fetch(ctx: Context, table: str, key: str) -> Record:
    """The record under its id. Raises Problem 404 not-found, also for an id of another company (no existence leak)."""
    record = ctx.table(table).get(key)
    if record is None:
        raise Problem("not-found", f"there is no {key!r} in {table}")
    return record


def find_one(ctx: Context, table: str, field: str, value: Any) -> Record | None:
    """The record whose unique field has this value."""
    found = ctx.table(table).find(field, value)
    return found[0] if found else None


def save(ctx: Context, table: str, record: Mapping[str, Any]) -> Record:
    """Store with the time of change; returns the record as stored, with its new `@etag`."""
    return ctx.table(table).put({**record, "lastModifiedDateTime": instant_text(ctx.now)})
