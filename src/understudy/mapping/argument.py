"""Arguments of transformations, rules and conditions: literals, and what is read when a message is mapped.

"#"                                            the text itself
"$currency", "$target:shipTo.country"          the value at a path
"$"                                            the value in hand
"$$5"                                          the text `$5`
{lookup: items, key: "$target:.itemNumber", take: unitPrice}   a member of a looked-up record, None if unknown
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.errors import MappingError, closest
from understudy.mapping.frame import Frame, Loop, compile_reader
from understudy.mapping.function import REQUIRED, Refusal
from understudy.mapping.lookup import Lookup, as_lookup
from understudy.mapping.path import Path, parse_path
from understudy.mapping.reference import member_at

Resolve = Callable[[Frame, Any], Any]
"""Reads an argument: the frame, and the value in hand."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Argument:
    """A compiled argument: constant when `resolve` is None."""

    constant: Any = None
    resolve: Resolve | None = None


def compile_argument(raw: Any, loop: Loop | None) -> Argument:
    """Raises MappingError for a `$path` that is no path."""
    if isinstance(raw, str) and raw.startswith("$"):
        if raw.startswith("$$"):
            return Argument(raw[1:])
        if raw == "$":
            return Argument(resolve=lambda _frame, value: value)
        read = compile_reader(parse_path(raw[1:]), loop).read
        return Argument(resolve=lambda frame, _value: read(frame))
    if isinstance(raw, list):
        items = [compile_argument(item, loop) for item in raw]
        if all(item.resolve is None for item in items):
            return Argument([item.constant for item in items])
        return Argument(resolve=lambda frame, value: [value_of(item, frame, value) for item in items])
    if isinstance(raw, dict):
        if "lookup" in raw:
            return Argument(resolve=_compile_lookup(raw, loop))
        members = {name: compile_argument(item, loop) for name, item in raw.items()}
        if all(item.resolve is None for item in members.values()):
            return Argument({name: item.constant for name, item in members.items()})
        return Argument(
            resolve=lambda frame, value: {name: value_of(item, frame, value) for name, item in members.items()}
        )
    return Argument(raw)


def value_of(argument: Argument, frame: Frame, value: Any) -> Any:
    return argument.constant if argument.resolve is None else argument.resolve(frame, value)


def lookup_of(frame: Frame, name: str) -> Lookup:
    """The lookup of a name. Raises MappingError when the caller supplied something that answers no key."""
    found: Lookup | None = frame.asked.get(name)
    if found is None:
        found = frame.asked[name] = as_lookup(name, frame.documents["lookup"].get(name))
    return found


def compile_table(name: str) -> Argument:
    """An argument that names a lookup and arrives as one."""
    return Argument(resolve=lambda frame, _value: lookup_of(frame, name))


def compile_template(text: str, loop: Loop | None) -> Argument:
    """`store:order:{id}:create`: the text at every placeholder's path. An absent or non-textual value is refused."""
    parts = _PLACEHOLDER.split(text)
    literals, readers = parts[::2], [compile_reader(parse_path(path), loop) for path in parts[1::2]]

    def resolve(frame: Frame, _value: Any) -> str:
        filled = literals[0]
        for reader, literal in zip(readers, literals[1:], strict=True):
            value = reader.read(frame)
            if value is None:
                raise Refusal(f"{reader.path} is absent", code=REQUIRED)
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise Refusal(f"{reader.path} is neither text nor an integer")
            filled += f"{value}{literal}"
        return filled

    return Argument(resolve=resolve)


def _compile_lookup(raw: Mapping[str, Any], loop: Loop | None) -> Resolve:
    name, take = str(raw["lookup"]), str(raw.get("take", ""))
    keys = raw.get("key", "$")
    parts = [compile_argument(key, loop) for key in (keys if isinstance(keys, list) else [keys])]

    def resolve(frame: Frame, value: Any) -> Any:
        key = [value_of(part, frame, value) for part in parts]
        if any(part is None for part in key):
            return None
        return member_at(lookup_of(frame, name).find(*key), take)

    return resolve


@dataclass(frozen=True, slots=True)
class Mention:
    """A path or a lookup that an argument names, for checks."""

    path: Path | None = None
    lookup: str = ""


def mentions(raw: Any, *, templates: bool = False) -> Iterator[Mention]:
    """Every path and lookup named in an argument as written. templates: texts have `{path}` placeholders."""
    if isinstance(raw, str):
        if raw.startswith("$") and not raw.startswith("$$") and raw != "$":
            yield Mention(parse_path(raw[1:]))
        elif templates:
            yield from (Mention(parse_path(path)) for path in _PLACEHOLDER.findall(raw))
    elif isinstance(raw, list):
        for item in raw:
            yield from mentions(item, templates=templates)
    elif isinstance(raw, dict):
        if "lookup" in raw:
            unknown = raw.keys() - {"lookup", "key", "take"}
            if unknown:
                raise MappingError(
                    f"unknown key {min(unknown)!r} in a lookup argument", hint=closest(min(unknown), ("key", "take"))
                )
            yield Mention(lookup=str(raw["lookup"]))
        for name, item in raw.items():
            if name != "take":
                yield from mentions(item, templates=templates)
