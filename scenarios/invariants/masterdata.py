"""Master data: no duplicates, no overreach, no dangling references, nothing left of another run (MDM-1 to MDM-6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy import Entry, Evidence, Row

from .masters import (
    customer_of,
    first,
    item_of,
    order_of,
    store_order_of,
)
from .recorded import recorded

_CUSTOMER = (
    "displayName", "type", "addressLine1", "city", "postalCode", "country", "customerPostingGroup", "taxBusinessGroup",
    "currencyCode", "paymentTermsCode",
)  # fmt: skip
_ITEM = ("number", "displayName", "type", "baseUnitOfMeasureCode", "taxGroupCode", "productPostingGroup")
_TAX_CODE = ("code", "category", "rate", "account", "country")

# Fields that an integration leaves to their owners (domain 3): operation -> field -> values that a creation may state.
_OWNED: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "createCustomer": {"creditLimit": ("0", "0.00"), "blocked": (" ",)},
    "updateCustomer": dict.fromkeys(
        ("creditLimit", "paymentTermsCode", "customerPostingGroup", "taxBusinessGroup", "blocked"), ()
    ),
    "updateItem": dict.fromkeys(
        ("unitPrice", "taxGroupCode", "productPostingGroup", "inventoryPostingGroup", "blocked"), ()
    ),
    "updateAccount": {"ownerId": ()},
}

# Entity of the data set -> (system, table, key field) of its records. What a seed derives from others is not listed.
_SEEDED: Mapping[str, tuple[str, str, str]] = {
    "customers": ("erp", "customers", "id"),
    "items": ("erp", "items", "id"),
    "locations": ("erp", "locations", "code"),
    "paymentTerms": ("erp", "paymentTerms", "code"),
    "shipmentMethods": ("erp", "shipmentMethods", "code"),
    "currencies": ("erp", "currencies", "code"),
    "storeCustomers": ("storefront", "customers", "id"),
    "storeVariants": ("storefront", "variants", "id"),
    "crmAccounts": ("crm", "accounts", "id"),
}
_ONLY_IN_RUNS = (
    ("storefront", "orders", "id"),
    ("erp", "salesOrders", "id"),
    ("erp", "salesShipments", "id"),
    ("erp", "salesInvoices", "id"),
    ("erp", "customerPayments", "id"),
    ("wms", "fulfilmentOrders", "id"),
    ("crm", "invoiceViews", "number"),
)
"""Documents exist only because something in this journal made them."""


def mdm_1(evidence: Evidence) -> Iterator[Row | None]:
    """No two active customers share a VAT id, or a lower-case e-mail and country."""
    by_vat: dict[str, list[str]] = {}
    by_email: dict[tuple[str, str], list[str]] = {}
    for customer in evidence.rows("erp", "customers"):
        if customer.get("mergedIntoId") or customer["blocked"] == "All":
            continue
        if customer.get("taxRegistrationNumber"):
            by_vat.setdefault(customer["taxRegistrationNumber"], []).append(customer["number"])
        if customer.get("email"):
            key = (str(customer["email"]).strip().lower(), customer["country"])
            by_email.setdefault(key, []).append(customer["number"])
    for numbers in by_vat.values():
        yield None if len(numbers) == 1 else {"customers": numbers, "share": "VAT id"}
    for numbers in by_email.values():
        yield None if len(numbers) == 1 else {"customers": numbers, "share": "e-mail and country"}


def mdm_2(evidence: Evidence) -> Iterator[Row | None]:
    """A sync never sets a field that its source does not own: credit, terms, posting groups, prices, blocks."""
    story = recorded(evidence)
    for operation, owned in _OWNED.items():
        for write in story.of_operation(operation):
            body = story.body(write)
            wrong = {name: body[name] for name, allowed in owned.items() if name in body and body[name] not in allowed}
            row = {"system": write.system, "operation": operation, "journal": write.seq}
            yield {**row, "fields": wrong} if wrong else None


def mdm_3(evidence: Evidence) -> Iterator[Row | None]:
    """Every reference in a document resolves, and one store customer is one ERP customer."""
    for order in evidence.rows("erp", "salesOrders"):
        broken = _broken_in_order(evidence, order)
        yield {"order": order["number"], "broken": broken} if broken else None
    for table, name in (("salesShipments", "shipment"), ("salesInvoices", "invoice"), ("customerPayments", "payment")):
        for document in evidence.rows("erp", table):
            broken = _broken_in_document(evidence, document)
            yield {name: document["number"] or document["id"], "broken": broken} if broken else None
    for view in evidence.rows("crm", "invoiceViews"):
        broken = _broken_in_view(evidence, view)
        yield {"portalView": view["number"], "broken": broken} if broken else None
    yield from _crosswalk(evidence)


def mdm_4(evidence: Evidence) -> Iterator[Row | None]:
    """Active master records have every field that is required before they are used (domain 3)."""
    for customer in evidence.rows("erp", "customers"):
        if customer["blocked"] != "All" and not customer.get("mergedIntoId"):
            missing = [name for name in _CUSTOMER if not customer.get(name)]
            yield {"customer": customer["number"], "missing": missing} if missing else None
    for item in evidence.rows("erp", "items"):
        if not item["blocked"]:
            missing = [name for name in _ITEM if not item.get(name)]
            if item["type"] == "Inventory" and not item.get("inventoryPostingGroup"):
                missing.append("inventoryPostingGroup")
            yield {"item": item["number"], "missing": missing} if missing else None
    for code in evidence.rows("erp", "taxCodes"):
        missing = [name for name in _TAX_CODE if code.get(name) in (None, "")]
        yield {"taxCode": code.get("code"), "missing": missing} if missing else None


def mdm_6(evidence: Evidence) -> Iterator[Row | None]:
    """What nothing in this run has changed is as it was seeded, and nothing is there that neither seed nor run made."""
    dataset = evidence.resources.get("dataset")
    earliest = next(iter(evidence.entries(Entry)), None)
    if dataset is None or (earliest is not None and earliest.seq > 1):
        return  # without the seed, or with a journal whose beginning was spilled, there is nothing to compare with
    changed = recorded(evidence).first_change
    data = dataset()
    for entity, (system, table, key) in _SEEDED.items():
        seeded = {record[key]: record for record in data.get(entity, ())}
        for record in evidence.rows(system, table):
            known = seeded.pop(record[key], None)
            if (system, table, record[key]) in changed:
                continue
            row = {"system": system, "table": table, "key": record[key]}
            if known is None:
                yield {**row, "problem": "neither seeded nor made in this run"}
                continue
            other = [name for name, value in known.items() if name in record and record[name] != value]
            yield {**row, "problem": "not as seeded", "fields": other} if other else None
        for missing in seeded:
            if (system, table, missing) not in changed:
                yield {"system": system, "table": table, "key": missing, "problem": "seeded, and gone"}
    for system, table, key in _ONLY_IN_RUNS:
        for record in evidence.rows(system, table):
            if (system, table, record[key]) not in changed:
                yield {"system": system, "table": table, "key": record[key], "problem": "left over from another run"}


def _broken_in_order(evidence: Evidence, order: Mapping[str, Any]) -> list[str]:
    broken = []
    customer = customer_of(evidence, order["customerId"])
    if customer is None:
        broken.append(f"customerId {order['customerId']}")
    for field, table in (
        ("currencyCode", "currencies"),
        ("paymentTermsCode", "paymentTerms"),
        ("shipmentMethodCode", "shipmentMethods"),
    ):
        code = order.get(field)
        if code is not None and evidence.get("erp", table, code) is None:
            broken.append(f"{field} {code}")
    for line in order["lines"]:
        at = f"lines[{line['sequence']}]"
        if line["lineType"] in ("Item", "Charge") and item_of(evidence, line["itemNumber"]) is None:
            broken.append(f"{at}.itemNumber {line['itemNumber']}")
        if line.get("locationCode") is not None and evidence.get("erp", "locations", line["locationCode"]) is None:
            broken.append(f"{at}.locationCode {line['locationCode']}")
        if line.get("taxCode") is not None and not evidence.find("erp", "taxCodes", "code", line["taxCode"]):
            broken.append(f"{at}.taxCode {line['taxCode']}")
    return broken


def _broken_in_document(evidence: Evidence, document: Mapping[str, Any]) -> list[str]:
    broken = []
    order = order_of(evidence, document.get("orderNumber"))
    if document.get("orderNumber") is not None and order is None:
        broken.append(f"orderNumber {document['orderNumber']}")
    named = document.get("customerId")
    customer = customer_of(evidence, named)
    if named is not None and customer is None:
        broken.append(f"customerId {named}")
    elif customer is not None and order is not None:
        ordering = customer_of(evidence, order["customerId"])
        if ordering is not None and ordering["id"] != customer["id"]:
            broken.append(f"customer {customer['number']}, the order is of {ordering['number']}")
    sequences = {line["sequence"] for line in order["lines"]} if order is not None else set()
    for line in document.get("lines", ()):
        if line.get("orderLineSequence") not in sequences:
            broken.append(f"order line {line.get('orderLineSequence')}")
    for application in document.get("applications", ()):
        number = application["documentNumber"]
        if not any(evidence.find("erp", table, "number", number) for table in ("salesInvoices", "creditMemos")):
            broken.append(f"application to {number}")
    return broken


def _broken_in_view(evidence: Evidence, view: Mapping[str, Any]) -> list[str]:
    """C2, C3: the portal shows an invoice to the account of its customer, under the store order's name."""
    broken = []
    account = evidence.get("crm", "accounts", view["accountId"])
    invoice = first(evidence.find("erp", "salesInvoices", "number", view["number"]))
    customer = customer_of(evidence, invoice["customerId"]) if invoice is not None else None
    if account is None:
        broken.append(f"accountId {view['accountId']}")
    elif customer is not None and account["erpCustomerNumber"] != customer["number"]:
        broken.append(f"account of {account['erpCustomerNumber']}, the invoice is of {customer['number']}")
    order = order_of(evidence, invoice.get("orderNumber")) if invoice is not None else None
    sold = store_order_of(evidence, order) if order is not None else None
    if sold is not None and view["orderRef"] != sold["name"]:
        broken.append(f"orderRef {view['orderRef']}, the order is {sold['name']}")
    return broken


