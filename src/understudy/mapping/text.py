"""Transformations of text. A value that is no text is refused, not converted (DQ-12)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from understudy.mapping.function import Refusal, kind_of, shown, text_of
from understudy.mapping.lookup import Lookup

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u2060\ufeff"), None)
_E164 = re.compile(r"\+[1-9]\d{6,14}\Z")


def one_space(value: Any) -> str:
    """Trimmed, every run of white space (also no-break) one space, zero-width characters removed."""
    text = text_of(value)
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    return " ".join(text.split())


def trim(value: Any) -> str:
    """White space, also no-break, and zero-width characters removed at both ends."""
    return text_of(value).strip("\u200b\u200c\u2060\ufeff \t\r\n\u00a0\u202f\u2007").strip()


def nfc(value: Any) -> str:
    """Unicode normalisation form C: combining accents joined with their letters."""
    text = text_of(value)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def upper(value: Any) -> str:
    """Upper case."""
    return text_of(value).upper()


def lower_email(value: Any) -> str:
    """An e-mail address trimmed and in lower case, the part before the @ too; a plus-tag stays."""
    return trim(value).lower()


def missing(value: Any, words: Sequence[str] = ()) -> str | None:
    """Empty text and the given words (without case) become an absent value."""
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]  # only text can say that it is missing
    text = value.strip()
    if not text:
        return None
    for word in words:
        if len(word) == len(text) and word.casefold() == text.casefold():
            return None
    return value


def strip_prefix(value: Any, prefix: str) -> str:
    """The text without `prefix`, if it starts with it."""
    return text_of(value).removeprefix(prefix)


def replace(value: Any, pattern: str, by: str = "") -> str:
    """Every match of a regular expression replaced."""
    return re.sub(pattern, by, text_of(value))


def cut(value: Any, length: int) -> str:
    """At most `length` characters; a letter is not parted from its combining marks."""
    text = text_of(value)
    if len(text) <= length:
        return text
    end = length
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip()


def _break(text: str, length: int) -> int:
    if len(text) <= length:
        return len(text)
    space = text.rfind(" ", 0, length + 1)
    return space if space > 0 else len(cut(text, length)) or length


def head(value: Any, length: int) -> str:
    """The words that fit into `length` characters; the rest is what `tail` gives."""
    text = one_space(value)
    return text[: _break(text, length)].rstrip()


def tail(value: Any, length: int) -> str | None:
    """The words that did not fit into `length` characters, absent when all did."""
    text = one_space(value)
    return text[_break(text, length) :].lstrip() or None


def join(values: Any, by: str = " ") -> str | None:
    """The present values, joined; absent when none is."""
    present = (
        [text_of(value) for value in values if value is not None] if isinstance(values, list) else [text_of(values)]
    )
    return by.join(present) or None


def template(_value: Any, text: str) -> str:
    """A text with `{path}` placeholders filled in."""
    return text


def to_text(value: Any) -> str:
    """Text as it is; an integer in decimal digits. A float is refused, since its digits may be gone."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refusal(f"expected text or an integer, got {kind_of(value)} {shown(value)}")


def e164(value: Any, country: str | None, table: Lookup) -> str:
    """A telephone number as +country number; a national one by the country's calling code and trunk prefix.

    table: rows by country with `calling` (digits) and `trunk` (the prefix dialled inside the country, may be empty).
    """
    written = text_of(value)
    number = re.sub(r"[\s().\-/\u00a0]", "", written)
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if not number.startswith("+"):
        row = None if country is None else table.find(country)
        if row is None:
            raise Refusal(f"{shown(written)} has no country code and {shown(country)} has no calling code")
        number = f"+{row['calling']}{number.removeprefix(str(row.get('trunk') or ''))}"
    if not _E164.match(number):
        raise Refusal(f"{shown(written)} is no telephone number")
    return number
