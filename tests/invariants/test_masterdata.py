"""MDM-1 to MDM-6: duplicates, overreach, dangling references, gaps, and leftovers of another run."""

from __future__ import annotations

import pytest

from understudy import Exchange

from . import plays
from .bench import Bench, with_body

ORDER, INVOICE = "SO-2026-000123", "INV-2026-000456"


def test_mdm_1_one_person_twice() -> None:
    bench = Bench(plays.guest())
    made = {"number": "C10001"}
    bench.copy("erp", "customers", made, id="second", number="C10002", email="Gerda.G@example.com ")
    assert bench.offending("MDM-1") == [{"customers": ["C10001", "C10002"], "share": "e-mail and country"}]


def test_mdm_1_one_firm_twice_until_they_are_merged() -> None:
    bench = Bench(plays.paid())
    firm = bench.copy("erp", "customers", {"number": "C00050"}, id="second", number="C00051", email=None)
    assert bench.offending("MDM-1") == [{"customers": ["C00050", "C00051"], "share": "VAT id"}]
    bench.put("erp", "customers", {**firm, "mergedIntoId": bench.one("erp", "customers", number="C00050")["id"]})
    assert bench.offending("MDM-1") == []


def test_mdm_2_a_sync_that_sets_the_credit_limit() -> None:
    bench = Bench(plays.guest())
    (made,) = bench.entries(Exchange, operation_id="createCustomer")
    bench.rewrite(made, request=with_body(made, {**made.request_body, "creditLimit": "500.00"}))
    row = {"system": "erp", "operation": "createCustomer", "journal": made.seq}
    assert bench.offending("MDM-2") == [{**row, "fields": {"creditLimit": "500.00"}}]


def test_mdm_2_terms_belong_to_finance() -> None:
    bench = Bench(plays.guest())
    (made,) = bench.entries(Exchange, operation_id="createCustomer")
    request = with_body(made, {"displayName": "Gerda Gast-Wirt", "paymentTermsCode": "N30"})
    at = bench.again(made, operation_id="updateCustomer", request=request)
    row = {"system": "erp", "operation": "updateCustomer", "journal": at, "fields": {"paymentTermsCode": "N30"}}
    assert bench.offending("MDM-2") == [row]


def test_mdm_3_references_that_lead_nowhere() -> None:
    bench = Bench(plays.paid())
    bench.change("erp", "salesOrders", customerId="nobody", shipmentMethodCode="OWL")
    bench.change_line("erp", "salesOrders", 0, itemNumber="SKU-0", taxCode="XX-S1", locationCode="MOON")
    broken = ["customerId nobody", "shipmentMethodCode OWL", "lines[10000].itemNumber SKU-0"]
    broken += ["lines[10000].locationCode MOON", "lines[10000].taxCode XX-S1"]
    assert bench.offending("MDM-3") == [{"order": ORDER, "broken": broken}]


def test_mdm_3_an_invoice_for_another_customer_than_the_orders() -> None:
    bench = Bench(plays.paid())
    other = bench.one("erp", "customers", number="C00050")
    bench.change("erp", "salesInvoices", customerId=other["id"])
    assert bench.offending("MDM-3") == [
        {"invoice": INVOICE, "broken": ["customer C00050, the order is of C00042"]},
        {"portalView": INVOICE, "broken": ["account of C00042, the invoice is of C00050"]},
    ]


def test_mdm_3_a_portal_view_under_the_wrong_order_and_account() -> None:
    bench = Bench(plays.paid())
    bench.change("crm", "invoiceViews", orderRef="#1002", accountId="acc_82")
    broken = ["account of C00050, the invoice is of C00042", "orderRef #1002, the order is #1001"]
    assert bench.offending("MDM-3") == [{"portalView": INVOICE, "broken": broken}]


def test_mdm_3_one_guest_is_two_customers() -> None:
    bench = Bench(plays.guest())
    anna = bench.one("erp", "customers", number="C00042")
    second = bench.one("erp", "salesOrders", number="SO-2026-000124")
    bench.put("erp", "salesOrders", {**second, "customerId": anna["id"]})
    rows = bench.offending("MDM-3")
    assert {"who": "one guest", "erpCustomers": ["C00042", "C10001"]} in rows


def test_mdm_3_two_shoppers_are_one_customer_and_nothing_says_why() -> None:
    """The match by name that must never be made."""
    bench = Bench(plays.guest())
    second = bench.rows("storefront", "orders")[1]
    bench.put("storefront", "orders", {**second, "email": "another.gerda@example.com"})
    row = {"erpCustomer": "C10001", "storeCustomers": 2, "problem": "nothing says that they are one"}
    assert bench.offending("MDM-3") == [row]


def test_mdm_4_an_active_customer_without_a_postcode_and_an_item_without_tax_group() -> None:
    bench = Bench(plays.paid())
    bench.change("erp", "customers", {"number": "C00050"}, postalCode="")
    bench.change("erp", "items", {"number": "SKU-1003"}, taxGroupCode=None, inventoryPostingGroup=None)
    assert bench.offending("MDM-4") == [
        {"customer": "C00050", "missing": ["postalCode"]},
        {"item": "SKU-1003", "missing": ["taxGroupCode", "inventoryPostingGroup"]},
    ]
    bench.change("erp", "customers", {"number": "C00050"}, blocked="All")
    assert [row for row in bench.offending("MDM-4") if "customer" in row] == []


def test_mdm_6_a_seeded_record_that_nothing_in_the_run_has_changed() -> None:
    bench = Bench(plays.paid())
    firm = bench.change("erp", "customers", {"number": "C00050"}, city="Bremen")
    row = {"system": "erp", "table": "customers", "key": firm["id"], "problem": "not as seeded", "fields": ["city"]}
    assert bench.offending("MDM-6") == [row]
    bench.touch("erp", "customers", firm["id"])
    assert bench.offending("MDM-6") == []


def test_mdm_6_a_document_of_an_earlier_run() -> None:
    bench = Bench(plays.paid())
    bench.copy("storefront", "orders", id=4711, name="#0999")
    bench.copy("crm", "accounts", {"id": "acc_82"}, id="acc_7", erpCustomerNumber="C09999")
    assert bench.offending("MDM-6") == [
        {"system": "crm", "table": "accounts", "key": "acc_7", "problem": "neither seeded nor made in this run"},
        {"system": "storefront", "table": "orders", "key": 4711, "problem": "left over from another run"},
    ]


def test_mdm_6_a_seeded_record_is_gone() -> None:
    bench = Bench(plays.paid())
    lost = bench.one("erp", "items", number="SKU-1003")
    bench.drop("erp", "items", number="SKU-1003")
    row = {"system": "erp", "table": "items", "key": lost["id"], "problem": "seeded, and gone"}
    assert bench.offending("MDM-6") == [row]


@pytest.mark.parametrize("kept", [10])
def test_mdm_6_says_nothing_once_the_beginning_of_the_journal_was_spilled(kept: int) -> None:
    bench = Bench(plays.paid())
    bench.world.journal._entries = bench.world.journal._entries[kept:]
    bench.world.journal.dropped = kept
    assert bench.verdict("MDM-6").status == "not_observable"
