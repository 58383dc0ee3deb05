"""Foreign currency (domain section 5, rule 8; CUR-2). Pure. A rate is foreign units per unit of base currency."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..common.money import EXACT, ZERO, proportion, round_money, total


def translate(amount: Decimal, rate: Decimal, decimals: int) -> Decimal:
    """USD 250.00 at 1.0842 is EUR 230.58 (M-13)."""
    return round_money(EXACT.divide(amount, rate), decimals)


def translate_once(parts: Sequence[Decimal], rate: Decimal, decimals: int) -> tuple[Decimal, list[Decimal]]:
    """A document in base currency: its total translated once, the residue of its parts on the largest of them.

    Three lines of USD 15.00 at 1.0842 are 41.51 together: 13.83, 13.84, 13.84 (M-14).
    """
    whole = translate(total(parts), rate, decimals)
    translated = [translate(part, rate, decimals) for part in parts]
    if translated:
        largest = max(range(len(parts)), key=lambda index: (abs(parts[index]), -index))
        translated[largest] += whole - total(translated)
    return whole, translated


def base_share(open_amount: Decimal, open_base: Decimal, amount: Decimal, decimals: int) -> Decimal:
    """What `amount` of an open amount is worth in base currency; the last part takes the residue."""
    if amount == open_amount:
        return open_base
    return round_money(proportion(open_base, amount, open_amount), decimals) if open_amount else ZERO
