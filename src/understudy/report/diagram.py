"""The geometry of a sequence diagram: who stands where, and which lines and words go between them.

Only numbers and texts: the page's template turns them into SVG, so that escaping happens in one place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from understudy.report.message import SCENARIO, Entry, Happening, Message, participants
from understudy.report.normal import short

GUTTER = 160
LANE = 176
EDGE = 96
MESSAGE_HEIGHT = 42
BAND_HEIGHT = 26
TOP = 10
CHARACTER = 6.1
"""Width of a character of the labels' font, roughly; labels are cut to the room they have."""
LABEL = 44
"""Characters that a label may have even where its arrow is shorter: there is room beside the outer lanes."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A participant's lifeline. kind: scenario, system or other (one that no request was made to)."""

    name: str
    x: int
    kind: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line from x1 to x2 at y; from a lane to itself when they are equal. dashed: an answer. lost: never arrived."""

    x1: int
    x2: int
    y: int
    label: str
    label_x: int
    dashed: bool = False
    lost: bool = False

    @property
    def head(self) -> str:
        """Points of the arrow's head at x2."""
        back = -7 if self.x2 >= self.x1 else 7
        return f"{self.x2},{self.y} {self.x2 + back},{self.y - 4} {self.x2 + back},{self.y + 4}"


@dataclass(frozen=True, slots=True)
class Row:
    """One message or happening. clock: world time, empty where it equals that of the row above. note: beside it."""

    seq: int
    kind: str
    tone: str
    title: str
    y: int
    height: int
    clock: str
    arrows: tuple[Arrow, ...] = ()
    band: str = ""
    band_x: int = 0
    band_width: int = 0


@dataclass(frozen=True, slots=True)
class Diagram:
    """left_out: rows beyond the limit, which the list beside the diagram still counts."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...] = ()
    left_out: int = 0


def draw(entries: Sequence[Entry], everyone: Sequence[Entry], limit: int = 300) -> Diagram:
    """Lay out some entries of a scenario. everyone: all of its entries, so that every part has the same lanes."""
    names = participants(everyone)
    asked = {e.sender if e.kind == "delivery" else e.receiver for e in everyone if isinstance(e, Message)}
    lanes = tuple(Lane(name, GUTTER + EDGE + LANE * n, _kind(name, asked)) for n, name in enumerate(names))
    places = {lane.name: lane.x for lane in lanes}
    width = GUTTER + 2 * EDGE + LANE * max(0, len(lanes) - 1)
    rows: list[Row] = []
    y = TOP
    before = ""
    groups = folded(entries)
    for entry, last in groups[:limit]:
        row = _message(entry, last, places, y) if isinstance(entry, Message) else _happening(entry, places, width, y)
        rows.append(replace(row, clock=clock(entry.at, before)))
        before = entry.at
        y += row.height
    return Diagram(width, y + TOP, lanes, tuple(rows), max(0, len(groups) - limit))


def folded(entries: Sequence[Entry]) -> list[tuple[Entry, Entry]]:
    """First and last of each run of equal reads, so that waiting does not drown the story; everything else alone."""
    groups: list[tuple[Entry, Entry]] = []
    for entry in entries:
        if groups and _same_read(groups[-1][1], entry):
            groups[-1] = (groups[-1][0], entry)
        else:
            groups.append((entry, entry))
    return groups


def _same_read(before: Entry, entry: Entry) -> bool:
    if not (isinstance(before, Message) and isinstance(entry, Message)) or not entry.line.startswith("GET "):
        return False
    if before.notes or entry.notes:
        return False
    return (before.sender, before.receiver, before.line, before.answer) == (
        entry.sender, entry.receiver, entry.line, entry.answer,
    )  # fmt: skip


def _kind(name: str, asked: Collection[str]) -> str:
    return "scenario" if name == SCENARIO else "system" if name in asked else "other"


def _message(message: Message, last: Entry, places: dict[str, int], y: int) -> Row:
    x1, x2 = places[message.sender], places[message.receiver]
    lost = message.answer == "no answer"
    words = ", ".join(message.notes)
    title = f"#{message.seq} {message.sender} → {message.receiver}: {message.line} → {message.answer}"
    if words:
        title += f" ({words})"
    name = message.name
    if last is not message:
        name, title = f"{name}, again to #{last.seq}", f"{title}, again and again until #{last.seq}"
    answer = message.answer + (f" ({words})" if words else "")
    # An answer that was lost never reaches the one who asked: its line stops on the way.
    end = x1 + (x2 - x1) // 5 if lost else x1
    request = _arrow(x1, x2, y + 17, name)
    reply = _arrow(x2, end, y + 34, answer, dashed=True, lost=lost, whole=x1)
    return Row(message.seq, message.kind, message.tone, title, y, MESSAGE_HEIGHT, "", (request, reply))


def _arrow(
    x1: int, x2: int, y: int, label: str, *, dashed: bool = False, lost: bool = False, whole: int | None = None
) -> Arrow:
    far = x2 if whole is None else whole
    if x1 == far:
        return Arrow(x1, x1, y, short(label, int((LANE - 40) / CHARACTER)), x1 + 40, dashed, lost)
    room = max(LABEL, int((abs(far - x1) - 16) / CHARACTER))
    return Arrow(x1, x2, y, short(label, room), (x1 + far) // 2, dashed, lost)


def _happening(happening: Happening, places: dict[str, int], width: int, y: int) -> Row:
    """A band: on its system's lifeline, moved inwards where it would leave the picture; right across for the world."""
    room = width - GUTTER - 16
    x = places.get(happening.system)
    words = short(happening.text, int(room / CHARACTER) - 3)
    wide = room if x is None else min(room, int(len(words) * CHARACTER) + 20)
    left = GUTTER + 8 if x is None else max(GUTTER + 8, min(x - wide // 2, width - wide - 8))
    title = f"#{happening.seq} {happening.text}"
    return Row(happening.seq, happening.kind, happening.tone, title, y, BAND_HEIGHT, "", (), words, left, wide)


def clock(at: str, before: str) -> str:
    """World time in milliseconds, with the date where it changed; empty where nothing changed.

    `2026-03-01T23:29:00.100034Z` -> `23:29:00.1`, and `03-01 23:29:00.1` after an entry of another day.
    """
    if at == before:
        return ""
    date, _, time = at.partition("T")
    whole, _, fraction = time.removesuffix("Z").partition(".")
    part = fraction[:3].rstrip("0")
    text = f"{whole}.{part}" if part else whole
    return text if not before or before.startswith(date) else f"{date[5:]} {text}"
