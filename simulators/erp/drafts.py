"""Draft invoices: what a shipment (or, by `invoicePolicy=on_order`, a release) leaves to be invoiced (M-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from understudy import Context

from ..common.money import decimal, quantity_text
from .company import today
from .invoice_amounts import price_from_order
from .order_composition import STEP
from .order_lines import amount, counts
from .records import Record, save

POSTED_AFTER = timedelta(seconds=5)
"""The ERP's own job posts an automatic invoice this long after the shipment (domain 0: the ERP invoices by itself)."""

EMPTY: Mapping[str, Any] = {
    "number": None,
    "status": "draft",
    "postingDate": None,
    "dueDate": None,
    "roundingAmount": "0",
    "exchangeRate": None,
    "corrects": None,
    "_baseRemaining": "0",
}
"""What no draft has yet. `_baseRemaining`: the open amount in base currency, 0 until there is a receivable."""

Wanted = tuple[int, Decimal, str | None]
"""(order line sequence, quantity in the line's unit, reference of the shipment line or None)."""


def draft_invoice(ctx: Context, order: Record, shipment: Record | None = None) -> Record | None:
    """The automatic draft for a posted shipment, or without one for all of the order that is not invoiced yet.

    Returns None when nothing is left to invoice. A draft has no number and no ledger effect.
    """
    wanted: list[Wanted]
    if shipment is not None:
        wanted = _wanted_of(shipment)
        day = date.fromisoformat(shipment["_documentDate"])
    else:
        drafted = _drafted(ctx, order)
        wanted = [
            (line["sequence"], invoiceable(ctx, line) - drafted.get(line["sequence"], Decimal(0)), None)
            for line in order["lines"]
            if counts(line)
        ]
        day = today(ctx)
    wanted = [row for row in wanted if row[1] > 0]
    return store_draft(ctx, order, wanted, {"documentDate": day.isoformat()}) if wanted else None


def store_draft(ctx: Context, order: Record, wanted: Sequence[Wanted], header: Mapping[str, Any]) -> Record:
    """A draft over lines of an order. header: what differs from the order's own, the document date at least."""
    by_sequence = {line["sequence"]: line for line in order["lines"]}
    lines = [
        _line(by_sequence[sequence], quantity, index, reference)
        for index, (sequence, quantity, reference) in enumerate(wanted)
    ]
    draft = {
        "id": ctx.new_id("salesInvoice"),
        **EMPTY,
        "orderId": order["id"],
        "orderNumber": order["number"],
        "customerId": order["customerId"],
        "customerNumber": order["customerNumber"],
        "externalDocumentNumber": order["externalDocumentNumber"],
        "currencyCode": order["currencyCode"],
        "pricesIncludeTax": order["pricesIncludeTax"],
        "paymentTermsCode": order["paymentTermsCode"],
        **header,
        "lines": lines,
        "correlationId": order["correlationId"],
    }
    return save(ctx, "salesInvoices", price_from_order(ctx, order, draft))


def invoiceable(ctx: Context, line: Mapping[str, Any]) -> Decimal:
    """What may still be invoiced of an order line: shipped less invoiced; under `on_order`, ordered less invoiced."""
    if ctx.policy.get("invoicePolicy", "on_shipment") == "on_order":
        return amount(line, "quantity") - amount(line, "cancelled") - amount(line, "invoiced")
    return amount(line, "shipped") - amount(line, "invoiced")


def schedule_posting(ctx: Context, invoice: Record) -> None:
    """Have the ERP's own job post the draft in five seconds."""
    ctx.schedule(
        "postInvoice",
        {"invoiceId": invoice["id"], "causationId": ctx.causation_id},
        after=POSTED_AFTER,
        correlation_id=invoice["correlationId"],
    )


def shipment_line_ref(shipment: Mapping[str, Any], sequence: int) -> str:
    """`SH-2026-000077/10000`: the shipment and the order line that an invoice line bills (DOC-7)."""
    return f"{shipment['number']}/{sequence}"


def invoiced_under(ctx: Context, shipment: Mapping[str, Any]) -> str | None:
    """The number of a posted invoice that bills a line of the shipment, None when there is none."""
    return next((invoice["number"] for invoice in _billing(ctx, shipment) if invoice["status"] != "draft"), None)


def delete_drafts_of(ctx: Context, shipment: Mapping[str, Any]) -> None:
    for invoice in _billing(ctx, shipment):
        if invoice["status"] == "draft":
            ctx.table("salesInvoices").delete(invoice["id"])


def delete_drafts_of_order(ctx: Context, order: Mapping[str, Any]) -> None:
    for invoice in ctx.table("salesInvoices").find("orderNumber", order["number"]):
        if invoice["status"] == "draft":
            ctx.table("salesInvoices").delete(invoice["id"])


def _drafted(ctx: Context, order: Record) -> dict[int, Decimal]:
    """What drafts of the order bill already, per order line: an order that is resumed is not drafted twice."""
    quantities: dict[int, Decimal] = {}
    for invoice in ctx.table("salesInvoices").find("orderNumber", order["number"]):
        for line in invoice["lines"] if invoice["status"] == "draft" else ():
            sequence = line["orderLineSequence"]
            quantities[sequence] = quantities.get(sequence, Decimal(0)) + decimal(line["quantity"])
    return quantities


def _wanted_of(shipment: Record) -> list[Wanted]:
    """What the shipment bills, one row an order line: two lots of one line are one invoice line."""
    quantities: dict[int, Decimal] = {}
    for line in shipment["lines"]:
        sequence = line["orderLineSequence"]
        quantities[sequence] = quantities.get(sequence, Decimal(0)) + decimal(line["quantity"])
    return [(sequence, quantity, shipment_line_ref(shipment, sequence)) for sequence, quantity in quantities.items()]


def _billing(ctx: Context, shipment: Mapping[str, Any]) -> list[Record]:
    references = {shipment_line_ref(shipment, line["orderLineSequence"]) for line in shipment["lines"]}
    return [
        invoice
        for invoice in ctx.table("salesInvoices").find("orderNumber", shipment["orderNumber"])
        if any(line["shipmentLineRef"] in references for line in invoice["lines"])
    ]


def _line(order_line: Record, quantity: Decimal, index: int, reference: str | None) -> Record:
    return {
        "sequence": STEP * (index + 1),
        "orderLineSequence": order_line["sequence"],
        "shipmentLineRef": reference,
        "lineType": order_line["lineType"],
        "itemNumber": order_line["itemNumber"],
        "description": order_line["description"],
        "unitOfMeasureCode": order_line["unitOfMeasureCode"],
        "quantity": quantity_text(quantity),
        "unitPrice": order_line["unitPrice"],
        "taxCode": order_line["taxCode"],
    }
