"""The faults that are injected into one world, and which of them hits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from understudy.simulate.fault.model import Fault

if TYPE_CHECKING:
    from understudy.simulate.world import World


class Faults:
    """Kept in the order of injection; the first that matches hits. Falsy while there are none."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._faults)

    def fork(self) -> Faults:
        twin = Faults()
        twin._faults, twin._count = dict(self._faults), self._count
        return twin

    def inject(self, world: World, fault: Fault) -> Fault:
        """Put a fault in force under a new id, and note it in the journal."""
        self._count += 1
        fault = replace(fault, id=f"f-{self._count:03d}")
        self._faults[fault.id] = fault
        world.note(
            "fault injected",
            {
                "id": fault.id,
                "kind": fault.kind,
                "system": fault.system,
                "operationId": fault.operation_id,
                "eventType": fault.event_type,
                "count": fault.remaining,
                "parameters": dict(fault.parameters or {}),
            },
        )
        return fault

    def clear(self, world: World) -> int:
        """Take all faults back; returns how many."""
        count = len(self._faults)
        self._faults.clear()
        world.note("faults cleared", {"count": count})
        return count

    def matching(self, system: str, operation_id: str, client: str) -> Fault | None:
        """The request fault that the next such request meets, without spending it."""
        for fault in self._faults.values():
            if (
                fault.effect is not None
                and fault.system == system
                and fault.operation_id in ("", operation_id)
                and fault.client in ("", client)
            ):
                return fault
        return None

    def take(self, world: World, system: str, operation_id: str, client: str) -> Fault | None:
        """The fault that hits this request, spent by one; None when it passes unharmed."""
        fault = self.matching(system, operation_id, client)
        if fault is None or self._passes(world, fault):
            return None
        self._spend(fault)
        return fault

    def take_for_event(self, world: World, system: str, name: str) -> Fault | None:
        """The fault that hits the delivery of this event."""
        for fault in self._faults.values():
            if fault.effect is None and fault.system == system and fault.event_type in ("", name):
                if self._passes(world, fault):
                    return None
                self._spend(fault)
                return fault
        return None

    def _passes(self, world: World, fault: Fault) -> bool:
        if fault.skip > 0:
            self._faults[fault.id] = fault.skipped()
            return True
        drawn = world.chance.uniform("fault", fault.id, world.journal.count) if fault.probability < 1 else 0.0
        return drawn >= fault.probability

    def _spend(self, fault: Fault) -> None:
        used = fault.used()
        if used.remaining == 0:
            del self._faults[fault.id]
        else:
            self._faults[fault.id] = used
