"""Exact amounts (domain section 5): decimals only, the three rounding directions, largest remainder, minor units.

An amount is a `Decimal`; on the wire it is a decimal string. `minor_units` is the number of decimals of the currency
(EUR 2, JPY 0, KWD 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

ZERO = Decimal(0)

# A money field takes 18 digits, a price 20 and a quantity 17: their product outgrows Python's default of 28 digits.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)

ROUNDING = {"halfUp": ROUND_HALF_UP, "halfEven": ROUND_HALF_EVEN, "down": ROUND_DOWN}
"""Values of the switch `taxRoundingDirection`. Half-up means away from zero, so that a credit mirrors its invoice."""


def decimal(text: object) -> Decimal:
    """The exact value of a decimal string; an absent value (None) is zero."""
    return ZERO if text is None else Decimal(str(text))


def total(amounts: Iterable[Decimal]) -> Decimal:
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def times(*factors: Decimal) -> Decimal:
    """The exact product, not rounded: multiply first, round afterwards (rule 3)."""
    result = Decimal(1)
    for factor in factors:
        result = EXACT.multiply(result, factor)
    return result


def proportion(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`amount` x `part` / `whole`, not rounded."""
    return EXACT.divide(EXACT.multiply(amount, part), whole)


def round_money(amount: Decimal, minor_units: int = 2, direction: str = "halfUp") -> Decimal:
    """Round to the currency's minor units. direction: a key of ROUNDING."""
    rounded = amount.quantize(Decimal(1).scaleb(-minor_units), rounding=ROUNDING[direction], context=EXACT)
    return rounded + ZERO.quantize(rounded) if rounded.is_zero() else rounded


def spread(amount: Decimal, weights: Sequence[Decimal], minor_units: int = 2) -> list[Decimal]:
    """Divide `amount` in proportion to `weights` by largest remainder, ties to the lower index (rule 6).

    amount: already rounded to minor units. weights: none negative. The shares add up to `amount` exactly.
    `spread(5.00, [19.99, 5.49, 0.99])` is `[3.77, 1.04, 0.19]` (M-4). Raises ValueError when there is nothing to
    weigh by.
    """
    if amount < 0:
        return [-share for share in spread(-amount, weights, minor_units)]
    whole = total(weights)
    if whole <= 0:
        if amount.is_zero():
            return [round_money(ZERO, minor_units) for _ in weights]
        raise ValueError(f"cannot spread {amount} over weights that add up to {whole}")
    unit = Decimal(1).scaleb(-minor_units)
    exact = [proportion(amount, weight, whole) for weight in weights]
    shares = [share.quantize(unit, rounding=ROUND_FLOOR, context=EXACT) for share in exact]
    left_over = int((amount - total(shares)) / unit)
    by_remainder = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_remainder[:left_over]:
        shares[index] += unit
    return shares


def cumulative_share(amount: Decimal, done: Decimal, more: Decimal, whole: Decimal, minor_units: int = 2) -> Decimal:
    """What `more` of `whole` is worth after `done`, so that the parts of `amount` add up to it (M-12).

    A line of 29.00 for 3 pieces gives 9.67, 9.66, 9.67 piece by piece.
    """
    before = round_money(proportion(amount, done, whole), minor_units)
    after = round_money(proportion(amount, done + more, whole), minor_units)
    return after - before


def fits(amount: Decimal, minor_units: int) -> bool:
    """Whether the amount has at most the currency's minor units (CUR-1)."""
    return amount == round_money(amount, minor_units)


def money_text(amount: Decimal, minor_units: int = 2) -> str:
    """`70.73`, `-0.13`, `594`: exactly the minor units. Raises ValueError for an amount that has more."""
    rounded = round_money(amount, minor_units)
    if rounded != amount:
        raise ValueError(f"{amount} has more than {minor_units} decimals")
    return f"{rounded:f}"


def quantity_text(quantity: Decimal) -> str:
    """`2`, `0.5`, `-4`: no trailing zeros, no exponent."""
    text = f"{quantity:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text
