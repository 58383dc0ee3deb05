"""What the source charged against what the ERP computes (A23, rule 7, ORD-8)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from understudy import Context

from ..common.money import ZERO, decimal, total
from ..common.violations import Violations
from .order_composition import price
from .order_lines import counts
from .records import Record

_NEEDED_TO_PRICE = ("currencyCode", "discountAmount", "quantity", "unitPrice", "taxCode")


def check_control_totals(ctx: Context, order: Record, found: Violations) -> None:
    """Refuse `total-mismatch` where the difference to the control totals is more than rounding can cause.

    Silent when none were sent, or when other violations keep the order from being priced.
    """
    blocked = any(error.pointer.rsplit("/", 1)[-1] in _NEEDED_TO_PRICE for error in found.errors)
    if (order["_charged"] is None and order["_chargedTax"] is None) or blocked:
        return
    totals = price(ctx, order)["totals"]
    tolerance = tolerance_of([order])
    for name, charged in (("tax", order["_chargedTax"]), ("includingTax", order["_charged"])):
        if charged is not None and abs(decimal(charged) - decimal(totals[name])) > tolerance:
            found.add(
                f"/controlTotals/{name}",
                "total-mismatch",
                f"charged {charged}, computed {totals[name]}: more than rounding can explain ({tolerance:f})",
                charged,
            )


def tolerance_of(documents: Sequence[Record]) -> Decimal:
    """The most that rounding can cause: 0.005 for every taxed line and tax code of the documents (A23, FIN-10)."""
    taxed = [[line for line in document["lines"] if counts(line)] for document in documents]
    lines = sum(len(each) for each in taxed)
    codes = sum(len({line["taxCode"] for line in each}) for each in taxed)
    return Decimal("0.005") * (lines + codes)


def rounding_of(ctx: Context, order: Record, invoices: Sequence[Record]) -> Decimal:
    """What was charged less what the invoices of a fully invoiced order add up to, when rounding explains it; else 0.

    What was charged is the order's control total, or without one what was prepaid for the order.
    """
    if order["_charged"] is not None:
        charged = decimal(order["_charged"])
    else:
        payments = ctx.table("customerPayments").find("orderNumber", order["number"])
        charged = total(decimal(payment["amount"]) for payment in payments)
    difference = charged - total(decimal(invoice["totals"]["includingTax"]) for invoice in invoices)
    if order["invoiceStatus"] != "fully_invoiced" or charged == 0 or abs(difference) > tolerance_of([order, *invoices]):
        return ZERO
    return difference
