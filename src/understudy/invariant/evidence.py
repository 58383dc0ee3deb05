"""What invariants may look at: recorded state, the journal, and what an instrumented integration tells of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from understudy.simulate.journal import (
    DeliveryEntry,
    Entry,
    EventEntry,
    Exchange,
    JobEntry,
    Note,
    Transition,
)

if TYPE_CHECKING:
    from understudy.simulate.world import World

E = TypeVar("E", bound=Entry)


class Evidence:
    """One evaluation's view of a world.

    since: journal position of the last evaluation; `new_*` and `touched` see what came after it, the rest sees
    everything. integration: what the integration's adapter reports (messages, dead letters, counters, log), None when
    there is none. resources: read-only data of the workspace (flows, mapping tables, contracts) by name. memo: what
    the rules have computed for this evaluation, so that sixty of them do not read one journal sixty times. gap:
    set when a rule has asked for journal entries that are no longer held, so that it can prove nothing.
    """

    def __init__(
        self,
        world: World,
        *,
        since: int = 0,
        integration: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        quiet: bool = True,
    ) -> None:
        self._world = world
        self.since = since
        self.integration = integration
        self.resources = resources or {}
        self.quiet = quiet
        self.gap = False
        self._memo: dict[str, Any] = {}

    @property
    def memo(self) -> dict[str, Any]:
        self._look_back_to(0)  # what is in it may come from any part of the journal
        return self._memo

    @property
    def dropped(self) -> int:
        """How many of the oldest journal entries are no longer held (the journal is bounded)."""
        return self._world.journal.dropped

    def _look_back_to(self, since: int) -> None:
        self.gap = self.gap or since < self.dropped

    @property
    def now(self) -> datetime:
        return self._world.clock.now

    @property
    def started(self) -> datetime:
        return self._world.started

    @property
    def policy(self) -> Mapping[str, str]:
        return self._world.policy

    # -- state ----------------------------------------------------------------------------------------------------

    def rows(self, system: str, table: str) -> list[dict[str, Any]]:
        """Every committed record, in the order of creation."""
        return list(self._world.tables[system][table].all())

    def get(self, system: str, table: str, key: Any) -> dict[str, Any] | None:
        return self._world.tables[system][table].get(key)

    def find(self, system: str, table: str, field: str | tuple[str, ...], value: Any) -> list[dict[str, Any]]:
        """The records whose declared index `field` has the value."""
        return self._world.tables[system][table].find(field, value)

    def touched(self, system: str, table: str) -> list[dict[str, Any]]:
        """The records changed since the last evaluation, without deleted ones; all records in a final evaluation."""
        if self.since == 0:
            return self.rows(system, table)
        self._look_back_to(self.since)
        keys = self._touched.get((system, table), ())
        found = (self.get(system, table, key) for key in keys)
        return [record for record in found if record is not None]

    @cached_property
    def _touched(self) -> Mapping[tuple[str, str], Sequence[Any]]:
        keys: dict[tuple[str, str], dict[Any, None]] = {}
        for entry in self._world.entries(self.since):
            if isinstance(entry, Exchange | JobEntry):
                for table, key in entry.changes:
                    keys.setdefault((entry.system, table), {})[key] = None
        return {place: tuple(found) for place, found in keys.items()}

    # -- journal --------------------------------------------------------------------------------------------------

    def entries(self, kind: type[E], *, new: bool = False) -> Iterator[E]:
        """Journal entries of a kind, in order; new: only those since the last evaluation."""
        since = self.since if new else 0
        self._look_back_to(since)
        for entry in self._world.entries(since):
            if isinstance(entry, kind):
                yield entry

    def exchanges(self, system: str = "", operation: str = "", *, new: bool = False) -> Iterator[Exchange]:
        for entry in self.entries(Exchange, new=new):
            if (not system or entry.system == system) and (not operation or entry.operation_id == operation):
                yield entry

    def events(self, name: str = "", *, new: bool = False) -> Iterator[EventEntry]:
        for entry in self.entries(EventEntry, new=new):
            if not name or entry.name == name:
                yield entry

    def deliveries(self, *, new: bool = False) -> Iterator[DeliveryEntry]:
        return self.entries(DeliveryEntry, new=new)

    def transitions(self, system: str = "", table: str = "", *, new: bool = False) -> Iterator[Transition]:
        for entry in self.entries(Transition, new=new):
            if (not system or entry.system == system) and (not table or entry.table == table):
                yield entry

    def notes(self, action: str) -> Iterator[Note]:
        return (entry for entry in self.entries(Note) if entry.action == action)
