"""The state machines of domain 2.3 as tables; everything else is 409 `invalid-state-transition`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Problem

FULFILMENT_ORDER: Mapping[str, tuple[str, ...]] = {
    "received": ("allocated", "partially_allocated", "backordered", "on_hold", "cancelled"),
    "allocated": ("released", "on_hold", "cancelled"),
    "partially_allocated": ("allocated", "released", "on_hold", "cancelled"),
    "backordered": ("allocated", "partially_allocated", "on_hold", "cancelled"),
    "released": ("picking", "on_hold", "cancelled"),
    "picking": ("picked", "on_hold", "cancel_requested"),
    "picked": ("packing", "on_hold", "cancel_requested"),
    "packing": ("packed", "on_hold", "cancel_requested"),
    "packed": ("shipped",),
    "shipped": ("closed",),
    "closed": (),
    "on_hold": ("picking", "picked", "packing", "cancel_requested"),
    "cancel_requested": ("cancelled",),
    "cancelled": (),
}
"""What clients and the floor may bring about; `allowedTransitions` of a refusal."""

AUTOMATIC: Mapping[str, tuple[str, ...]] = {
    # A change of the order before its release takes stock away from it again.
    "allocated": ("partially_allocated", "backordered", "shipped"),
    "partially_allocated": ("backordered", "shipped"),
    # The rest of a partly shipped order was given up.
    "backordered": ("shipped",),
    # No task found anything: the short policy decides what the order waits for.
    "picking": ("backordered", "cancelled"),
    "on_hold": ("backordered",),
    # A partial shipment that was not final.
    "shipped": ("backordered",),
    # The floor was faster than the cancellation.
    "cancel_requested": ("packed",),
}
"""What the warehouse does by itself on top of that."""

BEFORE_RELEASE = frozenset({"received", "allocated", "partially_allocated", "backordered"})
WAITING_FOR_STOCK = ("partially_allocated", "backordered")
BEFORE_PICKING = BEFORE_RELEASE | {"released"}
ON_THE_FLOOR = frozenset({"picking", "picked", "packing"})
ENDED = frozenset({"shipped", "closed", "cancelled"})

PICK_TASK: Mapping[str, tuple[str, ...]] = {
    "open": ("in_progress", "cancelled"),
    "in_progress": ("completed", "short", "cancelled"),
    "completed": (),
    "short": (),
    "cancelled": (),
}

SHIPMENT: Mapping[str, tuple[str, ...]] = {
    "open": ("manifested",),
    "manifested": ("shipped", "voided"),
    "shipped": ("delivered",),
    "delivered": (),
    "voided": (),
}

RECEIPT: Mapping[str, tuple[str, ...]] = {
    "announced": ("arrived",),
    "arrived": ("receiving",),
    "receiving": ("received",),
    "received": ("closed",),
    "closed": (),
}


def may_become(order: Mapping[str, Any], target: str) -> bool:
    """Whether a fulfilment order may take this state, by command or by itself; staying as it is is always possible."""
    status = order["status"]
    return target == status or target in FULFILMENT_ORDER[status] or target in AUTOMATIC.get(status, ())


def refused(what: str, current: str, machine: Mapping[str, tuple[str, ...]], why: str) -> Problem:
    """Problem 409 with the present state and what it allows. why: completes "<what> is <state>: …"."""
    return Problem(
        "invalid-state-transition",
        f"{what} is {current}: {why}",
        current_state=current,
        allowed_transitions=machine[current],
    )


def require(
    what: str, record: Mapping[str, Any], target: str, machine: Mapping[str, tuple[str, ...]], why: str = ""
) -> None:
    """Raises Problem 409 invalid-state-transition unless the record may become `target` now."""
    if target not in machine[record["status"]]:
        raise refused(what, record["status"], machine, why or f"it cannot become {target}")
