"""The validation rules that a table may name. A rule returns what is wrong with a value, or None.

Names of arguments that hold a bound (`than`, `of`, `on`) accept absent values: a rule without its input says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from understudy.mapping.function import UNKNOWN_REFERENCE, Function, Refusal, catalogue, shown
from understudy.mapping.lookup import Lookup
from understudy.mapping.moment import instant_of
from understudy.mapping.number import EXACT, number_of, plain, same
from understudy.mapping.reference import member_at, outside


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def pattern(value: Any, pattern: str) -> str | None:
    """The whole text matches a regular expression."""
    if isinstance(value, str) and _compiled(pattern).fullmatch(value):
        return None
    return f"{shown(value)} does not match {pattern}"


def length(value: Any, min: int = 0, max: int | None = None) -> str | None:
    """The text has at least `min` and at most `max` characters."""
    size = len(value) if isinstance(value, str) else 0
    if size < min:
        return f"{shown(value)} is shorter than {min} characters"
    if max is not None and size > max:
        return f"{size} characters are more than {max}"
    return None


def one_of(value: Any, values: Sequence[Any]) -> str | None:
    """The value is one of a few."""
    return None if value in values else f"{shown(value)} is not one of {', '.join(map(str, values))}"


def in_table(value: Any, table: Lookup, key: Sequence[Any] | None = None) -> str | None:
    """The value is a key of a lookup, in an active row."""
    row = table.find(*key) if key is not None else table.find(value)
    if row is None:
        return f"{shown(value)} is not in {table.name}{_owner(table)}"
    return (
        None
        if member_at(row, "active") is not False
        else f"{shown(value)} is not active in {table.name}{_owner(table)}"
    )


def record(
    value: Any, table: Lookup, member: str, values: Sequence[Any], key: Sequence[Any] | None = None
) -> str | None:
    """The `member` of the value's record is one of `values`. An unknown value passes here: `in_table` reports it."""
    found = table.find(*key) if key is not None else table.find(value)
    held = member_at(found, member)
    return None if found is None or held in values else f"{shown(value)} has {member} {shown(held)}"


def valid_on(value: Any, table: Lookup, on: str | None, first: str = "from", last: str = "to") -> str | None:
    """The value's record in a lookup is valid on a day; an unknown value is refused."""
    row = table.find(value)
    if row is None:
        raise Refusal(
            f"{shown(value)} is not in {table.name}{_owner(table)}", code=UNKNOWN_REFERENCE, owner=table.owner
        )
    reason = outside(row, on, first, last) if on is not None else ""
    return f"{shown(value)} {reason}" if reason else None


def gt(value: Any, than: Any) -> str | None:
    """Greater than."""
    return None if than is None or number_of(value) > number_of(than) else f"{value} is not greater than {than}"


def gte(value: Any, than: Any) -> str | None:
    """Greater than or equal."""
    return None if than is None or number_of(value) >= number_of(than) else f"{value} is less than {than}"


def lte(value: Any, than: Any) -> str | None:
    """Less than or equal."""
    return None if than is None or number_of(value) <= number_of(than) else f"{value} is more than {than}"


def lte_product(value: Any, factors: Sequence[Any]) -> str | None:
    """At most the product of some numbers."""
    if any(factor is None for factor in factors):
        return None
    product = Decimal(1)
    for factor in factors:
        product = EXACT.multiply(product, number_of(factor))
    return None if number_of(value) <= product else f"{value} is more than {' x '.join(map(str, factors))}"


def not_zero(value: Any) -> str | None:
    """A number other than 0."""
    return f"{value} is zero" if number_of(value) == 0 else None


def equals(value: Any, to: Any) -> str | None:
    """Equal to another value; numbers compare as numbers."""
    return None if to is None or same(value, to) else f"{shown(value)} is not {shown(to)}"


def equals_sum(value: Any, of: Any) -> str | None:
    """The exact sum of some numbers, lists in lists included (0 when there are none)."""
    total = _sum(of)
    return None if number_of(value) == total else f"{value} is not the sum {total:f}"


def within(value: Any, of: Any, tolerance: Any = "0") -> str | None:
    """No farther from a number than a tolerance."""
    if of is None:
        return None
    difference = EXACT.subtract(number_of(value), number_of(of)).copy_abs()
    if difference <= number_of(tolerance):
        return None
    explained = plain(number_of(tolerance))
    return f"{value} stated, {of} recomputed: {difference:f} apart, rounding explains at most {explained}"


def near(value: Any, of: Any, percent: Any) -> str | None:
    """Within so many per cent of a number."""
    if of is None:
        return None
    bound = EXACT.multiply(number_of(of).copy_abs(), EXACT.divide(number_of(percent), Decimal(100)))
    apart = EXACT.subtract(number_of(value), number_of(of)).copy_abs()
    return None if apart <= bound else f"{value} differs from {of} by more than {percent} %"


