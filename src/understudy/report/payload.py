"""Payloads for a page of bounded size: long ones are cut, equal ones shown once, and the sum has a budget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.report.normal import printable

MAX_PAYLOAD = 20_000
"""Characters of one payload on the page."""


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
    """The payloads of one scenario. budget: characters that may still be shown."""

    budget: int
    _seen: dict[str, int] = field(default_factory=dict)

    def payload(self, title: str, line: str, headers: Mapping[str, str], body: Any, seq: int) -> Payload:
        """One message of an exchange, ready to be shown."""
        head = printable("\n".join([line, *(f"{name}: {value}" for name, value in headers.items())]))
        text, note, same_as = self._take(pretty(body), seq)
        return Payload(title, head[:MAX_PAYLOAD], text, note, same_as)

    def _take(self, text: str, seq: int) -> tuple[str, str, int]:
        if len(text) > 200:
            earlier = self._seen.setdefault(text, seq)
            if earlier != seq:
                return "", "", earlier
        whole = len(text)
        if self.budget <= 0 and whole:
            return "", f"{size(whole)}, left out to keep this page small; the JSON report has it", 0
        shown = text[:MAX_PAYLOAD]
        self.budget -= len(shown)
        note = (
            f"cut: the first {size(len(shown))} of {size(whole)}; the JSON report has it all"
            if len(shown) < whole
            else ""
        )
        return shown, note, 0


def pretty(body: Any) -> str:
    """JSON with indentation, text as it is, nothing for None. The record bounds the depth (`normal`)."""
    if body is None:
        return ""
    return printable(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2))


def size(characters: int) -> str:
    return f"{characters / 1000:,.0f} kB" if characters >= 10_000 else f"{characters:,} characters"
