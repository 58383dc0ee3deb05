"""Two systems side by side: store orders and ERP orders, ERP invoices and the portal (REC-1, REC-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy import Evidence, Row

from .amount import dec, plain
from .effects import erp_orders_of
from .masters import every_invoice, first, store_order_of, today
from .recorded import event_data, recorded


def rec_1(evidence: Evidence) -> Iterator[Row | None]:
    """Every store order that is no test has its ERP order or a listed reason, and every ERP order a store order."""
    story = recorded(evidence)
    if not story.present:
        return
    reasons = _reasons_by_order(evidence)
    for sold in evidence.rows("storefront", "orders"):
        if sold["test"] or erp_orders_of(evidence, sold["id"]) or str(sold["id"]) in reasons:
            yield None
        elif sold["cancelled_at"] is not None:
            yield None  # taken back before it got there (DU-5)
        else:
            row = {"storeOrder": sold["name"], "id": str(sold["id"]), "total": sold["total_price"]}
            yield {**row, "paid": sold["financial_status"], "erpOrders": 0}
    for order in evidence.rows("erp", "salesOrders"):
        ours = ("erp", "salesOrders", order["id"]) in story.created_by_integration
        if ours and order["sourceSystem"] == "store" and store_order_of(evidence, order) is None:
            yield {"order": order["number"], "sourceOrderId": order["sourceOrderId"], "storeOrders": 0}


def rec_2(evidence: Evidence) -> Iterator[Row | None]:
    """The portal shows every posted invoice of the ERP and no other, and what 4.3 says of it, credit notes included."""
    story = recorded(evidence)
    if not story.present:
        return
    listed = _reasons_by_invoice(evidence)
    now = today(evidence).isoformat()
    posted = set()
    for invoice in every_invoice(evidence):
        number = invoice["number"]
        posted.add(number)
        view = evidence.get("crm", "invoiceViews", number)
        if view is None:
            yield None if number in listed else {"invoice": number, "problem": "not in the portal"}
            continue
        wanted = {
            "status": _shown_status(invoice, now),
            "total": dec(invoice["totals"]["includingTax"]),
            "remaining": dec(invoice["remainingAmount"]),
            "currency": invoice["currencyCode"],
            "dueDate": invoice["dueDate"],
            "documentDate": invoice["documentDate"],
        }
        wrong = {}
        for name, value in wanted.items():
            shown = dec(view[name]) if name in ("total", "remaining") else view[name]
            if shown != value:
                wrong[name] = [view[name], plain(value) if name in ("total", "remaining") else value]
        credits = {row["number"]: dec(row["amount"]) for row in view["creditNotes"]}
        posted_credits = _credits(evidence, number)
        if credits != posted_credits:
            wrong["creditNotes"] = [sorted(credits), sorted(posted_credits)]
        yield {"invoice": number, "portalAndErp": wrong} if wrong and number not in listed else None
    for view in evidence.rows("crm", "invoiceViews"):
        if view["number"] not in posted:
            known = first(evidence.find("erp", "salesInvoices", "number", view["number"]))
            state = "unknown at the ERP" if known is None else f"a {known['status']} at the ERP"
            yield {"invoice": view["number"], "problem": f"in the portal and {state}"}


def _credits(evidence: Evidence, number: str) -> Mapping[str, Decimal]:
    """Number -> amount of the posted credit memos for an invoice (C9)."""
    memos = evidence.find("erp", "creditMemos", "invoiceNumber", number)
    return {memo["number"]: dec(memo["totals"]["includingTax"]) for memo in memos if memo["number"] is not None}


def _shown_status(invoice: Mapping[str, Any], day: str) -> str:
    """C4, a total table: paid, credited, overdue by the calendar, partially paid, else issued."""
    remaining, whole = dec(invoice["remainingAmount"]), dec(invoice["totals"]["includingTax"])
    if invoice["status"] == "credited":
        return "credited"
    if remaining == 0:
        return "paid"
    if invoice["dueDate"] < day:
        return "overdue"
    return "issued" if remaining == whole else "partially_paid"


def _reasons_by_order(evidence: Evidence) -> Mapping[str, str]:
    """Store order id -> why the integration did not take it over."""
    story = recorded(evidence)
    found = {}
    for event_id, reason in story.reasons.items():
        event = story.events.get(event_id)
        if event is not None and event.name == "store.order.created.v1":
            found[event.subject] = reason
    return found


def _reasons_by_invoice(evidence: Evidence) -> Mapping[str, str]:
    """Invoice number -> the dead letter that keeps it from the portal; a skip is no reason to show something old."""
    story = recorded(evidence)
    found = {}
    for event_id, reason in story.reasons.items():
        event = story.events.get(event_id)
        if event is not None and event.name.startswith("erp.salesinvoice.") and reason.startswith("dead letter"):
            found[str(event_data(event).get("number"))] = reason
    return found
