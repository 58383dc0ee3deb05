"""A shopper's hands for tests: the standard order of domain 2.7 (M-6) as a checkout sends it, and variations of it."""

from __future__ import annotations

from typing import Any

from understudy import EventEntry, Response
from understudy.testing import Landscape

Json = dict[str, Any]

DRESDEN = {
    "first_name": "Anna",
    "last_name": "Keller",
    "address1": "Hauptstr. 5",
    "city": "Dresden",
    "zip": "01067",
    "country_code": "DE",
}


ABSENT = object()
"""`standard_checkout(transactions=ABSENT)` leaves the field out."""

SUMS = ("subtotal_price", "total_discounts", "total_shipping", "total_tax", "total_price")
WITHOUT_SUMS = dict.fromkeys(SUMS, ABSENT)
"""`standard_checkout(**WITHOUT_SUMS)` leaves the arithmetic to the shop."""


def line(sku: str, quantity: int, price: str, tax: str, *, rate: float = 0.19, discount: str = "0.00") -> Json:
    return {
        "sku": sku,
        "title": sku,
        "quantity": quantity,
        "price": price,
        "tax_lines": [{"title": f"MwSt {rate:.0%}", "rate": rate, "price": tax}],
        "discount_allocations": [{"amount": discount, "discount_application_index": 0}] if discount != "0.00" else [],
    }


def standard_checkout(**changes: Any) -> Json:
    """M-6 paid by card. changes: top-level fields to replace, or to leave out with ABSENT."""
    body = {
        "email": "anna.k@example.com",
        "customer": {"id": 7723},
        "currency": "EUR",
        "taxes_included": False,
        "shipping_address": DRESDEN,
        "line_items": [
            line("SKU-1001", 2, "24.90", "8.52", discount="4.98"),
            line("SKU-1002", 1, "12.00", "0.76", rate=0.07, discount="1.20"),
        ],
        "shipping_lines": [
            {
                "title": "DHL Standard",
                "code": "dhl_std",
                "price": "4.90",
                "tax_lines": [{"title": "MwSt 19%", "rate": 0.19, "price": "0.93"}],
            }
        ],
        "discount_applications": [{"type": "discount_code", "value": "10.0", "value_type": "percentage"}],
        "subtotal_price": "55.62",
        "total_discounts": "6.18",
        "total_shipping": "4.90",
        "total_tax": "10.21",
        "total_price": "70.73",
        "transactions": [{"kind": "sale", "status": "success", "amount": "70.73", "gateway": "card"}],
        **changes,
    }
    return {name: value for name, value in body.items() if value is not ABSENT}


class Shop:
    """The storefront of a landscape."""

    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape

    def call(self, operation_id: str, body: Any = None, **others: Any) -> Response:
        response: Response = self.landscape.storefront.call(operation_id, body, **others)
        return response

    def do(self, operation_id: str, body: Any = None, **others: Any) -> Json:
        response = self.call(operation_id, body, **others)
        assert response.status < 300, response.json()
        result: Json = response.json()
        return result

    def order(self, **changes: Any) -> Json:
        return self.do("createOrder", standard_checkout(**changes))

    def unpaid(self, **changes: Any) -> Json:
        return self.order(transactions=ABSENT, **changes)

    def read(self, order: Json) -> Json:
        return self.do("getOrder", orderId=order["id"])

    def move(self, order: Json, kind: str, amount: str, **changes: Any) -> Response:
        body = {"kind": kind, "amount": amount, "gateway": "card", **changes}
        return self.call("createOrderTransaction", body, orderId=order["id"])

    def fulfil(self, order: Json, *lines: tuple[int, int], **changes: Any) -> Response:
        """lines: (position in the order, quantity)."""
        items = [{"id": order["line_items"][position]["id"], "quantity": quantity} for position, quantity in lines]
        return self.call("createFulfillment", {"line_items": items, **changes}, orderId=order["id"])

    def events(self, subject: str | None = None) -> list[EventEntry]:
        return [
            entry
            for entry in self.landscape.world.journal.entries()
            if isinstance(entry, EventEntry) and entry.system == "storefront" and subject in (None, entry.subject)
        ]

    def event_names(self, order: Json) -> list[str]:
        return [e.name.removeprefix("store.order.").removesuffix(".v1") for e in self.events(str(order["id"]))]
