"""What the page shows of each scenario, as values: cut to a bounded size, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.report.count import worst
from understudy.report.diagram import Diagram, draw
from understudy.report.finding import Block, blocks, broken_rules
from understudy.report.message import Entry, Message, read_messages, setup_length, transitions
from understudy.report.normal import printable
from understudy.report.payload import Payload, Shelf
from understudy.report.table import by_shape, cell, columns

PAGE_BYTES = 4_400_000
MESSAGE_BYTES = 1_500
"""What the page should stay below, and what a message takes of it without its payload: the rest is for payloads."""
LEAST_PAYLOADS = 60_000
"""Bytes of payloads that each scenario may have, however many there are."""
JOURNAL_COLUMNS = ("journal", "seq")
"""Columns in which rules name the journal entries that they speak of."""
MAX_MESSAGES = 400
MAX_ROWS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the list of messages. target: id that the diagram links to. changes: what it did, in words."""

    entry: Entry
    target: str
    message: bool
    payloads: tuple[Payload, ...]
    changes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """link: id of the message that a journal number names, empty for anything else."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Offence:
    """A rule that does not hold. tables: head and rows of offending rows of one shape; `shown` of `total` in all.

    others: the same rule, as it was found after single steps.
    """

    verdict: Mapping[str, Any]
    tables: tuple[tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]], ...]
    shown: int
    total: int
    others: tuple[Offence, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A scenario as the page shows it."""

    anchor: str
    scenario: Mapping[str, Any]
    duration_s: float | None
    exchanges: int
    deliveries: int
    failures: tuple[Block, ...]
    offences: tuple[Offence, ...]
    held: tuple[Mapping[str, Any], ...]
    unobserved: tuple[Mapping[str, Any], ...]
    setup: Diagram | None
    story: Diagram | None
    lines: tuple[Line, ...]
    left_out: int


