"""Tax, computed a second time from lines, rates and the declared switches (domain section 5; TAX-1 to TAX-6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy import Evidence, Row

from .amount import HUNDRED, ZERO, dec, largest_remainder, plain, product, ratio, rounded, total
from .masters import (
    ISSUED,
    company,
    counted_lines,
    customer_of,
    first,
    item_of,
    order_of,
    store_order_of,
    tax_code_on,
    units_of,
    was_edited,
)

Record = dict[str, Any]

# Member states: a fact of the world, not of the data set.
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
_NEEDS_VALID_VAT_ID = ("K", "AE")


def tax_1(evidence: Evidence) -> Iterator[Row | None]:
    """Tax per code, recomputed from the lines under the declared switches, is the tax on the document."""
    for order in evidence.rows("erp", "salesOrders"):
        yield from _compare(evidence, order, "order", order["orderDate"], _order_parts(evidence, order))
    for invoice in evidence.rows("erp", "salesInvoices"):
        yield from _compare(evidence, invoice, "invoice", invoice["documentDate"], _document_parts(evidence, invoice))


def tax_2(evidence: Evidence) -> Iterator[Row | None]:
    """Line nets add up to the net, taxes per code to the tax, net and tax to the gross; exactly."""
    for table, name in (("salesOrders", "order"), ("salesInvoices", "invoice"), ("creditMemos", "creditMemo")):
        for document in evidence.rows("erp", table):
            totals, lines = document["totals"], counted_lines(document)
            net, tax, gross = (dec(totals[key]) for key in ("excludingTax", "tax", "includingTax"))
            sums = {
                "lineNets": [total(dec(line["netAmount"]) for line in lines), net],
                "lineTaxes": [total(dec(line["taxAmount"]) for line in lines), tax],
                "gross": [net + tax, gross],
            }
            if "taxSummary" in document:
                sums["bases"] = [total(dec(row["base"]) for row in document["taxSummary"]), net]
                sums["taxes"] = [total(dec(row["tax"]) for row in document["taxSummary"]), tax]
            wrong = {key: [plain(a), plain(b)] for key, (a, b) in sums.items() if a != b}
            yield {name: document["number"] or document["id"], "sumAndTotal": wrong} if wrong else None


def tax_3(evidence: Evidence) -> Iterator[Row | None]:
    """Each line's tax code is valid on the tax point date and fits the ship-to country and the item's tax group."""
    home = str(company(evidence)["country"])
    for order in evidence.rows("erp", "salesOrders"):
        for line in counted_lines(order):
            yield _code_problem(evidence, "order", order["number"], line, order["orderDate"], order, home)
    for invoice in evidence.rows("erp", "salesInvoices"):
        billed = order_of(evidence, invoice.get("orderNumber"))
        if billed is None or invoice["status"] not in ISSUED:
            continue
        for line in counted_lines(invoice):
            yield _code_problem(evidence, "invoice", invoice["number"], line, invoice["documentDate"], billed, home)


def tax_4(evidence: Evidence) -> Iterator[Row | None]:
    """A zero-rated K or AE line was posted for a customer whose VAT id was checked and valid."""
    for invoice in evidence.rows("erp", "salesInvoices"):
        if invoice["status"] not in ISSUED:
            continue
        for line in counted_lines(invoice):
            row = tax_code_on(evidence, line["taxCode"], invoice["documentDate"])
            if row is None or row["category"] not in _NEEDS_VALID_VAT_ID:
                continue
            customer = customer_of(evidence, invoice["customerId"])
            status = customer["taxRegistrationStatus"] if customer is not None else "no customer"
            holds = customer is not None and customer["taxRegistrationNumber"] and status == "valid"
            named = {"invoice": invoice["number"], "line": line["sequence"], "taxCode": line["taxCode"]}
            yield None if holds else {**named, "vatIdStatus": status}


def tax_5(evidence: Evidence) -> Iterator[Row | None]:
    """Discounts are on the lines exactly: the order's own, and all that the store gave; no line falls below 0."""
    for order in evidence.rows("erp", "salesOrders"):
        lines = counted_lines(order)
        allocated = total(dec(line["discountAllocation"]) for line in lines)
        given = allocated + total(dec(line["discountAmount"]) for line in lines)
        wrong: dict[str, Any] = {}
        if allocated != dec(order["discountAmount"]):
            wrong["allocatedAndOrderDiscount"] = [plain(allocated), order["discountAmount"]]
        sold = store_order_of(evidence, order)
        if sold is not None and not was_edited(sold) and given != dec(sold["total_discounts"]):
            wrong["givenAndStoreDiscount"] = [plain(given), sold["total_discounts"]]
        below = [line["sequence"] for line in lines if dec(line["netAmount"]) < 0]
        if below:
            wrong["linesBelowZero"] = below
        yield {"order": order["number"], **wrong} if wrong else None


def tax_6(evidence: Evidence) -> Iterator[Row | None]:
    """A credit carries the tax code, the rate, the currency and the exchange rate of the invoice that it credits."""
    for memo in evidence.rows("erp", "creditMemos"):
        number = memo.get("invoiceNumber")
        invoice = first(evidence.find("erp", "salesInvoices", "number", number)) if number else None
        if invoice is None:
            continue
        known = {line["sequence"]: line for line in invoice["lines"]}
        for line in memo["lines"]:
            origin = known.get(line.get("invoiceLineSequence"))
            if origin is None:
                continue
            wrong = {
                name: [line[name], origin[name]]
                for name in ("taxCode", "taxPercent")
                if str(line[name]) != str(origin[name])
            }
            for name in ("currencyCode", "exchangeRate"):
                if memo[name] != invoice[name]:
                    wrong[name] = [memo[name], invoice[name]]
            row = {"creditMemo": memo["number"] or memo["id"], "line": line["sequence"]}
            yield {**row, "creditAndInvoice": wrong} if wrong else None


