"""Where things are found in recorded state: by their business names, as a reader of the systems' APIs would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from understudy import Evidence

from .amount import dec

Record = dict[str, Any]

OPEN = ("released", "on_hold")
"""States in which a sales order may hold a reservation."""
ISSUED = ("open", "partially_paid", "paid", "credited")
"""States of a posted invoice."""


def first(found: list[Record]) -> Record | None:
    return found[0] if found else None


def order_of(evidence: Evidence, number: Any) -> Record | None:
    """The ERP order of a number."""
    return first(evidence.find("erp", "salesOrders", "number", number)) if number is not None else None


def item_of(evidence: Evidence, number: Any) -> Record | None:
    return first(evidence.find("erp", "items", "number", number)) if number is not None else None


def customer_of(evidence: Evidence, customer_id: Any) -> Record | None:
    """The customer, merges followed to the survivor."""
    seen: set[Any] = set()
    customer = evidence.get("erp", "customers", customer_id)
    while customer is not None and customer.get("mergedIntoId") and customer["id"] not in seen:
        seen.add(customer["id"])
        customer = evidence.get("erp", "customers", customer["mergedIntoId"])
    return customer


def store_order_of(evidence: Evidence, order: Mapping[str, Any]) -> Record | None:
    """The store order behind an ERP order, None for an order of another channel or of nothing."""
    source = str(order.get("sourceOrderId") or "")
    if order.get("sourceSystem") != "store" or not source.isascii() or not source.isdigit():
        return None
    return evidence.get("storefront", "orders", int(source))


def units_of(evidence: Evidence, currency: Any) -> int:
    """Decimals of a currency's amounts; 2 for one that the ERP does not know."""
    known = evidence.get("erp", "currencies", currency)
    return 2 if known is None else int(known["minorUnits"])


def company(evidence: Evidence) -> Record:
    """The one company. Raises LookupError for an ERP that was never seeded."""
    found = next(iter(evidence.rows("erp", "companies")), None)
    if found is None:
        raise LookupError("the ERP has no company")
    return found


def base_currency(evidence: Evidence) -> str:
    if "base currency" not in evidence.memo:
        evidence.memo["base currency"] = str(company(evidence)["baseCurrency"])
    return str(evidence.memo["base currency"])


def today(evidence: Evidence) -> date:
    """The date on the company's calendar."""
    return evidence.now.astimezone(ZoneInfo(str(company(evidence)["timeZone"]))).date()


def rate_on(evidence: Evidence, currency: str, day: str) -> Decimal | None:
    """Foreign units per unit of base currency: the newest row up to that day, 1 for the base currency."""
    if currency == base_currency(evidence):
        return Decimal(1)
    rows = [row for row in evidence.find("erp", "exchangeRates", "currencyCode", currency) if row["date"] <= day]
    return dec(max(rows, key=lambda row: str(row["date"]))["rate"]) if rows else None


def tax_code_on(evidence: Evidence, code: Any, day: str) -> Record | None:
    """The row of a tax code that is valid on a day."""
    for row in evidence.find("erp", "taxCodes", "code", code):
        if row["validFrom"] <= day and (row["validTo"] is None or day <= row["validTo"]):
            return row
    return None


def counted_lines(document: Mapping[str, Any]) -> list[Record]:
    """Lines that take part in shipment and invoice; comments do not."""
    return [line for line in document["lines"] if line["lineType"] != "Comment"]


def is_inventory(evidence: Evidence, line: Mapping[str, Any]) -> bool:
    """Whether the line takes stock and goes to the warehouse."""
    if line["lineType"] != "Item":
        return False
    item = item_of(evidence, line["itemNumber"])
    return item is not None and item["type"] == "Inventory"


def in_base_units(evidence: Evidence, line: Mapping[str, Any], quantity: Decimal) -> Decimal:
    """A quantity in the line's unit of measure as pieces of the item's base unit."""
    item = item_of(evidence, line["itemNumber"])
    unit = line.get("unitOfMeasureCode")
    if item is None or unit is None or unit == item["baseUnitOfMeasureCode"]:
        return quantity
    per_unit = next((row["qtyPerBase"] for row in item["unitsOfMeasure"] if row["code"] == unit), "1")
    return quantity * dec(per_unit)


def line_of(order: Mapping[str, Any], sequence: Any) -> Record | None:
    """The order line of a sequence number (10000, 20000, …)."""
    return next((line for line in order["lines"] if line["sequence"] == sequence), None)


def posted_invoices(evidence: Evidence, order_number: str) -> list[Record]:
    found = evidence.find("erp", "salesInvoices", "orderNumber", order_number)
    return [invoice for invoice in found if invoice["status"] in ISSUED]


def posted_shipments(evidence: Evidence, order_number: str) -> list[Record]:
    found = evidence.find("erp", "salesShipments", "orderNumber", order_number)
    return [shipment for shipment in found if shipment["status"] == "posted"]


def every_invoice(evidence: Evidence) -> Iterator[Record]:
    return (row for row in evidence.rows("erp", "salesInvoices") if row["status"] in ISSUED)


def was_edited(store_order: Mapping[str, Any]) -> bool:
    """Whether lines were taken out again before the order was mapped: then only its current total is comparable."""
    return any(line["current_quantity"] != line["quantity"] for line in store_order["line_items"])
