"""Sales orders: one for each store order, quantities that add up, statuses that follow from them (ORD-1 to ORD-10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy import Evidence, Row, parse_instant

from .amount import ZERO, dec, plain, rounding_bound, total
from .effects import erp_orders_of
from .masters import (
    counted_lines,
    customer_of,
    is_inventory,
    order_of,
    posted_invoices,
    posted_shipments,
    store_order_of,
    units_of,
    was_edited,
)
from .recorded import recorded

_HEADER = ("sourceSystem", "sourceOrderId", "orderDate", "customerId", "currencyCode", "paymentTermsCode")
_ADDRESS = ("name", "addressLine1", "city", "postalCode", "country")
_LINE = ("itemNumber", "unitOfMeasureCode", "locationCode", "taxCode", "unitPrice")
_LIVE_AT_WAREHOUSE = (
    "received", "allocated", "partially_allocated", "backordered", "released", "picking", "picked", "packing", "packed",
    "on_hold", "cancel_requested",
)  # fmt: skip


def ord_1(evidence: Evidence) -> Iterator[Row | None]:
    """A released order has at least one item line, every required field and an unblocked customer (domain 3, 4.1)."""
    released_at = {t.key: t.at for t in evidence.transitions("erp", "salesOrders") if t.after == "released"}
    for order in evidence.find("erp", "salesOrders", "status", "released"):
        missing = [name for name in _HEADER if order.get(name) in (None, "")]
        missing += [f"billTo.{name}" for name in _ADDRESS if not order["billTo"].get(name)]
        lines = counted_lines(order)
        if any(is_inventory(evidence, line) for line in lines):
            missing += [f"shipTo.{name}" for name in _ADDRESS if not order["shipTo"].get(name)]
            missing += ["shipmentMethodCode"] if not order.get("shipmentMethodCode") else []
        for line in lines:
            missing += [f"lines[{line['sequence']}].{name}" for name in _LINE if line.get(name) in (None, "")]
            if dec(line["quantity"]) <= 0:
                missing.append(f"lines[{line['sequence']}].quantity")
            if line["lineType"] == "Item" and order["sourceSystem"] == "store" and not line.get("sourceLineId"):
                missing.append(f"lines[{line['sequence']}].sourceLineId")
        if not any(line["lineType"] == "Item" for line in lines):
            missing.append("an item line")
        customer = customer_of(evidence, order["customerId"])
        if customer is None:
            missing.append("a customer that exists")
        elif customer["blocked"] in ("Ship", "All"):
            since = released_at.get(order["id"])
            if since is None or parse_instant(customer["lastModifiedDateTime"]) <= since:
                missing.append("an unblocked customer")
        yield {"order": order["number"], "missing": missing} if missing else None


def ord_2(evidence: Evidence) -> Iterator[Row | None]:
    """Exactly one ERP order per (sourceSystem, sourceOrderId); none for a test order (A1, A3)."""
    seen = set()
    for order in evidence.touched("erp", "salesOrders"):
        pair = (order["sourceSystem"], order["sourceOrderId"])
        if pair in seen:
            continue
        seen.add(pair)
        same = evidence.find("erp", "salesOrders", ("sourceSystem", "sourceOrderId"), pair)
        sold = store_order_of(evidence, order)
        is_test = sold is not None and bool(sold["test"])
        if len(same) == 1 and not is_test:
            yield None
        else:
            row = {"sourceSystem": pair[0], "sourceOrderId": pair[1], "orders": [each["number"] for each in same]}
            yield {**row, "test": True} if is_test else row
    for sold in evidence.touched("storefront", "orders"):
        if sold["test"] and not erp_orders_of(evidence, sold["id"]):
            yield None  # as it has to be; one that has an order was told of above


def ord_3(evidence: Evidence) -> Iterator[Row | None]:
    """Per line quantity = shipped + cancelled + outstanding, none of them negative."""
    for order in evidence.touched("erp", "salesOrders"):
        for line in order["lines"]:
            quantity, shipped = dec(line["quantity"]), dec(line["shipped"])
            cancelled, outstanding = dec(line["cancelled"]), dec(line["outstanding"])
            if shipped >= 0 and cancelled >= 0 and outstanding >= 0 and quantity == shipped + cancelled + outstanding:
                yield None
            else:
                yield _line_row(order, line, "quantity", "shipped", "cancelled", "outstanding")


def ord_4(evidence: Evidence) -> Iterator[Row | None]:
    """On a released inventory line 0 <= reserved <= outstanding, and what is not reserved is backordered."""
    for order in evidence.find("erp", "salesOrders", "status", "released"):
        for line in order["lines"]:
            if not is_inventory(evidence, line):
                continue
            reserved, outstanding = dec(line["reserved"]), dec(line["outstanding"])
            if 0 <= reserved <= outstanding and dec(line["backordered"]) == outstanding - reserved:
                yield None
            else:
                yield _line_row(order, line, "outstanding", "reserved", "backordered")


def ord_5(evidence: Evidence) -> Iterator[Row | None]:
    """Shipment and invoice status of an order are those that follow from its posted documents and its lines."""
    for order in evidence.rows("erp", "salesOrders"):
        lines = counted_lines(order)
        wanted = {
            "shipmentStatus": _progress(lines, "shipped", "shipped"),
            "invoiceStatus": _progress(lines, "invoiced", "invoiced"),
        }
        wrong = {name: [order[name], value] for name, value in wanted.items() if order[name] != value}
        if posted_shipments(evidence, order["number"]) and order["shipmentStatus"] == "not_shipped":
            wrong["shipmentStatus"] = [order["shipmentStatus"], "a shipment is posted"]
        if posted_invoices(evidence, order["number"]) and order["invoiceStatus"] == "not_invoiced":
            wrong["invoiceStatus"] = [order["invoiceStatus"], "an invoice is posted"]
        yield {"order": order["number"], "storedAndExpected": wrong} if wrong else None


def ord_6(evidence: Evidence) -> Iterator[Row | None]:
    """A closed order has nothing outstanding, and all that was shipped is invoiced."""
    for order in evidence.find("erp", "salesOrders", "status", "closed"):
        for line in counted_lines(order):
            if dec(line["outstanding"]) == 0 and dec(line["invoiced"]) == dec(line["shipped"]):
                yield None
            else:
                yield _line_row(order, line, "outstanding", "shipped", "invoiced")


def ord_7(evidence: Evidence) -> Iterator[Row | None]:
    """A cancelled order has no posted shipment or invoice, no reservation, no open order at the warehouse."""
    for order in evidence.find("erp", "salesOrders", "status", "cancelled"):
        number = order["number"]
        left = [f"shipment {row['number']}" for row in posted_shipments(evidence, number)]
        left += [f"invoice {row['number']}" for row in posted_invoices(evidence, number)]
        left += [f"reservation of line {line['sequence']}" for line in order["lines"] if dec(line["reserved"]) != 0]
        left += [f"warehouse order {row['id']}" for row in _live_at_warehouse(evidence, number)]
        yield {"order": number, "left": left} if left else None


def ord_8(evidence: Evidence) -> Iterator[Row | None]:
    """The ERP's total is what the store charged, or rounding explains the difference and it ends on 6900 (A23)."""
    for order in evidence.rows("erp", "salesOrders"):
        sold = store_order_of(evidence, order)
        if sold is None:
            continue
        charged = dec(sold["current_total_price"] if was_edited(sold) else sold["total_price"])
        ours = dec(order["totals"]["includingTax"])
        lines = counted_lines(order)
        codes = {line["taxCode"] for line in lines}
        bound = rounding_bound(len(lines), len(codes), units_of(evidence, order["currencyCode"]))
        row = {"order": order["number"], "storeOrder": sold["name"]}
        row |= {"erpTotal": plain(ours), "storeTotal": plain(charged)}
        if abs(ours - charged) > bound:
            yield {**row, "difference": plain(ours - charged), "explainedByRounding": plain(bound)}
        elif ours != charged and (missing := _not_on_rounding_account(evidence, order)) != 0:
            yield {**row, "difference": plain(ours - charged), "missingOn6900": plain(missing)}
        else:
            yield None


