"""Generated records obey the locale table (domain section 3) and each other."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from types import ModuleType
from typing import Any
from unicodedata import is_normalized

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import ean, get_cc_module
from stdnum.jp import cn
from stdnum.us import ein

COUNTRIES = ["DE", "AT", "BE", "NL", "FR", "ES", "IT", "IE", "PL", "SE", "DK", "FI", "GB", "CH", "NO", "GR", "US", "JP"]

Data = dict[str, list[dict[str, Any]]]


def tax_id_is_valid(country: str, number: str) -> bool:
    """python-stdnum's verdict, with the number written as on an invoice, prefix included."""
    if country == "US":
        return bool(ein.is_valid(number))
    if country == "JP":
        return number[0] == "T" and bool(cn.is_valid(number[1:]))
    return bool(get_cc_module(country, "vat").is_valid(number))


def drawn(data: Data, entity: str, country: str) -> list[dict[str, Any]]:
    rows = [row for row in data[entity] if row["country"] == country]
    assert len(rows) >= 5
    return rows


def test_every_country_of_the_table_is_drawn_and_the_home_market_most(generated: Data) -> None:
    countries = Counter(row["country"] for row in generated["customers"])
    assert set(countries) == set(COUNTRIES)
    assert countries.most_common(1)[0][0] == "DE"


@pytest.mark.parametrize("country", COUNTRIES)
def test_tax_ids_pass_the_national_rule(
    country: str, generated: Data, workspace_module: Callable[[str], ModuleType]
) -> None:
    locale = workspace_module("fixtures.locales").LOCALES[country]
    numbers = [
        row["taxRegistrationNumber"] for row in drawn(generated, "customers", country) if row["type"] == "Company"
    ]
    assert numbers
    assert [n for n in numbers if not re.fullmatch(locale.tax_id, n) or not tax_id_is_valid(country, n)] == []


@pytest.mark.parametrize("country", COUNTRIES)
def test_samples_of_the_table_pass_their_own_pattern(
    country: str, workspace_module: Callable[[str], ModuleType]
) -> None:
    locale = workspace_module("fixtures.locales").LOCALES[country]
    assert re.fullmatch(locale.tax_id, locale.tax_id_sample)
    if country != "US":  # the domain's sample has a prefix of no campus and is for the format only
        assert tax_id_is_valid(country, locale.tax_id_sample)


@pytest.mark.parametrize("country", COUNTRIES)
def test_place_phone_and_currency_agree_with_the_country(
    country: str, generated: Data, workspace_module: Callable[[str], ModuleType]
) -> None:
    locale = workspace_module("fixtures.locales").LOCALES[country]
    numbers = "|".join(rf"\+{stem}\d{{{locale.phones.digits}}}" for stem in locale.phones.stems)
    for row in drawn(generated, "customers", country):
        assert re.fullmatch(locale.postcode, row["postalCode"])
        assert re.fullmatch(numbers, row["phoneNumber"])
        assert len(row["phoneNumber"]) <= 16
        assert row["currencyCode"] == locale.currency
        assert (row["state"] is not None) == locale.state_required
        assert -Decimal(row["creditLimit"]).as_tuple().exponent == locale.decimals


def test_leading_zeros_of_postcodes_survive(generated: Data) -> None:
    zips = [row["postalCode"] for row in generated["customers"]]
    assert any(zip_.startswith("0") for zip_ in zips)
    assert all(isinstance(zip_, str) for zip_ in zips)


def test_italian_postcode_and_province_are_of_one_place(generated: Data) -> None:
    from faker.providers.address.it_IT import Provider

    for row in drawn(generated, "customers", "IT"):
        assert [row["city"], row["state"]] in Provider.cap_city_province[row["postalCode"]]


def test_american_postcode_lies_in_the_state(generated: Data) -> None:
    from faker.providers.address.en_US import Provider

    for row in drawn(generated, "customers", "US"):
        low, high = Provider.states_postcode[row["state"]]
        assert low <= int(row["postalCode"]) <= high