def _crosswalk(evidence: Evidence) -> Iterator[Row | None]:
    """Store customer to ERP customer is 1:1, or n:1 where a VAT id (DQ-11) or an e-mail says that they are the same."""
    numbers: dict[Any, set[str]] = {}
    people: dict[str, dict[Any, set[str]]] = {}
    for order in evidence.rows("erp", "salesOrders"):
        sold = store_order_of(evidence, order)
        customer = customer_of(evidence, order["customerId"])
        if sold is None or customer is None:
            continue
        shopper = sold.get("customer") or {}
        email = str(shopper.get("email") or sold.get("email") or "").strip().lower()
        who = shopper.get("id") or email
        numbers.setdefault(who, set()).add(customer["number"])
        stored = evidence.get("storefront", "customers", shopper.get("id")) if shopper.get("id") else None
        marks = {mark for mark in (email, (stored or {}).get("vat_id")) if mark}
        people.setdefault(customer["number"], {}).setdefault(who, set()).update(marks)
    for who, found in numbers.items():
        shown = f"store customer {who}" if isinstance(who, int) else "one guest"
        yield None if len(found) == 1 else {"who": shown, "erpCustomers": sorted(found)}
    for number, shoppers in people.items():
        common = set.intersection(*shoppers.values())
        if len(shoppers) > 1 and not common:
            yield {"erpCustomer": number, "storeCustomers": len(shoppers), "problem": "nothing says that they are one"}
        else:
            yield None
