"""Payment terms: when an invoice is due (domain 2.2, side effects)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from ..common.dates import end_of_month


def due_date(terms: Mapping[str, Any], document_date: date) -> date:
    """Document date, or the end of its month, plus the days of the terms.

    terms: a payment term: baseDate `document` | `endOfMonth`, dueDays. `N30` of 2026-03-03 is 2026-04-02, `EOM+15` is
    2026-04-15. The discount of `2/10N30` does not move the due date (M-21).
    """
    base = end_of_month(document_date) if terms["baseDate"] == "endOfMonth" else document_date
    return base + timedelta(days=terms["dueDays"])
