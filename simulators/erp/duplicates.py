"""Business keys: a second document for the same source order, WMS shipment, receipt or external payment (IDM-4).

A business key is an idempotency record that never expires. It is therefore asked before anything else about a document,
as the idempotency record is (domain 2.1, validation order): a repeat is adopted even when its item is blocked by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy import Context, Problem


def refuse_duplicate(
    ctx: Context,
    table: str,
    field: str | tuple[str, ...],
    value: Any,
    *,
    slug: str = "duplicate-external-document",
    gone: Sequence[str] = (),
) -> None:
    """Raises Problem 409 with existingId; nothing under `idempotencySupport=none`, where no business key is unique.

    gone: states in which a document no longer holds its key, so that the same delivery may be recorded anew.
    """
    if ctx.policy.get("idempotencySupport", "full") == "none":
        return
    existing = [record for record in ctx.table(table).find(field, value) if record.get("status") not in gone]
    if not existing:
        return
    key = " ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
    raise Problem(
        slug,
        f"{key} is {existing[0]['number']} already",
        current_state=existing[0].get("status"),
        existing_id=existing[0]["id"],
    )
