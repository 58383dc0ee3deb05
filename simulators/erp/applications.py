"""Money set against invoices: 2200 to 1200, at two exchange rates if need be, and the cents that rounding leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from understudy import Context

from ..common.money import ZERO, decimal, money_text, total
from .accounts import PREPAYMENTS, RECEIVABLES, ROUNDING
from .company import base_currency, minor_units
from .general_ledger import Booking, credit, debit
from .open_items import exchange_difference, invoice_state, lower_document, lower_payment
from .records import Record

OPEN_STATES = ("open", "partially_paid")


def set_against(
    ctx: Context, payment: Record, invoice: Record, amount: Decimal
) -> tuple[Record, Record, list[Booking]]:
    """A payment's money on an invoice: both with less open, the invoice's new status, and what is to be booked."""
    decimals, base_decimals = minor_units(ctx, payment["currencyCode"]), minor_units(ctx, base_currency(ctx))
    payment, received = lower_payment(payment, amount, decimals, base_decimals)
    invoice, settled = lower_document(invoice, amount, decimals, base_decimals)
    source = source_amount(ctx, payment["currencyCode"], amount)
    application = {"documentNumber": invoice["number"], "amount": money_text(amount, decimals)}
    payment = {**payment, "status": "applied", "applications": [*payment["applications"], application]}
    bookings = [
        debit(PREPAYMENTS, received, source),
        credit(RECEIVABLES, settled, source),
        *exchange_difference(received, settled),
    ]
    return payment, {**invoice, "status": invoice_state(invoice)}, bookings


def round_off(ctx: Context, invoice: Record, payment: Record) -> tuple[Record, Record, list[Booking]]:
    """On the final application of an order, book the cents that its last invoice announced to 6900 (M-11).

    roundingAmount above 0: more was charged than invoiced, and that rest of the payment is let go. Below 0: less was
    charged, and that rest of the invoice is let go. Nothing happens while another invoice of the order is open.
    """
    rounding = decimal(invoice["roundingAmount"])
    left, remaining = decimal(payment["unappliedAmount"]), decimal(invoice["remainingAmount"])
    if rounding == 0 or _others_open(ctx, invoice):
        return invoice, payment, []
    decimals, base_decimals = minor_units(ctx, invoice["currencyCode"]), minor_units(ctx, base_currency(ctx))
    if remaining == 0 and left == rounding:
        payment, base = lower_payment(payment, left, decimals, base_decimals)
        return invoice, payment, [debit(PREPAYMENTS, base), credit(ROUNDING, base)]
    if left == 0 and remaining == -rounding:
        invoice, base = lower_document(invoice, remaining, decimals, base_decimals)
        return (
            {**invoice, "status": invoice_state(invoice)},
            payment,
            [debit(ROUNDING, base), credit(RECEIVABLES, base)],
        )
    return invoice, payment, []


def open_invoices(ctx: Context, order_number: str | None) -> Sequence[Record]:
    """The posted invoices of an order with money still missing, oldest first."""
    if order_number is None:
        return []
    invoices = ctx.table("salesInvoices").find("orderNumber", order_number)
    return [invoice for invoice in invoices if invoice["status"] in OPEN_STATES]


def source_amount(ctx: Context, currency: str, amount: Decimal) -> Decimal | None:
    """The amount in document currency, for the ledger; None when that is the base currency."""
    return None if currency == base_currency(ctx) else amount


def _others_open(ctx: Context, invoice: Mapping[str, Any]) -> bool:
    others = [other for other in open_invoices(ctx, invoice["orderNumber"]) if other["id"] != invoice["id"]]
    return total(decimal(other["remainingAmount"]) for other in others) > ZERO
