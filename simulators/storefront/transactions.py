"""Transactions of an order: what the shopper's money does, and what it may not do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from understudy import Context, Problem, Reply

from ..common.dates import instant_text
from ..common.money import ZERO, decimal, fits, money_text
from ..common.records import present
from ..common.violations import Violations
from .financial import FINANCIAL_STATUS, funds, open_amount, refundable_amount
from .orders import emit, fetch, minor_units, save

Record = dict[str, Any]
AUTHORIZATION_LIFE = timedelta(days=7)
_PARENTS = {"capture": ("authorization",), "void": ("authorization",), "refund": ("sale", "capture")}


def create(ctx: Context) -> Reply:
    """createOrderTransaction: 201; the order's financial status follows, with `updated` or `paid` as its event.

    Raises Problem 422 with every violation (capture above what is authorised, refund above what was captured, currency,
    parent), 409 for what the financial status does not allow.
    """
    order = fetch(ctx)
    before = funds(of_order(ctx, order["id"]))
    transaction = record(ctx, order, ctx.body)
    after = funds(of_order(ctx, order["id"]))
    if after != before:
        _tell(ctx, settle(ctx, order), order["financial_status"])
    return Reply(201, present(transaction))


def list_transactions(ctx: Context) -> Reply:
    return ctx.page([present(t) for t in of_order(ctx, fetch(ctx)["id"])], name="transactions")


def of_order(ctx: Context, order_id: int) -> list[Record]:
    """The transactions of an order, oldest first."""
    return ctx.table("transactions").find("order_id", order_id)


def record(ctx: Context, order: Mapping[str, Any], wanted: Mapping[str, Any], *, pointer: str = "") -> Record:
    """Check and store one transaction. pointer: where it stands in the request. The order is settled by the caller."""
    existing = of_order(ctx, order["id"])
    parent = _parent(wanted, existing)
    if wanted.get("status", "success") == "success":
        _require_possible(order, wanted, existing)
    _check(ctx, order, wanted, parent, existing, pointer)
    transaction = {
        "id": ctx.next("transaction"),
        "order_id": order["id"],
        "kind": wanted["kind"],
        "status": wanted.get("status", "success"),
        "amount": money_text(decimal(wanted["amount"]), minor_units(ctx, order["currency"])),
        "currency": wanted.get("currency", order["currency"]),
        "gateway": wanted["gateway"],
        "parent_id": parent["id"] if parent is not None else None,
        "test": order["test"],
        "created_at": instant_text(ctx.now),
    }
    if transaction["kind"] == "authorization" and transaction["status"] == "success":
        payload = {"transactionId": transaction["id"]}
        ctx.schedule("expireAuthorization", payload, after=AUTHORIZATION_LIFE, correlation_id=order["_correlationId"])
    return ctx.table("transactions").put(transaction)


def settle(ctx: Context, order: Mapping[str, Any]) -> Record:
    """Derive what follows for the order: financial status, gateway, what it is worth after refunds."""
    transactions = of_order(ctx, order["id"])
    money = funds(transactions)
    price = decimal(order["total_price"])
    return save(
        ctx,
        order,
        financial_status=money.status(price),
        gateway=transactions[0]["gateway"] if transactions else None,
        current_total_price=money_text(price - money.refunded, minor_units(ctx, order["currency"])),
    )


def void_open(ctx: Context, order: Mapping[str, Any]) -> None:
    """Give back every open authorisation of the order."""
    existing = of_order(ctx, order["id"])
    done = [t for t in existing if t["status"] == "success"]
    for authorization in existing:
        if authorization["kind"] == "authorization" and open_amount(authorization, done) > 0:
            record(
                ctx,
                order,
                {"kind": "void", "amount": "0", "gateway": authorization["gateway"], "parent_id": authorization["id"]},
            )


def expire_authorization(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Job: after seven days an authorisation that was neither captured nor voided is gone."""
    authorization = ctx.table("transactions").get(payload["transactionId"])
    if authorization is None:
        return
    done = [t for t in of_order(ctx, authorization["order_id"]) if t["status"] == "success"]
    if open_amount(authorization, done) <= 0:
        return
    ctx.table("transactions").put({**authorization, "_expired": True})
    order = ctx.table("orders").get(authorization["order_id"])
    assert order is not None, "a transaction belongs to an order"
    _tell(ctx, settle(ctx, order), order["financial_status"])


