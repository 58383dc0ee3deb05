"""Accounts: the persons and firms that the sales people know. An ERP customer number belongs to one account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.records import present

Record = dict[str, Any]
TABLE = "accounts"
DEFAULT_OWNER = "usr_1"


def create(ctx: Context) -> Reply:
    """createAccount: 201. Raises Problem 409 duplicate-external-document for a customer number that is taken."""
    _require_free_number(ctx, ctx.body.get("erpCustomerNumber"), own_id=None)
    now = instant_text(ctx.now)
    account = store(
        ctx,
        {
            "id": _free_id(ctx),
            "name": ctx.body["name"],
            "email": ctx.body["email"],
            "erpCustomerNumber": ctx.body.get("erpCustomerNumber"),
            "ownerId": ctx.body.get("ownerId", ctx.settings.get("defaultOwnerId", DEFAULT_OWNER)),
            "createdAt": now,
            "updatedAt": now,
        },
    )
    ctx.emit("crm.account.created.v1", subject=account["id"], data=present(account))
    return Reply(201, present(account))


def get(ctx: Context) -> Reply:
    return Reply(200, present(_fetch(ctx)))


def list_accounts(ctx: Context) -> Reply:
    """listAccounts: oldest first; `email` without regard to case."""
    number, email = ctx.query.get("erpCustomerNumber"), ctx.query.get("email")
    rows = ctx.table(TABLE).all() if email is None else ctx.table(TABLE).find("_email", match_key(str(email)))
    found = [present(row) for row in rows if number in (None, row["erpCustomerNumber"])]
    return ctx.page(found, name="accounts")


def update(ctx: Context) -> Reply:
    """updateAccount: 200; told when something changed. Raises Problem 409 for a customer number that is taken."""
    account = _fetch(ctx)
    ctx.require_match(account)
    changes = {name: value for name, value in ctx.body.items() if value != account[name]}
    if not changes:
        return Reply(200, present(account))
    _require_free_number(ctx, changes.get("erpCustomerNumber"), own_id=account["id"])
    changed = store(ctx, {**account, **changes, "updatedAt": instant_text(ctx.now)})
    ctx.emit("crm.account.changed.v1", subject=changed["id"], data=present(changed))
    return Reply(200, present(changed))


def store(ctx: Context, account: Mapping[str, Any]) -> Record:
    """Store with the key under which the email is found."""
    return ctx.table(TABLE).put({**account, "_email": match_key(account["email"])})


def match_key(email: str) -> str:
    return email.strip().lower()


def _fetch(ctx: Context) -> Record:
    account = ctx.table(TABLE).get(ctx.path["accountId"])
    if account is None:
        raise Problem("not-found", f"there is no account {ctx.path['accountId']!r}")
    return account


def _require_free_number(ctx: Context, number: str | None, *, own_id: str | None) -> None:
    held_by = ctx.table(TABLE).find("erpCustomerNumber", number) if number is not None else []
    if held_by and held_by[0]["id"] != own_id:
        raise Problem(
            "duplicate-external-document",
            f"customer {number} is account {held_by[0]['id']} already",
            existing_id=held_by[0]["id"],
        )


def _free_id(ctx: Context) -> str:
    while ctx.table(TABLE).get(candidate := f"acc_{ctx.next('account')}") is not None:
        pass
    return candidate
