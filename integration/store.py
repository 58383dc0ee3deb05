"""What must survive a crash, in one SQLite database.

In a file it is durable: write-ahead log, every commit forced to disk, and locked by this process, so that two
integrations never work off one inbox. In memory (`:memory:`, under the harness) it opens from a template, well under
a millisecond. No transaction is ever held open while a target is called.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

SCHEMA_VERSION = 1

SCHEMA = """
-- Every accepted event, its bytes unaltered. (source, id) is the event's identity and stays equal on redelivery.
CREATE TABLE message (
  source TEXT NOT NULL, id TEXT NOT NULL, system TEXT NOT NULL, body BLOB NOT NULL, body_hash TEXT NOT NULL,
  received_at TEXT NOT NULL, corrected BLOB, corrected_by TEXT, PRIMARY KEY (source, id));
-- What each flow has to do about an event. due: when to work on it next, NULL while in flight and once it has ended.
-- since: start of its grace window. needs: what a parked task waits for. holds: the failed operation it waits out.
CREATE TABLE task (
  entry INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, flow TEXT NOT NULL, type TEXT NOT NULL,
  subject TEXT NOT NULL, sequence INTEGER, correlation TEXT NOT NULL, status TEXT NOT NULL, reason TEXT,
  attempts INTEGER NOT NULL DEFAULT 0, parked INTEGER NOT NULL DEFAULT 0, due TEXT, not_before TEXT, needs TEXT,
  holds TEXT, event_time TEXT NOT NULL, received_at TEXT NOT NULL, since TEXT NOT NULL,
  first_failure_at TEXT, last_failure_at TEXT, finished_at TEXT);
CREATE UNIQUE INDEX task_once ON task (source, id, flow) WHERE status <> 'duplicate';
CREATE INDEX task_due ON task (due, entry) WHERE due IS NOT NULL;
CREATE INDEX task_open ON task (flow, source, subject, sequence) WHERE finished_at IS NULL;
CREATE INDEX task_needs ON task (needs) WHERE needs IS NOT NULL;
CREATE INDEX task_holds ON task (holds) WHERE holds IS NOT NULL;
CREATE TABLE attempt (
  number INTEGER PRIMARY KEY, entry INTEGER NOT NULL, attempt INTEGER NOT NULL, started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL, outcome TEXT NOT NULL, target TEXT NOT NULL, operation TEXT NOT NULL, http_status INTEGER,
  error_code TEXT, error_detail TEXT);
CREATE INDEX attempt_of ON attempt (entry);
-- Writes to targets, noted before they are sent. Key and body stay what they were, whatever is retried.
CREATE TABLE outbox (
  name TEXT PRIMARY KEY, target TEXT NOT NULL, operation TEXT NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL,
  status TEXT NOT NULL, answer TEXT, prepared_at TEXT NOT NULL, answered_at TEXT) WITHOUT ROWID;
-- Equal keys across systems, and what later flows need to know of an object without asking again.
CREATE TABLE crosswalk (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key))
  WITHOUT ROWID;
-- The newest state applied, per flow and object: an event sequence or a change time.
CREATE TABLE gate (flow TEXT NOT NULL, object TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (flow, object))
  WITHOUT ROWID;
-- Quiet times that targets asked for (Retry-After); operation '*' means the whole target.
CREATE TABLE quiet (target TEXT NOT NULL, operation TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (target, operation))
  WITHOUT ROWID;
CREATE TABLE dead_letter (
  source TEXT NOT NULL, id TEXT NOT NULL, flow TEXT NOT NULL, entry INTEGER NOT NULL, status TEXT NOT NULL,
  error_code TEXT NOT NULL, last_failure_at TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (source, id, flow))
  WITHOUT ROWID;
CREATE TABLE audit (number INTEGER PRIMARY KEY, at TEXT NOT NULL, entry INTEGER NOT NULL, open INTEGER NOT NULL,
  record TEXT NOT NULL);
CREATE INDEX audit_open ON audit (entry) WHERE open;
-- Deliveries refused as untrusted: apart from the hops, as nothing in them is known to be true.
CREATE TABLE security_log (number INTEGER PRIMARY KEY, at TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE log (number INTEGER PRIMARY KEY, at TEXT NOT NULL, record TEXT NOT NULL);
"""


class StoreError(Exception):
    """The database cannot be used; the text says why and what to try."""


class Store:
    """One connection, used under a lock. `database` is a path or `:memory:`. Raises StoreError."""

    def __init__(self, database: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = _open(database)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def write(self, sql: str, *values: Any) -> int:
        """One statement in the transaction under way, or in one of its own. Returns the number of rows changed."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Any) -> int:
        """One INSERT. Returns the new row's number."""
        with self._lock:
            return self._connection.execute(sql, values).lastrowid or 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside take effect together or not at all; nested use joins the outer one."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def dump(self) -> bytes:
        """The whole database as bytes, for a snapshot or a fork."""
        with self._lock:
            return self._connection.serialize()

    def load(self, data: bytes) -> None:
        """Put a dump in place of everything; what was here before is gone."""
        with self._lock:
            fresh = _connect(":memory:")
            fresh.deserialize(data)
            if self._connection.execute("PRAGMA database_list").fetchone()[2]:
                fresh.backup(self._connection)
                fresh.close()
            else:
                self._connection.close()
                self._connection = fresh

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _connect(database: str) -> sqlite3.Connection:
    # A predecessor that is just ending gets two seconds to let go of the file.
    connection = sqlite3.connect(
        database, timeout=2.0, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.row_factory = sqlite3.Row
    return connection


@cache
def _template() -> bytes:
    """An empty database; copying these bytes is ten times faster than running the schema."""
    connection = _connect(":memory:")
    connection.executescript(SCHEMA)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    data = connection.serialize()
    connection.close()
    return data


def _open(database: str) -> sqlite3.Connection:
    if database == ":memory:":
        connection = _connect(database)
        connection.deserialize(_template())
        return connection
    try:
        connection = _connect(database)
        # Locked by this process until it ends: a second one is refused here instead of doubling every message.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN EXCLUSIVE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        connection.execute("COMMIT")
        if empty:
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
            version = SCHEMA_VERSION
    except sqlite3.Error as error:
        hint = "another integration is using it" if "locked" in str(error) else "check path, rights and free space"
        raise StoreError(f"the database {database!r} cannot be opened: {error}; {hint}") from None
    if version != SCHEMA_VERSION:
        connection.close()
        raise StoreError(
            f"the database {database!r} has layout {version}, this release writes {SCHEMA_VERSION}; take an empty file"
        )
    return connection
