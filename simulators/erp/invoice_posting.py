"""Posting an invoice: number, due date, general ledger, order progress, and what happens after it (M-8)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from understudy import Context

from ..common.dates import local_midnight
from ..common.money import ZERO, decimal, money_text, quantity_text, total
from ..common.violations import Violations
from .accounts import RECEIVABLES, sales_account
from .company import base_currency, company, exchange_rate, minor_units
from .cost_of_sales import cost_bookings
from .customers import is_blocked_for
from .drafts import invoiceable
from .events import announce
from .general_ledger import Booking, Voucher, credit, debit, post
from .invoice_amounts import price_directly, price_from_order
from .numbering import gapless_number
from .order_lines import amount, is_finished, with_lines, with_quantities
from .order_totals import rounding_of
from .records import Record, fetch, find_one, save
from .tax_codes import tax_account
from .terms import due_date
from .translation import translate_once

APPLIED_AFTER = timedelta(seconds=1)
"""A prepayment is applied by the ERP's next job, in a transaction of its own: the invoice was open, then it is paid,
with a time of change of its own, so that nobody who compares times takes the one for the other."""


def post_invoice(ctx: Context, invoice: Record, *, posting_date: date, causation_id: str | None = None) -> Record:
    """Post a draft whose period is open. Raises Problem 422: over-invoice, customer-blocked, posting-setup-missing.

    Everything is checked before the number is taken, and a failure gives the number back (DOC-10).
    """
    order = find_one(ctx, "salesOrders", "number", invoice["orderNumber"]) if invoice["orderNumber"] else None
    invoice = price_directly(ctx, invoice) if order is None else price_from_order(ctx, order, invoice)
    accounts = _check(ctx, order, invoice)
    document_date = date.fromisoformat(invoice["documentDate"])
    terms = ctx.table("paymentTerms").get(invoice["paymentTermsCode"])
    rate = exchange_rate(ctx, invoice["currencyCode"], document_date)
    assert terms is not None
    assert rate is not None, "an accepted document has a rate"
    number = gapless_number(ctx, "INV", posting_date)
    foreign = invoice["currencyCode"] != base_currency(ctx)
    posted = {
        **invoice,
        "number": number,
        "status": "open" if decimal(invoice["remainingAmount"]) > 0 else "paid",
        "postingDate": posting_date.isoformat(),
        "dueDate": due_date(terms, document_date).isoformat(),
        "exchangeRate": f"{rate:f}" if foreign else None,
    }
    bookings = _bookings(ctx, posted, accounts, rate if foreign else None)
    voucher = Voucher("SalesInvoice", number, posting_date, invoice["correlationId"])
    post(ctx, voucher, [*bookings, *cost_bookings(ctx, posted)])
    posted["_baseRemaining"] = f"{bookings[0].amount:f}"
    saved = _store(ctx, order, posted, causation_id)
    _schedule(ctx, saved, causation_id)
    return saved


def close_if_finished(order: Record) -> Record:
    """The released order, closed when every line is shipped or cancelled in full and all of it is invoiced (ORD-6)."""
    if order["status"] == "released" and is_finished(order["lines"]):
        return with_lines({**order, "status": "closed"}, order["lines"])
    return order


def _store(ctx: Context, order: Record | None, posted: Record, causation_id: str | None) -> Record:
    """Store the invoice and its order's progress, and tell."""
    if order is None:
        saved = save(ctx, "salesInvoices", posted)
        announce(ctx, "erp.salesinvoice.posted.v1", saved, causation_id=causation_id)
        return saved
    advanced = save(ctx, "salesOrders", _advance(order, posted))
    others = ctx.table("salesInvoices").find("orderNumber", order["number"])
    invoices = [*(other for other in others if other["status"] != "draft"), posted]
    rounding = rounding_of(ctx, advanced, invoices)
    decimals = minor_units(ctx, posted["currencyCode"])
    saved = save(ctx, "salesInvoices", {**posted, "roundingAmount": money_text(rounding, decimals)})
    announce(ctx, "erp.salesinvoice.posted.v1", saved, causation_id=causation_id)
    if advanced["status"] == "closed":
        announce(ctx, "erp.salesorder.closed.v1", advanced, causation_id=causation_id)
    return saved


