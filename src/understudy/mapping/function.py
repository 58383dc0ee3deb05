"""What a table may call: transformations and rules are small pure functions with named arguments.

A transformation takes a value and returns one; a rule takes a value and returns what is wrong with it, or None. Both
refuse with `Refusal`, never with another exception, whatever JSON value they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from inspect import Parameter, signature
from typing import Any

UNKNOWN_REFERENCE = "unknown-reference"
REQUIRED = "required"
INVALID = "validation-failed"


class Refusal(Exception):
    """A value that cannot be mapped. code: slug of the violation. owner: who can repair it, where a table knows. index:
    which of several values, where one is at fault."""

    def __init__(self, detail: str, *, code: str = INVALID, owner: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.owner = owner
        self.index: int | None = None


class Shape(Enum):
    """EACH: called with one value; on a list, with every element. WHOLE: called with the value as it is, list or not.
    CHOOSE: called with a list, returns the index of the element that becomes the value, or None."""

    EACH = "each"
    WHOLE = "whole"
    CHOOSE = "choose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A named transformation or rule.

    call: `call(value, **arguments)`. takes_missing: it is also called for an absent value (None).
    tables: arguments that name a lookup and arrive as a `Lookup`. templates: arguments with `{path}` placeholders.
    cases: arguments that are lists of `{when, then}`. code: the violation's slug, for rules.
    """

    name: str
    call: Callable[..., Any]
    shape: Shape = Shape.EACH
    takes_missing: bool = False
    tables: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    code: str = INVALID

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The named arguments in order, without the value."""
        return _parameters(self.call)

    @property
    def doc(self) -> str:
        return (self.call.__doc__ or "").strip().splitlines()[0] if self.call.__doc__ else ""


@cache
def _parameters(call: Callable[..., Any]) -> Mapping[str, Parameter]:
    return dict(list(signature(call).parameters.items())[1:])


def catalogue(functions: Iterable[Function]) -> dict[str, Function]:
    """The functions by name; a name given twice is a bug of ours."""
    by_name: dict[str, Function] = {}
    for function in functions:
        assert function.name not in by_name, function.name
        by_name[function.name] = function
    return by_name


def shown(value: Any, *, limit: int = 60) -> str:
    """A value as it reads in a sentence: `'SKU-9999'`, `nothing`, cut at `limit` characters."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def text_of(value: Any) -> str:
    """The value if it is text, else a Refusal: a number is never guessed back into text (DQ-12)."""
    if isinstance(value, str):
        return value
    raise Refusal(f"expected text, got {kind_of(value)} {shown(value)}")


def kind_of(value: Any) -> str:
    """The JSON kind of a value, with its article."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case str():
            return "text"
        case int() | float():
            return "the number"
        case list() | tuple():
            return "a list"
        case _:
            return "an object"
