"""Which account an amount goes to, by posting groups; a missing combination is a set-up error (domain 2.2)."""

from __future__ import annotations

from understudy import Context, FieldError, Problem

from .records import Record

RECEIVABLES = "1200"
CLEARING = "1210"
INVENTORY = "1300"
GOODS_RECEIVED_NOT_INVOICED = "2150"
PREPAYMENTS = "2200"
OPENING_BALANCE = "2900"
SALES_RETURNS = "4950"
COST_OF_GOODS = "5000"
SHRINKAGE = "5100"
SCRAP = "5110"
ROUNDING = "6900"
FX_GAIN = "7800"
FX_LOSS = "7810"

CHART = {
    "1000": "Bank",
    RECEIVABLES: "Receivables",
    CLEARING: "Payment clearing",
    INVENTORY: "Inventory",
    GOODS_RECEIVED_NOT_INVOICED: "Goods received not invoiced",
    PREPAYMENTS: "Customer prepayments",
    OPENING_BALANCE: "Opening balance",
    "4000": "Sales, domestic",
    "4010": "Sales, EU",
    "4020": "Sales, export",
    "4100": "Freight income",
    "4900": "Other income",
    SALES_RETURNS: "Sales returns",
    COST_OF_GOODS: "Cost of goods sold",
    SHRINKAGE: "Shrinkage",
    SCRAP: "Scrap",
    ROUNDING: "Rounding",
    FX_GAIN: "Exchange gains",
    FX_LOSS: "Exchange losses",
}
"""Accounts that lines of type Account may name; the accounts of tax codes come with the codes."""

SALES_BY_CUSTOMER_GROUP = {"DOMESTIC": "4000", "EU": "4010", "EXPORT": "4020"}
FREIGHT_GROUP = "FREIGHT"
FREIGHT_INCOME = "4100"


def setup_key(kind: str, *groups: str | None) -> str:
    """Key of a row of the posting set-up: `sales|DOMESTIC|RETAIL`, `inventory|RESALE`."""
    return "|".join((kind, *(group or "" for group in groups)))


def sales_setup(customer_group: str, product_group: str, account: str) -> Record:
    return {"_key": setup_key("sales", customer_group, product_group), "accountNumber": account}


def inventory_setup(inventory_group: str, account: str) -> Record:
    return {"_key": setup_key("inventory", inventory_group), "accountNumber": account}


def sales_account(ctx: Context, customer: Record, item: Record) -> str | None:
    """The income account of an item sold to a customer, None when the combination is not set up."""
    return _account(ctx, setup_key("sales", customer["customerPostingGroup"], item["productPostingGroup"]))


def inventory_account(ctx: Context, item: Record) -> str | None:
    return _account(ctx, setup_key("inventory", item["inventoryPostingGroup"]))


def _account(ctx: Context, key: str) -> str | None:
    row = ctx.table("postingSetup").get(key)
    return str(row["accountNumber"]) if row is not None else None


def require_inventory_account(ctx: Context, item: Record, pointer: str) -> str:
    """Raises Problem 422 posting-setup-missing."""
    account = inventory_account(ctx, item)
    if account is None:
        detail = f"no inventory account is set up for {item['number']} (posting group {item['inventoryPostingGroup']})"
        raise Problem(
            "posting-setup-missing",
            detail,
            errors=[FieldError(pointer, "posting-setup-missing", detail, item["number"])],
        )
    return account