def _advance(order: Record, invoice: Record) -> Record:
    invoiced: dict[int, Decimal] = {}
    for line in invoice["lines"]:
        sequence = line["orderLineSequence"]
        invoiced[sequence] = invoiced.get(sequence, ZERO) + decimal(line["quantity"])
    lines = [
        with_quantities(
            line,
            confirmed=order["status"] == "released",
            invoiced=amount(line, "invoiced") + invoiced.get(line["sequence"], ZERO),
        )
        for line in order["lines"]
    ]
    return close_if_finished(with_lines(order, lines))


def _check(ctx: Context, order: Record | None, invoice: Record) -> list[str]:
    """The income account of every line. Raises Problem 422 with everything that keeps the invoice from being posted."""
    found = Violations()
    customer = fetch(ctx, "customers", invoice["customerId"])
    if is_blocked_for(customer, "invoice"):
        found.add("/customerId", "customer-blocked", f"customer {customer['number']} is blocked", customer["number"])
    if order is not None:
        _check_quantities(ctx, order, invoice, found)
    accounts = []
    for index, line in enumerate(invoice["lines"]):
        account = _income_account(ctx, line, customer)
        if account is None:
            detail = f"no income account for customer group {customer['customerPostingGroup']} and {line['itemNumber']}"
            found.add(f"/lines/{index}/itemNumber", "posting-setup-missing", detail, line["itemNumber"])
        accounts.append(account or "")
    found.refuse("Invoice cannot be posted")
    return accounts


def _check_quantities(ctx: Context, order: Record, invoice: Record, found: Violations) -> None:
    left = {line["sequence"]: invoiceable(ctx, line) for line in order["lines"]}
    for index, line in enumerate(invoice["lines"]):
        sequence, quantity = line["orderLineSequence"], decimal(line["quantity"])
        if quantity > left[sequence]:
            detail = f"line {sequence} has {quantity_text(left[sequence])} left to invoice"
            found.add(f"/lines/{index}/quantity", "over-invoice", detail, line["quantity"])
        left[sequence] -= quantity


def _income_account(ctx: Context, line: Record, customer: Record) -> str | None:
    if line["lineType"] == "Account":
        return str(line["itemNumber"])
    item = find_one(ctx, "items", "number", line["itemNumber"])
    return None if item is None else sales_account(ctx, customer, item)


def _bookings(ctx: Context, invoice: Record, accounts: list[str], rate: Decimal | None) -> list[Booking]:
    """Receivable first, then income per line and tax per code; translated once on the document total (rule 8).

    rate: None for an invoice in base currency.
    """
    day = date.fromisoformat(invoice["documentDate"])
    parts = [(account, decimal(line["netAmount"])) for account, line in zip(accounts, invoice["lines"], strict=True)]
    parts += [(tax_account(ctx, row["taxCode"], day), decimal(row["tax"])) for row in invoice["taxSummary"]]
    amounts = [value for _, value in parts]
    whole, translated = translate_once(amounts, rate or Decimal(1), minor_units(ctx, base_currency(ctx)))
    sources: list[Decimal | None] = [None if rate is None else value for value in amounts]
    return [
        debit(RECEIVABLES, whole, None if rate is None else total(amounts)),
        *(credit(account, base, source) for (account, _), base, source in zip(parts, translated, sources, strict=True)),
    ]


def _schedule(ctx: Context, invoice: Record, causation_id: str | None) -> None:
    """The application of a prepayment that waits, and the look at the invoice on the day after it is due."""
    payload = {"invoiceId": invoice["id"], "causationId": causation_id}
    flow = invoice["correlationId"]
    if decimal(invoice["remainingAmount"]) == 0:
        if decimal(invoice["roundingAmount"]) != 0:
            ctx.schedule("applyPrepayments", payload, after=APPLIED_AFTER, correlation_id=flow)
        return
    number = invoice["orderNumber"]
    payments = ctx.table("customerPayments").find("orderNumber", number) if number is not None else []
    if any(decimal(payment["unappliedAmount"]) > 0 for payment in payments):
        ctx.schedule("applyPrepayments", payload, after=APPLIED_AFTER, correlation_id=flow)
    overdue = local_midnight(date.fromisoformat(invoice["dueDate"]) + timedelta(days=1), company(ctx)["timeZone"])
    ctx.schedule("announceOverdue", payload, at=max(overdue, ctx.now + 2 * APPLIED_AFTER), correlation_id=flow)
