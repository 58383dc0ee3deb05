"""Time: flows within their targets, targets called no sooner than they asked and no oftener than makes sense (TIM)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from understudy import EventEntry, Evidence, Exchange, Row, parse_instant

from .recorded import INTEGRATION, is_success, recorded

ATTEMPTS = 8
"""Calls in all, the first included (domain 8)."""
_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
# 401: refresh the token once; 404: an object may be late; 412: read again; some 409 speak of the moment.
_MAY_CHANGE = frozenset({401, 404, 412})
_REFUSALS = frozenset(
    {
        "validation-failed", "unknown-reference", "customer-blocked", "item-blocked", "posting-setup-missing",
        "posting-period-closed", "over-shipment", "over-receipt", "over-invoice", "over-credit", "currency-mismatch",
        "total-mismatch", "idempotency-key-reuse", "malformed-request",
    }
)  # fmt: skip
_PASSING_CONFLICTS = frozenset({"idempotency-in-progress", "entity-changed"})
_FAR = timedelta(days=1)
_MASTER_DATA = frozenset({"createItem", "updateItem", "createCustomer", "updateCustomer"})
_PROMPT = timedelta(seconds=5)
_OUTAGE = timedelta(seconds=30)
_RECOVERY = timedelta(minutes=10)
"""Drained within 10 minutes of recovery (domain 7, OU-1)."""


def tim_1(evidence: Evidence) -> Iterator[Row | None]:
    """Per flow, the 95th percentile from the source's event to the target's commit is within the flow's target."""
    for flow in evidence.resources.get("flows", {}).values():
        took = _latencies(evidence, flow.event, flow.target, flow.operation)
        if not took:
            continue
        ordered = sorted(seconds for _, seconds in took)
        p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
        if p95 <= flow.p95_s:
            yield None
            continue
        late = [event for event, seconds in took if seconds > flow.p95_s]
        yield {"flow": flow.id, "p95Seconds": p95, "targetSeconds": flow.p95_s, "measured": len(took), "late": late}


def tim_2(evidence: Evidence) -> Iterator[Row | None]:
    """After an answer with Retry-After, no call about the same object comes earlier than it allows."""
    waiting: dict[tuple[str, ...], tuple[Exchange, datetime]] = {}
    for call in recorded(evidence).calls:
        place = _place(call)
        asked = waiting.pop(place, None)
        if asked is not None:
            refused, until = asked
            row = {"system": call.system, "operation": call.operation_id, "journal": [refused.seq, call.seq]}
            early = (until - call.at).total_seconds()
            yield {**row, "notBefore": until.isoformat(), "secondsTooEarly": early} if early > 0 else None
        until_now = _retry_after(call)
        if until_now is not None:
            waiting[place] = (call, until_now)
    for _ in waiting:
        yield None  # never called again: not too early


def tim_3(evidence: Evidence) -> Iterator[Row | None]:
    """No more attempts than the policy allows, and none after a code that says trying again cannot help."""
    allowed = _allowed_attempts(evidence)
    by_place: dict[tuple[str, ...], list[Exchange]] = {}
    for write in recorded(evidence).writes:
        by_place.setdefault((*_place(write), write.causation_id or "", write.request.body.hex()), []).append(write)
    for writes in by_place.values():
        first = writes[0]
        failed = [write for write in writes if _is_retryable(write)]
        row: dict[str, Any] = {"system": first.system, "operation": first.operation_id}
        row["causationId"] = first.causation_id
        limit = ATTEMPTS * (1 + allowed.get(first.causation_id or "", 0))
        if len(failed) > limit:
            yield {**row, "attempts": len(failed), "allowed": limit}
            continue
        stubborn = _repeated_in_vain(evidence, writes, allowed)
        yield {**row, **stubborn} if stubborn else None
    for letter in recorded(evidence).told("deadLetters"):
        tries = 1 + allowed.get(str(letter.get("messageId")), 0)
        attempts = int(letter.get("attempts") or 0)
        # A list of faults is a refusal of the content; what waits for an object that is still to come has none.
        if letter.get("errors") and letter.get("errorCode") in _REFUSALS:
            named = {"messageId": letter.get("messageId"), "errorCode": letter.get("errorCode")}
            yield {**named, "attempts": attempts, "allowed": tries} if attempts > tries else None


def _latencies(evidence: Evidence, event_name: str, system: str, operation: str) -> list[tuple[str, float]]:
    """(event id, seconds) for each event whose effect is in the journal.

    The effect is the first commit that names the event as its cause; for a sender that names none, the next commit with
    the event's correlation id. Events without an effect are MSG-2's affair, coalesced ones have none of their own. What
    a human had to repair, and what met an outage of the target, says nothing about the flow and is left out.
    """
    story = recorded(evidence)
    by_cause: dict[str, Exchange] = {}
    anonymous: dict[str, list[Exchange]] = {}
    for commit in story.of_operation(operation):
        if commit.system == system and commit.committed:
            if commit.causation_id:
                by_cause.setdefault(commit.causation_id, commit)
            else:
                anonymous.setdefault(commit.correlation_id, []).append(commit)
    repaired = {str(letter.get("messageId")) for letter in story.told("deadLetters")}
    repairs = _repairs(evidence, system)
    outages = _outages(evidence, system)
    found = []
    for event in story.events_by_name.get(event_name, ()):
        effect = by_cause.get(event.event_id) or _next(anonymous, event)
        if effect is None or event.event_id in repaired:
            continue
        started = _started(evidence, event)
        in_outage = any(begin <= effect.at and started <= end for begin, end in outages)
        if not in_outage and not any(started < at <= effect.at for at in repairs):
            found.append((event.event_id, (effect.at - started).total_seconds()))
    return found


