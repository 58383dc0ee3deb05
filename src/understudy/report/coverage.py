"""What a run touched: operations called per system with their answers, refusals seen, events stated and delivered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Called:
    """An operation of a system. answers: (status or `no answer`, how often), statuses in order."""

    system: str
    operation: str
    calls: int
    answers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An error code that a system answered with, how often, and by which operations."""

    system: str
    code: str
    count: int
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """An event type. stated: how often it happened. attempts, delivered: of its deliveries."""

    system: str
    name: str
    stated: int
    attempts: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Coverage:
    called: tuple[Called, ...]
    refused: tuple[Refused, ...]
    stated: tuple[Stated, ...]


def coverage(journals: Iterable[Iterable[Mapping[str, Any]]]) -> Coverage:
    """Over the entries of all journals, sorted by system and name."""
    answers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    refusals: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    events: Counter[tuple[str, str]] = Counter()
    attempts: Counter[tuple[str, str]] = Counter()
    delivered: Counter[tuple[str, str]] = Counter()
    for entry in (entry for journal in journals for entry in journal):
        system = entry.get("system", "")
        if entry["kind"] == "exchange":
            operation = entry["operationId"] or "(no operation of its contract)"
            response = entry["response"]
            answers[system, operation]["no answer" if response is None else str(response["status"])] += 1
            if response is not None and response["status"] >= 400:
                refusals[system, _code(response)][operation] += 1
        elif entry["kind"] == "event":
            events[system, entry["name"]] += 1
        elif entry["kind"] == "delivery":
            attempts[system, entry["name"]] += 1
            delivered[system, entry["name"]] += entry["outcome"] == "delivered"
    return Coverage(
        called=tuple(
            Called(*key, found.total(), tuple(sorted(found.items()))) for key, found in sorted(answers.items())
        ),
        refused=tuple(Refused(*key, found.total(), tuple(sorted(found))) for key, found in sorted(refusals.items())),
        stated=tuple(Stated(*key, events[key], attempts[key], delivered[key]) for key in sorted({*events, *attempts})),
    )


def _code(response: Mapping[str, Any]) -> str:
    """The stable code of a problem document, else the bare status."""
    body = response["body"]
    code = body.get("code") if isinstance(body, Mapping) else None
    return str(code) if code else f"status {response['status']}"
