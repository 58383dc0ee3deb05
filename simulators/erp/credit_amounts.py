"""Amounts of a credit memo: the invoice's price, code and rate, never more than was invoiced (rule 9; M-9, M-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..common.money import ZERO, cumulative_share, decimal, quantity_text, spread, total
from ..common.violations import Violations
from .pricing import CodeResult, LineResult, TaxableLine, TaxedDocument, TaxPart, TaxRules, tax_document


@dataclass(slots=True)
class Credited:
    """What posted credit memos have credited of an invoice.

    quantities: per invoice line. nets: per invoice line and tax code. bases and taxes: per tax code of the document.
    """

    quantities: dict[int, Decimal] = field(default_factory=dict)
    nets: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    bases: dict[str, Decimal] = field(default_factory=dict)
    taxes: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def by(cls, memos: Sequence[Mapping[str, Any]]) -> Credited:
        credited = cls()
        for memo in memos:
            for line in memo["lines"]:
                credited.add_line(line)
            for row in memo["taxSummary"]:
                code = row["taxCode"]
                credited.bases[code] = credited.bases.get(code, ZERO) + decimal(row["base"])
                credited.taxes[code] = credited.taxes.get(code, ZERO) + decimal(row["tax"])
        return credited

    def add_line(self, line: Mapping[str, Any]) -> None:
        sequence = line["invoiceLineSequence"]
        self.quantities[sequence] = self.quantities.get(sequence, ZERO) + decimal(line["quantity"])
        for part in line["_parts"]:
            key = (sequence, part["taxCode"])
            self.nets[key] = self.nets.get(key, ZERO) + decimal(part["net"])


def credit_line(
    invoice_line: Mapping[str, Any],
    asked: Mapping[str, Any],
    credited: Credited,
    at: str,
    decimals: int,
    found: Violations,
) -> TaxableLine | None:
    """The nets that a line of a credit memo takes back, per tax code; None (said in `found`) for more than is left.

    asked: quantity alone takes the line's share by cumulative rounding, so that piece by piece adds up (9.67, 9.66,
    9.67); amount alone is a price reduction, net of tax; both together are taken as stated.
    """
    sequence = invoice_line["sequence"]
    invoiced, done = decimal(invoice_line["quantity"]), credited.quantities.get(sequence, ZERO)
    quantity, amount = decimal(asked.get("quantity")), asked.get("amount")
    left = {
        part["taxCode"]: decimal(part["net"]) - credited.nets.get((sequence, part["taxCode"]), ZERO)
        for part in invoice_line["_parts"]
    }
    if quantity > invoiced - done:
        detail = f"line {sequence}: {quantity_text(invoiced - done)} left to credit"
        found.add(f"{at}/quantity", "over-credit", detail, asked["quantity"])
        return None
    if amount is not None and decimal(amount) > total(left.values()):
        found.add(f"{at}/amount", "over-credit", f"line {sequence}: {total(left.values())} left to credit", amount)
        return None
    if amount is not None:
        shares = spread(decimal(amount), list(left.values()), decimals)
    elif done + quantity == invoiced:
        shares = list(left.values())
    else:
        nets = [decimal(part["net"]) for part in invoice_line["_parts"]]
        shares = [
            min(cumulative_share(net, done, quantity, invoiced, decimals), rest)
            for net, rest in zip(nets, left.values(), strict=True)
        ]
    return TaxableLine(
        tuple(
            TaxPart(part["taxCode"], decimal(part["percent"]), share)
            for part, share in zip(invoice_line["_parts"], shares, strict=True)
        )
    )


def tax_credit(
    lines: Sequence[TaxableLine], invoice: Mapping[str, Any] | None, credited: Credited, rules: TaxRules, decimals: int
) -> TaxedDocument:
    """Tax per code on the credit memo, capped by what the invoice has left of it, so that a credit mirrors its invoice.

    Rounding each part credit by itself could give back a cent more or less than was charged; the credit that takes the
    last of a code's base takes the last of its tax.
    """
    taxed = tax_document(lines, prices_include_tax=False, rules=rules, minor_units=decimals)
    if invoice is None:
        return taxed
    taxes = {}
    charged = {row["taxCode"]: row for row in invoice["taxSummary"]}
    for row in taxed.summary:
        base_left = decimal(charged[row.tax_code]["base"]) - credited.bases.get(row.tax_code, ZERO)
        tax_left = decimal(charged[row.tax_code]["tax"]) - credited.taxes.get(row.tax_code, ZERO)
        taxes[row.tax_code] = tax_left if row.base == base_left else min(row.tax, tax_left)
    return _with_taxes(taxed, taxes, decimals)


def _with_taxes(taxed: TaxedDocument, taxes: Mapping[str, Decimal], decimals: int) -> TaxedDocument:
    """The document with stated taxes per code, spread over its lines anew where they differ."""
    lines = [list(line.parts) for line in taxed.lines]
    summary = []
    for row in taxed.summary:
        tax = taxes[row.tax_code]
        summary.append(CodeResult(row.tax_code, row.percent, row.base, tax))
        if tax == row.tax:
            continue
        places = [
            (i, j) for i, parts in enumerate(lines) for j, part in enumerate(parts) if part.tax_code == row.tax_code
        ]
        shares = spread(tax, [lines[i][j].base for i, j in places], decimals)
        for (i, j), share in zip(places, shares, strict=True):
            part = lines[i][j]
            lines[i][j] = CodeResult(part.tax_code, part.percent, part.base, share)
    return TaxedDocument(tuple(LineResult(tuple(parts)) for parts in lines), tuple(summary))
