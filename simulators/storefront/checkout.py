"""A shopper's checkout becomes an order: what was charged is kept, sums that cannot be right are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from understudy import Context, Reply, parse_instant

from ..common.dates import instant_text
from ..common.money import ZERO, decimal, fits, money_text
from ..common.records import present
from ..common.violations import Violations
from . import customers, transactions
from .money import Totals, add_up, line_amount, line_discount, tax_by_rate
from .orders import emit, minor_units, save

Record = dict[str, Any]
PRICE_DECIMALS = 5
_AMOUNTS = {
    "subtotal_price": "the lines after discount",
    "total_discounts": "the discount allocations",
    "total_shipping": "the shipping lines",
    "total_tax": "the tax lines",
    "total_price": "goods, shipping and tax",
}


def create(ctx: Context) -> Reply:
    """createOrder: 201. Events: created, and paid when the money is in.

    Raises Problem 422 with every violation: unknown variant or customer, a line without a price, more decimals than the
    currency has, sums that rounding cannot explain (total-mismatch).
    """
    body = ctx.body
    found = Violations()
    customer = customers.for_checkout(ctx, body, found)
    lines = [_line(ctx, line, index, found) for index, line in enumerate(body["line_items"])]
    shipping = [dict(line) for line in body.get("shipping_lines", ())]
    if "id" in body and ctx.table("orders").get(body["id"]) is not None:
        found.add("/id", "invalid-value", "this id is taken", body["id"])
    units = minor_units(ctx, body["currency"])
    _check_amounts(body, lines, shipping, units, found)
    found.refuse("Order cannot be accepted")
    totals = add_up(lines, shipping, units)
    stated = _stated(body, totals)
    _check_sums(ctx, body, totals, stated, units, found)
    found.refuse("Order cannot be accepted")
    order = _store(ctx, body, customer, lines, shipping, stated, units)
    for index, wanted in enumerate(body.get("transactions", ())):
        transactions.record(ctx, order, wanted, pointer=f"/transactions/{index}")
        order = transactions.settle(ctx, order)
    order = transactions.settle(ctx, order)
    emit(ctx, "store.order.created.v1", order)
    if order["financial_status"] == "paid":
        emit(ctx, "store.order.paid.v1", order)
    return Reply(201, present(order))


def _line(ctx: Context, wanted: Mapping[str, Any], index: int, found: Violations) -> Record:
    """The line with what its variant adds. A sku that the shop does not know is kept as it is (deleted products)."""
    variant: Mapping[str, Any] | None = None
    if wanted.get("variant_id") is not None:
        variant = ctx.table("variants").get(wanted["variant_id"])
        if variant is None:
            found.add(f"/line_items/{index}/variant_id", "unknown-reference", "no such variant", wanted["variant_id"])
    elif wanted.get("sku"):
        same_sku = ctx.table("variants").find("sku", wanted["sku"])
        variant = same_sku[0] if same_sku else None
    known = variant or {}
    price = wanted.get("price", known.get("price"))
    if price is None:
        found.add(f"/line_items/{index}/price", "required", "no variant of the shop gives the price")
    return {
        "id": wanted.get("id"),
        "product_id": known.get("product_id"),
        "variant_id": known.get("id"),
        "sku": wanted.get("sku", known.get("sku")),
        "title": wanted.get("title") or known.get("title") or wanted.get("sku") or "",
        "quantity": wanted["quantity"],
        "current_quantity": wanted["quantity"],
        "price": price if price is not None else "0",
        **({"price_set": wanted["price_set"]} if "price_set" in wanted else {}),
        "taxable": wanted.get("taxable", known.get("taxable", True)),
        "requires_shipping": wanted.get("requires_shipping", known.get("requires_shipping", True)),
        "gift_card": wanted.get("gift_card", False),
        "tax_lines": wanted.get("tax_lines", []),
        "discount_allocations": wanted.get("discount_allocations", []),
        "fulfillment_status": None,
        "_fulfilled": 0,
    }


def _check_amounts(
    body: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    shipping: Sequence[Mapping[str, Any]],
    units: int,
    found: Violations,
) -> None:
    """Every amount has the currency's decimals, none is negative, no discount exceeds its line."""
    discounts = body.get("discount_applications")
    for name in _AMOUNTS:
        if name in body:
            _check_amount(body[name], f"/{name}", units, body["currency"], found)
    for place, line in _located(lines, shipping):
        # A price of goods may have more decimals than the currency (rule 3): only the line is rounded.
        price_units = units if place.startswith("/shipping_lines") else PRICE_DECIMALS
        _check_amount(line["price"], f"{place}/price", price_units, body["currency"], found)
        for number, tax in enumerate(line.get("tax_lines", ())):
            _check_amount(tax["price"], f"{place}/tax_lines/{number}/price", units, body["currency"], found)
        for number, allocation in enumerate(line.get("discount_allocations", ())):
            pointer = f"{place}/discount_allocations/{number}"
            _check_amount(allocation["amount"], f"{pointer}/amount", units, body["currency"], found)
            position = allocation.get("discount_application_index", 0)
            if discounts is not None and position >= len(discounts):
                found.add(f"{pointer}/discount_application_index", "unknown-reference", "no such discount", position)
        if line_discount(line) > max(line_amount(line, units), ZERO):
            detail = f"the discounts exceed the {line_amount(line, units):f} of the line"
            found.add(f"{place}/discount_allocations", "invalid-value", detail, f"{line_discount(line):f}")


