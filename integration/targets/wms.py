"""The WMS: fulfilment orders."""

from __future__ import annotations

from typing import Any

from ..outbox import Outbox
from .http import Caller, Request, body_of, part
from .write import Write, write_once

Record = dict[str, Any]


class Wms:
    """Calls on behalf of one message."""

    def __init__(self, caller: Caller, outbox: Outbox) -> None:
        self._caller = caller
        self._outbox = outbox

    def order_at(self, order_number: str, warehouse: str) -> Record | None:
        """The fulfilment order of an ERP order at a warehouse."""
        query = {"orderNumber": order_number}
        page = self._caller.call(
            Request(operation="listFulfilmentOrders", method="GET", path="/fulfilmentOrders", query=query)
        )
        found: Record | None = next((row for row in page["items"] if row["warehouseCode"] == warehouse), None)
        return found

    def create_order(self, body: Record, *, name: str) -> Record:
        """A fulfilment order; the WMS keeps one per order number and warehouse."""

        def find() -> Record | None:
            existing = self.order_at(body["orderNumber"], body["warehouseCode"])
            # An older release of the same order is not this write.
            return existing if existing is not None and existing["releaseVersion"] >= body["releaseVersion"] else None

        request = Request(
            operation="createFulfilmentOrder", method="POST", path="/fulfilmentOrders", body=body_of(body)
        )
        write = Write(name=name, request=request, find=find, read=self._get)
        answer: Record = write_once(self._caller, self._outbox, write)
        return answer

    def _get(self, record_id: str) -> Any:
        path = f"/fulfilmentOrders/{part(record_id)}"
        return self._caller.call(Request(operation="getFulfilmentOrder", method="GET", path=path))