def chapters_of(record: Mapping[str, Any]) -> list[Chapter]:
    """A chapter a scenario. What one leaves of its share of the page goes to those that follow."""
    told = [read_messages(journal["entries"]) for journal in record["journal"]]
    left = PAGE_BYTES - MESSAGE_BYTES * sum(min(len(entries), MAX_MESSAGES) for entries in told)
    chapters = []
    for number, (scenario, journal, entries) in enumerate(
        zip(record["scenarios"], record["journal"], told, strict=True), 1
    ):
        share = max(LEAST_PAYLOADS, left // (len(told) - number + 1))
        shelf = Shelf(share)
        duration = record["durations"]["scenarios"].get(journal["scenario"])
        chapters.append(_chapter(f"s{number}", scenario, journal["entries"], entries, duration, shelf))
        left -= share - shelf.budget
    return chapters


def _chapter(
    anchor: str,
    scenario: Mapping[str, Any],
    journal: Sequence[Mapping[str, Any]],
    entries: Sequence[Entry],
    duration_s: float | None,
    shelf: Shelf,
) -> Chapter:
    length = setup_length(entries)
    statuses = worst(scenario["verdicts"])
    links = {entry.seq: f"{anchor}-m{entry.seq}" for entry in entries[:MAX_MESSAGES]}
    return Chapter(
        anchor=anchor,
        scenario=scenario,
        duration_s=duration_s,
        exchanges=sum(entry.kind == "exchange" for entry in entries),
        deliveries=sum(entry.kind == "delivery" for entry in entries),
        failures=tuple(b for b in blocks(scenario, MAX_ROWS) if b.kind in ("step", "unproven", "unsettled")),
        offences=tuple(_offence(first, links, others) for first, *others in broken_rules(scenario["verdicts"])),
        held=_first_of(scenario["verdicts"], statuses, "passed"),
        unobserved=_first_of(scenario["verdicts"], statuses, "not_observable"),
        setup=draw(entries[:length], entries) if length else None,
        story=draw(entries[length:], entries) if entries[length:] else None,
        lines=tuple(_lines(anchor, entries[:MAX_MESSAGES], journal, shelf)),
        left_out=max(0, len(entries) - MAX_MESSAGES),
    )


def _first_of(
    verdicts: Iterable[Mapping[str, Any]], statuses: Mapping[str, str], status: str
) -> tuple[Mapping[str, Any], ...]:
    """One verdict for each rule whose worst status is this."""
    found: dict[str, Mapping[str, Any]] = {}
    for verdict in verdicts:
        if verdict["status"] == status == statuses[verdict["id"]]:
            found.setdefault(verdict["id"], verdict)
    return tuple(found.values())


def _offence(verdict: Mapping[str, Any], links: Mapping[int, str], others: Sequence[Mapping[str, Any]] = ()) -> Offence:
    rows: Sequence[Mapping[str, Any]] = verdict["offending"][:MAX_ROWS]
    tables = []
    for alike in by_shape(rows):
        head = columns(alike)
        body = tuple(tuple(Cell(cell(row, name, 200), _link(row, name, links)) for name in head) for row in alike)
        tables.append((tuple(printable(name) for name in head), body))
    rest = tuple(_offence(other, links) for other in others)
    return Offence(verdict, tuple(tables), len(rows), len(verdict["offending"]), rest)


def _link(row: Mapping[str, Any], column: str, links: Mapping[int, str]) -> str:
    value = row[column]
    return links.get(value, "") if column in JOURNAL_COLUMNS and type(value) is int else ""


def _lines(anchor: str, entries: Iterable[Entry], journal: Sequence[Mapping[str, Any]], shelf: Shelf) -> Iterable[Line]:
    events = {entry["event"].get("id"): entry["event"] for entry in journal if entry["kind"] == "event"}
    changes = transitions(journal)
    for entry in entries:
        payloads: tuple[Payload, ...] = ()
        facts: tuple[tuple[str, str], ...] = ()
        if isinstance(entry, Message) and entry.kind == "exchange":
            payloads, facts = _exchange_payloads(entry, shelf), _exchange_facts(entry)
        elif isinstance(entry, Message):
            payloads, facts = (
                _delivery_payloads(entry, events.get(entry.entry["eventId"]), shelf),
                _delivery_facts(entry),
            )
        target = f"{anchor}-m{entry.seq}"
        yield Line(entry, target, isinstance(entry, Message), payloads, tuple(changes.get(entry.seq, ())), facts)


def _exchange_payloads(message: Message, shelf: Shelf) -> tuple[Payload, ...]:
    request, response = message.entry["request"], message.entry["response"]
    sent = shelf.payload("Request", message.line, request["headers"], request["body"], message.seq)
    if response is None:
        return (sent,)
    return sent, shelf.payload("Answer", str(response["status"]), response["headers"], response["body"], message.seq)


def _delivery_payloads(message: Message, event: Mapping[str, Any] | None, shelf: Shelf) -> tuple[Payload, ...]:
    headers = {"x-correlation-id": message.entry["correlationId"]}
    return (shelf.payload("Event", f"POST {message.entry['sink']}", headers, event, message.seq),)


def _exchange_facts(message: Message) -> tuple[tuple[str, str], ...]:
    entry = message.entry
    committed = "yes" if entry["committed"] else "no, the answer was repeated" if entry["replayed"] else "no"
    return _facts(
        operation=entry["operationId"],
        correlation=entry["correlationId"],
        causation=entry["causationId"],
        committed=committed,
        fault=entry["fault"],
        findings="; ".join(entry["findings"]),
    )


def _delivery_facts(message: Message) -> tuple[tuple[str, str], ...]:
    entry = message.entry
    return _facts(
        event=entry["eventId"],
        delivery=f"{entry['deliveryId']}, attempt {entry['attempt']}, {entry['outcome'].replace('_', ' ')}",
        correlation=entry["correlationId"],
        fault=entry["mutation"],
        error=entry["error"],
    )


def _facts(**facts: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name, printable(str(value))) for name, value in facts.items() if value)
