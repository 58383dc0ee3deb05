"""docs/reference/mapping-tables.md names everything that a table may say, and nothing else."""

from __future__ import annotations

import re

import pytest

from understudy.mapping import finding, load, load_calls
from understudy.mapping.condition import TESTS
from understudy.mapping.fieldtype import parse_type
from understudy.mapping.rule import RULES
from understudy.mapping.transform import TRANSFORMATIONS

from .conftest import ROOT

PAGE = (ROOT / "docs" / "reference" / "mapping-tables.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def listed(title: str) -> list[str]:
    return re.findall(r"^\| `([\w-]+)` \|", section(title), re.MULTILINE)


def test_transformations_rules_and_findings_are_all_listed() -> None:
    assert listed("Transformations") == list(TRANSFORMATIONS)
    assert listed("Rules") == list(RULES)
    assert listed("Findings of the check") == list(finding.RULES)


@pytest.mark.parametrize("name", [*TRANSFORMATIONS, *RULES])
def test_arguments_and_meaning_are_those_of_the_function(name: str) -> None:
    function = TRANSFORMATIONS.get(name) or RULES[name]
    line = next(row for row in PAGE.splitlines() if row.startswith(f"| `{name}` |") and function.doc in row)
    shown = re.findall(r"`(\w+)[?=`]", line.split("|")[2])
    assert shown == list(function.parameters)


@pytest.mark.parametrize("key", [*load._TOP, *load._ROW, *load_calls.STEP_OPTIONS, *load_calls.RULE_OPTIONS, *TESTS])
def test_every_key_of_a_table_is_explained(key: str) -> None:
    assert re.search(rf"`[^`]*\b{key}\b|^ *{key}:", PAGE, re.MULTILINE), key


def test_every_type_is_explained() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `type` |"))
    for name in re.findall(r"`(\w+(?:\(\d+\))?)`", row)[1:]:
        parse_type(name)
