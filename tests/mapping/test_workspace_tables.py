"""Every mapping table of the workspace fits its contracts, and every example and sample of it is true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from understudy.contract import Contract
from understudy.mapping import MappingTable, check, judge, run_examples
from understudy.mapping.sample import Case, run_case

from .conftest import ORDER, lookups, samples, tables

EXAMPLES = [
    pytest.param(outcome.problem, table.where(outcome.example.pointer), id=f"{name}-{outcome.row}-{outcome.index + 1}")
    for name, table in tables().items()
    for outcome in run_examples(table.program, lookups() | samples(name).lookups)
]
CASES = [
    pytest.param(table, case, id=f"{name}-{case.name}")
    for name, table in tables().items()
    for case in samples(name).cases
]


@pytest.mark.parametrize(("problem", "where"), EXAMPLES)
def test_example_of_a_row(problem: str, where: str) -> None:
    assert problem == "", where


@pytest.mark.parametrize(("table", "case"), CASES)
def test_whole_message_sample(table: MappingTable, case: Case) -> None:
    assert run_case(table.program, case, samples(table.name).lookups) == [], case.where


@pytest.mark.parametrize("table", tables().values(), ids=list(tables()))
def test_table_fits_both_contracts(table: MappingTable, contracts: Mapping[str, Contract]) -> None:
    assert [str(finding) for finding in check(table, contracts)] == []


@pytest.mark.parametrize("table", tables().values(), ids=list(tables()))
def test_every_row_has_an_owner_and_an_example(table: MappingTable) -> None:
    assert all(row.owner and row.examples for row in table.spec.rows)


@pytest.mark.parametrize("table", tables().values(), ids=list(tables()))
def test_what_a_table_yields_is_what_its_judge_expects(table: MappingTable) -> None:
    for case in samples(table.name).cases:
        known: dict[str, Any] = {**samples(table.name).lookups, **case.lookups}
        applied = table.apply(case.source, known, case.meta)
        if not applied.refused and not applied.skip:
            assert judge(table, case.source, applied.document, applied.headers, known, case.meta) == []


def test_all_rows_of_domain_section_4_are_there() -> None:
    rows = {row.id for table in tables().values() for row in table.spec.rows}
    expected = {f"A{n}" for n in range(1, 29)} | {f"B{n}" for n in range(1, 19)} | {f"C{n}" for n in range(1, 14)}
    assert rows == expected


def test_the_order_table_has_rows_a1_to_a28_in_this_order() -> None:
    assert [row.id for row in tables()[ORDER].spec.rows] == [f"A{number}" for number in range(1, 29)]
