"""What the lines of an order add up to, and how far the sums that a checkout states may lie from it.

The charged total is the truth (domain 5, rule 7): it is kept as sent. A sum is refused only when rounding cannot
explain it; whether the tax fits its rate is for the ERP to find out (A23, PT-2), not for the shop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..common.money import ZERO, decimal, round_money, times, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums in shop money, exact. shipping: before discount. tax_rates: one for each rate charged."""

    subtotal: Decimal
    discounts: Decimal
    shipping: Decimal
    shipping_discounts: Decimal
    tax: Decimal
    taxed_lines: int
    tax_rates: int

    def price(self, tax: Decimal, *, taxes_included: bool) -> Decimal:
        """What the shopper pays when the tax is `tax`."""
        goods_and_freight = self.subtotal + self.shipping - self.shipping_discounts
        return goods_and_freight if taxes_included else goods_and_freight + tax

    def tolerance(self, minor_units: int) -> Decimal:
        """The most that rounding can cause: half a minor unit for each taxed line and each tax rate (A23)."""
        return Decimal(5).scaleb(-minor_units - 1) * (self.taxed_lines + self.tax_rates)


def line_amount(line: Mapping[str, Any], minor_units: int) -> Decimal:
    """Price times quantity: multiplied first, then rounded (domain 5, rule 3); before discount."""
    return round_money(times(decimal(line["price"]), Decimal(line.get("quantity", 1))), minor_units)


def line_discount(line: Mapping[str, Any]) -> Decimal:
    return total(decimal(allocation["amount"]) for allocation in line.get("discount_allocations", ()))


def add_up(lines: Sequence[Mapping[str, Any]], shipping: Sequence[Mapping[str, Any]], minor_units: int) -> Totals:
    """lines and shipping: as in an order, with `price`, `discount_allocations` and `tax_lines`."""
    taxed = [line for line in (*lines, *shipping) if line.get("tax_lines")]
    goods_discount = total(line_discount(line) for line in lines)
    shipping_discount = total(line_discount(line) for line in shipping)
    return Totals(
        subtotal=total(line_amount(line, minor_units) for line in lines) - goods_discount,
        discounts=goods_discount + shipping_discount,
        shipping=total(decimal(line["price"]) for line in shipping),
        shipping_discounts=shipping_discount,
        tax=total(decimal(tax["price"]) for line in taxed for tax in line["tax_lines"]),
        taxed_lines=len(taxed),
        tax_rates=len({decimal(tax["rate"]) for line in taxed for tax in line["tax_lines"]}),
    )


def tax_by_rate(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str | None, Any, Decimal]]:
    """(title, rate, tax) of the whole order, by rate in the order in which the rates occur."""
    sums: dict[Decimal, tuple[str | None, Any, Decimal]] = {}
    for line in lines:
        for tax in line.get("tax_lines", ()):
            key = decimal(tax["rate"])
            title, rate, so_far = sums.get(key, (tax.get("title"), tax["rate"], ZERO))
            sums[key] = title, rate, so_far + decimal(tax["price"])
    return list(sums.values())
