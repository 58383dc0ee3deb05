"""The ERP's reference data in the form in which the mapping tables ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..work import Work

Record = dict[str, Any]


def lookups(work: Work, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the order mapping asks, `customers` apart. All items of an order are read in one call."""
    aliases = work.mappings.codes("item-aliases")
    wanted = {"FREIGHT"}
    for line in data.get("line_items") or ():
        sku = " ".join(str(line.get("sku") or "").split()).upper()
        alias = aliases.find(sku)
        wanted.add(str(alias["erp"]) if alias is not None else sku)
    masters = work.masters
    return {
        "items": masters.items(wanted),
        "unitsOfMeasure": masters.by_code("listUnitsOfMeasure", "unitsOfMeasure"),
        "currencies": masters.by_code("listCurrencies", "currencies"),
        "exchangeRates": lambda currency, day: rate_on(
            masters.table("listExchangeRates", "exchangeRates"), currency, day
        ),
        "taxCodes": masters.by_code("listTaxCodes", "taxCodes"),
        "locations": masters.by_code("listLocations", "locations"),
        "companyZone": work.settings.zone,
        "now": work.present,
    }


def payment_lookups(work: Work, order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "orders": lambda *_key: order,
        "currencies": work.masters.by_code("listCurrencies", "currencies"),
        "companyZone": work.settings.zone,
        "now": work.present,
    }


def rate_on(rows: list[Record], currency: Any, day: Any) -> str | None:
    """The rate of a currency on a day: its newest row up to then; 1 for the currency that the rates are based on."""
    if any(row["baseCurrencyCode"] == currency for row in rows):
        return "1"
    valid = [row for row in rows if row["currencyCode"] == currency and row["date"] <= str(day)]
    return max(valid, key=lambda row: str(row["date"]))["rate"] if valid else None


def stock_lookups(work: Work, skus: Iterable[str], order: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the mappings of warehouse events ask: items, units, periods, and the sales order that goods belong to."""
    masters = work.masters
    numbers = {" ".join(str(sku).split()).upper() for sku in skus}
    return {
        "items": masters.items(numbers),
        "unitsOfMeasure": masters.by_code("listUnitsOfMeasure", "unitsOfMeasure"),
        "locations": masters.by_code("listLocations", "locations"),
        "salesOrders": {order["number"]: order} if order is not None else {},
        "companyZone": work.settings.zone,
        "now": work.present,
    }


def invoice_lookups(
    account: Mapping[str, Any], order: Mapping[str, Any] | None, today: str, credit_memos: list[Record]
) -> dict[str, Any]:
    """What the invoice mapping asks: portal account, store order, credits for the invoice, and what day it is."""
    return {
        "creditMemos": lambda *_key: credit_memos,
        "accounts": lambda *_key: account,
        "orders": lambda *_key: order,
        "today": today,
    }
