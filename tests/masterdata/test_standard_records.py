"""The fixed records are those of the standard order (M-6) and of the Givens of HP-1 to HP-4, PS-1 and MD-1."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from types import ModuleType
from typing import Any

from stdnum import ean

from .conftest import ROOT


def by(records: list[dict[str, Any]], name: str) -> dict[Any, dict[str, Any]]:
    return {record[name]: record for record in records}


def test_the_records_of_the_standard_order(fixtures: ModuleType) -> None:
    data = fixtures.standard_dataset()
    anna = by(data["customers"], "number")["C00042"]
    assert (anna["country"], anna["postalCode"], anna["city"]) == ("DE", "01067", "Dresden")
    assert (anna["email"], anna["paymentTermsCode"], anna["creditLimit"]) == ("anna.k@example.com", "PREPAID", "0.00")
    assert by(data["storeCustomers"], "id")[7723]["erpCustomerNumber"] == "C00042"
    assert by(data["crmAccounts"], "id")["acc_81"]["erpCustomerNumber"] == "C00042"

    nordwind = by(data["customers"], "number")["C00050"]
    assert (nordwind["type"], nordwind["paymentTermsCode"], nordwind["taxRegistrationNumber"]) == (
        "Company",
        "N30",
        "DE136695976",
    )
    assert by(data["storeCustomers"], "id")[7730]["default_address"]["company"] == "Nordwind Handels GmbH"

    stock = {row["itemNumber"]: (row["quantity"], row["unitCost"], row["locationCode"]) for row in data["openingStock"]}
    assert stock == {
        "SKU-1001": ("20", "11.20", "MAIN"),
        "SKU-1002": ("10", "6.50", "MAIN"),
        "SKU-1003": ("0", "7.00", "MAIN"),
        "SKU-1004": ("5", "8.00", "MAIN"),
    }
    assert "SKU-9999" not in by(data["items"], "number")  # MD-1
    assert by(data["warehouses"], "code")["LEJ1"]["locationCode"] == "MAIN"


def test_the_standard_order_adds_up_with_these_prices_and_codes(fixtures: ModuleType) -> None:
    """M-6: 2 x SKU-1001, 1 x SKU-1002, 10 % off, freight 4.90 → 70.73."""
    data = fixtures.standard_dataset()
    price = {row["number"]: Decimal(row["unitPrice"]) for row in data["items"]}
    rate = {row["code"]: Decimal(row["rate"]) / 100 for row in data["taxCodes"]}
    base_19 = price["SKU-1001"] * 2 - Decimal("4.98") + price["FREIGHT"]
    base_7 = price["SKU-1002"] - Decimal("1.20")
    tax = sum(
        (base * rate[code]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for base, code in ((base_19, "DE-S19"), (base_7, "DE-S7"))
    )
    assert base_19 + base_7 + tax == Decimal("70.73")


def test_ids_depend_on_the_number_alone(fixtures: ModuleType) -> None:
    assert fixtures.standard_dataset() == fixtures.standard_dataset()
    ids = {row["number"]: row["id"] for row in fixtures.standard_dataset()["customers"]}
    assert ids == {
        "C00042": "a9cb674d-9472-5bbc-9c4d-ac41a47be1a8",
        "C00050": "294e045a-874b-518d-94f1-cd9607674a95",
    }


def test_a_caller_may_change_the_records_it_got(fixtures: ModuleType) -> None:
    fixtures.standard_dataset()["warehouses"][0]["bins"].clear()
    assert fixtures.standard_dataset()["warehouses"][0]["bins"]


def test_tax_codes_are_rows_with_account_country_and_validity(fixtures: ModuleType) -> None:
    codes = by(fixtures.standard_dataset()["taxCodes"], "code")
    assert (codes["DE-S19"]["account"], codes["DE-S7"]["account"]) == ("2110", "2111")
    assert codes["DE-S16"]["validTo"] == "2020-12-31"  # DQ-7
    assert [codes[code]["category"] for code in ("EU-K0", "EX-G0", "EU-AE0", "GB-Z0", "FR-S20")] == [
        *"KG",
        "AE",
        "Z",
        "S",
    ]
    assert codes["FR-S5.5"]["taxGroupCode"] == "LOW"
    accounts = [row["account"] for row in codes.values()]
    assert len(set(accounts)) == len(accounts)  # FIN-4 tells the codes apart by their account
    assert not {"2150", "2200", "2100"} & set(accounts)  # goods received not invoiced, prepayments


def test_rates_of_the_locale_table(workspace_module: Callable[[str], ModuleType]) -> None:
    rates = {
        country: [rate.percent for rate in row.rates]
        for country, row in workspace_module("fixtures.locales").LOCALES.items()
    }
    assert rates == {
        "DE": ["19", "7"], "AT": ["20", "13", "10"], "BE": ["21", "12", "6"], "NL": ["21", "9"],
        "FR": ["20", "10", "5.5", "2.1"], "ES": ["21", "10", "4"], "IT": ["22", "10", "5", "4"],
        "IE": ["23", "13.5", "9"], "PL": ["23", "8", "5"], "SE": ["25", "12", "6"], "DK": ["25"],
        "FI": ["25.5", "13.5", "10"], "GB": ["20", "5", "0"], "CH": ["8.1", "3.8", "2.6"], "NO": ["25", "15", "12"],
        "GR": ["24", "13", "6"], "US": ["4", "4.5", "0.375"], "JP": ["10", "8"],
    }  # fmt: skip


def test_every_currency_of_an_open_date_has_a_rate(fixtures: ModuleType) -> None:
    data = fixtures.standard_dataset()
    rates = {(row["currencyCode"], row["date"]): row["rate"] for row in data["exchangeRates"]}
    assert rates["USD", "2026-03-01"] == "1.0842"  # M-13
    assert rates["USD", "2026-04-01"] == "1.0750"
    units = {row["code"]: row["minorUnits"] for row in data["currencies"]}
    assert (units["JPY"], units["EUR"], units["KWD"], units["HUF"]) == (0, 2, 3, 2)


def test_periods_are_whole_months_without_a_gap_and_march_2026_is_the_first_open_one(fixtures: ModuleType) -> None:
    periods = fixtures.standard_dataset()["accountingPeriods"]
    assert next(row["start"] for row in periods if not row["closed"]) == "2026-03-01"
    assert {"start": "2026-02-01", "end": "2026-02-28", "closed": True} in periods
    assert len(periods) == 36


def test_gtins_are_valid_and_of_the_demonstration_prefix(fixtures: ModuleType) -> None:
    gtins = [row["gtin"] for row in fixtures.standard_dataset()["items"] if row["gtin"]]
    assert len(gtins) == 4
    assert all(ean.is_valid(gtin) and gtin.startswith("952") for gtin in gtins)


def test_literals_of_two_runs_do_not_meet(fixtures: ModuleType) -> None:
    first, second = fixtures.scenario_literals(42, 0), fixtures.scenario_literals(42, 1)
    assert first["guestEmail"] == "Anna.K0@Example.com"
    assert first["guestEmailAgain"] == "anna.k0@example.com"
    assert second["guestEmail"] == "Anna.K1@Example.com"
    assert first["bankPaymentId"] != second["bankPaymentId"]
    assert all(isinstance(value, str) for value in first.values())
    known = {row["email"] for row in fixtures.standard_dataset()["customers"]}
    assert first["guestEmailAgain"] not in known  # HP-3: no customer for the guest


def test_a_scenario_run_does_not_load_faker() -> None:
    """Standard records, the engine's data types and the command load without Faker, factory_boy and python-stdnum."""
    code = (
        "import sys, understudy.masterdata, understudy.cli.seed\n"
        "from understudy.workspace import open_workspace\n"
        "fixtures = open_workspace(sys.argv[1]).module('fixtures')\n"
        "fixtures.standard_dataset(), fixtures.scenario_literals(42, 0)\n"
        "sys.exit(sorted({'faker', 'factory', 'stdnum'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
