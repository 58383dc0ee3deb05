"""The type column of a table: what a mapped value must look like, as JSON and as text.

`string(35)` is text of at most 35 characters, `money` a decimal string with up to 3 decimals. The type is checked after
the transformations; it also says how the judge compares a value (decimals by value, the rest exactly).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from understudy.errors import MappingError, closest
from understudy.mapping.function import Refusal, shown
from understudy.mapping.moment import instant_of

_TYPE = re.compile(r"([a-z]+)(?:\((\d+)\))?\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FieldType:
    """name: as in the table below. length: most characters, None where unlimited. json: the JSON Schema type.

    decimal: values compare as numbers. fits: whether a value that is not absent belongs to the type.
    """

    text: str
    name: str
    length: int | None
    json: str
    decimal: bool
    fits: Callable[[Any], bool]

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, None when it fits."""
        if self.length is not None and isinstance(value, str) and len(value) > self.length:
            return f"{len(value)} characters are more than {self.length}"
        return None if self.fits(value) else f"{shown(value)} is not of type {self.text}"


def _text(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or len(value) != 10:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_instant(value: Any) -> bool:
    try:
        instant_of(value)
    except Refusal:
        return False
    return isinstance(value, str)


_KINDS: dict[str, tuple[str, bool, Callable[[Any], bool]]] = {
    # name: JSON type, decimal, fits
    "string": ("string", False, lambda value: isinstance(value, str)),
    "code": ("string", False, _text(r"[A-Z0-9][A-Z0-9_.+/-]*")),
    "date": ("string", False, _is_date),
    "instant": ("string", False, _is_instant),
    "uuid": ("string", False, lambda value: isinstance(value, str) and _UUID.match(value) is not None),
    "money": ("string", True, _text(r"-?\d{1,15}(\.\d{1,3})?")),
    "price": ("string", True, _text(r"-?\d{1,15}(\.\d{1,5})?")),
    "qty": ("string", True, _text(r"-?\d{1,12}(\.\d{1,5})?")),
    "int": ("integer", False, lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "bool": ("boolean", False, lambda value: isinstance(value, bool)),
    "list": ("array", False, lambda value: isinstance(value, list)),
    "object": ("object", False, lambda value: isinstance(value, dict)),
    "any": ("", False, lambda _value: True),
}
_LENGTHS = {"code": 20}


def parse_type(text: str, *, where: str = "") -> FieldType:
    """`string(35)` -> FieldType(name="string", length=35, ...). Raises MappingError for an unknown name."""
    match = _TYPE.match(text)
    if match is None or match[1] not in _KINDS:
        raise MappingError(
            f"unknown type {text!r}", where=where, allowed=", ".join(_KINDS), hint=closest(text.split("(")[0], _KINDS)
        )
    name, length = match.groups()
    json, decimal, fits = _KINDS[name]
    return FieldType(text, name, int(length) if length else _LENGTHS.get(name), json, decimal, fits)
