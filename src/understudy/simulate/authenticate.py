"""Who calls: bearer tokens by client credentials and API keys, as the contract's security schemes declare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from understudy.contract import Contract, Operation
from understudy.simulate.behaviour import Client
from understudy.simulate.journal import MASK
from understudy.simulate.message import Request
from understudy.simulate.problem import Problem

ANONYMOUS = Client("anonymous")


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller may show. kind: `client` (id and secret for a token), `token` or `key`. expires: None for never."""

    actor: str
    system: str
    kind: str
    value: str
    scopes: frozenset[str]
    secret: str = ""
    expires: datetime | None = None


class Doorkeeper:
    """The security rules of one system's contract, read once.

    schemes that can be enforced: oauth2 with clientCredentials, http bearer, apiKey in a header.
    """

    def __init__(self, contract: Contract, system: str) -> None:
        self._system = system
        self._schemes = contract.security_schemes
        self.key_headers = tuple(
            str(s["name"]).lower()
            for s in self._schemes.values()
            if s.get("type") == "apiKey" and s.get("in") == "header"
        )
        required = (s for o in contract.operations.values() for alternative in o.security for s in alternative.values())
        self.scopes = frozenset(scope for s in self._schemes.values() for scope in _declared_scopes(s)).union(*required)
        self.has_tokens = any(s.get("type") in ("oauth2", "openIdConnect") for s in self._schemes.values())

    def credential_text(self, request: Request) -> str:
        """The credential that the request carries, empty when none: a bearer token or an API key."""
        bearer = _bearer(request)
        if bearer:
            return bearer
        return next((request.headers[name] for name in self.key_headers if name in request.headers), "")

    def without_credentials(self, request: Request) -> Request:
        """The request with its credentials masked, as the journal keeps it."""
        carried = [name for name in ("authorization", *self.key_headers) if name in request.headers]
        if not carried:
            return request
        headers = {**request.headers, **dict.fromkeys(carried, MASK)}
        return Request(request.method, request.path, request.query, headers, request.body)

    def admit(
        self, operation: Operation, request: Request, credentials: Mapping[str, Credential], now: datetime
    ) -> Client:
        """The caller. Raises Problem 401 (missing, unknown, expired) or 403 insufficient-scope."""
        if not operation.security:
            return ANONYMOUS
        refusal: Problem | None = None
        for alternative in operation.security:
            if not alternative:
                return ANONYMOUS
            try:
                client = ANONYMOUS
                for name, scopes in alternative.items():
                    client = self._admit(self._schemes.get(name, {}), scopes, request, credentials, now)
                return client
            except Problem as problem:
                refusal = problem if refusal is None or problem.status == 403 else refusal
        assert refusal is not None
        raise refusal

    def _admit(
        self,
        scheme: Mapping[str, Any],
        scopes: tuple[str, ...],
        request: Request,
        credentials: Mapping[str, Credential],
        now: datetime,
    ) -> Client:
        if scheme.get("type") == "apiKey":
            text = request.headers.get(str(scheme["name"]).lower(), "")
            challenge = {"WWW-Authenticate": f'ApiKey header="{scheme["name"]}"'}
        else:
            text = _bearer(request)
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        if not text:
            raise Problem("token-missing", "no credential was sent", headers=challenge)
        credential = credentials.get(text)
        if credential is None or credential.kind == "client" or credential.system != self._system:
            raise Problem("token-invalid", "the credential is not known here", headers=challenge)
        if credential.expires is not None and credential.expires <= now:
            raise Problem("token-expired", "the token has expired", headers=challenge)
        missing = [scope for scope in scopes if scope not in credential.scopes]
        if missing:
            raise Problem("insufficient-scope", f"needs scope {' '.join(missing)}")
        return Client(credential.actor, credential.scopes)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _declared_scopes(scheme: Mapping[str, Any]) -> list[str]:
    return [scope for flow in (scheme.get("flows") or {}).values() for scope in (flow.get("scopes") or {})]
