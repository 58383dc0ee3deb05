"""Journal entries as messages between named participants, for reports that tell the story of a scenario."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from understudy.report.normal import short

SCENARIO = "scenario"
ANONYMOUS = "anonymous"

# How a message went, as a word that a reader, a style sheet and a test can share.
OK, REFUSED, FAILED, FAULT = "ok", "refused", "failed", "fault"


@dataclass(frozen=True, slots=True)
class Message:
    """One request with its answer, or one attempt to deliver an event.

    seq: position in the journal. at: world time. sender, receiver: names of participants. name: operation id or event
    name, else method and path. answer: status as text, `no answer` without one. notes: what is unusual about it.
    """

    entry: Mapping[str, Any]
    seq: int
    at: str
    kind: str
    sender: str
    receiver: str
    name: str
    line: str
    answer: str
    tone: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that is no message: a job of a simulator, a fault injected, an event that nobody subscribed to.

    system: where it happened, empty for the whole world.
    """

    entry: Mapping[str, Any]
    seq: int
    at: str
    kind: str
    system: str
    text: str
    tone: str


Entry = Message | Happening


def read_messages(journal: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """What happened in a scenario, in journal order. Transitions are left to `transitions`."""
    owners = _sink_owners(journal)
    delivered = {entry["eventId"] for entry in journal if entry["kind"] == "delivery"}
    return list(_read(journal, owners, delivered))


def _read(journal: Iterable[Mapping[str, Any]], owners: Mapping[str, str], delivered: set[str]) -> Iterator[Entry]:
    for entry in journal:
        match entry["kind"]:
            case "exchange":
                yield _exchange(entry)
            case "delivery":
                yield _delivery(entry, owners)
            case "event" if entry["event"].get("id") not in delivered:
                text = f"{entry['system']} states {entry['name']}, no subscriber"
                yield _happening(entry, entry["system"], text, _findings_tone(entry))
            case "job":
                refusal = f": {entry['refusal']}" if entry["refusal"] else ""
                tone = REFUSED if refusal else OK
                yield _happening(entry, entry["system"], f"{entry['system']} runs {entry['job']}{refusal}", tone)
            case "note":
                details = ", ".join(_detail(k, v) for k, v in entry["details"].items() if v not in ("", {}, -1))
                text = f"{entry['action']}: {details}" if details else str(entry["action"])
                tone = FAULT if entry["action"] in ("fault injected", "event dropped") else OK
                yield _happening(entry, "", text, tone)


def _detail(name: str, value: Any) -> str:
    """`operationId createSalesOrder`; seconds as `31 d 2 h`, since clocks are advanced by weeks."""
    if name != "seconds" or not isinstance(value, int | float):
        return f"{name} {short(value, 60)}"
    whole, parts = int(value), []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        count, whole = divmod(whole, length)
        parts += [f"{count} {unit}"] if count else []
    rest = whole + value - int(value)
    return " ".join([*parts, *([f"{rest:g} s"] if rest or not parts else [])])


def _happening(entry: Mapping[str, Any], system: str, text: str, tone: str) -> Happening:
    return Happening(entry, entry["seq"], entry["at"], entry["kind"], system, text, tone)


def _exchange(entry: Mapping[str, Any]) -> Message:
    request, response = entry["request"], entry["response"]
    status = None if response is None else response["status"]
    notes = []
    if entry["fault"]:
        notes.append(f"fault {entry['fault']}")
    if entry["replayed"]:
        notes.append("replayed by its idempotency key")
    if response is None:
        notes.append("work done, answer lost" if entry["committed"] else "nothing was done")
    notes += [f"breaks the contract: {finding}" for finding in entry["findings"]]
    if entry["fault"] or status is None:
        tone = FAULT
    else:
        tone = FAILED if status >= 500 or entry["findings"] else REFUSED if status >= 400 else OK
    target = f"{request['path']}?{request['query']}" if request["query"] else request["path"]
    line = f"{request['method']} {target}"
    return Message(
        entry=entry,
        seq=entry["seq"],
        at=entry["at"],
        kind="exchange",
        sender=_caller(entry),
        receiver=entry["system"],
        name=entry["operationId"] or line,
        line=line,
        answer="no answer" if status is None else str(status),
        tone=tone,
        notes=tuple(notes),
    )


def _caller(entry: Mapping[str, Any]) -> str:
    """Who sent a request. One for a token carries no credential yet: its client id says who asks for it."""
    body = entry["request"]["body"]
    if entry["client"] == ANONYMOUS and isinstance(body, Mapping) and body.get("client_id"):
        return re.split(r"[.@]", str(body["client_id"]), maxsplit=1)[0] or ANONYMOUS
    return str(entry["client"])


def _delivery(entry: Mapping[str, Any], owners: Mapping[str, str]) -> Message:
    answer = entry["answer"]
    notes = []
    if entry["attempt"] > 1:
        notes.append(f"attempt {entry['attempt']}")
    if entry["copy"]:
        notes.append(f"copy {entry['copy']}")
    if entry["mutation"]:
        notes.append(f"fault {entry['mutation']}")
    error = str(entry["error"]).removeprefix("no answer").strip()  # the answer says that already
    if error:
        notes.append(error)
    if entry["outcome"] != "delivered":
        notes.append("will be tried again" if entry["outcome"] == "failed" else str(entry["outcome"]).replace("_", " "))
    if entry["mutation"] or answer is None:
        tone = FAULT
    else:
        tone = OK if 200 <= answer < 300 else FAILED if answer >= 500 else REFUSED
    return Message(
        entry=entry,
        seq=entry["seq"],
        at=entry["at"],
        kind="delivery",
        sender=entry["system"],
        receiver=owners.get(_origin(entry["sink"])) or _host_name(entry["sink"]),
        name=entry["name"],
        line=f"{entry['name']} {entry['subject']}".rstrip(),
        answer="no answer" if answer is None else str(answer),
        tone=tone,
        notes=tuple(notes),
    )


def _findings_tone(entry: Mapping[str, Any]) -> str:
    return FAILED if entry["findings"] else OK


def _sink_owners(journal: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Origin of a sink -> who subscribed with it."""
    owners: dict[str, str] = {}
    for entry in journal:
        if entry["kind"] == "exchange" and entry["request"]["method"] == "POST":
            body = entry["request"]["body"]
            if isinstance(body, Mapping) and isinstance(body.get("sink"), str) and entry["committed"]:
                owners.setdefault(_origin(body["sink"]), _caller(entry))
    return owners


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # a sink may be any text that a subscriber sent
        return url
    return f"{parts.scheme}://{parts.netloc}"


def _host_name(url: str) -> str:
    """`http://integration.internal/webhooks/erp` -> `integration`; another host keeps its address."""
    return _origin(url).partition("://")[2].removesuffix(".internal") or url


def participants(entries: Iterable[Entry]) -> list[str]:
    """Who takes part, left to right: the scenario, the first system it speaks to, who stands between, the others.

    Whoever only asks or receives (an integration) is put beside the first system, so that messages read from left to
    right. Systems follow in the order in which they come into play after the set-up.
    """
    messages = [e for e in entries if isinstance(e, Message)]
    story = messages[setup_length(messages) :] + messages
    asked = list(dict.fromkeys(m.sender if m.kind == "delivery" else m.receiver for m in story))
    callers = [
        name
        for name in dict.fromkeys(n for m in story for n in (m.sender, m.receiver))
        if name not in asked and name != SCENARIO
    ]
    first = [SCENARIO] if any(SCENARIO in (m.sender, m.receiver) for m in messages) else []
    return first + asked[:1] + callers + asked[1:]


def setup_length(entries: Sequence[Entry]) -> int:
    """How many entries come before the scenario's first request: tokens fetched, subscriptions made."""
    for position, entry in enumerate(entries):
        if isinstance(entry, Message) and entry.sender == SCENARIO:
            return position
    return 0


def transitions(journal: Iterable[Mapping[str, Any]]) -> dict[int, list[str]]:
    """Changes of tracked fields in words, by the seq of the entry that caused them."""
    found: dict[int, list[str]] = {}
    for entry in journal:
        if entry["kind"] == "transition":
            change = f"{short(entry['before'], 60)} → {short(entry['after'], 60)}"
            if entry["before"] is None:
                change = f"new, {short(entry['after'], 60)}"
            elif entry["after"] is None:
                change = f"{short(entry['before'], 60)}, deleted"
            where = f"{entry['system']} {entry['table']} {short(entry['key'], 60)} {entry['field']}"
            found.setdefault(entry["cause"], []).append(f"{where}: {change}")
    return found