# -- the second computation -----------------------------------------------------------------------------------------

Parts = list[tuple[str, Decimal]]
"""(tax code, amount taxed under it) for each line, or for each share of a line; net or gross as the prices are."""


def _order_parts(evidence: Evidence, order: Mapping[str, Any]) -> Parts:
    """From price, quantity and discounts: multiplied first, then rounded (rule 3); freight by goods share by switch."""
    units = units_of(evidence, order["currencyCode"])
    goods: Parts = []
    freight: Parts = []
    for line in counted_lines(order):
        amount = rounded(product(dec(line["unitPrice"]), dec(line["quantity"])), units)
        amount -= dec(line["discountAmount"]) + dec(line["discountAllocation"])
        (freight if line["lineType"] == "Charge" else goods).append((line["taxCode"], amount))
    if evidence.policy.get("freightTax", "standard") != "byGoodsShare":
        return [*goods, *freight]
    by_code: dict[str, Decimal] = {}
    for code, amount in goods:
        by_code[code] = by_code.get(code, ZERO) + amount
    if total(by_code.values()) <= 0:
        return [*goods, *freight]
    shares = [
        (code, share)
        for _, amount in freight
        for code, share in zip(by_code, largest_remainder(amount, list(by_code.values()), units), strict=True)
    ]
    return [*goods, *shares]


def _document_parts(evidence: Evidence, document: Mapping[str, Any]) -> Parts:
    """From the lines of an invoice, whose amounts are its share of the order's."""
    inclusive = bool(document["pricesIncludeTax"])
    if evidence.policy.get("freightTax", "standard") == "byGoodsShare":
        # A freight line is taxed under several codes here; the document's own split is what its tax rests on.
        rows = document["taxSummary"]
        return [(row["taxCode"], dec(row["base"]) + (dec(row["tax"]) if inclusive else ZERO)) for row in rows]
    return [
        (line["taxCode"], dec(line["netAmount"]) + (dec(line["taxAmount"]) if inclusive else ZERO))
        for line in counted_lines(document)
    ]


def _compare(
    evidence: Evidence, document: Mapping[str, Any], kind: str, day: str, parts: Parts
) -> Iterator[Row | None]:
    named = {kind: document["number"] or document["id"]}
    recomputed = _tax_by_code(evidence, document, day, parts)
    if "taxSummary" not in document:
        ours, stored = total(recomputed.values()), dec(document["totals"]["tax"])
        yield None if ours == stored else {**named, "stored": plain(stored), "recomputed": plain(ours)}
        return
    held = {row["taxCode"]: dec(row["tax"]) for row in document["taxSummary"]}
    for code in dict.fromkeys([*recomputed, *held]):
        ours, stored = recomputed.get(code, ZERO), held.get(code, ZERO)
        row = {**named, "taxCode": code, "stored": plain(stored), "recomputed": plain(ours)}
        yield None if ours == stored else row


def _tax_by_code(evidence: Evidence, document: Mapping[str, Any], day: str, parts: Parts) -> dict[str, Decimal]:
    inclusive, units = bool(document["pricesIncludeTax"]), units_of(evidence, document["currencyCode"])
    per_line = evidence.policy.get("taxRoundingLevel", "perDocumentPerCode") == "perLine"
    amounts: dict[str, list[Decimal]] = {}
    for code, amount in parts:
        amounts.setdefault(code, []).append(amount)
    found = {}
    for code, values in amounts.items():
        percent = _percent(evidence, document, code, day)
        taxed = values if per_line else [total(values)]
        found[code] = total(_tax(evidence, amount, percent, inclusive, units) for amount in taxed)
    return found


def _tax(evidence: Evidence, amount: Decimal, percent: Decimal, inclusive: bool, units: int) -> Decimal:
    direction = evidence.policy.get("taxRoundingDirection", "halfUp")
    if not inclusive:
        return rounded(ratio(amount, percent, HUNDRED), units, direction)
    if evidence.policy.get("inclusiveMode", "netFirst") == "taxFirst":
        return rounded(ratio(amount, percent, HUNDRED + percent), units, direction)
    return amount - rounded(ratio(amount, HUNDRED, HUNDRED + percent), units, direction)


def _percent(evidence: Evidence, document: Mapping[str, Any], code: str, day: str) -> Decimal:
    """The rate of the code's table on the tax point date; where the code has ended by then, what the line says."""
    row = tax_code_on(evidence, code, day)
    if row is not None:
        return dec(row["rate"])
    line = next(line for line in document["lines"] if line["taxCode"] == code)
    return dec(line["taxPercent"])


def _code_problem(
    evidence: Evidence,
    kind: str,
    number: str,
    line: Mapping[str, Any],
    day: str,
    order: Mapping[str, Any],
    home: str,
) -> Row | None:
    ship_to = str((order["shipTo"] or order["billTo"])["country"])
    row = {kind: number, "line": line["sequence"], "taxCode": line["taxCode"], "date": day, "shipTo": ship_to}
    found = tax_code_on(evidence, line["taxCode"], day)
    if found is None:
        return {**row, "problem": "not valid on that date"}
    place = found["country"]
    abroad = (place == "EU" and ship_to in EU and ship_to != home) or (place == "ZZ" and ship_to not in EU)
    if place != ship_to and not abroad:
        return {**row, "problem": f"a code for {place}"}
    item = item_of(evidence, line["itemNumber"])
    group = found.get("taxGroupCode")
    if item is not None and group is not None and item["taxGroupCode"] != group:
        return {**row, "problem": f"a code for {group} goods, {item['number']} is {item['taxGroupCode']}"}
    return None
