"""Idempotency records (domain.md 2.1; HTTP Idempotency-Key draft 07)."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from understudy.simulate.message import Response
from understudy.simulate.problem import Problem

KEPT_FOR = timedelta(hours=24)
RecordKey = tuple[str, str, str, str]
"""client, method, path, key"""


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    body_hash: str
    response: Response
    until: datetime


def body_hash(body: bytes) -> str:
    """Hash of the canonical body: JSON with sorted keys, so that spelling alone makes no other body."""
    with suppress(ValueError, RecursionError):  # not JSON: the raw bytes are the canonical form
        body = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest()


def is_recorded(status: int, slug: str) -> bool:
    """2xx are recorded; of the 4xx only syntax and schema refusals are, 5xx never."""
    return status < 300 or slug in ("malformed-request", "validation-failed")


def replay(record: IdempotencyRecord | None, given_hash: str, now: datetime) -> Response | None:
    """The first answer again, or None when the request is new. Raises Problem 422 idempotency-key-reuse."""
    if record is None or record.until <= now:
        return None
    if record.body_hash != given_hash:
        raise Problem("idempotency-key-reuse", "this Idempotency-Key was used with another body")
    return Response(
        record.response.status, {**record.response.headers, "idempotency-replayed": "true"}, record.response.body
    )


def refuse_running(running_hash: str | None, given_hash: str) -> None:
    """running_hash: of the body of a request with this key that has not ended, None when there is none.

    Raises Problem 409 idempotency-in-progress, or 422 idempotency-key-reuse for another body.
    """
    if running_hash is None:
        return
    if running_hash != given_hash:
        raise Problem("idempotency-key-reuse", "this Idempotency-Key is in use with another body")
    raise Problem(
        "idempotency-in-progress", "the first request with this Idempotency-Key is still running", retry_after_seconds=1
    )
