"""Stock and its value: receipts, adjustments, changes of status, moving average (domain 2.2, Postings; M-19, HP-4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import Erp, line


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def adjustment(quantity: Any, reason="LOSS", item="SKU-1004", **more) -> Any:
    return {
        "externalDocumentNumber": f"ADJ-{quantity}-{reason}",
        "itemNumber": item,
        "locationCode": "MAIN",
        "stockStatus": "SELLABLE",
        "quantity": quantity,
        "reasonCode": reason,
        "postingDate": "2026-03-02",
        **more,
    }


def entries(erp: Erp, document: Any) -> Any:
    return [
        (row["entryType"], row["stockStatus"], row["quantity"], row["costAmount"])
        for row in erp.rows("itemLedgerEntries")
        if row["documentNumber"] == document
    ]


def item(erp: Erp, number: Any) -> Any:
    return next(row for row in erp.do("listItems")["value"] if row["number"] == number)


def test_inv11_the_books_open_with_the_value_of_the_stock(erp: Erp) -> None:
    """20 x 11.20 + 10 x 6.50 + 5 x 8.00 = 329.00."""
    assert erp.ledger("OPENING") == [("1300", "329.00", "0.00"), ("2900", "0.00", "329.00")]
    assert entries(erp, "OPENING") == [
        ("PositiveAdjustment", "SELLABLE", "20", "224.00"),
        ("PositiveAdjustment", "SELLABLE", "10", "65.00"),
        ("PositiveAdjustment", "SELLABLE", "5", "40.00"),
    ]


def test_hp4_a_receipt_splits_good_and_damaged_pieces(erp: Erp) -> None:
    receipt = erp.receive("SKU-1003", "28", damaged="2")
    assert erp.ledger(receipt["number"]) == [("1300", "210.00", "0.00"), ("2150", "0.00", "210.00")]
    assert entries(erp, receipt["number"]) == [
        ("Purchase", "SELLABLE", "28", "196.00"),
        ("Purchase", "DAMAGED", "2", "14.00"),
    ]
    assert (erp.stock("SKU-1003"), erp.stock("SKU-1003", "DAMAGED")) == (("28", "0", "28"), ("2", "0", "0"))
    assert erp.events() == [("erp.availability.changed.v1", "SKU-1003/MAIN")]


def test_m19_moving_average_with_the_residue_on_the_last_issue(erp: Erp) -> None:
    """10 at 5.00, 3 at 5.50; issues of 4, 5, 4 cost 20.46, 25.58, 20.46, and nothing is left."""
    erp.receive("SKU-1003", "10", unitCost="5.00")
    erp.receive("SKU-1003", "3", unitCost="5.50")
    assert item(erp, "SKU-1003")["unitCost"] == "5.11538"
    order = erp.release(erp.order(line("SKU-1003", "13", "15.00")))
    costs = [erp.ship(order, {10000: quantity})["lines"][0]["costAmount"] for quantity in ("4", "5", "4")]
    assert costs == ["20.46", "25.58", "20.46"]
    valuation = next(row for row in erp.rows("valuations") if row["itemNumber"] == "SKU-1003")
    assert (valuation["quantity"], valuation["value"]) == ("0", "0.00")


@pytest.mark.parametrize(
    ("body", "bookings", "stock"),
    [
        (adjustment("-2"), [("5100", "16.00", "0.00"), ("1300", "0.00", "16.00")], ("3", "0", "3")),
        (adjustment("3", "FOUND"), [("1300", "24.00", "0.00"), ("5100", "0.00", "24.00")], ("8", "0", "8")),
        (adjustment("-1", "COUNT"), [("5100", "8.00", "0.00"), ("1300", "0.00", "8.00")], ("4", "0", "4")),
    ],
    ids=["loss", "found", "count"],
)
def test_an_adjustment_is_booked_to_shrinkage(erp: Erp, body: Any, bookings: Any, stock: Any) -> None:
    entry = erp.do("createItemJournalEntry", body)
    assert erp.ledger(entry["number"]) == bookings
    assert erp.stock("SKU-1004") == stock


def test_a_change_of_status_nets_to_zero_and_scrap_follows(erp: Erp) -> None:
    """INV-10, INV-12: damaged goods stay in the books until they are thrown away, 5110."""
    moved = erp.do(
        "createItemJournalEntry",
        adjustment("2", "DAMAGE", stockStatus="DAMAGED", fromStatus="SELLABLE", toStatus="DAMAGED"),
    )
    assert erp.ledger(moved["number"]) == []
    assert entries(erp, moved["number"]) == [
        ("Transfer", "SELLABLE", "-2", "-16.00"),
        ("Transfer", "DAMAGED", "2", "16.00"),
    ]
    assert (erp.stock("SKU-1004"), erp.stock("SKU-1004", "DAMAGED")) == (("3", "0", "3"), ("2", "0", "0"))
    scrapped = erp.do("createItemJournalEntry", adjustment("-2", "DAMAGE", stockStatus="DAMAGED"))
    assert erp.ledger(scrapped["number"]) == [("5110", "16.00", "0.00"), ("1300", "0.00", "16.00")]


def test_nothing_leaves_a_status_that_it_is_not_in(erp: Erp) -> None:
    for body in (
        adjustment("-6"),
        adjustment("-1", "DAMAGE", stockStatus="DAMAGED"),
        adjustment("6", "DAMAGE", stockStatus="DAMAGED", fromStatus="SELLABLE", toStatus="DAMAGED"),
    ):
        assert erp.refuse("createItemJournalEntry", body)[:2] == (409, "insufficient-stock")
    assert erp.stock("SKU-1004") == ("5", "0", "5")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"itemNumber": "SKU-9999"}, "/itemNumber"),
        ({"itemNumber": "FREIGHT"}, "/itemNumber"),
        ({"locationCode": "MOON"}, "/locationCode"),
        ({"quantity": "-0.5"}, "/quantity"),
        ({"reasonCode": "WHIM"}, "/reasonCode"),
        ({"postingDate": "2026-03-03"}, "/postingDate"),
        ({"fromStatus": "SELLABLE", "toStatus": None}, "/fromStatus"),
        ({"fromStatus": "SELLABLE", "toStatus": "DAMAGED", "quantity": "1"}, "/toStatus"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_adjustment_is_refused(erp: Erp, change: Any, pointer: Any) -> None:
    status, _, problem = erp.refuse("createItemJournalEntry", adjustment("-1") | change)
    assert (status, [e["pointer"] for e in problem["errors"]]) == (422, [pointer])


def test_a_wrong_receipt_is_refused_with_everything_that_is_wrong(erp: Erp) -> None:
    body = {
        "wmsReceiptId": "RCV-1",
        "reference": "PO-1",
        "locationCode": "MOON",
        "postingDate": "2026-03-03",
        "lines": [
            {"itemNumber": "SKU-9999", "received": "1", "damaged": "0"},
            {"itemNumber": "SKU-1003", "received": "0", "damaged": "0"},
            {"itemNumber": "SKU-1003", "received": "1.5", "damaged": "0"},
        ],
    }
    status, _, problem = erp.refuse("createPurchaseReceipt", body)
    assert (status, [e["pointer"] for e in problem["errors"]]) == (
        422,
        ["/locationCode", "/postingDate", "/lines/0/itemNumber", "/lines/1/received", "/lines/2/received"],
    )


@pytest.mark.parametrize(("support", "second"), [("full", 409), ("none", 201)])
def test_one_document_per_receipt_and_adjustment(make_landscape: MakeLandscape, support: Any, second: Any) -> None:
    """DOC-6."""
    erp = Erp(make_landscape(idempotencySupport=support))
    receipt = erp.receive("SKU-1003", "3", wmsReceiptId="RCV-3301")
    body = {name: receipt[name] for name in ("wmsReceiptId", "reference", "locationCode", "postingDate")}
    lines = [{"itemNumber": "SKU-1003", "received": "3", "damaged": "0"}]
    assert erp.call("createPurchaseReceipt", body | {"lines": lines}).status == second
    erp.do("createItemJournalEntry", adjustment("-1"))
    assert erp.call("createItemJournalEntry", adjustment("-1")).status == second


def test_a_late_receipt_is_posted_on_the_next_open_day(erp: Erp) -> None:
    assert erp.receive("SKU-1003", "1", postingDate="2026-02-27")["postingDate"] == "2026-03-01"
