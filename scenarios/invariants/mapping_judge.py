"""The mapping tables as judges (MAP-4.1 to MAP-4.3): what the integration read, paired with what it wrote.

All of it comes from the journal: events as they were stated, requests as they were sent. A write is compared with every
state of its source that it may have read; it is right if one of them explains it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from understudy import EventEntry, Evidence, Exchange, Row

from .mapping_lookups import lookups
from .masters import order_of
from .recorded import event_data, recorded

if TYPE_CHECKING:
    from understudy.mapping import Difference, MappingTable

ORDER = "storefront-order-to-erp-sales-order"
CUSTOMER = "storefront-order-to-erp-customer"
PAYMENT = "storefront-transaction-to-erp-customer-payment"
SHIPMENT = "wms-shipment-to-erp-sales-shipment"
RECEIPT = "wms-receipt-to-erp-purchase-receipt"
ADJUSTMENT = "wms-adjustment-to-erp-item-journal"
INVOICE = "erp-sales-invoice-to-crm-invoice-view"


@dataclass(frozen=True, slots=True)
class Reading:
    """One state of a source that may have been mapped. meta: the documents that the table reads beside it."""

    source: Mapping[str, Any]
    meta: Mapping[str, Any]


Pairing = Callable[[Evidence, Exchange], Sequence[Reading]]


def map_4_1(evidence: Evidence) -> Iterator[Row | None]:
    """Sales orders, customers and prepayments are what 4.1 makes of the store's orders and transactions."""
    yield from _judge(evidence, ORDER, "createSalesOrder", _orders_read)
    yield from _judge(evidence, CUSTOMER, "createCustomer", _orders_read)
    yield from _judge(evidence, PAYMENT, "createCustomerPayment", _transactions_read)


def map_4_2(evidence: Evidence) -> Iterator[Row | None]:
    """Shipments, receipts and stock corrections at the ERP are what 4.2 makes of the warehouse's events."""
    yield from _judge(evidence, SHIPMENT, "createSalesShipment", _by_field(
        "wmsShipmentId", "shipmentId", "wms.shipment.confirmed.v1"
    ))  # fmt: skip
    yield from _judge(evidence, RECEIPT, "createPurchaseReceipt", _by_field(
        "wmsReceiptId", "id", "wms.receipt.confirmed.v1"
    ))  # fmt: skip
    yield from _judge(evidence, ADJUSTMENT, "createItemJournalEntry", _by_field(
        "externalDocumentNumber", "id", "wms.inventory.adjusted.v1", "wms.inventory.statuschanged.v1"
    ))  # fmt: skip


def map_4_3(evidence: Evidence) -> Iterator[Row | None]:
    """What the portal is told of an invoice is what 4.3 makes of a state that the ERP stated."""
    yield from _judge(evidence, INVOICE, "upsertInvoiceView", _invoices_read)


def _judge(evidence: Evidence, name: str, operation: str, pairing: Pairing) -> Iterator[Row | None]:
    from understudy.mapping import judge

    table: MappingTable | None = evidence.resources.get("mappings", {}).get(name)
    if table is None:
        return
    story = recorded(evidence)
    for write in story.of_operation(operation):
        if not write.committed:
            continue
        row = {"mapping": name, "operation": operation, "journal": write.seq}
        readings = pairing(evidence, write)
        if not readings:
            yield {**row, "problem": "written without anything that was read", "about": _about(story.body(write))}
            continue
        body, asked = story.body(write), lookups(evidence, write)
        path = {"number": write.request.path.rpartition("/")[2]}
        best: tuple[Reading, Sequence[Difference]] | None = None
        for reading in readings:
            found = judge(table, reading.source, body, write.request.headers, asked, reading.meta, path=path)
            if best is None or len(found) < len(best[1]):
                best = (reading, found)
            if not found:
                break
        assert best is not None
        if not best[1]:
            yield None
        for difference in best[1]:
            yield {**row, **_described(table, best[0], difference)}


def _described(table: MappingTable, reading: Reading, difference: Difference) -> Row:
    """source, read: where the value comes from, and what was there. kind and the rest as in a Difference."""
    described = {
        "row": difference.row,
        "kind": difference.kind,
        "target": difference.target,
        "source": difference.source or _written_source(table, difference.target),
        "read": _read(reading, difference.source),
        "expected": difference.expected,
        "written": difference.actual,
    }
    return {**described, "detail": difference.detail} if difference.detail else described


