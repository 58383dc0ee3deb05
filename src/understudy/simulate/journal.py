"""The ordered record of a world: exchanges, events, deliveries, transitions, jobs, faults and clock moves.

Entries hold no wall time; `to_json` masks credentials. The journal is bounded: older entries go to a spill, in order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from understudy.simulate.clock import render_instant
from understudy.simulate.message import Request, Response

MASK = "***"
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-store-access-token", "x-admin-key"}
)
SECRET_FIELDS = frozenset({"client_secret", "access_token", "refresh_token", "password", "secret", "api_key"})
KEPT_IN_MEMORY = 50_000
KEPT_BYTES = 256 * 1024 * 1024
"""Of request and response bodies: a few clients that list everything would fill memory long before the entries do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """seq: position in the journal, from 1. at: world time."""

    kind: ClassVar[str] = ""
    seq: int
    at: datetime

    @property
    def size(self) -> int:
        """Bytes of bodies that it keeps alive."""
        return 0

    def to_json(self) -> dict[str, Any]:
        return {"seq": self.seq, "at": render_instant(self.at), "kind": self.kind, **self._fields()}

    def _fields(self) -> dict[str, Any]:
        raise TypeError(f"{type(self).__name__} does not say what it holds")


@dataclass(frozen=True, slots=True)
class Exchange(Entry):
    """One request and what its sender saw.

    response: None when the connection was closed without an answer. committed: whether the work took effect.
    replayed: answered from an idempotency record. findings: how the simulator broke its own contract (bugs of ours).
    changes: (table, key) of every record changed. operation_id: empty when no operation matched.
    """

    kind: ClassVar[str] = "exchange"
    system: str
    operation_id: str
    client: str
    request: Request
    response: Response | None
    committed: bool
    correlation_id: str
    causation_id: str | None
    fault: str = ""
    replayed: bool = False
    findings: tuple[str, ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def size(self) -> int:
        return len(self.request.body) + (len(self.response.body) if self.response is not None else 0)

    @property
    def status(self) -> int | None:
        return None if self.response is None else self.response.status

    @property
    def request_body(self) -> Any:
        """Parsed JSON or form; text when it is neither; None without a body."""
        return _parsed(self.request.headers.get("content-type", ""), self.request.body)

    @property
    def response_body(self) -> Any:
        if self.response is None:
            return None
        return _parsed(self.response.headers.get("content-type", ""), self.response.body)

    def _fields(self) -> dict[str, Any]:
        response = self.response
        return {
            "system": self.system,
            "operationId": self.operation_id,
            "client": self.client,
            "correlationId": self.correlation_id,
            "causationId": self.causation_id,
            "request": {
                "method": self.request.method,
                "path": self.request.path,
                "query": self.request.query,
                "headers": mask_headers(self.request.headers),
                "body": mask_body(self.request_body),
            },
            "response": None
            if response is None
            else {
                "status": response.status,
                "headers": mask_headers(response.headers),
                "body": mask_body(self.response_body),
            },
            "committed": self.committed,
            "replayed": self.replayed,
            "fault": self.fault,
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True)
class EventEntry(Entry):
    """An event that a system stated. cause: seq of the exchange or job that caused it."""

    kind: ClassVar[str] = "event"
    system: str
    name: str
    event_id: str
    subject: str
    cloud_event: Mapping[str, Any]
    cause: int
    findings: tuple[str, ...] = ()

    def _fields(self) -> dict[str, Any]:
        return {
            "system": self.system,
            "name": self.name,
            "event": dict(self.cloud_event),
            "cause": self.cause,
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True)
class DeliveryEntry(Entry):
    """One attempt to hand an event to a subscriber.

    answer: HTTP status, None when there was none. body_hash: SHA-256 of the bytes sent. mutation: how a fault altered
    the attempt (empty when it is as signed by the sender).
    """

    kind: ClassVar[str] = "delivery"
    system: str
    delivery_id: str
    event_id: str
    source: str
    name: str
    subject: str
    sink: str
    attempt: int
    answer: int | None
    error: str
    outcome: str
    body_hash: str
    correlation_id: str
    mutation: str = ""
    copy: int = 0

    def _fields(self) -> dict[str, Any]:
        return {
            "system": self.system,
            "deliveryId": self.delivery_id,
            "eventId": self.event_id,
            "source": self.source,
            "name": self.name,
            "subject": self.subject,
            "sink": self.sink,
            "attempt": self.attempt,
            "answer": self.answer,
            "error": self.error,
            "outcome": self.outcome,
            "bodyHash": self.body_hash,
            "correlationId": self.correlation_id,
            "mutation": self.mutation,
            "copy": self.copy,
        }


@dataclass(frozen=True, slots=True)
class Transition(Entry):
    """A tracked field of a record changed. before is None for a new record, after None for a deleted one."""

    kind: ClassVar[str] = "transition"
    system: str
    table: str
    key: Any
    field: str
    before: Any
    after: Any
    cause: int

    def _fields(self) -> dict[str, Any]:
        return {
            "system": self.system,
            "table": self.table,
            "key": self.key,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "cause": self.cause,
        }


@dataclass(frozen=True, slots=True)
class JobEntry(Entry):
    """A simulator's own scheduled work ran. refusal: why it did nothing, empty when it committed. findings: bugs."""

    kind: ClassVar[str] = "job"
    system: str
    job: str
    payload: Mapping[str, Any]
    correlation_id: str
    refusal: str = ""
    findings: tuple[str, ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()

    def _fields(self) -> dict[str, Any]:
        return {
            "system": self.system,
            "job": self.job,
            "payload": dict(self.payload),
            "correlationId": self.correlation_id,
            "refusal": self.refusal,
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True)
class Note(Entry):
    """Something that was done to the world from outside: a fault injected, the clock advanced, a snapshot restored."""

    kind: ClassVar[str] = "note"
    action: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def _fields(self) -> dict[str, Any]:
        return {"action": self.action, "details": dict(self.details)}


class Journal:
    """Append-only. spill: takes the oldest entries as JSON once more than `keep`, or more bytes of bodies than
    `keep_bytes`, are held; without it they are dropped.

    `count` is the number of entries ever appended; `dropped` those no longer held in memory.
    """

    def __init__(
        self,
        keep: int = KEPT_IN_MEMORY,
        spill: Callable[[dict[str, Any]], None] | None = None,
        *,
        keep_bytes: int = KEPT_BYTES,
    ) -> None:
        self._entries: list[Entry] = []
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._bytes = 0
        self._spill = spill
        self.count = 0
        self.dropped = 0

    def append(self, make: Callable[[int], Entry]) -> int:
        """Append the entry that `make` builds for its sequence number; returns that number."""
        self.count += 1
        entry = make(self.count)
        self._entries.append(entry)
        self._bytes += entry.size
        # A quarter more is held for a while, so that shedding costs little per entry.
        if len(self._entries) > self._keep + self._keep // 4 or self._bytes > self._keep_bytes + self._keep_bytes // 4:
            self._shed()
        return self.count

    def _shed(self) -> None:
        excess = 0
        while excess < len(self._entries) - 1 and (
            len(self._entries) - excess > self._keep or self._bytes > self._keep_bytes
        ):
            self._bytes -= self._entries[excess].size
            excess += 1
        if self._spill is not None:
            for entry in self._entries[:excess]:
                self._spill(entry.to_json())
        del self._entries[:excess]
        self.dropped += excess

    def entries(self, since: int = 0) -> Iterator[Entry]:
        """The entries held, those with seq > since."""
        start = max(0, since - self.dropped)
        return iter(self._entries[start:])

    def fork(self) -> Journal:
        twin = Journal(self._keep, keep_bytes=self._keep_bytes)
        twin._entries, twin._bytes = list(self._entries), self._bytes
        twin.count, twin.dropped = self.count, self.dropped
        return twin


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, sorted, with credentials masked: `Bearer ***`."""
    shown = {}
    for name in sorted(headers):
        value = headers[name]
        if name in SECRET_HEADERS:
            scheme, _, rest = value.partition(" ")
            value = f"{scheme} {MASK}" if rest else MASK
        shown[name] = value
    return shown


def mask_body(value: Any) -> Any:
    """The value with every secret member masked, at any depth."""
    if isinstance(value, dict):
        return {k: MASK if k in SECRET_FIELDS and v is not None else mask_body(v) for k, v in value.items()}
    if isinstance(value, list):
        return [mask_body(item) for item in value]
    return value


def _parsed(content_type: str, body: bytes) -> Any:
    if not body:
        return None
    if "json" in content_type:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            return body[:2000].decode("utf-8", "replace")
    text = body.decode("utf-8", "replace")
    if "x-www-form-urlencoded" in content_type:
        from urllib.parse import parse_qsl

        return dict(parse_qsl(text, keep_blank_values=True))
    return text
