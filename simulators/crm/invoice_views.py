"""Invoices as customers see them in the portal, upserted by document number; newer news wins (CON-3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem, Reply, parse_instant

from ..common.money import decimal, fits, total
from ..common.records import present
from ..common.violations import Violations

Record = dict[str, Any]
TABLE = "invoiceViews"


def upsert(ctx: Context) -> Reply:
    """upsertInvoiceView: 201 created, 200 replaced; an equal repeat is 200 and changes nothing.

    Raises Problem 422 with every violation, 409 entity-changed (existingId = number) when the stored view is newer.
    """
    wanted = {"orderRef": None, "creditNotes": [], "trackingNumbers": [], "pdfUrl": None, **ctx.body}
    _check(ctx, wanted)
    existing = ctx.table(TABLE).get(wanted["number"])
    if existing is None:
        return Reply(201, present(ctx.table(TABLE).put(wanted)))
    if parse_instant(wanted["updatedAt"]) < parse_instant(existing["updatedAt"]):
        raise Problem(
            "entity-changed",
            f"invoice {wanted['number']} was updated at {existing['updatedAt']}, this is of {wanted['updatedAt']}",
            current_state=existing["status"],
            existing_id=existing["number"],
        )
    if all(existing[name] == value for name, value in wanted.items()):
        return Reply(200, present(existing))
    return Reply(200, present(ctx.table(TABLE).put(wanted)))


def get(ctx: Context) -> Reply:
    view = ctx.table(TABLE).get(ctx.path["number"])
    if view is None:
        raise Problem("not-found", f"there is no invoice {ctx.path['number']!r}")
    return Reply(200, present(view))


def list_views(ctx: Context) -> Reply:
    """listInvoiceViews: oldest first."""
    order, status = ctx.query.get("orderRef"), ctx.query.get("status")
    rows = ctx.table(TABLE).all() if order is None else ctx.table(TABLE).find("orderRef", order)
    return ctx.page([present(row) for row in rows if status in (None, row["status"])], name="invoiceViews")


def _check(ctx: Context, view: Mapping[str, Any]) -> None:
    found = Violations()
    if view["number"] != ctx.path["number"]:
        found.add("/number", "invalid-value", f"the path says {ctx.path['number']}", view["number"])
    if ctx.table("accounts").get(view["accountId"]) is None:
        found.add("/accountId", "unknown-reference", "there is no such account", view["accountId"])
    whole, remaining = decimal(view["total"]), decimal(view["remaining"])
    currency = ctx.table("currencies").get(view["currency"])
    if currency is None:
        found.add("/currency", "unknown-reference", "there is no such currency", view["currency"])
    else:
        for name in ("total", "remaining"):
            if not fits(decimal(view[name]), int(currency["minorUnits"])):
                found.add(f"/{name}", "invalid-value", f"more decimals than {view['currency']} has", view[name])
    if whole < 0:
        found.add("/total", "invalid-value", "an invoice is not negative", view["total"])
    if not 0 <= remaining <= whole:
        found.add("/remaining", "invalid-value", f"not between 0 and the total of {view['total']}", view["remaining"])
    if view["dueDate"] < view["documentDate"]:
        found.add("/dueDate", "invalid-value", f"before the document date {view['documentDate']}", view["dueDate"])
    credited = total(decimal(note["amount"]) for note in view["creditNotes"])
    if credited > whole:
        found.add("/creditNotes", "invalid-value", f"more than the total of {view['total']}", f"{credited:f}")
    found.refuse("Invoice view cannot be accepted")
