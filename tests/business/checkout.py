"""Random checkouts, with the arithmetic of a storefront that does it right: tax rounded per document and code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from .arithmetic import CENT, ZERO, half_up, spread, tax_on

Json = dict[str, Any]

RATES = {"SKU-1001": Decimal("0.19"), "SKU-1002": Decimal("0.07"), "SKU-1004": Decimal("0.19")}
FREIGHT_RATE = Decimal("0.19")
ANNA = {
    "email": "anna.k@example.com",
    "customer": {"id": 7723},
    "address": {
        "first_name": "Anna",
        "last_name": "Keller",
        "address1": "Hauptstr. 5",
        "city": "Dresden",
        "zip": "01067",
        "country_code": "DE",
    },
}
NORDWIND = {
    "email": "einkauf@nordwind.example.com",
    "customer": {"id": 7730},
    "address": {
        "company": "Nordwind Handels GmbH",
        "address1": "Kaistr. 12",
        "city": "Hamburg",
        "zip": "20457",
        "country_code": "DE",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is put into the basket. discount: the line's own, before the order's is allocated."""

    sku: str
    quantity: int
    price: Decimal
    discount: Decimal

    @property
    def amount(self) -> Decimal:
        """First multiplied, then rounded (rule 3)."""
        return half_up(self.price * self.quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """One random order, and what the warehouse will do with it.

    drift: cents that the shop charges more or less tax than is right. payment: card, split (gift card and card), later
    (authorised, then captured) or terms. first: pieces of each line in the first shipment; the rest is in a second.
    """

    lines: tuple[Line, ...]
    order_discount: Decimal
    freight: Decimal
    freight_discount: Decimal
    included: bool
    payment: str
    drift: int
    first: tuple[int, ...]

    @property
    def shipments(self) -> list[dict[str, int]]:
        """Pieces by line reference, a shipment each."""
        references = [str(10_000 * (index + 1)) for index in range(len(self.lines))]
        rest = [line.quantity - gone for line, gone in zip(self.lines, self.first, strict=True)]
        both = [dict(zip(references, quantities, strict=True)) for quantities in (self.first, rest)]
        return [{ref: n for ref, n in shipment.items() if n} for shipment in both if any(shipment.values())]

    @property
    def tolerance(self) -> Decimal:
        """A23: the most that rounding can cause."""
        rates = {RATES[line.sku] for line in self.lines} | {FREIGHT_RATE}
        return Decimal("0.005") * (len(self.lines) + 1 + len(rates))

    @property
    def explicable(self) -> bool:
        return abs(self.drift * CENT) <= self.tolerance

    def checkout(self) -> Json:
        """The body of createOrder."""
        weights = [line.amount - line.discount for line in self.lines]
        allocated = spread(self.order_discount, weights)
        charged = [weight - share for weight, share in zip(weights, allocated, strict=True)]
        freight = self.freight - self.freight_discount
        rates = [*(RATES[line.sku] for line in self.lines), FREIGHT_RATE]
        taxes = _taxes([*charged, freight], rates, included=self.included)
        largest = max(range(len(taxes)), key=lambda index: taxes[index])
        taxes[largest] += self.drift * CENT
        tax = sum(taxes, ZERO)
        total = sum(charged, freight) + (ZERO if self.included else tax)
        discounts = [[line.discount, share] for line, share in zip(self.lines, allocated, strict=True)]
        who = NORDWIND if self.payment == "terms" else ANNA
        return {
            "email": who["email"],
            "customer": who["customer"],
            "billing_address": who["address"],
            "shipping_address": who["address"],
            "currency": "EUR",
            "taxes_included": self.included,
            "line_items": [
                {
                    "sku": line.sku,
                    "title": line.sku,
                    "quantity": line.quantity,
                    "price": f"{line.price:f}",
                    "requires_shipping": True,
                    "tax_lines": [_tax_line(RATES[line.sku], taxes[index])],
                    "discount_allocations": _allocations(discounts[index]),
                }
                for index, line in enumerate(self.lines)
            ],
            "shipping_lines": [
                {
                    "title": "DHL",
                    "code": "dhl_std",
                    "price": f"{self.freight:f}",
                    "tax_lines": [_tax_line(FREIGHT_RATE, taxes[-1])],
                    "discount_allocations": _allocations([ZERO, self.freight_discount]),
                }
            ],
            "discount_applications": [
                {"type": "automatic", "title": "line", "value": "1", "value_type": "fixed_amount"},
                {"type": "discount_code", "title": "order", "value": "1", "value_type": "fixed_amount"},
            ],
            "subtotal_price": f"{sum(charged, ZERO):f}",
            "total_discounts": f"{sum(map(sum, discounts), self.freight_discount):f}",
            "total_shipping": f"{self.freight:f}",
            "total_tax": f"{tax:f}",
            "total_price": f"{total:f}",
            "payment_terms": "net_30" if self.payment == "terms" else None,
            "transactions": _transactions(self.payment, total),
        }


def _taxes(amounts: Sequence[Decimal], rates: Sequence[Decimal], *, included: bool) -> list[Decimal]:
    """Tax per line: computed once a rate, spread over its lines."""
    taxes = [ZERO] * len(amounts)
    for rate in dict.fromkeys(rates):
        mine = [index for index, other in enumerate(rates) if other == rate]
        _, tax = tax_on(sum((amounts[index] for index in mine), ZERO), rate, included=included)
        for index, share in zip(mine, spread(tax, [amounts[index] for index in mine]), strict=True):
            taxes[index] = share
    return taxes


def _tax_line(rate: Decimal, tax: Decimal) -> Json:
    return {"title": "MwSt", "rate": float(rate), "price": f"{tax:f}"}


def _allocations(discounts: Sequence[Decimal]) -> list[Json]:
    return [
        {"amount": f"{amount:f}", "discount_application_index": index}
        for index, amount in enumerate(discounts)
        if amount
    ]


def _transactions(payment: str, total: Decimal) -> list[Json]:
    if payment == "terms":
        return []
    if payment == "later":
        return [{"kind": "authorization", "status": "success", "amount": f"{total:f}", "gateway": "card"}]
    if payment == "card":
        return [{"kind": "sale", "status": "success", "amount": f"{total:f}", "gateway": "card"}]
    gift = (total / 3).quantize(CENT, ROUND_FLOOR)
    amounts = {"gift_card": gift, "card": total - gift}
    return [{"kind": "sale", "status": "success", "amount": f"{a:f}", "gateway": name} for name, a in amounts.items()]


def _cents(least: int, most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(least, most).map(lambda cents: cents * CENT)


@st.composite
def lines(draw: st.DrawFn, *, odd: bool) -> Line:
    """odd: also prices of fractions of a cent, and discounts of the whole line."""
    quantity = draw(st.integers(1, 12))
    usual = st.integers(100_000, 6_000_000)
    price = draw(st.one_of(usual, st.integers(1, 2000)) if odd else usual) / Decimal(100_000)
    # No discount above the exact amount (A20); half of it at most leaves room for the order's discount.
    most = int(min(price * quantity, half_up(price * quantity)) * (100 if odd else 50))
    discount = draw(st.one_of(st.just(ZERO), _cents(0, most)))
    return Line(sku=draw(st.sampled_from(sorted(RATES))), quantity=quantity, price=price.normalize(), discount=discount)


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    """A random order. One in eight is charged a little off its tax, one in eight too far off to be explained."""
    at_once = draw(st.sampled_from([True, False, False]))
    chosen = tuple(draw(st.lists(lines(odd=at_once), min_size=1, max_size=8)))
    goods = sum((line.amount - line.discount for line in chosen), ZERO)
    percent = draw(st.sampled_from([0, 0, 5, 10, 15, 33]))
    freight = draw(st.one_of(st.just(ZERO), st.just(Decimal("4.90")), _cents(1, 2999)))
    whole = tuple(line.quantity for line in chosen)
    some = whole if at_once else tuple(draw(st.integers(0, quantity)) for quantity in whole)
    basket = Basket(
        lines=chosen,
        order_discount=half_up(goods * percent / 100),
        freight=freight,
        freight_discount=draw(st.sampled_from([ZERO, half_up(freight / 3)])),
        included=draw(st.booleans()),
        payment=draw(st.sampled_from(["card", "split", "later", "terms"])),
        drift=0,
        first=some if any(some) else whole,
    )
    basket = replace(basket, drift=_drift(draw, basket, goods))
    checkout = basket.checkout()
    assume(Decimal(checkout["total_price"]) >= 3 * CENT)  # enough to be paid in two ways
    assume(all(_allowed(row) for row in checkout["line_items"]))
    return basket


def _allowed(row: Json) -> bool:
    """A20: no more discount than the exact amount, which rounding may have raised."""
    discount = sum((Decimal(each["amount"]) for each in row["discount_allocations"]), ZERO)
    return discount <= Decimal(row["price"]) * Decimal(row["quantity"])


def _drift(draw: st.DrawFn, basket: Basket, goods: Decimal) -> int:
    """Within A23 only where money was taken: an order on terms has no charged total that the ERP gets to know."""
    most = int(basket.tolerance / CENT)
    kind = draw(st.sampled_from(["none"] * 6 + ["within", "beyond"]))
    if kind == "within" and basket.payment != "terms":
        least = -most if goods >= 10 else 1  # no tax may fall below zero
        return draw(st.sampled_from([n for n in range(least, most + 1) if n]))
    if kind == "beyond":
        return draw(st.integers(most + 1, most + 200))
    return 0
