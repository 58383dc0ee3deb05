"""Events as CloudEvents 1.0, and how one is delivered: signature and retry ladder (domain.md 2.1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

TYPE_PREFIX = "com.example."
RETRY_LADDER = tuple(timedelta(seconds=s) for s in (10, 30, 2 * 60, 10 * 60, 30 * 60, 45 * 60, 60 * 60, 90 * 60))
ANSWER_WITHIN_S = 5.0
DELIVERY_LATENCY = timedelta(milliseconds=100)
SIGNATURE_HEADER = "x-signature"
CONTENT_TYPE = "application/cloudevents+json"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """`t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + rawBody)>`."""
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event that happened. body: the exact bytes that every delivery carries, so that redeliveries are equal."""

    id: str
    system: str
    name: str
    subject: str
    cloud_event: Mapping[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one subscriber.

    status: pending, delivered, failed (will be tried again), given_up, dropped (by a fault). attempts: made so far.
    copy: 0 for the original, rising with redeliveries on request. mutation: how a fault alters what is sent.
    """

    id: str
    event_id: str
    system: str
    subscription_id: str
    sink: str
    status: str = "pending"
    attempts: int = 0
    last_status: int | None = None
    copy: int = 0
    mutation: str = ""

    def attempted(self, status: str, answer: int | None) -> Delivery:
        return replace(self, status=status, attempts=self.attempts + 1, last_status=answer)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt, ready to be sent by a shell. at: when it was due. timeout_s: the receiver answers within it."""

    delivery_id: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime
    attempt: int
    timeout_s: float = ANSWER_WITHIN_S
