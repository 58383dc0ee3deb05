"""Exact amounts, computed here a second time and without a line of simulator code (domain section 5).

An amount is a `Decimal`; in records it is a decimal string. `units` is the number of decimals of its currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

ZERO = Decimal(0)
HUNDRED = Decimal(100)

# A price has up to 20 digits and a quantity 17: their product is longer than Python's 28.
_EXACT = Context(prec=80)
_DIRECTIONS = {"halfUp": ROUND_HALF_UP, "halfEven": ROUND_HALF_EVEN, "down": ROUND_DOWN}


def dec(value: Any) -> Decimal:
    """The exact value of a decimal string or an integer; an absent value is 0."""
    return ZERO if value is None else Decimal(str(value))


def total(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def product(*factors: Decimal) -> Decimal:
    result = Decimal(1)
    for factor in factors:
        result = _EXACT.multiply(result, factor)
    return result


def ratio(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """amount x part / whole, not rounded."""
    return _EXACT.divide(_EXACT.multiply(amount, part), whole)


def rounded(amount: Decimal, units: int, direction: str = "halfUp") -> Decimal:
    """To the currency's minor units; half-up is away from zero, so that a credit mirrors its invoice (rule 2)."""
    return amount.quantize(Decimal(1).scaleb(-units), rounding=_DIRECTIONS[direction], context=_EXACT)


def largest_remainder(amount: Decimal, weights: Sequence[Decimal], units: int) -> list[Decimal]:
    """Shares of a rounded amount in proportion to weights; they add up to it, ties go to the lower index (M-4)."""
    whole = total(weights)
    if whole == 0:
        return [ZERO for _ in weights]
    if amount < 0:
        return [-share for share in largest_remainder(-amount, weights, units)]
    unit = Decimal(1).scaleb(-units)
    exact = [ratio(amount, weight, whole) for weight in weights]
    shares = [value.quantize(unit, rounding=ROUND_FLOOR, context=_EXACT) for value in exact]
    left = int((amount - total(shares)) / unit)
    by_remainder = sorted(range(len(shares)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_remainder[:left]:
        shares[index] += unit
    return shares


def decimals_written(text: Any) -> int:
    """How many decimals an amount needs as written: 2 for `70.73`, 0 for `594` and for `594.00`."""
    return len(str(text).partition(".")[2].rstrip("0"))


def plain(value: Decimal) -> str:
    """For rows: `70.73`, `2`, no exponent and no idle zeros beyond two decimals."""
    text = f"{value:f}"
    whole, point, fraction = text.partition(".")
    if not point:
        return text
    kept = fraction.rstrip("0")
    return f"{whole}.{kept.ljust(2, '0')}" if kept else whole


def rounding_bound(taxed_lines: int, tax_codes: int, units: int) -> Decimal:
    """The most that rounding can cause: half a minor unit for each taxed line and each tax code (A23, FIN-10)."""
    return Decimal(5).scaleb(-units - 1) * (taxed_lines + tax_codes)
