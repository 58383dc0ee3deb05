"""How a call signs in: an OAuth token that all workers share, or a fixed key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

from ..failure import Cause, Refused, Unknown
from ..retry import failure_of, retry_after
from ..transport import Answer, Transport

# A token is renewed this long before it ends, at most a tenth of its life, so that none expires on the way.
_MARGIN = timedelta(seconds=30)


class Credential(Protocol):
    def headers(self, flow: str) -> dict[str, str]:
        """Headers that sign a call in, on behalf of a flow. May fetch a token; raises Failure when that fails."""
        ...

    def renew(self, rejected: dict[str, str], flow: str) -> bool:
        """The target rejected these headers. Returns whether a replay with fresh ones makes sense."""
        ...

    def forget(self) -> None:
        """Drop what was fetched."""
        ...


class Key:
    """A fixed key in a header."""

    def __init__(self, header: str, value: str) -> None:
        self._headers = {header: value}

    def headers(self, flow: str) -> dict[str, str]:  # noqa: ARG002
        return self._headers

    def renew(self, rejected: dict[str, str], flow: str) -> bool:  # noqa: ARG002
        return False

    def forget(self) -> None:
        return None


class ClientCredentials:
    """OAuth 2.0 client credentials: one token for all workers, one refresh when it ends, not one per worker (AU-1)."""

    def __init__(
        self,
        target: str,
        url: str,
        client_id: str,
        client_secret: str,
        transport: Transport,
        clock: Callable[[], datetime],
        *,
        timeout_s: float,
        on_call: Callable[[str, str, int], None],
        on_refresh: Callable[[str], None],
    ) -> None:
        self._target = target
        self._url = f"{url}/oauth/token"
        self._form = urlencode(
            {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        ).encode()
        self._transport = transport
        self._clock = clock
        self._timeout_s = timeout_s
        self._on_call = on_call
        self._on_refresh = on_refresh
        self._lock = threading.Lock()
        self._headers: dict[str, str] = {}
        self._renew_at: datetime | None = None

    def headers(self, flow: str) -> dict[str, str]:
        with self._lock:
            if self._renew_at is None or self._clock() >= self._renew_at:
                self._fetch(flow)
            return self._headers

    def renew(self, rejected: dict[str, str], flow: str) -> bool:
        with self._lock:
            # Another worker may have renewed it already; then its token serves us too.
            if self._headers == rejected:
                self._fetch(flow)
            return True

    def forget(self) -> None:
        with self._lock:
            self._headers, self._renew_at = {}, None

    def _fetch(self, flow: str) -> None:
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        lost = Cause(code="timeout", detail="no token came", target=self._target, operation="getToken")
        try:
            answer = self._transport.send("POST", self._url, headers, self._form, self._timeout_s)
        except (TimeoutError, ConnectionError):
            self._on_call(flow, self._target, 0)
            raise Unknown(lost) from None
        self._on_call(flow, self._target, answer.status)
        token = answer.json() if answer.status == 200 else None
        if not isinstance(token, dict) or not isinstance(token.get("access_token"), str):
            raise self._failure(answer)
        life = timedelta(seconds=float(token.get("expires_in") or 3600))
        self._renew_at = self._clock() + life - min(_MARGIN, life / 10)
        self._headers = {"authorization": f"Bearer {token['access_token']}"}
        self._on_refresh(flow)

    def _failure(self, answer: Answer) -> Exception:
        body = answer.json()
        told = body if isinstance(body, dict) else {}
        cause = Cause(
            code=str(told.get("code") or told.get("error") or "token-invalid"),
            detail=str(told.get("detail") or told.get("error_description") or "no token was given"),
            target=self._target,
            operation="getToken",
            status=answer.status,
        )
        if answer.status < 400:
            return Refused(cause)
        wait = retry_after(answer.headers.get("retry-after"), self._clock())
        return failure_of(cause, not_before=wait)
