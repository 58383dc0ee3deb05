"""Master data of the ERP. Code tables are reused for a short while; items are read whenever they are needed.

An item may be created, blocked or retaxed by the person who is about to reprocess the message that stumbled over it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from .targets.erp import Erp, any_of

Record = dict[str, Any]
_PER_CALL = 50


class Cache:
    """Code tables by collection, shared by all messages of one integration."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[datetime, list[Record]]] = {}

    def get(self, collection: str, now: datetime) -> list[Record] | None:
        with self._lock:
            end, rows = self._held.get(collection, (now, None))
            return rows if end > now else None

    def put(self, collection: str, rows: list[Record], end: datetime) -> None:
        with self._lock:
            self._held[collection] = (end, rows)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


class MasterData:
    """Reads on behalf of one message, through the shared cache."""

    def __init__(self, cache: Cache, erp: Erp, now: datetime, ttl_s: float) -> None:
        self._cache = cache
        self._erp = erp
        self._now = now
        self._ttl = timedelta(seconds=ttl_s)

    def items(self, numbers: Iterable[str]) -> dict[str, Record]:
        """Items by number, read in as few calls as a URL's length allows; unknown numbers are left out."""
        wanted = sorted({number for number in numbers if number})
        found: list[Record] = []
        for start in range(0, len(wanted), _PER_CALL):
            found += self._erp.rows("listItems", "items", any_of("number", wanted[start : start + _PER_CALL]))
        return {item["number"]: item for item in found}

    def table(self, operation: str, collection: str) -> list[Record]:
        """A whole code table, such as tax codes or locations."""
        rows = self._cache.get(collection, self._now)
        if rows is None:
            rows = self._erp.rows(operation, collection)
            self._cache.put(collection, rows, self._now + self._ttl)
        return rows

    def by_code(self, operation: str, collection: str) -> dict[str, Record]:
        return {row["code"]: row for row in self.table(operation, collection)}
