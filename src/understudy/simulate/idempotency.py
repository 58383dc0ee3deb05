"""Idempotency records of one world (domain.md 2.1; HTTP Idempotency-Key draft 07)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from understudy.simulate.message import Response
from understudy.simulate.problem import Problem

KEPT_FOR = timedelta(hours=24)
TIDY_AT = 1000
"""How many records there may be before those that ended are forgotten."""
RecordKey = tuple[str, str, str, str]
"""client, method, path, key"""


@dataclass(frozen=True, slots=True)
class Record:
    body_hash: str
    response: Response
    until: datetime


class Idempotency:
    """What was answered under which key, and what is being worked on under which."""

    def __init__(self) -> None:
        self._records: dict[RecordKey, Record] = {}
        self._running: dict[RecordKey, str] = {}
        self._tidy_at = TIDY_AT

    def __len__(self) -> int:
        return len(self._records)

    def fork(self, running: Iterable[RecordKey]) -> Idempotency:
        """A copy. running: the keys of requests that the copy will carry out; those of others it does not know."""
        twin = Idempotency()
        twin._records, twin._tidy_at = dict(self._records), self._tidy_at
        twin._running = {key: self._running[key] for key in running if key in self._running}
        return twin

    def claim(self, key: RecordKey, body_hash: str) -> bool:
        """Say that a request with this key is running; False when another one is."""
        if key in self._running:
            return False
        self._running[key] = body_hash
        return True

    def release(self, key: RecordKey) -> None:
        self._running.pop(key, None)

    def answer(self, key: RecordKey, body_hash: str, now: datetime, correlation_id: str) -> Response | None:
        """The first answer again, or None when the request is new.

        Raises Problem 422 idempotency-key-reuse for another body, 409 idempotency-in-progress while the first runs.
        """
        record = self._records.get(key)
        if record is not None and record.until > now:
            if record.body_hash != body_hash:
                raise Problem("idempotency-key-reuse", "this Idempotency-Key was used with another body")
            first = record.response
            headers = {**first.headers, "x-correlation-id": correlation_id, "idempotency-replayed": "true"}
            return Response(first.status, headers, first.body)
        running = self._running.get(key)
        if running is None:
            return None
        if running != body_hash:
            raise Problem("idempotency-key-reuse", "this Idempotency-Key is in use with another body")
        raise Problem(
            "idempotency-in-progress",
            "the first request with this Idempotency-Key is still running",
            retry_after_seconds=1,
        )

    def keep(self, key: RecordKey, body_hash: str, response: Response, now: datetime) -> None:
        self._records[key] = Record(body_hash, response, now + KEPT_FOR)
        if len(self._records) > self._tidy_at:
            self._records = {k: record for k, record in self._records.items() if record.until > now}
            self._tidy_at = max(TIDY_AT, 2 * len(self._records))


def body_hash(body: bytes) -> str:
    """Hash of the canonical body: JSON with sorted keys, so that spelling alone makes no other body."""
    with suppress(ValueError, RecursionError):  # not JSON: the raw bytes are the canonical form
        body = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest()


def is_recorded(status: int, slug: str) -> bool:
    """2xx are recorded; of the 4xx only syntax and schema refusals are, 5xx never."""
    return status < 300 or slug in ("malformed-request", "validation-failed")
