"""What the ERP tells the world: an event carries the resource as the API returns it and belongs to its flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context

from ..common.records import present


def announce(ctx: Context, event: str, document: Mapping[str, Any], *, causation_id: str | None = None) -> None:
    """State an event about a document, under its number, with its correlation id.

    event: name without prefix, `erp.salesorder.released.v1`. causation_id: for jobs, the message that led to them.
    """
    ctx.emit(
        event,
        subject=str(document["number"]),
        data=present(document),
        correlation_id=document.get("correlationId") or ctx.correlation_id,
        causation_id=causation_id,
    )
