"""Amounts of a sales order: discounts allocated, tax per code, totals. Pure: order in, order out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..common.money import ZERO, cumulative_share, decimal, money_text, quantity_text
from .order_lines import amount, counts
from .pricing import (
    LineResult,
    TaxableLine,
    TaxedDocument,
    TaxPart,
    TaxRules,
    allocate_discount,
    gross_of_line,
    split_freight,
    tax_document,
)
from .records import Record


def is_goods(line: Record) -> bool:
    """Whether an order discount is spread over the line: over what was bought, not over freight (M-6)."""
    return line["lineType"] in ("Item", "Account")


def price_order(order: Record, rules: TaxRules, minor_units: int) -> Record:
    """The order with discountAllocation, netAmount and taxAmount on every line and its totals.

    Lines carry unitPrice, quantity, discountAmount, taxCode and taxPercent. `_parts` keeps what each line is taxed on,
    so that its invoices can take their share of the same amounts.
    """
    lines = order["lines"]
    charged = [index for index, line in enumerate(lines) if counts(line)]
    amounts = {index: amount_after_line_discount(lines[index], minor_units) for index in charged}
    goods = [index for index in charged if is_goods(lines[index])]
    allocation = allocate_discount(decimal(order["discountAmount"]), [amounts[index] for index in goods], minor_units)
    allocated = dict(zip(goods, allocation, strict=True))
    taxable = split_freight(
        [
            TaxableLine.single(
                lines[index]["taxCode"],
                decimal(lines[index]["taxPercent"]),
                amounts[index] - allocated.get(index, ZERO),
                freight=lines[index]["lineType"] == "Charge",
            )
            for index in charged
        ],
        rules,
        minor_units,
    )
    taxed = tax_document(taxable, prices_include_tax=order["pricesIncludeTax"], rules=rules, minor_units=minor_units)
    priced = list(lines)
    for index, line, result in zip(charged, taxable, taxed.lines, strict=True):
        priced[index] = {
            **lines[index],
            "discountAllocation": money_text(allocated.get(index, ZERO), minor_units),
            "netAmount": money_text(result.net, minor_units),
            "taxAmount": money_text(result.tax, minor_units),
            "_parts": stored_parts(line, result),
        }
    return {**order, "lines": priced, "totals": totals_of(taxed, minor_units)}


def amount_after_line_discount(line: Record, minor_units: int) -> Decimal:
    gross = gross_of_line(amount(line, "unitPrice"), amount(line, "quantity"), minor_units)
    return gross - amount(line, "discountAmount")


def stored_parts(line: TaxableLine, result: LineResult) -> list[Record]:
    """What a line is taxed on, as it is kept with the document: the basis of invoices and credits to come.

    amount: net or gross, as the document's prices are; net and tax: what came of it.
    """
    return [
        {
            "taxCode": part.tax_code,
            "percent": f"{part.percent:f}",
            "amount": f"{part.amount:f}",
            "net": f"{row.base:f}",
            "tax": f"{row.tax:f}",
        }
        for part, row in zip(line.parts, result.parts, strict=True)
    ]


def totals_of(taxed: TaxedDocument, minor_units: int) -> Record:
    return {
        "excludingTax": money_text(taxed.excluding_tax, minor_units),
        "tax": money_text(taxed.tax, minor_units),
        "includingTax": money_text(taxed.including_tax, minor_units),
    }


def summary_of(taxed: TaxedDocument, minor_units: int) -> list[Record]:
    """`taxSummary`: base and tax of every code; they add up to the totals (EN 16931, rule 10)."""
    return [
        {
            "taxCode": row.tax_code,
            "base": money_text(row.base, minor_units),
            "percent": quantity_text(row.percent),
            "tax": money_text(row.tax, minor_units),
        }
        for row in taxed.summary
    ]


def share_of_line(line: Record, quantity: Decimal, percents: dict[str, Decimal], minor_units: int) -> TaxableLine:
    """What an invoice over `quantity` of an order line is taxed on, after what was invoiced before (M-10, M-12).

    The shares of all invoices add up to the line's amount. percents: the rate of each code at the tax point date.
    """
    invoiced, ordered = amount(line, "invoiced"), amount(line, "quantity")
    parts = (
        TaxPart(
            part["taxCode"],
            percents[part["taxCode"]],
            cumulative_share(decimal(part["amount"]), invoiced, quantity, ordered, minor_units),
        )
        for part in line["_parts"]
    )
    return TaxableLine(tuple(parts), freight=line["lineType"] == "Charge")


def open_value(order: Record, minor_units: int) -> Decimal:
    """What of the order is still to be invoiced, tax included: its part in the customer's credit exposure."""
    value = ZERO
    for line in _counted(order["lines"]):
        ordered = amount(line, "quantity")
        still_open = ordered - amount(line, "cancelled") - amount(line, "invoiced")
        gross = amount(line, "netAmount") + amount(line, "taxAmount")
        value += cumulative_share(gross, ZERO, still_open, ordered, minor_units)
    return value


def _counted(lines: Sequence[Record]) -> list[Record]:
    return [line for line in lines if counts(line)]
