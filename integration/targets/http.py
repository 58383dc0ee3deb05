"""A call to a target: signed in, traceable, refused or answered, and logged as a hop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from ..crosswalk import WHOLE_TARGET, QuietTimes
from ..failure import Cause, Paused, Retryable, Unknown
from ..log import Log, Origin, Outcome
from ..metrics import Metrics
from ..practice import Practice
from ..retry import failure_of, retry_after
from ..transport import Answer, Transport, encode
from .token import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call in the target's words. path: below the base URL, parts already quoted. key: Idempotency-Key."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    key: str = ""
    if_match: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A target system: where it is and how to sign in.

    answered: told after each call `target:operation` and whether it went well; an outage is not well, a refusal is.
    """

    name: str
    base: str
    credential: Credential
    transport: Transport
    clock: Callable[[], datetime]
    quiet: QuietTimes
    log: Log
    metrics: Metrics
    practice: Practice
    timeout_s: float
    answered: Callable[[str, bool], None]


class WouldWrite(Exception):
    """A dry run has come to its first write."""

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


class Caller:
    """Calls to one endpoint on behalf of one message. dry: only reads are made; a write raises WouldWrite."""

    def __init__(self, endpoint: Endpoint, origin: Origin, *, dry: bool = False) -> None:
        self._endpoint = endpoint
        self._origin = origin
        self._dry = dry
        self._calls = 0

    @property
    def dry(self) -> bool:
        return self._dry

    @property
    def target(self) -> str:
        return self._endpoint.name

    @property
    def attempt(self) -> int:
        return self._origin.attempt

    @property
    def practice(self) -> Practice:
        return self._endpoint.practice

    def nonce(self) -> str:
        """A text that no other call has: what a careless integration takes for an idempotency key."""
        self._calls += 1
        return f"{self._origin.message_id}:{self._origin.flow}:{self._origin.attempt}:{self._calls}"

    def now(self) -> datetime:
        return self._endpoint.clock()

    def call(self, request: Request) -> Any:
        """The decoded body of a 2xx answer, None when it is empty. Raises Failure for everything else."""
        endpoint = self._endpoint
        if self._dry and request.method != "GET":
            raise WouldWrite(request.operation)
        until = endpoint.quiet.until(endpoint.name, request.operation, endpoint.clock())
        if until is not None and endpoint.practice.honours_retry_after:
            raise Paused(self._cause(request, "quiet-time", "the target asked for quiet", None), until=until)
        signed = endpoint.credential.headers(self._origin.flow)
        answer = self._send(request, signed)
        if answer.status == 401 and endpoint.credential.renew(signed, self._origin.flow):
            # Once, and only once: a second 401 is a matter for people, not for a loop.
            answer = self._send(request, endpoint.credential.headers(self._origin.flow))
        if _broken(answer):
            endpoint.answered(f"{endpoint.name}:{request.operation}", False)
            raise Unknown(self._cause(request, "malformed-answer", "the answer is cut off or no JSON", answer.status))
        if 200 <= answer.status < 300:
            endpoint.answered(f"{endpoint.name}:{request.operation}", True)
            return answer.json()
        failure = self._failure(request, answer)
        endpoint.answered(f"{endpoint.name}:{request.operation}", not isinstance(failure, Retryable))
        raise failure

    def _send(self, request: Request, signed: Mapping[str, str]) -> Answer:
        endpoint = self._endpoint
        url = endpoint.base + request.path + (f"?{urlencode(request.query, quote_via=quote)}" if request.query else "")
        headers = {"accept": "application/json", **signed, **self._trace()}
        if request.body is not None:
            headers["content-type"] = "application/json"
        if request.key:
            headers["idempotency-key"] = request.key
        if request.if_match:
            headers["if-match"] = endpoint.practice.if_match(request.if_match)
        started = endpoint.clock()
        try:
            answer = endpoint.transport.send(request.method, url, headers, request.body or b"", endpoint.timeout_s)
        except (TimeoutError, ConnectionError) as error:
            code = "timeout" if isinstance(error, TimeoutError) else "connection-reset"
            self._hop(request, "retry", None, started, code)
            endpoint.metrics.requested(self._origin.flow, endpoint.name, 0)
            endpoint.answered(f"{endpoint.name}:{request.operation}", False)
            raise Unknown(self._cause(request, code, "no answer; the work may have been done", None)) from None
        endpoint.metrics.requested(self._origin.flow, endpoint.name, answer.status)
        self._hop(request, _outcome(answer), answer.status, started, _code(answer) if answer.status >= 400 else "")
        return answer

    def _trace(self) -> dict[str, str]:
        headers = {"x-causation-id": self._origin.message_id}
        if self._endpoint.practice.passes_correlation:
            headers["x-correlation-id"] = self._origin.correlation
        return headers

    def _failure(self, request: Request, answer: Answer) -> Exception:
        endpoint = self._endpoint
        body = answer.json()
        told: Mapping[str, Any] = body if isinstance(body, dict) else {}
        errors = [error for error in told.get("errors") or () if isinstance(error, dict)]
        cause = self._cause(
            request, _code(answer), str(told.get("detail") or told.get("title") or ""), answer.status, errors
        )
        wait = retry_after(answer.headers.get("retry-after"), endpoint.clock())
        if (
            wait is None
            and isinstance(told.get("retryAfterSeconds"), (int, Decimal))
            and told["retryAfterSeconds"] >= 0
        ):
            wait = endpoint.clock() + timedelta(seconds=float(told["retryAfterSeconds"]))
        existing = told.get("existingId")
        failure = failure_of(cause, not_before=wait, existing_id=str(existing) if existing is not None else None)
        if isinstance(failure, Retryable) and wait is not None and cause.code != "idempotency-in-progress":
            # 429 limits the client wherever it calls; a 503 says only that this operation is down (OU-6).
            endpoint.quiet.ask(endpoint.name, WHOLE_TARGET if answer.status == 429 else request.operation, wait)
        return failure

    def _cause(
        self, request: Request, code: str, detail: str, status: int | None, errors: list[dict[str, Any]] | None = None
    ) -> Cause:
        return Cause(
            code=code,
            detail=detail,
            target=self._endpoint.name,
            operation=request.operation,
            status=status,
            errors=errors or (),
        )

    def _hop(self, request: Request, outcome: Outcome, status: int | None, started: datetime, error: str) -> None:
        endpoint = self._endpoint
        endpoint.log.hop(
            self._origin,
            outcome,
            "outbound",
            target=endpoint.name,
            operation=request.operation,
            method=request.method,
            status=status,
            duration_ms=(endpoint.clock() - started) / timedelta(milliseconds=1),
            error=error,
        )


def body_of(value: Any) -> bytes:
    """A JSON request body; equal values give equal bytes, which the idempotency record compares."""
    return encode(value)


def part(value: object) -> str:
    """A path segment or an identifier inside one, percent-encoded."""
    return quote(str(value), safe="")


def _code(answer: Answer) -> str:
    body = answer.json()
    if isinstance(body, dict) and isinstance(body.get("code"), str):
        return str(body["code"])
    return f"http-{answer.status}"


def _broken(answer: Answer) -> bool:
    """Whether the answer claims to be JSON and is not: cut off on its way, so nobody knows what was decided."""
    claimed = "json" in answer.headers.get("content-type", "")
    empty = not answer.body and 200 <= answer.status < 300 and answer.status != 204
    return (claimed and bool(answer.body) and answer.json() is None) or empty


def _outcome(answer: Answer) -> Outcome:
    """What the answer means for the hop; the message's own fate is logged apart."""
    if answer.status < 400:
        return "accepted"
    if answer.status == 409 and _code(answer).startswith("duplicate-"):
        return "duplicate"
    if answer.status in (401, 404, 408, 412, 429) or answer.status >= 500 or _code(answer) == "idempotency-in-progress":
        return "retry"
    return "dead"