def whole_for_unit(value: Any, unit: str | None, table: Lookup, member: str = "wholeOnly") -> str | None:
    """A whole number, if the unit's record in a lookup says that the unit is counted."""
    counted = unit is None or bool(member_at(table.find(unit), member))
    number = number_of(value)
    fraction = number != number.to_integral_value()
    return f"{value} {unit or ''} is not whole".replace("  ", " ") if counted and fraction else None


def max_decimals(value: Any, decimals: int | None) -> str | None:
    """At most so many decimals."""
    if decimals is None:
        return None
    digits = max(0, -int(number_of(plain(number_of(value))).as_tuple().exponent))
    return None if digits <= decimals else f"{value} has {digits} decimals, at most {decimals} are allowed"


def unique(value: Any, among: Sequence[Any]) -> str | None:
    """Not there already."""
    return f"{shown(value)} is there twice" if value in among else None


def not_future(value: Any, now: Any, minutes: int = 0, zone: str | None = None) -> str | None:
    """An instant not later than `now` and some minutes."""
    if now is None:
        return None
    limit = instant_of(now) + timedelta(minutes=minutes)
    return f"{value} lies in the future" if instant_of(value, zone) > limit else None


def not_before(value: Any, day: str | None) -> str | None:
    """A date not earlier than another."""
    return None if day is None or str(value) >= day else f"{value} is before {day}"


def major_version(value: Any, known: Sequence[int]) -> str | None:
    """An event type ends in `.v` and a major version that this table knows."""
    match = re.search(r"\.v(\d+)$", value) if isinstance(value, str) else None
    if match and int(match[1]) in known:
        return None
    return f"{shown(value)} has no known major version ({', '.join(f'v{number}' for number in known)})"


def check_digit(value: Any, digits: int) -> str | None:
    """So many digits, the last one the GS1 check digit (SSCC 18, GTIN 13)."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) != digits:
        return f"{shown(value)} has not {digits} digits"
    body = value[:-1]
    weighted = sum(int(digit) * (3 if position % 2 == 0 else 1) for position, digit in enumerate(reversed(body)))
    right = str(-weighted % 10)
    return None if right == value[-1] else f"{value} has check digit {value[-1]}, {right} is right"


def fits_table(value: Any, key: Any, table: Lookup, column: str) -> str | None:
    """The whole text matches the pattern in a column of the key's row. Without a row or a pattern it passes."""
    pattern_text = None if key is None else member_at(table.find(key), column)
    if pattern_text is None or (isinstance(value, str) and _compiled(pattern_text).fullmatch(value)):
        return None
    return f"{shown(value)} does not fit {key}: {pattern_text}"


def required_by_table(value: Any, key: Any, table: Lookup, column: str) -> str | None:
    """Present, if a column of the key's row says so."""
    needed = key is not None and bool(member_at(table.find(key), column))
    return f"it is required for {key}" if needed and value is None else None


def found_in(value: Any, records: Any, member: str) -> str | None:
    """The value is the `member` of one of some records."""
    held = [member_at(record, member) for record in records or ()]
    return None if any(same(known, value) for known in held) else f"{shown(value)} is the {member} of none"


def starts_with(value: Any, prefix: str) -> str | None:
    """The text starts so."""
    return (
        None if isinstance(value, str) and value.startswith(prefix) else f"{shown(value)} does not start with {prefix}"
    )


def _sum(values: Any) -> Decimal:
    if isinstance(values, list):
        total = Decimal(0)
        for value in values:
            total = EXACT.add(total, _sum(value))
        return total
    return Decimal(0) if values is None else number_of(values)


def _owner(table: Lookup) -> str:
    return f" (owner {table.owner})" if table.owner else ""


RULES = catalogue(
    [
        Function(name="pattern", call=pattern),
        Function(name="length", call=length),
        Function(name="one_of", call=one_of),
        Function(name="in_table", call=in_table, tables=("table",), code=UNKNOWN_REFERENCE),
        Function(name="record", call=record, tables=("table",)),
        Function(name="valid_on", call=valid_on, tables=("table",)),
        Function(name="gt", call=gt),
        Function(name="gte", call=gte),
        Function(name="lte", call=lte),
        Function(name="lte_product", call=lte_product),
        Function(name="not_zero", call=not_zero),
        Function(name="equals", call=equals),
        Function(name="equals_sum", call=equals_sum),
        Function(name="within", call=within),
        Function(name="near", call=near),
        Function(name="whole_for_unit", call=whole_for_unit, tables=("table",)),
        Function(name="max_decimals", call=max_decimals),
        Function(name="unique", call=unique),
        Function(name="not_future", call=not_future),
        Function(name="not_before", call=not_before),
        Function(name="major_version", call=major_version),
        Function(name="check_digit", call=check_digit),
        Function(name="fits_table", call=fits_table, tables=("table",)),
        Function(
            name="required_by_table", call=required_by_table, tables=("table",), takes_missing=True, code="required"
        ),
        Function(name="starts_with", call=starts_with),
        Function(name="found_in", call=found_in, code=UNKNOWN_REFERENCE),
    ]
)
