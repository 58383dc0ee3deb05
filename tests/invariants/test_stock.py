"""INV-1 to INV-12 and CON-2, broken one by one."""

from __future__ import annotations

from understudy import EventEntry, Exchange

from . import plays
from .bench import Bench

MUGS = {"itemNumber": "SKU-1001", "locationCode": "MAIN", "stockStatus": "SELLABLE"}
MUGS_NAMED = {"item": "SKU-1001", "location": "MAIN", "stockStatus": "SELLABLE"}


def test_inv_1_available_is_not_on_hand_less_reserved() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "stockBalances", MUGS, available="19")
    assert bench.offending("INV-1") == [{**MUGS_NAMED, "onHand": "20", "reserved": "2", "available": "19"}]


def test_inv_2_a_balance_that_reserves_more_than_the_orders_do() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "stockBalances", MUGS, reserved="3", available="17")
    assert bench.offending("INV-2") == [{**MUGS_NAMED, "reserved": "3", "reservedByOrders": "2"}]


def test_inv_2_is_tried_where_a_step_changed_an_order() -> None:
    bench = Bench(plays.released())
    bench.change_line("erp", "salesOrders", 0, reserved="1")
    before = bench.touch("erp", "salesOrders", bench.one("erp", "salesOrders")["id"])
    assert bench.offending("INV-2", since=before) == [{**MUGS_NAMED, "reserved": "2", "reservedByOrders": "1"}]


def test_inv_2_counts_in_base_units() -> None:
    """One case of 12 is reserved, and the balance holds 12 pieces."""
    bench = Bench(plays.released())
    bench.change_line("erp", "salesOrders", 0, unitOfMeasureCode="CS", reserved="1")
    assert bench.offending("INV-2") == [{**MUGS_NAMED, "reserved": "2", "reservedByOrders": "12"}]


def test_inv_3_a_balance_that_its_ledger_does_not_explain() -> None:
    bench = Bench(plays.paid())
    bench.change("erp", "stockBalances", MUGS, onHand="17", available="17")
    assert bench.offending("INV-3") == [{**MUGS_NAMED, "onHand": "17", "ledger": "18"}]


def test_inv_3_a_document_that_the_ledger_does_not_show() -> None:
    bench = Bench(plays.paid())
    bench.change_line("erp", "salesShipments", 0, quantity="1")
    row = {"document": "SH-2026-000077", **MUGS_NAMED, "ledger": "-2", "posted": "-1"}
    assert bench.offending("INV-3") == [row]


def test_inv_3_a_receipt_booked_into_the_wrong_status() -> None:
    bench = Bench(plays.counted())
    (receipt,) = bench.rows("erp", "purchaseReceipts")
    bench.change_line("erp", "purchaseReceipts", 0, received="30", damaged="0")
    row = {"document": receipt["number"], "item": "SKU-1003", "location": "MAIN", "stockStatus": "SELLABLE"}
    assert bench.offending("INV-3") == [{**row, "ledger": "28", "posted": "30"}]


def test_inv_3_an_entry_without_its_document_and_with_the_wrong_sign() -> None:
    bench = Bench(plays.paid())
    sale = bench.one("erp", "itemLedgerEntries", documentNumber="SH-2026-000077", itemNumber="SKU-1001")
    stray = {**sale, "entryNumber": 900, "documentNumber": "SH-2026-000999", "quantity": "1"}
    bench.put("erp", "itemLedgerEntries", stray)
    assert bench.offending("INV-3") == [
        {**MUGS_NAMED, "onHand": "18", "ledger": "19"},
        {"entryNumber": 900, "entryType": "Sale", "itemNumber": "SKU-1001", "quantity": "1"},
        {"entryNumber": 900, "document": "SH-2026-000999", "exists": False},
    ]


def test_inv_4_stock_was_below_zero_in_between() -> None:
    """More goes out than there is; that it comes back later does not help."""
    bench = Bench(plays.paid())
    sale = bench.one("erp", "itemLedgerEntries", documentNumber="SH-2026-000077", itemNumber="SKU-1001")
    bench.put("erp", "itemLedgerEntries", {**sale, "quantity": "-21"})
    bench.put("erp", "itemLedgerEntries", {**sale, "entryNumber": 900, "entryType": "SaleReturn", "quantity": "19"})
    row = {**MUGS_NAMED, "entryNumber": sale["entryNumber"], "onHand": "-1"}
    assert bench.offending("INV-4") == [row]
    bench.world.policy["allowNegativeStock"] = "true"
    assert bench.verdict("INV-4").status == "not_observable"


def test_inv_5_a_drift_between_snapshot_and_ledger() -> None:
    """BS-3: one lost adjustment."""
    bench = Bench(plays.counted())
    balance = {"itemNumber": "SKU-1004", "stockStatus": "SELLABLE"}
    bench.change("erp", "stockBalances", balance, onHand="4")
    (snapshot,) = bench.rows("wms", "snapshots")
    named = {"item": "SKU-1004", "location": "MAIN", "stockStatus": "SELLABLE"}
    row = {**named, "snapshot": snapshot["id"], "wms": "3", "erp": "4", "drift": "-1"}
    assert bench.offending("INV-5") == [row]


