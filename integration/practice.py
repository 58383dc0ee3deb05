"""The points at which the integration can be made to misbehave on purpose, to prove that the harness would notice.

A sound integration uses the defaults below: each says what good practice is at that point. `defects.py` replaces one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .failure import Failure

if TYPE_CHECKING:
    from .work import Work

Record = dict[str, Any]
Verdict = Literal["decide", "applied", "lost", "crash", "retry"]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """Good practice, point by point; `defect` names the one that was replaced, empty for none."""

    defect: str = ""

    # Receiving
    checks_signature: bool = True
    recognises_repeats: bool = True

    # Calling
    key: Callable[[str, int, str], str] = lambda key, attempt, nonce: key  # noqa: ARG005
    remembers_writes: bool = True
    looks_up_first: bool = True
    if_match: Callable[[str], str] = _same
    passes_correlation: bool = True
    honours_retry_after: bool = True

    # Judging a failure: `decide` leaves it to the retry policy.
    verdict: Callable[[Failure], Verdict] = lambda failure: "decide"  # noqa: ARG005
    refuses_old_state: bool = True

    # Content: what was read from a source, and what is about to be written to a target.
    store_order: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _same
    source_order_id: Callable[[str, str], str] = lambda order_id, message_id: order_id  # noqa: ARG005
    sales_order: Callable[[Record], Record] = _same
    matches_typed_email: bool = False
    matches_by_name: bool = False
    payments: Callable[[list[Record], str], list[Record]] = lambda bodies, event: bodies  # noqa: ARG005
    balances: Callable[[list[Record], Mapping[str, Any]], list[Record]] = lambda rows, event: rows  # noqa: ARG005
    fulfilment_order: Callable[[Record], Record] = _same
    sales_shipment: Callable[[Record, Mapping[str, Any]], Record] = lambda shipment, order: shipment  # noqa: ARG005
    store_fulfilment: Callable[[Record], Record] = _same
    invoice_view: Callable[[Record], Record] = _same
    after_shipment: Callable[[Work, Record], None] = lambda work, shipment: None  # noqa: ARG005


SOUND = Practice()
