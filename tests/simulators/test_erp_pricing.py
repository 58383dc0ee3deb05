"""The ERP's arithmetic by hand: every expected figure is a row of domain section 5."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulators.common.money import cumulative_share, money_text, quantity_text, round_money, spread
from simulators.erp.pricing import (
    TaxableLine,
    TaxRules,
    allocate_discount,
    gross_of_line,
    split_freight,
    tax_document,
)

D = Decimal
STANDARD = TaxRules()
S19, S7 = ("DE-S19", D(19)), ("DE-S7", D(7))


def taxed(lines: Any, rules=STANDARD, inclusive=False, minor_units=2) -> Any:
    result = tax_document(lines, prices_include_tax=inclusive, rules=rules, minor_units=minor_units)
    return str(result.excluding_tax), str(result.tax), str(result.including_tax)


def line(code: Any, amount: Any, **more) -> Any:
    return TaxableLine.single(*code, D(amount), **more)


@pytest.mark.parametrize(
    ("level", "expected"),
    [("perLine", ("9.99", "1.89", "11.88")), ("perDocumentPerCode", ("9.99", "1.90", "11.89"))],
)
def test_m1_rounding_per_line_and_per_document_differ_by_a_cent(level: Any, expected: Any) -> None:
    assert taxed([line(S19, "3.33")] * 3, TaxRules(level=level)) == expected


def test_m1_line_taxes_add_up_to_the_tax_of_the_document() -> None:
    document = tax_document([line(S19, "3.33")] * 3, prices_include_tax=False, rules=STANDARD, minor_units=2)
    assert [str(row.tax) for row in document.lines] == ["0.64", "0.63", "0.63"]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("halfUp", ["0.03", "0.08", "0.13"]), ("halfEven", ["0.02", "0.08", "0.12"]), ("down", ["0.02", "0.07", "0.12"])],
)
def test_m2_half_up_half_even_and_down(direction: Any, expected: Any) -> None:
    rules = TaxRules(direction=direction)
    assert [taxed([line(("X", D(5)), net)], rules)[1] for net in ("0.50", "1.50", "2.50")] == expected


def test_half_up_is_away_from_zero_so_that_a_credit_mirrors_its_invoice() -> None:
    assert (round_money(D("0.125")), round_money(D("-0.125"))) == (D("0.13"), D("-0.13"))


@pytest.mark.parametrize(
    ("gross", "percent", "mode", "net", "tax"),
    [
        ("119.00", 19, "netFirst", "100.00", "19.00"),
        ("9.99", 19, "netFirst", "8.39", "1.60"),
        ("2.99", 4, "netFirst", "2.88", "0.11"),
        ("2.99", 4, "taxFirst", "2.87", "0.12"),
        ("59.97", 20, "netFirst", "49.98", "9.99"),
        ("59.97", 20, "taxFirst", "49.97", "10.00"),
    ],
)
def test_m3_tax_is_extracted_from_inclusive_prices(gross: Any, percent: Any, mode: Any, net: Any, tax: Any) -> None:
    rules = TaxRules(inclusive_mode=mode)
    assert taxed([line(("X", D(percent)), gross)], rules, inclusive=True) == (net, tax, gross)


@pytest.mark.parametrize(
    ("discount", "goods", "shares"),
    [
        ("5.00", ["19.99", "5.49", "0.99"], ["3.77", "1.04", "0.19"]),
        ("10.00", ["10.00", "10.00", "10.00"], ["3.34", "3.33", "3.33"]),
        ("6.18", ["49.80", "12.00"], ["4.98", "1.20"]),
        ("0.00", ["0.00", "0.00"], ["0.00", "0.00"]),
    ],
    ids=["M-4 largest remainder", "M-4 ties to the lower line", "M-6", "nothing on nothing"],
)
def test_an_order_discount_is_allocated_to_the_cent(discount: Any, goods: Any, shares: Any) -> None:
    assert [str(share) for share in allocate_discount(D(discount), [D(g) for g in goods], 2)] == shares


def test_a_discount_on_goods_worth_nothing_cannot_be_allocated() -> None:
    with pytest.raises(ValueError, match="add up to 0"):
        spread(D("1.00"), [D(0)])


def test_m5_the_discount_comes_before_the_tax() -> None:
    assert taxed([line(("X", D(10)), "80.00")]) == ("80.00", "8.00", "88.00")


STANDARD_ORDER = [line(S19, "44.82"), line(S7, "10.80"), line(S19, "4.90", freight=True)]


def test_m6_the_standard_order() -> None:
    document = tax_document(STANDARD_ORDER, prices_include_tax=False, rules=STANDARD, minor_units=2)
    assert [(row.tax_code, str(row.base), str(row.tax)) for row in document.summary] == [
        ("DE-S19", "49.72", "9.45"),
        ("DE-S7", "10.80", "0.76"),
    ]
    assert [str(row.tax) for row in document.lines] == ["8.52", "0.76", "0.93"]
    assert (str(document.excluding_tax), str(document.tax), str(document.including_tax)) == ("60.52", "10.21", "70.73")


def test_m7_freight_taxed_by_the_share_of_the_goods() -> None:
    rules = TaxRules(freight_tax="byGoodsShare")
    lines = split_freight(STANDARD_ORDER, rules, 2)
    assert [(part.tax_code, str(part.amount)) for part in lines[2].parts] == [("DE-S19", "3.95"), ("DE-S7", "0.95")]
    document = tax_document(lines, prices_include_tax=False, rules=rules, minor_units=2)
    assert [(row.tax_code, str(row.base), str(row.tax)) for row in document.summary] == [
        ("DE-S19", "48.77", "9.27"),
        ("DE-S7", "11.75", "0.82"),
    ]
    assert str(document.including_tax) == "70.61"


def test_m12_unit_refunds_of_one_line_add_up_to_it() -> None:
    shares = [cumulative_share(D("29.00"), D(done), D(1), D(3)) for done in range(3)]
    assert [str(share) for share in shares] == ["9.67", "9.66", "9.67"]


@pytest.mark.parametrize(
    ("amount", "percent", "minor_units", "direction", "tax"),
    [
        ("5940", 10, 0, "halfUp", "594"),
        ("497", 8, 0, "down", "39"),
        ("497", 8, 0, "halfUp", "40"),
        ("12.345", 5, 3, "halfUp", "0.617"),
    ],
)
def test_m15_currencies_with_no_and_three_decimals(
    amount: Any, percent: Any, minor_units: Any, direction: Any, tax: Any
) -> None:
    rules = TaxRules(direction=direction)
    assert taxed([line(("X", D(percent)), amount)], rules, minor_units=minor_units)[1] == tax


@pytest.mark.parametrize(("price", "quantity", "amount"), [("0.0333", "1000", "33.30"), ("0.03333", "7", "0.23")])
def test_m18_multiply_first_then_round(price: Any, quantity: Any, amount: Any) -> None:
    assert str(gross_of_line(D(price), D(quantity), 2)) == amount


def test_m20_inclusive_prices_with_an_order_discount() -> None:
    gross = gross_of_line(D("19.99"), D(3), 2) - D("5.00")
    assert taxed([line(("X", D(20)), gross)], inclusive=True) == ("45.81", "9.16", "54.97")


def test_the_largest_amounts_that_the_contract_admits_stay_exact() -> None:
    assert str(gross_of_line(D("999999999999999.99999"), D("999999999999.99999"), 3)) == (
        "999999999999999989990000000.000"
    )


@pytest.mark.parametrize(("number", "text"), [("2.00000", "2"), ("0.50", "0.5"), ("-0", "0"), ("100", "100")])
def test_quantities_are_written_without_trailing_zeros(number: Any, text: Any) -> None:
    assert quantity_text(D(number)) == text


def test_money_is_written_with_the_minor_units_and_never_rounded_on_the_way() -> None:
    assert (money_text(D("70.7"), 2), money_text(D("594"), 0), money_text(D("-0.00"), 2)) == ("70.70", "594", "0.00")
    with pytest.raises(ValueError, match="more than 2 decimals"):
        money_text(D("0.125"), 2)
