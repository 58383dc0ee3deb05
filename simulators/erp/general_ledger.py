"""General ledger: balanced postings with one document number and posting date (domain 2.2, Postings; FIN-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from understudy import Context

from ..common.money import ZERO, money_text, total
from .company import base_currency, minor_units
from .numbering import entry_number


@dataclass(frozen=True, slots=True)
class Booking:
    """One side of a posting in base currency. amount: positive is debit, negative credit.

    source_amount: the same in the document's currency when that is a foreign one, with the same sign.
    """

    account: str
    amount: Decimal
    source_amount: Decimal | None = None


def debit(account: str, amount: Decimal, source_amount: Decimal | None = None) -> Booking:
    return Booking(account, amount, source_amount)


def credit(account: str, amount: Decimal, source_amount: Decimal | None = None) -> Booking:
    return Booking(account, -amount, None if source_amount is None else -source_amount)


def netted(bookings: Iterable[Booking]) -> list[Booking]:
    """One booking per account, in order of first appearance; what cancels out is not booked."""
    result: dict[str, Booking] = {}
    for booking in bookings:
        known = result.get(booking.account)
        if known is not None:
            source = None if booking.source_amount is None else (known.source_amount or ZERO) + booking.source_amount
            booking = Booking(booking.account, known.amount + booking.amount, source)
        result[booking.account] = booking
    return [booking for booking in result.values() if booking.amount != 0]


@dataclass(frozen=True, slots=True)
class Voucher:
    """What the entries of one posting share. document_type: as the contract lists them."""

    document_type: str
    document_number: str
    posting_date: date
    correlation_id: str


def post(ctx: Context, voucher: Voucher, bookings: Sequence[Booking]) -> None:
    """Write the entries. Debits equal credits, or there is a bug in this simulator."""
    rows = netted(bookings)
    assert total(row.amount for row in rows) == 0, f"{voucher} does not balance: {rows}"
    decimals = minor_units(ctx, base_currency(ctx))
    for row in rows:
        ctx.table("generalLedgerEntries").put(
            {
                "entryNumber": entry_number(ctx, "generalLedgerEntry"),
                "postingDate": voucher.posting_date.isoformat(),
                "documentType": voucher.document_type,
                "documentNumber": voucher.document_number,
                "accountNumber": row.account,
                "debitAmount": money_text(max(row.amount, ZERO), decimals),
                "creditAmount": money_text(max(-row.amount, ZERO), decimals),
                "sourceCurrencyAmount": None if row.source_amount is None else f"{row.source_amount:f}",
                "correlationId": voucher.correlation_id,
            }
        )
