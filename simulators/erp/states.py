"""The state machines of the ERP's documents (domain 2.2) as tables, and the refusal of everything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Problem

from .order_lines import amount

ORDER: Mapping[str, tuple[str, ...]] = {
    "draft": ("released", "cancelled"),
    "released": ("on_hold", "cancelled", "closed"),
    "on_hold": ("released", "cancelled"),
    "cancelled": (),
    "closed": (),
}
"""`draft -> on_hold` exists too, but only as the outcome of a release that fails its credit or tax check."""

SHIPMENT: Mapping[str, tuple[str, ...]] = {"draft": ("posted",), "posted": ("reversed",), "reversed": ()}

INVOICE: Mapping[str, tuple[str, ...]] = {
    "draft": ("open", "deleted"),
    "open": ("partially_paid", "paid", "credited"),
    "partially_paid": ("paid", "open", "credited"),
    "paid": ("open",),
    "credited": (),
}

CREDIT_MEMO: Mapping[str, tuple[str, ...]] = {"draft": ("open",), "open": ("applied", "refunded")}

PAYMENT: Mapping[str, tuple[str, ...]] = {"received": ("applied", "reversed"), "applied": ("applied", "reversed")}


def order_transitions(order: Mapping[str, Any]) -> tuple[str, ...]:
    """Where the order may go now. What has been shipped can no longer be cancelled, only closed (shortClose)."""
    allowed = ORDER[order["status"]]
    if any(amount(line, "shipped") > 0 or amount(line, "invoiced") > 0 for line in order["lines"]):
        allowed = tuple(state for state in allowed if state != "cancelled")
    return allowed


def require_order(order: Mapping[str, Any], target: str, hint: str = "") -> None:
    """Raises Problem 409 invalid-state-transition unless the order may become `target` now."""
    allowed = order_transitions(order)
    if target not in allowed:
        raise refused(f"sales order {order['number']}", order["status"], allowed, target, hint)


def refused(what: str, current: str, allowed: tuple[str, ...], target: str, hint: str = "") -> Problem:
    """Problem 409 with the present state and what it allows."""
    detail = f"{what} is {current} and cannot become {target}" + (f": {hint}" if hint else "")
    return Problem("invalid-state-transition", detail, current_state=current, allowed_transitions=allowed)
