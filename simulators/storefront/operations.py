"""Which function answers which operation of contracts/storefront/openapi.yaml, and which does which job."""

from __future__ import annotations

from collections.abc import Mapping

from understudy import Handler, Job

from . import catalogue, checkout, customers, fulfillments, order_changes, orders, transactions

OPERATIONS: Mapping[str, Handler] = {
    "listOrders": orders.list_orders,
    "createOrder": checkout.create,
    "getOrder": orders.get,
    "updateOrder": order_changes.update,
    "cancelOrder": order_changes.cancel,
    "listOrderTransactions": transactions.list_transactions,
    "createOrderTransaction": transactions.create,
    "listFulfillments": fulfillments.list_fulfillments,
    "createFulfillment": fulfillments.create,
    "listCustomers": customers.list_customers,
    "createCustomer": customers.create,
    "getCustomer": customers.get,
    "listVariants": catalogue.list_variants,
    "getVariant": catalogue.get_variant,
    "listInventoryLevels": catalogue.list_levels,
    "setInventoryLevel": catalogue.set_level,
}

JOBS: Mapping[str, Job] = {"expireAuthorization": transactions.expire_authorization}
