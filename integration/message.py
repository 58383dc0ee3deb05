"""An event as it was accepted: the CloudEvents attributes around a payload (domain 2.1, Events)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from . import instant

_REQUIRED = ("specversion", "id", "source", "type", "subject", "time")


class Malformed(Exception):
    """A delivery that is authentic and still no event we can read; `problems` says why, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event.

    name: the type without its reverse-DNS prefix (`store.order.created.v1`). schema: major version of the data.
    sequence: zero-padded text, rising per source and subject; empty when the sender has none.
    correlation: the business flow's id, the event's own id where the sender gave none.
    """

    id: str
    source: str
    system: str
    type: str
    name: str
    subject: str
    time: str
    sequence: str
    correlation: str
    causation: str
    traceparent: str
    schema: str
    data: Mapping[str, Any]


def read(system: str, body: bytes) -> Message:
    """The event in a webhook's body. Raises Malformed with every reason, not only the first."""
    try:
        # No amount, rate or 64-bit id passes through binary floating point.
        event = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed([f"the body is no JSON ({error.__class__.__name__})"]) from None
    if not isinstance(event, dict):
        raise Malformed(["the body is no JSON object"])
    problems = [
        f"`{name}` is missing or no text"
        for name in _REQUIRED
        if not isinstance(event.get(name), str) or not event[name]
    ]
    if not problems and event["specversion"] != "1.0":
        problems.append(f"specversion {event['specversion']!r} is not 1.0")
    data = event.get("data")
    if not isinstance(data, dict):
        problems.append("`data` is no JSON object")
    try:
        instant.read(str(event.get("time", "")))
    except ValueError:
        problems.append("`time` is no RFC 3339 instant")
    if problems or not isinstance(data, dict):
        raise Malformed(problems)
    return Message(
        id=event["id"],
        source=event["source"],
        system=system,
        type=event["type"],
        name=bare_type(event["type"]),
        subject=event["subject"],
        time=event["time"],
        sequence=_text(event.get("sequence")),
        correlation=_text(event.get("correlationid")) or event["id"],
        causation=_text(event.get("causationid")),
        traceparent=_text(event.get("traceparent")),
        schema=event["type"].rpartition(".v")[2],
        data=data,
    )


def bare_type(name: str) -> str:
    """`com.example.erp.salesorder.released.v1` -> `erp.salesorder.released.v1`: the system's name starts the type."""
    parts = name.split(".")
    for place, part in enumerate(parts):
        if part in ("store", "erp", "wms", "crm", "pay", "ship", "tax"):
            return ".".join(parts[place:])
    return name


def body_hash(body: bytes) -> str:
    """Hash of the bytes as emitted, `sha256:` and hex: the dead letter's `payloadHash`."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
