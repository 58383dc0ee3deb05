"""Messages: traceable, accounted for, authentic, and as their contracts say (MSG-1 to MSG-6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy import EventEntry, Evidence, Exchange, Row

from .chain import chain_of_event, chain_of_write
from .effects import MONEY, missing_effect
from .recorded import INTEGRATION, is_business_write, recorded

_MUTATIONS = ("corrupt-event", "wrong-signature")
_PENDING = ("received", "in_flight", "parked")
# What a client is answered for a request that its contract does not allow.
_MISUSE = frozenset({400, 405, 406, 413, 415, 428})


def msg_1(evidence: Evidence) -> Iterator[Row | None]:
    """Every message has a correlation id, and it is the same through the whole flow of an order."""
    for event in evidence.events(new=True):
        carried = event.cloud_event.get("correlationid")
        wanted = chain_of_event(evidence, event)
        row = {"event": event.event_id, "type": event.name, "subject": event.subject, "correlationId": carried}
        if not carried:
            yield {**row, "problem": "none"}
        elif wanted is not None and carried != wanted:
            yield {**row, "expected": wanted}
        else:
            yield None
    for write in recorded(evidence).new_writes:
        yield _untraceable(evidence, write)


def msg_2(evidence: Evidence) -> Iterator[Row | None]:
    """Every accepted event ends as applied, skipped with a reason, or dead letter; what is applied has its effect."""
    story = recorded(evidence)
    tells = evidence.integration is not None and isinstance(evidence.integration.get("messages"), list)
    for event_id, delivery in story.accepted.items():
        event = story.events.get(event_id)
        if event is None:
            continue
        row = {"event": event_id, "type": event.name, "subject": event.subject, "acceptedAt": delivery.at.isoformat()}
        messages = [m for m in story.messages.get(event_id, ()) if m.get("status") != "duplicate"]
        if tells and not messages:
            yield {**row, "problem": "accepted, then vanished"}
            continue
        pending = [str(m.get("status")) for m in messages if m.get("status") in _PENDING]
        if pending:
            yield {**row, "problem": f"still {pending[0]}"}
            continue
        silent = [m for m in messages if m.get("status") == "skipped" and not m.get("reason")]
        if silent:
            yield {**row, "problem": "skipped without a reason"}
            continue
        reason = story.reasons.get(event_id, "")
        if reason and not (reason.startswith("skipped") and event.name in MONEY):
            yield None
            continue
        missing = missing_effect(evidence, event)
        yield {**row, "missing": missing} if missing else None


def msg_3(evidence: Evidence) -> Iterator[Row | None]:
    """Every causation id names an event that exists, and no chain of causes comes back to where it began."""
    events = recorded(evidence).events
    for write in recorded(evidence).writes:
        cause = write.causation_id
        if cause is not None:
            known = events.get(cause)
            holds = known is not None and known.seq < write.seq
            row = {"request": write.operation_id, "journal": write.seq, "causationId": cause}
            yield None if holds else {**row, "problem": "no such event before it"}
    for event in events.values():
        cause = event.cloud_event.get("causationid")
        if cause is None:
            continue
        row = {"event": event.event_id, "type": event.name, "causationId": cause}
        if cause not in events:
            yield {**row, "problem": "no such event"}
        else:
            yield {**row, "problem": "cycle"} if _cycles(events, event) else None


def msg_4(evidence: Evidence) -> Iterator[Row | None]:
    """Every request, response and event is as its contract says; a request that is refused for its form is not."""
    for exchange in evidence.exchanges(new=True):
        row: dict[str, Any] = {"system": exchange.system, "operation": exchange.operation_id, "journal": exchange.seq}
        if exchange.findings:
            yield {**row, "findings": list(exchange.findings)}
        elif exchange.client == INTEGRATION and not exchange.fault and (why := _misuse(evidence, exchange)):
            yield {**row, "method": exchange.request.method, "path": exchange.request.path, "problems": why}
        else:
            yield None
    for event in evidence.events(new=True):
        row = {"event": event.event_id, "type": event.name}
        yield {**row, "findings": list(event.findings)} if event.findings else None


def msg_5(evidence: Evidence) -> Iterator[Row | None]:
    """A delivery with a wrong signature or an altered body is answered 401 and has no effect."""
    distrusted: dict[str, str] = {}
    for delivery in evidence.deliveries(new=True):
        if delivery.mutation in _MUTATIONS:
            distrusted[delivery.event_id] = delivery.mutation
            # A flow is distrusted as a whole only for senders of requests that do not name their cause.
            distrusted.setdefault(delivery.correlation_id, delivery.mutation)
            row = {"event": delivery.event_id, "type": delivery.name, "mutation": delivery.mutation}
            yield None if delivery.answer == 401 else {**row, "answer": delivery.answer}
    if not distrusted:
        return
    trusted: dict[str, int] = {}
    for taken in recorded(evidence).accepted.values():
        for source in (taken.event_id, taken.correlation_id):
            trusted[source] = min(taken.seq, trusted.get(source, taken.seq))
    for write in recorded(evidence).new_writes:
        source = write.causation_id or write.correlation_id
        if write.committed and source in distrusted and trusted.get(source, write.seq) >= write.seq:
            row = {"request": write.operation_id, "cause": source}
            yield {**row, "journal": write.seq, "mutation": distrusted[source]}


def msg_6(evidence: Evidence) -> Iterator[Row | None]:
    """Every delivery of an event carries the same source, id and bytes."""
    for event_id, attempts in recorded(evidence).deliveries.items():
        honest = [d for d in attempts if not d.mutation]
        if len(honest) < 2:
            continue
        bodies = dict.fromkeys((d.source, d.body_hash) for d in honest)
        row = {"event": event_id, "deliveries": len(honest), "bodies": [list(body) for body in bodies]}
        yield None if len(bodies) == 1 else row


def _untraceable(evidence: Evidence, write: Exchange) -> Row | None:
    given = write.request.headers.get("x-correlation-id")
    row: dict[str, Any] = {"request": write.operation_id, "system": write.system, "journal": write.seq}
    row["correlationId"] = given
    if not given:
        return {**row, "problem": "no X-Correlation-Id"}
    if write.causation_id:
        # One look-up for one id: only events since the last evaluation are at hand without reading the whole journal.
        cause = _events_at_hand(evidence).get(write.causation_id)
        if cause is not None:
            wanted = cause.cloud_event.get("correlationid")
            return None if given == wanted else {**row, "causationId": write.causation_id, "expected": wanted}
    wanted = chain_of_write(evidence, write)
    if wanted is None or given == wanted or given in _payment_flows(evidence, write):
        return None
    return {**row, "expected": wanted}


def _events_at_hand(evidence: Evidence) -> dict[str, EventEntry]:
    if "events at hand" not in evidence.memo:
        evidence.memo["events at hand"] = {event.event_id: event for event in evidence.events(new=True)}
    found: dict[str, EventEntry] = evidence.memo["events at hand"]
    return found


def _payment_flows(evidence: Evidence, write: Exchange) -> set[str]:
    """A payment that is no prepayment is a flow of its own; it may be what made the portal's view change."""
    number = recorded(evidence).body(write).get("number")
    if write.operation_id != "upsertInvoiceView" or not number:
        return set()
    return {
        str(payment["correlationId"])
        for payment in evidence.rows("erp", "customerPayments")
        if any(application["documentNumber"] == number for application in payment["applications"])
    }


