"""A work bench for tests: the integration with a scripted network, a clock that tests move, and signed events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integration import Answer, Integration, Settings, build
from integration.signature import sign
from integration.transport import encode, json_answer

START = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
SECRET = "a-secret-of-sixteen-or-more"
ADMIN_KEY = "an-admin-key-of-some-length"

SETTINGS = Settings(
    erp_url="http://erp.test/erp/v1",
    wms_url="http://wms.test/wms/v1",
    storefront_url="http://store.test/store/v1",
    crm_url="http://crm.test/crm/v1",
    public_url="http://integration.test",
    erp_client_id="integration",
    erp_client_secret="erp-client-secret",
    crm_client_id="integration",
    crm_client_secret="crm-client-secret",
    wms_api_key="wms-api-key",
    storefront_token="store-token",
    secrets=dict.fromkeys(("erp", "wms", "storefront", "crm"), (SECRET,)),
    admin_key=ADMIN_KEY,
)


@dataclass
class Call:
    """One request as it left the integration."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    at: datetime

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


Reaction = Answer | Exception | Callable[[Call], Answer]


@dataclass
class Network:
    """Answers by (method, path): each route has a queue of reactions, the last of which stays."""

    now: Callable[[], datetime]
    routes: dict[tuple[str, str], list[Reaction]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def on(self, method: str, path: str, *reactions: Reaction) -> None:
        self.routes[method, path] = list(reactions)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        form = headers.get("content-type", "").startswith("application/x-www-form")
        call = Call(method, url, dict(headers), body.decode() if form else json.loads(body or b"null"), self.now())
        self.calls.append(call)
        reactions = self.routes.get((method, call.path))
        if reactions is None:
            raise AssertionError(f"nobody expected {method} {url}")
        reaction = reactions.pop(0) if len(reactions) > 1 else reactions[0]
        if isinstance(reaction, Exception):
            raise reaction
        return reaction if isinstance(reaction, Answer) else reaction(call)

    def to(self, method: str, path: str) -> list[Call]:
        return [call for call in self.calls if (call.method, call.path) == (method, path)]


class Bench:
    """`integration` with a `network`; time stands still until `run` moves it from one due moment to the next."""

    def __init__(self, *, chance: float = 0.5, database: str = ":memory:", **settings: Any) -> None:
        self.now = START
        self.settings = replace(SETTINGS, **settings)
        self.network = Network(lambda: self.now)
        self.chance = chance
        self.integration = self.open(database)
        for system in ("erp", "crm"):
            token = {"access_token": f"{system}-token-1", "token_type": "Bearer", "expires_in": 3600, "scope": "x"}
            self.network.on("POST", f"/{system}/v1/oauth/token", json_answer(200, token))

    def open(self, database: str = ":memory:") -> Integration:
        return build(
            self.settings,
            transport=self.network,
            clock=lambda: self.now,
            chance=lambda _key: self.chance,
            database=database,
        )

    def deliver(self, system: str, event: Mapping[str, Any], **changes: Any) -> Answer:
        """Hand an event to the webhook, signed. changes: body, secret, at, headers, path."""
        body = changes.get("body", encode(event))
        signed = sign(changes.get("secret", SECRET), changes.get("signed_body", body), changes.get("at", self.now))
        headers = {"content-type": "application/cloudevents+json", "x-signature": signed, **changes.get("headers", {})}
        return self.integration.handle("POST", f"/webhooks/{system}", "", headers, body)

    def run(self, *, until: timedelta = timedelta(days=1)) -> None:
        """Let time pass until nothing is due any more, or for `until`."""
        deadline = self.now + until
        while (due := self.integration.next_due()) is not None and due <= deadline:
            self.now = max(self.now, due)
            self.integration.run_due()

    def wait(self, **by: float) -> None:
        """Let time pass, everything due on the way happening at its time."""
        end = self.now + timedelta(**by)
        self.run(until=end - self.now)
        self.now = end

    def admin(self, method: str, path: str, body: Any = None, query: str = "", key: str = ADMIN_KEY) -> Answer:
        headers = {"x-admin-key": key, "content-type": "application/json"}
        return self.integration.handle(method, path, query, headers, b"" if body is None else encode(body))

    def statuses(self) -> list[tuple[str, str, str | None]]:
        """(flow, status, reason) of every message, in the order of arrival."""
        return [(row["flow"], row["status"], row["reason"]) for row in self.integration.observe()["messages"]]


def event(
    system: str, name: str, data: Mapping[str, Any], *, subject: str, sequence: int = 1, **more: Any
) -> dict[str, Any]:
    """A CloudEvent of a system. name without prefix."""
    source = {"erp": "/erp/DE01", "wms": "/wms/LEJ1", "storefront": "/store/demo", "crm": "/crm/main"}[system]
    return {
        "specversion": "1.0",
        "id": f"{system}-evt-{subject}-{sequence}",
        "source": source,
        "type": f"com.example.{name}",
        "subject": subject,
        "time": "2026-03-01T23:30:00Z",
        "datacontenttype": "application/json",
        "dataschema": f"https://example.com/schemas/{name}",
        "correlationid": "c-7f3a",
        "causationid": "req-1",
        "sequence": f"{sequence:06}",
        "data": data,
        **more,
    }


def customer_created(*, subject: str = "C00042", **more: Any) -> dict[str, Any]:
    """The simplest event that leads to one write, after two look-ups: F-11."""
    data = {"id": f"c-{subject}", "number": subject, "displayName": "Anna Keller", "email": "Anna.K@example.com"}
    return event("erp", "erp.customer.created.v1", data, subject=subject, **more)


def problem_answer(status: int, code: str, headers: Mapping[str, str] | None = None, **members: Any) -> Answer:
    body = {"type": f"https://example.com/problems/{code}", "title": code, "status": status, "code": code, **members}
    return Answer(status, {"content-type": "application/problem+json", **(headers or {})}, encode(body))


ACCOUNTS = "/crm/v1/accounts"


def no_account() -> Answer:
    return json_answer(200, {"accounts": []})


def account(number: str = "C00042") -> Answer:
    body = {
        "id": "acc_81",
        "name": "Anna",
        "email": "anna.k@example.com",
        "erpCustomerNumber": number,
        "@etag": 'W/"1"',
    }
    return json_answer(201, body)
