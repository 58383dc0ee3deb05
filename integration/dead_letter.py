"""Dead letters: kept whole, with all that a person needs to repair and reprocess them (domain section 8, OPS-1/2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import instant
from .failure import Cause
from .flow import Flow
from .inbox import Inbox, Task
from .mask import masked, masked_data, masked_errors
from .message import Malformed, Message, read
from .store import Store
from .transport import encode

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which dead letters: by message, by cause, by the time of their last failure; what is empty does not restrict."""

    message_id: str = ""
    flow: str = ""
    error_code: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person's decision to send dead letters again. corrected: data to put in place of the data received."""

    by: str
    why: str
    corrected: Mapping[str, Any] | None = None


class Unusable(Exception):
    """A corrected payload that is no event any more; `problems` lists why."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class DeadLetters:
    def __init__(self, store: Store, inbox: Inbox, runbooks: str) -> None:
        self._store = store
        self._inbox = inbox
        self._runbooks = runbooks
        self.changes = 0

    def add(self, task: Task, flow: Flow, message: Message, cause: Cause, mapping: str, now: datetime) -> None:
        """Give a message up. One that dies again keeps its record's place and gets its latest cause."""
        row = self._store.row(
            "SELECT m.body_hash, t.first_failure_at, t.received_at FROM message AS m JOIN task AS t"
            " ON t.source = m.source AND t.id = m.id WHERE t.entry = ?",
            task.entry,
        )
        if row is None:
            raise LookupError(f"no task {task.entry}")
        record: Record = {
            "messageId": message.id,
            "source": message.source,
            "type": message.type,
            "subject": message.subject,
            "flow": flow.id,
            "correlationId": message.correlation,
            "receivedAt": row["received_at"],
            "firstFailureAt": row["first_failure_at"] or instant.text(now),
            "lastFailureAt": instant.text(now),
            "attempts": task.attempts,
            "errorCode": cause.code,
            "errorDetail": masked(cause.detail),
            "errors": masked_errors(cause.errors),
            "httpStatus": cause.status,
            "targetSystem": cause.target or None,
            "payloadRef": f"inbox:{message.source}/{message.id}",
            "payloadHash": row["body_hash"],
            "schemaVersion": message.schema,
            "mappingVersion": mapping or None,
            "owner": flow.owner,
            "status": "dead",
            "runbookUrl": f"{self._runbooks}/{cause.code}",
        }
        self._store.write(
            "INSERT INTO dead_letter (source, id, flow, entry, status, error_code, last_failure_at, record)"
            " VALUES (?, ?, ?, ?, 'dead', ?, ?, ?) ON CONFLICT (source, id, flow) DO UPDATE SET status = 'dead',"
            " error_code = excluded.error_code, last_failure_at = excluded.last_failure_at, record = excluded.record",
            message.source, message.id, flow.id, task.entry, cause.code, instant.text(now),
            json.dumps(record, ensure_ascii=False, default=str),
        )  # fmt: skip
        self._conclude(task, "dead")
        self.changes += 1

    def done(self, task: Task, status: str) -> None:
        """A task has ended well; if it was a dead letter, that is settled now."""
        if self._store.write(
            "UPDATE dead_letter SET status = 'applied', record = json_set(record, '$.status', 'applied')"
            " WHERE source = ? AND id = ? AND flow = ?",
            task.source, task.id, task.flow,
        ):  # fmt: skip
            self._conclude(task, status)
            self.changes += 1

    def select(self, selection: Selection, *, status: str = "", limit: int = -1) -> list[Record]:
        """Records in the order of their last failure."""
        rows = self._store.rows(
            "SELECT record FROM dead_letter WHERE (? = '' OR id = ?) AND (? = '' OR flow = ?)"
            " AND (? = '' OR error_code = ?) AND last_failure_at >= ? AND last_failure_at < ?"
            " AND (? = '' OR status = ?) ORDER BY last_failure_at, entry LIMIT ?",
            selection.message_id, selection.message_id, selection.flow, selection.flow,
            selection.error_code, selection.error_code,
            instant.text(selection.since) if selection.since else "",
            instant.text(selection.until) if selection.until else "9", status, status, limit,
        )  # fmt: skip
        return [json.loads(row["record"]) for row in rows]

    def details(self, record: Record) -> Record:
        """A record with its history and its data, personal values masked; the unaltered bytes stay in the inbox."""
        entry = self._entry(record)
        attempts = self._store.rows("SELECT * FROM attempt WHERE entry = ? ORDER BY number", entry)
        message = self._store.row(
            "SELECT body, corrected FROM message WHERE source = ? AND id = ?", record["source"], record["messageId"]
        )
        if message is None:
            raise LookupError(f"no message {record['messageId']}")
        corrected = message["corrected"]
        return {
            **record,
            "attemptHistory": [
                {
                    "attempt": row["attempt"],
                    "startedAt": row["started_at"],
                    "finishedAt": row["finished_at"],
                    "outcome": row["outcome"],
                    "targetSystem": row["target"] or None,
                    "operation": row["operation"] or None,
                    "httpStatus": row["http_status"],
                    "errorCode": row["error_code"],
                    "errorDetail": row["error_detail"],
                }
                for row in attempts
            ],
            "payload": masked_data(json.loads(message["body"])["data"]),
            "correctedPayload": masked_data(json.loads(corrected)["data"]) if corrected is not None else None,
            "audit": self.audit(entry),
        }

    def send_again(self, record: Record, request: Request, now: datetime) -> None:
        """Work on a dead letter again, under its own message id and through the same checks.

        Raises Unusable when the corrected data makes no event; then nothing has changed.
        """
        entry = self._entry(record)
        note = {
            "who": request.by,
            "when": instant.text(now),
            "why": request.why,
            "before": record["status"],
            "after": "reprocessing",
            "payloadChanged": request.corrected is not None,
            "messageId": record["messageId"],
            "flow": record["flow"],
            "errorCode": record["errorCode"],
        }
        with self._store.transaction():
            if request.corrected is not None:
                self._store.write(
                    "UPDATE message SET corrected = ?, corrected_by = ? WHERE source = ? AND id = ?",
                    self.corrected_body(record, request.corrected), request.by, record["source"], record["messageId"],
                )  # fmt: skip
            self._store.write(
                "UPDATE dead_letter SET status = 'reprocessing', record = json_set(record, '$.status', 'reprocessing')"
                " WHERE entry = ?",
                entry,
            )
            self._inbox.revive(entry, now)
            self._store.insert(
                "INSERT INTO audit (at, entry, open, record) VALUES (?, ?, 1, ?)",
                note["when"], entry, json.dumps(note, ensure_ascii=False),
            )  # fmt: skip
        self.changes += 1

    def corrected_body(self, record: Record, corrected: Mapping[str, Any]) -> bytes:
        """The event to work on after a repair: the one received, with other data. Raises Unusable."""
        row = self._store.row(
            "SELECT system, body FROM message WHERE source = ? AND id = ?", record["source"], record["messageId"]
        )
        if row is None:
            raise LookupError(f"no message {record['messageId']}")
        body = encode({**json.loads(row["body"]), "data": dict(corrected)})
        try:
            read(row["system"], body)
        except Malformed as malformed:
            raise Unusable(malformed.problems) from None
        return body

    def audit(self, entry: int | None = None) -> list[Record]:
        """Who sent what again, when, why, and how it ended; of one task or of all."""
        rows = self._store.rows("SELECT record FROM audit WHERE ? IS NULL OR entry = ? ORDER BY number", entry, entry)
        return [json.loads(row["record"]) for row in rows]

    def _conclude(self, task: Task, status: str) -> None:
        """Complete the audit of a reprocessing with how it ended."""
        self._store.write(
            "UPDATE audit SET open = 0, record = json_set(record, '$.after', ?) WHERE entry = ? AND open",
            status, task.entry,
        )  # fmt: skip

    def _entry(self, record: Record) -> int:
        row = self._store.row(
            "SELECT entry FROM dead_letter WHERE source = ? AND id = ? AND flow = ?",
            record["source"], record["messageId"], record["flow"],
        )  # fmt: skip
        if row is None:
            raise LookupError(f"no dead letter {record['messageId']}")
        return int(row["entry"])
