"""The reference integration between storefront, ERP, WMS and CRM: orders, fulfilment, stock, shipments, invoices.

Ports and adapters: a flow (flows/) says what an event means, a target (targets/) how a system is spoken to, and all
that lies between them (inbox, outbox, retry, dead letters) is the same for every flow. It speaks to the systems through
their APIs and webhooks only. README.md beside this file is the tour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from .defects import DEFECTS
from .engine import Integration
from .settings import Settings, SettingsError
from .store import StoreError
from .transport import Answer, Transport

__all__ = [
    "DEFECTS",
    "Answer",
    "Integration",
    "Settings",
    "SettingsError",
    "StoreError",
    "Transport",
    "build",
    "hosted",
]


def build(
    settings: Settings,
    *,
    transport: Transport,
    clock: Callable[[], datetime],
    chance: Callable[[str], float],
    database: str = ":memory:",
    log_sink: Callable[[str], None] | None = None,
) -> Integration:
    """An integration that is driven by its host: no threads, no clock and no randomness of its own.

    clock: aware datetimes. chance: uniform in [0, 1) by key, for jitter. log_sink: gets each log record as a line.
    Raises SettingsError for an unknown defect, StoreError for a database that cannot be used.
    """
    return Integration(settings, transport=transport, clock=clock, chance=chance, database=database, log_sink=log_sink)


def hosted(
    environ: Mapping[str, str],
    *,
    transport: Transport,
    clock: Callable[[], datetime],
    chance: Callable[[str], float],
) -> Integration:
    """The integration as it plays inside the harness: settings from the given variables, everything in memory."""
    return build(Settings.from_env(environ), transport=transport, clock=clock, chance=chance)
