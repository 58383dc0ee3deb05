"""What operators rely on: dead letters that can be worked with, counts that balance, logs without holes (OPS)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from understudy import Evidence, Row

from .recorded import recorded

_LETTER_FILLED = (
    "messageId", "source", "type", "subject", "flow", "correlationId", "receivedAt", "firstFailureAt", "lastFailureAt",
    "attempts", "errorCode", "errorDetail", "payloadRef", "payloadHash", "schemaVersion", "owner", "status",
    "runbookUrl",
)  # fmt: skip
_LETTER_PRESENT = ("errors", "httpStatus", "targetSystem", "mappingVersion")
"""Empty where nothing was called or nothing mapped, but never left out."""

_LOG_FILLED = (
    "timestamp", "level", "service", "flow", "direction", "messageId", "correlationId", "causationId", "objectType",
    "objectId", "sourceSystem", "attempt", "outcome", "schemaVersion",
)  # fmt: skip
_LOG_PRESENT = ("targetSystem", "httpMethod", "httpStatus", "durationMs", "mappingVersion")
_OUTCOMES = frozenset({"accepted", "applied", "skipped", "duplicate", "retry", "dead"})
_ENDED = frozenset({"applied", "skipped", "dead"})


def ops_1(evidence: Evidence) -> Iterator[Row | None]:
    """Every dead letter has all fields of domain 8, and its hash is that of the bytes that were delivered."""
    deliveries = recorded(evidence).deliveries
    for letter in recorded(evidence).told("deadLetters"):
        missing = [name for name in _LETTER_FILLED if letter.get(name) in (None, "", 0)]
        missing += [name for name in _LETTER_PRESENT if name not in letter]
        row: dict[str, Any] = {"messageId": letter.get("messageId"), "flow": letter.get("flow")}
        if missing:
            yield {**row, "missing": missing}
            continue
        sent = {d.body_hash for d in deliveries.get(str(letter["messageId"]), ()) if not d.mutation}
        kept = str(letter["payloadHash"]).removeprefix("sha256:")
        yield {**row, "payloadHash": kept, "delivered": sorted(sent)} if sent and kept not in sent else None


def ops_2(evidence: Evidence) -> Iterator[Row | None]:
    """What was reprocessed kept its message id, ended applied or dead again, and is counted once."""
    story = recorded(evidence)
    known = {(str(letter.get("messageId")), letter.get("flow")): letter for letter in story.told("deadLetters")}
    for record in story.told("audit"):
        message, flow = str(record.get("messageId")), record.get("flow")
        row = {"messageId": message, "flow": flow, "who": record.get("who"), "when": record.get("when")}
        entries = [
            m for m in story.messages.get(message, ()) if m.get("flow") == flow and m.get("status") != "duplicate"
        ]
        if message not in story.events:
            yield {**row, "problem": "another message id"}
        elif record.get("after") not in _ENDED:
            yield {**row, "problem": f"ended as {record.get('after')}"}
        elif (message, flow) not in known:
            yield {**row, "problem": "the dead letter is gone"}
        elif len(entries) != 1:
            yield {**row, "problem": f"counted {len(entries)} times"}
        else:
            yield None


def ops_4(evidence: Evidence) -> Iterator[Row | None]:
    """Every hop is logged, with all fields of domain 8: each accepted delivery, each call that a message led to."""
    story = recorded(evidence)
    log = story.told("log")
    received: Counter[str] = Counter()
    sent: Counter[tuple[str, str]] = Counter()
    for position, record in enumerate(log):
        missing = [name for name in _LOG_FILLED if record.get(name) in (None, "")]
        missing += [name for name in _LOG_PRESENT if name not in record]
        if record.get("outcome") not in _OUTCOMES:
            missing.append("outcome")
        row = {"record": position, "messageId": record.get("messageId")}
        yield {**row, "missing": missing} if missing else None
        message = str(record.get("messageId"))
        if record.get("direction") == "inbound":
            received[message] += 1
        elif record.get("direction") == "outbound":
            sent[message, str(record.get("targetSystem"))] += 1
    if not log:
        return
    for event_id, delivery in story.accepted.items():
        row = {"event": event_id, "type": delivery.name, "problem": "its arrival is not logged"}
        yield None if received[event_id] else row
    # A process that is killed between a call and its log line repeats the call: requests are counted, not attempts.
    made: dict[tuple[str, str], set[tuple[str, str, bytes]]] = {}
    for call in story.calls:
        if call.causation_id in story.accepted:
            request = (call.request.method, call.request.target, call.request.body)
            made.setdefault((str(call.causation_id), call.system), set()).add(request)
    for (message, system), requests in made.items():
        logged = sent[message, system]
        row = {"event": message, "targetSystem": system, "requests": len(requests), "logged": logged}
        yield None if logged >= len(requests) else row


def ops_5(evidence: Evidence) -> Iterator[Row | None]:
    """Per flow: received = applied + skipped + duplicate + dead + in flight; at the end the messages say the same."""
    counters = (evidence.integration or {}).get("counters")
    if not isinstance(counters, Mapping):
        return
    # Counting all messages after every step would make a run's cost grow with its square.
    listed = _listed(evidence) if evidence.since == 0 else Counter()
    for flow, counts in counters.items():
        received = int(counts["messages_received_total"])
        parts = {
            name: int(counts[key])
            for name, key in (
                ("applied", "messages_applied_total"),
                ("skipped", "messages_skipped_total"),
                ("duplicate", "messages_duplicate_total"),
                ("dead", "messages_dead_total"),
                ("inFlight", "in_flight"),
            )
        }
        wrong = {name: [count, listed[flow, name]] for name, count in parts.items() if listed[flow, name] != count}
        row = {"flow": flow, "received": received, **parts}
        if received != sum(parts.values()):
            yield row
        elif listed and wrong:
            yield {**row, "countedAndListed": wrong}
        elif received:
            yield None


def _listed(evidence: Evidence) -> Counter[tuple[Any, str]]:
    """(flow, state) -> messages that the integration lists in it."""
    found: Counter[tuple[Any, str]] = Counter()
    for message in recorded(evidence).told("messages"):
        status = str(message.get("status"))
        found[message.get("flow"), status if status in ("applied", "skipped", "duplicate", "dead") else "inFlight"] += 1
    return found
