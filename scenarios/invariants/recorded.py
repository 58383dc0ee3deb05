"""The journal as rules ask for it: parsed once per evaluation, indexed by event, correlation and document.

The integration under test is known by the name of the client that called; what it is made of is not known here, so
every rule that needs only this is a black-box rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from understudy import DeliveryEntry, Entry, EventEntry, Evidence, Exchange, JobEntry

INTEGRATION = "integration"
"""Name of the client whose credentials are the integration's, in this process or in another."""

_HOUSEKEEPING = frozenset({"getToken", "createSubscription", "deleteSubscription"})


class Recorded:
    """One evaluation's reading of the journal. `calls` and `writes` are the integration's."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._bodies: dict[int, Any] = {}

    # -- exchanges ------------------------------------------------------------------------------------------------

    @cached_property
    def exchanges(self) -> list[Exchange]:
        return list(self._evidence.exchanges())

    @cached_property
    def calls(self) -> list[Exchange]:
        """Every request of the integration, reads included."""
        return [exchange for exchange in self.exchanges if exchange.client == INTEGRATION]

    @cached_property
    def writes(self) -> list[Exchange]:
        """The integration's requests about business: neither reads nor tokens nor subscriptions."""
        return [call for call in self.calls if is_business_write(call)]

    @cached_property
    def new_writes(self) -> list[Exchange]:
        """As `writes`, since the last evaluation."""
        if self._evidence.since == 0:
            return self.writes
        new = self._evidence.exchanges(new=True)
        return [call for call in new if call.client == INTEGRATION and is_business_write(call)]

    @cached_property
    def writes_by_cause(self) -> Mapping[str, list[Exchange]]:
        """Event id (header X-Causation-Id) -> the writes it led to."""
        found: dict[str, list[Exchange]] = defaultdict(list)
        for write in self.writes:
            if write.causation_id:
                found[write.causation_id].append(write)
        return found

    def body(self, exchange: Exchange) -> Any:
        """The parsed request body, {} where there is none or it is no JSON object."""
        if exchange.seq not in self._bodies:
            body = exchange.request_body
            self._bodies[exchange.seq] = body if isinstance(body, dict) else {}
        return self._bodies[exchange.seq]

    def of_operation(self, operation: str) -> Iterator[Exchange]:
        """The integration's writes of one operation."""
        return iter(self._writes_by_operation.get(operation, ()))

    @cached_property
    def _writes_by_operation(self) -> Mapping[str, list[Exchange]]:
        found: dict[str, list[Exchange]] = defaultdict(list)
        for write in self.writes:
            found[write.operation_id].append(write)
        return found

    @cached_property
    def created_by_integration(self) -> frozenset[tuple[str, str, Any]]:
        """(system, table, key) of every record that a create operation of the integration changed."""
        return frozenset(
            (write.system, table, key)
            for write in self.writes
            if write.operation_id.startswith("create")
            for table, key in write.changes
        )

    @cached_property
    def first_change(self) -> Mapping[tuple[str, str, Any], int]:
        """(system, table, key) -> position in the journal of the transaction that first wrote the record."""
        found: dict[tuple[str, str, Any], int] = {}
        for entry in self._evidence.entries(Entry):
            if isinstance(entry, Exchange | JobEntry):
                for table, key in entry.changes:
                    found.setdefault((entry.system, table, key), entry.seq)
        return found

    # -- events and deliveries ------------------------------------------------------------------------------------

    @cached_property
    def events(self) -> Mapping[str, EventEntry]:
        """Event id -> event, in the order in which they were stated."""
        return {event.event_id: event for event in self._evidence.events()}

    @cached_property
    def events_by_name(self) -> Mapping[str, list[EventEntry]]:
        found: dict[str, list[EventEntry]] = defaultdict(list)
        for event in self.events.values():
            found[event.name].append(event)
        return found

    @cached_property
    def deliveries(self) -> Mapping[str, list[DeliveryEntry]]:
        """Event id -> attempts to deliver it, in order."""
        found: dict[str, list[DeliveryEntry]] = defaultdict(list)
        for delivery in self._evidence.deliveries():
            found[delivery.event_id].append(delivery)
        return found

    @cached_property
    def accepted(self) -> Mapping[str, DeliveryEntry]:
        """Event id -> the first attempt that was answered 2xx, as sent by its sender."""
        found = {}
        for event_id, attempts in self.deliveries.items():
            taken = next((d for d in attempts if not d.mutation and is_success(d.answer)), None)
            if taken is not None:
                found[event_id] = taken
        return found

    # -- what the integration tells of itself -----------------------------------------------------------------------

    @cached_property
    def present(self) -> bool:
        """Whether an integration plays at all: it has called, subscribed, or reports."""
        if self._evidence.integration is not None or self.calls:
            return True
        return any(self._evidence.rows(system, "_subscriptions") for system in ("storefront", "erp", "wms", "crm"))

    def told(self, name: str) -> list[Mapping[str, Any]]:
        """A list of the integration's report: messages, deadLetters, log, audit; [] where it has none."""
        found = (self._evidence.integration or {}).get(name)
        return list(found) if isinstance(found, list) else []

    @cached_property
    def messages(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """Event id -> what the integration says became of it, one entry per flow and repeat."""
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for message in self.told("messages"):
            found[str(message.get("id"))].append(message)
        return found

    @cached_property
    def reasons(self) -> Mapping[str, str]:
        """Event id -> why the integration did nothing about it: a skip reason, or that it is a dead letter."""
        found = {
            str(message.get("id")): f"skipped: {message['reason']}"
            for message in self.told("messages")
            if message.get("status") == "skipped" and message.get("reason")
        }
        for letter in self.told("deadLetters"):
            if letter.get("status") != "applied":
                found[str(letter.get("messageId"))] = f"dead letter: {letter.get('errorCode')}"
        return found


def recorded(evidence: Evidence) -> Recorded:
    """The one reading of this evaluation."""
    found = evidence.memo.get("recorded")
    if found is None:
        found = evidence.memo["recorded"] = Recorded(evidence)
    assert isinstance(found, Recorded)
    return found


def is_business_write(exchange: Exchange) -> bool:
    return exchange.request.method not in ("GET", "HEAD", "OPTIONS") and exchange.operation_id not in _HOUSEKEEPING


def is_success(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def event_data(event: EventEntry) -> Mapping[str, Any]:
    data = event.cloud_event.get("data")
    return data if isinstance(data, Mapping) else {}
