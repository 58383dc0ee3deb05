"""Credentials that are refused do nothing, and what people read tells no secret and no person (SEC-1, SEC-3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from understudy import Evidence, Row

from .recorded import recorded

_TOKEN = re.compile(r"(?i)\bbearer\s+[a-z0-9._~+/-]{12,}|v1=[0-9a-f]{64}|-----BEGIN [A-Z ]*PRIVATE KEY")
_CARD = re.compile(r"(?<![\d.])(?:4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6011\d{12})(?!\d)")
_PERSONAL = ("first_name", "last_name", "address1", "phone")
_SHORTEST = 5
"""A name like "Li" would be found in half of all words."""


def sec_1(evidence: Evidence) -> Iterator[Row | None]:
    """No secret, full card number or unmasked personal data in the integration's logs and dead letters."""
    personal = _personal_data(evidence)
    for place in ("log", "deadLetters", "audit"):
        texts = [(record, "\n".join(_texts(record))) for record in recorded(evidence).told(place)]
        # Nearly always there is nothing to find: one look at everything, and only then record by record.
        suspicious = bool(_contents("\n".join(text for _, text in texts), personal))
        for position, (record, text) in enumerate(texts):
            found = _contents(text, personal) if suspicious else []
            row = {"place": place, "record": position, "messageId": record.get("messageId")}
            yield {**row, "contains": found} if found else None


def sec_3(evidence: Evidence) -> Iterator[Row | None]:
    """A request whose credential was refused left no effect."""
    for exchange in evidence.exchanges(new=True):
        if exchange.status in (401, 403) and not exchange.fault:
            row = {"system": exchange.system, "operation": exchange.operation_id, "journal": exchange.seq}
            changed = [list(change) for change in exchange.changes]
            yield {**row, "changed": changed} if exchange.committed or changed else None


def _contents(text: str, personal: Mapping[str, str]) -> list[str]:
    """What a text holds that nobody should read there."""
    found = ["a credential"] if _TOKEN.search(text) else []
    found += ["a card number"] if _card(text) else []
    return found + sorted({what for value, what in personal.items() if value in text})


def _personal_data(evidence: Evidence) -> Mapping[str, str]:
    """Text -> what it is, of everybody who has ordered."""
    found: dict[str, str] = {}
    for order in evidence.rows("storefront", "orders"):
        for address in (order.get("billing_address"), order.get("shipping_address"), order.get("customer")):
            for name in _PERSONAL:
                value = (address or {}).get(name)
                if isinstance(value, str) and len(value) >= _SHORTEST:
                    found[value] = name
        for email in (order.get("email"), (order.get("customer") or {}).get("email")):
            if email:
                found[str(email)] = "an e-mail address"
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _card(text: str) -> bool:
    return any(_passes_luhn(match.group()) for match in _CARD.finditer(text))


def _passes_luhn(digits: str) -> bool:
    doubled = [int(digit) * 2 if index % 2 else int(digit) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
