"""A customer's credit limit stops goods, not the order: finance decides (domain 2.2, side effects)."""

from __future__ import annotations

import pytest
from hands import OFFICE, Shopper, Warehouse, Watcher, done, line

from understudy.testing import Landscape


@pytest.mark.understudy(proves=["ORD-10", "MSG-2", "INV-7", "FIN-2"])
def test_an_order_above_the_credit_limit_waits_for_finance(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """Nordwind may owe 10,000.00. 12 mugs at 700.00 and 19 % are 9,996.00; one more of any kind is too much."""
    on_terms = {
        "customer": {"id": 7730},
        "email": "einkauf@nordwind.example.com",
        "billing_address": OFFICE,
        "shipping_address": OFFICE,
        "payment_terms": "net_30",
        "transactions": [],
    }
    within = shopper.checks_out([line("SKU-1001", 12, "700.00", "1596.00")], tax="1596.00", total="9996.00", **on_terms)
    beyond = shopper.orders_knives(1, "3.42", "21.42", **on_terms)
    world.settle()
    assert watcher.sales_order(within)["status"] == "released"
    held = watcher.sales_order(beyond)
    assert (held["status"], held["holdReason"]) == ("on_hold", "credit_limit")
    assert [row["orderNumber"] for row in world.rows("wms", "fulfilmentOrders")] == [
        watcher.sales_order(within)["number"]
    ]
    assert watcher.offered("SKU-1004") == 5, "nothing is reserved for an order that may never be delivered"
    assert watcher.dead_letters() == [], "an order on hold is an answer, and no error"
    world.advance("P2D")
    assert watcher.sales_order(beyond)["status"] == "on_hold"
    done(world.erp.call("resumeSalesOrder", companyId="DE01", salesOrderId=held["id"]))
    world.settle()
    assert watcher.offered("SKU-1004") == 4
    warehouse.ships(held["number"])
    world.settle()
    assert watcher.sales_order(beyond)["status"] == "closed"
    assert watcher.only("crm", "invoiceViews")["total"] == "21.42"
