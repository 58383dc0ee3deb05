"""Amounts of a credit memo: the invoice's price, code and rate, never more than invoiced (rule 9; M-9, M-12). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..common.money import ZERO, cumulative_share, decimal, quantity_text, spread, total
from ..common.violations import Violations
from .pricing import CodeResult, LineResult, TaxedDocument


class Credited:
    """What has been credited of an invoice so far: pieces per invoice line, net and tax per line and tax code."""

    def __init__(self, memos: Iterable[Mapping[str, Any]] = ()) -> None:
        self._quantities: dict[int, Decimal] = {}
        self._nets: dict[tuple[int, str], Decimal] = {}
        self._taxes: dict[tuple[int, str], Decimal] = {}
        for memo in memos:
            for line in memo["lines"]:
                parts = (
                    CodeResult(part["taxCode"], decimal(part["percent"]), decimal(part["net"]), decimal(part["tax"]))
                    for part in line["_parts"]
                )
                self.add(line["invoiceLineSequence"], decimal(line["quantity"]), parts)

    def add(self, sequence: int, quantity: Decimal, parts: Iterable[CodeResult]) -> None:
        self._quantities[sequence] = self.quantity(sequence) + quantity
        for part in parts:
            key = (sequence, part.tax_code)
            self._nets[key] = self.net(*key) + part.base
            self._taxes[key] = self._taxes.get(key, ZERO) + part.tax

    def quantity(self, sequence: int) -> Decimal:
        return self._quantities.get(sequence, ZERO)

    def net(self, sequence: int, tax_code: str) -> Decimal:
        return self._nets.get((sequence, tax_code), ZERO)

    def tax(self, sequence: int, tax_code: str) -> Decimal:
        return self._taxes.get((sequence, tax_code), ZERO)


def credit_line(
    invoice_line: Mapping[str, Any],
    asked: Mapping[str, Any],
    credited: Credited,
    at: str,
    decimals: int,
    found: Violations,
) -> LineResult | None:
    """What a line of a credit memo takes back, per tax code; None (said in `found`) for more than is left.

    asked: quantity alone takes the line's share by cumulative rounding, so that piece by piece adds up (9.67, 9.66,
    9.67); amount alone is a price reduction, net of tax; both together are taken as stated. The tax is the net's share
    of the tax that the line was charged, cumulated likewise: rounding each credit by itself could give back a cent
    more than was charged, or keep one.
    """
    sequence, parts = invoice_line["sequence"], invoice_line["_parts"]
    invoiced, done = decimal(invoice_line["quantity"]), credited.quantity(sequence)
    quantity, amount = decimal(asked.get("quantity")), asked.get("amount")
    left = [decimal(part["net"]) - credited.net(sequence, part["taxCode"]) for part in parts]
    if quantity > invoiced - done:
        detail = f"line {sequence} has {quantity_text(invoiced - done)} left to credit"
        found.add(f"{at}/quantity", "over-credit", detail, asked["quantity"])
        return None
    if amount is not None and decimal(amount) > total(left):
        found.add(f"{at}/amount", "over-credit", f"line {sequence} has {total(left)} left to credit", amount)
        return None
    if amount is not None:
        nets = spread(decimal(amount), left, decimals)
    elif done + quantity == invoiced:
        nets = left
    else:
        shares = (cumulative_share(decimal(part["net"]), done, quantity, invoiced, decimals) for part in parts)
        nets = [min(share, rest) for share, rest in zip(shares, left, strict=True)]
    return LineResult(
        tuple(
            CodeResult(part["taxCode"], decimal(part["percent"]), net, _tax(part, sequence, net, credited, decimals))
            for part, net in zip(parts, nets, strict=True)
        )
    )


def _tax(part: Mapping[str, Any], sequence: int, net: Decimal, credited: Credited, decimals: int) -> Decimal:
    charged, whole = decimal(part["tax"]), decimal(part["net"])
    left = charged - credited.tax(sequence, part["taxCode"])
    before = credited.net(sequence, part["taxCode"])
    if before + net == whole:
        return left
    return min(cumulative_share(charged, before, net, whole, decimals), left)


def summed(lines: Sequence[LineResult]) -> TaxedDocument:
    """The document over these lines, its tax per code the sum of theirs."""
    summary: dict[str, CodeResult] = {}
    for line in lines:
        for part in line.parts:
            known = summary.get(part.tax_code, CodeResult(part.tax_code, part.percent, ZERO, ZERO))
            summary[part.tax_code] = CodeResult(
                part.tax_code, part.percent, known.base + part.base, known.tax + part.tax
            )
    return TaxedDocument(tuple(lines), tuple(summary.values()))
