"""Webhooks: trusted over the raw bytes, stored, and only then acknowledged (domain 2.1 Delivery, MSG-5, section 8)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from . import signature
from .flow import Flow
from .inbox import Inbox
from .log import Log
from .message import Malformed, Message, read
from .practice import Practice
from .settings import Settings
from .transport import Answer, json_answer, problem
from .worker import origin_of

_MEDIA_TYPES = ("application/cloudevents+json", "application/json")


class Receiver:
    """Takes deliveries. flows_of: the flows that an event type concerns. refused: counts refused signatures."""

    def __init__(
        self,
        settings: Settings,
        inbox: Inbox,
        log: Log,
        practice: Practice,
        clock: Callable[[], datetime],
        flows_of: Callable[[str], Iterable[Flow]],
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._log = log
        self._practice = practice
        self._clock = clock
        self._flows_of = flows_of
        self.signatures_refused = 0

    def receive(self, system: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a delivery from `system`: 202 once it is stored, or known already; otherwise the sender keeps it."""
        path = f"/webhooks/{system}"
        secrets = self._settings.secrets.get(system)
        if secrets is None:
            return problem(404, "not-found", f"no system {system!r} delivers here", instance=path)
        if len(body) > self._settings.max_body_bytes:
            return problem(413, "payload-too-large", f"more than {self._settings.max_body_bytes} bytes", instance=path)
        if self._practice.checks_signature:
            fault = signature.fault(
                headers.get("x-signature"), body, secrets, now=self._clock(),
                tolerance_s=self._settings.signature_tolerance_s,
            )  # fmt: skip
            if fault:
                self.signatures_refused += 1
                self._log.refused_delivery(system, fault)
                return problem(401, "signature-invalid", fault, instance=path)
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _MEDIA_TYPES:
            return problem(415, "unsupported-media-type", f"{media_type or 'no media type'} is not read", instance=path)
        try:
            message = read(system, body)
        except Malformed as malformed:
            return problem(400, "malformed-request", "; ".join(malformed.problems), instance=path)
        try:
            fresh = self._accept(message, body)
        except sqlite3.Error as error:
            # Not stored, so not acknowledged: the sender delivers it again.
            self._inbox.recount()
            answer = problem(503, "service-unavailable", f"cannot store: {error}", instance=path)
            return Answer(answer.status, {**answer.headers, "retry-after": "10"}, answer.body)
        return json_answer(
            202,
            {"messageId": message.id, "status": "accepted" if fresh else "duplicate"},
            x_correlation_id=message.correlation,
        )

    def _accept(self, message: Message, body: bytes) -> bool:
        flows = tuple(self._flows_of(message.name))
        if not self._practice.recognises_repeats:
            message = self._disguised(message)
        with self._inbox.transaction():
            fresh = self._inbox.accept(message, body, flows, self._clock())
            for flow in flows:
                origin = origin_of(message, flow.id, 1, "")
                self._log.hop(origin, "accepted" if fresh else "duplicate", "inbound", method="POST", status=202)
        return fresh

    def _disguised(self, message: Message) -> Message:
        """Under a defect: a repeat passes for a message of its own."""
        copies = self._inbox.copies(message.source, message.id)
        return replace(message, id=f"{message.id}~{copies + 1}") if copies else message