def test_mail_goes_only_to_domains_reserved_for_examples(generated: Data) -> None:
    for entity in ("customers", "storeCustomers", "crmAccounts"):
        for row in generated[entity]:
            assert re.fullmatch(r"[a-z0-9.]+@([a-z]+\.)?example\.(com|org|net)", row["email"])


def test_texts_are_trimmed_composed_and_fit_the_field(generated: Data) -> None:
    for row in generated["customers"]:
        for name in ("displayName", "addressLine1", "city"):
            text = row[name]
            assert text == " ".join(text.split())
            assert 0 < len(text) <= 100
            assert is_normalized("NFC", text)


def test_active_records_have_their_required_fields(generated: Data) -> None:
    """MDM-4: the list of domain section 3."""
    customer = (
        "displayName type addressLine1 city postalCode country customerPostingGroup taxBusinessGroup currencyCode"
    )
    item = "number displayName type baseUnitOfMeasureCode taxGroupCode productPostingGroup"
    for row in generated["customers"]:
        assert all(row[name] for name in [*customer.split(), "paymentTermsCode"])
    for row in generated["items"]:
        assert all(row[name] for name in item.split())
        assert (row["inventoryPostingGroup"] is not None) == (row["type"] == "Inventory")


def test_references_resolve(generated: Data) -> None:
    """MDM-3 within the data set: codes, items, customers, places."""
    codes = {entity: {row["code"] for row in generated[entity]} for entity in (
        "paymentTerms", "shipmentMethods", "paymentMethods", "currencies", "unitsOfMeasure", "locations"
    )}  # fmt: skip
    customers = {row["number"] for row in generated["customers"]}
    items = {row["number"] for row in generated["items"]}
    bins = {(row["locationCode"], bin_["code"]) for row in generated["warehouses"] for bin_ in row["bins"]}
    for row in generated["customers"]:
        assert row["paymentTermsCode"] in codes["paymentTerms"]
        assert row["shipmentMethodCode"] in codes["shipmentMethods"]
        assert row["paymentMethodCode"] in codes["paymentMethods"]
        assert row["currencyCode"] in codes["currencies"]
    for row in generated["items"]:
        assert {row["baseUnitOfMeasureCode"], *(unit["code"] for unit in row["unitsOfMeasure"])} <= codes[
            "unitsOfMeasure"
        ]
    assert {row["itemNumber"] for row in generated["itemPrices"]} == items
    assert {row["sku"] for row in generated["storeVariants"]} == items - {"FREIGHT"}
    assert {row["itemNumber"] for row in generated["openingStock"]} <= items
    assert {(row["locationCode"], row["binCode"]) for row in generated["openingStock"]} <= bins
    assert {row["erpCustomerNumber"] for row in generated["storeCustomers"]} == customers
    assert {row["erpCustomerNumber"] for row in generated["crmAccounts"]} == customers
    assert {row["locationCode"] for row in generated["warehouses"]} == codes["locations"]


def test_an_item_keeps_its_gtin_price_and_tax_group_in_every_system(generated: Data) -> None:
    items = {row["number"]: row for row in generated["items"]}
    assert {row["taxGroupCode"] for row in items.values()} == {"STD", "RED"}
    for row in generated["storeVariants"]:
        item = items[row["sku"]]
        assert (row["barcode"], row["price"], row["title"]) == (item["gtin"], item["unitPrice"], item["displayName"])
    for row in generated["items"]:
        assert row["gtin"] is None or ean.is_valid(row["gtin"])
        assert Decimal(0) <= Decimal(row["unitCost"]) < Decimal(row["unitPrice"])


def test_no_amount_is_a_float(generated: Data) -> None:
    def floats(value: Any) -> bool:
        if isinstance(value, dict):
            return any(floats(item) for item in value.values())
        if isinstance(value, list):
            return any(floats(item) for item in value)
        return isinstance(value, float)

    assert not floats(generated)


