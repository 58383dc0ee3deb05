"""Equal keys across systems, the newest state applied per object, and the quiet times that targets asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import instant
from .store import Store

WHOLE_TARGET = "*"


class Crosswalk:
    """`kind` names the pair, such as `store.order>erp.order`; the value is what later flows need of the other side."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, kind: str, key: str) -> dict[str, Any] | None:
        row = self._store.row("SELECT value FROM crosswalk WHERE kind = ? AND key = ?", kind, key)
        value: dict[str, Any] | None = json.loads(row["value"]) if row is not None else None
        return value

    def put(self, kind: str, key: str, value: Mapping[str, Any]) -> None:
        self._store.write(
            "INSERT INTO crosswalk (kind, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            kind, key, json.dumps(value, ensure_ascii=False),
        )  # fmt: skip


class Gates:
    """An older state never overwrites a newer one (CON-3). Marks are compared as text: instants or padded numbers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def passed(self, flow: str, thing: str) -> str:
        """The newest mark applied for this object, empty when there is none."""
        row = self._store.row("SELECT mark FROM gate WHERE flow = ? AND object = ?", flow, thing)
        return str(row["mark"]) if row is not None else ""

    def passing(self, flow: str, thing: str, mark: str) -> None:
        self._store.write(
            "INSERT INTO gate (flow, object, mark) VALUES (?, ?, ?)"
            " ON CONFLICT (flow, object) DO UPDATE SET mark = max(mark, excluded.mark)",
            flow, thing, mark,
        )  # fmt: skip


class QuietTimes:
    """`Retry-After`, kept per target operation, or for the whole target where it limits the client (429)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._until: dict[tuple[str, str], datetime] = {}
        self.reload()

    def reload(self) -> None:
        rows = self._store.rows("SELECT target, operation, until FROM quiet")
        self._until = {(row["target"], row["operation"]): instant.read(row["until"]) for row in rows}

    def ask(self, target: str, operation: str, until: datetime) -> None:
        if until <= self._until.get((target, operation), until.min.replace(tzinfo=until.tzinfo)):
            return
        self._until[target, operation] = until
        self._store.write(
            "INSERT INTO quiet (target, operation, until) VALUES (?, ?, ?)"
            " ON CONFLICT (target, operation) DO UPDATE SET until = excluded.until",
            target, operation, instant.text(until),
        )  # fmt: skip

    def until(self, target: str, operation: str, now: datetime) -> datetime | None:
        """The end of the quiet time that covers a call now, None when the call may be made."""
        if not self._until:
            return None
        ends = [
            end
            for name in (operation, WHOLE_TARGET)
            if (end := self._until.get((target, name))) is not None and end > now
        ]
        return max(ends, default=None)
