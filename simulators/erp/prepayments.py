"""The ERP's job that applies an order's prepayment to its posted invoice (M-8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context

from ..common.money import decimal
from .applications import OPEN_STATES, open_invoices, round_off, set_against
from .company import posting_day, today
from .events import announce
from .general_ledger import Booking, Voucher, post
from .records import Record, save


def apply_prepayments(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job after the posting of an invoice: apply what the order's payments have left, oldest payment first."""
    invoice = ctx.table("salesInvoices").get(payload["invoiceId"])
    if invoice is None:
        return
    if invoice["status"] not in OPEN_STATES:
        _settle_rounding(ctx, invoice, payload["causationId"])
        return
    payments = []
    bookings: list[Booking] = []
    for payment in ctx.table("customerPayments").find("orderNumber", invoice["orderNumber"]):
        amount = min(decimal(payment["unappliedAmount"]), decimal(invoice["remainingAmount"]))
        if amount > 0 and payment["currencyCode"] == invoice["currencyCode"]:
            payment, invoice, more = set_against(ctx, payment, invoice, amount)
            payments.append(payment)
            bookings += more
    if not payments:
        return
    invoice, payments[-1], more = round_off(ctx, invoice, payments[-1])
    voucher = Voucher("SalesInvoice", invoice["number"], posting_day(ctx, today(ctx)), invoice["correlationId"])
    post(ctx, voucher, [*bookings, *more])
    for payment in payments:
        applied = save(ctx, "customerPayments", payment)
        announce(ctx, "erp.payment.applied.v1", applied, causation_id=payload["causationId"])
    saved = save(ctx, "salesInvoices", invoice)
    announce(ctx, "erp.salesinvoice.statuschanged.v1", saved, causation_id=payload["causationId"])


def _settle_rounding(ctx: Context, last: Record, causation_id: str | None) -> None:
    """The cents of an order whose last invoice was over nothing: its money is in earlier documents (M-11)."""
    payments = ctx.table("customerPayments").find("orderNumber", last["orderNumber"])
    payment = next((p for p in payments if decimal(p["unappliedAmount"]) > 0), payments[-1] if payments else None)
    if payment is None or decimal(last["roundingAmount"]) == 0:
        return
    waiting = open_invoices(ctx, last["orderNumber"])
    if len(waiting) > 1:
        return
    invoice = {**waiting[0], "roundingAmount": last["roundingAmount"]} if waiting else last
    settled, rest, bookings = round_off(ctx, invoice, payment)
    if not bookings:
        return
    voucher = Voucher("SalesInvoice", invoice["number"], posting_day(ctx, today(ctx)), invoice["correlationId"])
    post(ctx, voucher, bookings)
    if waiting:
        saved = save(ctx, "salesInvoices", {**settled, "roundingAmount": waiting[0]["roundingAmount"]})
        announce(ctx, "erp.salesinvoice.statuschanged.v1", saved, causation_id=causation_id)
    else:
        save(ctx, "customerPayments", rest)
