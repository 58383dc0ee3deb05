"""F-7: a shipment posted at the ERP is told to the store, with its tracking number.

The ERP's event is the trigger, not the warehouse's: what the books refused must not be announced to a shopper (PS-5).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..flow import Applied, Outcome, Skipped
from ..work import Work
from .order_intake import STORE_ORDER_OF, store_order_record

Record = dict[str, Any]


def tell_store(work: Work) -> Outcome:
    """erp.shipment.posted"""
    shipment = work.message.data
    order = store_order_of(work, shipment["orderNumber"])
    if order is None:
        return Skipped("not a store order")
    lines = _store_lines(shipment, order["lines"])
    if not lines:
        return Skipped("nothing the store fulfils")
    numbers = [shipment["trackingNumber"]] if shipment.get("trackingNumber") else []
    body: Record = {"line_items": lines, "notify_customer": True}
    if numbers:
        body |= {"tracking_number": numbers[0], "tracking_numbers": numbers}
    if shipment.get("carrierCode"):
        body["tracking_company"] = shipment["carrierCode"]
    body = work.practice.store_fulfilment(body)
    work.storefront.create_fulfilment(order["id"], body, name=f"erp:shipment:{shipment['number']}:fulfilment")
    return Applied()


def store_order_of(work: Work, order_number: str) -> Record | None:
    """The store order behind an ERP order: {id, name, lines: order line sequence -> store line id}; None for others."""
    known = work.crosswalk.find(STORE_ORDER_OF, order_number)
    if known is not None:
        return known
    order = work.erp.order_by_number(order_number)
    if order is None:
        raise work.wait_for(f"erp.order:{order_number}", f"no sales order {order_number}")
    if order["sourceSystem"] != "store":
        return None
    store_order_id = order["sourceOrderId"]
    record = store_order_record(store_order_id, work.storefront.order(store_order_id)["name"], order)
    work.crosswalk.put(STORE_ORDER_OF, order_number, record)
    return record


def _store_lines(shipment: Mapping[str, Any], store_ids: Mapping[str, str | None]) -> list[Record]:
    """Shipped pieces per store line; freight and other charges are no lines of the store."""
    pieces: dict[int, Decimal] = {}
    for line in shipment["lines"]:
        store_id = store_ids.get(str(line["orderLineSequence"]))
        if store_id is not None:
            pieces[int(store_id)] = pieces.get(int(store_id), Decimal(0)) + Decimal(line["quantity"])
    return [{"id": store_id, "quantity": int(quantity)} for store_id, quantity in pieces.items() if quantity > 0]
