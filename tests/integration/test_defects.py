"""Every defect does what it says: it changes what happens in a story that goes right without it (issue 2, item 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from integration.defects import CATALOGUE, DEFECTS
from integration.practice import SOUND
from understudy.testing import Landscape

from .bench import Bench, customer_created
from .landscape import HOME, knives, observed, only, open_landscape, ordered, ship, standard_order
from .test_availability import Stock, changed, offered

Story = Callable[[str], Any]


def fault(land: Landscape, kind: str, system: str, where: str, count: int = 1, **parameters: Any) -> None:
    scope = {"eventType": where} if kind.endswith("event") else {"operationId": where, "client": "integration"}
    land.control("injectFault", {"kind": kind, "system": system, "count": count, "parameters": parameters, **scope})


def told(land: Landscape) -> dict[str, Any]:
    """What the systems know in the end, ids apart."""
    orders = [
        {
            "head": [row[n] for n in ("sourceOrderId", "orderDate", "status", "pricesIncludeTax", "totals", "shipTo")],
            "lines": [
                [
                    line.get(n)
                    for n in ("itemNumber", "quantity", "unitPrice", "discountAmount", "taxCode", "sourceLineId")
                ]
                for line in row["lines"]
            ],
            "customer": row["customerNumber"],
        }
        for row in land.rows("erp", "salesOrders")
    ]
    return {
        "orders": orders,
        "customers": len(land.rows("erp", "customers")),
        "payments": [row["amount"] for row in land.rows("erp", "customerPayments")],
        "shipments": [[line["quantity"] for line in row["lines"]] for row in land.rows("erp", "salesShipments")],
        "warehouse": [[line["sku"] for line in row["lines"]] for row in land.rows("wms", "fulfilmentOrders")],
        "invoices": [(row["status"], row["totals"]["includingTax"]) for row in land.rows("erp", "salesInvoices")],
        "portal": [(row["number"], row["status"], row["remaining"]) for row in land.rows("crm", "invoiceViews")],
        "tracking": [f["tracking_numbers"] for row in land.rows("storefront", "orders") for f in row["fulfillments"]],
        "dead": sorted((row["flow"], row["errorCode"], row["attempts"]) for row in observed(land)["deadLetters"]),
    }


def exchanges(land: Landscape) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = land.control("listExchanges")["items"]
    return [row for row in rows if row["client"] == "integration" and "Subscription" not in row["operationId"]]


def whole_way(defect: str) -> Any:
    """The standard order, shipped and invoiced."""
    land = open_landscape(defect=defect)
    ordered(land, standard_order())
    land.settle()
    for order in land.rows("wms", "fulfilmentOrders"):
        if order["status"] == "allocated":
            ship(land, order["orderNumber"])
    land.settle()
    calls = exchanges(land)
    headers = [row["request"]["headers"] for row in calls]
    return {
        **told(land),
        "correlations": len({row["correlationId"] for row in calls}),
        "unsafe": len([h for h in headers if h.get("if-match") == "*"]),
        "keys": sorted(h["idempotency-key"].rpartition(":")[2] for h in headers if "idempotency-key" in h),
    }


def answer_lost(defect: str) -> Any:
    """The ERP commits the order and the connection drops; it keeps no idempotency record."""
    land = open_landscape(defect=defect, idempotencySupport="none")
    fault(land, "reset", "erp", "createSalesOrder", when="after")
    ordered(land, standard_order())
    land.settle()
    return told(land)


def outage(defect: str) -> Any:
    """The ERP answers 503 once, and asks for two minutes of quiet."""
    land = open_landscape(defect=defect)
    fault(land, "status", "erp", "createSalesOrder", status=503, retryAfter=120)
    ordered(land, standard_order())
    land.settle()
    calls = [row["at"] for row in exchanges(land) if row["operationId"] == "createSalesOrder"]
    return {**told(land), "patient": len(calls) == 2 and calls[1] >= "2026-03-01T23:31:00"}


def five_copies(defect: str) -> Any:
    land = open_landscape(defect=defect)
    fault(land, "duplicate-event", "storefront", "store.order.created.v1", copies=5)
    ordered(land, standard_order())
    land.settle()
    return told(land)


def unknown_item(defect: str) -> Any:
    land = open_landscape(defect=defect)
    order = standard_order()
    order["line_items"][1]["sku"] = "SKU-9999"
    ordered(land, order)
    land.settle()
    return told(land)


def big_id(defect: str) -> Any:
    land = open_landscape(defect=defect)
    ordered(land, standard_order(id=9007199254740993))
    land.settle()
    return told(land)


def same_guest_twice(defect: str) -> Any:
    land = open_landscape(defect=defect)
    guest = {**HOME, "first_name": "Gerda", "last_name": "Gast"}
    for email in ("Gerda.G@Example.com", "gerda.g@example.com"):
        order = standard_order(email=email, billing_address=guest, shipping_address=guest)
        del order["customer"]
        ordered(land, order)
        land.settle()
    return told(land)


def namesake(defect: str) -> Any:
    """Another Anna Keller, with another address and e-mail."""
    land = open_landscape(defect=defect)
    home = {**HOME, "address1": "Lindenallee 9", "city": "Leipzig", "zip": "04109"}
    order = standard_order(email="keller.leipzig@example.com", billing_address=home, shipping_address=home)
    del order["customer"]
    ordered(land, order)
    land.settle()
    return told(land)


def three_of_five(defect: str) -> Any:
    land = open_landscape(defect=defect)
    ordered(land, knives(5, "90.00", "17.10", "107.10"))
    land.settle()
    ship(land, only(land.rows("erp", "salesOrders"))["number"], pieces={"10000": "3"}, final=False)
    land.settle()
    return told(land)


def old_after_new(defect: str) -> Any:
    bench = Bench(defect=defect)
    Stock(bench, MAIN="15")
    for sequence, available in ((5, "15"), (4, "18")):
        bench.deliver("erp", changed(sequence, available))
        bench.run()
    return offered(bench)[-1][0]


def forged(defect: str) -> Any:
    return Bench(defect=defect).deliver("erp", customer_created(), secret="another-secret-than-agreed").status


STORIES: dict[str, Story] = {
    "random-idempotency-key": answer_lost,
    "new-key-on-retry": answer_lost,
    "lost-on-503": outage,
    "acknowledges-before-storing": answer_lost,
    "duplicate-webhook-second-order": five_copies,
    "rounds-tax-per-line": whole_way,
    "drops-freight": whole_way,
    "loses-leading-zero": whole_way,
    "id-through-float": big_id,
    "no-correlation-id": whole_way,
    "ignores-retry-after": outage,
    "swallows-422": unknown_item,
    "retries-refusals": unknown_item,
    "wrong-tax-code-second-line": whole_way,
    "invoice-status-from-draft": whole_way,
    "invoice-always-issued": whole_way,
    "order-date-in-utc": whole_way,
    "drops-discount": whole_way,
    "discount-twice": whole_way,
    "discount-in-price": whole_way,
    "ships-full-quantity": three_of_five,
    "prepayment-twice": whole_way,
    "prepayment-without-tax": whole_way,
    "stale-availability": old_after_new,
    "no-signature-check": forged,
    "customer-by-exact-email": same_guest_twice,
    "customer-by-name": namesake,
    "if-match-any": whole_way,
    "freight-to-warehouse": whole_way,
    "no-tracking": whole_way,
}


def test_every_defect_has_a_story() -> None:
    assert set(STORIES) == set(DEFECTS)
    assert len(DEFECTS) >= 16


@cache
def sound(story: Story) -> Any:
    return story("")


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_changes_what_happens(defect: str) -> None:
    story = STORIES[defect]
    assert story(defect) != sound(story)


@pytest.mark.parametrize("defect", CATALOGUE.values(), ids=lambda defect: defect.name)
def test_a_defect_replaces_just_the_points_it_names(defect: Any) -> None:
    """And says what it does in one sentence."""
    points = [name for name in SOUND.__dataclass_fields__ if getattr(SOUND, name) != getattr(defect.practice, name)]
    assert set(defect.where.split(", ")) <= set(points)
    assert defect.what.endswith(".")
    assert defect.what.count(". ") == 0
