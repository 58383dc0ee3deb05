"""Purchase receipts: goods counted in, good and damaged apart, at once in stock and books (HP-4; domain 4.2, B12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from understudy import Context, Reply

from ..common.money import ZERO, decimal, quantity_text, round_money, times
from ..common.records import present
from ..common.violations import Violations
from .accounts import COST_OF_GOODS, GOODS_RECEIVED_NOT_INVOICED, require_inventory_account
from .company import base_currency, location_of, minor_units, posting_day, today
from .duplicates import refuse_duplicate
from .general_ledger import Booking, Voucher, credit, debit, post
from .item_ledger import Movement, item_valuation, move
from .numbering import loose_number
from .order_composition import STEP
from .records import Record, find_one, save
from .reservations import settle
from .stock import SELLABLE, Stock

DAMAGED = "DAMAGED"


def create_purchase_receipt(ctx: Context) -> Reply:
    """Posts at once: 1300 against 2150 for all pieces, good ones into SELLABLE, damaged ones into DAMAGED.

    Stock that rises fills backorders. Raises Problem 422 with every violation, 409 duplicate-external-document.
    """
    body = ctx.body
    refuse_duplicate(ctx, "purchaseReceipts", "wmsReceiptId", body["wmsReceiptId"])
    found = Violations()
    if ctx.table("locations").get(body["locationCode"]) is None:
        found.add("/locationCode", "unknown-reference", f"no location {body['locationCode']}", body["locationCode"])
    if date.fromisoformat(body["postingDate"]) > today(ctx):
        found.add("/postingDate", "invalid-value", "the posting date lies in the future", body["postingDate"])
    for index, line in enumerate(body["lines"]):
        check_stock_item(ctx, line["itemNumber"], line.get("lot"), f"/lines/{index}", found)
        if decimal(line["received"]) + decimal(line["damaged"]) == 0:
            found.add(f"/lines/{index}/received", "invalid-value", "nothing was received", line["received"])
        for name in ("received", "damaged"):
            check_whole(ctx, line["itemNumber"], line[name], f"/lines/{index}/{name}", found)
    found.refuse("Receipt cannot be accepted")
    day = posting_day(ctx, date.fromisoformat(body["postingDate"]))
    receipt = {
        "id": ctx.new_id("purchaseReceipt"),
        "number": loose_number(ctx, "RCP", "purchaseReceipt", today(ctx)),
        "wmsReceiptId": body["wmsReceiptId"],
        "reference": body["reference"],
        "locationCode": body["locationCode"],
        "postingDate": day.isoformat(),
        "sourceSystem": body.get("sourceSystem"),
        "lines": [_line(ctx, line, index) for index, line in enumerate(body["lines"])],
        "correlationId": ctx.correlation_id,
    }
    stock = Stock(ctx)
    _receive(ctx, stock, receipt)
    saved = save(ctx, "purchaseReceipts", receipt)
    settle(ctx, stock)
    return Reply(201, present(saved), location_of(ctx, "purchaseReceipts", saved))


def check_stock_item(ctx: Context, number: str, lot: str | None, at: str, found: Violations) -> None:
    """The item exists, is kept in stock, and its tracking is named."""
    item = find_one(ctx, "items", "number", number)
    if item is None:
        found.add(f"{at}/itemNumber", "unknown-reference", f"no item {number}", number)
    elif item["type"] != "Inventory":
        found.add(f"{at}/itemNumber", "invalid-value", f"{number} is not kept in stock", number)
    elif item["tracking"] == "lot" and lot is None:
        found.add(f"{at}/lot", "required", f"item {number} is tracked by lot")


def check_whole(ctx: Context, item_number: str, quantity: str, pointer: str, found: Violations) -> None:
    """Whole pieces of an item that is counted (DQ-16)."""
    item = find_one(ctx, "items", "number", item_number)
    unit = None if item is None else ctx.table("unitsOfMeasure").get(item["baseUnitOfMeasureCode"])
    if unit is not None and unit["wholeOnly"] and decimal(quantity) != decimal(quantity).to_integral_value():
        found.add(pointer, "invalid-value", f"{unit['code']} is counted in whole units", quantity)


def _line(ctx: Context, asked: Mapping[str, Any], index: int) -> Record:
    stated = asked.get("unitCost")
    cost = item_valuation(ctx, asked["itemNumber"]).average if stated is None else decimal(stated)
    return {
        "sequence": STEP * (index + 1),
        "itemNumber": asked["itemNumber"],
        "received": quantity_text(decimal(asked["received"])),
        "damaged": quantity_text(decimal(asked["damaged"])),
        "lot": asked.get("lot"),
        "unitCost": quantity_text(round_money(cost, 5)),
        "_cost": f"{cost:f}",
    }


def _receive(ctx: Context, stock: Stock, receipt: Record) -> None:
    day = date.fromisoformat(receipt["postingDate"])
    voucher = Voucher("PurchaseReceipt", receipt["number"], day, receipt["correlationId"])
    bookings: list[Booking] = []
    for index, line in enumerate(receipt["lines"]):
        item = find_one(ctx, "items", "number", line["itemNumber"])
        assert item is not None, "checked"
        account = require_inventory_account(ctx, item, f"/lines/{index}/itemNumber")
        for status, quantity, cost in _split(ctx, line):
            movement = Movement(
                item_number=item["number"],
                location_code=receipt["locationCode"],
                quantity=quantity,
                entry_type="Purchase",
                stock_status=status,
                cost=cost,
            )
            moved = move(ctx, stock, voucher, movement)
            bookings += [debit(account, moved.cost), credit(GOODS_RECEIVED_NOT_INVOICED, moved.cost)]
            bookings += [debit(COST_OF_GOODS, moved.revaluation), credit(account, moved.revaluation)]
    post(ctx, voucher, bookings)


def _split(ctx: Context, line: Record) -> list[tuple[str, Decimal, Decimal]]:
    """(status, quantity, cost): the line's cost is rounded once, the damaged pieces take the rest."""
    decimals = minor_units(ctx, base_currency(ctx))
    received, damaged, unit_cost = decimal(line["received"]), decimal(line["damaged"]), decimal(line["_cost"])
    whole = round_money(times(unit_cost, received + damaged), decimals)
    good = whole if damaged == 0 else round_money(times(unit_cost, received), decimals)
    parts = [(SELLABLE, received, good), (DAMAGED, damaged, whole - good)]
    return [part for part in parts if part[1] > ZERO]
