"""What a careless integration does at the points that `practice.py` names; `defects.py` gives each mistake its name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import instant
from .failure import Failure, Refused
from .flows.accounts import account_of
from .practice import Record, Verdict
from .work import Work

_CENT = Decimal("0.01")


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


def rounds_tax_per_line(order: Record) -> Record:
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


def drops_freight(order: Record) -> Record:
    return {**order, "lines": [line for line in order["lines"] if line["lineType"] != "Charge"]}


def loses_leading_zero(order: Record) -> Record:
    def number(address: Record) -> Record:
        code = str(address["postalCode"])
        return {**address, "postalCode": str(int(code)) if code.isdigit() else code}

    return {**order, **{name: number(order[name]) for name in ("billTo", "shipTo") if order.get(name)}}


def another_order(order_id: str, message_id: str) -> str:
    """A repeat, which the receiver did not recognise, gets an order of its own: `5512340001~2`."""
    _, tilde, copy = message_id.rpartition("~")
    return f"{order_id}{tilde}{copy}" if tilde else order_id


def order_id_through_float(order_id: str, _message_id: str) -> str:
    return str(int(float(order_id))) if order_id.isdigit() else order_id


def line_ids_through_float(order: Record) -> Record:
    return _lines(order, lambda _index, line: {**line, "sourceLineId": str(int(float(line["sourceLineId"])))})


def wrong_tax_code(order: Record) -> Record:
    first = next((line["taxCode"] for line in order["lines"] if "taxCode" in line), None)
    return _lines(order, lambda index, line: {**line, "taxCode": first} if index == 1 and first else line)


def no_discount(order: Record) -> Record:
    return _lines(order, lambda _index, line: {k: v for k, v in line.items() if k != "discountAmount"})


def discount_twice(order: Record) -> Record:
    total = sum((Decimal(line.get("discountAmount") or "0") for line in order["lines"]), Decimal(0))
    return {**order, "discountAmount": str(total)} if total else order


def discount_in_price(order: Record) -> Record:
    def net(_index: int, line: Record) -> Record:
        discount = Decimal(line.get("discountAmount") or "0")
        price = (Decimal(line["unitPrice"]) - discount / Decimal(line["quantity"])).quantize(_CENT, ROUND_HALF_UP)
        return {**line, "unitPrice": str(price), "discountAmount": "0.00"}

    return _lines(order, net)


def date_in_utc(data: Mapping[str, Any]) -> Mapping[str, Any]:
    # The mapping turns the instant into a company date; midnight UTC of the UTC date becomes just that date.
    day = instant.read(str(data["created_at"])).date().isoformat()
    return {**data, "created_at": f"{day}T00:00:00Z"}


# Payments, shipments, invoices


def payment_twice(bodies: list[Record], event: str) -> list[Record]:
    suffix = "" if event.endswith("order.created.v1") else "-2"
    return [{**body, "externalPaymentId": f"{body['externalPaymentId']}{suffix}"} for body in bodies]


def payment_without_tax(bodies: list[Record], _event: str) -> list[Record]:
    net = Decimal("1.19")
    return [{**body, "amount": str((Decimal(body["amount"]) / net).quantize(_CENT, ROUND_HALF_UP))} for body in bodies]


def ships_everything(shipment: Record, order: Mapping[str, Any]) -> Record:
    ordered = {line["sequence"]: line["quantity"] for line in order["lines"]}
    lines = [{**line, "quantity": ordered[line["orderLineSequence"]]} for line in shipment["lines"]]
    return {**shipment, "lines": lines}


def everything_to_warehouse(order: Record) -> Record:
    freight = {"lineRef": "99999", "sku": "FREIGHT", "quantity": "1", "uom": "EA"}
    return {**order, "lines": [*order["lines"], freight]}


def no_tracking(fulfilment: Record) -> Record:
    return {name: value for name, value in fulfilment.items() if not name.startswith("tracking")}


def shows_draft(work: Work, shipment: Record) -> None:
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


def always_issued(view: Record) -> Record:
    return {**view, "status": "issued", "remaining": view["total"]}


# Failures


def lost_on_outage(failure: Failure) -> Verdict:
    return "lost" if (failure.cause.status or 0) >= 500 else "decide"


def crash(_failure: Failure) -> Verdict:
    return "crash"


def swallowed(failure: Failure) -> Verdict:
    local = isinstance(failure, Refused) and failure.cause.status is None
    return "applied" if failure.cause.status == 422 or local else "decide"


def retried(failure: Failure) -> Verdict:
    return "retry" if isinstance(failure, Refused) and failure.cause.status in (None, 400, 409, 422) else "decide"
