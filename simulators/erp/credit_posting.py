"""Posting a credit memo and, a moment later, setting it against what its invoice has open (M-9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from understudy import Context

from ..common.money import decimal, total
from .accounts import RECEIVABLES, ROUNDING, SALES_RETURNS
from .applications import OPEN_STATES
from .company import base_currency, minor_units, posting_day, today
from .events import announce
from .general_ledger import Booking, Voucher, credit, debit, post
from .numbering import gapless_number
from .open_items import invoice_state, lower_document
from .records import Record, find_one, save
from .tax_codes import tax_account
from .translation import translate_once

APPLIED_AFTER = timedelta(seconds=1)


def post_credit_memo(ctx: Context, memo: Record, invoice: Record | None, *, posting_date: date) -> Record:
    """Sales returns and tax against the receivable, at the invoice's exchange rate (TAX-6). Checked before."""
    number = gapless_number(ctx, "CM", posting_date)
    posted = {**memo, "number": number, "status": "open", "postingDate": posting_date.isoformat()}
    bookings = _bookings(ctx, posted)
    post(ctx, Voucher("CreditMemo", number, posting_date, memo["correlationId"]), bookings)
    saved = save(ctx, "creditMemos", {**posted, "_baseRemaining": f"{-bookings[0].amount:f}"})
    announce(ctx, "erp.creditmemo.posted.v1", saved)
    if invoice is not None and invoice["status"] in OPEN_STATES:
        payload = {"creditMemoId": saved["id"], "causationId": ctx.causation_id}
        ctx.schedule("applyCreditMemo", payload, after=APPLIED_AFTER, correlation_id=saved["correlationId"])
    return saved


def apply_credit_memo(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job after the posting: lower the invoice's open amount. Paid by credits alone, it is `credited`.

    What the invoice no longer owes stays on the memo, to be refunded.
    """
    memo = ctx.table("creditMemos").get(payload["creditMemoId"])
    invoice = find_one(ctx, "salesInvoices", "number", memo["invoiceNumber"]) if memo is not None else None
    if memo is None or invoice is None or invoice["status"] not in OPEN_STATES:
        return
    amount = min(decimal(memo["remainingAmount"]), decimal(invoice["remainingAmount"]))
    if amount <= 0:
        return
    decimals, base_decimals = minor_units(ctx, memo["currencyCode"]), minor_units(ctx, base_currency(ctx))
    memo, given = lower_document(memo, amount, decimals, base_decimals)
    invoice, settled = lower_document(invoice, amount, decimals, base_decimals)
    difference = settled - given
    voucher = Voucher("CreditMemo", memo["number"], posting_day(ctx, today(ctx)), memo["correlationId"])
    post(ctx, voucher, [debit(ROUNDING, difference), credit(RECEIVABLES, difference)])
    saved = save(ctx, "creditMemos", {**memo, "status": "applied"})
    announce(ctx, "erp.creditmemo.applied.v1", saved, causation_id=payload["causationId"])
    credited = _credited(ctx, invoice) == decimal(invoice["totals"]["includingTax"])
    changed = save(ctx, "salesInvoices", {**invoice, "status": "credited" if credited else invoice_state(invoice)})
    announce(ctx, "erp.salesinvoice.statuschanged.v1", changed, causation_id=payload["causationId"])


def _credited(ctx: Context, invoice: Mapping[str, Any]) -> Decimal:
    """What credit memos have taken off the invoice's open amount."""
    memos = [memo for memo in ctx.table("creditMemos").find("invoiceNumber", invoice["number"]) if memo["number"]]
    return total(decimal(memo["totals"]["includingTax"]) - decimal(memo["remainingAmount"]) for memo in memos)


def _bookings(ctx: Context, memo: Record) -> list[Booking]:
    """Receivable first (a credit), then returns per line and tax per code, translated once on the total (rule 8)."""
    rate = None if memo["exchangeRate"] is None else decimal(memo["exchangeRate"])
    day = date.fromisoformat(memo["documentDate"])
    parts = [(SALES_RETURNS, decimal(line["netAmount"])) for line in memo["lines"]]
    parts += [(tax_account(ctx, row["taxCode"], day), decimal(row["tax"])) for row in memo["taxSummary"]]
    amounts = [value for _, value in parts]
    whole, translated = translate_once(amounts, rate or Decimal(1), minor_units(ctx, base_currency(ctx)))
    sources: list[Decimal | None] = [None if rate is None else value for value in amounts]
    return [
        credit(RECEIVABLES, whole, None if rate is None else total(amounts)),
        *(debit(account, base, source) for (account, _), base, source in zip(parts, translated, sources, strict=True)),
    ]
