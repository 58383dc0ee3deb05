"""Payloads for a page of bounded size: long ones are cut, equal ones shown once, and the sum has a budget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.report.normal import printable

MAX_PAYLOAD = 20_000
"""Characters of one payload on the page."""
WORTH_A_LINK = 200
"""Characters from which a repeated payload is shown once and linked to."""


@dataclass(frozen=True, slots=True)
class Payload:
    """head: request or status line with the headers. body: pretty JSON or text. note: what was cut, empty if nothing.

    same_as: seq of an earlier message with the same body, which is not repeated; 0 when it is shown here.
    """

    title: str
    head: str
    body: str
    note: str = ""
    same_as: int = 0


@dataclass(slots=True)
class Shelf:
    """The payloads of one scenario. budget: bytes of the page that they may still take."""

    budget: int
    _seen: dict[str, int] = field(default_factory=dict)

    def payload(self, title: str, line: str, headers: Mapping[str, str], body: Any, seq: int) -> Payload:
        """One message of an exchange, ready to be shown."""
        head = printable("\n".join([line, *(f"{name}: {value}" for name, value in headers.items())]))[:MAX_PAYLOAD]
        self.budget -= weight(head)
        text, note, same_as = self._take(pretty(body), seq)
        return Payload(title, head, text, note, same_as)

    def _take(self, text: str, seq: int) -> tuple[str, str, int]:
        if len(text) > WORTH_A_LINK:
            earlier = self._seen.setdefault(text, seq)
            if earlier != seq:
                return "", "", earlier
        # Made printable only where it is shown: that is the expensive part of a hostile payload.
        shown = printable(text[:MAX_PAYLOAD]) if self.budget > 0 else ""
        cost = weight(shown)
        if text and cost >= self.budget:
            self._seen.pop(text, None)
            return "", f"{size(len(text))}, left out to keep this page small; the JSON report has it", 0
        self.budget -= cost
        if len(text) > MAX_PAYLOAD:
            return shown, f"cut: the first {size(MAX_PAYLOAD)} of {size(len(text))}; the JSON report has it all", 0
        return shown, "", 0


def weight(text: str) -> int:
    """Bytes that a text takes on the page, where markup is escaped."""
    return len(text.encode()) + 4 * (text.count("&") + text.count("<") + text.count(">"))


def pretty(body: Any) -> str:
    """JSON with indentation, text as it is, nothing for None. The record bounds the depth (`normal`)."""
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)


def size(characters: int) -> str:
    return f"{characters / 1000:,.0f} kB" if characters >= 10_000 else f"{characters:,} characters"