def test_inv_5_stock_that_the_warehouse_has_never_seen() -> None:
    bench = Bench(plays.counted())
    balance = bench.one("erp", "stockBalances", itemNumber="SKU-1003", stockStatus="SELLABLE")
    phantom = {**balance, "_key": "SKU-1003|MAIN|QUARANTINE", "stockStatus": "QUARANTINE", "onHand": "7"}
    bench.put("erp", "stockBalances", phantom)
    (snapshot,) = bench.rows("wms", "snapshots")
    named = {"item": "SKU-1003", "location": "MAIN", "stockStatus": "QUARANTINE"}
    row = {**named, "snapshot": snapshot["id"], "wms": "0", "erp": "7", "drift": "-7"}
    assert bench.offending("INV-5") == [row]


def test_inv_6_more_allocated_than_there_is_and_than_the_line_needs() -> None:
    bench = Bench(plays.released())
    shelf = {"warehouseCode": "LEJ1", "sku": "SKU-1001", "binCode": "A-01-01", "status": "SELLABLE"}
    bench.change("wms", "inventory", shelf, allocated="21")
    bench.change_line("wms", "fulfilmentOrders", 0, allocated="3")
    (order,) = bench.rows("wms", "fulfilmentOrders")
    assert bench.offending("INV-6") == [
        {**shelf, "onHand": "20", "allocated": "21"},
        {"fulfilmentOrder": order["id"], "line": "10000", "open": "2", "allocated": "3"},
    ]


def test_inv_7_the_store_offers_what_is_promised_to_others() -> None:
    bench = Bench(plays.released())
    bench.change("storefront", "inventoryLevels", {"sku": "SKU-1001"}, available=20)
    assert bench.offending("INV-7") == [{"sku": "SKU-1001", "store": "20", "erp": "18"}]


def test_inv_7_never_offers_less_than_nothing() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "stockBalances", MUGS, available="-3")
    bench.change("storefront", "inventoryLevels", {"sku": "SKU-1001"}, available=0)
    assert bench.offending("INV-7") == []


def test_inv_9_a_shipment_posted_for_goods_that_are_still_there() -> None:
    bench = Bench(plays.paid())
    (gone,) = bench.rows("wms", "shipments")
    bench.change("wms", "shipments", status="manifested")
    row = {"shipment": "SH-2026-000077", "wmsShipmentId": gone["id"], "wmsStatus": "manifested"}
    assert bench.offending("INV-9") == [row]


def test_inv_9_a_pick_that_moved_stock_at_the_erp() -> None:
    bench = Bench(plays.paid())
    (posting,) = bench.entries(Exchange, operation_id="postSalesShipment")
    pick = bench.entries(EventEntry, name="wms.pick.completed.v1")[0]
    bench.rewrite(posting, causation_id=pick.event_id)
    moved = [key for table, key in posting.changes if table == "itemLedgerEntries"]
    row = {"event": pick.event_id, "type": "wms.pick.completed.v1", "itemLedgerEntries": moved}
    assert bench.offending("INV-9") == [row]


def test_inv_11_stock_value_and_account_differ() -> None:
    bench = Bench(plays.paid())
    entry = bench.one("erp", "generalLedgerEntries", documentNumber="SH-2026-000077", accountNumber="1300")
    bench.put("erp", "generalLedgerEntries", {**entry, "creditAmount": "20.00"})
    assert bench.offending("INV-11") == [{"account": "1300", "balance": "309", "stockValue": "300.10"}]


def test_inv_11_nothing_left_and_still_worth_something() -> None:
    bench = Bench(plays.paid())
    opening = bench.one("erp", "itemLedgerEntries", documentType="Opening", itemNumber="SKU-1004")
    emptied = {"entryType": "NegativeAdjustment", "quantity": "-5", "costAmount": "-39.00"}
    bench.put("erp", "itemLedgerEntries", {**opening, "entryNumber": 900, **emptied})
    assert {"item": "SKU-1004", "quantity": "0", "value": "1"} in bench.offending("INV-11")


def test_inv_12_damaged_goods_on_offer() -> None:
    bench = Bench(plays.counted())
    bench.change("erp", "stockBalances", {"itemNumber": "SKU-1003", "stockStatus": "DAMAGED"}, available="2")
    row = {"item": "SKU-1003", "location": "MAIN", "stockStatus": "DAMAGED"}
    assert bench.offending("INV-12") == [{**row, "onHand": "2", "reserved": "0", "available": "2"}]


def test_con_2_more_is_promised_than_there_is() -> None:
    bench = Bench(plays.released())
    bench.change("erp", "stockBalances", MUGS, reserved="21", available="-1")
    assert bench.offending("CON-2") == [{**MUGS_NAMED, "onHand": "20", "reserved": "21"}]
