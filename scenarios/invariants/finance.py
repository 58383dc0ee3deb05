"""The books, recomputed from general ledger entries and documents (domain 2.2 Postings; FIN-1 to FIN-10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy import Evidence, Row

from .amount import ZERO, dec, plain, ratio, rounded, rounding_bound, total
from .masters import (
    base_currency,
    counted_lines,
    every_invoice,
    is_inventory,
    line_of,
    order_of,
    posted_invoices,
    rate_on,
    units_of,
)
from .recorded import recorded

Record = dict[str, Any]

RECEIVABLES, PREPAYMENTS, ROUNDING, COST_OF_GOODS = "1200", "2200", "6900", "5000"
_POSTED_MEMO = ("open", "applied", "refunded")


def fin_1(evidence: Evidence) -> Iterator[Row | None]:
    """Debits equal credits in every posting, in base currency; one document and posting date is one posting."""
    documents = dict.fromkeys(
        (entry["documentType"], entry["documentNumber"]) for entry in evidence.touched("erp", "generalLedgerEntries")
    )
    for kind, number in documents:
        sums: dict[str, list[Decimal]] = {}
        for entry in evidence.find("erp", "generalLedgerEntries", "documentNumber", number):
            if entry["documentType"] == kind:
                pair = sums.setdefault(entry["postingDate"], [ZERO, ZERO])
                pair[0] += dec(entry["debitAmount"])
                pair[1] += dec(entry["creditAmount"])
        for day, (debit, credit) in sums.items():
            row = {"document": number, "postingDate": day, "debit": plain(debit), "credit": plain(credit)}
            yield None if debit == credit else row


def fin_2(evidence: Evidence) -> Iterator[Row | None]:
    """The balance of 1200 is the sum of open customer entries: invoices still to be paid less credits still open."""
    invoices = list(every_invoice(evidence))
    memos = [memo for memo in evidence.rows("erp", "creditMemos") if memo["status"] in _POSTED_MEMO]
    balance = _balance(evidence, RECEIVABLES)
    if not invoices and not memos and balance == 0:
        return
    open_items = total(_in_base(evidence, row, row["remainingAmount"]) for row in invoices)
    open_items -= total(_in_base(evidence, row, row["remainingAmount"]) for row in memos)
    holds = abs(balance - open_items) <= _translation_slack(evidence, [*invoices, *memos])
    yield None if holds else {"account": RECEIVABLES, "balance": plain(balance), "openEntries": plain(open_items)}


def fin_3(evidence: Evidence) -> Iterator[Row | None]:
    """remaining = total - applied payments - applied credits, between 0 and total, and the status says the same."""
    paid = _applied(evidence)
    for invoice in every_invoice(evidence):
        number, whole = invoice["number"], dec(invoice["totals"]["includingTax"])
        remaining = dec(invoice["remainingAmount"])
        applied = paid.get(number, ZERO)
        credited = total(
            dec(memo["totals"]["includingTax"]) - dec(memo["remainingAmount"])
            for memo in evidence.find("erp", "creditMemos", "invoiceNumber", number)
            if memo["status"] == "applied"
        )
        settled = whole - applied - credited - _written_off(evidence, number)
        states = _states(whole, remaining, credited)
        if settled == remaining and 0 <= remaining <= whole and invoice["status"] in states:
            yield None
        else:
            row = {"invoice": number, "status": invoice["status"], "total": plain(whole), "remaining": plain(remaining)}
            yield {**row, "paid": plain(applied), "credited": plain(credited), "expected": plain(settled)}


def fin_4(evidence: Evidence) -> Iterator[Row | None]:
    """Each tax account holds the tax of the posted documents whose codes belong to it."""
    account_of = {row["code"]: row["account"] for row in evidence.rows("erp", "taxCodes")}
    documents = [(1, row) for row in every_invoice(evidence)]
    documents += [(-1, row) for row in evidence.rows("erp", "creditMemos") if row["status"] in _POSTED_MEMO]
    wanted: dict[str, Decimal] = {}
    for sign, document in documents:
        for row in document["taxSummary"]:
            account = account_of.get(row["taxCode"], f"of {row['taxCode']}")
            wanted[account] = wanted.get(account, ZERO) + sign * _in_base(evidence, document, row["tax"])
    for account in dict.fromkeys(account_of.values()):
        if account not in wanted and evidence.find("erp", "generalLedgerEntries", "accountNumber", account):
            wanted[account] = ZERO
    slack = _translation_slack(evidence, [row for _, row in documents])
    for account, tax in wanted.items():
        booked = -_balance(evidence, account)
        row = {"account": account, "booked": plain(booked), "onDocuments": plain(tax)}
        yield None if abs(booked - tax) <= slack else row


def fin_5(evidence: Evidence) -> Iterator[Row | None]:
    """No entry was created with a posting date in a period that was closed by then."""
    story = recorded(evidence)
    closed = {}
    for period in evidence.rows("erp", "accountingPeriods"):
        if period["closed"]:
            closed[period["start"][:7]] = story.first_change.get(("erp", "accountingPeriods", period["start"]), 0)
    for table in ("generalLedgerEntries", "itemLedgerEntries"):
        for entry in evidence.rows("erp", table):
            created = story.first_change.get(("erp", table, entry["entryNumber"]))
            if created is None:
                continue  # from before the journal: opening balances
            closed_at = closed.get(entry["postingDate"][:7])
            if closed_at is None or closed_at > created:
                yield None
            else:
                row = {"entryNumber": entry["entryNumber"], "ledger": table, "document": entry["documentNumber"]}
                yield {**row, "postingDate": entry["postingDate"]}


def fin_6(evidence: Evidence) -> Iterator[Row | None]:
    """A reversal mirrors its original: the same place and cost with the other sign, and the same accounts net to 0."""
    for entry in evidence.rows("erp", "itemLedgerEntries"):
        if entry.get("reversalOf") is None:
            continue
        original = evidence.get("erp", "itemLedgerEntries", entry["reversalOf"])
        same = original is not None and all(
            entry[name] == original[name] for name in ("itemNumber", "locationCode", "stockStatus", "entryType")
        )
        mirrored = original is not None and all(
            dec(entry[name]) == -dec(original[name]) for name in ("quantity", "costAmount")
        )
        yield None if same and mirrored else {"entryNumber": entry["entryNumber"], "reversalOf": entry["reversalOf"]}
    for shipment in evidence.rows("erp", "salesShipments"):
        if shipment["status"] != "reversed":
            continue
        left: dict[str, Decimal] = {}
        for entry in evidence.find("erp", "generalLedgerEntries", "documentNumber", shipment["number"]):
            account = entry["accountNumber"]
            left[account] = left.get(account, ZERO) + dec(entry["debitAmount"]) - dec(entry["creditAmount"])
        wrong = {account: plain(amount) for account, amount in left.items() if amount}
        yield {"shipment": shipment["number"], "notReversed": wrong} if wrong else None


def fin_8(evidence: Evidence) -> Iterator[Row | None]:
    """The balance of 2200 is what was captured and is neither applied nor refunded yet.

    Captured is what the store says: a payment that stands for one of its transactions has that one's amount.
    """
    payments = [row for row in evidence.rows("erp", "customerPayments") if row["status"] != "reversed"]
    balance = -_balance(evidence, PREPAYMENTS)
    if not payments and balance == 0:
        return
    left = ZERO
    for payment in payments:
        captured = _captured(evidence, payment["externalPaymentId"])
        if captured is not None and captured != dec(payment["amount"]):
            row = {"payment": payment["number"], "externalPaymentId": payment["externalPaymentId"]}
            yield {**row, "amount": payment["amount"], "captured": plain(captured)}
        used = total(dec(application["amount"]) for application in payment["applications"])
        left += _in_base(evidence, payment, dec(payment["amount"]) - used)
    # Cents that were paid too much by rounding leave 2200 for 6900 (M-11).
    for entry in evidence.find("erp", "generalLedgerEntries", "accountNumber", ROUNDING):
        if entry["documentType"] in ("SalesInvoice", "CustomerPayment"):
            left -= dec(entry["creditAmount"])
    holds = abs(balance - left) <= _translation_slack(evidence, payments)
    yield None if holds else {"account": PREPAYMENTS, "balance": plain(balance), "notApplied": plain(left)}


def fin_9(evidence: Evidence) -> Iterator[Row | None]:
    """Every shipped inventory line has one cost entry above 0, unless the item never cost anything; 5000 adds them."""
    for shipment in evidence.rows("erp", "salesShipments"):
        order = order_of(evidence, shipment["orderNumber"])
        if shipment["status"] != "posted" or order is None:
            continue
        number = shipment["number"]
        entries = [
            entry
            for entry in evidence.find("erp", "itemLedgerEntries", "documentNumber", number)
            if entry["entryType"] == "Sale"
        ]
        unused = list(entries)
        for line in shipment["lines"]:
            known = line_of(order, line["orderLineSequence"])
            if known is None or not is_inventory(evidence, known):
                continue
            entry = next((row for row in unused if row["itemNumber"] == known["itemNumber"]), None)
            row = {"shipment": number, "line": line["sequence"], "item": known["itemNumber"]}
            if entry is None:
                yield {**row, "problem": "no cost entry"}
                continue
            unused.remove(entry)
            if dec(entry["costAmount"]) < 0 or _never_cost_anything(evidence, known["itemNumber"]):
                yield None
            else:
                yield {**row, "costAmount": entry["costAmount"]}
        if unused:
            yield {"shipment": number, "problem": "more cost entries than lines", "entries": len(unused)}
        cost = -total(dec(entry["costAmount"]) for entry in entries)
        booked = total(
            dec(entry["debitAmount"]) - dec(entry["creditAmount"])
            for entry in evidence.find("erp", "generalLedgerEntries", "documentNumber", number)
            if entry["accountNumber"] == COST_OF_GOODS
        )
        if evidence.policy.get("costTiming", "goods_issue") == "goods_issue" and booked != cost:
            yield {"shipment": number, "account": COST_OF_GOODS, "booked": plain(booked), "cost": plain(cost)}


def fin_10(evidence: Evidence) -> Iterator[Row | None]:
    """Along one order, what went to 6900 and what its invoices differ from it is no more than rounding can cause."""
    for order in evidence.rows("erp", "salesOrders"):
        invoices = posted_invoices(evidence, order["number"])
        if not invoices:
            continue
        lines = counted_lines(order)
        taxed = len(lines) + sum(len(invoice["lines"]) for invoice in invoices)
        codes = len({line["taxCode"] for line in lines}) + sum(len(invoice["taxSummary"]) for invoice in invoices)
        bound = rounding_bound(taxed, codes, units_of(evidence, order["currencyCode"]))
        on_account = total(
            abs(dec(entry["debitAmount"]) - dec(entry["creditAmount"]))
            for invoice in invoices
            for entry in evidence.find("erp", "generalLedgerEntries", "documentNumber", invoice["number"])
            if entry["accountNumber"] == ROUNDING
        )
        ordered = dec(order["totals"]["includingTax"])
        invoiced = total(dec(invoice["totals"]["includingTax"]) for invoice in invoices)
        whole = all(dec(line["invoiced"]) == dec(line["quantity"]) for line in lines)
        row = {"order": order["number"], "explainedByRounding": plain(bound)}
        if on_account > bound:
            yield {**row, "on6900": plain(on_account)}
        elif whole and abs(invoiced - ordered) > bound:
            yield {**row, "ordered": plain(ordered), "invoiced": plain(invoiced)}
        else:
            yield None


def _captured(evidence: Evidence, external_id: Any) -> Decimal | None:
    """The amount of the store's transaction of that id, None for money that came by another way."""
    key = str(external_id)
    transaction = evidence.get("storefront", "transactions", int(key)) if key.isascii() and key.isdigit() else None
    return dec(transaction["amount"]) if transaction is not None else None


