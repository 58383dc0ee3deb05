"""Who ordered: matched by crosswalk, VAT id, then lower-case e-mail and country, never by name (domain 3, A6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..mappings import CUSTOMER, require_intact
from ..work import Work

if TYPE_CHECKING:
    from understudy.mapping import Applied

Record = dict[str, Any]
Match = Callable[..., Record | None]

_CUSTOMER_OF = "store.customer>erp.customer"


def matcher(work: Work) -> Match:
    """The lookup `customers` of the order mapping: (store customer id, e-mail, country, VAT id) -> ERP customer."""
    found: dict[tuple[Any, ...], Record | None] = {}

    def match(store_id: Any, email: str | None, country: str | None, vat_id: str | None) -> Record | None:
        key = (store_id, email, country, vat_id)
        if key not in found:
            found[key] = _match(work, *key)
        return found[key]

    return match


def only_unknown(mapped: Applied) -> bool:
    """Whether the mapping refused nothing but the customer, whom we may create."""
    return mapped.refused and all(
        violation.row == "A6" and violation.code == "unknown-reference" for violation in mapped.violations
    )


def create(work: Work, data: Mapping[str, Any], lookups: Mapping[str, Any]) -> Match:
    """Create the ordering customer at the ERP, or adopt who has the same e-mail and country by now."""
    mapped = work.map(CUSTOMER, data, lookups)
    body = require_intact(mapped)
    store_id = (data.get("customer") or {}).get("id")
    typed = str((data.get("customer") or {}).get("email") or data.get("email") or "")
    email = typed if work.practice.matches_typed_email else str(body.get("email") or "")
    body = {**body, **({"email": email} if email else {})}

    def find() -> Record | None:
        return _by_email(work, email, body["country"]) if email else None

    # A guest has no id; his address must not be readable in a key that ends up in logs.
    who = store_id if store_id is not None else sha256(f"{email}|{body['country']}".encode()).hexdigest()[:24]
    customer = find() or work.erp.create_customer(body, name=f"store:customer:{who}:create", find=find)
    _remember(work, store_id, customer)
    return lambda *_key: customer


def _match(work: Work, store_id: Any, email: str | None, country: str | None, vat_id: str | None) -> Record | None:
    known = work.crosswalk.find(_CUSTOMER_OF, str(store_id)) if store_id is not None else None
    customer: Record | None = None
    if known is not None:
        customer = work.erp.customer(known["id"])
    if customer is None and vat_id:
        customer = work.erp.find("listCustomers", "customers", taxRegistrationNumber=vat_id)
    if customer is None and work.practice.matches_by_name:
        customer = _by_name(work)
    elif customer is None and work.practice.matches_typed_email:
        typed = (work.message.data.get("customer") or {}).get("email") or work.message.data.get("email")
        customer = _by_email(work, str(typed), str(country))
    elif customer is None and email and country:
        customer = _by_email(work, email, country)
    if customer is None:
        return None
    customer = work.erp.survivor(customer)
    _remember(work, store_id, customer)
    return customer


def _by_email(work: Work, email: str, country: str) -> Record | None:
    return work.erp.find("listCustomers", "customers", email=email, country=country)


def _by_name(work: Work) -> Record | None:
    """Under a defect: the match that must never be made."""
    address = work.message.data.get("billing_address") or work.message.data.get("shipping_address") or {}
    name = f"{address.get('first_name') or ''} {address.get('last_name') or ''}".strip()
    return work.erp.find("listCustomers", "customers", displayName=name) if name else None


def _remember(work: Work, store_id: Any, customer: Mapping[str, Any]) -> None:
    if store_id is not None:
        work.crosswalk.put(_CUSTOMER_OF, str(store_id), {"id": customer["id"], "number": customer["number"]})
