"""Where in the source a mapped value comes from: for the words of a finding, so a missing answer is no failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.mapping import MappingTable

_INDEX = re.compile(r"/(\d+)(?=/|$)")
_LIMIT = 6
"""Intermediate values may rest on intermediate values, but not for ever."""


def source_of(table: MappingTable, row: str, target: str) -> str:
    """`shipping_address.zip` for target `/shipTo/postalCode` of row A11; the text of the row where several feed it."""
    return " | ".join(dict.fromkeys(path for path, _ in _paths(table, row, target)))


def read_value(table: MappingTable, source: Any, meta: Mapping[str, Any], difference: Any) -> Any:
    """The value at the source of a difference; of several elements all of them, None where nothing can be named."""
    if difference.source:
        scope, _, pointer = difference.source.rpartition(":")
        return _at_pointer(meta.get(scope) if scope else source, pointer)
    for _, (scope, segments) in _paths(table, difference.row, difference.target):
        value = _values(meta.get(scope) if scope != "source" else source, segments)
        if value not in (None, []):
            return value
    return None


def _paths(table: MappingTable, row: str, target: str) -> list[tuple[str, tuple[str, tuple[Any, ...]]]]:
    """(text, (document, segments)) of every place that feeds a target, intermediate values traced to their sources."""
    wanted = target if ":" in target else _INDEX.sub("[]", target.removeprefix("/")).replace("/", ".")
    found = []
    for held, field in table.spec.fields():
        if (
            held.id == row
            and field.target is not None
            and (field.target.text == wanted or field.target.text.startswith(f"{wanted}."))
        ):
            for path in field.sources:
                prefix = _feed(table, field) if path.relative else ()
                found += _traced(table, path.scope, (*prefix, *path.segments), _LIMIT)
    return [(_text(scope, segments), (scope, segments)) for scope, segments in found]


def _feed(table: MappingTable, field: Any) -> tuple[Any, ...]:
    array = table.spec.arrays.get(field.array)
    feeds = [array.feeds[name] for name in field.feeds if name in array.feeds] if array is not None else []
    segments: tuple[Any, ...] = feeds[0].each.segments if feeds else ()
    return segments


def _traced(table: MappingTable, scope: str, segments: tuple[Any, ...], left: int) -> list[tuple[str, tuple[Any, ...]]]:
    if scope != "control" or left == 0:
        return [(scope, segments)]
    found = []
    for _, field in table.spec.fields():
        target = field.target
        if target is None or target.scope != "control" or target.segments != segments[: len(target.segments)]:
            continue
        for path in field.sources:
            prefix = _feed(table, field) if path.relative else ()
            rest = segments[len(target.segments) :]
            found += _traced(table, path.scope, (*prefix, *path.segments, *rest), left - 1)
    return list(dict.fromkeys(found))


def _text(scope: str, segments: tuple[Any, ...]) -> str:
    text = ""
    for segment in segments:
        if isinstance(segment, str):
            text += f".{segment}" if text else segment
        elif isinstance(segment, int):
            text += f"[{segment}]"
        else:
            name = getattr(segment, "name", "")
            text += f"[{name}={segment.value}]" if hasattr(segment, "value") and not _is_loop(segment) else "[]"
    return text if scope == "source" else f"{scope}:{text}"


def _values(document: Any, segments: tuple[Any, ...]) -> Any:
    held = document
    for position, segment in enumerate(segments):
        if isinstance(segment, str):
            held = held.get(segment) if isinstance(held, Mapping) else None
        elif isinstance(segment, int):
            held = held[segment] if isinstance(held, list) and segment < len(held) else None
        elif _is_loop(segment):
            rest = segments[position + 1 :]
            return [_values(element, rest) for element in held] if isinstance(held, list) else None
        else:
            rows = held if isinstance(held, list) else []
            held = next((row for row in rows if str(row.get(segment.name)) == segment.value), None)
    return held


def _is_loop(segment: Any) -> bool:
    """`[]` and `[*]`; the other segments are names, numbers and `[name=value]`."""
    return str(getattr(segment, "value", "")) in ("[]", "[*]")


def _at_pointer(document: Any, pointer: str) -> Any:
    held = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(held, list) and name.isdigit():
            held = held[int(name)] if int(name) < len(held) else None
        else:
            held = held.get(name) if isinstance(held, Mapping) else None
    return held
