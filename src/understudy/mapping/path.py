"""The path language of mapping tables: how a row names a place in a document.

    line_items[].sku                 every line's sku; inside the loop over `line_items[]`, the current line's
    line_items[*].sku                every line's sku, also inside that loop
    shipping_lines[0].code           one index
    note_attributes[name=date].value the first entry whose `name` is `date`
    .sku                             relative: the current element of the loop
    target:lines[].itemNumber        a value that an earlier row has mapped; likewise `control:`
    event:correlationid              another document: the event's envelope, or one that the table declares
    lookup:companyZone               a value that the caller supplies
    header:Idempotency-Key           (targets only) a request header; `query:`, `path:` and `control:` likewise
    -                                (targets only) nowhere: the row only checks

`parse_path("line_items[].sku")` -> scope `source`, segments `("line_items", EACH, "sku")`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from understudy.errors import MappingError


class Step(Enum):
    """EACH: `[]`, the current element of a loop, or all elements outside one. EVERY: `[*]`, always all elements."""

    EACH = "[]"
    EVERY = "[*]"


@dataclass(frozen=True, slots=True)
class Where:
    """`[name=value]`: the first element whose member `name` has the text `value`."""

    name: str
    value: str


Segment = str | int | Step | Where

_TOKEN = re.compile(
    r"(?P<name>[A-Za-z_@$][\w@$-]*)|\[(?P<index>\d*|\*)\]|\[(?P<key>[\w@-]+)=(?P<value>[^\]]+)\]|(?P<dot>\.)"
)
_AFTER = {"start": ("name", "index", "value"), "value": ("dot", "index", "value"), "dot": ("name",)}
_SCOPE = re.compile(r"([a-z][A-Za-z0-9]*):(.*)\Z", re.DOTALL)
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\Z")


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path. text: as written. relative: it starts with a dot. Without segments it is the whole document."""

    text: str
    scope: str
    segments: tuple[Segment, ...]
    relative: bool = False

    @property
    def many(self) -> bool:
        return any(isinstance(segment, Step) for segment in self.segments)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(segment for segment in self.segments if isinstance(segment, str))

    def part(self, segments: tuple[Segment, ...]) -> Path:
        """The path of some of its segments in the same document."""
        return Path(render_segments(segments), self.scope, segments)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Raises MappingError, naming the character, for text that is no path."""
    scope, rest = "source", text
    if match := _SCOPE.match(text):
        scope, rest = match.groups()
    if scope == "header":
        if not _HEADER.match(rest):
            raise MappingError(f"{rest!r} is no header name", allowed="letters, digits and hyphens")
        return Path(text, scope, (rest,))
    relative = rest.startswith(".")
    segments: list[Segment] = []
    position = 1 if relative else 0
    state = "start"
    while position < len(rest):
        token = _TOKEN.match(rest, position)
        kind = token.lastgroup if token else None
        if token is None or kind not in _AFTER[state]:
            character = len(text) - len(rest) + position + 1
            raise MappingError(
                f"{text!r} is no path: unexpected {rest[position]!r} at character {character}",
                allowed="names joined by dots, with [], [*], [0] or [name=value] behind a name",
            )
        position = token.end()
        state = "dot" if kind == "dot" else "value"
        if kind == "name":
            segments.append(token["name"])
        elif kind == "value":
            segments.append(Where(token["key"], token["value"]))
        elif kind == "index":
            index = token["index"]
            segments.append(Step.EACH if index == "" else Step.EVERY if index == "*" else int(index))
    if state == "dot":
        raise MappingError(f"{text!r} is no path: it ends with a dot")
    if not segments and not relative and scope == "source":
        raise MappingError("an empty path names nothing", hint="write `.` for the current element")
    return Path(text, scope, tuple(segments), relative)


def render_segments(segments: tuple[Segment, ...]) -> str:
    """`("lines", EACH, "sku")` -> `lines[].sku`."""
    text = ""
    for segment in segments:
        match segment:
            case str():
                text += f".{segment}" if text else segment
            case int():
                text += f"[{segment}]"
            case Where(name, value):
                text += f"[{name}={value}]"
            case Step():
                text += segment.value
    return text
