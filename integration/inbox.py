"""The inbox: each accepted event once, and one task per flow that has to do something about it.

A task is `received` until a worker claims it (`in_flight`). It ends as `applied`, `skipped`, `duplicate` or `dead`, or
waits: `received` with a later due time, or `parked` until the object that it builds on exists.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import instant
from .flow import Flow
from .message import Message, bare_type, body_hash
from .store import Store

FINISHED = ("applied", "skipped", "duplicate", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One flow's work on one event, as claimed. attempts: this one included."""

    entry: int
    source: str
    id: str
    flow: str
    type: str
    name: str
    subject: str
    sequence: int | None
    correlation: str
    attempts: int
    parked: int
    event_time: str
    received_at: str
    since: str


# A task may be worked on when no other one of its flow and object is in flight and, where each event counts, none
# with a lower sequence is still open. Where only the newest state counts, older ones are superseded instead of
# waited for.
_FREE = """
  NOT EXISTS (SELECT 1 FROM task AS other
              WHERE other.flow = task.flow AND other.source = task.source AND other.subject = task.subject
                AND other.finished_at IS NULL AND other.entry <> task.entry
                AND (other.status = 'in_flight'
                     OR (other.sequence < task.sequence AND task.flow NOT IN (SELECT value FROM json_each(?)))))
"""


