"""Transformations of numbers. Amounts and quantities are decimal strings throughout; a binary float is refused, since
its digits may already be wrong (domain section 5, rule 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from understudy.mapping.function import UNKNOWN_REFERENCE, Refusal, kind_of, shown

# Every operand has at most 40 digits (see number_of), so that products of a few of them stay exact.
EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
ROUNDING = {"halfUp": ROUND_HALF_UP, "halfEven": ROUND_HALF_EVEN, "down": ROUND_DOWN}
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?\Z", re.ASCII)
_WITH_UNIT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*([A-Za-z][A-Za-z0-9]*)\s*", re.ASCII)
_MAX_DIGITS = 40
_MAX_FLOAT = 1e15


def number_of(value: Any) -> Decimal:
    """The exact value of a decimal string or an integer. Raises Refusal for anything else, floats included."""
    if isinstance(value, str) and _PLAIN.match(value) and len(value) <= _MAX_DIGITS:
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_MAX_DIGITS:
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, float):
        raise Refusal(f"{shown(value)} came as a binary float; send it as a string")
    raise Refusal(f"expected a number, got {kind_of(value)} {shown(value)}")


def json_number(value: Any) -> Decimal:
    """As `number_of`, but a float counts as its shortest decimal text. For what JSON has as a number by contract
    (quantities, rates); money never is."""
    if isinstance(value, float) and abs(value) < _MAX_FLOAT:
        return Decimal(repr(value))
    return number_of(value)


def same(left: Any, right: Any) -> bool:
    """Equal as JSON values, numbers and decimal strings by their value; booleans are no numbers, codes such as `01067`
    neither."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if left == right:
        return True
    if _is_code(left) or _is_code(right):
        return False
    try:
        return number_of(left) == number_of(right)
    except Refusal:
        return False


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 1 and value[0] == "0" and value[1].isdigit()


def plain(value: Decimal) -> str:
    """`2`, `0.5`, `-4`: no trailing zeros, no exponent."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def int_to_string(value: Any) -> str:
    """An integer id as decimal digits, exact beyond 2^53. A float is refused, also one without a fraction."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    raise Refusal(f"expected an integer id, got {kind_of(value)} {shown(value)}")


def decimal(value: Any, decimal_mark: str = ".", group_mark: str = "", signs: str = "") -> str:
    """A decimal string: `1.234,50 €` with decimal mark `,`, group mark `.`, signs `€` becomes `1234.50`.

    Text that already is a decimal string stays as it is, digit for digit.
    """
    if not isinstance(value, str):
        return f"{number_of(value):f}"
    if _PLAIN.match(value) and len(value) <= _MAX_DIGITS:
        return value
    text = "".join(value.split())
    for sign in signs.split():
        text = text.removesuffix(sign).removeprefix(sign)
    groups = rf"\d{{1,3}}(?:{re.escape(group_mark)}\d{{3}})+" if group_mark else r"\d+"
    whole, mark, fraction = text.partition(decimal_mark)
    if not re.fullmatch(rf"-?(?:{groups}|\d+)", whole) or (mark and not re.fullmatch(r"\d+", fraction)):
        raise Refusal(f"{shown(value)} is no decimal number")
    if group_mark:
        whole = whole.replace(group_mark, "")
    return decimal(f"{whole}.{fraction}" if mark else whole)


def quantity(value: Any) -> str:
    """A quantity as a decimal string without trailing zeros: 2, `2.000` and `2` are all `2`."""
    return plain(json_number(value))


def rate(value: Any, percent: bool = False) -> str:
    """A rate as a fraction without trailing zeros. percent: it is given in per cent."""
    exact = json_number(value)
    return plain(EXACT.divide(exact, Decimal(100)) if percent else exact)


def total(values: Any, empty: str | None = None) -> str | None:
    """The exact sum; `empty` when there is nothing to add."""
    items = [value for value in (values if isinstance(values, list) else [values]) if value is not None]
    if not items:
        return empty
    result = Decimal(0)
    for item in items:
        result = EXACT.add(result, number_of(item))
    return f"{result:f}"


def integer(value: Any) -> int:
    """Decimal digits as an integer: `10000` becomes 10000."""
    return int(int_to_string(value))


def minus(value: Any, amount: Any) -> str | None:
    """The value less `amount`; absent when that is."""
    return None if amount is None else plain(EXACT.subtract(number_of(value), number_of(amount)))


def absolute(value: Any) -> str:
    """The size of a number, its sign dropped."""
    return plain(number_of(value).copy_abs())


def to_base_unit(
    value: Any,
    factors: Any,
    base: str | None = None,
    unit: str | None = None,
    into: str | None = None,
    code: str = "code",
    per_base: str = "qtyPerBase",
) -> str:
    """A quantity in the item's base unit: `5 CS + 7 EA` with 12 pieces a case becomes `67`.

    value: a number counted in `unit` (the base unit where that is absent), or a text of numbers with units.
    factors: unit -> base units in one, as a mapping or as records with `code` and `per_base`. Unknown unit: refused.
    into: another unit to count in than the base unit.
    """
    known = {base: Decimal(1)} if base else {}
    if isinstance(factors, Mapping):
        known.update((str(name), number_of(factor)) for name, factor in factors.items())
    elif isinstance(factors, Sequence) and not isinstance(factors, str):
        known.update((str(record[code]), number_of(record[per_base])) for record in factors)
    divisor = _factor(known, into) if into and into != base else Decimal(1)
    if not isinstance(value, str) or _PLAIN.match(value):
        factor = _factor(known, unit) if unit else Decimal(1)
        return plain(EXACT.divide(EXACT.multiply(number_of(value), factor), divisor))
    result = Decimal(0)
    for part in value.split("+"):
        match = _WITH_UNIT.fullmatch(part)
        if match is None:
            raise Refusal(f"{shown(value)} is no quantity", code="validation-failed")
        result = EXACT.add(result, EXACT.multiply(Decimal(match[1]), _factor(known, match[2])))
    return plain(EXACT.divide(result, divisor))


def _factor(known: Mapping[str, Decimal], unit: str) -> Decimal:
    if unit not in known:
        raise Refusal(f"no conversion from unit {unit!r}, only from {', '.join(sorted(known))}", code=UNKNOWN_REFERENCE)
    return known[unit]
