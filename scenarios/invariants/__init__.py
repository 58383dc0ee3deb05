"""The business rules of domain section 6 as code: each a second computation from recorded state and journal.

No rule imports simulator code. Those with `each_step` (‡ in the domain page) look only at what a step touched, so that
their cost stays linear; every rule is evaluated once more, on everything, when no message is in flight.
"""

from __future__ import annotations

from understudy import Invariant

from . import (
    concurrency,
    currency,
    documents,
    finance,
    idempotency,
    mapping_judge,
    masterdata,
    messages,
    operations,
    orders,
    reconciliation,
    security,
    status_paths,
    stock,
    tax,
    timing,
)

STEP = True
FINAL = False
TOLD = ("integration",)
"""Needs what the integration tells of itself; everything else is seen from outside."""

MAPPING = "mapping"

# id, statement, check, whether after every step, and what it needs beside the world
INVARIANTS: tuple[Invariant, ...] = (
    Invariant("ORD-1", "A released order is complete and its customer is not blocked", orders.ord_1),
    Invariant("ORD-2", "Exactly one ERP order per source order; none for test orders", orders.ord_2, STEP),
    Invariant("ORD-3", "Per line quantity = shipped + cancelled + outstanding, each at least 0", orders.ord_3, STEP),
    Invariant("ORD-4", "On a released inventory line reserved + backordered = outstanding", orders.ord_4),
    Invariant("ORD-5", "Stored shipment and invoice status equal those recomputed from lines", orders.ord_5),
    Invariant("ORD-6", "A closed order has nothing outstanding and all that shipped invoiced", orders.ord_6),
    Invariant("ORD-7", "A cancelled order has no shipment, invoice, reservation or warehouse order", orders.ord_7),
    Invariant("ORD-8", "ERP total = store total, or rounding explains the difference and it is on 6900", orders.ord_8),
    Invariant("ORD-9", "The status history of every document is a path of its state machine", status_paths.ord_9),
    Invariant("ORD-10", "Every open order pushed to the warehouse is open there in equal quantity", orders.ord_10),
    Invariant("INV-1", "available = onHand (sellable) - reserved", stock.inv_1, STEP),
    Invariant("INV-2", "Reserved on the balance = reserved by open order lines", stock.inv_2, STEP),
    Invariant("INV-3", "onHand = item ledger = what the posted documents moved", stock.inv_3, STEP),
    Invariant("INV-4", "Without leave for negative stock, no prefix of the ledger is below zero", stock.inv_4, STEP),
    Invariant("INV-5", "Warehouse snapshot = ERP stock at its point, per sku and status", stock.inv_5),
    Invariant("INV-6", "Warehouse allocation is within sellable stock and within open quantity", stock.inv_6, STEP),
    Invariant("INV-7", "The store offers what the ERP has available, less the safety stock", stock.inv_7),
    Invariant("INV-9", "Pick, pack and short pick make no item ledger entry", stock.inv_9),
    Invariant("INV-11", "Stock value = balance of 1300; nothing left is worth nothing", stock.inv_11),
    Invariant("INV-12", "Stock that is not SELLABLE never raises availability", stock.inv_12),
    Invariant("DOC-1", "No more is invoiced than shipped, per line", documents.doc_1, STEP),
    Invariant("DOC-2", "No more is shipped than ordered and not cancelled, per line", documents.doc_2, STEP),
    Invariant("DOC-3", "No more is credited than invoiced, per line, in quantity and amount", documents.doc_3, STEP),
    Invariant("DOC-4", "Invoice and credit numbers: unique, gapless, rising, per year", documents.doc_4),
    Invariant("DOC-5", "A posted document never changes, remaining amount and status apart", documents.doc_5, STEP),
    Invariant("DOC-6", "One ERP document per warehouse shipment, receipt and adjustment", documents.doc_6),
    Invariant("DOC-7", "Every invoice line points to a shipment line of its order", documents.doc_7),
    Invariant("DOC-8", "Every credit memo points to a posted invoice or states a reason", documents.doc_8),
    Invariant("DOC-10", "A failed posting used up no number", documents.doc_10),
    Invariant("FIN-1", "Debits = credits in every posting", finance.fin_1, STEP),
    Invariant("FIN-2", "Balance of 1200 = open customer entries", finance.fin_2),
    Invariant("FIN-3", "remaining = total - payments - credits, between 0 and total", finance.fin_3),
    Invariant("FIN-4", "Each tax account = tax of the posted documents with its codes", finance.fin_4),
    Invariant("FIN-5", "No entry was created in a closed period", finance.fin_5),
    Invariant("FIN-6", "A reversal mirrors its original", finance.fin_6),
    Invariant("FIN-8", "Balance of 2200 = captured and not yet applied", finance.fin_8),
    Invariant("FIN-9", "Every shipped inventory line has one cost entry above 0", finance.fin_9),
    Invariant("FIN-10", "Rounding along an order chain is no more than rounding can cause", finance.fin_10),
    Invariant("TAX-1", "Recomputed tax per code = stored tax, under the declared switches", tax.tax_1),
    Invariant("TAX-2", "Lines, codes and totals add up exactly", tax.tax_2),
    Invariant("TAX-3", "Tax code valid on the tax point date, fit for country and item", tax.tax_3),
    Invariant("TAX-4", "Zero-rated K and AE lines have a VAT id checked valid", tax.tax_4),
    Invariant("TAX-5", "Allocated discounts add up exactly; no line below 0", tax.tax_5),
    Invariant("TAX-6", "A credit carries code, rate and currency of its invoice", tax.tax_6),
    Invariant("CUR-1", "Amounts have at most the decimals of their currency", currency.cur_1, STEP),
    Invariant("CUR-2", "Base amount of a document = its total, translated once at its date", currency.cur_2),
    Invariant("CUR-3", "One currency from order to invoice, credit and payment", currency.cur_3),
    Invariant("MSG-1", "Every message has a correlation id, equal through the whole flow", messages.msg_1, STEP),
    Invariant("MSG-2", "Every accepted event ends as applied, skipped with a reason, or dead letter", messages.msg_2),
    Invariant("MSG-3", "Every causation id names an earlier event; no cycles", messages.msg_3),
    Invariant("MSG-4", "Requests, responses and events are as their contracts say", messages.msg_4, STEP),
    Invariant("MSG-5", "No effect from a message whose signature fails", messages.msg_5, STEP),
    Invariant("MSG-6", "Redeliveries are equal in source, id and bytes", messages.msg_6),
    Invariant("IDM-1", "Sending a message n times = once", idempotency.idm_1),
    Invariant("IDM-3", "A reused key with another body changes nothing", idempotency.idm_3),
    Invariant("IDM-4", "A retry after an unknown outcome makes no second document", idempotency.idm_4),
    Invariant("CON-1", "No lost update: no unconditional overwriting", concurrency.con_1),
    Invariant("CON-2", "No more is reserved than sellable stock is on hand", stock.con_2, STEP),
    Invariant("CON-3", "Older news never overwrites newer", concurrency.con_3),
    Invariant("MDM-1", "No two active customers share a VAT id, or e-mail and country", masterdata.mdm_1),
    Invariant("MDM-2", "A sync never sets a field that its source does not own", masterdata.mdm_2),
    Invariant("MDM-3", "Every reference resolves; crosswalks are 1:1, or n:1 for a reason", masterdata.mdm_3),
    Invariant("MDM-4", "Active master records have all required fields", masterdata.mdm_4),
    Invariant("MDM-6", "Untouched data is as seeded; nothing is left of another run", masterdata.mdm_6),
    Invariant("SEC-1", "No secret and no personal data in logs and dead letters", security.sec_1, FINAL, TOLD),
    Invariant("SEC-3", "A rejected credential left no business effect", security.sec_3, STEP),
    Invariant("TIM-1", "p95 of every flow within its target", timing.tim_1),
    Invariant("TIM-2", "No call earlier than Retry-After allows", timing.tim_2),
    Invariant("TIM-3", "Attempts within policy; no retry of what cannot succeed", timing.tim_3),
    Invariant("OPS-1", "Every dead letter has all its fields", operations.ops_1, FINAL, TOLD),
    Invariant(
        "OPS-2", "Reprocessing keeps the message id and ends applied or dead again", operations.ops_2, FINAL, TOLD
    ),
    Invariant("OPS-4", "Every hop is logged with all required fields", operations.ops_4, FINAL, TOLD),
    Invariant("OPS-5", "received = applied + skipped + duplicate + dead + in flight", operations.ops_5, STEP, TOLD),
    Invariant("REC-1", "Store orders = ERP orders, or the difference is listed", reconciliation.rec_1),
    Invariant("REC-2", "Portal invoices = ERP invoices", reconciliation.rec_2),
    Invariant(
        "MAP-4.1", "ERP orders, customers and payments are what mapping 4.1 says", mapping_judge.map_4_1, kind=MAPPING
    ),
    Invariant("MAP-4.2", "ERP stock documents are what mapping 4.2 says", mapping_judge.map_4_2, kind=MAPPING),
    Invariant("MAP-4.3", "Portal invoices are what mapping 4.3 says", mapping_judge.map_4_3, kind=MAPPING),
)

__all__ = ["INVARIANTS"]
