"""The outbox: every write to a target is noted before it is sent, and its answer before anything builds on it.

A write has a name made of business ids (`store:order:5512340001:create`). Whatever is retried, redelivered or
restarted, the same name means the same key and body, and a write that was answered once is never sent again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from . import instant
from .store import Store

# prepared: sent or about to be, no answer yet. unknown: the answer was lost. held: surely not done, ask again later.
Status = Literal["prepared", "unknown", "held", "answered", "refused"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A noted write. revision: how often a refused body was replaced by a corrected one."""

    name: str
    revision: int
    body: bytes
    status: Status
    answer: Any

    @property
    def key(self) -> str:
        """The Idempotency-Key: the name, with its revision after a correction (the target may know the old body)."""
        return self.name if not self.revision else f"{self.name}:r{self.revision}"


class Outbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, name: str) -> Entry | None:
        row = self._store.row("SELECT * FROM outbox WHERE name = ?", name)
        if row is None:
            return None
        answer = json.loads(row["answer"]) if row["answer"] is not None else None
        return Entry(name, row["revision"], row["body"], row["status"], answer)

    def prepare(self, name: str, target: str, operation: str, body: bytes, now: datetime) -> Entry:
        """Note that this write is about to be sent. Returns it with the key and the body to send."""
        known = self.find(name)
        revision = known.revision if known else 0
        if known is not None and known.body != body:
            if known.status == "refused":
                revision += 1
            else:
                # The first body may have arrived: a second one under the same key would be refused, and rightly so.
                body = known.body
        self._store.write(
            "INSERT INTO outbox (name, target, operation, revision, body, status, prepared_at)"
            " VALUES (?, ?, ?, ?, ?, 'prepared', ?) ON CONFLICT (name) DO UPDATE SET"
            " revision = excluded.revision, body = excluded.body, status = 'prepared', answer = NULL",
            name, target, operation, revision, body, instant.text(now),
        )  # fmt: skip
        return Entry(name, revision, body, "prepared", None)

    def answered(self, name: str, answer: Any, now: datetime) -> None:
        """Note the answer; from now on the write is done."""
        self._store.write(
            "UPDATE outbox SET status = 'answered', answer = ?, answered_at = ? WHERE name = ?",
            json.dumps(answer, ensure_ascii=False, default=str), instant.text(now), name,
        )  # fmt: skip

    def unanswered(self, name: str, status: Literal["unknown", "held", "refused"]) -> None:
        self._store.write("UPDATE outbox SET status = ? WHERE name = ?", status, name)
