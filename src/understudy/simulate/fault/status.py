from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from understudy.simulate.fault.model import RequestFault, take
from understudy.simulate.message import Response
from understudy.simulate.problem import STATUS_OF, Problem

_SLUG_OF = {
    400: "malformed-request",
    401: "token-invalid",
    403: "insufficient-scope",
    404: "not-found",
    408: "operation-timeout",
    409: "entity-changed",
    422: "validation-failed",
    429: "rate-limited",
    500: "internal-error",
    502: "bad-gateway",
    503: "service-unavailable",
    504: "gateway-timeout",
}


@dataclass(frozen=True, slots=True)
class Status(RequestFault):
    """A problem answer of the given status, instead of the work (`when: before`) or after its commit (`after`).

    retryAfter: seconds or an HTTP-date, sent as the Retry-After header (RFC 9110 section 10.2.3).
    """

    kind: ClassVar[str] = "status"
    status: int = 503
    when: str = "before"
    retryAfter: int | float | str | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        values = take(parameters, {"status": int, "when": str, "retryAfter": (int, float, str)})
        if values.get("status", 503) not in _SLUG_OF:
            raise ValueError(f"parameter 'status' is one of {', '.join(map(str, _SLUG_OF))}")
        if values.get("when", "before") not in ("before", "after"):
            raise ValueError("parameter 'when' is before or after")
        retry_after = str(values.get("retryAfter", ""))
        if not (retry_after.isascii() and retry_after.isprintable()):
            raise ValueError(
                "parameter 'retryAfter' is sent in a header: printable ASCII, such as 2, 2.5 or an HTTP-date"
            )
        return cls(**values)

    def before(self) -> Problem | None:
        return self._problem() if self.when == "before" else None

    def after(self, response: Response) -> Response | Problem:
        return self._problem() if self.when == "after" else response

    def _problem(self) -> Problem:
        slug = _SLUG_OF[self.status]
        assert STATUS_OF[slug] == self.status
        headers = {}
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        if self.retryAfter is not None:
            headers["Retry-After"] = str(self.retryAfter)
        seconds = self.retryAfter if type(self.retryAfter) is int else None
        return Problem(slug, "injected fault", retry_after_seconds=seconds, headers=headers)
