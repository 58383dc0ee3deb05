"""Seeded records are already in the words of the contracts: each validates against the schema of its resource."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import yaml

from .conftest import ROOT

RESOURCES = [
    ("erp", "CustomerFields", "customers"),
    ("erp", "ItemFields", "items"),
    ("erp", "LocationFields", "locations"),
    ("erp", "TaxCodeFields", "taxCodes"),
    ("erp", "PaymentTermFields", "paymentTerms"),
    ("erp", "ShipmentMethodFields", "shipmentMethods"),
    ("erp", "UnitOfMeasureFields", "unitsOfMeasure"),
    ("erp", "CurrencyFields", "currencies"),
    ("erp", "ExchangeRateFields", "exchangeRates"),
    ("erp", "AccountingPeriodFields", "accountingPeriods"),
    ("storefront", "Customer", "storeCustomers"),
    ("storefront", "Variant", "storeVariants"),
    ("crm", "Account", "crmAccounts"),
]


UNPUBLISHED = {"storeCustomers": ["erpCustomerNumber"], "locations": ["id"]}
"""Fields of the data set that no API shows: the link to the ERP's record, the id behind a code."""


@pytest.mark.parametrize(("system", "schema", "entity"), RESOURCES, ids=[entity for *_, entity in RESOURCES])
def test_records_fit_their_contract(
    system: str, schema: str, entity: str, generated: dict[str, list[dict[str, Any]]]
) -> None:
    text = (ROOT / "contracts" / system / "openapi.yaml").read_text(encoding="utf-8")
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    validator = jsonschema_rs.validator_for(
        {"$ref": f"#/components/schemas/{schema}", "components": document["components"]},
        formats={"decimal": lambda value: True, "int64": lambda value: True},
        validate_formats=True,
    )
    known = {*document["components"]["schemas"][schema]["properties"], *UNPUBLISHED.get(entity, ())}
    for record in generated[entity]:
        assert [error.message for error in validator.iter_errors(record)] == []
        assert set(record) - known == set()
