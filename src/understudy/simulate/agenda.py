"""What will happen in a world and when. Entries are data, so that a world can be forked with its future."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """at: world time. order: rises with every entry, so that ties keep it. kind: job, delivery or request."""

    at: datetime
    order: int
    kind: str = field(compare=False)
    payload: Any = field(compare=False)


class Agenda:
    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._order = 0

    def add(self, at: datetime, kind: str, payload: Any) -> Due:
        self._order += 1
        due = Due(at, self._order, kind, payload)
        heapq.heappush(self._heap, due)
        return due

    def next_at(self) -> datetime | None:
        return self._heap[0].at if self._heap else None

    def pop(self) -> Due:
        return heapq.heappop(self._heap)

    def entries(self) -> list[Due]:
        return sorted(self._heap)

    def fork(self) -> Agenda:
        twin = Agenda()
        twin._heap = list(self._heap)
        twin._order = self._order
        return twin

    def __len__(self) -> int:
        return len(self._heap)
