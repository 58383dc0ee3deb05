"""Requests over sockets, with connections kept open. Waiting is real time."""

from __future__ import annotations

import http.client
import select
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import SplitResult, urlsplit

from understudy.errors import Unreachable, UnusableInput, closest
from understudy.scenario.model import OperationLike
from understudy.simulate.message import ClientTimeout, ConnectionReset, Request, Response

MAX_ANSWER_BYTES = 64 * 1024 * 1024
USER_AGENT = "understudy"


class SocketClient:
    """The client of a run against real addresses. One per thread; `close` it, or use it in a `with`.

    base_urls: where each source is served, by source description name. timeout_s: for connecting and for each answer.
    """

    def __init__(self, base_urls: Mapping[str, str], timeout_s: float = 30.0) -> None:
        self.base_urls = dict(base_urls)
        self.timeout_s = timeout_s
        self._targets = {name: _split(name, url) for name, url in self.base_urls.items()}
        self._open: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def send(self, source: str, operation: OperationLike, request: Request) -> Response:
        """Raises Unreachable when nothing answers at the address, ConnectionReset or ClientTimeout when the outcome is
        unknown. Nothing is repeated: whether to try again is for the scenario to say.
        """
        return self.send_within(source, operation, request, self.timeout_s)

    def send_within(self, source: str, _operation: OperationLike, request: Request, timeout_s: float) -> Response:
        target = self._targets.get(source)
        if target is None:
            raise UnusableInput(f"no address is known for `{source}`", hint=closest(source, self._targets),
                                allowed=", ".join(sorted(self._targets)))  # fmt: skip
        connection = self._connection(target, source, timeout_s)
        path = f"{target.path.rstrip('/')}{request.target}"
        headers = {"user-agent": USER_AGENT, **request.headers}
        try:
            connection.request(request.method, path, request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read(MAX_ANSWER_BYTES + 1)
        except TimeoutError:
            self._drop(target)
            raise ClientTimeout(f"{source} did not answer {request.method} {path} within {timeout_s:g} s") from None
        except (OSError, http.client.HTTPException) as problem:
            self._drop(target)
            reason = str(problem) or type(problem).__name__
            raise ConnectionReset(f"{source} broke off during {request.method} {path}: {reason}") from None
        if len(body) > MAX_ANSWER_BYTES:
            self._drop(target)
            raise ConnectionReset(
                f"the answer of {source} to {request.method} {path} is over {MAX_ANSWER_BYTES:,} bytes"
            )
        if answer.will_close:
            self._drop(target)
        joined: dict[str, str] = {}
        for name, value in answer.getheaders():
            name = name.lower()
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return Response(answer.status, joined, body)

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def __enter__(self) -> SocketClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connection(self, target: SplitResult, source: str, timeout_s: float) -> http.client.HTTPConnection:
        key = (target.scheme, target.netloc)
        connection = self._open.get(key)
        if connection is not None and _is_stale(connection):
            self._drop(target)
            connection = None
        if connection is None:
            kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
            connection = kind(target.hostname or "", target.port, timeout=timeout_s)
            try:
                connection.connect()
            except (OSError, UnicodeError) as problem:
                hint = "is it started, and is the address right?"
                if isinstance(problem, ssl.SSLError):
                    hint = "is it served over TLS, with a certificate that this machine trusts?"
                reason = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
                address = f"{target.scheme}://{target.netloc}"
                raise Unreachable(f"{source} cannot be reached: {reason}", where=address, hint=hint) from None
            self._open[key] = connection
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        return connection

    def _drop(self, target: SplitResult) -> None:
        connection = self._open.pop((target.scheme, target.netloc), None)
        if connection is not None:
            connection.close()


def _is_stale(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has closed a kept connection: an idle one that can be read from has ended.

    Asking first is better than sending again after a failure, which could do the same work twice.
    """
    if connection.sock is None:
        return True
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return bool(readable)


def _split(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        valid = valid and parts.netloc.isprintable() and " " not in parts.netloc
    except ValueError:
        valid = False
    if not valid:
        raise UnusableInput(f"`{url}` is no address for `{name}`", allowed="http://host:port/path or https://…")
    return parts
