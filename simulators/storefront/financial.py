"""The money side of an order: transactions, and the financial status that follows from them (domain 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..common.money import ZERO, decimal, total

Record = Mapping[str, Any]

FINANCIAL_STATUS: Mapping[str, tuple[str, ...]] = {
    "pending": ("authorized", "partially_paid", "paid", "voided"),
    "authorized": ("partially_paid", "paid", "voided", "expired"),
    "partially_paid": ("paid", "partially_refunded", "refunded"),
    "paid": ("partially_refunded", "refunded"),
    "partially_refunded": ("refunded",),
    "refunded": (),
    "voided": (),
    "expired": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """What the successful transactions of an order come to, in shop money.

    authorized: reserved, neither captured nor voided nor expired. captured: sales and captures. refunded: given back.
    """

    authorized: Decimal
    captured: Decimal
    refunded: Decimal
    voided: bool
    expired: bool

    @property
    def refundable(self) -> Decimal:
        return self.captured - self.refunded

    def status(self, total_price: Decimal) -> str:
        """The order's financial_status. An order without a price is paid at once."""
        if self.refunded > 0:
            return "refunded" if self.refunded >= self.captured else "partially_refunded"
        if self.captured >= total_price:
            return "paid"
        if self.captured > 0:
            return "partially_paid"
        if self.authorized > 0:
            return "authorized"
        if self.expired:
            return "expired"
        return "voided" if self.voided else "pending"


def funds(transactions: Sequence[Record]) -> Funds:
    """transactions: of one order, as stored; only those of status success count."""
    done = [t for t in transactions if t["status"] == "success"]
    authorizations = [t for t in done if t["kind"] == "authorization"]
    return Funds(
        authorized=total(open_amount(t, done) for t in authorizations),
        captured=total(decimal(t["amount"]) for t in done if t["kind"] in ("sale", "capture")),
        refunded=total(decimal(t["amount"]) for t in done if t["kind"] == "refund"),
        voided=any(t["kind"] == "void" for t in done),
        expired=any(t.get("_expired", False) for t in authorizations),
    )


def open_amount(authorization: Record, done: Sequence[Record]) -> Decimal:
    """What can still be captured of an authorisation."""
    children = [t for t in done if t["parent_id"] == authorization["id"]]
    if authorization.get("_expired", False) or any(t["kind"] == "void" for t in children):
        return ZERO
    return decimal(authorization["amount"]) - total(decimal(t["amount"]) for t in children if t["kind"] == "capture")


def refundable_amount(capture: Record, done: Sequence[Record]) -> Decimal:
    """What has not been given back of a sale or capture."""
    children = [t for t in done if t["parent_id"] == capture["id"] and t["kind"] == "refund"]
    return decimal(capture["amount"]) - total(decimal(t["amount"]) for t in children)
