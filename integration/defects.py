"""Known ways to get an integration wrong, one switch each, so that the harness can prove that it notices them.

A defect replaces one point of good practice (`practice.py`); nothing else in the integration knows that it is on. Never
switch one on in production: `UNDERSTUDY_INTEGRATION_DEFECT` is for `understudy run --defect` and `understudy prove`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from difflib import get_close_matches
from typing import Any

from . import instant
from .failure import Failure, Refused
from .flows.accounts import account_of
from .practice import SOUND, Practice, Record, Verdict
from .settings import SettingsError
from .work import Work

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Defect:
    """name: as switched on. what: one sentence. where: the point of practice it replaces. practice: with the defect."""

    name: str
    what: str
    where: str
    practice: Practice


def practice(name: str) -> Practice:
    """The practice under a defect; good practice for an empty name. Raises SettingsError for an unknown one."""
    if not name:
        return SOUND
    defect = CATALOGUE.get(name)
    if defect is None:
        near = get_close_matches(name, CATALOGUE, n=1)
        hint = f", did you mean {near[0]!r}?" if near else f"; there are: {', '.join(CATALOGUE)}"
        raise SettingsError([f"unknown defect {name!r}{hint}"])
    return replace(defect.practice, defect=name)


# Content of orders


def _lines(order: Record, change: Any) -> Record:
    """The order with every line that has a price changed."""
    return {
        **order,
        "lines": [change(index, line) if "unitPrice" in line else line for index, line in enumerate(order["lines"])],
    }


def _tax_rate(line: Mapping[str, Any]) -> Decimal:
    """`DE-S19` -> 0.19: good enough for a careless integration."""
    digits = str(line["taxCode"]).rpartition("-")[2].lstrip("SKGAEZ")
    return Decimal(digits or "0") / 100


def _rounds_tax_per_line(order: Record) -> Record:
    if order["pricesIncludeTax"]:
        return order

    def gross(_index: int, line: Record) -> Record:
        factor = 1 + _tax_rate(line)
        cents: Record = {
            name: str((Decimal(line[name]) * factor).quantize(_CENT, ROUND_HALF_UP))
            for name in ("unitPrice", "discountAmount")
            if name in line
        }
        return {**line, **cents}

    return {**_lines(order, gross), "pricesIncludeTax": True}


def _drops_freight(order: Record) -> Record:
    return {**order, "lines": [line for line in order["lines"] if line["lineType"] != "Charge"]}


def _loses_leading_zero(order: Record) -> Record:
    def number(address: Record) -> Record:
        code = str(address["postalCode"])
        return {**address, "postalCode": str(int(code)) if code.isdigit() else code}

    return {**order, **{name: number(order[name]) for name in ("billTo", "shipTo") if order.get(name)}}


def _order_id_through_float(order_id: str, _message_id: str) -> str:
    return str(int(float(order_id))) if order_id.isdigit() else order_id


def _line_ids_through_float(order: Record) -> Record:
    return _lines(order, lambda _index, line: {**line, "sourceLineId": str(int(float(line["sourceLineId"])))})


def _wrong_tax_code(order: Record) -> Record:
    first = next((line["taxCode"] for line in order["lines"] if "taxCode" in line), None)
    return _lines(order, lambda index, line: {**line, "taxCode": first} if index == 1 and first else line)


def _no_discount(order: Record) -> Record:
    return _lines(order, lambda _index, line: {k: v for k, v in line.items() if k != "discountAmount"})


def _discount_twice(order: Record) -> Record:
    total = sum((Decimal(line.get("discountAmount") or "0") for line in order["lines"]), Decimal(0))
    return {**order, "discountAmount": str(total)} if total else order


def _discount_in_price(order: Record) -> Record:
    def net(_index: int, line: Record) -> Record:
        discount = Decimal(line.get("discountAmount") or "0")
        price = (Decimal(line["unitPrice"]) - discount / Decimal(line["quantity"])).quantize(_CENT, ROUND_HALF_UP)
        return {**line, "unitPrice": str(price), "discountAmount": "0.00"}

    return _lines(order, net)


def _date_in_utc(data: Mapping[str, Any]) -> Mapping[str, Any]:
    # The mapping turns the instant into a company date; midnight UTC of the UTC date becomes just that date.
    day = instant.read(str(data["created_at"])).date().isoformat()
    return {**data, "created_at": f"{day}T00:00:00Z"}


# Payments, shipments, invoices


def _payment_twice(bodies: list[Record], event: str) -> list[Record]:
    suffix = "" if event.endswith("order.created.v1") else "-2"
    return [{**body, "externalPaymentId": f"{body['externalPaymentId']}{suffix}"} for body in bodies]


def _payment_without_tax(bodies: list[Record], _event: str) -> list[Record]:
    net = Decimal("1.19")
    return [{**body, "amount": str((Decimal(body["amount"]) / net).quantize(_CENT, ROUND_HALF_UP))} for body in bodies]


def _ships_everything(shipment: Record, order: Mapping[str, Any]) -> Record:
    ordered = {line["sequence"]: line["quantity"] for line in order["lines"]}
    lines = [{**line, "quantity": ordered[line["orderLineSequence"]]} for line in shipment["lines"]]
    return {**shipment, "lines": lines}


def _everything_to_warehouse(order: Record) -> Record:
    freight = {"lineRef": "99999", "sku": "FREIGHT", "quantity": "1", "uom": "EA"}
    return {**order, "lines": [*order["lines"], freight]}


def _no_tracking(fulfilment: Record) -> Record:
    return {name: value for name, value in fulfilment.items() if not name.startswith("tracking")}


def _shows_draft(work: Work, shipment: Record) -> None:
    """A draft has no number yet, so one is made up."""
    number = shipment["orderNumber"]
    for invoice in work.erp.rows("listSalesInvoices", "salesInvoices", f"orderNumber eq '{number}'"):
        if invoice["status"] == "draft":
            total = invoice["totals"]["includingTax"]
            view = {
                "number": f"DRAFT-{number}"[:20],
                "accountId": account_of(work, invoice["customerId"])["id"],
                "status": "issued",
                "total": total,
                "remaining": total,
                "currency": invoice["currencyCode"],
                "documentDate": shipment["postingDate"],
                "dueDate": shipment["postingDate"],
                "updatedAt": invoice["lastModifiedDateTime"],
            }
            work.crm.show_invoice(view)


def _always_issued(view: Record) -> Record:
    return {**view, "status": "issued", "remaining": view["total"]}


# Failures


def _lost_on_outage(failure: Failure) -> Verdict:
    return "lost" if (failure.cause.status or 0) >= 500 else "decide"


def _crash(_failure: Failure) -> Verdict:
    return "crash"


def _swallowed(failure: Failure) -> Verdict:
    local = isinstance(failure, Refused) and failure.cause.status is None
    return "applied" if failure.cause.status == 422 or local else "decide"


def _retried(failure: Failure) -> Verdict:
    return "retry" if isinstance(failure, Refused) and failure.cause.status in (None, 400, 409, 422) else "decide"


_ALL = (
    Defect(
        "random-idempotency-key",
        "Every request carries a fresh Idempotency-Key, and nothing is looked up before it is sent again.",
        "key, looks_up_first",
        Practice(key=lambda key, attempt, nonce: nonce, looks_up_first=False, remembers_writes=False),  # noqa: ARG005
    ),
    Defect(
        "new-key-on-retry",
        "A retry carries another Idempotency-Key than the first try, and goes out without looking the order up.",
        "key, looks_up_first",
        Practice(key=lambda key, attempt, nonce: f"{key}:{attempt}", looks_up_first=False),  # noqa: ARG005
    ),
    Defect(
        "lost-on-503",
        "A message whose target answers 5xx is dropped instead of tried again.",
        "verdict",
        Practice(verdict=_lost_on_outage),
    ),
    Defect(
        "acknowledges-before-storing",
        "Webhooks are answered and only kept in memory: the first failure ends the process, and all of them with it.",
        "verdict",
        Practice(verdict=_crash),
    ),
    Defect(
        "duplicate-webhook-second-order",
        "A redelivered webhook is not recognised and makes a second order.",
        "recognises_repeats, source_order_id",
        Practice(
            recognises_repeats=False,
            source_order_id=lambda order_id, message_id: (
                order_id + "".join(message_id.rpartition("~")[1:]) if "~" in message_id else order_id
            ),
        ),
    ),
    Defect(
        "rounds-tax-per-line",
        "Prices go to the ERP including tax, rounded to cents line by line.",
        "sales_order",
        Practice(sales_order=_rounds_tax_per_line),
    ),
    Defect(
        "drops-freight",
        "The freight line is left out of the order.",
        "sales_order",
        Practice(sales_order=_drops_freight),
    ),
    Defect(
        "loses-leading-zero",
        "Postcodes pass through a number and lose their leading zero.",
        "sales_order",
        Practice(sales_order=_loses_leading_zero),
    ),
    Defect(
        "id-through-float",
        "Ids of the store pass through binary floating point, which has no room for all of their digits.",
        "source_order_id, sales_order",
        Practice(source_order_id=_order_id_through_float, sales_order=_line_ids_through_float),
    ),
    Defect(
        "no-correlation-id",
        "Calls to the target systems carry no correlation id.",
        "passes_correlation",
        Practice(passes_correlation=False),
    ),
    Defect(
        "ignores-retry-after",
        "A target that asks for quiet with Retry-After is called again as if it had not.",
        "honours_retry_after",
        Practice(honours_retry_after=False),
    ),
    Defect(
        "swallows-422",
        "A refusal for business reasons is logged as success: no dead letter, no document.",
        "verdict",
        Practice(verdict=_swallowed),
    ),
    Defect(
        "retries-refusals",
        "A refusal that no repetition can change is tried again like an outage.",
        "verdict",
        Practice(verdict=_retried),
    ),
    Defect(
        "wrong-tax-code-second-line",
        "The second line of an order gets the tax code of the first.",
        "sales_order",
        Practice(sales_order=_wrong_tax_code),
    ),
    Defect(
        "invoice-status-from-draft",
        "The portal is told of an invoice while it is still a draft.",
        "after_shipment",
        Practice(after_shipment=_shows_draft),
    ),
    Defect(
        "invoice-always-issued",
        "The portal shows every invoice as issued with its whole amount open, whatever was paid.",
        "invoice_view",
        Practice(invoice_view=_always_issued),
    ),
    Defect(
        "order-date-in-utc",
        "The order date is the date in UTC instead of the company's time zone.",
        "store_order",
        Practice(store_order=_date_in_utc),
    ),
    Defect("drops-discount", "Discounts are left out of the order.", "sales_order", Practice(sales_order=_no_discount)),
    Defect(
        "discount-twice",
        "Discounts go to the ERP on the lines and once more on the header.",
        "sales_order",
        Practice(sales_order=_discount_twice),
    ),
    Defect(
        "discount-in-price",
        "Discounts are taken off the unit price, rounded to cents, instead of stated.",
        "sales_order",
        Practice(sales_order=_discount_in_price),
    ),
    Defect(
        "ships-full-quantity",
        "Whatever the warehouse shipped, the ERP is told that the whole line went out.",
        "sales_shipment",
        Practice(sales_shipment=_ships_everything),
    ),
    Defect(
        "prepayment-twice",
        "A payment is booked when the order comes and again when the store says that it is paid.",
        "payments",
        Practice(payments=_payment_twice),
    ),
    Defect(
        "prepayment-without-tax",
        "Prepayments are booked net of tax.",
        "payments",
        Practice(payments=_payment_without_tax),
    ),
    Defect(
        "stale-availability",
        "Stock for the store is taken from each event as it comes, so that an older one overwrites a newer one.",
        "refuses_old_state, balances",
        Practice(refuses_old_state=False, balances=lambda _rows, event: [dict(event)]),
    ),
    Defect(
        "no-signature-check",
        "Webhooks are believed without checking their signature.",
        "checks_signature",
        Practice(checks_signature=False),
    ),
    Defect(
        "customer-by-exact-email",
        "Customers are matched by the e-mail address exactly as it was typed.",
        "matches_typed_email",
        Practice(matches_typed_email=True),
    ),
    Defect(
        "customer-by-name",
        "Customers are matched by first and last name.",
        "matches_by_name",
        Practice(matches_by_name=True),
    ),
    Defect(
        "if-match-any",
        "Conditional writes are sent with If-Match: *, so that changes of others are overwritten.",
        "if_match",
        Practice(if_match=lambda _etag: "*"),
    ),
    Defect(
        "freight-to-warehouse",
        "The freight line is sent to the warehouse as if it could be picked.",
        "fulfilment_order",
        Practice(fulfilment_order=_everything_to_warehouse),
    ),
    Defect(
        "no-tracking",
        "Shipments are told to the store without their tracking number.",
        "store_fulfilment",
        Practice(store_fulfilment=_no_tracking),
    ),
)

CATALOGUE: Mapping[str, Defect] = {defect.name: defect for defect in _ALL}
DEFECTS: Mapping[str, str] = {defect.name: defect.what for defect in _ALL}
