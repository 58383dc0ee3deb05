"""Faults of event delivery: duplicate, drop, late, corrupt, wrong signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EventFault:
    """kind: name in the control plane. words: what happens to the delivery. parameters: with their defaults.

    most: the largest value that each parameter takes.
    """

    kind: str
    words: str
    parameters: dict[str, int]
    most: int = 0

    def check(self, given: Mapping[str, Any]) -> None:
        """Raises ValueError naming the parameter that is unknown or unusable."""
        for name, value in given.items():
            if name not in self.parameters:
                raise ValueError(f"parameter {name!r} is not taken, allowed: {', '.join(self.parameters) or 'none'}")
            if type(value) is not int or not 0 <= value <= self.most:
                raise ValueError(f"parameter {name!r} is {value!r}, allowed: a whole number from 0 to {self.most:,}")


EVENT_FAULTS: dict[str, EventFault] = {
    f.kind: f
    for f in (
        EventFault("duplicate-event", "the event is delivered `copies` times at once", {"copies": 5}, 1000),
        EventFault("drop-event", "the event is never delivered", {}),
        EventFault("late-event", "the first attempt comes `seconds` later", {"seconds": 60}, 31 * 86_400),
        EventFault("corrupt-event", "one byte of the body is changed after signing", {}),
        EventFault("wrong-signature", "the event is signed with another secret", {}),
    )
}