def _written_source(table: MappingTable, target: str) -> str:
    """The source as the table writes it, for headers: `event:correlationid`."""
    found = (field.sources[0].text for _, field in table.spec.fields() if field.target_text == target and field.sources)
    return next(found, "")


def _read(reading: Reading, source: str) -> Any:
    """The value at `/line_items/1/sku`, or at `order:/number` in a document beside the source."""
    scope, _, pointer = source.rpartition(":")
    held: Any = reading.meta.get(scope) if scope else reading.source
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(held, list):
            held = held[int(name)] if name.isdigit() and int(name) < len(held) else None
        else:
            held = held.get(name) if isinstance(held, Mapping) else None
    return held if source else None


def _orders_read(evidence: Evidence, write: Exchange) -> Sequence[Reading]:
    """The states of the store order as events stated them before the write, the one that caused it first."""
    story = recorded(evidence)
    cause = story.events.get(write.causation_id or "")
    subject = ""
    if cause is not None and cause.name.startswith("store.order."):
        subject = cause.subject
    elif write.operation_id == "createSalesOrder":
        subject = str(story.body(write).get("sourceOrderId", ""))
    found = [
        event
        for event in _stated(evidence, "storefront", "store.order.", write.seq)
        if event.subject == subject or (not subject and event.cloud_event.get("correlationid") == write.correlation_id)
    ]
    return _readings(found, cause)


def _transactions_read(evidence: Evidence, write: Exchange) -> Sequence[Reading]:
    story = recorded(evidence)
    body = story.body(write)
    key = str(body.get("externalPaymentId", ""))
    transaction = evidence.get("storefront", "transactions", int(key)) if key.isascii() and key.isdigit() else None
    if transaction is None:
        return ()
    shown = {name: value for name, value in transaction.items() if not name.startswith("_")}
    meta: dict[str, Any] = {}
    orders = evidence.find(
        "erp", "salesOrders", ("sourceSystem", "sourceOrderId"), ("store", str(transaction["order_id"]))
    )
    order = orders[0] if orders else order_of(evidence, body.get("orderNumber"))
    if order is not None:
        meta["order"] = order
    cause = story.events.get(write.causation_id or "")
    if cause is not None:
        meta["event"] = cause.cloud_event
    return (Reading(shown, meta),)


def _by_field(target: str, source: str, *names: str) -> Pairing:
    """Events of these names whose data has under `source` what the request has under `target`."""

    def read(evidence: Evidence, write: Exchange) -> Sequence[Reading]:
        story = recorded(evidence)
        wanted = story.body(write).get(target)
        found = [
            event
            for name in names
            for event in story.events_by_name.get(name, ())
            if event.seq < write.seq and event_data(event).get(source) == wanted
        ]
        return _readings(found, story.events.get(write.causation_id or ""))

    return read


def _invoices_read(evidence: Evidence, write: Exchange) -> Sequence[Reading]:
    """Every state of the invoice up to the write; one that was read back is one that an event had stated."""
    story = recorded(evidence)
    number = story.body(write).get("number")
    cause = story.events.get(write.causation_id or "")
    found = [
        event
        for event in _stated(evidence, "erp", "erp.salesinvoice.", write.seq)
        if event_data(event).get("number") == number
    ]
    # The state that the write itself names, where there is one: a difference is told against what was shown, not
    # against an older state that happens to be nearer.
    updated = story.body(write).get("updatedAt")
    found = [event for event in found if event_data(event).get("lastModifiedDateTime") == updated] or found
    # The envelope is the causing event's, whatever state was read: a payment may have led to reading the invoice back.
    return [Reading(event_data(event), {"event": (cause or event).cloud_event}) for event in reversed(found)]


def _stated(evidence: Evidence, system: str, prefix: str, before: int) -> Iterator[EventEntry]:
    for event in recorded(evidence).events.values():
        if event.system == system and event.seq < before and event.name.startswith(prefix):
            yield event


def _readings(events: Sequence[EventEntry], cause: EventEntry | None) -> Sequence[Reading]:
    """The causing event first, then the newest; without a causing event the envelope is not judged by id."""
    ordered = sorted(events, key=lambda event: (event is not cause, -event.seq))
    return [Reading(event_data(event), {"event": (cause or event).cloud_event}) for event in ordered]


def _about(body: Mapping[str, Any]) -> Mapping[str, Any]:
    named = ("sourceOrderId", "externalPaymentId", "wmsShipmentId", "wmsReceiptId", "externalDocumentNumber", "number")
    return {name: body[name] for name in named if name in body}
