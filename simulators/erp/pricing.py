"""Discount allocation, line amounts and tax of a document (domain section 5, rules 2 to 6). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ..common.money import ZERO, proportion, round_money, spread, times, total


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRules:
    """The policy switches that decide how tax is computed. level: perDocumentPerCode|perLine; direction: halfUp|
    halfEven|down; inclusive_mode: netFirst|taxFirst; freight_tax: standard|byGoodsShare."""

    level: str = "perDocumentPerCode"
    direction: str = "halfUp"
    inclusive_mode: str = "netFirst"
    freight_tax: str = "standard"

    @classmethod
    def of(cls, policy: Mapping[str, str]) -> TaxRules:
        return cls(
            level=policy.get("taxRoundingLevel", "perDocumentPerCode"),
            direction=policy.get("taxRoundingDirection", "halfUp"),
            inclusive_mode=policy.get("inclusiveMode", "netFirst"),
            freight_tax=policy.get("freightTax", "standard"),
        )


@dataclass(frozen=True, slots=True)
class TaxPart:
    """The portion of a line taxed under one code. amount: rounded, net or gross as the document's prices are."""

    tax_code: str
    percent: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """A line after its discounts. It has one part, unless freight is taxed by the goods' share (M-7)."""

    parts: tuple[TaxPart, ...]
    freight: bool = False

    @classmethod
    def single(cls, tax_code: str, percent: Decimal, amount: Decimal, *, freight: bool = False) -> TaxableLine:
        return cls((TaxPart(tax_code, percent, amount),), freight)

    @property
    def amount(self) -> Decimal:
        return total(part.amount for part in self.parts)


@dataclass(frozen=True, slots=True)
class CodeResult:
    """Net base and tax under one code: of a whole document, or of one line."""

    tax_code: str
    percent: Decimal
    base: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class LineResult:
    """parts: one for each part of the line, in its order."""

    parts: tuple[CodeResult, ...]

    @property
    def net(self) -> Decimal:
        return total(part.base for part in self.parts)

    @property
    def tax(self) -> Decimal:
        return total(part.tax for part in self.parts)


@dataclass(frozen=True, slots=True)
class TaxedDocument:
    """lines: in the order given. summary: a row per tax code, in order of first appearance; it adds up to the lines."""

    lines: tuple[LineResult, ...]
    summary: tuple[CodeResult, ...]

    @property
    def excluding_tax(self) -> Decimal:
        return total(row.base for row in self.summary)

    @property
    def tax(self) -> Decimal:
        return total(row.tax for row in self.summary)

    @property
    def including_tax(self) -> Decimal:
        return self.excluding_tax + self.tax


def gross_of_line(unit_price: Decimal, quantity: Decimal, minor_units: int) -> Decimal:
    """Price x quantity before discounts: multiplied first, then the line is rounded (rule 3, M-18)."""
    return round_money(times(unit_price, quantity), minor_units)


def allocate_discount(discount: Decimal, goods: Sequence[Decimal], minor_units: int) -> list[Decimal]:
    """Shares of an order discount by largest remainder, before tax (rule 6, M-4). goods: line amounts, not freight."""
    return spread(discount, goods, minor_units)


def split_freight(lines: Sequence[TaxableLine], rules: TaxRules, minor_units: int) -> tuple[TaxableLine, ...]:
    """Under `freightTax=byGoodsShare`, divide each freight line over the tax codes of the goods by amount (M-7)."""
    goods: dict[tuple[str, Decimal], Decimal] = {}
    for line in lines:
        if not line.freight:
            for part in line.parts:
                key = (part.tax_code, part.percent)
                goods[key] = goods.get(key, ZERO) + part.amount
    if rules.freight_tax != "byGoodsShare" or total(goods.values()) <= 0:
        return tuple(lines)
    return tuple(_split(line, goods, minor_units) if line.freight else line for line in lines)


def _split(line: TaxableLine, goods: Mapping[tuple[str, Decimal], Decimal], minor_units: int) -> TaxableLine:
    shares = spread(line.amount, list(goods.values()), minor_units)
    parts = (TaxPart(code, percent, share) for (code, percent), share in zip(goods, shares, strict=True))
    return replace(line, parts=tuple(parts))


def tax_document(
    lines: Sequence[TaxableLine], *, prices_include_tax: bool, rules: TaxRules, minor_units: int
) -> TaxedDocument:
    """Tax per code on the document, spread back over the lines by largest remainder; or per line, by switch.

    With inclusive prices the net is extracted from the gross of each code (netFirst), or the tax is (taxFirst). Line
    nets add up to the base, line taxes to the tax, of every code, exactly (TAX-2).
    """
    parts = [(index, part) for index, line in enumerate(lines) for part in line.parts]
    taxes = [ZERO] * len(parts)
    groups: dict[tuple[str, Decimal], list[int]] = {}
    for position, (_, part) in enumerate(parts):
        groups.setdefault((part.tax_code, part.percent), []).append(position)
    for (_, percent), positions in groups.items():
        amounts = [parts[position][1].amount for position in positions]
        if rules.level == "perLine":
            shares = [_tax(amount, percent, prices_include_tax, rules, minor_units) for amount in amounts]
        else:
            whole = _tax(total(amounts), percent, prices_include_tax, rules, minor_units)
            shares = spread(whole, amounts, minor_units)
        for position, share in zip(positions, shares, strict=True):
            taxes[position] = share
    results: list[list[CodeResult]] = [[] for _ in lines]
    summary = {key: CodeResult(*key, ZERO, ZERO) for key in groups}
    for (index, part), tax in zip(parts, taxes, strict=True):
        net = part.amount - tax if prices_include_tax else part.amount
        results[index].append(CodeResult(part.tax_code, part.percent, net, tax))
        code = summary[part.tax_code, part.percent]
        summary[part.tax_code, part.percent] = replace(code, base=code.base + net, tax=code.tax + tax)
    return TaxedDocument(lines=tuple(LineResult(tuple(result)) for result in results), summary=tuple(summary.values()))


def _tax(amount: Decimal, percent: Decimal, inclusive: bool, rules: TaxRules, minor_units: int) -> Decimal:
    hundred = Decimal(100)
    if not inclusive:
        return round_money(proportion(amount, percent, hundred), minor_units, rules.direction)
    if rules.inclusive_mode == "taxFirst":
        return round_money(proportion(amount, percent, hundred + percent), minor_units, rules.direction)
    return amount - round_money(proportion(amount, hundred, hundred + percent), minor_units, rules.direction)
