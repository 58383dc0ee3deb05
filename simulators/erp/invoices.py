"""Sales invoices: drafts by hand, posting, deleting drafts, and the ERP's own jobs (domain 2.2, salesInvoice)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from understudy import Context, Problem, Reply

from ..common.money import decimal, quantity_text
from ..common.records import present
from ..common.violations import Violations
from .company import closed_period, exchange_rate, location_of, period_is_closed, posting_day, today
from .drafts import EMPTY, Wanted, invoiceable, shipment_line_ref, store_draft
from .events import announce
from .invoice_amounts import price_directly
from .invoice_posting import post_invoice
from .order_check import check_line
from .order_composition import STEP, ordering_customer
from .order_lines import counts
from .records import Record, fetch, find_one, save
from .states import INVOICE, order_transitions, refused

_LINE: Mapping[str, Any] = {
    "lineType": None,
    "itemNumber": None,
    "description": None,
    "unitOfMeasureCode": None,
    "unitPrice": "0",
    "discountAmount": "0",
    "taxCode": None,
}


def get_sales_invoice(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx, "salesInvoices", ctx.path["salesInvoiceId"])))


def create_sales_invoice(ctx: Context) -> Reply:
    """A draft by hand, over lines of an order or without one.

    Raises Problem 422 with every violation, over-invoice for more than was shipped and not invoiced.
    """
    saved = _draft_without_order(ctx) if ctx.body.get("orderNumber") is None else _draft_for_order(ctx)
    return Reply(201, present(saved), location_of(ctx, "salesInvoices", saved))


def post_sales_invoice(ctx: Context) -> Reply:
    """Post a draft. A stated posting date in a closed period is refused; `closedPeriod` governs only automatic ones."""
    invoice = fetch(ctx, "salesInvoices", ctx.path["salesInvoiceId"])
    ctx.require_match(invoice)
    stated = (ctx.body or {}).get("postingDate") or invoice["postingDate"]
    day = date.fromisoformat(stated) if stated else today(ctx)
    if invoice["status"] == "draft" and period_is_closed(ctx, day):
        raise closed_period(day, "/postingDate")
    _require_draft(invoice, "posted")
    return Reply(200, present(post_invoice(ctx, invoice, posting_date=day, causation_id=ctx.causation_id)))


def delete_sales_invoice(ctx: Context) -> Reply:
    invoice = fetch(ctx, "salesInvoices", ctx.path["salesInvoiceId"])
    ctx.require_match(invoice)
    _require_draft(invoice, "deleted")
    ctx.table("salesInvoices").delete(invoice["id"])
    return Reply(204)


def post_invoice_job(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job, five seconds after a shipment: post its draft, unless somebody posted or deleted it meanwhile.

    A refusal (closed period, missing set-up) leaves the draft for a human; the engine records why.
    """
    invoice = ctx.table("salesInvoices").get(payload["invoiceId"])
    if invoice is None or invoice["status"] != "draft":
        return
    day = posting_day(ctx, date.fromisoformat(invoice["documentDate"]))
    post_invoice(ctx, invoice, posting_date=day, causation_id=payload["causationId"])


