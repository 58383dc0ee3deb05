"""Moving-average cost of an item (domain M-19, INV-11). Pure: valuation in, valuation and cost out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..common.money import ZERO, proportion, round_money, times


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """Quantity and value of one item in the whole company, over all locations and stock statuses.

    unit_cost: of the last movement, not rounded; the cost of an issue while there is nothing to average.
    """

    quantity: Decimal = ZERO
    value: Decimal = ZERO
    unit_cost: Decimal = ZERO

    @property
    def average(self) -> Decimal:
        return proportion(self.value, Decimal(1), self.quantity) if self.quantity > 0 else self.unit_cost


@dataclass(frozen=True, slots=True)
class Receipt:
    """cost: what the received goods are booked at. revaluation: how far an earlier issue below zero was booked too low;
    it belongs to the cost of goods sold and leaves stock again."""

    valuation: Valuation
    cost: Decimal
    revaluation: Decimal = ZERO


def issue(before: Valuation, quantity: Decimal, minor_units: int) -> tuple[Valuation, Decimal]:
    """Take `quantity` out at the moving average; returns the new valuation and the cost, both positive figures.

    Whoever takes the last piece takes the whole residue, so that quantity 0 has value 0. Pieces below zero (switch
    `allowNegativeStock`) cost the last known unit cost.
    """
    unit_cost = before.average
    if before.quantity > quantity:
        cost = round_money(proportion(before.value, quantity, before.quantity), minor_units)
    else:
        on_hand = max(before.quantity, ZERO)
        value = before.value if before.quantity > 0 else ZERO
        cost = value + round_money(times(unit_cost, quantity - on_hand), minor_units)
    after = Valuation(quantity=before.quantity - quantity, value=before.value - cost, unit_cost=unit_cost)
    return after, cost


def receive(before: Valuation, quantity: Decimal, cost: Decimal, minor_units: int) -> Receipt:
    """Add `quantity` pieces worth `cost` together. What fills a hole below zero is revalued to its true cost."""
    unit_cost = proportion(cost, Decimal(1), quantity)
    revaluation = ZERO
    if before.quantity < 0:
        covered = min(-before.quantity, quantity)
        booked = -round_money(proportion(before.value, covered, -before.quantity), minor_units)
        revaluation = round_money(times(unit_cost, covered), minor_units) - booked
    after = Valuation(quantity=before.quantity + quantity, value=before.value + cost - revaluation, unit_cost=unit_cost)
    return Receipt(Valuation(quantity=after.quantity, value=after.value, unit_cost=after.average), cost, revaluation)
