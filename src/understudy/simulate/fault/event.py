"""Faults of event delivery: duplicate, drop, late, corrupt, wrong signature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventFault:
    """kind: name in the control plane. words: what happens to the delivery. parameters: with their defaults."""

    kind: str
    words: str
    parameters: dict[str, int]


EVENT_FAULTS: dict[str, EventFault] = {
    f.kind: f
    for f in (
        EventFault("duplicate-event", "the event is delivered `copies` times at once", {"copies": 5}),
        EventFault("drop-event", "the event is never delivered", {}),
        EventFault("late-event", "the first attempt comes `seconds` later", {"seconds": 60}),
        EventFault("corrupt-event", "one byte of the body is changed after signing", {}),
        EventFault("wrong-signature", "the event is signed with another secret", {}),
    )
}
