"""The admin surface: health, metrics, messages, dead letters, log (contract: contracts/integration/openapi.yaml)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from . import instant
from .dead_letter import DeadLetters, Request, Selection, Unusable
from .log import Log
from .metrics import Metrics, prometheus
from .observation import message_of
from .store import Store
from .transport import Answer, json_answer, problem

Record = dict[str, Any]


class _Fault(Exception):
    """A request to the admin surface that cannot be served; becomes a problem document."""

    def __init__(self, status: int, code: str, detail: str, errors: list[Record] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.errors = status, code, detail, errors or []


@dataclass(frozen=True, slots=True)
class Admin:
    """health, observe, rehearse: given by the engine; rehearse tells what reprocessing a dead letter would do."""

    key: str
    store: Store
    log: Log
    metrics: Metrics
    dead_letters: DeadLetters
    clock: Callable[[], datetime]
    health: Callable[[], Record]
    observe: Callable[[], Record]
    rehearse: Callable[[Record, Mapping[str, Any] | None], Record]

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Serve a request below `/health`, `/metrics` and `/admin`."""
        correlation = headers.get("x-correlation-id", "")
        try:
            answer = self._route(method, path, query, headers, body)
        except _Fault as fault:
            told = problem(fault.status, fault.code, fault.detail, instance=path, correlation=correlation)
            answer = Answer(told.status, told.headers, json.dumps({**told.json(), "errors": fault.errors}).encode())
            if fault.status == 401:
                answer = Answer(401, {**answer.headers, "www-authenticate": 'ApiKey header="X-Admin-Key"'}, answer.body)
        return Answer(answer.status, {**answer.headers, "x-correlation-id": correlation or "admin"}, answer.body)

    def _route(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts[0] == "admin" and not hmac.compare_digest(headers.get("x-admin-key", "").encode(), self.key.encode()):
            code = "token-invalid" if "x-admin-key" in headers else "token-missing"
            raise _Fault(401, code, "the header X-Admin-Key is missing or wrong")
        match (method, *parts):
            case ("GET", "health"):
                health = self.health()
                return json_answer(503 if health["status"] == "down" else 200, health)
            case ("GET", "metrics"):
                return self._metrics(headers.get("accept", ""))
            case ("GET", "admin", "messages"):
                return json_answer(200, self._messages(_query(query)))
            case ("GET", "admin", "dead-letters"):
                return json_answer(200, self._letters(_query(query)))
            case ("POST", "admin", "dead-letters", "reprocess"):
                return json_answer(200, self._reprocess_many(_body(body, headers)))
            case ("GET", "admin", "dead-letters", message_id):
                return json_answer(200, self.dead_letters.details(self._letter(message_id)))
            case ("POST", "admin", "dead-letters", message_id, "reprocess"):
                return json_answer(200, self._reprocess_one(message_id, _body(body, headers)))
            case ("GET", "admin", "observation"):
                return json_answer(200, self.observe())
            case ("GET", "admin", "log"):
                return json_answer(200, self._log(_query(query)))
            case (_, "health" | "metrics") | (_, "admin", "messages" | "dead-letters" | "observation" | "log", *_):
                raise _Fault(405, "method-not-allowed", f"{method} is not served at {path}")
            case _:
                raise _Fault(404, "not-found", f"nothing is served at {path}")

    def _metrics(self, accept: str) -> Answer:
        figures = self.metrics.as_dict(self.clock())
        if "text/plain" in accept and "application/json" not in accept:
            return Answer(200, {"content-type": "text/plain; version=0.0.4"}, prometheus(figures).encode())
        return json_answer(200, figures)

    def _messages(self, query: Mapping[str, str]) -> Record:
        rows = self.store.rows(
            "SELECT * FROM task WHERE entry > ? AND (? = '' OR status = ?) AND (? = '' OR flow = ?)"
            " AND (? = '' OR correlation = ?) AND (? = '' OR subject = ?) ORDER BY entry LIMIT ?",
            _cursor(query), *_twice(query, "status"), *_twice(query, "flow"), *_twice(query, "correlationId"),
            *_twice(query, "subject"), _limit(query) + 1,
        )  # fmt: skip
        return _page([(row["entry"], message_of(row)) for row in rows], _limit(query))

    def _letters(self, query: Mapping[str, str]) -> Record:
        chosen = Selection(
            flow=query.get("flow", ""), error_code=query.get("errorCode", ""),
            since=_instant(query, "from"), until=_instant(query, "to"),
        )  # fmt: skip
        wanted = query.get("correlationId")
        rows = [
            row
            for row in self.dead_letters.select(chosen, status=query.get("status", ""))
            if wanted is None or row["correlationId"] == wanted
        ]
        start = _cursor(query)
        numbered = [(start + n, row) for n, row in enumerate(rows[start:], start=1)]
        return _page(numbered[: _limit(query) + 1], _limit(query))

    def _log(self, query: Mapping[str, str]) -> Record:
        fields = ("messageId", "correlationId", "objectId", "flow", "outcome", "level")
        asked = [(name, query[name]) for name in fields if name in query]
        since, until = _instant(query, "from"), _instant(query, "to")
        conditions = "".join(f" AND json_extract(record, '$.{name}') = ?" for name, _ in asked)
        rows = self.store.rows(
            "SELECT number, record FROM log"
            f" WHERE number > ? AND at >= ? AND at < ?{conditions} ORDER BY number LIMIT ?",
            _cursor(query), instant.text(since) if since else "", instant.text(until) if until else "9",
            *(value for _, value in asked), _limit(query) + 1,
        )  # fmt: skip
        return _page([(row["number"], json.loads(row["record"])) for row in rows], _limit(query))

    def _letter(self, message_id: str) -> Record:
        found = self.dead_letters.select(Selection(message_id=message_id))
        if not found:
            raise _Fault(404, "not-found", f"no dead letter {message_id}")
        # One event may be dead in several flows; what still waits for a person comes first.
        return next((row for row in found if row["status"] == "dead"), found[-1])

    def _reprocess_one(self, message_id: str, body: Record) -> Record:
        corrected = body.get("correctedPayload")
        faults = _faults(body, ("by", "why", "dryRun", "correctedPayload"))
        if corrected is not None and not isinstance(corrected, dict):
            faults.append(_fault("/correctedPayload", "type", "an object is due", corrected))
        if faults:
            raise _Fault(422, "validation-failed", f"{len(faults)} problems", faults)
        self._letter(message_id)
        letters = self.dead_letters.select(Selection(message_id=message_id))
        results = [self._reprocess(letter, body) for letter in letters]
        return next((row for row in results if row["outcome"] != "already_applied"), results[0])

    def _reprocess_many(self, body: Record) -> Record:
        faults = _faults(body, ("by", "why", "dryRun", "errorCode", "flow", "from", "to"))
        if not {"errorCode", "from", "to"} & body.keys():
            faults.append(_fault("", "required", "one of errorCode, from, to is due", None))
        try:
            chosen = Selection(
                flow=str(body.get("flow") or ""), error_code=str(body.get("errorCode") or ""),
                since=_instant(body, "from"), until=_instant(body, "to"),
            )  # fmt: skip
        except _Fault as fault:
            faults.append(_fault("", "format", fault.detail, None))
        if faults:
            raise _Fault(422, "validation-failed", f"{len(faults)} problems", faults)
        letters = self.dead_letters.select(chosen, status="dead")
        results = [self._reprocess(letter, body) for letter in letters]
        return {"count": len(results), "dryRun": bool(body.get("dryRun")), "results": results}

    def _reprocess(self, letter: Record, body: Record) -> Record:
        """One row of the answer. A letter that is applied, or on its way already, is left alone (MO-4)."""
        dry = bool(body.get("dryRun"))
        row: Record = {
            "messageId": letter["messageId"],
            "flow": letter["flow"],
            "dryRun": dry,
            "errorCode": None,
            "errors": [],
        }
        if letter["status"] == "applied":
            return {**row, "outcome": "already_applied"}
        if letter["status"] == "reprocessing":
            return {**row, "outcome": "queued"}
        corrected = body.get("correctedPayload")
        try:
            if dry:
                return {**row, **self.rehearse(letter, corrected)}
            request = Request(by=body["by"], why=body["why"], corrected=corrected)
            self.dead_letters.send_again(letter, request, self.clock())
        except Unusable as unusable:
            errors = [_fault("/correctedPayload", "validation-failed", text, None) for text in unusable.problems]
            raise _Fault(422, "validation-failed", "the corrected payload makes no event", errors) from None
        return {**row, "outcome": "queued"}


def _query(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


def _body(body: bytes, headers: Mapping[str, str]) -> Record:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Fault(415, "unsupported-media-type", "the body has to be application/json")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise _Fault(400, "malformed-request", "the body is no JSON") from None
    if not isinstance(value, dict):
        raise _Fault(422, "validation-failed", "the body is no object", [_fault("", "type", "an object is due", None)])
    return value


def _faults(body: Record, known: tuple[str, ...]) -> list[Record]:
    faults = [_fault(f"/{name}", "required", f"{name} is required", None) for name in ("by", "why") if name not in body]
    faults += [_fault(f"/{name}", "unknown", f"{name} is not known", None) for name in body if name not in known]
    faults += [
        _fault(f"/{name}", "type", "a text is due", body[name])
        for name in ("by", "why", "errorCode", "flow", "from", "to")
        if name in body and (not isinstance(body[name], str) or not body[name])
    ]
    if not isinstance(body.get("dryRun", False), bool):
        faults.append(_fault("/dryRun", "type", "true or false is due", body["dryRun"]))
    return faults


def _fault(pointer: str, code: str, detail: str, rejected: Any) -> Record:
    return {"pointer": pointer, "code": code, "detail": detail, "rejectedValue": rejected}


def _instant(source: Mapping[str, Any], name: str) -> datetime | None:
    if source.get(name) in (None, ""):
        return None
    try:
        # A plus sign of an offset arrives as a blank when the client did not encode it.
        return instant.read(str(source[name]).replace(" ", "+"))
    except ValueError:
        raise _Fault(400, "invalid-filter", f"{name} is no RFC 3339 instant") from None


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", "100")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 1000:
        raise _Fault(400, "invalid-filter", "limit is a whole number from 1 to 1000")
    return int(text)


def _cursor(query: Mapping[str, str]) -> int:
    text = query.get("cursor", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _Fault(400, "invalid-filter", "cursor is not one of ours")
    return int(text)


def _twice(query: Mapping[str, str], name: str) -> tuple[str, str]:
    value = query.get(name, "")
    return value, value


def _page(rows: list[tuple[int, Record]], limit: int) -> Record:
    more = len(rows) > limit
    shown = rows[:limit]
    return {
        "items": [row for _, row in shown],
        "nextCursor": str(shown[-1][0]) if more else None,
        "hasMore": more,
    }
