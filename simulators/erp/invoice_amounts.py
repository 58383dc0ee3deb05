"""Amounts of an invoice: the share of its order's lines, or its own lines, and tax per code on this document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from understudy import Context

from ..common.money import cumulative_share, decimal, money_text, quantity_text
from .company import minor_units
from .order_lines import amount
from .order_pricing import amount_after_line_discount, share_of_line, stored_parts, summary_of, totals_of
from .pricing import TaxableLine, TaxRules, tax_document
from .records import Record
from .tax_codes import tax_code_on


def price_from_order(ctx: Context, order: Record, invoice: Record) -> Record:
    """The invoice with its lines' share of the order lines, tax per code on this document, and totals.

    Computed for the draft and again at posting, after whatever was invoiced in between. Rates are those of the tax
    point, the document date. All invoices of a line together have its net amount, to the cent.
    """
    decimals = minor_units(ctx, invoice["currencyCode"])
    day = date.fromisoformat(invoice["documentDate"])
    order_lines = {line["sequence"]: line for line in order["lines"]}
    taxable, discounts = [], []
    for line in invoice["lines"]:
        known = order_lines[line["orderLineSequence"]]
        before, quantity = amount(known, "invoiced"), decimal(line["quantity"])
        percents = {part["taxCode"]: _rate_on(ctx, part, day) for part in known["_parts"]}
        taxable.append(share_of_line(known, quantity, percents, decimals))
        discount = amount(known, "discountAmount") + amount(known, "discountAllocation")
        discounts.append(cumulative_share(discount, before, quantity, amount(known, "quantity"), decimals))
        # A second line of this invoice over the same order line takes the share that comes next.
        order_lines[known["sequence"]] = {**known, "invoiced": quantity_text(before + quantity)}
    return _taxed(ctx, invoice, taxable, discounts, decimals)


def price_directly(ctx: Context, invoice: Record) -> Record:
    """The amounts of an invoice without an order: price times quantity less the line's own discount."""
    decimals = minor_units(ctx, invoice["currencyCode"])
    day = date.fromisoformat(invoice["documentDate"])
    taxable, discounts = [], []
    for line in invoice["lines"]:
        row = tax_code_on(ctx, line["taxCode"], day)
        assert row is not None, "the tax code has been checked"
        taxable.append(
            TaxableLine.single(
                line["taxCode"],
                decimal(row["rate"]),
                amount_after_line_discount(line, decimals),
                freight=line["lineType"] == "Charge",
            )
        )
        discounts.append(decimal(line["discountAmount"]))
    return _taxed(ctx, invoice, taxable, discounts, decimals)


def _taxed(
    ctx: Context, invoice: Record, taxable: Sequence[TaxableLine], discounts: Sequence[Decimal], decimals: int
) -> Record:
    rules = TaxRules.of(ctx.policy)
    inclusive = invoice["pricesIncludeTax"]
    taxed = tax_document(taxable, prices_include_tax=inclusive, rules=rules, minor_units=decimals)
    lines = [
        {
            **line,
            "discountAmount": money_text(discount, decimals),
            "netAmount": money_text(result.net, decimals),
            "taxAmount": money_text(result.tax, decimals),
            "taxPercent": quantity_text(share.parts[0].percent),
            "_parts": stored_parts(share, result),
        }
        for line, share, discount, result in zip(invoice["lines"], taxable, discounts, taxed.lines, strict=True)
    ]
    totals = totals_of(taxed, decimals)
    return {
        **invoice,
        "roundingAmount": money_text(decimal(invoice["roundingAmount"]), decimals),
        "lines": lines,
        "taxSummary": summary_of(taxed, decimals),
        "totals": totals,
        "remainingAmount": totals["includingTax"],
    }


def _rate_on(ctx: Context, part: Mapping[str, Any], day: date) -> Decimal:
    """The rate of a code at the tax point; where the code has ended by then, the rate of the order."""
    row = tax_code_on(ctx, part["taxCode"], day)
    return decimal(part["percent"] if row is None else row["rate"])
