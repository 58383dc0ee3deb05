"""F-8: the portal shows every posted invoice with its present status (domain 4.3). Drafts never leave the ERP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..flow import Applied, Outcome, Skipped
from ..mappings import INVOICE, require_intact
from ..work import Work
from . import reference
from .accounts import account_of
from .store_fulfilment import store_order_of

Record = dict[str, Any]
_GATE = "invoice view"


def show(work: Work) -> Outcome:
    """erp.salesinvoice.posted, .statuschanged, .overdue: the event carries the invoice as it was then."""
    return _show(work, work.message.data)


def show_settled(work: Work) -> Outcome:
    """erp.payment.applied: the payment names its invoices, whose state is read back."""
    outcomes = []
    for application in work.message.data.get("applications") or ():
        invoice = work.erp.invoice_by_number(application["documentNumber"])
        if invoice is not None:  # a credit memo is no invoice
            outcomes.append(_show(work, invoice))
    if not outcomes:
        return Skipped("applied to no invoice")
    return next((outcome for outcome in outcomes if isinstance(outcome, Applied)), outcomes[0])


def show_credited(work: Work) -> Outcome:
    """erp.creditmemo.posted: a credit note is shown with its invoice, also where that is paid and stays so (C9)."""
    number = work.message.data.get("invoiceNumber")
    invoice = work.erp.invoice_by_number(number) if number else None
    return _show(work, invoice) if invoice is not None else Skipped("credits no invoice")


def _show(work: Work, invoice: Mapping[str, Any]) -> Outcome:
    if invoice["status"] == "draft" or not invoice.get("number"):
        return Skipped("draft")
    number = str(invoice["number"])
    shown_at = work.gates.passed(_GATE, number)
    if work.practice.refuses_old_state and shown_at > invoice["lastModifiedDateTime"]:
        return Skipped("shown already")
    if shown_at == invoice["lastModifiedDateTime"]:
        # Two changes within the clock's resolution: which one is newer only the ERP can tell.
        invoice = work.erp.invoice_by_number(number) or invoice
    account = account_of(work, str(invoice["customerId"]))
    order = store_order_of(work, invoice["orderNumber"]) if invoice.get("orderNumber") else None
    # What is only being posted has not been credited yet.
    memos = [] if work.message.name == "erp.salesinvoice.posted.v1" else work.erp.credit_memos_of(number)
    lookups = reference.invoice_lookups(account, order, work.event_date, memos)
    mapped = work.map(INVOICE, dict(invoice), lookups)
    if mapped.skip:
        return Skipped(mapped.skip)
    view = work.practice.invoice_view(require_intact(mapped))
    shown = work.crm.show_invoice(view)
    work.gates.passing(_GATE, number, invoice["lastModifiedDateTime"])
    return Applied() if shown else Skipped("portal shows a newer state")
