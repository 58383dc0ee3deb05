"""Documents: quantities that never exceed what went before, numbers without gaps, posted paper that stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy import EventEntry, Evidence, JobEntry, Row

from .amount import ZERO, dec, plain, total
from .masters import ISSUED, counted_lines, first, is_inventory, line_of, order_of, posted_invoices, posted_shipments
from .recorded import Recorded, event_data, is_success, recorded

_NUMBER = re.compile(r"^(?P<series>[A-Z]+-(?P<year>\d{4}))-(?P<count>\d+)$")

# Table -> (event that froze the document, statuses of a frozen one).
_POSTED = {
    "salesShipments": ("erp.shipment.posted.v1", ("posted", "reversed")),
    "salesInvoices": ("erp.salesinvoice.posted.v1", ISSUED),
    "creditMemos": ("erp.creditmemo.posted.v1", ("open", "applied", "refunded")),
}
_LIVING_FIELDS = frozenset({"status", "remainingAmount", "lastModifiedDateTime", "@etag"})


def doc_1(evidence: Evidence) -> Iterator[Row | None]:
    """No more of a line is invoiced than was shipped (policy on_shipment), by the lines and by the posted invoices."""
    if evidence.policy.get("invoicePolicy", "on_shipment") != "on_shipment":
        return
    for order, line, billed in _lines_with(evidence, "invoiced"):
        invoiced, shipped = max(dec(line["invoiced"]), billed), dec(line["shipped"])
        if invoiced <= shipped and dec(line["invoiced"]) == billed:
            yield None
        else:
            named = {"order": order["number"], "line": line["sequence"], "shipped": line["shipped"]}
            yield {**named, "invoiced": line["invoiced"], "onInvoices": plain(billed)}


def doc_2(evidence: Evidence) -> Iterator[Row | None]:
    """No more of a line is shipped than was ordered and not cancelled, by the lines and by the posted shipments."""
    for order, line, gone in _lines_with(evidence, "shipped"):
        limit = dec(line["quantity"]) - dec(line["cancelled"])
        if gone <= dec(line["shipped"]) <= limit:
            yield None
        else:
            named = {"order": order["number"], "line": line["sequence"], "ordered": plain(limit)}
            yield {**named, "shipped": line["shipped"], "onShipments": plain(gone)}


def doc_3(evidence: Evidence) -> Iterator[Row | None]:
    """No more of an invoice line is credited than was invoiced, in quantity and in amount."""
    touched = dict.fromkeys(memo["invoiceNumber"] for memo in evidence.touched("erp", "creditMemos"))
    for number in touched:
        invoice = first(evidence.find("erp", "salesInvoices", "number", number)) if number else None
        if invoice is None:
            continue
        memos = [
            memo
            for memo in evidence.find("erp", "creditMemos", "invoiceNumber", number)
            if memo["status"] in _POSTED["creditMemos"][1]
        ]
        for line in invoice["lines"]:
            credits = [
                credit
                for memo in memos
                for credit in memo["lines"]
                if credit.get("invoiceLineSequence") == line["sequence"]
            ]
            quantity = total(dec(credit["quantity"]) for credit in credits)
            amount = total(dec(credit["netAmount"]) + dec(credit["taxAmount"]) for credit in credits)
            invoiced = dec(line["netAmount"]) + dec(line["taxAmount"])
            if quantity <= dec(line["quantity"]) and amount <= invoiced:
                yield None
            else:
                named = {"invoice": number, "line": line["sequence"], "invoiced": [line["quantity"], plain(invoiced)]}
                yield {**named, "credited": [plain(quantity), plain(amount)]}


def doc_4(evidence: Evidence) -> Iterator[Row | None]:
    """Invoice and credit numbers are unique, gapless and rising in the order of posting, per type and fiscal year."""
    for table in ("salesInvoices", "creditMemos"):
        name, frozen = _POSTED[table]
        numbered = {row["number"]: row for row in evidence.rows("erp", table) if row["status"] in frozen}
        stated = [str(event_data(event)["number"]) for event in recorded(evidence).events_by_name.get(name, ())]
        last: dict[str, int] = {}
        for number in stated:
            document = numbered.pop(number, None)
            yield _misnumbered(number, document, last)
        for number, document in numbered.items():
            # Posted, and no event said so: its place in the order is unknown, its uniqueness is not.
            yield {"number": number, "postingDate": document["postingDate"], "problem": "posted without an event"}


def doc_5(evidence: Evidence) -> Iterator[Row | None]:
    """A posted document never changes, remaining amount and status apart: it is still what its event said."""
    for table, (name, frozen) in _POSTED.items():
        for document in evidence.touched("erp", table):
            if document["status"] not in frozen:
                continue
            posted = _as_posted(evidence, name, document["number"])
            if posted is None:
                yield {"document": document["number"], "problem": f"no {name} in the journal"}
                continue
            changed = {
                field: [value, document.get(field)]
                for field, value in posted.items()
                if field not in _LIVING_FIELDS and _shown(document.get(field)) != value
            }
            yield {"document": document["number"], "postedAndNow": changed} if changed else None


def doc_6(evidence: Evidence) -> Iterator[Row | None]:
    """One ERP document per warehouse shipment, receipt and adjustment."""
    for table, field in (
        ("salesShipments", "wmsShipmentId"),
        ("purchaseReceipts", "wmsReceiptId"),
        ("itemJournalEntries", "externalDocumentNumber"),
    ):
        by_key: dict[Any, list[str]] = {}
        for row in evidence.rows("erp", table):
            if row.get("status") != "reversed":
                by_key.setdefault(row[field], []).append(row["number"])
        for key, numbers in by_key.items():
            yield None if len(numbers) == 1 else {field: key, "documents": numbers}


def doc_7(evidence: Evidence) -> Iterator[Row | None]:
    """Every invoice line points to a posted shipment line of its order, and bills no more of it than was shipped."""
    if evidence.policy.get("invoicePolicy", "on_shipment") != "on_shipment":
        return
    billed: dict[str, Decimal] = {}
    for invoice in evidence.rows("erp", "salesInvoices"):
        order = order_of(evidence, invoice.get("orderNumber"))
        if order is None or invoice["status"] not in ISSUED:
            continue
        ships_goods = any(is_inventory(evidence, line) for line in order["lines"])
        for line in invoice["lines"]:
            reference = line.get("shipmentLineRef")
            if reference is None and not ships_goods:
                continue  # nothing physical: there never was a shipment
            problem = _reference_problem(evidence, order, line, reference)
            if not problem and reference is not None:
                billed[reference] = billed.get(reference, ZERO) + dec(line["quantity"])
                shipped = _shipped_under(evidence, reference)
                if shipped is not None and billed[reference] > shipped[2]:
                    problem = f"bills {plain(billed[reference])} of {plain(shipped[2])} shipped"
            row = {"invoice": invoice["number"], "line": line["sequence"], "shipmentLineRef": reference}
            yield {**row, "problem": problem} if problem else None


def doc_8(evidence: Evidence) -> Iterator[Row | None]:
    """Every posted credit memo points to a posted invoice, or states why there is none."""
    for memo in evidence.rows("erp", "creditMemos"):
        if memo["status"] not in _POSTED["creditMemos"][1]:
            continue
        number = memo.get("invoiceNumber")
        invoice = first(evidence.find("erp", "salesInvoices", "number", number)) if number else None
        holds = (invoice is not None and invoice["status"] in ISSUED) or (not number and memo.get("noReferenceReason"))
        yield None if holds else {"creditMemo": memo["number"], "invoiceNumber": number}


def doc_10(evidence: Evidence) -> Iterator[Row | None]:
    """A posting that failed used up no number: the next document of its series follows the last one."""
    posted: dict[str, list[tuple[int, int]]] = {"INV": [], "CM": []}
    for table, kind in (("salesInvoices", "INV"), ("creditMemos", "CM")):
        for event in recorded(evidence).events_by_name.get(_POSTED[table][0], ()):
            parsed = _NUMBER.match(str(event_data(event)["number"]))
            if parsed is not None:
                posted[kind].append((event.seq, int(parsed["count"])))
    for seq, kind, what in _failed_postings(evidence):
        before = [count for at, count in posted[kind] if at < seq]
        after = [count for at, count in posted[kind] if at > seq]
        if before and after and after[0] != before[-1] + 1:
            yield {"failed": what, "journal": seq, "lastNumber": before[-1], "nextNumber": after[0]}
        else:
            yield None


def _lines_with(evidence: Evidence, what: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], Decimal]]:
    """(order, line, quantity on its posted invoices or shipments) for every line of the orders touched.

    An order is touched too when one of its documents is.
    """
    table = "salesInvoices" if what == "invoiced" else "salesShipments"
    orders = {order["id"]: order for order in evidence.touched("erp", "salesOrders")}
    for document in evidence.touched("erp", table):
        order = order_of(evidence, document.get("orderNumber"))
        if order is not None:
            orders[order["id"]] = order
    for order in orders.values():
        number = order["number"]
        documents = posted_invoices(evidence, number) if what == "invoiced" else posted_shipments(evidence, number)
        by_line: dict[Any, Decimal] = {}
        for document in documents:
            for line in document["lines"]:
                sequence = line["orderLineSequence"]
                by_line[sequence] = by_line.get(sequence, ZERO) + dec(line["quantity"])
        for line in counted_lines(order):
            yield order, line, by_line.get(line["sequence"], ZERO)


def _misnumbered(number: str, document: Mapping[str, Any] | None, last: dict[str, int]) -> Row | None:
    """last: series -> the number used before; brought up to date."""
    parsed = _NUMBER.match(number)
    if parsed is None:
        return {"number": number, "problem": "belongs to no series"}
    series, count = parsed["series"], int(parsed["count"])
    before = last.get(series)
    last[series] = count
    if document is None:
        return {"number": number, "problem": "two documents, or one that is gone"}
    if not str(document["postingDate"]).startswith(parsed["year"]):
        return {"number": number, "postingDate": document["postingDate"], "problem": "another fiscal year"}
    if before is not None and count != before + 1:
        return {"number": number, "expected": f"{series}-{before + 1:06d}", "problem": "gap, repeat or out of order"}
    return None


def _as_posted(evidence: Evidence, name: str, number: str) -> Mapping[str, Any] | None:
    """The document as its posting stated it.

    The journal is read as a whole only for a document that was posted before the last evaluation and has changed since:
    a payment, seldom more.
    """
    new = evidence.memo.get("posted since")
    if new is None:
        new = evidence.memo["posted since"] = _posted(evidence.events(new=True))
    found: Mapping[str, Any] | None = new.get((name, number))
    if found is None and evidence.since:
        every = evidence.memo.get("posted ever")
        if every is None:
            every = evidence.memo["posted ever"] = _posted(evidence.events())
        found = every.get((name, number))
    return found


def _posted(events: Iterator[EventEntry]) -> dict[tuple[str, str], Mapping[str, Any]]:
    names = {name for name, _ in _POSTED.values()}
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for event in events:
        if event.name in names:
            data = event_data(event)
            found.setdefault((event.name, str(data.get("number"))), data)
    return found


def _shown(value: Any) -> Any:
    """A stored value as the API shows it: without the fields whose names begin with `_`."""
    if isinstance(value, dict):
        return {name: _shown(inner) for name, inner in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    return value


def _shipped_under(evidence: Evidence, reference: str) -> tuple[dict[str, Any], str, Decimal] | None:
    """(shipment, order line, quantity) of `SH-2026-000077/10000`: a shipment and the order line that it shipped."""
    number, _, sequence = reference.partition("/")
    shipment = first(evidence.find("erp", "salesShipments", "number", number))
    if shipment is None:
        return None
    lines = [line for line in shipment["lines"] if str(line["orderLineSequence"]) == sequence]
    return (shipment, sequence, total(dec(line["quantity"]) for line in lines)) if lines else None


def _reference_problem(
    evidence: Evidence, order: Mapping[str, Any], line: Mapping[str, Any], reference: str | None
) -> str:
    if reference is None:
        return "no shipment line"
    found = _shipped_under(evidence, reference)
    if found is None:
        return "no such shipment line"
    shipment, sequence, _ = found
    if shipment["orderNumber"] != order["number"]:
        return f"a shipment of {shipment['orderNumber']}"
    if shipment["status"] != "posted":
        return f"the shipment is {shipment['status']}"
    known = line_of(order, line["orderLineSequence"])
    if sequence != str(line["orderLineSequence"]) or known is None:
        return f"ships order line {sequence}"
    return "" if known["itemNumber"] == line["itemNumber"] else f"ships {known['itemNumber']}"


def _failed_postings(evidence: Evidence) -> Iterator[tuple[int, str, str]]:
    """(position, series, what) of every posting of an invoice or credit memo that was refused."""
    operations = {"postSalesInvoice": "INV", "postCreditMemo": "CM"}
    story: Recorded = recorded(evidence)
    for exchange in story.exchanges:
        kind = operations.get(exchange.operation_id)
        if kind is not None and not exchange.committed and not exchange.replayed and not is_success(exchange.status):
            yield exchange.seq, kind, exchange.operation_id
    for job in evidence.entries(JobEntry):
        if job.job == "postInvoice" and job.refusal:
            yield job.seq, "INV", f"job {job.job}"
