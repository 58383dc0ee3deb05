"""The named transformations and rules: figures of the domain page, and the laws that hold for every value."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.mapping import collection, moment, number, rule, text, total
from understudy.mapping.function import Refusal
from understudy.mapping.lookup import Supplied, code_table
from understudy.mapping.rule import RULES
from understudy.mapping.transform import TRANSFORMATIONS

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "cut": {"length": 5},
    "head": {"length": 5},
    "tail": {"length": 5},
    "strip_prefix": {"prefix": "#"},
    "replace": {"pattern": "a+"},
    "template": {"text": "x"},
    "minus": {"amount": "1"},
    "to_base_unit": {"factors": {"CS": "12"}},
    "instant_to_date": {"zone": "Europe/Berlin"},
    "e164": {"country": "DE", "table": code_table(name="t", owner="o", key=["c"], rows=[{"c": "DE", "calling": "49"}])},
    "crosswalk": {"table": Supplied("t", {}), "to": "x"},
    "lookup": {"table": Supplied("t", {})},
    "alias": {"table": Supplied("t", {}), "to": "x"},
    "constant": {"value": 1},
    "decide": {"cases": None},
    "pluck": {"member": "a"},
    "project": {"members": {"b": "a"}},
    "sort": {"by": "a"},
    "find_one": {"records": [{"a": 1}], "member": "a"},
    "percent_totals": {
        "quantity": "q",
        "price": "p",
        "less": "l",
        "group": "g",
        "table": Supplied("t", {}),
        "percent": "r",
    },
}
RULE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "pattern": {"pattern": "a"},
    "one_of": {"values": ["a"]},
    "in_table": {"table": Supplied("t", {})},
    "record": {"table": Supplied("t", {}), "member": "a", "values": [1]},
    "valid_on": {"table": Supplied("t", {}), "on": "2026-03-02"},
    "gt": {"than": 0},
    "gte": {"than": 0},
    "lte": {"than": 0},
    "lte_product": {"factors": ["2", "3"]},
    "equals": {"to": "1"},
    "equals_sum": {"of": ["1", ["2"]]},
    "within": {"of": "1", "tolerance": "0.01"},
    "near": {"of": "1", "percent": 20},
    "whole_for_unit": {"unit": "EA", "table": Supplied("t", {"EA": {"wholeOnly": True}})},
    "max_decimals": {"decimals": 2},
    "unique": {"among": []},
    "not_future": {"now": "2026-03-02T00:00:00Z"},
    "not_before": {"day": "2026-03-02"},
    "major_version": {"known": [1]},
    "check_digit": {"digits": 18},
    "fits_table": {"key": "DE", "table": Supplied("t", {"DE": {"p": r"\d{5}"}}), "column": "p"},
    "required_by_table": {"key": "US", "table": Supplied("t", {"US": {"s": True}}), "column": "s"},
    "starts_with": {"prefix": "https://"},
    "found_in": {"records": [{"a": 1}], "member": "a"},
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
@settings(max_examples=40)
@given(value=any_json)
def test_a_transformation_maps_or_refuses_any_value(name: str, value: Any) -> None:
    function = TRANSFORMATIONS[name]
    if value is None and not function.takes_missing:
        return
    reason = "mapped"
    try:
        function.call(value, **ARGUMENTS.get(name, {}))
    except Refusal as refusal:
        reason = refusal.detail
    assert reason


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=40)
@given(value=any_json)
def test_a_rule_accepts_or_explains_any_value(name: str, value: Any) -> None:
    function = RULES[name]
    if value is None and not function.takes_missing:
        return
    try:
        problem = function.call(value, **RULE_ARGUMENTS.get(name, {}))
    except Refusal as refusal:
        problem = refusal.detail
    assert problem is None or problem


@pytest.mark.parametrize("name", [*TRANSFORMATIONS, *RULES])
def test_every_function_says_what_it_does(name: str) -> None:
    assert (TRANSFORMATIONS.get(name) or RULES[name]).doc


# --- text -----------------------------------------------------------------------------------------------------------


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once(value: str) -> None:
    once = text.nfc(text.one_space(value))
    assert text.nfc(text.one_space(once)) == once


@given(st.text(max_size=300), st.integers(min_value=1, max_value=60))
def test_head_and_tail_are_the_whole_text(value: str, length: int) -> None:
    """Nothing is lost when a long line flows over (A9)."""
    whole = text.one_space(value)
    head, tail = text.head(value, length), text.tail(value, length)
    assert len(head) <= length
    assert (head + (tail or "")).replace(" ", "") == whole.replace(" ", "")


def test_a_letter_keeps_its_combining_marks_when_text_is_cut() -> None:
    assert text.cut("e\u0301" * 3, 3) == "e\u0301"


def test_combining_accents_are_joined() -> None:
    """DQ-15."""
    assert text.nfc("Mu\u0308ller") == "Müller"


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("030 12345678", "DE", "+493012345678"),
        ("+49 (30) 1234-5678", "US", "+493012345678"),
        ("0049 30 12345678", None, "+493012345678"),
        ("06 12345678", "IT", "+390612345678"),
    ],
)
def test_telephone_numbers_become_e164(written: str, country: str | None, number: str) -> None:
    plans = [{"country": "DE", "calling": "49", "trunk": "0"}, {"country": "IT", "calling": "39", "trunk": ""}]
    table = code_table(name="countries", owner="o", key=["country"], rows=plans)
    assert text.e164(written, country, table) == number


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [("1.234,50 €", "1234.50"), ("24,90", "24.90"), ("€ 5", "5"), ("-1.000,00 EUR", "-1000.00"), ("24.90", "24.90")],
)
def test_decimals_are_read_by_the_sources_profile(written: str, value: str) -> None:
    """DQ-6."""
    assert number.decimal(written, ",", ".", "€ EUR") == value


@pytest.mark.parametrize("written", ["1,2,3", "12.34,5", "abc", "", "1e5", "24,90 $", "NaN", 24.9])
def test_what_the_profile_cannot_read_is_refused(written: Any) -> None:
    with pytest.raises(Refusal):
        number.decimal(written, ",", ".", "€ EUR")


@given(decimals)
def test_a_decimal_string_is_left_as_it_is(value: Decimal) -> None:
    assert number.decimal(f"{value:f}", ",", ".") == f"{value:f}"


@given(decimals)
def test_an_amount_written_in_german_is_read_back(value: Decimal) -> None:
    german = f"{value:,f}".translate(str.maketrans(",.", ".,"))
    assert Decimal(number.decimal(f"{german} €", ",", ".", "€")) == value


@given(st.integers(min_value=0, max_value=2**80))
def test_integer_ids_keep_every_digit(value: int) -> None:
    assert number.int_to_string(value) == str(value)


@pytest.mark.parametrize("value", [5512340001.0, 1e20, True, "12a", "", None])
def test_an_id_that_went_through_a_float_is_refused(value: Any) -> None:
    with pytest.raises(Refusal):
        number.int_to_string(value)


def test_cases_and_pieces_are_base_units() -> None:
    """B9: 5 CS + 7 EA with 12 pieces a case."""
    factors = [{"code": "CS", "qtyPerBase": "12"}]
    assert number.to_base_unit("5 CS + 7 EA", factors, "EA") == "67"
    assert number.to_base_unit("5", factors, "EA", "CS") == "60"
    assert number.to_base_unit("24", factors, "EA", "EA", into="CS") == "2"


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 500))
def test_conversion_adds_up(cases: int, pieces: int, factor: int) -> None:
    factors = {"CS": str(factor)}
    assert number.to_base_unit(f"{cases} CS + {pieces} EA", factors, "EA") == str(cases * factor + pieces)


@given(st.lists(decimals, min_size=1, max_size=8))
def test_sums_are_exact(values: list[Decimal]) -> None:
    assert Decimal(number.total([f"{value:f}" for value in values]) or "") == sum(values)


# --- dates ----------------------------------------------------------------------------------------------------------


def test_the_day_is_the_companys() -> None:
    """A4, B4."""
    assert moment.instant_to_date("2026-03-01T23:30:00Z", "Europe/Berlin") == "2026-03-02"
    assert moment.instant_to_date("2026-03-31T22:30:00Z", "Europe/Berlin") == "2026-04-01"
    assert moment.instant_to_date("2026-03-31T20:00:00Z", "Europe/Berlin") == "2026-03-31"


@pytest.mark.parametrize("formats", [["dd/mm/yyyy"], ["yyyy-mm-dd", "dd/mm/yyyy"]])
def test_a_date_is_read_in_the_sources_format(formats: list[str]) -> None:
    """DQ-4."""
    assert moment.parse_date("03/04/2026", formats) == "2026-04-03"


def test_an_ambiguous_date_is_refused() -> None:
    """DQ-4: no profile says which; 13/04 can only be April."""
    both = ["dd/mm/yyyy", "mm/dd/yyyy"]
    with pytest.raises(Refusal, match="ambiguous"):
        moment.parse_date("03/04/2026", both)
    assert moment.parse_date("13/04/2026", both) == "2026-04-13"
    with pytest.raises(Refusal, match="no date"):
        moment.parse_date("03/04/2026")


@given(st.integers(0, 4 * 10**9), st.integers(0, 10**6))
def test_a_later_instant_never_falls_on_an_earlier_day(seconds: int, more: int) -> None:
    first, later = (datetime.fromtimestamp(second, UTC).isoformat() for second in (seconds, seconds + more))
    assert moment.instant_to_date(first, "Europe/Berlin") <= moment.instant_to_date(later, "Europe/Berlin")


# --- totals ---------------------------------------------------------------------------------------------------------

RATES = Supplied("rates", {"19": {"rate": "19"}, "7": {"rate": "7"}, "20": {"rate": "20"}, "0": {"rate": "0"}})


def totals(rows: list[dict[str, str]], **more: Any) -> dict[str, str]:
    return total.percent_totals(rows, "q", "p", "d", "g", RATES, "rate", **more)


def test_document_totals_of_the_domain_page() -> None:
    """M-1 (one rounding per code, not per line), M-6 and M-20."""
    three = [{"q": "3", "p": "1.11", "g": "19"}] * 3
    assert totals(three)["gross"] == "11.89"
    standard = [
        {"q": "2", "p": "24.90", "d": "4.98", "g": "19"},
        {"q": "1", "p": "12.00", "d": "1.20", "g": "7"},
        {"q": "1", "p": "4.90", "g": "19"},
    ]
    assert totals(standard) == {"net": "60.52", "added": "10.21", "gross": "70.73", "tolerance": "0.025"}
    inclusive = totals([{"q": "3", "p": "19.99", "d": "5.00", "g": "20"}], included=True)
    assert (inclusive["net"], inclusive["added"], inclusive["gross"]) == ("45.81", "9.16", "54.97")


def test_a_price_is_multiplied_before_it_is_rounded() -> None:
    """M-18."""
    assert totals([{"q": "7", "p": "0.03333", "g": "0"}])["net"] == "0.23"


def test_currencies_without_decimals_have_a_tolerance_of_their_own() -> None:
    assert totals([{"q": "1", "p": "5940", "g": "19"}], decimals=0)["tolerance"] == "1"


prices = st.integers(0, 10**6).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
row = st.fixed_dictionaries({"q": st.integers(1, 20).map(str), "p": prices, "g": st.sampled_from(["19", "7", "0"])})
lines = st.lists(row, min_size=1, max_size=12)


@given(lines)
def test_rounding_per_line_stays_within_the_tolerance(rows: list[dict[str, str]]) -> None:
    """A23: the bound is what rounding can cause, so a store that rounds per line is never refused."""
    cent = Decimal("0.01")
    computed = totals(rows)
    by_line = sum(
        (amount * Decimal(row["g"]) / 100).quantize(cent, rounding="ROUND_HALF_UP")
        for row in rows
        if (amount := Decimal(row["q"]) * Decimal(row["p"])) is not None
    )
    assert abs(by_line - Decimal(computed["added"])) <= Decimal(computed["tolerance"])
    assert Decimal(computed["net"]) + Decimal(computed["added"]) == Decimal(computed["gross"])


# --- keys and lists -------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**17 - 1))
def test_one_wrong_digit_is_always_seen(body: int) -> None:
    """GS1 check digits (SSCC, GTIN)."""
    digits = f"{body:017}"
    right = next(str(digit) for digit in range(10) if rule.check_digit(f"{digits}{digit}", 18) is None)
    wrong = f"{(int(digits[0]) + 1) % 10}{digits[1:]}{right}"
    assert rule.check_digit(wrong, 18) is not None


def test_a_match_by_sku_needs_exactly_one_line() -> None:
    """B7: a missing line reference."""
    rows = [{"sku": "A", "sequence": 10000}, {"sku": "B", "sequence": 20000}, {"sku": "B", "sequence": 30000}]
    assert collection.find_one("A", rows, "sku", "sequence") == 10000
    for sku in ("B", "C"):
        with pytest.raises(Refusal):
            collection.find_one(sku, rows, "sku", "sequence")


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("24.9", "24.90", True),
        (0, "0.00", True),
        ("01067", "1067", False),
        (True, 1, False),
        ("a", "a", True),
        (None, 0, False),
    ],
)
def test_numbers_compare_by_value_and_codes_as_text(left: Any, right: Any, equal: bool) -> None:
    assert number.same(left, right) is equal
