"""Item journal: adjustments, counts and changes of stock status, posted at once (domain 2.2, Postings; 4.2, B13)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from understudy import Context, FieldError, Problem, Reply

from ..common.money import decimal, quantity_text
from ..common.records import present
from ..common.violations import Violations
from .accounts import COST_OF_GOODS, SCRAP, SHRINKAGE, require_inventory_account
from .company import location_of, posting_day, today
from .duplicates import refuse_duplicate
from .general_ledger import Voucher, credit, debit, post
from .item_ledger import Movement, move
from .numbering import loose_number
from .receipts import DAMAGED, check_stock_item, check_whole
from .records import Record, find_one, save
from .reservations import settle
from .stock import Stock

REASONS = ("DAMAGE", "LOSS", "FOUND", "EXPIRY", "COUNT", "UOM_FIX", "SAMPLE")


def create_item_journal_entry(ctx: Context) -> Reply:
    """Raises Problem 422 with every violation, 409 duplicate-external-document or insufficient-stock."""
    body = ctx.body
    refuse_duplicate(ctx, "itemJournalEntries", "externalDocumentNumber", body["externalDocumentNumber"])
    found = Violations()
    _check(ctx, found)
    found.refuse("Adjustment cannot be accepted")
    day = posting_day(ctx, date.fromisoformat(body["postingDate"]))
    entry = {
        "id": ctx.new_id("itemJournalEntry"),
        "number": loose_number(ctx, "IJ", "itemJournalEntry", today(ctx)),
        "externalDocumentNumber": body["externalDocumentNumber"],
        "itemNumber": body["itemNumber"],
        "locationCode": body["locationCode"],
        "stockStatus": body["stockStatus"],
        "fromStatus": body.get("fromStatus"),
        "toStatus": body.get("toStatus"),
        "quantity": quantity_text(decimal(body["quantity"])),
        "reasonCode": body["reasonCode"],
        "postingDate": day.isoformat(),
        "lot": body.get("lot"),
        "sourceSystem": body.get("sourceSystem"),
        "correlationId": ctx.correlation_id,
    }
    item = find_one(ctx, "items", "number", entry["itemNumber"])
    assert item is not None, "checked"
    stock = Stock(ctx)
    _require_stock(ctx, stock, entry)
    account = require_inventory_account(ctx, item, "/itemNumber")
    if entry["fromStatus"] is not None:
        _change_status(ctx, stock, entry)
    else:
        _adjust(ctx, stock, entry, account)
    saved = save(ctx, "itemJournalEntries", entry)
    settle(ctx, stock)
    return Reply(201, present(saved), location_of(ctx, "itemJournalEntries", saved))


def _check(ctx: Context, found: Violations) -> None:
    body = ctx.body
    check_stock_item(ctx, body["itemNumber"], body.get("lot"), "", found)
    check_whole(ctx, body["itemNumber"], body["quantity"], "/quantity", found)
    if ctx.table("locations").get(body["locationCode"]) is None:
        found.add("/locationCode", "unknown-reference", f"no location {body['locationCode']}", body["locationCode"])
    if body["reasonCode"] not in REASONS:
        detail = f"no reason {body['reasonCode']}; there are {', '.join(REASONS)}"
        found.add("/reasonCode", "unknown-reference", detail, body["reasonCode"])
    if date.fromisoformat(body["postingDate"]) > today(ctx):
        found.add("/postingDate", "invalid-value", "the posting date lies in the future", body["postingDate"])
    before, after = body.get("fromStatus"), body.get("toStatus")
    if (before is None) != (after is None):
        found.add("/fromStatus", "required", "a change of status names fromStatus and toStatus")
    elif before is not None:
        if before == after or after != body["stockStatus"]:
            found.add("/toStatus", "invalid-value", "a change ends in stockStatus, and not where it began", after)
        if decimal(body["quantity"]) < 0:
            found.add("/quantity", "invalid-value", "a change of status moves a quantity above 0", body["quantity"])


def _require_stock(ctx: Context, stock: Stock, entry: Record) -> None:
    """Nothing leaves a status that it is not in (INV-4)."""
    status, quantity = entry["stockStatus"], -decimal(entry["quantity"])
    if entry["fromStatus"] is not None:
        status, quantity = entry["fromStatus"], -quantity
    on_hand = stock.on_hand(entry["itemNumber"], entry["locationCode"], status)
    if quantity > on_hand and ctx.policy.get("allowNegativeStock", "false") != "true":
        detail = f"{entry['itemNumber']} at {entry['locationCode']}: {quantity_text(on_hand)} {status} on hand"
        raise Problem(
            "insufficient-stock",
            detail,
            errors=[FieldError("/quantity", "insufficient-stock", detail, entry["quantity"])],
        )


def _adjust(ctx: Context, stock: Stock, entry: Record, account: str) -> None:
    """5100 shrinkage against inventory, either way; damaged goods that are thrown away go to 5110 scrap."""
    quantity = decimal(entry["quantity"])
    entry_type = "PositiveAdjustment" if quantity > 0 else "NegativeAdjustment"
    moved = move(ctx, stock, _voucher(entry), _movement(entry, quantity, entry_type, entry["stockStatus"]))
    if quantity > 0:
        correction = moved.revaluation
        bookings = [debit(account, moved.cost), credit(SHRINKAGE, moved.cost)]
        bookings += [debit(COST_OF_GOODS, correction), credit(account, correction)]
    else:
        scrapped = entry["stockStatus"] == DAMAGED and entry["reasonCode"] != "COUNT"
        bookings = [debit(SCRAP if scrapped else SHRINKAGE, moved.cost), credit(account, moved.cost)]
    post(ctx, _voucher(entry), bookings)


def _change_status(ctx: Context, stock: Stock, entry: Record) -> None:
    """Out of one status and into the other at the same cost: quantity and value net to zero (INV-10)."""
    quantity = decimal(entry["quantity"])
    out = move(ctx, stock, _voucher(entry), _movement(entry, -quantity, "Transfer", entry["fromStatus"]))
    move(ctx, stock, _voucher(entry), _movement(entry, quantity, "Transfer", entry["toStatus"], out.cost))


def _movement(entry: Record, quantity: Decimal, entry_type: str, status: str, cost: Decimal | None = None) -> Movement:
    return Movement(
        item_number=entry["itemNumber"],
        location_code=entry["locationCode"],
        quantity=quantity,
        entry_type=entry_type,
        stock_status=status,
        cost=cost,
    )


def _voucher(entry: Record) -> Voucher:
    day = date.fromisoformat(entry["postingDate"])
    return Voucher("ItemJournalEntry", entry["number"], day, entry["correlationId"])
