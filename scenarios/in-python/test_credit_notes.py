"""Accounting takes something back: the credit carries what was charged, and the customer sees it (M-9, M-12, C9)."""

from __future__ import annotations

from typing import Any

import pytest
from hands import OFFICE, Shopper, Warehouse, Watcher, done, line

from understudy.testing import Landscape


def credits(world: Landscape, invoice: str, sequence: int, quantity: str = "1") -> Any:
    """Draft and post a credit memo over pieces of one invoice line; the answer to the last request."""
    lines = [{"invoiceLineSequence": sequence, "quantity": quantity}]
    body = {"invoiceNumber": invoice, "reasonCode": "RETURN", "lines": lines}
    draft = world.erp.call("createCreditMemo", body, companyId="DE01")
    if draft.status != 201:
        return draft
    return world.erp.call("postCreditMemo", companyId="DE01", creditMemoId=draft.json()["id"])


@pytest.mark.understudy(proves=["DOC-3", "DOC-8", "TAX-6", "FIN-2", "FIN-3", "REC-2", "MAP-4.3"])
def test_one_of_two_mugs_is_credited_after_the_invoice_was_paid(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """M-9: 44.82 / 2 = 22.41 and 4.26 tax. The invoice stays paid, with one credit note."""
    order = shopper.orders_the_standard()
    world.settle()
    warehouse.ships(watcher.sales_order(order)["number"])
    world.settle()
    invoice = watcher.only("erp", "salesInvoices")["number"]
    memo = done(credits(world, invoice, 10000))
    assert memo["totals"] == {"excludingTax": "22.41", "tax": "4.26", "includingTax": "26.67"}
    world.settle()
    view = watcher.only("crm", "invoiceViews")
    assert (view["status"], view["remaining"], view["total"]) == ("paid", "0.00", "70.73")
    assert view["creditNotes"] == [{"number": memo["number"], "amount": "26.67"}]


@pytest.mark.understudy(proves=["DOC-3", "DOC-4", "TAX-6", "FIN-2", "FIN-4", "REC-2"])
def test_piece_by_piece_and_one_too_many(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """RT-4, M-12: a line of 3 with net 29.00 is credited as 9.67, 9.66, 9.67; a fourth piece there never was."""
    on_terms = {
        "customer": {"id": 7730},
        "email": "einkauf@nordwind.example.com",
        "billing_address": OFFICE,
        "shipping_address": OFFICE,
        "payment_terms": "net_30",
        "transactions": [],
    }
    mugs = line("SKU-1001", 3, "10.00", "5.51", discount="1.00")
    rebate = {"type": "manual", "title": "Regular", "value": "1.00", "value_type": "fixed_amount"}
    order = shopper.checks_out([mugs], tax="5.51", total="34.51", discount_applications=[rebate], **on_terms)
    world.settle()
    warehouse.ships(watcher.sales_order(order)["number"])
    world.settle()
    invoice = watcher.only("erp", "salesInvoices")["number"]
    nets = []
    for _ in range(3):
        nets.append(done(credits(world, invoice, 10000))["totals"]["excludingTax"])
        world.settle()
    assert nets == ["9.67", "9.66", "9.67"]
    refused = credits(world, invoice, 10000)
    assert (refused.status, refused.json()["code"]) == (422, "over-credit")
    view = watcher.only("crm", "invoiceViews")
    assert (view["status"], view["remaining"], len(view["creditNotes"])) == ("credited", "0.00", 3)
