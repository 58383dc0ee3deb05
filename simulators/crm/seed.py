"""What the CRM knows before a scenario begins: the accounts, and the currencies with their decimals."""

from __future__ import annotations

from understudy import Context, DataSet

from .accounts import store


def seed(ctx: Context, data: DataSet) -> None:
    """Entities used: currencies, crmAccounts."""
    for currency in data.get("currencies", ()):
        ctx.table("currencies").put(currency)
    for account in data.get("crmAccounts", ()):
        store(ctx, {"createdAt": account["updatedAt"], **account})
