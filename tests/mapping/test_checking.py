"""The static check: each rule finds its fault, at its line, with the nearest name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from understudy.contract import Contract
from understudy.errors import MappingError
from understudy.mapping import check, ensure, load_mapping
from understudy.mapping.finding import RULES

from .conftest import FOLDER, ORDER


def contract(name: str, schemas: dict[str, Any], paths: dict[str, Any] | None = None) -> Contract:
    info = {"title": name, "version": "1"}
    return Contract(name, {"openapi": "3.1.0", "info": info, "paths": paths or {}, "components": {"schemas": schemas}})


SOURCE = contract(
    "shop",
    {
        "Order": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "customer_name": {"type": ["string", "null"]},
                "colour": {"type": "string", "enum": ["red", "blue"]},
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            },
        },
        "Item": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}},
    },
)
KEY = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}
TARGET = contract(
    "books",
    {
        "Entry": {
            "type": "object",
            "required": ["reference", "lines"],
            "properties": {
                "reference": {"type": "string", "maxLength": 10},
                "name": {"type": "string", "maxLength": 5},
                "number": {"type": "string", "readOnly": True},
                "day": {"type": "string", "format": "date"},
                "state": {"type": "string", "enum": ["OPEN", "DONE"]},
                "code": {"type": "string", "pattern": "^[A-Z]+$"},
                "lines": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["item"],
                        "properties": {"item": {"type": "string"}, "quantity": {"type": "string", "format": "decimal"}},
                    },
                },
            },
        }
    },
    {
        "/entries": {
            "post": {
                "operationId": "createEntry",
                "parameters": [KEY],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Entry"}}}},
                "responses": {"201": {"description": "made"}},
            }
        }
    },
)
CONTRACTS = {"shop": SOURCE, "books": TARGET}
HEAD = """mapping: order-to-entry
version: "1"
owner: someone
source: {system: shop, schema: Order}
target: {system: books, operation: createEntry}
arrays:
  lines[]: {feeds: {goods: {each: "items[]"}}}
rows:
  - {id: R1, source: id, target: reference, type: string(9), steps: [to_text], examples: [{given: 1, expect: "1"}]}
  - {id: R2, source: .sku, target: "lines[].item", examples: [{given: {"items[].sku": a}, expect: a}]}
  - {id: R3, source: id, target: "header:Idempotency-Key", steps: [to_text], examples: [{given: 1, expect: "1"}]}
