"""What the harness may see of the integration, kept up to date at the cost of what changed since the last look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import instant
from .dead_letter import DeadLetters, Selection
from .inbox import FINISHED, Inbox
from .log import Log
from .metrics import Metrics
from .store import Store

Record = dict[str, Any]

_COLUMNS = (
    ("id", "id"), ("source", "source"), ("type", "type"), ("subject", "subject"), ("flow", "flow"),
    ("status", "status"), ("reason", "reason"), ("correlationId", "correlation"), ("attempts", "attempts"),
    ("eventTime", "event_time"), ("receivedAt", "received_at"), ("finishedAt", "finished_at"),
)  # fmt: skip


class Observation:
    """Messages, dead letters, counters, log and audit in the shapes of the admin surface."""

    def __init__(self, store: Store, inbox: Inbox, dead_letters: DeadLetters, log: Log, metrics: Metrics) -> None:
        self._store = store
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._log = log
        self._metrics = metrics
        self.reset()

    def reset(self) -> None:
        self._messages: dict[int, Record] = {}
        self._records: list[Record] = []
        self._last_record = 0
        self._letters: list[Record] = []
        self._audit: list[Record] = []
        self._letters_at = -1

    def look(self, now: datetime) -> Record:
        """One JSON-able object; its lists are live and only to be read."""
        for row in message_rows(self._store, self._inbox.take_changed()):
            self._messages[row["entry"]] = message_of(row)
        fresh, self._last_record = self._log.since(self._last_record)
        self._records += fresh
        if self._letters_at != self._dead_letters.changes:
            self._letters = self._dead_letters.select(Selection())
            self._audit = self._dead_letters.audit()
            self._letters_at = self._dead_letters.changes
        return {
            "service": "understudy-integration",
            "time": instant.short(now),
            "inFlight": sum(n for (_, status), n in self._inbox.counts.items() if status not in FINISHED),
            "messages": list(self._messages.values()),
            "deadLetters": self._letters,
            "counters": self._metrics.flow_counts(),
            "log": self._records,
            "audit": self._audit,
            "refusedDeliveries": self._log.refused_deliveries(),
        }


def message_rows(store: Store, entries: list[int]) -> list[Any]:
    """Task rows by entry, in the order of arrival."""
    if not entries:
        return []
    listed = ",".join(str(entry) for entry in entries)
    return store.rows(f"SELECT * FROM task WHERE entry IN ({listed}) ORDER BY entry")


def message_of(row: Any) -> Record:
    """A task as the admin surface shows it: contract, schema Message."""
    return {name: row[column] for name, column in _COLUMNS}
