"""Money has a currency, and a currency has its decimals (CUR-1 to CUR-3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy import Evidence, Row

from .amount import dec, decimals_written, plain, ratio, rounded, total
from .masters import base_currency, every_invoice, rate_on, store_order_of, units_of

_LINE = ("netAmount", "taxAmount", "discountAmount", "discountAllocation")
_STORE_ORDER = (
    "subtotal_price",
    "total_discounts",
    "total_shipping",
    "total_tax",
    "total_price",
    "current_total_price",
)


def cur_1(evidence: Evidence) -> Iterator[Row | None]:
    """No amount has more decimals than its currency; unit prices may have up to five."""
    for table in ("salesOrders", "salesInvoices", "creditMemos"):
        for document in evidence.touched("erp", table):
            yield _too_fine(evidence, "erp", table, document, document["currencyCode"], _amounts_of(document))
    for payment in evidence.touched("erp", "customerPayments"):
        amounts = [("amount", payment["amount"])]
        amounts += [("applications.amount", row["amount"]) for row in payment["applications"]]
        yield _too_fine(evidence, "erp", "customerPayments", payment, payment["currencyCode"], amounts)
    base = base_currency(evidence)
    for entry in evidence.touched("erp", "generalLedgerEntries"):
        amounts = [(name, entry[name]) for name in ("debitAmount", "creditAmount")]
        yield _too_fine(evidence, "erp", "generalLedgerEntries", entry, base, amounts)
    for entry in evidence.touched("erp", "itemLedgerEntries"):
        yield _too_fine(evidence, "erp", "itemLedgerEntries", entry, base, [("costAmount", entry["costAmount"])])
    for order in evidence.touched("storefront", "orders"):
        amounts = [(name, order[name]) for name in _STORE_ORDER]
        yield _too_fine(evidence, "storefront", "orders", order, order["currency"], amounts)
    for view in evidence.touched("crm", "invoiceViews"):
        amounts = [(name, view[name]) for name in ("total", "remaining")]
        yield _too_fine(evidence, "crm", "invoiceViews", view, view["currency"], amounts)


def cur_2(evidence: Evidence) -> Iterator[Row | None]:
    """In base currency a document is its total, translated once at the rate of its date (rule 8)."""
    for invoice in every_invoice(evidence):
        whole = dec(invoice["totals"]["includingTax"])
        yield _translated(evidence, invoice, whole, invoice["documentDate"], "SalesInvoice", "1200")
    for payment in evidence.rows("erp", "customerPayments"):
        if payment["status"] != "reversed":
            amount = dec(payment["amount"])
            yield _translated(evidence, payment, amount, payment["postingDate"], "CustomerPayment", "1210")


def cur_3(evidence: Evidence) -> Iterator[Row | None]:
    """Store order, sales order, invoices, credits, payments and portal view of one order are in one currency."""
    for order in evidence.rows("erp", "salesOrders"):
        number, currency = order["number"], order["currencyCode"]
        chain: list[tuple[str, str]] = []
        sold = store_order_of(evidence, order)
        if sold is not None:
            chain.append((f"store order {sold['name']}", sold["currency"]))
        for invoice in evidence.find("erp", "salesInvoices", "orderNumber", number):
            chain.append((f"invoice {invoice['number']}", invoice["currencyCode"]))
            view = evidence.get("crm", "invoiceViews", invoice["number"]) if invoice["number"] else None
            if view is not None:
                chain.append((f"portal view {view['number']}", view["currency"]))
            for memo in evidence.find("erp", "creditMemos", "invoiceNumber", invoice["number"]):
                chain.append((f"credit memo {memo['number']}", memo["currencyCode"]))
        for payment in evidence.find("erp", "customerPayments", "orderNumber", number):
            chain.append((f"payment {payment['number']}", payment["currencyCode"]))
        other = {what: found for what, found in chain if found != currency}
        yield {"order": number, "currency": currency, "other": other} if other else None


def _amounts_of(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from document["totals"].items()
    for name in ("discountAmount", "remainingAmount"):
        if document.get(name) is not None:
            yield name, document[name]
    for line in document["lines"]:
        for name in _LINE:
            if line.get(name) is not None:
                yield f"lines[{line['sequence']}].{name}", line[name]
    for row in document.get("taxSummary", ()):
        yield f"taxSummary[{row['taxCode']}].base", row["base"]
        yield f"taxSummary[{row['taxCode']}].tax", row["tax"]


def _too_fine(
    evidence: Evidence,
    system: str,
    table: str,
    record: Mapping[str, Any],
    currency: str,
    amounts: Iterable[tuple[str, Any]],
) -> Row | None:
    units = units_of(evidence, currency)
    wrong = {name: amount for name, amount in amounts if decimals_written(amount) > units}
    if not wrong:
        return None
    key = next((record[name] for name in ("number", "name", "entryNumber", "id") if record.get(name)), "")
    return {"system": system, "table": table, "record": key, "currency": currency, "decimals": units, "amounts": wrong}


def _translated(
    evidence: Evidence, document: Mapping[str, Any], amount: Decimal, day: str, kind: str, account: str
) -> Row | None:
    rate = rate_on(evidence, document["currencyCode"], day)
    if rate is None:
        return {"document": document["number"], "problem": f"no rate for {document['currencyCode']} on {day}"}
    wanted = rounded(ratio(amount, Decimal(1), rate), units_of(evidence, base_currency(evidence)))
    booked = total(
        dec(entry["debitAmount"])
        for entry in evidence.find("erp", "generalLedgerEntries", "documentNumber", document["number"])
        if entry["accountNumber"] == account and entry["documentType"] == kind
    )
    row = {"document": document["number"], "account": account, "booked": plain(booked), "expected": plain(wanted)}
    return None if booked == wanted else row
