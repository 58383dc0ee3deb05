"""Credit memos: the only way to undo a posted invoice (domain 2.2, creditMemo; M-9, M-12; rule 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from understudy import Context, Problem, Reply

from ..common.money import ZERO, decimal, money_text, quantity_text
from ..common.records import present
from ..common.violations import Violations
from .company import closed_period, exchange_rate, location_of, minor_units, period_is_closed, today
from .credit_amounts import Credited, credit_line, tax_credit
from .credit_posting import post_credit_memo
from .order_composition import STEP, ordering_customer
from .order_pricing import stored_parts, summary_of, totals_of
from .pricing import TaxableLine, TaxRules
from .records import Record, fetch, find_one, save
from .states import CREDIT_MEMO
from .tax_codes import tax_code_on


def get_credit_memo(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx, "creditMemos", ctx.path["creditMemoId"])))


def create_credit_memo(ctx: Context) -> Reply:
    """A draft. Raises Problem 422 with every violation: over-credit, currency-mismatch, unknown-reference."""
    body, found = ctx.body, Violations()
    invoice = _invoice(ctx, body, found)
    customer = _customer(ctx, body, invoice, found)
    currency = invoice["currencyCode"] if invoice else body.get("currencyCode") or (customer or {}).get("currencyCode")
    found_currency = currency is not None and _check_currency(ctx, currency, found)
    dates = {
        "documentDate": body.get("documentDate") or body.get("postingDate") or today(ctx).isoformat(),
        "postingDate": body.get("postingDate"),
    }
    drawn = _draw(ctx, body, invoice, currency, dates["documentDate"], found) if found_currency else []
    found.refuse("Credit memo cannot be accepted")
    assert customer is not None
    memo = {
        "id": ctx.new_id("creditMemo"),
        "number": None,
        "status": "draft",
        "orderNumber": invoice["orderNumber"] if invoice else None,
        "invoiceNumber": invoice["number"] if invoice else None,
        "noReferenceReason": body.get("noReferenceReason"),
        "reasonCode": body["reasonCode"],
        "returnReceiptRef": body.get("returnReceiptRef"),
        "customerId": customer["id"],
        "customerNumber": customer["number"],
        "externalDocumentNumber": body.get("externalDocumentNumber"),
        **dates,
        "currencyCode": currency,
        "sourceSystem": body.get("sourceSystem"),
        "corrects": invoice["number"] if invoice else None,
        "roundingAmount": money_text(ZERO, minor_units(ctx, str(currency))),
        "exchangeRate": invoice["exchangeRate"] if invoice else None,
        "lines": [line for line, _ in drawn],
        "correlationId": ctx.correlation_id,
        "_baseRemaining": "0",
    }
    priced = price_memo(ctx, memo, invoice, [share for _, share in drawn])
    saved = save(ctx, "creditMemos", priced)
    return Reply(201, present(saved), location_of(ctx, "creditMemos", saved))


def post_credit_memo_operation(ctx: Context) -> Reply:
    """Number, ledger entries; a second look at what is left to credit. A stated date in a closed period is refused."""
    memo = fetch(ctx, "creditMemos", ctx.path["creditMemoId"])
    ctx.require_match(memo)
    stated = (ctx.body or {}).get("postingDate") or memo["postingDate"]
    day = date.fromisoformat(stated) if stated else today(ctx)
    if memo["status"] == "draft" and period_is_closed(ctx, day):
        raise closed_period(day, "/postingDate")
    if memo["status"] != "draft":
        raise Problem(
            "document-posted",
            f"credit memo {memo['number']} is posted already",
            current_state=memo["status"],
            allowed_transitions=CREDIT_MEMO.get(memo["status"], ()),
        )
    invoice = find_one(ctx, "salesInvoices", "number", memo["invoiceNumber"]) if memo["invoiceNumber"] else None
    if invoice is not None:
        memo = _drawn_again(ctx, memo, invoice)
    return Reply(200, present(post_credit_memo(ctx, memo, invoice, posting_date=day)))


def price_memo(ctx: Context, memo: Record, invoice: Record | None, shares: Sequence[TaxableLine]) -> Record:
    """The memo with nets, taxes and totals. shares: what each line takes back."""
    decimals = minor_units(ctx, memo["currencyCode"])
    credited = credited_of(ctx, invoice) if invoice is not None else Credited()
    taxed = tax_credit(shares, invoice, credited, TaxRules.of(ctx.policy), decimals)
    lines = [
        {
            **line,
            "taxPercent": quantity_text(share.parts[0].percent),
            "netAmount": money_text(result.net, decimals),
            "taxAmount": money_text(result.tax, decimals),
            "_parts": stored_parts(share, result),
        }
        for line, share, result in zip(memo["lines"], shares, taxed.lines, strict=True)
    ]
    totals = totals_of(taxed, decimals)
    summary = summary_of(taxed, decimals)
    return {**memo, "lines": lines, "taxSummary": summary, "totals": totals, "remainingAmount": totals["includingTax"]}


def credited_of(ctx: Context, invoice: Mapping[str, Any]) -> Credited:
    memos = ctx.table("creditMemos").find("invoiceNumber", invoice["number"])
    return Credited.by([memo for memo in memos if memo["status"] != "draft"])


def _drawn_again(ctx: Context, memo: Record, invoice: Record) -> Record:
    """The draft priced once more: other credit memos of the invoice may have been posted since."""
    found = Violations()
    asked = {**memo, "lines": [_asked(line) for line in memo["lines"]]}
    drawn = _draw(ctx, asked, invoice, memo["currencyCode"], memo["documentDate"], found)
    found.refuse("Credit memo cannot be posted")
    return price_memo(ctx, memo, invoice, [share for _, share in drawn])


def _asked(line: Mapping[str, Any]) -> Record:
    asked = {"invoiceLineSequence": line["invoiceLineSequence"], "quantity": line["quantity"]}
    return {**asked, "amount": line["_stated"]} if line["_stated"] is not None else asked


def _invoice(ctx: Context, body: Mapping[str, Any], found: Violations) -> Record | None:
    number = body.get("invoiceNumber")
    if number is None:
        return None
    invoice = find_one(ctx, "salesInvoices", "number", number)
    if invoice is None:
        found.add("/invoiceNumber", "unknown-reference", f"no posted invoice {number}", number)
        return None
    currency = body.get("currencyCode")
    if currency is not None and currency != invoice["currencyCode"]:
        found.add("/currencyCode", "currency-mismatch", f"{number} is in {invoice['currencyCode']}", currency)
    return invoice


def _customer(ctx: Context, body: Mapping[str, Any], invoice: Record | None, found: Violations) -> Record | None:
    if invoice is None:
        return ordering_customer(ctx, body, found) if body.get("invoiceNumber") is None else None
    for name in ("customerId", "customerNumber"):
        if body.get(name) is not None and body[name] != invoice[name]:
            found.add(
                f"/{name}", "invalid-value", f"{invoice['number']} was sent to {invoice['customerNumber']}", body[name]
            )
    return fetch(ctx, "customers", invoice["customerId"])


def _check_currency(ctx: Context, currency: str, found: Violations) -> bool:
    if ctx.table("currencies").get(currency) is None or exchange_rate(ctx, currency, today(ctx)) is None:
        found.add("/currencyCode", "unknown-reference", f"no currency {currency} with a rate", currency)
        return False
    return True


def _draw(
    ctx: Context,
    body: Mapping[str, Any],
    invoice: Record | None,
    currency: str | None,
    document_date: str,
    found: Violations,
) -> list[tuple[Record, TaxableLine]]:
    """Every line that can be credited, with what it takes back; what cannot is said in `found`."""
    decimals = minor_units(ctx, str(currency))
    credited = credited_of(ctx, invoice) if invoice is not None else Credited()
    drawn = []
    for index, asked in enumerate(body["lines"]):
        at = f"/lines/{index}"
        if invoice is None:
            share = _free_share(ctx, asked, document_date, at, found)
            known: Mapping[str, Any] = {**asked, "orderLineSequence": None}
        else:
            sequence = asked.get("invoiceLineSequence")
            lines = {line["sequence"]: line for line in invoice["lines"]}
            if sequence not in lines:
                detail = f"{invoice['number']} has no line {sequence}"
                found.add(f"{at}/invoiceLineSequence", "unknown-reference", detail, sequence)
                continue
            known = lines[sequence]
            share = credit_line(known, asked, credited, at, decimals, found)
        if share is not None:
            line = _line(known, asked, index)
            credited.add_line({**line, "_parts": [{"taxCode": p.tax_code, "net": p.amount} for p in share.parts]})
            drawn.append((line, share))
    return drawn


def _free_share(
    ctx: Context, asked: Mapping[str, Any], document_date: str, at: str, found: Violations
) -> TaxableLine | None:
    """A line without an invoice: a stated net amount under a stated code."""
    missing = [name for name in ("lineType", "itemNumber", "amount", "taxCode") if asked.get(name) is None]
    for name in missing:
        found.add(f"{at}/{name}", "required", "a line without an invoice states what it credits")
    if missing:
        return None
    row = tax_code_on(ctx, asked["taxCode"], date.fromisoformat(document_date))
    if row is None:
        detail = f"no tax code {asked['taxCode']} on {document_date}"
        found.add(f"{at}/taxCode", "unknown-reference", detail, asked["taxCode"])
        return None
    return TaxableLine.single(asked["taxCode"], decimal(row["rate"]), decimal(asked["amount"]))


def _line(known: Mapping[str, Any], asked: Mapping[str, Any], index: int) -> Record:
    quantity: Decimal = decimal(asked.get("quantity"))
    return {
        "sequence": STEP * (index + 1),
        "invoiceLineSequence": asked.get("invoiceLineSequence"),
        "orderLineSequence": known["orderLineSequence"],
        "lineType": known["lineType"],
        "itemNumber": known["itemNumber"],
        "description": asked.get("description") or known.get("description"),
        "quantity": quantity_text(quantity),
        "taxCode": known["taxCode"],
        "_stated": asked.get("amount"),
    }
