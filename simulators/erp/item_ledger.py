"""Item ledger: every movement of stock with its cost at moving average (domain 2.2, Postings; M-19)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from understudy import Context

from ..common.money import decimal, money_text, quantity_text, round_money
from . import valuation
from .company import base_currency, minor_units
from .general_ledger import Voucher
from .numbering import entry_number
from .records import Record
from .stock import SELLABLE, Stock
from .valuation import Valuation

COST_DECIMALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """quantity: base units, positive into stock and negative out of it. cost: what an inbound quantity is worth
    together, None for the present average; what goes out costs the moving average."""

    item_number: str
    location_code: str
    quantity: Decimal
    entry_type: str
    stock_status: str = SELLABLE
    cost: Decimal | None = None
    reversal_of: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """cost: positive figure for what moved. revaluation: see valuation.Receipt; 0 unless stock had been below zero."""

    entry: Record
    cost: Decimal
    revaluation: Decimal


def move(ctx: Context, stock: Stock, voucher: Voucher, movement: Movement) -> Moved:
    """Change the balance and the valuation and write the entry; the general ledger is the caller's part."""
    decimals = minor_units(ctx, base_currency(ctx))
    before = item_valuation(ctx, movement.item_number)
    quantity = abs(movement.quantity)
    revaluation = Decimal(0)
    if movement.quantity < 0:
        after, cost = valuation.issue(before, quantity, decimals)
    else:
        known = movement.cost
        cost = round_money(before.average * quantity, decimals) if known is None else known
        receipt = valuation.receive(before, quantity, cost, decimals)
        after, revaluation = receipt.valuation, receipt.revaluation
    _store(ctx, movement.item_number, after)
    stock.move(movement.item_number, movement.location_code, movement.stock_status, movement.quantity)
    sign = -1 if movement.quantity < 0 else 1
    entry = _write(ctx, voucher, movement, sign * cost, decimals)
    if revaluation:
        _write(ctx, voucher, _no_quantity(movement), -revaluation, decimals)
    return Moved(entry, cost, revaluation)


def item_valuation(ctx: Context, item_number: str) -> Valuation:
    row = ctx.table("valuations").get(item_number)
    if row is None:
        return Valuation()
    return Valuation(quantity=decimal(row["quantity"]), value=decimal(row["value"]), unit_cost=decimal(row["unitCost"]))


def unit_cost(ctx: Context, item_number: str) -> str:
    """The item's present cost per base unit, up to 5 decimals."""
    return quantity_text(round_money(item_valuation(ctx, item_number).average, COST_DECIMALS))


def set_unit_cost(ctx: Context, item_number: str, cost: Decimal) -> None:
    """The cost of an item that has never been in stock: what it would be bought for."""
    _store(ctx, item_number, Valuation(unit_cost=cost))


def _store(ctx: Context, item_number: str, after: Valuation) -> None:
    ctx.table("valuations").put(
        {
            "itemNumber": item_number,
            "quantity": quantity_text(after.quantity),
            "value": f"{after.value:f}",
            "unitCost": quantity_text(round_money(after.average, COST_DECIMALS)),
        }
    )


def _no_quantity(movement: Movement) -> Movement:
    return Movement(
        item_number=movement.item_number,
        location_code=movement.location_code,
        quantity=Decimal(0),
        entry_type=movement.entry_type,
        stock_status=movement.stock_status,
    )


def _write(ctx: Context, voucher: Voucher, movement: Movement, cost: Decimal, decimals: int) -> Record:
    return ctx.table("itemLedgerEntries").put(
        {
            "entryNumber": entry_number(ctx, "itemLedgerEntry"),
            "itemNumber": movement.item_number,
            "locationCode": movement.location_code,
            "stockStatus": movement.stock_status,
            "entryType": movement.entry_type,
            "documentType": voucher.document_type,
            "documentNumber": voucher.document_number,
            "postingDate": voucher.posting_date.isoformat(),
            "quantity": quantity_text(movement.quantity),
            "costAmount": money_text(cost, decimals),
            "reversalOf": movement.reversal_of,
            "correlationId": voucher.correlation_id,
        }
    )