def announce_overdue(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job, on the day after the due date: say so if money is still missing."""
    invoice = ctx.table("salesInvoices").get(payload["invoiceId"])
    if invoice is not None and decimal(invoice["remainingAmount"]) > 0:
        announce(ctx, "erp.salesinvoice.overdue.v1", invoice, causation_id=payload["causationId"])


def _require_draft(invoice: Record, target: str) -> None:
    if invoice["status"] != "draft":
        raise Problem(
            "document-posted",
            f"sales invoice {invoice['number']} is posted and cannot be {target}: credit it instead",
            current_state=invoice["status"],
            allowed_transitions=INVOICE[invoice["status"]],
        )


def _draft_for_order(ctx: Context) -> Record:
    body, found = ctx.body, Violations()
    order = find_one(ctx, "salesOrders", "number", body["orderNumber"])
    if order is None:
        found.add("/orderNumber", "unknown-reference", f"no sales order {body['orderNumber']}", body["orderNumber"])
        found.refuse("Invoice cannot be accepted")
        raise AssertionError("refused above")
    for name in ("customerId", "customerNumber", "currencyCode", "pricesIncludeTax"):
        if body.get(name) is not None and body[name] != order[name]:
            code = "currency-mismatch" if name == "currencyCode" else "invalid-value"
            found.add(f"/{name}", code, f"{order['number']} has {order[name]}", body[name])
    wanted = _wanted(ctx, order, found)
    found.refuse("Invoice cannot be accepted")
    if order["status"] not in ("released", "on_hold"):
        raise refused(f"sales order {order['number']}", order["status"], order_transitions(order), "invoiced")
    header = {name: body[name] for name in ("externalDocumentNumber", "paymentTermsCode") if body.get(name)}
    return store_draft(ctx, order, wanted, {**header, **_dates(ctx, body)})


def _wanted(ctx: Context, order: Record, found: Violations) -> list[Wanted]:
    known = {line["sequence"]: line for line in order["lines"] if counts(line)}
    left = {sequence: invoiceable(ctx, line) for sequence, line in known.items()}
    wanted: list[Wanted] = []
    for index, line in enumerate(ctx.body["lines"]):
        at, sequence, quantity = f"/lines/{index}", line.get("orderLineSequence"), decimal(line["quantity"])
        if sequence is None:
            found.add(
                f"{at}/orderLineSequence", "required", f"a line of an invoice for {order['number']} names its line"
            )
        elif sequence not in known:
            detail = f"{order['number']} has no line {sequence}"
            found.add(f"{at}/orderLineSequence", "unknown-reference", detail, sequence)
        elif quantity > left[sequence]:
            detail = f"line {sequence} has {quantity_text(left[sequence])} left to invoice"
            found.add(f"{at}/quantity", "over-invoice", detail, line["quantity"])
        else:
            left[sequence] -= quantity
            reference = line.get("shipmentLineRef") or _shipped_by(ctx, order, sequence)
            wanted.append((sequence, quantity, reference))
    return wanted


def _shipped_by(ctx: Context, order: Record, sequence: int) -> str | None:
    """The newest posted shipment of an order line (DOC-7)."""
    found = None
    for shipment in ctx.table("salesShipments").find("orderNumber", order["number"]):
        if shipment["status"] == "posted" and any(line["orderLineSequence"] == sequence for line in shipment["lines"]):
            found = shipment_line_ref(shipment, sequence)
    return found


def _draft_without_order(ctx: Context) -> Record:
    body, found = ctx.body, Violations()
    customer = ordering_customer(ctx, body, found)
    terms = body.get("paymentTermsCode") or (customer or {}).get("paymentTermsCode")
    currency = body.get("currencyCode") or (customer or {}).get("currencyCode")
    dates = _dates(ctx, body)
    if terms is not None and ctx.table("paymentTerms").get(terms) is None:
        found.add("/paymentTermsCode", "unknown-reference", f"no payment terms {terms}", terms)
    if currency is not None and ctx.table("currencies").get(currency) is None:
        found.add("/currencyCode", "unknown-reference", f"no currency {currency}", currency)
    elif currency is not None and exchange_rate(ctx, currency, date.fromisoformat(dates["documentDate"])) is None:
        found.add("/currencyCode", "unknown-reference", f"no rate for {currency}", currency)
    lines = [_direct_line(ctx, line, index) for index, line in enumerate(body["lines"])]
    for index, line in enumerate(lines):
        if line["orderLineSequence"] is not None:
            detail = "an invoice without an order has no order lines"
            found.add(f"/lines/{index}/orderLineSequence", "invalid-value", detail, line["orderLineSequence"])
        elif counts(line):
            check_line(
                ctx, {"currencyCode": currency, "orderDate": dates["documentDate"]}, line, f"/lines/{index}", found
            )
        else:
            found.add(f"/lines/{index}/lineType", "invalid-value", "a comment cannot be invoiced", line["lineType"])
    found.refuse("Invoice cannot be accepted")
    assert customer is not None
    draft = {
        "id": ctx.new_id("salesInvoice"),
        **EMPTY,
        "orderId": None,
        "orderNumber": None,
        "customerId": customer["id"],
        "customerNumber": customer["number"],
        "externalDocumentNumber": body.get("externalDocumentNumber"),
        "currencyCode": currency,
        "pricesIncludeTax": body.get("pricesIncludeTax", False),
        "paymentTermsCode": terms,
        **dates,
        "lines": lines,
        "correlationId": ctx.correlation_id,
    }
    return save(ctx, "salesInvoices", price_directly(ctx, draft))


def _direct_line(ctx: Context, body: Mapping[str, Any], index: int) -> Record:
    line = {name: body.get(name, default) for name, default in _LINE.items()}
    item = find_one(ctx, "items", "number", line["itemNumber"]) if line["itemNumber"] else None
    if item is not None:
        line["description"] = line["description"] or item["displayName"]
        line["unitOfMeasureCode"] = line["unitOfMeasureCode"] or item["baseUnitOfMeasureCode"]
    return {
        "sequence": STEP * (index + 1),
        "orderLineSequence": body.get("orderLineSequence"),
        "shipmentLineRef": None,
        **line,
        "quantity": quantity_text(decimal(body["quantity"])),
        "locationCode": None,
        "_physical": False,
    }


def _dates(ctx: Context, body: Mapping[str, Any]) -> dict[str, Any]:
    """documentDate: stated, else the stated posting date, else today."""
    posting_date = body.get("postingDate")
    return {
        "documentDate": body.get("documentDate") or posting_date or today(ctx).isoformat(),
        "postingDate": posting_date,
    }
