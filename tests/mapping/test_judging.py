"""The table as the judge: what an integration wrote, against what the table says it should have."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.mapping import Difference, judge

from .conftest import ORDER, case, lookups, tables

STANDARD = "M-6 standard order"


def judged(
    change: dict[str, Any] | None = None, headers: dict[str, str] | None = None, **written: Any
) -> list[Difference]:
    """The standard order, written as the table says but for some fields (pointer -> value; None removes)."""
    sample = case(ORDER, STANDARD)
    body = deepcopy(sample.expect["document"])
    body.update(written)
    for pointer, value in (change or {}).items():
        holder: Any = body
        *path, last = pointer.split("/")[1:]
        for part in path:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        if value is None:
            del holder[int(last) if isinstance(holder, list) else last]
        else:
            holder[int(last) if isinstance(holder, list) else last] = value
    sent = {**sample.expect["headers"], **(headers or {})}
    return judge(tables()[ORDER], sample.source, body, sent, lookups(), sample.meta)


def told(differences: list[Difference]) -> list[tuple[str, str, str]]:
    return [(difference.kind, difference.row, difference.target) for difference in differences]


def test_what_the_table_says_is_judged_right() -> None:
    assert judged() == []


@pytest.mark.parametrize(
    ("pointer", "value", "row", "source"),
    [
        ("/orderDate", "2026-03-01", "A4", "/created_at"),
        ("/shipTo/postalCode", "1067", "A11", "/shipping_address/zip"),
        ("/billTo/name", "Anna", "A7", "/billing_address/first_name"),
        ("/lines/1/taxCode", "DE-S19", "A21", "/line_items/1/tax_lines"),
        ("/lines/0/discountAmount", "4.97", "A20", "/line_items/0/discount_allocations"),
        ("/lines/0/quantity", "20", "A17", "/line_items/0/current_quantity"),
        ("/lines/2/unitPrice", "5.00", "A14", "/shipping_lines/0/price"),
        ("/pricesIncludeTax", True, "A22", "/taxes_included"),
        ("/sourceOrderId", "5512340000", "A1", "/id"),
        ("/paymentTermsCode", "N30", "A25", "/gateway"),
    ],
)
def test_a_wrong_field_is_told_with_its_row_and_source(pointer: str, value: Any, row: str, source: str) -> None:
    expected = case(ORDER, STANDARD).expect["document"]
    for part in pointer.split("/")[1:]:
        expected = expected[int(part)] if isinstance(expected, list) else expected[part]
    assert judged({pointer: value}) == [
        Difference(kind="different", row=row, target=pointer, expected=expected, actual=value, source=source)
    ]


@pytest.mark.parametrize(
    ("pointer", "row"),
    [("/shipmentMethodCode", "A13"), ("/lines/0/taxCode", "A21"), ("/shipTo/city", "A9"), ("/email", "A12")],
)
def test_a_missing_field_is_told_with_its_row(pointer: str, row: str) -> None:
    assert told(judged({pointer: None})) == [("missing", row, pointer)]


def test_a_field_that_no_row_governs_is_extra() -> None:
    assert told(judged({"/invoiceNote": "hello"})) == [("extra", "", "/invoiceNote")]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/lines/0/description", "Travel mug"),
        ("/discountAmount", "0.00"),
        ("/partialShipping", True),
        ("/lines/2/discountAmount", "0"),
    ],
)
def test_free_fields_may_be_written(pointer: str, value: Any) -> None:
    assert judged({pointer: value}) == []


@pytest.mark.parametrize(("pointer", "value"), [("/discountAmount", "6.18"), ("/partialShipping", False)])
def test_a_free_field_with_one_value_may_not_have_another(pointer: str, value: Any) -> None:
    assert told(judged({pointer: value})) == [("extra", "", pointer)]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/lines/0/unitPrice", "24.9"),
        ("/lines/0/unitPrice", "24.90000"),
        ("/lines/0/quantity", "2.00000"),
        ("/lines/2/quantity", "1.0"),
    ],
)
def test_amounts_and_quantities_compare_by_value(pointer: str, value: str) -> None:
    assert judged({pointer: value}) == []


def test_postcodes_do_not_compare_by_value() -> None:
    """A lost zero is a difference (DQ-12), although 01067 = 1067 as numbers."""
    assert told(judged({"/shipTo/postalCode": "1067"})) == [("different", "A11", "/shipTo/postalCode")]


def test_null_is_absent() -> None:
    body = deepcopy(case(ORDER, STANDARD).expect["document"])
    body["shipTo"]["addressLine2"] = None
    sample = case(ORDER, STANDARD)
    assert judge(tables()[ORDER], sample.source, body, sample.expect["headers"], lookups(), sample.meta) == []


def test_a_dropped_line_is_missing_and_the_others_are_still_paired() -> None:
    """Defect: freight is dropped. Lines are paired by sourceLineId, so nothing else differs."""
    assert told(judged({"/lines/2": None})) == [("missing", "A14", "/lines/2")]
    assert told(judged({"/lines/0": None})) == [("missing", "A15", "/lines/0")]


def test_the_order_of_lines_does_not_matter() -> None:
    lines = case(ORDER, STANDARD).expect["document"]["lines"]
    assert judged(lines=list(reversed(lines))) == []


def test_a_remark_may_stand_anywhere_among_the_lines() -> None:
    """It has no id of the store by which it could be paired (A26)."""
    sample = case(ORDER, STANDARD)
    remark = {"lineType": "Comment", "description": "Please ring twice"}
    source = {**sample.source, "note": "Please ring twice"}
    for place in range(4):
        body = deepcopy(sample.expect["document"])
        body["lines"].insert(place, remark)
        found = judge(tables()[ORDER], source, body, sample.expect["headers"], lookups(), sample.meta)
        assert found == [], place
    body["lines"][3] = {**remark, "description": "Please ring"}
    found = judge(tables()[ORDER], source, body, sample.expect["headers"], lookups(), sample.meta)
    assert told(found) == [("different", "A26", "/lines/3/description")]


def test_a_line_too_many_is_extra() -> None:
    lines = [*case(ORDER, STANDARD).expect["document"]["lines"], {"sourceLineId": "999", "lineType": "Item"}]
    assert told(judged(lines=lines)) == [("extra", "A14", "/lines/3")]


def test_the_customer_may_be_named_by_number_instead() -> None:
    """A6: the ERP accepts either; the number is judged where it is used."""
    assert judged({"/customerId": None}, customerNumber="C00042") == []
    assert told(judged({"/customerId": None}, customerNumber="C00043")) == [("extra", "", "/customerNumber")]


def test_headers_are_judged_without_regard_to_case() -> None:
    """A28."""
    assert judged(headers={"x-correlation-id": "c-7f3a"}) == []
    wrong = judged(headers={"X-Correlation-Id": "c-0000", "Idempotency-Key": "random"})
    assert told(wrong) == [
        ("different", "A28", "header:X-Correlation-Id"),
        ("different", "A28", "header:Idempotency-Key"),
    ]


def test_a_corrected_body_may_go_under_a_longer_key() -> None:
    assert judged(headers={"Idempotency-Key": "store:order:5512340001:create:r1"}) == []


def test_an_order_that_had_to_be_refused() -> None:
    """Defect: swallows a fault and writes all the same."""
    sample = case(ORDER, "several faults at once")
    body = case(ORDER, STANDARD).expect["document"]
    differences = judge(tables()[ORDER], sample.source, body, {}, lookups(), sample.meta)
    assert [(d.kind, d.row, d.source) for d in differences] == [
        ("refused", "A11", "/shipping_address/zip"),
        ("refused", "A17", "/line_items/1/current_quantity"),
        ("refused", "A21", "/line_items/0/tax_lines"),
    ]


def test_a_test_order_that_had_to_be_skipped() -> None:
    sample = case(ORDER, "test order")
    body = case(ORDER, STANDARD).expect["document"]
    differences = judge(tables()[ORDER], sample.source, body, {}, lookups(), sample.meta)
    assert [(d.kind, d.row, d.detail) for d in differences] == [("skipped", "A3", "skipped_test")]


def test_rows_that_read_what_is_not_known_are_not_judged() -> None:
    """Without the event, neither the correlation id nor anything else is guessed."""
    sample = case(ORDER, STANDARD)
    headers = {"Idempotency-Key": "store:order:5512340001:create", "X-Correlation-Id": "whatever"}
    assert judge(tables()[ORDER], sample.source, sample.expect["document"], headers, lookups()) == []


def test_a_body_that_is_no_object() -> None:
    sample = case(ORDER, STANDARD)
    differences = judge(tables()[ORDER], sample.source, "nonsense", sample.expect["headers"], lookups(), sample.meta)
    assert differences[-1].kind == "missing" or differences[0].kind == "different"
    assert any(difference.actual == "nonsense" for difference in differences)


def test_the_path_of_the_request_is_judged_where_it_is_known() -> None:
    table = "erp-sales-invoice-to-crm-invoice-view"
    sample = case(table, "invoice of the standard order")
    known = {**lookups(), **sample.lookups}
    written = sample.expect["document"]
    right = {"number": "INV-2026-000456"}
    wrong = {"number": "INV-2026-000999"}
    assert (
        judge(tables()[table], sample.source, written, sample.expect["headers"], known, sample.meta, path=right) == []
    )
    found = judge(tables()[table], sample.source, written, sample.expect["headers"], known, sample.meta, path=wrong)
    assert told(found) == [("different", "C1", "path:number")]


POINTERS = (
    *("/sourceOrderId", "/orderDate", "/currencyCode", "/customerId", "/shipTo/name", "/shipTo/city", "/billTo/city"),
    *("/lines/0/itemNumber", "/lines/0/unitPrice", "/lines/1/taxCode", "/lines/2/itemNumber", "/shipmentMethodCode"),
)


@given(st.sampled_from(POINTERS), st.text(max_size=12) | st.integers() | st.lists(st.integers(), max_size=2))
def test_any_other_value_in_a_governed_field_is_a_difference(pointer: str, value: Any) -> None:
    """The judge misses nothing: whatever is written instead of the expected value is told at its place."""
    expected: Any = case(ORDER, STANDARD).expect["document"]
    for part in pointer.split("/")[1:]:
        expected = expected[int(part)] if isinstance(expected, list) else expected[part]
    if value != expected:
        assert any(difference.target.startswith(pointer) for difference in judged({pointer: value}))
