"""Master data of the ERP, read when asked for and reused for a short while.

Only what was found is remembered: an item that did not exist a moment ago may have been created by the person who is
about to reprocess the message that lacked it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from .targets.erp import Erp, any_of

Record = dict[str, Any]


class Cache:
    """Records by (collection, key), shared by all messages of one integration."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], tuple[datetime, Any]] = {}

    def get(self, collection: str, key: str, now: datetime) -> Any:
        with self._lock:
            end, value = self._held.get((collection, key), (now, None))
            return value if end > now else None

    def put(self, collection: str, key: str, value: Any, end: datetime) -> None:
        with self._lock:
            self._held[collection, key] = (end, value)

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
        """Items by number, all missing ones read in one call; unknown numbers are left out."""
        wanted = sorted({number for number in numbers if number})
        found = {number: self._cache.get("items", number, self._now) for number in wanted}
        missing = [number for number, item in found.items() if item is None]
        if missing:
            for item in self._erp.rows("listItems", "items", any_of("number", missing)):
                self._keep("items", item["number"], item)
                found[item["number"]] = item
        return {number: item for number, item in found.items() if item is not None}

    def table(self, operation: str, collection: str) -> list[Record]:
        """A whole code table, such as tax codes or locations."""
        rows: list[Record] | None = self._cache.get(collection, "*", self._now)
        if rows is None:
            rows = self._erp.rows(operation, collection)
            self._keep(collection, "*", rows)
        return rows

    def by_code(self, operation: str, collection: str) -> dict[str, Record]:
        return {row["code"]: row for row in self.table(operation, collection)}

    def _keep(self, collection: str, key: str, value: Any) -> None:
        self._cache.put(collection, key, value, self._now + self._ttl)
