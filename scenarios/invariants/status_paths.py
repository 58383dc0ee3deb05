"""The state machines of domain 2.2 to 2.4 as tables, and the check that recorded histories are paths of them (ORD-9).

A transaction may pass through several states, of which the journal keeps the last: `hops` says how many at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy import Evidence, Row, Transition


@dataclass(frozen=True, slots=True)
class Machine:
    """edges: state -> states it may become. start: states in which a record may be found at its first commit.

    ends_from: states in which a record may be deleted.
    """

    edges: Mapping[Any, tuple[Any, ...]]
    start: tuple[Any, ...]
    hops: int = 1
    ends_from: tuple[Any, ...] = ()

    def reaches(self, before: Any, after: Any) -> bool:
        reached = {before}
        for _ in range(self.hops):
            reached |= {state for known in reached for state in self.edges.get(known, ())}
            if after in reached:
                return True
        return False


_WMS_ORDER = {
    "received": ("allocated", "partially_allocated", "backordered", "on_hold", "cancelled"),
    "allocated": ("partially_allocated", "backordered", "released", "on_hold", "cancelled", "shipped"),
    "partially_allocated": ("allocated", "backordered", "released", "on_hold", "cancelled", "shipped"),
    "backordered": ("allocated", "partially_allocated", "on_hold", "cancelled", "shipped"),
    "released": ("picking", "on_hold", "cancelled"),
    "picking": ("picked", "on_hold", "cancel_requested", "backordered", "cancelled"),
    "picked": ("packing", "on_hold", "cancel_requested"),
    "packing": ("packed", "on_hold", "cancel_requested"),
    "packed": ("shipped",),
    "shipped": ("closed", "backordered"),
    "on_hold": ("received", "allocated", "partially_allocated", "backordered", "released", "picking", "picked",
                "packing", "cancel_requested", "cancelled"),
    "cancel_requested": ("cancelled", "packed"),
}  # fmt: skip

MACHINES: Mapping[tuple[str, str, str], Machine] = {
    ("erp", "salesOrders", "status"): Machine(
        {
            "draft": ("released", "cancelled", "on_hold"),
            "released": ("on_hold", "cancelled", "closed"),
            "on_hold": ("released", "cancelled"),
        },
        start=("draft",),
        ends_from=("draft",),
    ),
    ("erp", "salesShipments", "status"): Machine(
        {"draft": ("posted",), "posted": ("reversed",)}, start=("draft",), ends_from=("draft",)
    ),
    ("erp", "salesInvoices", "status"): Machine(
        {
            # An invoice over nothing is paid as it is posted; a payment in full needs no step in between.
            "draft": ("open", "paid"),
            "open": ("partially_paid", "paid", "credited"),
            "partially_paid": ("paid", "open", "credited"),
            "paid": ("open", "partially_paid"),
        },
        start=("draft",),
        ends_from=("draft",),
    ),
    ("erp", "creditMemos", "status"): Machine(
        {"draft": ("open",), "open": ("applied", "refunded"), "applied": ("refunded",)},
        start=("draft",),
        hops=2,
        ends_from=("draft",),
    ),
    ("erp", "customerPayments", "status"): Machine(
        {"received": ("applied", "reversed"), "applied": ("reversed",)}, start=("received", "applied")
    ),
    ("wms", "fulfilmentOrders", "status"): Machine(
        _WMS_ORDER, start=("received", "allocated", "partially_allocated", "backordered"), hops=3
    ),
    ("wms", "pickTasks", "status"): Machine(
        {"open": ("in_progress", "cancelled"), "in_progress": ("completed", "short", "cancelled")}, start=("open",)
    ),
    ("wms", "shipments", "status"): Machine(
        {"open": ("manifested",), "manifested": ("shipped", "voided"), "shipped": ("delivered",)}, start=("open",)
    ),
    ("wms", "receipts", "status"): Machine(
        {
            "announced": ("arrived",),
            "arrived": ("receiving",),
            "receiving": ("received",),
            "received": ("closed",),
        },
        start=("announced",),
        hops=4,
    ),
    ("storefront", "orders", "financial_status"): Machine(
        {
            "pending": ("authorized", "partially_paid", "paid", "voided"),
            "authorized": ("partially_paid", "paid", "voided", "expired"),
            "partially_paid": ("paid", "partially_refunded", "refunded"),
            "paid": ("partially_refunded", "refunded"),
            "partially_refunded": ("refunded",),
        },
        start=("pending", "authorized", "partially_paid", "paid"),
    ),
    ("storefront", "orders", "fulfillment_status"): Machine(
        {None: ("partial", "fulfilled"), "partial": ("fulfilled", None), "fulfilled": ("partial", None)},
        start=(None, "partial", "fulfilled"),
    ),
}


def ord_9(evidence: Evidence) -> Iterator[Row | None]:
    """The status history of every document is a path of its state machine."""
    last: dict[tuple[str, str, str, Any], Any] = {}
    for move in evidence.transitions():
        machine = MACHINES.get((move.system, move.table, move.field))
        if machine is None:
            continue
        history = (move.system, move.table, move.field, move.key)
        known = last.get(history, move.before)
        last[history] = move.after
        yield None if known == move.before and _legal(machine, move) else _row(move, known)


def _legal(machine: Machine, move: Transition) -> bool:
    if move.before is None and None not in machine.edges:
        return move.after in machine.start
    if move.after is None and None not in machine.edges.get(move.before, ()):
        return move.before in machine.ends_from
    return machine.reaches(move.before, move.after)


def _row(move: Transition, known: Any) -> Row:
    row = {
        "system": move.system,
        "table": move.table,
        "key": move.key,
        "field": move.field,
        "before": move.before,
        "after": move.after,
        "at": move.at.isoformat(),
    }
    return row if known == move.before else {**row, "lastKnown": known}
