"""One HTTP request and its response as values, the same over sockets and in-process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrives.

    method: upper case. path: as on the wire, percent-encoded, without the query. query: raw query string without `?`.
    headers: lower-case names; repeated ones joined with `, ` (RFC 9110 section 5.3). body: raw, empty when absent.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Response:
    """A response as it leaves: headers with lower-case names, body as raw bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The decoded JSON body; None when there is no body. Raises ValueError when the body is no JSON."""
        return json.loads(self.body) if self.body else None


class ConnectionReset(ConnectionError):
    """The peer closed the connection without an answer: the outcome of the request is unknown."""


class ClientTimeout(TimeoutError):
    """No answer within the caller's time limit: the outcome of the request is unknown."""


def encode_json(value: Any) -> bytes:
    """Compact JSON in UTF-8, keys in insertion order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def split_url(url: str) -> tuple[str, str, str]:
    """`http://host:1/a?b=c` -> (`http://host:1`, `/a`, `b=c`). What is no URL is an origin where nothing can be."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, "/", ""
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return origin, parts.path or "/", parts.query
