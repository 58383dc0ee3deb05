"""The record: its shape, its counts, its verdict, and that it survives being written and read."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report import sample
from understudy import report
from understudy.report import FORMATS
from understudy.report.normal import MAX_DEPTH, normal
from understudy.scenario.suite import ScenarioRecord

SCHEMA = json.loads((Path(report.__file__).parent / "record.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


def violations(record: dict[str, Any]) -> list[str]:
    return [f"{list(e.instance_path)}: {e.message}" for e in VALIDATOR.iter_errors(record)]


@pytest.mark.parametrize(
    "records",
    [[], [sample.passing()], [sample.failing()], [sample.broken_off()], sample.scenarios()],
    ids=["none", "passed", "failed", "broken off", "all"],
)
def test_the_record_is_as_its_published_schema_says(records: list[ScenarioRecord]) -> None:
    assert violations(sample.record(records)) == []
    assert violations(json.loads(str(FORMATS["json"](sample.record(records))))) == []


def test_the_schema_is_a_valid_one_and_describes_every_member() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == set(sample.record())


def test_counts_are_exact_and_a_rule_counts_once_a_scenario_by_its_worst_verdict() -> None:
    assert sample.record()["counts"] == {
        "scenarios": {"total": 3, "passed": 1, "failed": 1, "error": 1},
        "steps": {"total": 5, "passed": 3, "failed": 1, "skipped": 1},
        "exchanges": 13,
        "deliveries": 5,
        "events": 4,
        "invariants": {"rules": 3, "evaluated": 5, "passed": 1, "failed": 2, "notObservable": 2},
        "mappings": {"rules": 1, "evaluated": 2, "passed": 2, "failed": 0, "notObservable": 0},
        "contracts": {"rules": 1, "evaluated": 2, "passed": 1, "failed": 1, "notObservable": 0},
    }


@pytest.mark.parametrize(
    ("records", "interrupted", "verdict"),
    [
        ([sample.passing()], False, "passed"),
        (sample.scenarios(), False, "failed"),
        ([sample.passing(), sample.broken_off()], False, "failed"),
        ([sample.passing()], True, "interrupted"),
        ([], True, "interrupted"),
        ([], False, "nothing verified"),
        ([replace(sample.passing(), steps=[], verdicts=[])], False, "nothing verified"),
        (
            [replace(sample.passing(), steps=[], verdicts=[sample.verdict("X", "not_observable")])],
            False,
            "nothing verified",
        ),
    ],
    ids=[
        "clean",
        "a failure",
        "broken off",
        "stopped",
        "stopped at once",
        "no scenario",
        "nothing judged",
        "none examined",
    ],
)
def test_nothing_verified_is_never_passed(records: list[ScenarioRecord], interrupted: bool, verdict: str) -> None:
    assert sample.record(records, interrupted=interrupted)["verdict"] == verdict


def test_the_journal_knows_nothing_of_durations() -> None:
    """Two runs with one seed differ in `durations` only (design decision 3)."""
    slow = [replace(s, duration_s=s.duration_s * 7 + 1) for s in sample.scenarios()]
    one, other = sample.record(), sample.record(slow)
    assert one.pop("durations") != other.pop("durations")
    assert json.dumps(one) == json.dumps(other)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "understudy run scenarios/du-2.arazzo.yaml --only 'DU-2[none]' --seed 42"),
        (
            {"defect": "d", "policies": {"ordering": "x"}},
            "understudy run scenarios/du-2.arazzo.yaml --only 'DU-2[none]' --seed 42 --policy ordering=x --defect d",
        ),
        (
            {"command": "understudy run --against http://127.0.0.1:8700"},
            "understudy run scenarios/du-2.arazzo.yaml --only 'DU-2[none]' --against http://127.0.0.1:8700",
        ),
        (
            {"command": "understudy run 'open quote"},
            "understudy run scenarios/du-2.arazzo.yaml --only 'DU-2[none]' --seed 42",
        ),
    ],
    ids=["plain", "with switches", "over sockets, where the server has the seed", "a command that is none"],
)
def test_each_scenario_carries_the_command_that_repeats_it(more: dict[str, Any], expected: str) -> None:
    assert sample.record(**more)["scenarios"][1]["repeat"] == expected


def test_scenarios_of_one_id_in_two_documents_are_told_apart() -> None:
    twin = replace(sample.passing(), file="other/hp-1.arazzo.yaml", line=3)
    record = sample.record([sample.passing(), twin, twin])
    keys = ["HP-1", "HP-1 (other/hp-1.arazzo.yaml:3)", "HP-1 (other/hp-1.arazzo.yaml:3, 2)"]
    assert [journal["scenario"] for journal in record["journal"]] == keys
    assert list(record["durations"]["scenarios"]) == list(record["durations"]["steps"]) == keys


def test_credentials_are_in_no_report() -> None:
    """Credentials are masked where the journal is written (design decision 11); no report may undo that."""
    record = sample.record()
    for render in FORMATS.values():
        rendered = render(record)
        text = rendered if isinstance(rendered, str) else rendered.decode()
        assert "hush" not in text


# Values as systems under test may send them, and worse.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.text(st.characters(exclude_categories=()), max_size=20)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_any_payload_comes_back_from_the_file_as_it_was_recorded(payload: Any) -> None:
    entry = {
        **sample.story().entries[2],
        "request": {"method": "POST", "path": "/", "query": "", "headers": {}, "body": payload},
    }
    record = sample.record([replace(sample.failing(), journal=[entry], inputs={"payload": payload})])
    written = str(FORMATS["json"](record)).encode()
    assert json.loads(written) == record
    assert violations(record) == []
    for name in ("junit", "har", "html"):
        assert FORMATS[name](record)


def test_what_json_and_utf_8_cannot_carry_becomes_text() -> None:
    value = {"nan": math.nan, "far": -math.inf, "half": "\ud800 here", 7: ("a", {1}), "when": sample.START}
    assert normal(value) == {
        "nan": "nan",
        "far": "-inf",
        "half": "\\ud800 here",
        "7": ["a", [1]],
        "when": "2026-03-01 23:29:00+00:00",
    }


def test_nesting_is_cut_before_it_exhausts_a_reader() -> None:
    deep: Any = "bottom"
    for _ in range(5000):
        deep = [deep]
    flat = json.dumps(normal({"x": deep}))
    assert flat.count("[") == MAX_DEPTH - 1
    assert "nested deeper" in flat


def test_brackets_within_text_are_no_nesting() -> None:
    assert normal({"text": "[" * 500}) == {"text": "[" * 500}
