"""Credit memos: the only way to undo a posted invoice (domain 2.2, creditMemo; M-9, M-12; rule 9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from understudy import Context, Problem, Reply

from ..common.records import present
from ..common.violations import Violations
from .company import closed_period, exchange_rate, location_of, period_is_closed, today
from .credit_lines import asked_again, draw, state
from .credit_posting import post_credit_memo
from .order_composition import ordering_customer
from .records import Record, fetch, find_one, save
from .states import CREDIT_MEMO


def get_credit_memo(ctx: Context) -> Reply:
    return Reply(200, present(fetch(ctx, "creditMemos", ctx.path["creditMemoId"])))


def create_credit_memo(ctx: Context) -> Reply:
    """A draft. Raises Problem 422 with every violation: over-credit, currency-mismatch, unknown-reference."""
    body, found = ctx.body, Violations()
    memo = _against_invoice(ctx, body, found) if body.get("invoiceNumber") else _without_invoice(ctx, body, found)
    found.refuse("Credit memo cannot be accepted")
    assert memo is not None, "refused above"
    saved = save(ctx, "creditMemos", {"id": ctx.new_id("creditMemo"), **memo})
    return Reply(201, present(saved), location_of(ctx, "creditMemos", saved))


def post_draft_credit_memo(ctx: Context) -> Reply:
    """Number, ledger entries; a second look at what is left to credit. A stated date in a closed period is refused."""
    memo = fetch(ctx, "creditMemos", ctx.path["creditMemoId"])
    ctx.require_match(memo)
    stated = (ctx.body or {}).get("postingDate") or memo["postingDate"]
    day = date.fromisoformat(stated) if stated else today(ctx)
    if memo["status"] == "draft" and period_is_closed(ctx, day):
        raise closed_period(day, "/postingDate")
    if memo["status"] != "draft":
        raise Problem(
            "document-posted",
            f"credit memo {memo['number']} is posted already",
            current_state=memo["status"],
            allowed_transitions=CREDIT_MEMO.get(memo["status"], ()),
        )
    invoice = find_one(ctx, "salesInvoices", "number", memo["invoiceNumber"]) if memo["invoiceNumber"] else None
    if invoice is not None:
        # Other credit memos of the invoice may have been posted since the draft was made.
        found = Violations()
        memo = draw(ctx, memo, invoice, asked_again(memo), found)
        found.refuse("Credit memo cannot be posted")
    return Reply(200, present(post_credit_memo(ctx, memo, invoice, posting_date=day)))


def _against_invoice(ctx: Context, body: Mapping[str, Any], found: Violations) -> Record | None:
    number = body["invoiceNumber"]
    invoice = find_one(ctx, "salesInvoices", "number", number)
    if invoice is None:
        found.add("/invoiceNumber", "unknown-reference", f"no posted invoice {number}", number)
        return None
    for name in ("customerId", "customerNumber"):
        if body.get(name) is not None and body[name] != invoice[name]:
            found.add(f"/{name}", "invalid-value", f"{number} was sent to {invoice['customerNumber']}", body[name])
    currency = body.get("currencyCode")
    if currency is not None and currency != invoice["currencyCode"]:
        found.add("/currencyCode", "currency-mismatch", f"{number} is in {invoice['currencyCode']}", currency)
    memo = _header(ctx, body) | {
        "orderNumber": invoice["orderNumber"],
        "invoiceNumber": number,
        "corrects": number,
        "customerId": invoice["customerId"],
        "customerNumber": invoice["customerNumber"],
        "currencyCode": invoice["currencyCode"],
        "exchangeRate": invoice["exchangeRate"],
    }
    return draw(ctx, memo, invoice, body["lines"], found)


def _without_invoice(ctx: Context, body: Mapping[str, Any], found: Violations) -> Record | None:
    customer = ordering_customer(ctx, body, found)
    currency = body.get("currencyCode") or (customer or {}).get("currencyCode")
    memo = _header(ctx, body)
    day = date.fromisoformat(memo["documentDate"])
    rate = exchange_rate(ctx, str(currency), day) if ctx.table("currencies").get(currency) is not None else None
    if currency is not None and rate is None:
        found.add("/currencyCode", "unknown-reference", f"no currency {currency} with a rate on {day}", currency)
    if customer is None or rate is None:
        return None
    memo |= {
        "customerId": customer["id"],
        "customerNumber": customer["number"],
        "currencyCode": currency,
        "exchangeRate": None if rate == 1 else f"{rate:f}",
    }
    return state(ctx, memo, body["lines"], found)


def _header(ctx: Context, body: Mapping[str, Any]) -> Record:
    return {
        "number": None,
        "status": "draft",
        "orderNumber": None,
        "invoiceNumber": None,
        "noReferenceReason": body.get("noReferenceReason"),
        "reasonCode": body["reasonCode"],
        "returnReceiptRef": body.get("returnReceiptRef"),
        "externalDocumentNumber": body.get("externalDocumentNumber"),
        "documentDate": body.get("documentDate") or body.get("postingDate") or today(ctx).isoformat(),
        "postingDate": body.get("postingDate"),
        "sourceSystem": body.get("sourceSystem"),
        "corrects": None,
        "correlationId": ctx.correlation_id,
        "_baseRemaining": "0",
    }
