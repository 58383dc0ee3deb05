"""Is this order acceptable? Every violation is found, with a JSON pointer, before anything is refused (domain 2.1).

The same check runs when an order is created or changed and again at its release, when master data may have moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from understudy import Context

from ..common.money import decimal, fits
from ..common.violations import Violations
from .company import exchange_rate, minor_units
from .customers import is_blocked_for
from .order_lines import counts
from .order_pricing import amount_after_line_discount, is_goods
from .pricing import gross_of_line
from .records import Record, find_one
from .tax_codes import tax_code_on


def check_order(ctx: Context, order: Record, customer: Record | None, found: Violations) -> None:
    """Check an order whose defaults are filled in; add what is wrong to `found`.

    customer: the record that customerId or customerNumber names, None when there is none (said already).
    """
    if customer is not None and is_blocked_for(customer, "order"):
        found.add(
            "/customerNumber" if order.get("customerNumber") else "/customerId",
            "customer-blocked",
            f"customer {customer['number']} is blocked ({customer['blocked']})",
            customer["number"],
        )
    _check_codes(ctx, order, found)
    if order["requestedDeliveryDate"] is not None and order["requestedDeliveryDate"] < order["orderDate"]:
        found.add(
            "/requestedDeliveryDate",
            "invalid-value",
            f"delivery is requested before the order date {order['orderDate']}",
            order["requestedDeliveryDate"],
        )
    seen: dict[str, int] = {}
    for index, line in enumerate(order["lines"]):
        _check_source_line(line, index, seen, found)
        if counts(line):
            check_line(ctx, order, line, f"/lines/{index}", found)
    _check_order_discount(ctx, order, found)


def _check_codes(ctx: Context, order: Record, found: Violations) -> None:
    physical = any(line["_physical"] for line in order["lines"])
    method = order["shipmentMethodCode"]
    if method is None:
        if physical:
            found.add("/shipmentMethodCode", "required", "physical goods need a shipment method")
    elif (row := ctx.table("shipmentMethods").get(method)) is None:
        found.add("/shipmentMethodCode", "unknown-reference", f"no shipment method {method}", method)
    elif not row["active"]:
        found.add("/shipmentMethodCode", "invalid-value", f"shipment method {method} is no longer in use", method)
    if physical and order["shipTo"] is None:
        found.add("/shipTo", "required", "physical goods need an address to go to")
    payment_method = order["paymentMethodCode"]
    if payment_method is not None and ctx.table("paymentMethods").get(payment_method) is None:
        found.add("/paymentMethodCode", "unknown-reference", f"no payment method {payment_method}", payment_method)
    if ctx.table("paymentTerms").get(order["paymentTermsCode"]) is None:
        terms = order["paymentTermsCode"]
        found.add("/paymentTermsCode", "unknown-reference", f"no payment terms {terms}", terms)
    currency = order["currencyCode"]
    if ctx.table("currencies").get(currency) is None:
        found.add("/currencyCode", "unknown-reference", f"no currency {currency}", currency)
    elif exchange_rate(ctx, currency, date.fromisoformat(order["orderDate"])) is None:
        found.add("/currencyCode", "unknown-reference", f"no rate for {currency} on {order['orderDate']}", currency)


def _check_source_line(line: Record, index: int, seen: dict[str, int], found: Violations) -> None:
    source_line = line["sourceLineId"]
    if source_line is None:
        return
    if source_line in seen:
        found.add(
            f"/lines/{index}/sourceLineId",
            "invalid-value",
            f"source line {source_line} is line {seen[source_line]} already",
            source_line,
        )
    seen.setdefault(source_line, index)


def check_line(ctx: Context, order: Record, line: Record, at: str, found: Violations) -> None:
    item = _check_item(ctx, line, at, found)
    _check_location(ctx, line, at, found)
    quantity = decimal(line["quantity"])
    if quantity <= 0:
        found.add(f"{at}/quantity", "invalid-value", "the quantity must be above 0", line["quantity"])
    if item is not None:
        _check_unit(ctx, line, item, quantity, at, found)
    if decimal(line["unitPrice"]) < 0:
        found.add(f"{at}/unitPrice", "invalid-value", "the price must not be negative", line["unitPrice"])
    _check_line_discount(ctx, order, line, at, found)
    _check_tax_code(ctx, line, order["orderDate"], at, found)


def _check_item(ctx: Context, line: Record, at: str, found: Violations) -> Record | None:
    number = line["itemNumber"]
    if number is None:
        found.add(f"{at}/itemNumber", "required", f"a line of type {line['lineType']} names what it is about")
        return None
    if line["lineType"] == "Account":
        if ctx.table("accounts").get(number) is None:
            found.add(f"{at}/itemNumber", "unknown-reference", f"no account {number}", number)
        return None
    item = find_one(ctx, "items", "number", number)
    if item is None:
        found.add(f"{at}/itemNumber", "unknown-reference", f"no item {number}", number)
    elif item["blocked"]:
        found.add(f"{at}/itemNumber", "item-blocked", f"item {number} is blocked", number)
    elif line["lineType"] == "Charge" and item["type"] == "Inventory":
        found.add(f"{at}/lineType", "invalid-value", f"{number} is an inventory item, not a charge", line["lineType"])
    return item


def _check_location(ctx: Context, line: Record, at: str, found: Violations) -> None:
    code = line["locationCode"]
    if code is None:
        if line["_physical"]:
            found.add(f"{at}/locationCode", "required", "an inventory item ships from a location")
        return
    location = ctx.table("locations").get(code)
    if location is None:
        found.add(f"{at}/locationCode", "unknown-reference", f"no location {code}", code)
    elif line["_physical"] and not location["sellable"]:
        found.add(f"{at}/locationCode", "invalid-value", f"location {code} does not sell", code)


def _check_unit(ctx: Context, line: Record, item: Record, quantity: Decimal, at: str, found: Violations) -> None:
    unit = line["unitOfMeasureCode"]
    row = ctx.table("unitsOfMeasure").get(unit)
    if row is None:
        found.add(f"{at}/unitOfMeasureCode", "unknown-reference", f"no unit of measure {unit}", unit)
    elif unit_factor(item, unit) is None:
        found.add(f"{at}/unitOfMeasureCode", "unknown-reference", f"item {item['number']} has no unit {unit}", unit)
    elif row["wholeOnly"] and quantity != quantity.to_integral_value():
        found.add(f"{at}/quantity", "invalid-value", f"{unit} is counted in whole units", line["quantity"])


def unit_factor(item: Mapping[str, object], unit: str | None) -> Decimal | None:
    """How many base units one `unit` of the item holds; None when the item is not kept in it."""
    if unit == item["baseUnitOfMeasureCode"]:
        return Decimal(1)
    units = item["unitsOfMeasure"]
    assert isinstance(units, list)
    return next((decimal(row["qtyPerBase"]) for row in units if row["code"] == unit), None)


def _check_line_discount(ctx: Context, order: Record, line: Record, at: str, found: Violations) -> None:
    currency = ctx.table("currencies").get(order["currencyCode"])
    if currency is None:
        return
    decimals, discount = currency["minorUnits"], decimal(line["discountAmount"])
    if not fits(discount, decimals):
        found.add(
            f"{at}/discountAmount",
            "invalid-value",
            f"{order['currencyCode']} has {decimals} decimals",
            line["discountAmount"],
        )
    elif not 0 <= discount <= gross_of_line(decimal(line["unitPrice"]), decimal(line["quantity"]), decimals):
        found.add(
            f"{at}/discountAmount",
            "invalid-value",
            "the discount is not between 0 and the line",
            line["discountAmount"],
        )


def _check_tax_code(ctx: Context, line: Record, on: str, at: str, found: Violations) -> None:
    code = line["taxCode"]
    if code is None:
        found.add(f"{at}/taxCode", "required", "every charged line has a tax code")
    elif not ctx.table("taxCodes").find("code", code):
        found.add(f"{at}/taxCode", "unknown-reference", f"no tax code {code}", code)
    elif tax_code_on(ctx, code, date.fromisoformat(on)) is None:
        found.add(f"{at}/taxCode", "invalid-value", f"tax code {code} is not valid on {on}", code)


def _check_order_discount(ctx: Context, order: Record, found: Violations) -> None:
    if ctx.table("currencies").get(order["currencyCode"]) is None:
        return
    decimals = minor_units(ctx, order["currencyCode"])
    discount = decimal(order["discountAmount"])
    goods = sum(
        (amount_after_line_discount(line, decimals) for line in order["lines"] if counts(line) and is_goods(line)),
        Decimal(0),
    )
    if not fits(discount, decimals):
        found.add(
            "/discountAmount",
            "invalid-value",
            f"{order['currencyCode']} has {decimals} decimals",
            order["discountAmount"],
        )
    elif not 0 <= discount <= goods:
        found.add(
            "/discountAmount", "invalid-value", f"the discount is not between 0 and {goods}", order["discountAmount"]
        )
