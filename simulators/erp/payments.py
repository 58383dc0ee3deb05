"""Customer payments: prepayments, payments of invoices, applications (domain 2.2, Postings)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from understudy import Context, Problem, Reply

from ..common.money import ZERO, decimal, fits, money_text
from ..common.records import present
from ..common.violations import Violations
from .accounts import CLEARING, PREPAYMENTS
from .applications import open_invoices, round_off, set_against, source_amount
from .company import exchange_rate, location_of, minor_units, posting_day, to_base, today
from .customers import survivor
from .duplicates import refuse_duplicate
from .events import announce
from .general_ledger import Booking, Voucher, credit, debit, post
from .numbering import loose_number
from .order_composition import ordering_customer
from .records import Record, fetch, find_one, save
from .states import PAYMENT


def get_customer_payment(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx, "customerPayments", ctx.path["customerPaymentId"])))


def create_customer_payment(ctx: Context) -> Reply:
    """Book money that came in: 1210 against the invoices it names (1200), the rest as a prepayment (2200).

    Raises Problem 422 with every violation, 409 duplicate-external-document with existingId.
    """
    body = ctx.body
    refuse_duplicate(ctx, "customerPayments", "externalPaymentId", body["externalPaymentId"])
    found = Violations()
    customer = ordering_customer(ctx, body, found)
    day = date.fromisoformat(body.get("postingDate") or today(ctx).isoformat())
    amount = decimal(body["amount"])
    _check(ctx, body, customer, day, found)
    wanted = [] if customer is None or found else _wanted(ctx, body, customer, amount, found)
    found.refuse("Payment cannot be accepted")
    assert customer is not None
    posting_date = posting_day(ctx, day)
    currency = body["currencyCode"]
    # A payment has one date, that of its posting: also where a closed period moved it, its rate is of that day (CUR-2).
    rate = exchange_rate(ctx, currency, posting_date)
    assert rate is not None, "checked"
    base = to_base(ctx, amount, rate)
    payment = {
        "id": ctx.new_id("customerPayment"),
        "number": loose_number(ctx, "PAY", "customerPayment", today(ctx)),
        "customerId": customer["id"],
        "customerNumber": customer["number"],
        "amount": money_text(amount, minor_units(ctx, currency)),
        "currencyCode": currency,
        "externalPaymentId": body["externalPaymentId"],
        "orderNumber": body.get("orderNumber"),
        "paymentMethodCode": body.get("paymentMethodCode"),
        "sourceSystem": body.get("sourceSystem"),
        "postingDate": posting_date.isoformat(),
        "applications": [],
        "status": "received",
        "correlationId": ctx.correlation_id,
        "unappliedAmount": money_text(amount, minor_units(ctx, currency)),
        "_baseOpen": f"{base:f}",
    }
    received = [
        debit(CLEARING, base, source_amount(ctx, currency, amount)),
        credit(PREPAYMENTS, base, source_amount(ctx, currency, amount)),
    ]
    saved = _settle(ctx, payment, wanted, received)
    return Reply(201, present(saved), location_of(ctx, "customerPayments", saved))


def apply_customer_payment(ctx: Context) -> Reply:
    """Set what is left of a payment against open invoices: 2200 to 1200."""
    payment = fetch(ctx, "customerPayments", ctx.path["customerPaymentId"])
    ctx.require_match(payment)
    found = Violations()
    customer = survivor(ctx, fetch(ctx, "customers", payment["customerId"]))
    asked = {**ctx.body, "currencyCode": payment["currencyCode"]}
    wanted = _wanted(ctx, asked, customer, decimal(payment["unappliedAmount"]), found)
    found.refuse("Payment cannot be applied")
    if "applied" not in PAYMENT.get(payment["status"], ()):
        raise Problem(
            "invalid-state-transition",
            f"payment {payment['number']} is {payment['status']}",
            current_state=payment["status"],
            allowed_transitions=PAYMENT.get(payment["status"], ()),
        )
    saved = _settle(ctx, payment, wanted, [], dated=posting_day(ctx, today(ctx)))
    return Reply(200, present(saved))


def _settle(
    ctx: Context,
    payment: Record,
    wanted: Sequence[tuple[Record, Decimal]],
    bookings: Sequence[Booking],
    dated: date | None = None,
) -> Record:
    """Apply a payment to invoices in one posting together with `bookings`, and tell whose status changed."""
    day = dated or date.fromisoformat(payment["postingDate"])
    voucher = Voucher("CustomerPayment", payment["number"], day, payment["correlationId"])
    booked = list(bookings)
    settled = []
    for invoice, amount in wanted:
        payment, invoice, more = set_against(ctx, payment, invoice, amount)
        invoice, payment, cents = round_off(ctx, invoice, payment)
        settled.append(save(ctx, "salesInvoices", invoice))
        booked += [*more, *cents]
    post(ctx, voucher, booked)
    saved = save(ctx, "customerPayments", payment)
    if settled:
        announce(ctx, "erp.payment.applied.v1", saved)
    for invoice in settled:
        announce(ctx, "erp.salesinvoice.statuschanged.v1", invoice)
    return saved


def _check(ctx: Context, body: Mapping[str, Any], customer: Record | None, day: date, found: Violations) -> None:
    amount, currency, method = decimal(body["amount"]), body["currencyCode"], body.get("paymentMethodCode")
    if amount <= 0:
        found.add("/amount", "invalid-value", "the amount must be above 0", body["amount"])
    if ctx.table("currencies").get(currency) is None or exchange_rate(ctx, currency, day) is None:
        found.add("/currencyCode", "unknown-reference", f"no currency {currency} with a rate on {day}", currency)
    elif not fits(amount, minor_units(ctx, currency)):
        decimals = minor_units(ctx, currency)
        found.add("/amount", "invalid-value", f"{currency} has {decimals} decimals", body["amount"])
    if method is not None and ctx.table("paymentMethods").get(method) is None:
        found.add("/paymentMethodCode", "unknown-reference", f"no payment method {method}", method)
    if day > today(ctx):
        found.add("/postingDate", "invalid-value", "the posting date lies in the future", body["postingDate"])
    number = body.get("orderNumber")
    if number is not None:
        order = find_one(ctx, "salesOrders", "number", number)
        if order is None or (customer is not None and order["customerId"] != customer["id"]):
            found.add("/orderNumber", "unknown-reference", f"the customer has no sales order {number}", number)
        elif order["currencyCode"] != currency:
            found.add("/currencyCode", "currency-mismatch", f"order {number} is in {order['currencyCode']}", currency)


def _wanted(
    ctx: Context, body: Mapping[str, Any], customer: Record, available: Decimal, found: Violations
) -> list[tuple[Record, Decimal]]:
    """(invoice, amount) pairs: the stated applications, or the open invoices of the named order, oldest first."""
    stated = body.get("applications") or []
    if not stated:
        return _open_invoices_of_order(ctx, body.get("orderNumber"), available)
    wanted: list[tuple[Record, Decimal]] = []
    planned: dict[str, Decimal] = {}
    left = available
    for index, application in enumerate(stated):
        at = f"/applications/{index}"
        number, amount = application["documentNumber"], decimal(application["amount"])
        invoice = find_one(ctx, "salesInvoices", "number", number)
        if invoice is None or invoice["customerId"] != customer["id"]:
            found.add(f"{at}/documentNumber", "unknown-reference", f"the customer has no invoice {number}", number)
            continue
        open_amount = decimal(invoice["remainingAmount"]) - planned.get(number, ZERO)
        planned[number] = planned.get(number, ZERO) + amount
        left -= amount
        if invoice["currencyCode"] != body["currencyCode"]:
            found.add(f"{at}/documentNumber", "currency-mismatch", f"{number} is in {invoice['currencyCode']}", number)
        elif amount <= 0 or not fits(amount, minor_units(ctx, invoice["currencyCode"])):
            found.add(f"{at}/amount", "invalid-value", "no amount that can be applied", application["amount"])
        elif amount > open_amount:
            found.add(f"{at}/amount", "invalid-value", f"{number} has {open_amount} open", application["amount"])
        elif left < 0:
            found.add(f"{at}/amount", "invalid-value", f"the payment has {left + amount} left", application["amount"])
        else:
            wanted.append((invoice, amount))
    return _merged(wanted)


def _merged(wanted: Sequence[tuple[Record, Decimal]]) -> list[tuple[Record, Decimal]]:
    """One entry per invoice, so that two applications to the same one do not overwrite each other."""
    result: dict[str, tuple[Record, Decimal]] = {}
    for invoice, amount in wanted:
        known = result.get(invoice["id"])
        result[invoice["id"]] = (invoice, amount if known is None else known[1] + amount)
    return list(result.values())


def _open_invoices_of_order(ctx: Context, number: str | None, available: Decimal) -> list[tuple[Record, Decimal]]:
    wanted = []
    for invoice in open_invoices(ctx, number):
        amount = min(available, decimal(invoice["remainingAmount"]))
        if amount > 0:
            wanted.append((invoice, amount))
            available -= amount
    return wanted
