"""The one company of this ERP: its calendar, its money, its periods. Other companies do not exist (404)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from understudy import Context, FieldError, Problem, Reply

from ..common.dates import local_date
from ..common.money import decimal
from .records import Record
from .translation import translate


def company(ctx: Context) -> Record:
    """The one company. Raises Problem 404 when the ERP has not been seeded."""
    found = next(iter(ctx.table("companies").all()), None)
    if found is None:
        raise Problem("not-found", "this ERP has no company yet: seed it first")
    return found


def in_company(handler: Callable[[Context], Reply]) -> Callable[[Context], Reply]:
    """The handler, for paths of this company only: another company's data answer 404, never 403."""

    def scoped(ctx: Context) -> Reply:
        asked = ctx.path.get("companyId")
        if asked != company(ctx)["code"]:
            raise Problem("not-found", f"there is no company {asked!r}")
        return handler(ctx)

    return scoped


def location_of(ctx: Context, collection: str, record: Record) -> dict[str, str]:
    """The Location header of a record that was made."""
    return {"Location": f"/erp/v1/companies/{company(ctx)['code']}/{collection}/{record['id']}"}


def today(ctx: Context) -> date:
    return local_date(ctx.now, company(ctx)["timeZone"])


def base_currency(ctx: Context) -> str:
    return str(company(ctx)["baseCurrency"])


def minor_units(ctx: Context, currency_code: str) -> int:
    """Decimals of the currency's amounts (CUR-1). The currency must exist: documents are checked before."""
    return int(ctx.table("currencies").get(currency_code)["minorUnits"])  # type: ignore[index]


def exchange_rate(ctx: Context, currency_code: str, on: date) -> Decimal | None:
    """Foreign units per unit of base currency on that day: the latest row not after it; None when there is none yet."""
    if currency_code == base_currency(ctx):
        return Decimal(1)
    rows = [
        row for row in ctx.table("exchangeRates").find("currencyCode", currency_code) if row["date"] <= on.isoformat()
    ]
    return decimal(max(rows, key=lambda row: row["date"])["rate"]) if rows else None


def to_base(ctx: Context, amount: Decimal, rate: Decimal) -> Decimal:
    """An amount in foreign currency at `rate`, in the base currency (CUR-2)."""
    return translate(amount, rate, minor_units(ctx, base_currency(ctx)))


def period_is_closed(ctx: Context, day: date) -> bool:
    """A day that no accounting period covers is as closed as one whose period was closed."""
    period = _period(ctx, day)
    return period is None or bool(period["closed"])


def next_open_day(ctx: Context, day: date) -> date | None:
    """`day` itself when its period is open, else the first day of the next open period; None when no period follows."""
    current = day
    while (period := _period(ctx, current)) is not None:
        if not period["closed"]:
            return current
        current = date.fromisoformat(period["end"]) + timedelta(days=1)
    return None


def posting_day(ctx: Context, day: date, pointer: str = "/postingDate") -> date:
    """The day on which a document made from an event is posted (PT-6).

    A closed period moves the posting to the next open day, or is refused under `closedPeriod=reject`.
    Raises Problem 422 posting-period-closed.
    """
    if not period_is_closed(ctx, day):
        return day
    moved = next_open_day(ctx, day) if ctx.policy.get("closedPeriod", "nextOpenDay") == "nextOpenDay" else None
    if moved is None:
        raise closed_period(day, pointer)
    return moved


def closed_period(day: date, pointer: str) -> Problem:
    detail = f"{day} lies in a closed accounting period"
    return Problem(
        "posting-period-closed",
        detail,
        errors=[FieldError(pointer, "posting-period-closed", detail, day.isoformat())],
    )


def _period(ctx: Context, day: date) -> dict[str, Any] | None:
    return ctx.table("accountingPeriods").get(day.replace(day=1).isoformat()) or next(
        (row for row in ctx.table("accountingPeriods").all() if row["start"] <= day.isoformat() <= row["end"]), None
    )
