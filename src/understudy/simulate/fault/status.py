from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from understudy.simulate.fault.model import RequestFault, take
from understudy.simulate.message import Response, encode_json
from understudy.simulate.problem import STATUS_OF

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

    def before(self) -> Response | None:
        return self._answer() if self.when == "before" else None

    def after(self, response: Response) -> Response:
        return self._answer() if self.when == "after" else response

    def _answer(self) -> Response:
        slug = _SLUG_OF[self.status]
        assert STATUS_OF[slug] == self.status
        body = {
            "type": f"https://example.com/problems/{slug}",
            "title": slug.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": "injected fault",
            "code": slug,
            "retryable": self.status in (408, 429, 500, 502, 503, 504),
        }
        headers = {"content-type": "application/problem+json"}
        if self.retryAfter is not None:
            headers["retry-after"] = str(self.retryAfter)
        return Response(self.status, headers, encode_json(body))