def _tell(ctx: Context, order: Mapping[str, Any], before: str) -> None:
    became_paid = order["financial_status"] == "paid" and before != "paid"
    emit(ctx, "store.order.paid.v1" if became_paid else "store.order.updated.v1", order)


def _parent(wanted: Mapping[str, Any], existing: Sequence[Record]) -> Record | None:
    """The transaction that this one belongs to: the one named, else the latest that it can belong to."""
    kinds = _PARENTS.get(wanted["kind"], ())
    named = wanted.get("parent_id")
    candidates = [t for t in existing if t["kind"] in kinds and t["status"] == "success" and named in (None, t["id"])]
    done = [t for t in existing if t["status"] == "success"]
    if named is None and wanted["kind"] != "refund":
        candidates = [t for t in candidates if open_amount(t, done) > 0]
    return candidates[-1] if candidates else None


def _require_possible(order: Mapping[str, Any], wanted: Mapping[str, Any], existing: Sequence[Record]) -> None:
    """Raises Problem 409 for a kind that the order's financial status does not allow at all."""
    status, kind, money = order["financial_status"], wanted["kind"], funds(existing)
    why = ""
    if kind in ("sale", "authorization") and order["cancelled_at"] is not None:
        why = "a cancelled order takes no money"
    elif kind == "authorization" and status != "pending":
        why = "only a pending order can be authorised"
    elif kind == "sale" and status not in ("pending", "partially_paid"):
        why = "only a pending or partly paid order can be sold"
    elif kind == "capture" and money.authorized <= 0:
        why = "there is no open authorisation to capture"
    elif kind == "void" and status != "pending" and money.authorized <= 0:
        why = "there is no open authorisation to void"
    elif kind == "refund" and money.captured <= 0:
        why = "nothing was paid that could be refunded"
    if why:
        raise Problem(
            "invalid-state-transition",
            f"order {order['name']} is {status}: {why}",
            current_state=status,
            allowed_transitions=FINANCIAL_STATUS[status],
        )


def _check(
    ctx: Context,
    order: Mapping[str, Any],
    wanted: Mapping[str, Any],
    parent: Record | None,
    existing: Sequence[Record],
    pointer: str,
) -> None:
    found = Violations()
    amount = decimal(wanted["amount"])
    if wanted.get("currency", order["currency"]) != order["currency"]:
        found.add(
            f"{pointer}/currency", "currency-mismatch", f"the order is in {order['currency']}", wanted["currency"]
        )
    if not fits(amount, minor_units(ctx, order["currency"])):
        found.add(f"{pointer}/amount", "invalid-value", f"more decimals than {order['currency']} has", wanted["amount"])
    if amount == 0 and wanted["kind"] != "void":
        found.add(f"{pointer}/amount", "invalid-value", "nothing would move", wanted["amount"])
    if wanted.get("parent_id") is not None and parent is None:
        detail = f"no transaction of this order that a {wanted['kind']} can belong to"
        found.add(f"{pointer}/parent_id", "unknown-reference", detail, wanted["parent_id"])
    limit = _limit(order, wanted, parent, existing)
    if wanted.get("status", "success") == "success" and limit is not None and amount > limit:
        found.add(f"{pointer}/amount", "invalid-value", f"at most {limit:f} can be moved", wanted["amount"])
    found.refuse("Transaction cannot be accepted")


def _limit(
    order: Mapping[str, Any], wanted: Mapping[str, Any], parent: Record | None, existing: Sequence[Record]
) -> Decimal | None:
    """The most that the transaction may move; None when there is no limit."""
    done = [t for t in existing if t["status"] == "success"]
    money = funds(existing)
    if wanted["kind"] in ("sale", "authorization"):
        return decimal(order["total_price"]) - money.captured - money.authorized
    if wanted["kind"] == "capture":
        return ZERO if parent is None else open_amount(parent, done)
    if wanted["kind"] == "refund":
        named = wanted.get("parent_id") is not None and parent is not None
        return min(money.refundable, refundable_amount(parent, done)) if named and parent else money.refundable
    return None
