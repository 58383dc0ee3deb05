"""Values as every report can write them: JSON types only, valid Unicode, finite numbers, bounded depth.

Payloads come from systems under test, which may send anything: a lone surrogate would make a report unwritable, a
NaN would make it invalid JSON, and a thousand nested arrays would exhaust the stack of whoever reads it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 64
CUT = f"(nested deeper than {MAX_DEPTH} levels: left out)"
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
# What a terminal obeys or a reader cannot see: control characters but tab and line feed, bidirectional overrides
# (U+202A to U+202E, U+2066 to U+2069), noncharacters and lone surrogates.
_RANGES = (
    (0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x202A, 0x202E), (0x2066, 0x2069), (0xFFFE, 0xFFFF), (0xD800, 0xDFFF),
)  # fmt: skip
_SHOWN = {code: f"\\u{code:04x}" for first, last in _RANGES for code in range(first, last + 1)}
_UNPRINTABLE = re.compile("[" + "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in _RANGES) + "]")
_SURROGATES = {code: shown for code, shown in _SHOWN.items() if 0xD800 <= code <= 0xDFFF}


def normal(value: Any) -> Any:
    """A copy that survives `json.loads(json.dumps(...))` unchanged. Tuples become lists, unknown types text.

    What JSON or UTF-8 cannot carry becomes text that says what it was: `NaN` -> `"NaN"`, a lone surrogate -> `\\ud800`.
    """
    text = ""
    try:
        # The C encoder does the whole job for all but hostile values, ten times faster than a walk in Python.
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        plain = _shallow(text.encode())
    except (TypeError, ValueError, RecursionError):
        plain = False
    return json.loads(text) if plain else _walk(value, 0)


def _shallow(text: bytes) -> bool:
    """Whether brackets surely nest no deeper than MAX_DEPTH. Brackets within strings may make it say no wrongly."""
    brackets = text.translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _walk(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.translate(_SURROGATES)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= MAX_DEPTH and isinstance(value, Mapping | list | tuple | set | frozenset):
        return CUT
    if isinstance(value, Mapping):
        return {str(key).translate(_SURROGATES): _walk(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(item, depth + 1) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_walk(item, depth + 1) for item in value), key=repr)
    return str(value).translate(_SURROGATES)


def printable(text: str) -> str:
    """The text with everything that a terminal, XML or a reader would stumble over shown as `\\uXXXX`."""
    return text.translate(_SHOWN) if _UNPRINTABLE.search(text) else text


def short(value: Any, limit: int = 120) -> str:
    """A value on one line, at most `limit` characters: text as it is, everything else as compact JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = printable(" ".join(text.split()) if isinstance(value, str) else text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def many(number: int, noun: str) -> str:
    """`1 step`, `2 steps`, `2 deliveries`, `2 criteria`."""
    if number == 1:
        return f"1 {noun}"
    plural = "criteria" if noun == "criterion" else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {plural}"