"""
SOUND = 'examples: [{given: "x", expect: "x"}]'


def rules(text: str, contracts: Mapping[str, Contract] = CONTRACTS) -> list[tuple[str, str, str]]:
    findings = check(load_mapping(text, name="t.yaml"), contracts)
    return [(finding.rule, finding.where, finding.hint) for finding in findings]


def test_a_sound_table_has_no_findings() -> None:
    assert rules(HEAD) == []


@pytest.mark.parametrize(
    ("row", "rule", "hint"),
    [
        ("source: custmer_name, target: name, type: string(5)", "unknown-source-field", "customer_name"),
        ('source: "items[].skew", target: name, type: string(5), steps: [{join: ","}]', "unknown-source-field", "sku"),
        ("source: customer_name, target: nam, type: string(5)", "unknown-target-field", "name"),
        ("source: customer_name, target: number", "read-only-target", ""),
        ("source: customer_name, target: day", "type-mismatch", ""),
        ("source: customer_name, target: name, type: bool", "type-mismatch", ""),
        ("source: customer_name, target: name, type: string(6)", "too-long", "string(5)"),
        ("source: customer_name, target: name", "too-long", "string(5)"),
        ("target: state, steps: [{constant: OPNE}]", "not-in-enum", "OPEN"),
        ("source: colour, target: state", "not-in-enum", ""),
        ("source: customer_name, target: state", "enum-not-guarded", "one_of"),
        ("target: code, steps: [{constant: lower}]", "pattern-mismatch", ""),
        ("source: 'target:nam', target: name, type: string(5)", "not-yet-mapped", ""),
        ("source: 'control:x', target: name, type: string(5)", "not-yet-mapped", ""),
        ("source: customer_name, target: 'header:X-Other'", "undeclared-parameter", "Idempotency-Key"),
        ("source: customer_name, target: 'query:top'", "undeclared-parameter", ""),
        ("source: id, target: reference, type: string(10), steps: [int_to_string]", "fed-twice", "when"),
    ],
)
def test_a_row_that_does_not_fit_the_contracts(row: str, rule: str, hint: str) -> None:
    found = rules(f"{HEAD}  - {{id: R9, {row}, {SOUND}}}\n")
    match = next((finding for finding in found if finding[0] == rule), None)
    assert match is not None, found
    assert match[1] == "t.yaml:12"
    assert hint in match[2]


def test_paths_in_arguments_and_conditions_are_checked_too() -> None:
    row = "source: customer_name, target: name, type: string(5), when: {path: colr, is: red}"
    arguments = (
        'source: customer_name, target: name, type: string(5), steps: [{template: "{idd}"}], rules: [{gt: $coun}]'
    )
    for text, names in ((row, {"colour"}), (arguments, {"id", "colour"})):
        found = [
            finding
            for finding in rules(f"{HEAD}  - {{id: R9, {text}, {SOUND}}}\n")
            if finding[0] == "unknown-source-field"
        ]
        assert len(found) == len(names), found


@pytest.mark.parametrize(
    ("line", "rule", "place"),
    [
        ("R1", "required-target-not-fed", "reference"),
        ("R2", "required-target-not-fed", "lines"),
        ("R3", "required-header-not-fed", ""),
    ],
)
def test_what_the_target_requires_must_be_fed(line: str, rule: str, place: str) -> None:
    text = "\n".join(row for row in HEAD.splitlines() if f"id: {line}" not in row) + "\n"
    assert rule in [finding[0] for finding in rules(text)]


def test_what_the_target_requires_must_not_hang_on_an_optional_row() -> None:
    found = rules(HEAD.replace("target: reference,", "target: reference, required: O,"))
    assert [finding[0] for finding in found] == ["required-target-not-fed"]


def test_a_required_field_of_every_feed_must_be_fed() -> None:
    text = HEAD.replace('{each: "items[]"}}}', '{each: "items[]"}, more: {each: colour}}}').replace(
        '{id: R2, source: .sku, target: "lines[].item"', '{id: R2, source: .sku, for: goods, target: "lines[].item"'
    )
    findings = check(load_mapping(text, name="t.yaml"), CONTRACTS)
    assert [(finding.rule, "'more'" in finding.message) for finding in findings] == [("required-target-not-fed", True)]


@pytest.mark.parametrize(
    ("change", "name", "hint"),
    [
        (("schema: Order", "schema: Ordr"), "Ordr", "Order"),
        (("createEntry", "createEntri"), "createEntri", "createEntry"),
        (("system: shop", "system: shp"), "shp", "shop"),
    ],
)
def test_an_unknown_part_of_a_contract_is_named(change: tuple[str, str], name: str, hint: str) -> None:
    found = check(load_mapping(HEAD.replace(*change), name="t.yaml"), CONTRACTS, examples=False)
    assert [(finding.rule, finding.place) for finding in found] == [("unknown-contract-part", name)]
    assert hint in found[0].hint


def test_an_example_that_is_not_true_is_found_at_its_line() -> None:
    found = rules(HEAD.replace('{given: 1, expect: "1"}', '{given: 1, expect: "2"}', 1))
    assert [(rule, where) for rule, where, _ in found] == [("example-failed", "t.yaml:9")]


def test_a_row_without_an_example_and_a_lookup_without_a_row_are_warnings() -> None:
    text = HEAD.replace("arrays:", "lookups: {unused: {doc: nothing}}\narrays:").replace(
        ', examples: [{given: 1, expect: "1"}]}', "}", 1
    )
    findings = check(load_mapping(text, name="t.yaml"), CONTRACTS)
    assert {(finding.rule, finding.level) for finding in findings} == {
        ("unused-lookup", "warning"),
        ("no-example", "warning"),
    }


def test_a_broken_row_stops_the_table_from_being_used(contracts: Mapping[str, Contract], tmp_path: Path) -> None:
    """Issue 2, bad input: a row that points at a field that does not exist says where, and what is near."""
    text = (FOLDER / f"{ORDER}.yaml").read_text(encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "source: taxes_included" in row)
    broken = load_mapping(
        text.replace("source: taxes_included", "source: tax_included"), name="orders.yaml", base=FOLDER
    )
    with pytest.raises(MappingError) as caught:
        ensure(broken, contracts)
    assert caught.value.where == f"orders.yaml:{line}"
    assert "'tax_included'" in caught.value.message
    assert "taxes_included" in caught.value.hint


def test_every_rule_of_the_check_is_explained() -> None:
    used = {
        word
        for path in (Path(__file__).resolve().parents[2] / "src/understudy/mapping").glob("*.py")
        for word in RULES
        if f'"{word}"' in path.read_text(encoding="utf-8") and path.name != "finding.py"
    }
    assert used == set(RULES)
