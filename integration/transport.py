"""The one port to the outside: send an HTTP request, get an answer.

The harness hands in a transport that ends inside a simulated world, the server one that ends in sockets
(`server.SocketTransport`); nothing else in this package knows which it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

# Made once: `json.dumps` and `json.loads` with options make a new one at each call.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: headers with lower-case names, body as raw bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The decoded body, None when it is empty or no JSON (a proxy's HTML page is no reason to crash)."""
        if not self.body:
            return None
        try:
            return _DECODER.decode(self.body.decode())
        except ValueError:
            return None


class Transport(Protocol):
    """What the integration needs from the network."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """One request, one answer; redirects are not followed.

        Raises TimeoutError when no answer came within `timeout_s`, ConnectionError when the peer refused or dropped the
        connection. After either the outcome at the target is unknown.
        """
        ...


def json_answer(status: int, body: Any, *, media_type: str = "application/json", **headers: str) -> Answer:
    """An answer with a JSON body; further headers by keyword, underscores standing for hyphens."""
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Answer(status, {"content-type": media_type, **named}, encode(body))


def encode(value: Any) -> bytes:
    """Compact JSON in UTF-8, keys in the order given: the same value is always the same bytes."""
    return _ENCODER.encode(value).encode()


def problem(status: int, code: str, detail: str, *, instance: str = "", correlation: str = "") -> Answer:
    """A refusal in the shape all systems here use (RFC 9457)."""
    body: dict[str, Any] = {
        "type": f"https://example.com/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "retryable": status >= 500 or status == 429,
    }
    if instance:
        body["instance"] = instance
    if correlation:
        body["correlationId"] = correlation
    return json_answer(status, body, media_type="application/problem+json")