def repeated(values: list[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1 and value is not None]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(min_value=-(2**40), max_value=2**80))
def test_keys_are_unique_for_every_seed(seed: int, fixtures: ModuleType) -> None:
    """MDM-1: no two customers share a VAT id, or lower-case email and country; SKUs, GTINs and ids are unique."""
    data = fixtures.build_dataset(
        seed, {"customers": 150, "items": 100, "storeCustomers": 20, "crmAccounts": 20, "storeVariants": 10}
    )
    keys: dict[str, list[Any]] = defaultdict(list)
    for row in data["customers"]:
        keys["customer id"].append(row["id"])
        keys["customer number"].append(row["number"])
        keys["tax id"].append(row["taxRegistrationNumber"])
        keys["email and country"].append((row["email"].lower(), row["country"]))
        if row["taxRegistrationNumber"]:
            assert tax_id_is_valid(row["country"], row["taxRegistrationNumber"])
    for row in data["items"]:
        keys["item id"].append(row["id"])
        keys["sku"].append(row["number"].upper())
        keys["gtin"].append(row["gtin"])
    for row in data["storeCustomers"]:
        keys["store customer id"].append(row["id"])
        keys["store email"].append(row["email"].lower())
    for row in data["storeVariants"]:
        keys["store ids"] += [row["id"], row["product_id"], row["inventory_item_id"]]
        keys["variant sku"].append(row["sku"])
    for row in data["crmAccounts"]:
        keys["account id"].append(row["id"])
        keys["account email"].append(row["email"].lower())
    assert {name: repeated(values) for name, values in keys.items() if repeated(values)} == {}


def test_setup_entities_can_be_made_longer_without_repeating_a_key(fixtures: ModuleType) -> None:
    counts = {
        "itemPrices": 30, "openingStock": 9, "locations": 12, "taxCodes": 40, "paymentTerms": 20, "shipmentMethods": 20,
        "unitsOfMeasure": 15, "currencies": 16, "exchangeRates": 50, "accountingPeriods": 18,
    }  # fmt: skip
    keys = {
        "itemPrices": ("itemNumber", "currencyCode", "unitOfMeasureCode", "validFrom"),
        "openingStock": ("itemNumber", "locationCode", "stockStatus"),
        "exchangeRates": ("currencyCode", "date"),
        "accountingPeriods": ("start",),
    }
    standard, data = fixtures.standard_dataset(), fixtures.build_dataset(42, counts)
    for entity, count in counts.items():
        assert len(data[entity]) == len(standard[entity]) + count
        names = keys.get(entity, ("code",))
        assert repeated([tuple(row[name] for name in names) for row in data[entity]]) == []
        assert {frozenset(row) for row in data[entity]} == {frozenset(standard[entity][0])}
    new_codes = data["taxCodes"][len(standard["taxCodes"]) :]
    assert all(row["validFrom"] < row["validTo"] < "2026-01-01" for row in new_codes)
    assert data["accountingPeriods"][-1] == {"start": "2029-06-01", "end": "2029-06-30", "closed": False}
    assert all(Decimal(row["rate"]) > 0 for row in data["exchangeRates"])
    assert {row["timeZone"] for row in data["warehouses"]} > {"Europe/Berlin", "Europe/Warsaw"}


def test_records_that_stand_alone_are_unknown_to_the_erp(fixtures: ModuleType) -> None:
    data = fixtures.build_dataset(42, {"storeCustomers": 3, "crmAccounts": 3, "storeVariants": 3})
    items = {row["number"] for row in data["items"]}
    assert [row["erpCustomerNumber"] for row in data["storeCustomers"][-3:]] == [None] * 3
    assert [row["erpCustomerNumber"] for row in data["crmAccounts"][-3:]] == [None] * 3
    assert {row["sku"] for row in data["storeVariants"][-3:]}.isdisjoint(items)
