"""The figures of domain.md section 5, copied from there, through the front doors of a whole landscape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from understudy import Workspace, open_workspace
from understudy.testing import Landscape, world_for

from .checkout import ANNA
from .landscape import done, sales_order_number, ship

Json = dict[str, Any]


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return open_workspace()


@pytest.fixture
def world(workspace: Workspace) -> Iterator[Landscape]:
    """The standard data set; at the end every invariant holds."""
    landscape = world_for(workspace, integration="embedded")
    yield landscape
    verdicts = landscape.judge()["verdicts"]
    assert [(v["id"], v["offending"]) for v in verdicts if v["status"] in ("failed", "error")] == []


def test_m_6_the_standard_order(world: Landscape) -> None:
    """Goods 61.80, discount 6.18, net 60.52, tax 10.21, gross 70.73; 19 % on 49.72, 7 % on 10.80."""
    order = _buys(world, *_standard(), tax="10.21", total="70.73", freight=("4.90", "0.93"))
    found = _list(world, "listSalesOrders")[0]
    assert [row["discountAmount"] for row in found["lines"]] == ["4.98", "1.20", "0.00"]
    assert [row["netAmount"] for row in found["lines"]] == ["44.82", "10.80", "4.90"]
    assert [row["taxAmount"] for row in found["lines"]] == ["8.52", "0.76", "0.93"]
    assert found["totals"] == {"excludingTax": "60.52", "tax": "10.21", "includingTax": "70.73"}
    ship(world, sales_order_number(world, order["id"]), {"10000": 2, "20000": 1}, final=True)
    world.settle()
    (invoice,) = _list(world, "listSalesInvoices")
    assert _taxes(invoice) == [("DE-S19", "49.72", "9.45"), ("DE-S7", "10.80", "0.76")]
    assert (invoice["totals"]["includingTax"], invoice["status"], invoice["remainingAmount"]) == (
        "70.73",
        "paid",
        "0.00",
    )


def test_m_8_the_postings_of_the_standard_order(world: Landscape) -> None:
    """Capture, goods issue, invoice, application; the payout comes with the payment gateway."""
    order = _buys(world, *_standard(), tax="10.21", total="70.73", freight=("4.90", "0.93"))
    ship(world, sales_order_number(world, order["id"]), {"10000": 2, "20000": 1}, final=True)
    world.settle()
    postings = [
        (row["documentType"], row["accountNumber"], row["debitAmount"], row["creditAmount"])
        for row in _list(world, "listGeneralLedgerEntries")
        if row["documentType"] != "Opening"
    ]
    assert sorted(postings) == sorted(
        [
            ("CustomerPayment", "1210", "70.73", "0.00"),
            ("CustomerPayment", "2200", "0.00", "70.73"),
            ("SalesShipment", "5000", "28.90", "0.00"),
            ("SalesShipment", "1300", "0.00", "28.90"),
            ("SalesInvoice", "1200", "70.73", "0.00"),
            ("SalesInvoice", "4000", "0.00", "55.62"),
            ("SalesInvoice", "4100", "0.00", "4.90"),
            ("SalesInvoice", "2110", "0.00", "9.45"),
            ("SalesInvoice", "2111", "0.00", "0.76"),
            ("SalesInvoice", "2200", "70.73", "0.00"),
            ("SalesInvoice", "1200", "0.00", "70.73"),
        ]
    )


def test_m_10_partial_shipments(world: Landscape) -> None:
    """5 × 18.00 at 19 %: 3 make 54.00 + 10.26 = 64.26, 2 make 36.00 + 6.84 = 42.84; together the order's 107.10."""
    order = _buys(world, _line("SKU-1004", 5, "18.00", "17.10"), tax="17.10", total="107.10")
    number = sales_order_number(world, order["id"])
    for pieces, final in ((3, False), (2, True)):
        ship(world, number, {"10000": pieces}, final=final)
        world.settle()
    invoices = _list(world, "listSalesInvoices")
    assert [row["totals"] for row in invoices] == [
        {"excludingTax": "54.00", "tax": "10.26", "includingTax": "64.26"},
        {"excludingTax": "36.00", "tax": "6.84", "includingTax": "42.84"},
    ]
    assert _list(world, "listSalesOrders")[0]["totals"]["includingTax"] == "107.10"
    assert {row["status"] for row in invoices} == {"paid"}


def test_m_1_tax_is_rounded_per_document(world: Landscape) -> None:
    """Three lines of 3.33 at 19 %: tax 1.90 and not 1.89, total 11.89."""
    _buys(world, *_three_lines(), tax="1.90", total="11.89")
    found = _list(world, "listSalesOrders")[0]
    assert found["totals"] == {"excludingTax": "9.99", "tax": "1.90", "includingTax": "11.89"}
    taxes = [row["taxAmount"] for row in found["lines"] if row["lineType"] == "Item"]
    assert taxes == ["0.64", "0.63", "0.63"]


