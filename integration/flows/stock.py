"""F-5: goods received and stock corrected in the warehouse reach the ERP's ledgers (domain 4.2, B12 and B13)."""

from __future__ import annotations

from typing import Any

from ..flow import Applied, Outcome
from ..mappings import ADJUSTMENT, RECEIPT, require_intact
from ..work import Work
from . import reference

Record = dict[str, Any]


def book_receipt(work: Work) -> Outcome:
    """wms.receipt.confirmed: good and damaged pieces of a purchase; returns and transfers are other documents."""
    data = work.message.data
    if data["type"] != "purchase":
        raise work.refuse(
            "unsupported-receipt",
            f"a receipt of type {data['type']} is no purchase",
            pointer="/type",
            rejected=data["type"],
        )
    lookups = reference.stock_lookups(work, (line["sku"] for line in data["lines"]))
    mapped = work.map(RECEIPT, data, lookups)
    work.erp.create_receipt(require_intact(mapped), name=f"wms:receipt:{data['id']}:create")
    return Applied()


def book_adjustment(work: Work) -> Outcome:
    """wms.inventory.adjusted and .statuschanged: a journal entry with its reason."""
    data = work.message.data
    mapped = work.map(ADJUSTMENT, data, reference.stock_lookups(work, [data["sku"]]))
    work.erp.create_journal_entry(require_intact(mapped), name=f"wms:adjustment:{data['id']}:create")
    return Applied()