def ord_10(evidence: Evidence) -> Iterator[Row | None]:
    """What is open of an order at the ERP is open at the warehouse, line by line, once the order was pushed there.

    Nothing is pushed that is not released: only then it is checked, its credit granted, its goods reserved.
    """
    yield from _pushed_unreleased(evidence)
    for order in evidence.rows("erp", "salesOrders"):
        if order["status"] != "released":
            continue
        pushed = evidence.find("wms", "fulfilmentOrders", "orderNumber", order["number"])
        if not pushed:
            continue
        open_there = _open_at_warehouse(pushed)
        for line in order["lines"]:
            if not is_inventory(evidence, line):
                continue
            here, there = dec(line["outstanding"]), open_there.pop(str(line["sequence"]), ZERO)
            if here == there:
                yield None
            else:
                yield {"order": order["number"], "line": line["sequence"], "erp": plain(here), "wms": plain(there)}
        for line_ref, quantity in open_there.items():
            yield {"order": order["number"], "line": line_ref, "erp": "0", "wms": plain(quantity)}


def _pushed_unreleased(evidence: Evidence) -> Iterator[Row]:
    """The integration's warehouse orders that came before the sales order's first release."""
    created: set[Any] = set()
    released: dict[Any, int] = {}
    for move in evidence.transitions("erp", "salesOrders"):
        if move.field == "status" and move.before is None:
            created.add(move.key)
        if move.field == "status" and move.after == "released":
            released.setdefault(move.key, move.seq)
    for write in recorded(evidence).of_operation("createFulfilmentOrder"):
        order = order_of(evidence, recorded(evidence).body(write).get("orderNumber"))
        # Of an order from before the journal it is not known when it was released.
        if write.committed and order is not None and order["id"] in created:
            at = released.get(order["id"])
            if at is None or at > write.seq:
                yield {"order": order["number"], "journal": write.seq, "problem": "at the warehouse before its release"}


