"""From what a client asks for to a complete sales order: defaults, derived line fields, prices and taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from understudy import Context

from ..common.money import decimal, money_text, quantity_text
from ..common.violations import Violations
from .company import minor_units
from .customers import survivor
from .order_check import unit_factor
from .order_lines import QUANTITIES, counts, with_lines, with_quantities
from .order_pricing import price_order
from .pricing import TaxRules
from .records import Record, find_one
from .tax_codes import tax_code_on

STEP = 10000
"""Line numbers are given in steps, so that lines can be put between others."""

_HEADER: Mapping[str, Any] = {
    "sourceSystem": None,
    "sourceOrderId": None,
    "externalDocumentNumber": None,
    "orderDate": None,
    "requestedDeliveryDate": None,
    "customerId": None,
    "customerNumber": None,
    "billTo": None,
    "shipTo": None,
    "email": None,
    "phoneNumber": None,
    "currencyCode": None,
    "pricesIncludeTax": None,
    "shipmentMethodCode": None,
    "paymentTermsCode": None,
    "paymentMethodCode": None,
    "partialShipping": True,
    "priority": 5,
    "discountAmount": "0",
}
_LINE: Mapping[str, Any] = {
    "sequence": None,
    "sourceLineId": None,
    "lineType": None,
    "itemNumber": None,
    "description": None,
    "locationCode": None,
    "unitOfMeasureCode": None,
    "quantity": "0",
    "unitPrice": "0",
    "discountAmount": "0",
    "taxCode": None,
}


def ordering_customer(ctx: Context, body: Mapping[str, Any], found: Violations) -> Record | None:
    """Who is meant, by customerId or customerNumber; a merged customer is followed to the survivor.

    Says in `found` that none is named, that it is unknown, or that the two disagree.
    """
    key, number = body.get("customerId"), body.get("customerNumber")
    if key is None and number is None:
        found.add("/customerId", "required", "name the customer by customerId or customerNumber")
        return None
    by_id = None if key is None else ctx.table("customers").get(key)
    by_number = None if number is None else find_one(ctx, "customers", "number", number)
    if key is not None and by_id is None:
        found.add("/customerId", "unknown-reference", f"no customer {key}", key)
    if number is not None and by_number is None:
        found.add("/customerNumber", "unknown-reference", f"no customer {number}", number)
    if by_id is not None and by_number is not None and by_id["id"] != by_number["id"]:
        found.add("/customerNumber", "invalid-value", f"customerId names {by_id['number']}", number)
    customer = by_id or by_number
    return None if customer is None else survivor(ctx, customer)


def compose_order(ctx: Context, asked: Mapping[str, Any], customer: Record | None) -> Record:
    """The draft that `asked` describes, with defaults and line numbers, nothing reserved, shipped or priced yet."""
    order: Record = {name: asked.get(name, default) for name, default in _HEADER.items()}
    if customer is not None:
        order |= {"customerId": customer["id"], "customerNumber": customer["number"]}
    order |= {"status": "draft", "holdReason": None, "_releasedAt": None, "_heldAt": None}
    charged = asked.get("controlTotals") or {}
    order |= {"_charged": charged.get("includingTax"), "_chargedTax": charged.get("tax")}
    return with_lines(order, [_compose_line(ctx, line) for line in _numbered(asked["lines"])])


def price(ctx: Context, order: Record) -> Record:
    """With rates, allocated discount, taxes and totals. Currency and tax codes must exist."""
    decimals = minor_units(ctx, order["currencyCode"])
    on = date.fromisoformat(order["orderDate"])
    lines = [_unpriced(ctx, line, on, decimals) for line in order["lines"]]
    header = {"discountAmount": money_text(decimal(order["discountAmount"]), decimals)}
    return price_order({**order, **header, "lines": lines}, TaxRules.of(ctx.policy), decimals)


def _numbered(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Every line with its sequence: those that have one keep it, the others follow the highest."""
    last = max((line["sequence"] for line in lines if line.get("sequence")), default=0)
    result = []
    for line in lines:
        if not line.get("sequence"):
            last += STEP
            line = {**line, "sequence": last}
        result.append(line)
    return result


def _compose_line(ctx: Context, asked: Mapping[str, Any]) -> Record:
    line: Record = {name: asked.get(name, default) for name, default in _LINE.items()}
    item = None
    if line["itemNumber"] is not None and line["lineType"] in ("Item", "Charge"):
        item = find_one(ctx, "items", "number", line["itemNumber"])
    if item is not None:
        line["description"] = line["description"] or item["displayName"]
        line["unitOfMeasureCode"] = line["unitOfMeasureCode"] or item["baseUnitOfMeasureCode"]
    factor = unit_factor(item, line["unitOfMeasureCode"]) if item is not None else None
    line["_factor"] = quantity_text(factor) if factor is not None else "1"
    line["_physical"] = line["lineType"] == "Item" and item is not None and item["type"] == "Inventory"
    line["quantity"] = quantity_text(decimal(line["quantity"])) if counts(line) else "0"
    line |= dict.fromkeys(QUANTITIES, "0")
    return with_quantities(line, confirmed=False)


def _unpriced(ctx: Context, line: Record, on: date, decimals: int) -> Record:
    row = tax_code_on(ctx, line["taxCode"], on) if counts(line) else None
    zero = money_text(decimal("0"), decimals)
    return {
        **line,
        "discountAmount": money_text(decimal(line["discountAmount"]), decimals),
        "discountAllocation": zero,
        "taxPercent": quantity_text(decimal(row["rate"])) if row is not None else "0",
        "netAmount": zero,
        "taxAmount": zero,
        "_parts": [],
    }
