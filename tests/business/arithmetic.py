"""Money as domain.md section 5 says, in our own words: decimal, half-up, largest remainder."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import accumulate, pairwise

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def half_up(amount: Decimal) -> Decimal:
    """To the cent, away from zero at .5 (rule 2)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Shares of an amount in cents by largest remainder, ties to the lower number (rule 6); they add up exactly.

    >>> [str(share) for share in spread(Decimal("5.00"), [Decimal("19.99"), Decimal("5.49"), Decimal("0.99")])]
    ['3.77', '1.04', '0.19']
    """
    whole = sum(weights, Decimal(0))
    if not whole:
        return [amount if index == 0 else ZERO for index in range(len(weights))]
    exact = [amount * weight / whole for weight in weights]
    shares = [share.quantize(CENT, ROUND_FLOOR) for share in exact]
    left = int((amount - sum(shares)) / CENT)
    by_remainder = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_remainder[:left]:
        shares[index] += CENT
    return shares


def parts(amount: Decimal, quantities: Sequence[Decimal], of: Decimal) -> list[Decimal]:
    """An amount for `of` pieces, in parts of these quantities: rounded cumulatively, so that nothing is lost (M-12).

    >>> [str(part) for part in parts(Decimal("29.00"), [Decimal(1)] * 3, Decimal(3))]
    ['9.67', '9.66', '9.67']
    """
    so_far = [half_up(amount * gone / of) for gone in accumulate(quantities, initial=Decimal(0))]
    return [after - before for before, after in pairwise(so_far)]


def tax_on(base: Decimal, rate: Decimal, *, included: bool) -> tuple[Decimal, Decimal]:
    """(net, tax) of what is charged under one tax code on one document (rules 4 and 5). rate: 0.19 for 19 %."""
    if included:
        net = half_up(base / (1 + rate))
        return net, base - net
    return base, half_up(base * rate)
