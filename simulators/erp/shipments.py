"""Sales shipments: draft, post (goods issue), undo (domain 2.2, salesShipment; section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from understudy import Context, Problem, Reply

from ..common.money import decimal, quantity_text
from ..common.records import present
from ..common.violations import Violations
from .company import closed_period, location_of, period_is_closed, posting_day, today
from .customers import is_blocked_for
from .drafts import delete_drafts_of, draft_invoice, invoiced_under, schedule_posting
from .duplicates import refuse_duplicate
from .events import announce
from .goods_issue import advance, issue_goods, return_goods
from .invoice_posting import close_if_finished
from .numbering import loose_number
from .order_composition import STEP
from .order_lines import amount, counts, is_physical
from .records import Record, fetch, find_one, save
from .reservations import reserve_lines, settle
from .shipment_check import check_shipment_lines, check_tracking, order_line, require_stock
from .states import SHIPMENT, order_transitions, refused
from .stock import Stock


def create_sales_shipment(ctx: Context) -> Reply:
    """A draft from a WMS shipment. Raises Problem 422 with every violation, 409 duplicate-external-document."""
    body = ctx.body
    refuse_duplicate(ctx, "salesShipments", "wmsShipmentId", body["wmsShipmentId"], gone=("reversed",))
    found = Violations()
    order = find_one(ctx, "salesOrders", "number", body["orderNumber"])
    if order is None:
        found.add("/orderNumber", "unknown-reference", f"no sales order {body['orderNumber']}", body["orderNumber"])
    if ctx.table("locations").get(body["locationCode"]) is None:
        found.add("/locationCode", "unknown-reference", f"no location {body['locationCode']}", body["locationCode"])
    day = date.fromisoformat(body["postingDate"])
    if day > today(ctx):
        found.add("/postingDate", "invalid-value", "the posting date lies in the future", body["postingDate"])
    if order is not None:
        check_shipment_lines(order, body["lines"], body["locationCode"], found)
        check_tracking(ctx, order, body["lines"], found)
    found.refuse("Shipment cannot be accepted")
    assert order is not None
    open_day = posting_day(ctx, day)
    _require_released(order)
    saved = save(
        ctx,
        "salesShipments",
        {
            "id": ctx.new_id("salesShipment"),
            "number": loose_number(ctx, "SH", "salesShipment", today(ctx)),
            "status": "draft",
            "orderId": order["id"],
            "orderNumber": order["number"],
            "wmsShipmentId": body["wmsShipmentId"],
            "postingDate": open_day.isoformat(),
            "locationCode": body["locationCode"],
            "carrierCode": body.get("carrierCode"),
            "trackingNumber": body.get("trackingNumber"),
            "sscc": body.get("sscc", []),
            "sourceSystem": body.get("sourceSystem"),
            "lines": [_line_of(order, line, index) for index, line in enumerate(body["lines"])],
            "correlationId": order["correlationId"],
            # The tax point and document date of the invoice, also when the posting moves to an open period (PT-6).
            "_documentDate": body["postingDate"],
            "_costBooked": False,
        },
    )
    return Reply(201, present(saved), location_of(ctx, "salesShipments", saved))


def get_sales_shipment(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx, "salesShipments", ctx.path["salesShipmentId"])))


def post_sales_shipment(ctx: Context) -> Reply:
    """Goods issue: stock and cost entries, order progress, a draft invoice by policy. All of it or nothing.

    Under `invoicePolicy=on_order` the last shipment closes the order, which was invoiced before.
    """
    shipment = fetch(ctx, "salesShipments", ctx.path["salesShipmentId"])
    ctx.require_match(shipment)
    order = _order_of(ctx, shipment)
    if shipment["status"] == "draft":
        _check_for_posting(ctx, order, shipment)
    _require_draft(shipment)
    _require_released(order)
    day = posting_day(ctx, date.fromisoformat(shipment["_documentDate"]))
    stock = Stock(ctx)
    require_stock(ctx, stock, order, shipment)
    lines = _with_services(order, shipment["lines"])
    posted = {**shipment, "status": "posted", "postingDate": day.isoformat(), "lines": lines}
    saved = save(ctx, "salesShipments", issue_goods(ctx, stock, order, posted))
    shipped = close_if_finished(advance(order, lines, 1))
    stock.follow(order["lines"], shipped["lines"])
    saved_order = save(ctx, "salesOrders", shipped)
    announce(ctx, "erp.shipment.posted.v1", saved)
    if saved_order["status"] == "closed":
        announce(ctx, "erp.salesorder.closed.v1", saved_order)
    if ctx.policy.get("invoicePolicy", "on_shipment") == "on_shipment":
        invoice = draft_invoice(ctx, saved_order, saved)
        if invoice is not None:
            schedule_posting(ctx, invoice)
    settle(ctx, stock)
    return Reply(200, present(saved))


def undo_sales_shipment(ctx: Context) -> Reply:
    """Take a posted shipment back while it is not invoiced and its period is open: same accounts, same amounts."""
    shipment = fetch(ctx, "salesShipments", ctx.path["salesShipmentId"])
    ctx.require_match(shipment)
    what, allowed = f"sales shipment {shipment['number']}", SHIPMENT[shipment["status"]]
    if period_is_closed(ctx, date.fromisoformat(shipment["postingDate"])):
        raise closed_period(date.fromisoformat(shipment["postingDate"]), "/postingDate")
    if "reversed" not in allowed:
        raise refused(what, shipment["status"], allowed, "reversed")
    invoice = invoiced_under(ctx, shipment)
    if invoice is not None:
        raise refused(what, shipment["status"], (), "reversed", f"invoice {invoice} bills it: credit that instead")
    order = _order_of(ctx, shipment)
    if order["status"] == "closed":
        raise refused(what, shipment["status"], (), "reversed", f"sales order {order['number']} is closed")
    delete_drafts_of(ctx, shipment)
    stock = Stock(ctx)
    return_goods(ctx, stock, shipment)
    reopened = advance(order, shipment["lines"], -1)
    if order["status"] == "released":
        reopened = reserve_lines(stock, reopened)
    save(ctx, "salesOrders", reopened)
    saved = save(ctx, "salesShipments", {**shipment, "status": "reversed"})
    announce(ctx, "erp.shipment.reversed.v1", saved)
    settle(ctx, stock)
    return Reply(200, present(saved))


def _line_of(order: Record, asked: Mapping[str, Any], index: int) -> Record:
    line = order_line(order, asked["orderLineSequence"])
    assert line is not None, "checked"
    return _line(line, decimal(asked["quantity"]), index, asked.get("lot"), asked.get("serials", []))


def _line(line: Record, quantity: Decimal, index: int, lot: str | None, serials: Sequence[str]) -> Record:
    shown = {
        "sequence": STEP * (index + 1),
        "orderLineSequence": line["sequence"],
        "itemNumber": line["itemNumber"],
        "quantity": quantity_text(quantity),
        "lot": lot,
        "serials": list(serials),
        "costAmount": None,
    }
    unit = line["unitOfMeasureCode"]
    return shown if unit is None else {**shown, "unitOfMeasureCode": unit}


def _with_services(order: Record, lines: Sequence[Record]) -> list[Record]:
    """The shipment lines plus everything of the order that is not physical: it ships with the first shipment."""
    named = {line["orderLineSequence"] for line in lines}
    result = list(lines)
    for line in order["lines"]:
        left = amount(line, "outstanding")
        if counts(line) and not is_physical(line) and line["sequence"] not in named and left > 0:
            result.append(_line(line, left, len(result), None, []))
    return result


def _check_for_posting(ctx: Context, order: Record, shipment: Record) -> None:
    """What was checked at the draft and may have changed since: other shipments, the customer."""
    found = Violations()
    customer = fetch(ctx, "customers", order["customerId"])
    if is_blocked_for(customer, "shipment"):
        found.add("/orderNumber", "customer-blocked", f"customer {customer['number']} is blocked", customer["number"])
    check_shipment_lines(order, shipment["lines"], shipment["locationCode"], found)
    found.refuse("Shipment cannot be posted")


def _require_draft(shipment: Record) -> None:
    allowed = SHIPMENT[shipment["status"]]
    if "posted" not in allowed:
        raise Problem(
            "document-posted" if shipment["status"] == "posted" else "invalid-state-transition",
            f"sales shipment {shipment['number']} is {shipment['status']} already",
            current_state=shipment["status"],
            allowed_transitions=allowed,
        )


def _require_released(order: Record) -> None:
    if order["status"] != "released":
        allowed = order_transitions(order)
        raise refused(f"sales order {order['number']}", order["status"], allowed, "shipped", "it is not released")


def _order_of(ctx: Context, shipment: Record) -> Record:
    order = find_one(ctx, "salesOrders", "number", shipment["orderNumber"])
    assert order is not None, "a shipment belongs to an order"
    return order
