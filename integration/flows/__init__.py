"""The flows of the system map (domain section 0), one file each; this is the table that says which event goes where."""

from __future__ import annotations

from ..flow import Flow
from ..mappings import ADJUSTMENT, CUSTOMER, INVOICE, ORDER, PAYMENT, RECEIPT, SHIPMENT
from . import accounts, availability, fulfilment, invoice_status, order_intake, shipment, stock, store_fulfilment

FLOWS: tuple[Flow, ...] = (
    Flow(
        id="F-1",
        title="store order to ERP sales order, with its prepayments",
        owner="order-desk@example.com",
        handlers={
            "store.order.created.v1": order_intake.take_order,
            "store.order.paid.v1": order_intake.take_payment,
        },
        mappings={"store.order.created.v1": ORDER, "store.order.paid.v1": PAYMENT},
    ),
    Flow(
        id="F-3",
        title="released sales order to warehouse",
        owner="warehouse-control@example.com",
        handlers={
            "erp.salesorder.released.v1": fulfilment.push_released,
            "erp.backorder.filled.v1": fulfilment.push_complete,
        },
    ),
    Flow(
        id="F-4",
        title="goods shipped by the warehouse to ERP shipment",
        owner="warehouse-control@example.com",
        handlers={"wms.shipment.confirmed.v1": shipment.post},
        mappings={"wms.shipment.confirmed.v1": SHIPMENT},
    ),
    Flow(
        id="F-5",
        title="goods received and stock corrected to ERP ledgers",
        owner="warehouse-control@example.com",
        handlers={
            "wms.receipt.confirmed.v1": stock.book_receipt,
            "wms.inventory.adjusted.v1": stock.book_adjustment,
            "wms.inventory.statuschanged.v1": stock.book_adjustment,
        },
        mappings={
            "wms.receipt.confirmed.v1": RECEIPT,
            "wms.inventory.adjusted.v1": ADJUSTMENT,
            "wms.inventory.statuschanged.v1": ADJUSTMENT,
        },
    ),
    Flow(
        id="F-6",
        title="sellable quantity to store",
        owner="online-shop@example.com",
        handlers={"erp.availability.changed.v1": availability.offer},
        latest_only=True,
        coalesces=True,
    ),
    Flow(
        id="F-7",
        title="posted shipment to store fulfilment with tracking",
        owner="online-shop@example.com",
        handlers={"erp.shipment.posted.v1": store_fulfilment.tell_store},
    ),
    Flow(
        id="F-8",
        title="invoice number and status to customer portal",
        owner="customer-service@example.com",
        handlers={
            "erp.salesinvoice.posted.v1": invoice_status.show,
            "erp.salesinvoice.statuschanged.v1": invoice_status.show,
            "erp.salesinvoice.overdue.v1": invoice_status.show,
            "erp.payment.applied.v1": invoice_status.show_settled,
            "erp.creditmemo.posted.v1": invoice_status.show_credited,
        },
        mappings={
            "erp.salesinvoice.posted.v1": INVOICE,
            "erp.salesinvoice.statuschanged.v1": INVOICE,
            "erp.salesinvoice.overdue.v1": INVOICE,
            "erp.payment.applied.v1": INVOICE,
            "erp.creditmemo.posted.v1": INVOICE,
        },
        latest_only=True,
    ),
    Flow(
        id="F-11",
        title="ERP customer to CRM account",
        owner="customer-master-data@example.com",
        handlers={"erp.customer.created.v1": accounts.open_account},
    ),
)

BY_ID = {flow.id: flow for flow in FLOWS}
EVENT_TYPES = sorted({name for flow in FLOWS for name in flow.handlers})
# Every mapping that a flow executes; CUSTOMER is used inside F-1.
MAPPINGS = (ORDER, CUSTOMER, PAYMENT, SHIPMENT, RECEIPT, ADJUSTMENT, INVOICE)


def flows_of(event: str) -> tuple[Flow, ...]:
    """The flows that an event type (without prefix) concerns."""
    return tuple(flow for flow in FLOWS if event in flow.handlers)
