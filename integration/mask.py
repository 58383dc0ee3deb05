"""Masks personal data in what people read: error texts and rejected values (SEC-1). Stored payloads stay unaltered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+)")
_PHONE = re.compile(r"\+\d{2}[\d ()/-]{5,}\d")
_PERSON = re.compile(
    r"(first_?|last_?|display)?name|addressLine\d|address\d|city|zip|postalCode|phone(Number)?|company", re.I
)
_PERSONAL = re.compile(r"(name|address|city|zip|postal|email|phone|company)", re.IGNORECASE)


def masked(text: str) -> str:
    """`anna.k@example.com` -> `a***@example.com`, `+4930123456` -> `+49***`."""
    return _PHONE.sub(lambda match: f"{match[0][:3]}***", _EMAIL.sub(r"\1***@\2", text))


def masked_errors(errors: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """An error list with masked texts, and rejected values of personal fields replaced altogether."""
    rows = []
    for error in errors:
        row = dict(error)
        if isinstance(row.get("detail"), str):
            row["detail"] = masked(row["detail"])
        if row.get("rejectedValue") is not None:
            personal = bool(_PERSONAL.search(str(row.get("pointer", ""))))
            row["rejectedValue"] = "***" if personal else _masked_value(row["rejectedValue"])
        rows.append(row)
    return rows


def masked_data(data: Any, name: str = "") -> Any:
    """Event data as it may be shown to people: personal members masked, the shape kept."""
    if isinstance(data, dict):
        return {key: masked_data(value, key) for key, value in data.items()}
    if isinstance(data, list):
        return [masked_data(value, name) for value in data]
    if not isinstance(data, str) or data.startswith("#"):
        return data  # "#1001" is the name of an order, not of a person
    if _EMAIL.fullmatch(data):
        return masked(data)
    return f"{data[:1]}***" if data and _PERSON.fullmatch(name) else masked(data)


def _masked_value(value: Any) -> Any:
    return masked(value) if isinstance(value, str) else value
