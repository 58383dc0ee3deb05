"""What the ERP does: operation ids of its contract and the jobs that it gives itself, each with its function."""

from __future__ import annotations

from collections.abc import Mapping

from understudy import Handler, Job

from .closing import cancel_sales_order, close_order, short_close_sales_order
from .company import in_company
from .credit_memos import create_credit_memo, get_credit_memo, post_draft_credit_memo
from .credit_posting import apply_credit_memo
from .customers import create_customer, get_customer, list_customers, update_customer
from .invoices import (
    announce_overdue,
    create_sales_invoice,
    delete_sales_invoice,
    get_sales_invoice,
    post_invoice_job,
    post_sales_invoice,
)
from .items import create_item, get_item, list_items, update_item
from .journals import create_item_journal_entry
from .listing import listing
from .order_changes import update_sales_order
from .orders import create_sales_order, delete_sales_order, get_sales_order
from .payments import apply_customer_payment, create_customer_payment, get_customer_payment
from .prepayments import apply_prepayments
from .receipts import create_purchase_receipt
from .release import free_held_reservations, hold_sales_order, release_sales_order, resume_sales_order
from .shipments import create_sales_shipment, get_sales_shipment, post_sales_shipment, undo_sales_shipment

_HANDLERS: Mapping[str, Handler] = {
    # customers and items
    "listCustomers": list_customers,
    "createCustomer": create_customer,
    "getCustomer": get_customer,
    "updateCustomer": update_customer,
    "listItems": list_items,
    "createItem": create_item,
    "getItem": get_item,
    "updateItem": update_item,
    # sales orders
    "createSalesOrder": create_sales_order,
    "listSalesOrders": listing("salesOrders"),
    "getSalesOrder": get_sales_order,
    "updateSalesOrder": update_sales_order,
    "deleteSalesOrder": delete_sales_order,
    "releaseSalesOrder": release_sales_order,
    "holdSalesOrder": hold_sales_order,
    "resumeSalesOrder": resume_sales_order,
    "cancelSalesOrder": cancel_sales_order,
    "shortCloseSalesOrder": short_close_sales_order,
    # shipments, invoices, credit memos, payments
    "createSalesShipment": create_sales_shipment,
    "listSalesShipments": listing("salesShipments"),
    "getSalesShipment": get_sales_shipment,
    "postSalesShipment": post_sales_shipment,
    "undoSalesShipment": undo_sales_shipment,
    "createSalesInvoice": create_sales_invoice,
    "listSalesInvoices": listing("salesInvoices"),
    "getSalesInvoice": get_sales_invoice,
    "postSalesInvoice": post_sales_invoice,
    "deleteSalesInvoice": delete_sales_invoice,
    "createCreditMemo": create_credit_memo,
    "listCreditMemos": listing("creditMemos"),
    "getCreditMemo": get_credit_memo,
    "postCreditMemo": post_draft_credit_memo,
    "createCustomerPayment": create_customer_payment,
    "listCustomerPayments": listing("customerPayments"),
    "getCustomerPayment": get_customer_payment,
    "applyCustomerPayment": apply_customer_payment,
    # stock
    "createPurchaseReceipt": create_purchase_receipt,
    "listPurchaseReceipts": listing("purchaseReceipts"),
    "createItemJournalEntry": create_item_journal_entry,
    "listItemJournalEntries": listing("itemJournalEntries"),
    "listStockBalances": listing("stockBalances"),
    "listItemLedgerEntries": listing("itemLedgerEntries"),
    "listGeneralLedgerEntries": listing("generalLedgerEntries"),
    # set-up
    "listLocations": listing("locations"),
    "listTaxCodes": listing("taxCodes"),
    "listPaymentTerms": listing("paymentTerms"),
    "listShipmentMethods": listing("shipmentMethods"),
    "listUnitsOfMeasure": listing("unitsOfMeasure"),
    "listCurrencies": listing("currencies"),
    "listExchangeRates": listing("exchangeRates"),
    "listAccountingPeriods": listing("accountingPeriods"),
}

OPERATIONS: Mapping[str, Handler] = {name: in_company(handler) for name, handler in _HANDLERS.items()}

JOBS: Mapping[str, Job] = {
    "postInvoice": post_invoice_job,
    "applyPrepayments": apply_prepayments,
    "applyCreditMemo": apply_credit_memo,
    "announceOverdue": announce_overdue,
    "closeOrder": close_order,
    "freeHeldReservations": free_held_reservations,
}
