"""The storefront: orders, their payments and fulfilments, and what is on offer.

It has no version tags: the last write wins, so stock goes there as an absolute number with its sequence.
"""

from __future__ import annotations

from typing import Any

from ..outbox import Outbox
from .http import Caller, Request, body_of, part
from .write import Write, write_once

Record = dict[str, Any]


class Storefront:
    """Calls on behalf of one message."""

    def __init__(self, caller: Caller, outbox: Outbox) -> None:
        self._caller = caller
        self._outbox = outbox

    def order(self, order_id: str) -> Record:
        record: Record = self._read("getOrder", f"/orders/{part(order_id)}")
        return record

    def transactions(self, order_id: str) -> list[Record]:
        rows: list[Record] = self._read("listOrderTransactions", f"/orders/{part(order_id)}/transactions")[
            "transactions"
        ]
        return rows

    def fulfilments(self, order_id: str) -> list[Record]:
        rows: list[Record] = self._read("listFulfillments", f"/orders/{part(order_id)}/fulfillments")["fulfillments"]
        return rows

    def variant(self, sku: str) -> Record | None:
        rows: list[Record] = self._read("listVariants", "/variants", {"sku": sku})["variants"]
        return rows[0] if rows else None

    def create_fulfilment(self, order_id: str, body: Record, *, name: str) -> Record:
        """Goods are on their way; recognised by tracking numbers and lines, as the store keeps no number of ours."""

        def find() -> Record | None:
            lines = {(row["id"], row["quantity"]) for row in body["line_items"]}
            return next(
                (
                    row
                    for row in self.fulfilments(order_id)
                    if row["status"] != "cancelled"
                    and set(row["tracking_numbers"]) == set(body.get("tracking_numbers", ()))
                    and {(line["id"], line["quantity"]) for line in row["line_items"]} == lines
                ),
                None,
            )

        path = f"/orders/{part(order_id)}/fulfillments"
        request = Request(operation="createFulfillment", method="POST", path=path, body=body_of(body))
        answer: Record = write_once(self._caller, self._outbox, Write(name=name, request=request, find=find))
        return answer

    def set_available(self, inventory_item_id: int, available: int, sequence: str) -> Record:
        """Absolute, so repeating it is harmless. sequence: of the event that it goes back to, empty for none."""
        body: Record = {"inventory_item_id": inventory_item_id, "available": available}
        if sequence:
            body["sequence"] = sequence
        answer: Record = self._caller.call(
            Request(operation="setInventoryLevel", method="POST", path="/inventory_levels/set", body=body_of(body))
        )
        return answer

    def _read(self, operation: str, path: str, query: dict[str, str] | None = None) -> Any:
        return self._caller.call(Request(operation=operation, method="GET", path=path, query=query))