def _started(evidence: Evidence, event: EventEntry) -> datetime:
    """The event's time; where the network held the first delivery up, and no receiver failed, that moment."""
    told = parse_instant(str(event.cloud_event["time"]))
    attempts = recorded(evidence).deliveries.get(event.event_id)
    if not attempts or attempts[0].at - told <= _PROMPT or attempts[0].outcome != "delivered":
        return told
    queued = any(
        earlier.subject == event.subject and earlier.outcome != "delivered" and earlier.seq < attempts[0].seq
        for others in recorded(evidence).deliveries.values()
        for earlier in others
    )
    return told if queued else attempts[0].at


def _repairs(evidence: Evidence, system: str) -> list[datetime]:
    """When somebody else corrected master data at the target, and so may have repaired what was refused before."""
    return [
        exchange.at
        for exchange in recorded(evidence).exchanges
        if exchange.system == system
        and exchange.client != INTEGRATION
        and exchange.operation_id in _MASTER_DATA
        and exchange.committed
    ]


def _outages(evidence: Evidence, system: str) -> list[tuple[datetime, datetime]]:
    """(begin, end) of every time in which faults kept coming from a system, or it asked for quiet, and of its recovery.

    A single fault is no outage: retrying after it belongs to the flow's own time.
    """
    spans: list[tuple[datetime, datetime]] = []
    for exchange in recorded(evidence).exchanges:
        failed = exchange.response is None or not is_success(exchange.status)
        if exchange.system != system or not exchange.fault or not failed:
            continue
        end = _retry_after(exchange) or exchange.at
        if spans and exchange.at - spans[-1][1] < _RECOVERY:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((exchange.at, end))
    return [(begin, end + _RECOVERY) for begin, end in spans if end - begin >= _OUTAGE]


def _next(anonymous: dict[str, list[Exchange]], event: EventEntry) -> Exchange | None:
    candidates = anonymous.get(str(event.cloud_event.get("correlationid")), [])
    found = next((commit for commit in candidates if commit.seq > event.seq), None)
    if found is not None:
        candidates.remove(found)
    return found


def _place(call: Exchange) -> tuple[str, ...]:
    """System, operation and business object of a call: the path names it, or the key of a creation."""
    key = call.request.headers.get("idempotency-key", "")
    return (call.system, call.request.method, call.request.target, key)


def _retry_after(call: Exchange) -> datetime | None:
    """The moment before which nobody is to call again: `120`, `2.0` or an HTTP-date; None when nothing was asked."""
    if call.response is None or is_success(call.status):
        return None
    text = call.response.headers.get("retry-after")
    if text is None:
        return None
    try:
        return call.at + timedelta(seconds=float(text))
    except ValueError:
        pass  # not a number of seconds, so it is a date
    from email.utils import parsedate_to_datetime  # takes longer to import than all other rules to run

    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # A date far from the world's clock was written by another clock, and says nothing here.
    return moment if abs(moment - call.at) < _FAR else None


def _is_retryable(write: Exchange) -> bool:
    return write.response is None or write.status in _RETRYABLE


def _allowed_attempts(evidence: Evidence) -> Mapping[str, int]:
    """Event id -> how often a human had it worked on again, as the integration's audit says."""
    found: dict[str, int] = {}
    for record in recorded(evidence).told("audit"):
        message = str(record.get("messageId"))
        found[message] = found.get(message, 0) + 1
    return found


def _repeated_in_vain(evidence: Evidence, writes: Sequence[Exchange], reprocessed: Mapping[str, int]) -> Row | None:
    """The first refusal after which the same request came again, although nothing at the target had changed."""
    refusals = 0
    for before, after in pairwise(writes):
        status = before.status
        if status is None or status < 400 or status in _RETRYABLE:
            continue
        if status in _MAY_CHANGE or (status == 409 and _code(before) in _PASSING_CONFLICTS):
            continue
        if _changed_between(evidence, before, after):
            continue
        refusals += 1
        if refusals > reprocessed.get(before.causation_id or "", 0):
            return {"status": status, "code": _code(before), "journal": [before.seq, after.seq]}
    return None


def _changed_between(evidence: Evidence, before: Exchange, after: Exchange) -> bool:
    """Whether somebody else changed something at the target meanwhile: a human may have repaired what was missing."""
    return any(
        exchange.client != INTEGRATION and exchange.changes and exchange.system == before.system
        for exchange in recorded(evidence).exchanges
        if before.seq < exchange.seq < after.seq
    )


def _code(exchange: Exchange) -> str:
    body = exchange.response_body
    return str(body.get("code", "")) if isinstance(body, dict) else ""
