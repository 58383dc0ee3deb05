"""Customers, items and set-up tables as the API shows them (domain 2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.conftest import MakeLandscape
from tests.simulators.erp_support import Erp

CUSTOMER = {
    "displayName": "Müller GmbH",
    "type": "Company",
    "addressLine1": "Marktplatz 1",
    "city": "Leipzig",
    "country": "DE",
    "postalCode": "04109",
    "customerPostingGroup": "DOMESTIC",
    "taxBusinessGroup": "DOM",
    "currencyCode": "EUR",
    "paymentTermsCode": "N30",
}
ITEM = {
    "number": "SKU-2001",
    "displayName": "Vase",
    "type": "Inventory",
    "baseUnitOfMeasureCode": "EA",
    "unitPrice": "9.99",
    "taxGroupCode": "STD",
    "productPostingGroup": "RETAIL",
    "inventoryPostingGroup": "RESALE",
}


@pytest.fixture
def erp(make_landscape: MakeLandscape) -> Erp:
    return Erp(make_landscape())


def test_a_customer_is_created_with_a_number_and_without_a_balance(erp: Erp) -> None:
    made = erp.do("createCustomer", CUSTOMER)
    assert (made["number"], made["balanceDue"], made["creditLimit"], made["blocked"]) == ("C10001", "0.00", "0.00", " ")
    assert made["taxRegistrationStatus"] == "unchecked"
    assert erp.do("getCustomer", customerId=made["id"]) == made
    assert erp.events() == [("erp.customer.created.v1", "C10001")]


def test_a_customer_is_found_by_email_with_its_present_balance(erp: Erp) -> None:
    page = erp.do("listCustomers", query={"$filter": "email eq 'anna.k@example.com' and country eq 'DE'"})
    assert [(row["number"], row["balanceDue"]) for row in page["value"]] == [("C00042", "0.00")]


def test_a_number_that_a_seeded_customer_has_is_passed_over(erp: Erp) -> None:
    erp.change("customers", erp.customer()["id"], number="C10001")
    assert erp.do("createCustomer", CUSTOMER)["number"] == "C10002"


def test_every_unknown_code_of_a_customer_is_named(erp: Erp) -> None:
    body = CUSTOMER | {"currencyCode": "XXX", "paymentTermsCode": "NEVER", "shipmentMethodCode": "CAMEL"}
    _, code, problem = erp.refuse("createCustomer", body)
    assert code == "unknown-reference"
    assert [e["pointer"] for e in problem["errors"]] == ["/currencyCode", "/paymentTermsCode", "/shipmentMethodCode"]


def test_a_new_vat_id_has_to_be_checked_again(erp: Erp) -> None:
    nordwind = erp.customer("C00050")
    assert nordwind["taxRegistrationStatus"] == "valid"
    changed = erp.do("updateCustomer", {"taxRegistrationNumber": "DE123456788"}, customerId=nordwind["id"])
    assert (changed["taxRegistrationStatus"], changed["@etag"]) == ("unchecked", 'W/"2"')
    assert erp.events() == [("erp.customer.changed.v1", "C00050")]


def test_an_item_is_created_and_read_with_its_cost(erp: Erp) -> None:
    made = erp.do("createItem", ITEM)
    assert (made["unitCost"], made["tracking"], made["blocked"]) == ("0", "none", False)
    erp.receive("SKU-2001", "3", unitCost="4.20")
    assert erp.do("getItem", itemId=made["id"])["unitCost"] == "4.2"
    assert erp.do("updateItem", {"blocked": True}, itemId=made["id"])["blocked"] is True
    assert erp.refuse("createItem", ITEM)[:2] == (409, "duplicate-external-document")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"gtin": "4012345678900"}, "/gtin"),
        ({"inventoryPostingGroup": None}, "/inventoryPostingGroup"),
        ({"baseUnitOfMeasureCode": "XX"}, "/baseUnitOfMeasureCode"),
        ({"unitsOfMeasure": [{"code": "XX", "qtyPerBase": "12"}]}, "/unitsOfMeasure/0/code"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_item_is_refused(erp: Erp, change: Any, pointer: Any) -> None:
    _, _, problem = erp.refuse("createItem", ITEM | change)
    assert [e["pointer"] for e in problem["errors"]] == [pointer]


def test_another_company_does_not_exist(erp: Erp) -> None:
    response = erp.landscape.erp.call("listSalesOrders", companyId="FR01")
    assert (response.status, response.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    "operation",
    [
        "listLocations",
        "listStockBalances",
        "listTaxCodes",
        "listPaymentTerms",
        "listShipmentMethods",
        "listUnitsOfMeasure",
        "listCurrencies",
        "listExchangeRates",
        "listAccountingPeriods",
        "listItemLedgerEntries",
        "listGeneralLedgerEntries",
        "listItems",
    ],
)
def test_set_up_and_ledgers_can_be_read(erp: Erp, operation: Any) -> None:
    assert erp.do(operation)["value"]


def test_only_the_contracts_operations_are_bound_and_all_of_them(erp: Erp) -> None:
    system = erp.landscape.host.setup.systems["erp"]
    provided = {"getToken", "createSubscription", "listSubscriptions", "getSubscription", "deleteSubscription"}
    assert set(system.simulator.operations) == set(system.contract.operations) - provided