def test_m_11_partial_invoices_that_do_not_add_up(world: Landscape) -> None:
    """PT-1: three invoices of 3.96 make 11.88, 11.89 was paid: the cent goes to 6900 when the last one is settled."""
    order = _buys(world, *_three_lines(), tax="1.90", total="11.89")
    number = sales_order_number(world, order["id"])
    for reference in ("10000", "20000", "30000"):
        ship(world, number, {reference: 1}, final=reference == "30000")
        world.settle()
    invoices = _list(world, "listSalesInvoices")
    assert [(row["totals"]["includingTax"], row["status"]) for row in invoices] == [("3.96", "paid")] * 3
    rounding = [r for r in _list(world, "listGeneralLedgerEntries") if r["accountNumber"] == "6900"]
    assert [(row["debitAmount"], row["creditAmount"]) for row in rounding] == [("0.00", "0.01")]


@pytest.mark.parametrize(
    "price, gross, net, tax",
    [("119.00", "119.00", "100.00", "19.00"), ("9.99", "9.99", "8.39", "1.60")],
)
def test_m_3_tax_out_of_the_price(world: Landscape, price: str, gross: str, net: str, tax: str) -> None:
    _buys(world, _line("SKU-1001", 1, price, tax), tax=tax, total=gross, taxes_included=True)
    assert _list(world, "listSalesOrders")[0]["totals"] == {"excludingTax": net, "tax": tax, "includingTax": gross}


def test_m_18_unit_prices_of_five_decimals(world: Landscape) -> None:
    """First multiplied, then rounded: 7 × 0.03333 = 0.23, not 0.21."""
    _buys(world, _line("SKU-1001", 7, "0.03333", "0.04"), tax="0.04", total="0.27")
    found = _list(world, "listSalesOrders")[0]
    assert (found["lines"][0]["unitPrice"], found["lines"][0]["netAmount"]) == ("0.03333", "0.23")


def test_m_19_moving_average(workspace: Workspace) -> None:
    """10 at 5.00 and 3 at 5.50 are worth 66.50; issues of 4, 5 and 4 cost 20.46, 25.58 and 20.46 and leave nothing."""
    world = world_for(workspace)
    for number, quantity, cost in (("RCV-1", "10", "5.00"), ("RCV-2", "3", "5.50")):
        line = {"itemNumber": "SKU-1003", "received": quantity, "damaged": "0", "unitCost": cost}
        receipt = {"wmsReceiptId": number, "reference": "PO-1", "locationCode": "MAIN", "postingDate": "2026-03-02"}
        done(world.erp.call("createPurchaseReceipt", {**receipt, "lines": [line]}, companyId="DE01"))
    for number, quantity in (("ADJ-1", "-4"), ("ADJ-2", "-5"), ("ADJ-3", "-4")):
        issue = {"itemNumber": "SKU-1003", "locationCode": "MAIN", "stockStatus": "SELLABLE", "quantity": quantity}
        how = {"externalDocumentNumber": number, "reasonCode": "SAMPLE", "postingDate": "2026-03-02"}
        done(world.erp.call("createItemJournalEntry", {**issue, **how}, companyId="DE01"))
    ledger = [row for row in _list(world, "listItemLedgerEntries") if row["itemNumber"] == "SKU-1003"]
    assert [row["costAmount"] for row in ledger] == ["50.00", "16.50", "-20.46", "-25.58", "-20.46"]
    (balance,) = [row for row in _list(world, "listStockBalances") if row["itemNumber"] == "SKU-1003"]
    assert balance["onHand"] == "0"


def _standard() -> list[Json]:
    return [
        _line("SKU-1001", 2, "24.90", "8.52", discount="4.98"),
        _line("SKU-1002", 1, "12.00", "0.76", rate=0.07, discount="1.20"),
    ]


def _three_lines() -> list[Json]:
    return [
        _line(sku, 1, "3.33", tax) for sku, tax in (("SKU-1001", "0.64"), ("SKU-1004", "0.63"), ("SKU-1001", "0.63"))
    ]


def _line(sku: str, quantity: int, price: str, tax: str, *, rate: float = 0.19, discount: str = "") -> Json:
    allocated = [{"amount": discount, "discount_application_index": 0}] if discount else []
    return {
        "sku": sku,
        "title": sku,
        "quantity": quantity,
        "price": price,
        "requires_shipping": True,
        "tax_lines": [{"title": "MwSt", "rate": rate, "price": tax}],
        "discount_allocations": allocated,
    }


def _buys(
    world: Landscape, *lines: Json, tax: str, total: str, freight: tuple[str, str] = ("0.00", "0.00"), **more: Any
) -> Json:
    """Anna orders and pays by card; the order as the shop answers it."""
    price, freight_tax = freight
    shipping = {"title": "DHL", "code": "dhl_std", "price": price}
    order = {
        "email": ANNA["email"],
        "customer": ANNA["customer"],
        "billing_address": ANNA["address"],
        "shipping_address": ANNA["address"],
        "currency": "EUR",
        "taxes_included": False,
        "line_items": list(lines),
        "shipping_lines": [{**shipping, "tax_lines": [{"title": "MwSt", "rate": 0.19, "price": freight_tax}]}],
        "total_tax": tax,
        "total_price": total,
        "transactions": [{"kind": "sale", "status": "success", "amount": total, "gateway": "card"}],
        **more,
    }
    placed = done(world.storefront.call("createOrder", order))
    world.settle()
    return placed


def _list(world: Landscape, operation: str) -> list[Json]:
    rows: list[Json] = done(world.erp.call(operation, companyId="DE01"))["value"]
    return rows


def _taxes(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [(row["taxCode"], row["base"], row["tax"]) for row in document["taxSummary"]]
