"""Customers and what they owe (domain 2.2, customer)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy import Context, Reply

from ..common.money import ZERO, decimal, money_text
from ..common.records import present
from ..common.violations import Violations
from .company import base_currency, location_of, minor_units
from .events import announce
from .records import Record, fetch, save

DEFAULTS: Mapping[str, Any] = {
    "addressLine2": None,
    "state": None,
    "email": None,
    "phoneNumber": None,
    "taxRegistrationNumber": None,
    "shipmentMethodCode": None,
    "paymentMethodCode": None,
    "creditLimit": "0",
    "blocked": " ",
}

_BLOCKS = {"order": ("Ship", "Invoice", "All"), "shipment": ("Ship", "All"), "invoice": ("Invoice", "All")}
"""Which values of `blocked` refuse which new document. Money that comes in is always booked."""

_REFERENCES = (
    ("currencyCode", "currencies", "currency"),
    ("paymentTermsCode", "paymentTerms", "payment terms"),
    ("shipmentMethodCode", "shipmentMethods", "shipment method"),
    ("paymentMethodCode", "paymentMethods", "payment method"),
)


def is_blocked_for(customer: Mapping[str, Any], document: str) -> bool:
    """document: order, shipment or invoice."""
    return customer["blocked"] in _BLOCKS[document]


def survivor(ctx: Context, customer: Record) -> Record:
    """The customer that this one was merged into, over any number of merges; itself when it was not."""
    seen = set()
    while customer["mergedIntoId"] is not None and customer["id"] not in seen:
        seen.add(customer["id"])
        customer = fetch(ctx, "customers", customer["mergedIntoId"])
    return customer


def balance_due(ctx: Context, customer_id: str) -> Decimal:
    """Open invoices less open credit memos, in base currency: the customer's part of account 1200 (FIN-2)."""
    invoices = ctx.table("salesInvoices").find("customerId", customer_id)
    credits = ctx.table("creditMemos").find("customerId", customer_id)
    owed = sum((decimal(invoice["_baseRemaining"]) for invoice in invoices), ZERO)
    return owed - sum((decimal(memo["_baseRemaining"]) for memo in credits), ZERO)


def shown(ctx: Context, customer: Record) -> Record:
    """The customer as the API returns it, with the balance of this moment."""
    decimals = minor_units(ctx, base_currency(ctx))
    return present({**customer, "balanceDue": money_text(balance_due(ctx, customer["id"]), decimals)})


def list_customers(ctx: Context) -> Reply:
    return ctx.page([shown(ctx, customer) for customer in ctx.table("customers").all()])


def get_customer(ctx: Context) -> Reply:
    """A merged customer redirects to its survivor (domain 2.2, customer)."""
    customer = fetch(ctx, "customers", ctx.path["customerId"])
    if customer["mergedIntoId"] is not None:
        return Reply(308, None, location_of(ctx, "customers", survivor(ctx, customer)))
    return Reply(200, shown(ctx, customer))


def create_customer(ctx: Context) -> Reply:
    """A new customer with the next number. Raises Problem 422 for codes that do not exist, all of them at once."""
    customer = {**DEFAULTS, **ctx.body}
    _check(ctx, customer)
    saved = save(
        ctx,
        "customers",
        {
            "id": ctx.new_id("customer"),
            "number": _free_number(ctx),
            **_normalised(ctx, customer),
            "taxRegistrationStatus": "unchecked",
            "balanceDue": "0.00",
            "mergedIntoId": None,
        },
    )
    announce(ctx, "erp.customer.created.v1", shown(ctx, saved))
    return Reply(201, shown(ctx, saved), location_of(ctx, "customers", saved))


def update_customer(ctx: Context) -> Reply:
    """Change master data; posted documents keep what they were posted with (MDM-5)."""
    customer = fetch(ctx, "customers", ctx.path["customerId"])
    ctx.require_match(customer)
    changed = {**customer, **ctx.body}
    _check(ctx, changed)
    if changed["taxRegistrationNumber"] != customer["taxRegistrationNumber"]:
        changed["taxRegistrationStatus"] = "unchecked"
    saved = save(ctx, "customers", _normalised(ctx, changed))
    announce(ctx, "erp.customer.changed.v1", shown(ctx, saved))
    return Reply(200, shown(ctx, saved))


def _check(ctx: Context, customer: Mapping[str, Any]) -> None:
    found = Violations()
    for field, table, what in _REFERENCES:
        code = customer[field]
        if code is not None and ctx.table(table).get(code) is None:
            found.add(f"/{field}", "unknown-reference", f"no {what} {code}", code)
    if decimal(customer["creditLimit"]) < 0:
        found.add("/creditLimit", "invalid-value", "a credit limit is not negative", customer["creditLimit"])
    found.refuse("Customer cannot be accepted")


def _normalised(ctx: Context, customer: Record) -> Record:
    decimals = minor_units(ctx, base_currency(ctx))
    return {**customer, "creditLimit": money_text(decimal(customer["creditLimit"]), decimals)}


def _free_number(ctx: Context) -> str:
    """The next number that no seeded customer has."""
    while True:
        number = f"C{ctx.next('customer'):05d}"
        if not ctx.table("customers").find("number", number):
            return number
