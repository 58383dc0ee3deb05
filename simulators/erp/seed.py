"""What the ERP has before a scenario begins: master data, set-up, opening stock and its posting (INV-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from understudy import Context, DataSet

from ..common.money import ZERO, decimal, round_money, times, total
from .accounts import (
    CHART,
    FREIGHT_GROUP,
    FREIGHT_INCOME,
    INVENTORY,
    OPENING_BALANCE,
    SALES_BY_CUSTOMER_GROUP,
    inventory_setup,
    sales_setup,
)
from .company import base_currency, minor_units
from .general_ledger import Voucher, credit, debit, post
from .item_ledger import Movement, move, set_unit_cost
from .stock import Stock

_PLAIN = (
    ("company", "companies"),
    ("locations", "locations"),
    ("unitsOfMeasure", "unitsOfMeasure"),
    ("paymentTerms", "paymentTerms"),
    ("paymentMethods", "paymentMethods"),
    ("shipmentMethods", "shipmentMethods"),
    ("currencies", "currencies"),
    ("accountingPeriods", "accountingPeriods"),
    ("customers", "customers"),
)
"""Entity of the data set -> table that holds its records as they are."""

OPENING_DOCUMENT = "OPENING"


def seed(ctx: Context, data: DataSet) -> None:
    """Entities used: those of _PLAIN, taxCodes, exchangeRates, items and openingStock."""
    for entity, table in _PLAIN:
        for record in data.get(entity, ()):
            ctx.table(table).put(record)
    for number, name in CHART.items():
        ctx.table("accounts").put({"number": number, "displayName": name})
    for row in data.get("taxCodes", ()):
        ctx.table("taxCodes").put({**row, "_key": f"{row['code']}|{row['validFrom']}"})
    for row in data.get("exchangeRates", ()):
        ctx.table("exchangeRates").put({**row, "_key": f"{row['currencyCode']}|{row['date']}"})
    for item in data.get("items", ()):
        ctx.table("items").put({name: value for name, value in item.items() if name != "unitCost"})
        set_unit_cost(ctx, item["number"], decimal(item["unitCost"]))
    _set_up_accounts(ctx, data.get("items", ()))
    _open_stock(ctx, data.get("openingStock", ()))


def _set_up_accounts(ctx: Context, items: Iterable[Mapping[str, Any]]) -> None:
    """An account for every combination of posting groups that the data set uses."""
    products = dict.fromkeys(item["productPostingGroup"] for item in items)
    for customer_group, account in SALES_BY_CUSTOMER_GROUP.items():
        for product in products:
            income = FREIGHT_INCOME if product == FREIGHT_GROUP else account
            ctx.table("postingSetup").put(sales_setup(customer_group, product, income))
    for group in dict.fromkeys(item["inventoryPostingGroup"] for item in items if item["inventoryPostingGroup"]):
        ctx.table("postingSetup").put(inventory_setup(group, INVENTORY))


def _open_stock(ctx: Context, rows: Iterable[Mapping[str, Any]]) -> None:
    """Positive entries at cost, and 1300 against the opening balance, so that the books agree from the start.

    One posting a day and document: the opening of each posting date is balanced by itself.
    """
    stock = Stock(ctx)
    values: dict[str, list[Decimal]] = {}
    decimals = minor_units(ctx, base_currency(ctx))
    for row in rows:
        quantity = decimal(row["quantity"])
        if quantity <= 0:
            continue
        cost = round_money(times(quantity, decimal(row["unitCost"])), decimals)
        movement = Movement(
            item_number=row["itemNumber"],
            location_code=row["locationCode"],
            quantity=quantity,
            entry_type="PositiveAdjustment",
            stock_status=row["stockStatus"],
            cost=cost,
        )
        move(ctx, stock, _voucher(ctx, row["postingDate"]), movement)
        values.setdefault(row["postingDate"], []).append(cost)
    for day, costs in values.items():
        value = total(costs)
        if value != ZERO:
            post(ctx, _voucher(ctx, day), [debit(INVENTORY, value), credit(OPENING_BALANCE, value)])


def _voucher(ctx: Context, day: str) -> Voucher:
    return Voucher(
        document_type="Opening",
        document_number=OPENING_DOCUMENT,
        posting_date=date.fromisoformat(day),
        correlation_id=ctx.correlation_id,
    )