def _check_amount(text: str, pointer: str, units: int, currency: str, found: Violations) -> None:
    amount = decimal(text)
    if amount < 0:
        found.add(pointer, "invalid-value", "an amount of an order is not negative", text)
    if not fits(amount, units):
        found.add(pointer, "invalid-value", f"more decimals than {currency} has", text)


def _located(
    lines: Sequence[Mapping[str, Any]], shipping: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any]]]:
    goods = [(f"/line_items/{index}", line) for index, line in enumerate(lines)]
    return [*goods, *((f"/shipping_lines/{index}", line) for index, line in enumerate(shipping))]


def _stated(body: Mapping[str, Any], totals: Totals) -> dict[str, Decimal]:
    """The sums that the checkout states; what it leaves out is computed from the lines."""
    tax = decimal(body["total_tax"]) if "total_tax" in body else totals.tax
    computed = {
        "subtotal_price": totals.subtotal,
        "total_discounts": totals.discounts,
        "total_shipping": totals.shipping,
        "total_tax": tax,
        "total_price": totals.price(tax, taxes_included=body.get("taxes_included", False)),
    }
    return {name: decimal(body[name]) if name in body else amount for name, amount in computed.items()}


def _check_sums(
    ctx: Context,
    body: Mapping[str, Any],
    totals: Totals,
    stated: Mapping[str, Decimal],
    units: int,
    found: Violations,
) -> None:
    rounding = totals.tolerance(units)
    price = totals.price(stated["total_tax"], taxes_included=body.get("taxes_included", False))
    rows = (
        ("subtotal_price", totals.subtotal, ZERO),
        ("total_discounts", totals.discounts, ZERO),
        ("total_shipping", totals.shipping, ZERO),
        ("total_tax", totals.tax, rounding),
        ("total_price", price, rounding + _cash_rounding(ctx, body["currency"], units)),
    )
    for name, expected, tolerance in rows:
        if abs(stated[name] - expected) > tolerance:
            detail = f"{_AMOUNTS[name]} come to {expected:f}"
            found.add(f"/{name}", "total-mismatch", detail, f"{stated[name]:f}")


def _cash_rounding(ctx: Context, currency: str, units: int) -> Decimal:
    """Half of the smallest coin where that is more than a minor unit (M-17: CHF 0.05)."""
    known = ctx.table("currencies").get(currency)
    coin = ZERO if known is None else decimal(known.get("cashRounding"))
    return coin / 2 if coin > Decimal(1).scaleb(-units) else ZERO


def _store(
    ctx: Context,
    body: Mapping[str, Any],
    customer: Mapping[str, Any] | None,
    lines: Sequence[Record],
    shipping: Sequence[Record],
    stated: Mapping[str, Decimal],
    units: int,
) -> Record:
    now = instant_text(ctx.now)
    created = _utc(body, "created_at", now)
    taxes = [
        {"title": title, "rate": rate, "price": money_text(tax, units)}
        for title, rate, tax in tax_by_rate([*lines, *shipping])
    ]
    return save(
        ctx,
        {
            "id": body["id"] if "id" in body else _free_id(ctx),
            "name": f"#{ctx.next('orderName')}",
            "created_at": created,
            "updated_at": now,
            "processed_at": _utc(body, "processed_at", created),
            "test": body.get("test", False),
            "currency": body["currency"],
            "presentment_currency": body.get("presentment_currency", body["currency"]),
            "taxes_included": body.get("taxes_included", False),
            "financial_status": "pending",
            "fulfillment_status": None,
            "cancelled_at": None,
            "cancel_reason": None,
            "closed_at": None,
            "email": body.get("email", customer["email"] if customer is not None else None),
            "phone": body.get("phone"),
            "gateway": None,
            "payment_terms": body.get("payment_terms"),
            "location_id": body.get("location_id"),
            "customer": customers.shown_in_order(customer),
            "billing_address": body.get("billing_address"),
            "shipping_address": body.get("shipping_address"),
            "line_items": [
                {**line, "id": line["id"] if line["id"] is not None else ctx.next("line")} for line in lines
            ],
            "shipping_lines": [
                {"discount_allocations": [], "tax_lines": [], **line, "id": ctx.next("line")} for line in shipping
            ],
            "tax_lines": body.get("tax_lines", taxes),
            "discount_applications": body.get("discount_applications", []),
            **{name: money_text(amount, units) for name, amount in stated.items()},
            "current_total_price": money_text(stated["total_price"], units),
            **{name: body[name] for name in ("total_price_set", "total_tax_set") if name in body},
            "refunds": [],
            "fulfillments": [],
            "note": body.get("note"),
            "note_attributes": body.get("note_attributes", []),
            "tags": body.get("tags", ""),
            "_correlationId": ctx.correlation_id,
        },
    )


def _utc(body: Mapping[str, Any], field: str, default: str) -> str:
    return instant_text(parse_instant(body[field])) if field in body else default


def _free_id(ctx: Context) -> int:
    """The next order id that no fixture has taken."""
    while ctx.table("orders").get(candidate := ctx.next("order")) is not None:
        pass
    return candidate
