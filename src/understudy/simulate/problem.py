"""Refusals as RFC 9457 problem details (domain.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.simulate.message import Response, encode_json

# What any API may answer; what a business refuses is in the simulators' own tables.
STATUS_OF: Mapping[str, int] = {
    "malformed-request": 400,
    "invalid-filter": 400,
    "idempotency-key-missing": 400,
    "token-missing": 401,
    "token-expired": 401,
    "token-invalid": 401,
    "signature-invalid": 401,
    "insufficient-scope": 403,
    "tls-required": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "operation-timeout": 408,
    "invalid-state-transition": 409,
    "idempotency-in-progress": 409,
    "entity-changed": 409,
    "cursor-expired": 410,
    "api-version-retired": 410,
    "precondition-failed": 412,
    "payload-too-large": 413,
    "unsupported-media-type": 415,
    "validation-failed": 422,
    "unknown-reference": 422,
    "idempotency-key-reuse": 422,
    "precondition-required": 428,
    "rate-limited": 429,
    "concurrency-limited": 429,
    "internal-error": 500,
    "not-implemented": 501,
    "bad-gateway": 502,
    "service-unavailable": 503,
    "gateway-timeout": 504,
}
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class FieldError:
    """One violation. pointer: JSON Pointer into the request body. code: a slug. rejected: the offending value."""

    pointer: str
    code: str
    detail: str
    rejected: Any = None

    def to_json(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail, "rejectedValue": self.rejected}


class Problem(Exception):
    """A refusal. Raising it undoes everything the request has done so far.

    slug: a key of STATUS_OF or of the simulator's `problems`, which give the status. errors: all violations, not the
    first only. current_state and allowed_transitions: for 409 invalid-state-transition. existing_id: the record that a
    duplicate refers to.
    """

    def __init__(
        self,
        slug: str,
        detail: str = "",
        *,
        title: str = "",
        errors: Sequence[FieldError] = (),
        current_state: str | None = None,
        allowed_transitions: Sequence[str] | None = None,
        existing_id: str | int | None = None,
        retry_after_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{slug}: {detail}")
        self.slug = slug
        self.status = status if status is not None else STATUS_OF.get(slug, 0)
        """0 until the world has looked the slug up in the simulator's own table."""
        self.title = title or slug.replace("-", " ").capitalize()
        self.detail = detail or (f"{len(errors)} problem{'s' if len(errors) != 1 else ''}" if errors else self.title)
        self.errors = tuple(errors)
        self.current_state = current_state
        self.allowed_transitions = None if allowed_transitions is None else tuple(allowed_transitions)
        self.existing_id = existing_id
        self.retry_after_seconds = retry_after_seconds
        self.headers = dict(headers or {})

    def to_json(self, *, instance: str, correlation_id: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"https://example.com/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.slug,
            "correlationId": correlation_id,
            "retryable": self.status in _TRANSIENT or self.slug == "idempotency-in-progress",
        }
        if self.errors:
            body["errors"] = [error.to_json() for error in self.errors]
        if self.current_state is not None:
            body["currentState"] = self.current_state
        if self.allowed_transitions is not None:
            body["allowedTransitions"] = list(self.allowed_transitions)
        if self.existing_id is not None:
            body["existingId"] = str(self.existing_id)
        if self.retry_after_seconds is not None:
            body["retryAfterSeconds"] = self.retry_after_seconds
        return body


def refusal(problem: Problem, path: str) -> Response:
    """A problem answer of the harness itself."""
    body = problem.to_json(instance=path, correlation_id="")
    return Response(problem.status, {"content-type": "application/problem+json", **problem.headers}, encode_json(body))
