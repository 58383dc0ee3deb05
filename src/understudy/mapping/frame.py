"""One evaluation of a table: the documents that its paths read from, and readers compiled from paths.

A reader answers two questions: what is there, and, only when a violation or a repair must be told, where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from understudy.contract.reference import escape
from understudy.mapping.path import Path, Segment, Step, Where, render_segments

OUTPUTS = ("target", "control")
"""The scopes that rows write; a path in one of them reads what an earlier row has written."""


class DependsOnRefused(Exception):
    """A value is needed that an earlier row refused: what depends on it is left out, the cause is already reported."""


@dataclass(slots=True)
class Element:
    """One element of a target array in the making.

    sources: the source value of every loop level, innermost last, with `pointers` to them. index: its place in the
    target array. target, control: the objects being filled.
    """

    sources: tuple[Any, ...]
    pointers: tuple[str, ...]
    array: str
    index: int
    target: dict[str, Any] = field(default_factory=dict)
    control: dict[str, Any] = field(default_factory=dict)


class Locates(Protocol):
    """What can tell the source pointer of a value that it wrote; index: which of several sources was chosen. verbatim:
    the value is a piece of the source, so the pointer goes on inside it."""

    @property
    def verbatim(self) -> bool: ...

    def locate(self, frame: Frame, index: int | None = None) -> str: ...

    def output(self, element: Element | None) -> tuple[Any, ...]: ...


Origin = tuple[Locates, "int | None", "Element | None"]


@dataclass(slots=True)
class Frame:
    """documents: scope name -> document; `lookup` holds the caller's lookups. element: the current one inside a loop.

    refused: the output places whose row failed. origins: who wrote what, to tell the source pointer of an output place.
    asked: lookups already wrapped.
    """

    documents: dict[str, Any]
    element: Element | None = None
    refused: list[tuple[Any, ...]] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)

    def pointer_of(self, place: tuple[Any, ...]) -> str:
        """The source pointer behind an output place, or the nearest place around it that a row has written."""
        written = {writer.output(element): (writer, index, element) for writer, index, element in self.origins}
        for length in range(len(place), 1, -1):
            origin = written.get(place[:length])
            if origin is not None:
                writer, index, element = origin
                outer, self.element = self.element, element
                try:
                    inside = place[length:] if writer.verbatim else ()
                    return writer.locate(self, index) + "".join(f"/{escape(str(part))}" for part in inside)
                finally:
                    self.element = outer
        return ""


@dataclass(frozen=True, slots=True)
class Loop:
    """The loop that fills one target array from one source array. levels: paths of the nested source arrays, outermost
    first: `cartons[].lines[]` has `cartons[]` and `cartons[].lines[]`."""

    array: str
    levels: tuple[tuple[Segment, ...], ...]
    scope: str = "source"


@dataclass(frozen=True, slots=True)
class Reader:
    """read: the value, None where absent; when `many`, a list with None for the absent ones. locate: the JSON pointer
    of the value, or of the n-th value. A document other than the source is named in front: `event:/id`."""

    path: Path
    many: bool
    read: Callable[[Frame], Any]
    fetch: Callable[[Any], Any]
    """Reads from the value that the path starts at, without a frame."""
    locate: Callable[[Frame, int | None], str]


def compile_reader(path: Path, loop: Loop | None = None) -> Reader:
    """A reader for `path`, inside `loop` if given. A path into an output raises DependsOnRefused where a row failed."""
    anchor, rest = _anchor(path, loop)
    many = any(isinstance(segment, Step) for segment in rest)
    start = _start(path.scope, anchor)
    fetch = _walk_many(rest) if many else _walk_one(rest)
    output = path.scope in OUTPUTS

    def read(frame: Frame) -> Any:
        if output and frame.refused:
            _require_intact(frame, _place(frame, path.scope, anchor, rest))
        return fetch(start(frame))

    def locate(frame: Frame, index: int | None = None) -> str:
        if output:
            return frame.pointer_of(_concrete(frame, path.scope, anchor, rest, index))
        prefix = "" if path.scope == "source" else f"{path.scope}:"
        if anchor is not None and frame.element is not None:
            prefix = frame.element.pointers[anchor]
        places = _many_places(rest, start(frame)) if many and index is not None else []
        parts = places[index] if index is not None and index < len(places) else _plain(rest, start(frame))
        return prefix + "".join(f"/{escape(str(part))}" for part in parts)

    return Reader(path, many, read, fetch, locate)


def _anchor(path: Path, loop: Loop | None) -> tuple[int | None, tuple[Segment, ...]]:
    """Which loop level the path starts from (None: the document), and the segments below it."""
    if loop is None:
        return None, path.segments
    innermost = len(loop.levels) - 1
    if path.relative and path.scope == "source":
        return innermost, path.segments
    if path.scope == loop.scope:
        for level in range(innermost, -1, -1):
            head = loop.levels[level]
            if path.segments[: len(head)] == head:
                return level, path.segments[len(head) :]
    elif path.scope in OUTPUTS:
        if path.relative:
            return innermost, path.segments
        if render_segments(path.segments[:2]) == loop.array:
            return innermost, path.segments[2:]
    return None, path.segments


def _start(scope: str, anchor: int | None) -> Callable[[Frame], Any]:
    if anchor is None:
        return lambda frame: frame.documents.get(scope)
    if scope == "target":
        return lambda frame: frame.element and frame.element.target
    if scope == "control":
        return lambda frame: frame.element and frame.element.control
    return lambda frame: frame.element and frame.element.sources[anchor]


def member(value: Any, segment: Segment) -> Any:
    """The member of a JSON value that a segment names, None where there is none."""
    if segment.__class__ is str:
        return value.get(segment) if isinstance(value, Mapping) else None
    if isinstance(segment, int):
        return value[segment] if isinstance(value, list) and segment < len(value) else None
    if isinstance(segment, Where):
        return next((item for item in _elements(value) if _matches(item, segment)), None)
    return None


def _matches(item: Any, where: Where) -> bool:
    return isinstance(item, Mapping) and str(item.get(where.name)) == where.value


def _elements(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _walk_one(segments: tuple[Segment, ...]) -> Callable[[Any], Any]:
    if not segments:
        return lambda value: value
    if len(segments) == 1:
        only = segments[0]
        return lambda value: value.get(only) if value.__class__ is dict else member(value, only)

    def fetch(value: Any) -> Any:
        for segment in segments:
            value = value.get(segment) if value.__class__ is dict else member(value, segment)
            if value is None:
                return None
        return value

    return fetch


def _walk_many(segments: tuple[Segment, ...]) -> Callable[[Any], list[Any]]:
    """One entry for each element that the last `[]` finds, None where the rest of the path is absent in it."""
    last = max(position for position, segment in enumerate(segments) if isinstance(segment, Step))
    rest = _walk_one(segments[last + 1 :])

    def fetch(value: Any) -> list[Any]:
        found = [value]
        for segment in segments[: last + 1]:
            if isinstance(segment, Step):
                found = [item for outer in found for item in _elements(outer)]
            else:
                found = [item for outer in found if (item := member(outer, segment)) is not None]
        return [rest(item) for item in found]

    return fetch


def _many_places(segments: tuple[Segment, ...], value: Any) -> list[tuple[Any, ...]]:
    """The places that `_walk_many` reads, in the same order."""
    last = max(position for position, segment in enumerate(segments) if isinstance(segment, Step))
    found: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    for segment in segments[: last + 1]:
        if isinstance(segment, Step):
            found = [((*place, i), item) for place, outer in found for i, item in enumerate(_elements(outer))]
        else:
            found = [
                ((*place, *_key(segment, outer)), item)
                for place, outer in found
                if (item := member(outer, segment)) is not None
            ]
    return [(*place, *_plain(segments[last + 1 :], item)) for place, item in found]


def _plain(segments: tuple[Segment, ...], value: Any) -> tuple[Any, ...]:
    """The place of one value, also where nothing is there; it ends before the first array that is read as a whole."""
    place: list[Any] = []
    for segment in segments:
        if isinstance(segment, Step):
            break
        place.extend(_key(segment, value))
        value = member(value, segment)
    return tuple(place)


def _key(segment: Segment, value: Any) -> tuple[Any, ...]:
    if not isinstance(segment, Where):
        return (segment,)
    return tuple(index for index, item in enumerate(_elements(value)) if _matches(item, segment))[:1]


def _place(frame: Frame, scope: str, anchor: int | None, rest: tuple[Segment, ...]) -> tuple[Any, ...]:
    """An output place: the scope, then names and indexes; `[]` and `[*]` stay as a wildcard."""
    head: tuple[Any, ...] = (scope,)
    if anchor is not None and frame.element is not None:
        head = (scope, frame.element.array.removesuffix("[]"), frame.element.index)
    return (*head, *rest)


def _concrete(
    frame: Frame, scope: str, anchor: int | None, rest: tuple[Segment, ...], index: int | None
) -> tuple[Any, ...]:
    """An output place with its first wildcard replaced by `index`, or cut there when no element is meant."""
    place = _place(frame, scope, anchor, rest)
    wildcard = next((position for position, part in enumerate(place) if isinstance(part, Step)), None)
    if wildcard is None:
        return place
    return place[:wildcard] if index is None else (*place[:wildcard], index, *place[wildcard + 1 :])


def _require_intact(frame: Frame, place: tuple[Any, ...]) -> None:
    for refused in frame.refused:
        if all(a == b or isinstance(a, Step) or isinstance(b, Step) for a, b in zip(place, refused, strict=False)):
            raise DependsOnRefused
