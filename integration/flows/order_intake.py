"""F-1: a store order becomes an ERP sales order, is released, and its payments become prepayments (domain 4.1).

Everything is checked before anything is written: an order with one unknown item creates neither a customer nor half an
order (DQ-17). Each write has a name made of the store's ids, so repeats of any kind end at the same documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..flow import Applied, Outcome, Skipped
from ..mappings import ORDER, PAYMENT, require_intact
from ..work import Work
from . import customers, reference

Record = dict[str, Any]

ORDER_OF = "store.order>erp.order"
STORE_ORDER_OF = "erp.order>store.order"
_PREPAID = "PREPAID"
_UNPAID = ("pending", "authorized")


def take_order(work: Work) -> Outcome:
    """store.order.created: customer matched or created, order created, prepayments booked, order released."""
    data = work.practice.store_order(work.message.data)
    order_id = work.practice.source_order_id(str(data["id"]), work.message.id)
    order = _known(work, order_id) or _create(work, data, order_id)
    if isinstance(order, Skipped):
        return order
    if data["financial_status"] not in _UNPAID:
        book_payments(work, str(data["id"]), order)
    elif order["paymentTermsCode"] == _PREPAID:
        # Goods to be paid before delivery stay a draft until `store.order.paid` comes.
        return Applied("awaits payment")
    return _release(work, order_id, order)


def take_payment(work: Work) -> Outcome:
    """store.order.paid: money that came in after the order, or before it reached the ERP (then this waits, DU-3)."""
    data = work.message.data
    if data["test"]:
        return Skipped("skipped_test")
    order_id = work.practice.source_order_id(str(data["id"]), work.message.id)
    order = find_order(work, order_id)
    if order is None:
        raise work.wait_for(f"store.order:{order_id}", f"store order {order_id} is not in the ERP yet")
    booked = book_payments(work, str(data["id"]), order)
    if order["status"] == "draft":
        return _release(work, order_id, order)
    return Applied() if booked else Skipped("already booked")


def book_payments(work: Work, store_order_id: str, order: Mapping[str, Any]) -> int:
    """One customer payment for each successful sale or capture (A24). Returns how many were not booked before."""
    bodies = []
    for transaction in work.storefront.transactions(store_order_id):
        lookups = reference.payment_lookups(work, order)
        mapped = work.map(PAYMENT, transaction, lookups, order=order)
        if not mapped.skip:
            bodies.append(require_intact(mapped))
    fresh = 0
    for body in work.practice.payments(bodies, work.message.type):
        name = f"store:transaction:{body['externalPaymentId']}:prepayment"
        fresh += work.erp.noted(name) is None
        work.erp.create_payment(body, name=name)
    return fresh


def find_order(work: Work, source_order_id: str) -> Record | None:
    """The ERP order of a store order as it is now, None when there is none yet."""
    known = _known(work, source_order_id)
    if known is not None:
        return known
    return work.erp.find("listSalesOrders", "salesOrders", sourceSystem="store", sourceOrderId=source_order_id)


def _known(work: Work, source_order_id: str) -> Record | None:
    """The ERP order that an earlier attempt, or an earlier event, has made of this store order."""
    known = work.crosswalk.find(ORDER_OF, source_order_id)
    return work.erp.get("getSalesOrder", "salesOrders", known["id"]) if known is not None else None


def _create(work: Work, data: Mapping[str, Any], order_id: str) -> Record | Skipped:
    """Map the order, find or create its customer, and create it: a draft, as nothing is promised to anybody yet."""
    lookups = {**reference.lookups(work, data), "customers": customers.matcher(work)}
    mapped = work.map(ORDER, data, lookups)
    if mapped.skip:
        return Skipped(mapped.skip)
    if customers.only_unknown(mapped) and work.settings.customer_create == "auto":
        lookups = {**lookups, "customers": customers.create(work, data, lookups)}
        mapped = work.map(ORDER, data, lookups)
    body = work.practice.sales_order({**require_intact(mapped), "sourceOrderId": order_id})
    order = work.erp.create_order(body, name=f"store:order:{order_id}:create")
    _remember(work, order_id, data, order)
    work.announce(f"store.order:{order_id}")
    return order


def _release(work: Work, order_id: str, order: Record) -> Outcome:
    """Release the order, unless that was done: by an earlier attempt, or by a person at the ERP."""
    if order["status"] == "draft":
        order = work.erp.release_order(order, name=f"store:order:{order_id}:release")
    # A credit check that fails is an answer, not an error: the order is on hold, and finance decides about it.
    return Applied("" if order["status"] == "released" else order["status"])


def _remember(work: Work, order_id: str, data: Mapping[str, Any], order: Mapping[str, Any]) -> None:
    """What later flows need to know of this order, so that they do not have to ask two systems again."""
    work.crosswalk.put(ORDER_OF, order_id, {"id": order["id"], "number": order["number"]})
    work.crosswalk.put(STORE_ORDER_OF, order["number"], store_order_record(str(data["id"]), data["name"], order))


def store_order_record(store_order_id: str, name: str, order: Mapping[str, Any]) -> Record:
    """{id, name, currency, lines: order line sequence -> store line id, of goods only}"""
    goods = [line for line in order["lines"] if line["lineType"] == "Item"]
    return {
        "id": store_order_id,
        "name": name,
        "currency": order["currencyCode"],
        "lines": {str(line["sequence"]): line["sourceLineId"] for line in goods},
    }
