"""Repeats are harmless: of messages, of keys, of requests whose outcome was unknown (IDM-1, IDM-3, IDM-4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from understudy import Evidence, Exchange, Row

from .business_key import BY_OPERATION, KINDS, Key, fulfilment_key, fulfilments
from .recorded import INTEGRATION, is_success, recorded

_OUTCOME_UNKNOWN = frozenset({408, 500, 502, 504})


def idm_1(evidence: Evidence) -> Iterator[Row | None]:
    """Sending a message n times is sending it once: one document per business key, one creation per message."""
    for kind in KINDS:
        for key, names in kind.documents(evidence).items():
            if kind.operation == "createAccount" and key == (None,):
                continue  # accounts that no ERP customer belongs to
            row = {"kind": kind.table, "key": [str(part) for part in key], "documents": names}
            yield None if len(names) == 1 else row
    for key, ids in _fulfilments(evidence).items():
        if not key[1]:
            continue  # collected in person: equal parts of an order cannot be told from repeats
        row = {"kind": "fulfillments", "storeOrder": key[0], "trackingNumbers": list(key[1]), "documents": ids}
        yield None if len(ids) == 1 else row
    for store_name, numbers in _orders_by_store_name(evidence).items():
        row = {"kind": "salesOrders", "externalDocumentNumber": store_name, "documents": numbers}
        yield None if len(numbers) == 1 else row
    yield from _created_twice(evidence)


def idm_3(evidence: Evidence) -> Iterator[Row | None]:
    """An Idempotency-Key that comes again with another body changes nothing; with the same body, nothing more.

    Where the target keeps no keys (`idempotencySupport`), only the integration's own are judged.
    """
    full = evidence.policy.get("idempotencySupport", "full") == "full"
    first: dict[tuple[str, ...], tuple[str, bool]] = {}
    for exchange in recorded(evidence).exchanges:
        key = exchange.request.headers.get("idempotency-key")
        if key is None or (not full and exchange.client != INTEGRATION):
            continue
        place = (exchange.client, exchange.system, exchange.request.method, exchange.request.path, key)
        body = _canonical(exchange.request.body)
        changed = exchange.committed and bool(exchange.changes)
        known = first.get(place)
        if known is None:
            first[place] = (body, changed)
            continue
        same_body, changed_before = known[0] == body, known[1]
        row = {"system": exchange.system, "operation": exchange.operation_id, "key": key, "journal": exchange.seq}
        if not changed:
            yield None
        elif not same_body:
            # A refused body took no effect and may be corrected; the key then stands for what was done under it.
            yield {**row, "problem": "another body took effect"} if changed_before else None
            first[place] = (body, True)
        else:
            yield {**row, "problem": "took effect twice"} if changed_before and full else None
            first[place] = (body, True)


def idm_4(evidence: Evidence) -> Iterator[Row | None]:
    """After a request whose outcome the caller could not know, there is one document of its business key, no second."""
    documents = _fulfilments(evidence)
    for write in recorded(evidence).writes:
        if not outcome_unknown(write):
            continue
        key: Key
        if write.operation_id == "createFulfillment":
            parts = write.request.path.split("/")
            key = fulfilment_key(parts[parts.index("orders") + 1], recorded(evidence).body(write))
            names = documents.get(key, [])
        elif write.operation_id in BY_OPERATION:
            kind = BY_OPERATION[write.operation_id]
            key = kind.of_request(recorded(evidence).body(write))
            names = kind.documents(evidence).get(key, [])
        else:
            continue
        fits = len(names) == 1 or (len(names) == 0 and not write.committed)
        row = {"operation": write.operation_id, "journal": write.seq, "committed": write.committed}
        yield None if fits else {**row, "key": [str(part) for part in key], "documents": names}


def outcome_unknown(exchange: Exchange) -> bool:
    """Whether the caller could not tell if the work was done: no answer, a gateway's, one too late or cut off."""
    late = exchange.fault in ("delay", "truncate")
    return exchange.response is None or exchange.status in _OUTCOME_UNKNOWN or late


def _created_twice(evidence: Evidence) -> Iterator[Row | None]:
    """Per message, operation and body: how many times a creation took effect."""
    story = recorded(evidence)
    for event_id, writes in story.writes_by_cause.items():
        effects: dict[tuple[str, str], int] = {}
        for write in writes:
            # 200 is "here is what exists"; a lost answer may have said either.
            fresh = outcome_unknown(write) or (is_success(write.status) and write.status != 200)
            if fresh and write.operation_id.startswith("create") and write.committed and write.changes:
                key = (write.operation_id, _canonical(write.request.body))
                effects[key] = effects.get(key, 0) + 1
        for (operation, _), count in effects.items():
            yield None if count == 1 else {"event": event_id, "operation": operation, "effects": count}


def _fulfilments(evidence: Evidence) -> Mapping[Key, list[str]]:
    if "fulfilments" not in evidence.memo:
        found: dict[Key, list[str]] = {}
        for key, name in fulfilments(evidence):
            found.setdefault(key, []).append(name)
        evidence.memo["fulfilments"] = found
    documents: Mapping[Key, list[str]] = evidence.memo["fulfilments"]
    return documents


def _orders_by_store_name(evidence: Evidence) -> Mapping[str, list[str]]:
    """Store order name as the ERP keeps it -> ERP orders: one order under two ids is still one order twice."""
    found: dict[str, list[str]] = {}
    for order in evidence.rows("erp", "salesOrders"):
        if order["sourceSystem"] == "store" and order.get("externalDocumentNumber"):
            found.setdefault(order["externalDocumentNumber"], []).append(order["number"])
    return found


def _canonical(body: bytes) -> str:
    """JSON with sorted keys, so that spelling alone makes no other body; other bytes as they are."""
    try:
        value: Any = json.loads(body) if body else None
    except ValueError:
        return body.decode("latin-1")
    return json.dumps(value, sort_keys=True)