def _cycles(events: Any, event: EventEntry) -> bool:
    seen = {event.event_id}
    cause = event.cloud_event.get("causationid")
    while cause is not None:
        if cause in seen:
            return True
        seen.add(cause)
        known = events.get(cause)
        cause = known.cloud_event.get("causationid") if known is not None else None
    return False


def _misuse(evidence: Evidence, exchange: Exchange) -> list[str]:
    """How a refused request broke its contract; [] when it was refused for its business."""
    status = exchange.status
    if status is None or status < 400:
        return []
    if not exchange.operation_id:
        return [f"{exchange.request.method} {exchange.request.path} is no operation"]
    body = exchange.response_body if status in _MISUSE or status == 422 else None
    told = body if isinstance(body, dict) else {}
    if status in _MISUSE:
        return [str(told.get("detail") or told.get("code") or status)]
    if status != 422 or told.get("code") != "validation-failed":
        return []
    contract = evidence.resources.get("contracts", {}).get(exchange.system)
    operation = contract.operations.get(exchange.operation_id) if contract is not None else None
    if contract is None or operation is None or operation.request_body is None or not is_business_write(exchange):
        return []
    media = exchange.request.headers.get("content-type", "").split(";")[0].strip().lower()
    schema = operation.request_body.content.get(media, "")
    if not schema:
        return []
    found = contract.schemas.violations(schema, exchange.request_body)
    return [f"{violation.pointer or '/'}: {violation.detail}" for violation in found[:10]]
