"""Customer accounts of the shop. An email belongs to one account whatever its case; a plus-tag is another (DQ-10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.records import present
from ..common.violations import Violations

Record = dict[str, Any]
TABLE = "customers"
_SHOWN_IN_ORDER = ("id", "email", "first_name", "last_name", "tax_exempt", "vat_id")


def create(ctx: Context) -> Reply:
    """createCustomer: 201. Raises Problem 422 for an email that an account has already."""
    if known := by_email(ctx, ctx.body["email"]):
        wrong = Violations()
        wrong.add("/email", "invalid-value", f"account {known['id']} has this email", ctx.body["email"])
        wrong.refuse("Customer cannot be created")
    return Reply(201, present(open_account(ctx, ctx.body)))


def get(ctx: Context) -> Reply:
    customer = ctx.table(TABLE).get(ctx.path["customerId"])
    if customer is None:
        raise Problem("not-found", f"there is no customer {ctx.path['customerId']}")
    return Reply(200, present(customer))


def list_customers(ctx: Context) -> Reply:
    """listCustomers: oldest first; `email` without regard to case."""
    email = ctx.query.get("email")
    rows = ctx.table(TABLE).all() if email is None else ctx.table(TABLE).find("_email", match_key(str(email)))
    return ctx.page([present(row) for row in rows], name="customers")


def match_key(email: str) -> str:
    return email.strip().lower()


def by_email(ctx: Context, email: str) -> Record | None:
    found = ctx.table(TABLE).find("_email", match_key(email))
    return found[0] if found else None


def open_account(ctx: Context, wanted: Mapping[str, Any]) -> Record:
    """Store a new account and tell it. wanted: the fields of CustomerCreate."""
    while ctx.table(TABLE).get(number := ctx.next("customer")) is not None:
        pass
    now = instant_text(ctx.now)
    customer = ctx.table(TABLE).put(complete({**wanted, "id": number, "created_at": now, "updated_at": now}))
    ctx.emit("store.customer.created.v1", subject=str(number), data=present(customer))
    return customer


def complete(customer: Mapping[str, Any]) -> Record:
    """The record with every field of the contract and the key under which its email is found."""
    empty: Record = dict.fromkeys(("email", "first_name", "last_name", "phone", "vat_id", "default_address"))
    record = {**empty, "tax_exempt": False, "note": None, "tags": "", **customer}
    return {**record, "_email": match_key(record["email"]) if record["email"] else None}


def for_checkout(ctx: Context, body: Mapping[str, Any], found: Violations) -> Record | None:
    """Who buys: the account named by id, the account of the email (opened when there is none), or None for a guest."""
    wanted = body.get("customer")
    if wanted is None:
        return None
    if "id" in wanted:
        known = ctx.table(TABLE).get(wanted["id"])
        if known is None:
            found.add("/customer/id", "unknown-reference", "there is no such customer", wanted["id"])
        return known
    email = wanted.get("email") or body.get("email")
    if not email:
        found.add("/customer/email", "required", "a customer is known by id or email")
        return None
    return by_email(ctx, email) or open_account(ctx, {**wanted, "email": email})


def shown_in_order(customer: Mapping[str, Any] | None) -> Record | None:
    return None if customer is None else {name: customer[name] for name in _SHOWN_IN_ORDER}
