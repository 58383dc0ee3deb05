"""The reference data that mapping tables ask for, taken from recorded state as the integration must have seen it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Evidence, Exchange

from .masters import company, customer_of, first, item_of, order_of, rate_on, store_order_of
from .recorded import event_data, recorded

Record = dict[str, Any]


def lookups(evidence: Evidence, write: Exchange) -> dict[str, Any]:
    """Everything that any table asks, by the name under which it asks it; tables take what they need.

    write: the request that is judged; what depends on the moment is as it was then.
    """
    zone = str(company(evidence)["timeZone"])
    return {
        "customers": lambda store_id, email, country, vat_id: matching_customer(
            evidence, store_id, email, country, vat_id, before=write.seq
        ),
        "items": lambda number: item_of(evidence, number),
        "unitsOfMeasure": lambda code: evidence.get("erp", "unitsOfMeasure", code),
        "currencies": lambda code: evidence.get("erp", "currencies", code),
        "exchangeRates": lambda currency, day: _rate(evidence, currency, day),
        "taxCodes": lambda code: _newest(evidence.find("erp", "taxCodes", "code", code)),
        "locations": lambda code: evidence.get("erp", "locations", code),
        "salesOrders": lambda number: order_of(evidence, number),
        "orders": lambda number: _store_order(evidence, number),
        "accounts": lambda customer_id: _account(evidence, customer_id),
        "shipments": lambda number: first(evidence.find("erp", "salesShipments", "number", number)),
        "creditMemos": lambda number: _credit_memos(evidence, number, write.seq),
        "companyZone": zone,
        "now": write.at,
        "today": local_day(write, zone),
    }


def local_day(write: Exchange, zone: str) -> str:
    """The company's date when the request was made."""
    from zoneinfo import ZoneInfo

    return write.at.astimezone(ZoneInfo(zone)).date().isoformat()


def matching_customer(
    evidence: Evidence, store_id: Any, email: str | None, country: str | None, vat_id: str | None, *, before: int
) -> Record | None:
    """By earlier orders of the same store customer, by VAT id, by e-mail in lower case and country; never by name.

    The crosswalk itself is the integration's and not seen here: it is what orders that were created before this point
    of the journal say. Merges are followed to the survivor (domain 3).
    """
    for created, customer_id in _customers_by_shopper(evidence).get(store_id, ()) if store_id is not None else ():
        if created < before:
            return customer_of(evidence, customer_id)
    by_vat = evidence.find("erp", "customers", "taxRegistrationNumber", vat_id) if vat_id else []
    if by_vat:
        return customer_of(evidence, by_vat[0]["id"])
    for customer in _customers_by_email(evidence).get(email.strip().lower(), ()) if email else ():
        if customer["country"] == country:
            return customer_of(evidence, customer["id"])
    return None


def _customers_by_shopper(evidence: Evidence) -> Mapping[Any, list[tuple[int, Any]]]:
    """Store customer id -> (place in the journal, ERP customer id) of each order, in the order of creation."""
    if "customers by shopper" not in evidence.memo:
        first_change = recorded(evidence).first_change
        found: dict[Any, list[tuple[int, Any]]] = {}
        for order in evidence.rows("erp", "salesOrders"):
            sold = store_order_of(evidence, order)
            shopper = (sold.get("customer") or {}).get("id") if sold is not None else None
            created = first_change.get(("erp", "salesOrders", order["id"]))
            if shopper is not None and created is not None:
                found.setdefault(shopper, []).append((created, order["customerId"]))
        evidence.memo["customers by shopper"] = found
    customers: Mapping[Any, list[tuple[int, Any]]] = evidence.memo["customers by shopper"]
    return customers


def _customers_by_email(evidence: Evidence) -> Mapping[str, list[Record]]:
    if "customers by email" not in evidence.memo:
        found: dict[str, list[Record]] = {}
        for customer in evidence.rows("erp", "customers"):
            if customer.get("email"):
                found.setdefault(str(customer["email"]).strip().lower(), []).append(customer)
        evidence.memo["customers by email"] = found
    customers: Mapping[str, list[Record]] = evidence.memo["customers by email"]
    return customers


def _rate(evidence: Evidence, currency: Any, day: Any) -> str | None:
    rate = rate_on(evidence, str(currency), str(day))
    return None if rate is None else str(rate)


def _newest(rows: list[Record]) -> Record | None:
    return max(rows, key=lambda row: str(row["validFrom"])) if rows else None


def _store_order(evidence: Evidence, number: Any) -> Record | None:
    order = order_of(evidence, number)
    return store_order_of(evidence, order) if order is not None else None


def _account(evidence: Evidence, customer_id: Any) -> Record | None:
    customer = customer_of(evidence, customer_id)
    return first(evidence.find("crm", "accounts", "erpCustomerNumber", customer["number"])) if customer else None


def _credit_memos(evidence: Evidence, number: Any, before: int) -> list[Record]:
    """The credit memos for an invoice that were posted when the request was made."""
    posted = {
        str(event_data(event)["number"])
        for event in recorded(evidence).events_by_name.get("erp.creditmemo.posted.v1", ())
        if event.seq < before
    }
    found = evidence.find("erp", "creditMemos", "invoiceNumber", number) if number else []
    return [memo for memo in found if memo["number"] in posted]
