"""A list of inputs beside a scenario: one run a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.errors import ScenarioError
from understudy.scenario import cases_path, load_cases, read_cases


@pytest.mark.parametrize(
    ("document", "cases"),
    [
        ("du-2.arazzo.yaml", "du-2.cases.yaml"),
        ("du-2.arazzo.json", "du-2.cases.yaml"),
        ("du-2.yaml", "du-2.cases.yaml"),
        ("a/b.c.arazzo.yml", "a/b.c.cases.yaml"),
    ],
)
def test_the_cases_of_a_scenario_lie_beside_it(document: str, cases: str) -> None:
    assert cases_path(Path(document)) == Path(cases)


def test_rows_are_told_apart_by_what_differs_between_them() -> None:
    cases = read_cases("""\
- {idempotencySupport: header, sku: SKU-1, extra: 1}
- {idempotencySupport: none, sku: SKU-1, extra: 1}
- {idempotencySupport: none, sku: SKU-1, extra: 2}
- {idempotencySupport: businessKey, sku: SKU-1, extra: 1, more: [1]}
""", "du-2.cases.yaml")  # fmt: skip
    assert [(case.number, case.label) for case in cases] == [
        (1, "idempotencySupport=header, extra=1"),
        (2, "idempotencySupport=none, extra=1"),
        (3, "idempotencySupport=none, extra=2"),
        (4, "idempotencySupport=businessKey, extra=1, more=[1]"),
    ]
    assert cases[1].inputs == {"idempotencySupport": "none", "sku": "SKU-1", "extra": 1}
    assert str(cases[1].place) == "du-2.cases.yaml:2"


def test_equal_rows_are_numbered() -> None:
    assert [case.label for case in read_cases("[{a: 1}, {a: 1}]", "x")] == ["case 1", "case 2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{a: 1}", "must be a list of inputs"),
        ("", "must be a list of inputs"),
        ("[]", "the list of cases is empty, so nothing would be verified"),
        ("- a: 1\n- 5\n", "case 2 must be an object of inputs"),
        ("- a: [", "not readable as YAML"),
    ],
)
def test_a_list_of_cases_that_cannot_be_used_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        read_cases(text, "x.cases.yaml")
    assert caught.value.where.startswith("x.cases.yaml")


def test_cases_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.cases.yaml").write_text("- {a: 1}\n", "utf-8")
    assert [case.inputs for case in load_cases(tmp_path / "x.cases.yaml")] == [{"a": 1}]
    with pytest.raises(ScenarioError, match="the list of cases cannot be read"):
        load_cases(tmp_path / "none.cases.yaml")