def _balance(evidence: Evidence, account: str) -> Decimal:
    """Debits less credits of an account."""
    entries = evidence.find("erp", "generalLedgerEntries", "accountNumber", account)
    return total(dec(entry["debitAmount"]) - dec(entry["creditAmount"]) for entry in entries)


def _applied(evidence: Evidence) -> Mapping[str, Decimal]:
    """Document number -> payments applied to it."""
    found: dict[str, Decimal] = {}
    for payment in evidence.rows("erp", "customerPayments"):
        for application in payment["applications"] if payment["status"] != "reversed" else ():
            number = application["documentNumber"]
            found[number] = found.get(number, ZERO) + dec(application["amount"])
    return found


def _written_off(evidence: Evidence, number: str) -> Decimal:
    """Cents of an invoice that nobody pays because only rounding made them: debited to 6900 under its number."""
    return total(
        dec(entry["debitAmount"])
        for entry in evidence.find("erp", "generalLedgerEntries", "documentNumber", number)
        if entry["accountNumber"] == ROUNDING
    )


def _states(whole: Decimal, remaining: Decimal, credited: Decimal) -> tuple[str, ...]:
    if remaining == 0:
        return ("paid", "credited") if credited else ("paid",)
    return ("open",) if remaining == whole else ("partially_paid",)


def _in_base(evidence: Evidence, document: Mapping[str, Any], amount: Any) -> Decimal:
    """An amount of a document in base currency, at the rate of the document's date (CUR-2)."""
    currency = document["currencyCode"]
    if currency == base_currency(evidence):
        return dec(amount)
    rate = rate_on(evidence, currency, document.get("documentDate") or document["postingDate"])
    if rate is None:
        raise LookupError(f"no rate for {currency}")
    return rounded(ratio(dec(amount), Decimal(1), rate), units_of(evidence, base_currency(evidence)))


def _translation_slack(evidence: Evidence, documents: list[Record]) -> Decimal:
    """Foreign documents are translated once on their total; parts of them may be a cent off each (rule 8)."""
    foreign = sum(1 for row in documents if row["currencyCode"] != base_currency(evidence))
    return Decimal(1).scaleb(-units_of(evidence, base_currency(evidence))) * foreign


def _never_cost_anything(evidence: Evidence, item_number: str) -> bool:
    """The flag of a zero-cost item: all that ever came in was worth nothing."""
    entries = evidence.find("erp", "itemLedgerEntries", "itemNumber", item_number)
    return total(dec(entry["costAmount"]) for entry in entries if dec(entry["quantity"]) > 0) == 0
