"""Subscriptions: each system delivers to us the event types that our flows take, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from .failure import Failure, Paused, Refused
from .settings import Settings
from .targets.http import Caller, Request, body_of, part

_AGAIN = timedelta(seconds=15)
_PREFIXES = {"erp": "erp.", "wms": "wms.", "storefront": "store.", "crm": "crm."}


class Subscriptions:
    """One subscription per system. callers: by system. types: all event types that flows take."""

    def __init__(self, settings: Settings, callers: Mapping[str, Caller], types: Iterable[str]) -> None:
        self._settings = settings
        self._callers = callers
        self._types = {
            system: sorted(name for name in types if name.startswith(prefix)) for system, prefix in _PREFIXES.items()
        }
        self._due: dict[str, datetime] = {}
        self.faults: dict[str, str] = {}

    def start(self, now: datetime) -> None:
        """Subscribe wherever events are needed; what fails now is tried again when due."""
        self._due = {system: now for system, types in self._types.items() if types}
        self.run_due(now)

    def next_due(self) -> datetime | None:
        return min(self._due.values(), default=None)

    def run_due(self, now: datetime) -> int:
        ready = [system for system, due in self._due.items() if due <= now]
        for system in ready:
            try:
                self._ensure(system)
            except Failure as failure:
                self.faults[system] = str(failure)
                if isinstance(failure, Refused) and failure.cause.status in (401, 403, 422):
                    # Asking again with the same credentials or body cannot help; health shows it.
                    del self._due[system]
                    continue
                self._due[system] = failure.until if isinstance(failure, Paused) else now + _AGAIN
            else:
                self.faults.pop(system, None)
                del self._due[system]
        return len(ready)

    def _ensure(self, system: str) -> None:
        caller = self._callers[system]
        sink = f"{self._settings.public_url}/webhooks/{system}"
        kept = False
        for row in _rows(caller.call(Request(operation="listSubscriptions", method="GET", path="/subscriptions"))):
            if row.get("sink") != sink:
                continue
            if not kept and row.get("active", True) and sorted(row.get("types", ())) == self._types[system]:
                kept = True
                continue
            path = f"/subscriptions/{part(row['id'])}"
            caller.call(Request(operation="deleteSubscription", method="DELETE", path=path))
        if kept:
            return
        body = {"sink": sink, "types": self._types[system], "secret": self._settings.secrets[system][0]}
        caller.call(Request(operation="createSubscription", method="POST", path="/subscriptions", body=body_of(body)))


def _rows(page: Any) -> list[dict[str, Any]]:
    """The rows of a list, whichever of the systems' three styles it has."""
    if isinstance(page, dict):
        for name in ("value", "items", "subscriptions"):
            if isinstance(page.get(name), list):
                return [row for row in page[name] if isinstance(row, dict)]
    return []
