"""Each mutation makes the raw value of its DQ row from a clean one, and leaves everything else as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from stdnum import ean
from stdnum.de import vat

from understudy.errors import UnusableInput
from understudy.masterdata import Keyed, Mutation, Mutations, spoil

Record = dict[str, Any]

# mutation, the dirty value is one, where the clean one was
EXPECTED: dict[str, Callable[[Any, Any], bool]] = {
    "DQ-1": lambda dirty, clean: dirty != clean and dirty.replace("\u00a0", " ").strip() == clean,
    "DQ-2": lambda dirty, clean: dirty == clean.lower() != clean,
    "DQ-3": lambda dirty, clean: dirty in ("Germany", "DEU", "UK", "EL") or (len(dirty) > 2 and len(clean) == 2),
    "DQ-4": lambda dirty, clean: "-".join(reversed(dirty.split("/"))) == clean,
    "DQ-10": lambda dirty, clean: dirty != clean and dirty.lower() == clean,
    "DQ-12": lambda dirty, clean: clean.startswith("0") and dirty == clean.lstrip("0"),
    "DQ-13": lambda dirty, clean: bool(
        vat.is_valid(clean) and re.fullmatch(r"DE\d{9}", dirty) and not vat.is_valid(dirty)
    ),
    "DQ-17": lambda dirty, clean: clean == " " and dirty in ("Ship", "Invoice", "All"),
    "DQ-18": lambda dirty, clean: bool(ean.is_valid(clean) and not ean.is_valid(dirty)),
}


def at(record: Record, pointer: str) -> Any:
    for name in pointer.split("/")[1:]:
        record = record[name]
    return record


def test_every_mutation_is_tested(workspace_module: Callable[[str], ModuleType]) -> None:
    assert list(workspace_module("fixtures.dirty").MUTATIONS) == list(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_mutation(
    name: str,
    fixtures: ModuleType,
    generated: dict[str, list[Record]],
    workspace_module: Callable[[str], ModuleType],
) -> None:
    mutation = workspace_module("fixtures.dirty").MUTATIONS[name]
    data, spoilt = fixtures.spoil_dataset(generated, 42, [name])
    entity = mutation.entity
    standard = len(fixtures.standard_dataset()[entity])

    assert [row for row in spoilt if not EXPECTED[name](row.after, row.before)] == []
    assert {row.index for row in spoilt} == {
        index
        for index, (dirty, clean) in enumerate(zip(data[entity], generated[entity], strict=True))
        if dirty != clean
    }
    assert len(spoilt) >= 1
    assert min(row.index for row in spoilt) >= standard  # the scenarios' records stay clean
    for row in spoilt:
        assert (row.mutation, row.entity, row.pointer) == (name, entity, mutation.pointer)
        assert at(data[entity][row.index], row.pointer) == row.after
        assert at(generated[entity][row.index], row.pointer) == row.before
    assert {**data, entity: None} == {**generated, entity: None}


def test_mutations_do_not_disturb_each_other(fixtures: ModuleType, generated: dict[str, list[Record]]) -> None:
    both, spoilt = fixtures.spoil_dataset(generated, 42, ["DQ-12", "DQ-10"])
    other_way, _ = fixtures.spoil_dataset(generated, 42, ["DQ-10", "DQ-12"])
    assert both == other_way
    assert {row.mutation for row in spoilt} == {"DQ-10", "DQ-12"}


def test_an_unknown_mutation_is_answered_with_the_nearest(fixtures: ModuleType) -> None:
    with pytest.raises(UnusableInput, match=r"(?s)no mutation 'DQ-11'.*allowed: DQ-1, DQ-2,.*did you mean"):
        fixtures.spoil_dataset(fixtures.standard_dataset(), 42, ["DQ-11"])


def test_a_mutation_that_finds_nothing_says_so(fixtures: ModuleType) -> None:
    with pytest.raises(UnusableInput, match=r"(?s)DQ-13 found no record of customers.*--count"):
        fixtures.spoil_dataset(fixtures.standard_dataset(), 42, ["DQ-13"])


def test_at_least_one_record_is_spoilt_and_the_original_is_untouched() -> None:
    clean: dict[str, list[Record]] = {"things": [{"name": "a", "box": {"size": "1"}}]}
    mutation = Mutation("M-1", "things", "/box/size", "reject", "a size in words", lambda record, chance: "one")
    data, spoilt = spoil(clean, mutation, Keyed(1), share=0.0)
    assert data == {"things": [{"name": "a", "box": {"size": "one"}}]}
    assert clean == {"things": [{"name": "a", "box": {"size": "1"}}]}
    assert [(row.before, row.after) for row in spoilt] == [("1", "one")]


def test_two_mutations_of_one_name_are_refused() -> None:
    mutation = Mutation("M-1", "things", "/name", "fix", "", lambda record, chance: None)
    with pytest.raises(ValueError, match="same name"):
        Mutations(mutation, mutation)
