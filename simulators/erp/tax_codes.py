"""Tax codes and their rates. Rates are data with validity dates; several rows may share a code."""

from __future__ import annotations

from datetime import date

from understudy import Context

from .records import Record

INTRA_COMMUNITY = ("K", "AE")
"""Categories at 0 % that need a VAT id checked `valid` (TAX-4)."""


def tax_code_on(ctx: Context, code: str, on: date) -> Record | None:
    """The row of the code that is in force on that day, the latest when rows overlap; None when there is none."""
    day = on.isoformat()
    rows = [
        row
        for row in ctx.table("taxCodes").find("code", code)
        if row["validFrom"] <= day and (row["validTo"] is None or day <= row["validTo"])
    ]
    return max(rows, key=lambda row: str(row["validFrom"])) if rows else None


def tax_account(ctx: Context, code: str, on: date) -> str:
    """The output-tax account of a code (FIN-4). The code must exist."""
    row = tax_code_on(ctx, code, on) or ctx.table("taxCodes").find("code", code)[0]
    return str(row["account"])