class Inbox:
    """Tables `message` and `task`. latest_only: flows for which only the newest state of an object counts.

    coalesce: how long flows that coalesce wait for more.

    counts: number of tasks per (flow, status), kept in step with the table. changed: entries touched since the last
    `take_changed`, so that whoever shows them reads only those again.
    """

    def __init__(self, store: Store, latest_only: Iterable[str], coalesce: timedelta) -> None:
        self._store = store
        self._coalesce = coalesce
        self._latest_only = "[" + ",".join(f'"{flow}"' for flow in sorted(latest_only)) + "]"
        self._tally = threading.Lock()
        self.counts: Counter[tuple[str, str]] = Counter()
        self._changed: set[int] = set()
        self.recount()

    def recount(self) -> None:
        """Read the counts from the table again, after a start or a load."""
        # The store's lock comes first, as it does wherever a count changes inside a transaction.
        with self._store.transaction(), self._tally:
            rows = self._store.rows("SELECT flow, status, count(*) AS n FROM task GROUP BY flow, status")
            self.counts = Counter({(row["flow"], row["status"]): row["n"] for row in rows})
            self._changed = {row["entry"] for row in self._store.rows("SELECT entry FROM task")}

    def take_changed(self) -> list[int]:
        with self._tally:
            changed, self._changed = sorted(self._changed), set()
        return changed

    def transaction(self) -> AbstractContextManager[None]:
        """Writes inside take effect together; for callers that note more than the message."""
        return self._store.transaction()

    def accept(self, message: Message, body: bytes, flows: Iterable[Flow], now: datetime) -> bool:
        """Store an event and its tasks, all or nothing. Returns False for a repeat, which is only noted."""
        stamp = instant.text(now)
        entries: list[tuple[str, str, int]] = []
        with self._store.transaction():
            first = self._store.write(
                "INSERT INTO message (source, id, system, body, body_hash, received_at) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                message.source, message.id, message.system, body, body_hash(body), stamp,
            )  # fmt: skip
            for flow in flows:
                status = "received" if first else "duplicate"
                entry = self._store.insert(
                    "INSERT INTO task (source, id, flow, type, subject, sequence, correlation, status, reason, due,"
                    " event_time, received_at, since, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    message.source, message.id, flow.id, message.type, message.subject,
                    int(message.sequence) if message.sequence.isdigit() else None, message.correlation, status,
                    None if first else "already_received", self._due(message, flow, now) if first else None,
                    message.time, stamp, stamp, None if first else stamp,
                )  # fmt: skip
                entries.append((flow.id, status, entry))
        for name, status, entry in entries:
            self._count(entry, name, None, status)
        return bool(first)

    def claim(self, now: datetime, flow: str | None = None) -> Task | None:
        """The next task that is due, marked as in flight; None when nothing can be done now."""
        with self._store.transaction():
            row = self._store.row(
                f"SELECT * FROM task WHERE due <= ? AND (? IS NULL OR flow = ?) AND {_FREE}"
                " ORDER BY due, entry LIMIT 1",
                instant.text(now), flow, flow, self._latest_only,
            )  # fmt: skip
            if row is None:
                return None
            self._store.write(
                "UPDATE task SET status = 'in_flight', attempts = attempts + 1, due = NULL, needs = NULL, holds = NULL"
                " WHERE entry = ?",
                row["entry"],
            )
        self._count(row["entry"], row["flow"], row["status"], "in_flight")
        return Task(
            entry=row["entry"], source=row["source"], id=row["id"], flow=row["flow"], type=row["type"],
            name=bare_type(row["type"]), subject=row["subject"], sequence=row["sequence"],
            correlation=row["correlation"],
            attempts=row["attempts"] + 1, parked=row["parked"], event_time=row["event_time"],
            received_at=row["received_at"], since=row["since"],
        )  # fmt: skip

    def next_due(self, flow: str | None = None) -> datetime | None:
        """When the next task can be worked on, None when nothing is left to do."""
        row = self._store.row(
            f"SELECT min(due) AS due FROM task WHERE due IS NOT NULL AND (? IS NULL OR flow = ?) AND {_FREE}",
            flow, flow, self._latest_only,
        )  # fmt: skip
        return instant.read(row["due"]) if row is not None and row["due"] is not None else None

    def superseded_by(self, task: Task) -> str | None:
        """The id of a newer open event about the same object in the same flow."""
        row = self._store.row(
            "SELECT id FROM task WHERE flow = ? AND source = ? AND subject = ? AND sequence > ? AND finished_at IS NULL"
            " ORDER BY sequence DESC LIMIT 1",
            task.flow, task.source, task.subject, task.sequence,
        )  # fmt: skip
        return str(row["id"]) if row is not None else None

    def finish(self, task: Task, status: str, reason: str, now: datetime) -> None:
        """The task has ended as applied, skipped or dead."""
        self._move(task, status, "reason = ?, finished_at = ?, due = NULL", reason or None, instant.text(now))

    def later(self, task: Task, *, due: datetime, not_before: datetime | None, holds: str, free: bool) -> None:
        """Try again at `due`. holds: `target:operation` that failed. free: no call was made, so no attempt was used."""
        self._move(
            task, "received", "due = ?, not_before = ?, holds = ?, attempts = attempts - ?",
            instant.text(due), instant.text(not_before) if not_before else None, holds, int(free),
        )  # fmt: skip

    def park(self, task: Task, *, due: datetime, needs: str, reason: str) -> None:
        """Wait for `needs`, and look again at `due`. Waiting uses up no attempt."""
        self._move(
            task, "parked", "due = ?, needs = ?, reason = ?, parked = parked + 1, attempts = attempts - 1",
            instant.text(due), needs, reason,
        )  # fmt: skip

    def wake_parked(self, needs: str, now: datetime) -> None:
        """What these tasks waited for exists now."""
        self._store.write("UPDATE task SET due = ? WHERE needs = ? AND due IS NOT NULL", instant.text(now), needs)

    def wake_held(self, holds: str, now: datetime) -> None:
        """The operation answers again: what waited it out goes on at once, though never before its Retry-After."""
        self._store.write(
            "UPDATE task SET due = max(?, coalesce(not_before, '')) WHERE holds = ? AND due IS NOT NULL AND due > ?",
            instant.text(now), holds, instant.text(now),
        )  # fmt: skip

    def failed(self, task: Task, now: datetime) -> None:
        """Note when the task failed first and last."""
        stamp = instant.text(now)
        self._store.write(
            "UPDATE task SET first_failure_at = coalesce(first_failure_at, ?), last_failure_at = ? WHERE entry = ?",
            stamp, stamp, task.entry,
        )  # fmt: skip

    def revive(self, entry: int, now: datetime) -> None:
        """A dead task is worked on again, with a full set of attempts and a new grace window."""
        stamp = instant.text(now)
        row = self._store.row("SELECT * FROM task WHERE entry = ?", entry)
        if row is None:
            raise LookupError(f"no task {entry}")
        self._store.write(
            "UPDATE task SET status = 'received', reason = NULL, attempts = 0, parked = 0, due = ?, since = ?,"
            " first_failure_at = NULL, finished_at = NULL WHERE entry = ?",
            stamp, stamp, entry,
        )  # fmt: skip
        self._count(entry, row["flow"], row["status"], "received")

    def vanish(self, task: Task | None) -> None:
        """Take one unfinished task away without a trace, or all of them; only defects do so."""
        entry = task.entry if task else None
        self._store.write("DELETE FROM task WHERE finished_at IS NULL AND (? IS NULL OR entry = ?)", entry, entry)
        self.recount()

    def recover(self, now: datetime) -> int:
        """After a start: what was in flight when the process ended is worked on again. Returns how many."""
        entries = self._store.rows("SELECT entry FROM task WHERE status = 'in_flight'")
        self._store.write("UPDATE task SET status = 'received', due = ? WHERE status = 'in_flight'", instant.text(now))
        self.recount()
        return len(entries)

    def body(self, source: str, id: str) -> tuple[str, bytes]:
        """The system and the bytes to work on: the corrected ones where a human has repaired the message."""
        row = self._store.row("SELECT system, body, corrected FROM message WHERE source = ? AND id = ?", source, id)
        if row is None:
            raise LookupError(f"no message {id} of {source}")
        return row["system"], row["corrected"] if row["corrected"] is not None else row["body"]

    def copies(self, source: str, id: str) -> int:
        """How often this event is stored, under its own id or, with a defect, under altered ones."""
        row = self._store.row(
            "SELECT count(*) AS n FROM message WHERE source = ? AND (id = ? OR id LIKE ?)", source, id, f"{id}~%"
        )
        return int(row["n"]) if row is not None else 0

    def prune(self, before: datetime) -> int:
        """Forget messages whose every task ended before an instant, except those that wait for a person."""
        with self._store.transaction():
            gone = self._store.write(
                "DELETE FROM message WHERE NOT EXISTS (SELECT 1 FROM task WHERE task.source = message.source"
                " AND task.id = message.id AND (coalesce(finished_at, '9') >= ? OR status = 'dead'))"
                " AND received_at < ?",
                instant.text(before), instant.text(before),
            )  # fmt: skip
            orphans = "NOT EXISTS (SELECT 1 FROM message AS m WHERE m.source = {0}.source AND m.id = {0}.id)"
            self._store.write(f"DELETE FROM dead_letter WHERE {orphans.format('dead_letter')}")
            self._store.write(f"DELETE FROM task WHERE {orphans.format('task')}")
            self._store.write("DELETE FROM attempt WHERE entry NOT IN (SELECT entry FROM task)")
            self._store.write("DELETE FROM log WHERE at < ?", instant.text(before))
            self._store.write(
                "DELETE FROM outbox WHERE status IN ('answered', 'refused') AND prepared_at < ?", instant.text(before)
            )
        self.recount()
        return gone

    def _due(self, message: Message, flow: Flow, now: datetime) -> str:
        """When to work on a new task first."""
        if not flow.coalesces or not self._coalesce:
            return instant.text(now)
        # The first change opens the window; later ones join it, or a busy item would never be passed on.
        row = self._store.row(
            "SELECT min(due) AS due FROM task WHERE flow = ? AND source = ? AND subject = ? AND finished_at IS NULL"
            " AND attempts = 0",
            flow.id, message.source, message.subject,
        )  # fmt: skip
        return str(row["due"]) if row is not None and row["due"] is not None else instant.text(now + self._coalesce)

    def _move(self, task: Task, status: str, sets: str, *values: object) -> None:
        self._store.write(f"UPDATE task SET status = ?, {sets} WHERE entry = ?", status, *values, task.entry)
        self._count(task.entry, task.flow, "in_flight", status)

    def _count(self, entry: int, flow: str, before: str | None, after: str | None) -> None:
        with self._tally:
            if before is not None:
                self.counts[flow, before] -= 1
            if after is not None:
                self.counts[flow, after] += 1
            self._changed.add(entry)