def _open_at_warehouse(pushed: list[dict[str, Any]]) -> dict[str, Decimal]:
    """lineRef -> quantity that live warehouse orders still have to ship; lines without any are left out."""
    found: dict[str, Decimal] = {}
    for order in pushed:
        if order["status"] in _LIVE_AT_WAREHOUSE:
            for line in order["lines"]:
                left = dec(line["quantity"]) - dec(line["shipped"]) - dec(line["cancelled"])
                if left:
                    found[line["lineRef"]] = found.get(line["lineRef"], ZERO) + left
    return found


def _live_at_warehouse(evidence: Evidence, number: str) -> list[dict[str, Any]]:
    pushed = evidence.find("wms", "fulfilmentOrders", "orderNumber", number)
    return [order for order in pushed if order["status"] in _LIVE_AT_WAREHOUSE]


def _not_on_rounding_account(evidence: Evidence, order: Mapping[str, Any]) -> Decimal:
    """Paid less invoiced, less what went to 6900: 0 while money is still open on either side."""
    invoices = posted_invoices(evidence, order["number"])
    payments = evidence.find("erp", "customerPayments", "orderNumber", order["number"])
    if order["status"] != "closed" or any(dec(invoice["remainingAmount"]) for invoice in invoices) or not payments:
        return ZERO
    entries = [
        entry
        for document in (*invoices, *payments)
        for entry in evidence.find("erp", "generalLedgerEntries", "documentNumber", document["number"])
        if entry["accountNumber"] == "6900"
    ]
    on_account = total(dec(entry["creditAmount"]) - dec(entry["debitAmount"]) for entry in entries)
    paid = total(dec(payment["amount"]) for payment in payments)
    return paid - total(dec(invoice["totals"]["includingTax"]) for invoice in invoices) - on_account


def _progress(lines: list[dict[str, Any]], field: str, word: str) -> str:
    if all(dec(line[field]) == 0 for line in lines):
        return f"not_{word}"
    done = all(dec(line[field]) == dec(line["quantity"]) - dec(line["cancelled"]) for line in lines)
    return f"fully_{word}" if done else f"partially_{word}"


def _line_row(order: Mapping[str, Any], line: Mapping[str, Any], *fields: str) -> Row:
    return {"order": order["number"], "line": line["sequence"], **{name: line[name] for name in fields}}
