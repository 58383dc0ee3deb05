"""Structured log: one record per hop with every field of domain section 8, so that no reader has to guess.

A record names objects by id and never carries a payload, so it holds no personal data (SEC-1).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from . import instant
from .store import Store

_ENCODER = json.JSONEncoder(ensure_ascii=False)
SERVICE = "understudy-integration"
Outcome = Literal["accepted", "applied", "skipped", "duplicate", "retry", "dead"]
Direction = Literal["inbound", "outbound", "internal"]

# Event type or API operation -> what kind of thing its id names.
_OBJECTS = {
    "store.order": "storeOrder",
    "store.customer": "storeCustomer",
    "store.inventory_level": "inventoryLevel",
    "erp.salesorder": "salesOrder",
    "erp.backorder": "salesOrder",
    "erp.shipment": "salesShipment",
    "erp.salesinvoice": "salesInvoice",
    "erp.payment": "customerPayment",
    "erp.availability": "stockBalance",
    "erp.customer": "customer",
    "wms.shipment": "fulfilmentOrder",
    "wms.receipt": "receipt",
    "wms.inventory": "adjustment",
    "crm.account": "account",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The message on whose behalf something happens: the fields that all records of one message share."""

    flow: str
    message_id: str
    correlation: str
    causation: str
    system: str
    object_type: str
    object_id: str
    schema: str
    mapping: str
    attempt: int


def object_type(event_type: str) -> str:
    """`erp.salesinvoice.posted.v1` -> `salesInvoice`."""
    return _OBJECTS.get(".".join(event_type.split(".")[:2]), event_type)


class Log:
    """Appends records to the store and hands each to `sink` (the server writes them to standard output)."""

    def __init__(self, store: Store, clock: Callable[[], datetime], sink: Callable[[str], None] | None = None) -> None:
        self._store = store
        self._clock = clock
        self._sink = sink

    def hop(
        self,
        origin: Origin,
        outcome: Outcome,
        direction: Direction,
        *,
        target: str = "",
        operation: str = "",
        method: str = "",
        status: int | None = None,
        duration_ms: float = 0.0,
        error: str = "",
        note: str = "",
    ) -> None:
        """One hop. error: the problem's code. note: a reason in words, free of personal data."""
        if not origin.flow:
            return  # housekeeping and rehearsals: no message passes
        now = self._clock()
        record: dict[str, Any] = {
            "timestamp": instant.text(now),
            "level": _level(outcome, error),
            "service": SERVICE,
            "flow": origin.flow,
            "direction": direction,
            "messageId": origin.message_id,
            "correlationId": origin.correlation,
            "causationId": (origin.causation if direction == "inbound" else "") or origin.message_id,
            "objectType": origin.object_type,
            "objectId": origin.object_id,
            "sourceSystem": origin.system,
            "targetSystem": target or None,
            "operation": operation or None,
            "attempt": origin.attempt,
            "outcome": outcome,
            "httpMethod": method or None,
            "httpStatus": status,
            "durationMs": round(duration_ms),
            "errorCode": error or None,
            "schemaVersion": origin.schema,
            "mappingVersion": origin.mapping or None,
            "detail": note or None,
        }
        line = _ENCODER.encode(record)
        self._store.write("INSERT INTO log (at, record) VALUES (?, ?)", record["timestamp"], line)
        if self._sink is not None:
            self._sink(line)

    def refused_delivery(self, system: str, why: str) -> None:
        """A delivery that is not to be trusted. Nothing in it is believed, so the record has only what we know."""
        now = instant.text(self._clock())
        record = {
            "timestamp": now,
            "level": "warning",
            "service": SERVICE,
            "direction": "inbound",
            "sourceSystem": system,
            "httpMethod": "POST",
            "httpStatus": 401,
            "errorCode": "signature-invalid",
            "detail": why,
        }
        line = _ENCODER.encode(record)
        self._store.write("INSERT INTO security_log (at, record) VALUES (?, ?)", now, line)
        if self._sink is not None:
            self._sink(line)

    def refused_deliveries(self) -> list[dict[str, Any]]:
        return [
            json.loads(row["record"]) for row in self._store.rows("SELECT record FROM security_log ORDER BY number")
        ]

    def since(self, number: int, limit: int = -1) -> tuple[list[dict[str, Any]], int]:
        """Records after the one numbered `number`, and the number of the last one returned."""
        rows = self._store.rows(
            "SELECT number, record FROM log WHERE number > ? ORDER BY number LIMIT ?", number, limit
        )
        return [json.loads(row["record"]) for row in rows], rows[-1]["number"] if rows else number


def _level(outcome: Outcome, error: str) -> str:
    if outcome == "dead":
        return "error"
    return "warning" if outcome == "retry" or error else "info"
