"""Open amounts of invoices, credit memos and payments, and what it means to set one against the other. Pure.

An invoice or credit memo carries remainingAmount and, in base currency, `_baseRemaining`; a payment unappliedAmount and
`_baseOpen`. A settlement lowers both sides; what the two are worth in base currency may differ by the exchange rate.
"""

from __future__ import annotations

from decimal import Decimal

from ..common.money import decimal, money_text
from .accounts import FX_GAIN, FX_LOSS
from .general_ledger import Booking, credit, debit
from .records import Record
from .translation import base_share


def lower_document(document: Record, amount: Decimal, decimals: int, base_decimals: int) -> tuple[Record, Decimal]:
    """The document with `amount` less remaining, and what that is worth in base currency at the document's rate."""
    return _lower(document, ("remainingAmount", "_baseRemaining"), amount, decimals, base_decimals)


def lower_payment(payment: Record, amount: Decimal, decimals: int, base_decimals: int) -> tuple[Record, Decimal]:
    """The payment with `amount` less to apply, and what that is worth in base currency at the payment's rate."""
    return _lower(payment, ("unappliedAmount", "_baseOpen"), amount, decimals, base_decimals)


def _lower(
    record: Record, fields: tuple[str, str], amount: Decimal, decimals: int, base_decimals: int
) -> tuple[Record, Decimal]:
    left, base = decimal(record[fields[0]]), decimal(record[fields[1]])
    share = base_share(left, base, amount, base_decimals)
    return {**record, fields[0]: money_text(left - amount, decimals), fields[1]: f"{base - share:f}"}, share


def invoice_state(invoice: Record) -> str:
    """open | partially_paid | paid, from the remaining amount alone."""
    remaining = decimal(invoice["remainingAmount"])
    if remaining == 0:
        return "paid"
    return "open" if remaining == decimal(invoice["totals"]["includingTax"]) else "partially_paid"


def exchange_difference(received: Decimal, settled: Decimal) -> list[Booking]:
    """The gain or loss when a payment worth `received` settles what was booked at `settled` (M-13: 232.56 - 230.58)."""
    if received >= settled:
        return [credit(FX_GAIN, received - settled)]
    return [debit(FX_LOSS, settled - received)]
