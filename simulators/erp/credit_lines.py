"""The lines of a credit memo: drawn from an invoice, or stated with a reason why there is none (DOC-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from understudy import Context

from ..common.money import ZERO, decimal, money_text, quantity_text
from ..common.violations import Violations
from .company import minor_units
from .credit_amounts import Credited, credit_line, summed
from .order_composition import STEP
from .order_pricing import summary_of, totals_of
from .pricing import LineResult, TaxableLine, TaxedDocument, TaxRules, tax_document
from .records import Record
from .tax_codes import tax_code_on

Asked = Sequence[Mapping[str, Any]]


def draw(ctx: Context, memo: Record, invoice: Record, asked: Asked, found: Violations) -> Record:
    """The memo over lines of its invoice. What cannot be credited is said in `found` and left out."""
    decimals = minor_units(ctx, memo["currencyCode"])
    credited = credited_of(ctx, invoice)
    known = {line["sequence"]: line for line in invoice["lines"]}
    lines: list[Record] = []
    results: list[LineResult] = []
    for index, row in enumerate(asked):
        at, sequence = f"/lines/{index}", row.get("invoiceLineSequence")
        if sequence is None or sequence not in known:
            detail = f"{invoice['number']} has no line {sequence}"
            found.add(f"{at}/invoiceLineSequence", "unknown-reference", detail, sequence)
            continue
        result = credit_line(known[sequence], row, credited, at, decimals, found)
        if result is not None:
            credited.add(sequence, decimal(row.get("quantity")), result.parts)
            lines.append(_line(known[sequence], row, index))
            results.append(result)
    return _priced(memo, lines, summed(results), decimals)


def state(ctx: Context, memo: Record, asked: Asked, found: Violations) -> Record:
    """The memo over stated net amounts under stated tax codes, taxed like an invoice of its date."""
    decimals = minor_units(ctx, memo["currencyCode"])
    lines: list[Record] = []
    taxable: list[TaxableLine] = []
    for index, row in enumerate(asked):
        at = f"/lines/{index}"
        missing = [name for name in ("lineType", "itemNumber", "amount", "taxCode") if row.get(name) is None]
        for name in missing:
            found.add(f"{at}/{name}", "required", "a line without an invoice states what it credits")
        code = None if missing else tax_code_on(ctx, row["taxCode"], date.fromisoformat(memo["documentDate"]))
        if code is not None:
            taxable.append(TaxableLine.single(row["taxCode"], decimal(code["rate"]), decimal(row["amount"])))
            lines.append(_line({**row, "orderLineSequence": None}, row, index))
        elif not missing:
            detail = f"no tax code {row['taxCode']} on {memo['documentDate']}"
            found.add(f"{at}/taxCode", "unknown-reference", detail, row["taxCode"])
    rules = TaxRules.of(ctx.policy)
    taxed = tax_document(taxable, prices_include_tax=False, rules=rules, minor_units=decimals)
    return _priced(memo, lines, taxed, decimals)


def credited_of(ctx: Context, invoice: Mapping[str, Any]) -> Credited:
    """What posted credit memos have taken back of the invoice."""
    memos = ctx.table("creditMemos").find("invoiceNumber", invoice["number"])
    return Credited(memo for memo in memos if memo["status"] != "draft")


def asked_again(memo: Record) -> list[Record]:
    """The lines of a stored draft as they were asked for."""
    lines = []
    for line in memo["lines"]:
        asked = {"invoiceLineSequence": line["invoiceLineSequence"], "quantity": line["quantity"]}
        lines.append({**asked, "amount": line["_stated"]} if line["_stated"] is not None else asked)
    return lines


def _line(known: Mapping[str, Any], asked: Mapping[str, Any], index: int) -> Record:
    return {
        "sequence": STEP * (index + 1),
        "invoiceLineSequence": asked.get("invoiceLineSequence"),
        "orderLineSequence": known["orderLineSequence"],
        "lineType": known["lineType"],
        "itemNumber": known["itemNumber"],
        "description": asked.get("description") or known.get("description"),
        "quantity": quantity_text(decimal(asked.get("quantity"))),
        "taxCode": known["taxCode"],
        "_stated": asked.get("amount"),
    }


def _priced(memo: Record, lines: Sequence[Record], taxed: TaxedDocument, decimals: int) -> Record:
    shown = [
        {
            **line,
            "taxPercent": quantity_text(result.parts[0].percent),
            "netAmount": money_text(result.net, decimals),
            "taxAmount": money_text(result.tax, decimals),
            "_parts": [
                {"taxCode": p.tax_code, "percent": f"{p.percent:f}", "net": f"{p.base:f}", "tax": f"{p.tax:f}"}
                for p in result.parts
            ],
        }
        for line, result in zip(lines, taxed.lines, strict=True)
    ]
    totals, summary = totals_of(taxed, decimals), summary_of(taxed, decimals)
    return {
        **memo,
        "lines": shown,
        "taxSummary": summary,
        "totals": totals,
        "remainingAmount": totals["includingTax"],
        "roundingAmount": money_text(ZERO, decimals),
    }
