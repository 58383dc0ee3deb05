"""The work was done and the answer lost: a retry makes no second document (IDM-4).

DU-2 tells this of the order; here it is every write on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hands import Shopper, Warehouse, Watcher

from understudy.testing import Landscape

WRITES = (
    ("erp", "createCustomer"),
    ("erp", "createSalesOrder"),
    ("erp", "createCustomerPayment"),
    ("erp", "releaseSalesOrder"),
    ("erp", "createSalesShipment"),
    ("erp", "postSalesShipment"),
    ("wms", "createFulfilmentOrder"),
    ("storefront", "createFulfillment"),
    ("crm", "createAccount"),
    ("crm", "upsertInvoiceView"),
)


def _with_and_without_keys() -> list[Any]:
    """Every write, at targets that keep Idempotency-Keys and that do not; a world has its policies from birth."""
    found = []
    for support in ("full", "none"):
        marker = pytest.mark.understudy(policies={"idempotencySupport": support}, proves=["IDM-1", "DOC-6", "FIN-8"])
        for system, operation in WRITES:
            found.append(pytest.param(system, operation, marks=marker, id=f"{operation}-{support}"))
    return found


@pytest.mark.parametrize("system, operation", _with_and_without_keys())
def test_whichever_answer_is_lost_there_is_one_of_everything(
    world: Landscape,
    shopper: Shopper,
    warehouse: Warehouse,
    watcher: Watcher,
    fault: Callable[..., None],
    system: str,
    operation: str,
) -> None:
    """A guest's order from checkout to invoice; one answer on the way never arrives."""
    fault("reset", system, operation, when="after")
    customers, accounts = len(world.rows("erp", "customers")), len(world.rows("crm", "accounts"))
    shopper.orders_the_standard(customer=None, email="lost.answer@example.com")
    world.settle()
    warehouse.ships(watcher.only("erp", "salesOrders")["number"])
    world.settle()
    assert len(world.rows("erp", "customers")) == customers + 1
    assert len(world.rows("crm", "accounts")) == accounts + 1
    assert watcher.only("erp", "salesOrders")["status"] == "closed"
    assert watcher.only("erp", "customerPayments")["amount"] == "70.73"
    assert watcher.only("erp", "salesShipments")["status"] == "posted"
    assert watcher.only("erp", "salesInvoices")["status"] == "paid"
    assert len(watcher.only("storefront", "orders")["fulfillments"]) == 1
    assert watcher.only("crm", "invoiceViews")["status"] == "paid"
    assert watcher.dead_letters() == []
