"""F-11, the part that invoices need: every ERP customer has a CRM account (domain section 3, match keys)."""

from __future__ import annotations

from typing import Any

from ..flow import Applied, Outcome, Skipped
from ..work import Work

Record = dict[str, Any]
_ACCOUNT_OF = "erp.customer>crm.account"


def open_account(work: Work) -> Outcome:
    """erp.customer.created: the account is found by number, else by e-mail and linked, else created."""
    customer = work.message.data
    number = customer["number"]
    if work.crm.account_of(number) is not None:
        work.announce(f"crm.account:{number}")
        return Skipped("has an account")
    email = str(customer.get("email") or "").strip().lower()
    if not email:
        # The CRM keeps no account without an address, and one must not be invented.
        return Skipped("customer has no e-mail")
    existing = work.crm.account_with_email(email)
    if existing is not None and not existing.get("erpCustomerNumber"):
        work.crm.link_account(existing, number)
    else:
        body = {"name": customer["displayName"], "email": email, "erpCustomerNumber": number}
        work.crm.create_account(body, name=f"erp:customer:{number}:account")
    work.announce(f"crm.account:{number}")
    return Applied()


def account_of(work: Work, customer_id: str) -> Record:
    """The CRM account of an ERP customer (C3), merges followed. Raises Waiting while there is none."""
    known = work.crosswalk.find(_ACCOUNT_OF, customer_id)
    if known is not None:
        return known
    customer = work.erp.customer(customer_id)
    if customer is None:
        raise work.wait_for(f"erp.customer:{customer_id}", f"no customer {customer_id}")
    customer = work.erp.survivor(customer)
    account = work.crm.account_of(customer["number"])
    if account is None:
        raise work.wait_for(
            f"crm.account:{customer['number']}", f"no CRM account for customer {customer['number']}",
            code="unknown-reference", target="crm",
        )  # fmt: skip
    record = {"id": account["id"], "customerNumber": customer["number"]}
    work.crosswalk.put(_ACCOUNT_OF, customer_id, record)
    return record
