"""A field may be added to one entity: its other fields and all other entities keep their values."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import factory
import pytest

from understudy.masterdata import fingerprint
from understudy.masterdata.records import RecordFactory, derived, keyed

COUNTS = {"customers": 60, "items": 40, "storeCustomers": 5, "crmAccounts": 5, "locations": 3, "exchangeRates": 20}


def with_a_new_field(factory: type[RecordFactory]) -> type[RecordFactory]:
    """The factory with three new fields that draw, one of them from Faker; declared before all others."""
    new = {
        "aNewNumber": keyed(lambda draw, _: draw.chance.integer(low=1, high=10**9)),
        "aNewName": keyed(lambda draw, _: draw.faker("de_DE").name() + draw.faker("de_DE").city()),
        "aNewCount": derived(lambda record: len(record.aNewName)),
    }
    return type(factory)(f"Extended{factory.__name__}", (factory,), {"Meta": type("Meta", (), {"model": dict}), **new})


def without(records: list[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name not in names} for record in records]


@pytest.mark.parametrize(
    "entity", ["customers", "items", "storeCustomers", "openingStock", "locations", "exchangeRates"]
)
def test_a_new_field_changes_nothing_else(entity: str, workspace_module: Callable[[str], ModuleType]) -> None:
    generate = workspace_module("fixtures.generate")
    before = generate.build_dataset(42, COUNTS)
    extended = {**generate.FACTORIES, entity: with_a_new_field(generate.FACTORIES[entity])}
    after = generate.build_dataset(42, COUNTS, factories=extended)

    new = {"aNewNumber", "aNewName", "aNewCount"}
    assert len({record["aNewNumber"] for record in after[entity] if "aNewNumber" in record}) > 2
    assert without(after[entity], new) == before[entity]
    assert [row.entity for row in fingerprint(after).entities if row not in fingerprint(before).entities] == [entity]


def test_a_factory_may_use_all_of_factory_boy(workspace_module: Callable[[str], ModuleType]) -> None:
    """Flat records take a short way through factory_boy; with other declarations its own way gives the same values."""
    generate = workspace_module("fixtures.generate")
    customers = generate.FACTORIES["customers"]
    general = type(customers)(
        "General",
        (customers,),
        {
            "Meta": type("Meta", (), {"model": dict}),
            "greeting": factory.LazyAttribute(lambda record: f"Dear {record.displayName}"),
            "tags": factory.List(["new", factory.SelfAttribute("..country")]),
        },
    )
    before = generate.build_dataset(42, COUNTS)["customers"]
    after = generate.build_dataset(42, COUNTS, factories={**generate.FACTORIES, "customers": general})["customers"]
    assert without(after, {"greeting", "tags"}) == before
    assert (after[-1]["greeting"], after[-1]["tags"]) == (
        f"Dear {before[-1]['displayName']}",
        ["new", before[-1]["country"]],
    )


def test_a_misspelled_field_is_named(workspace_module: Callable[[str], ModuleType]) -> None:
    generate = workspace_module("fixtures.generate")
    customers = generate.FACTORIES["customers"]
    broken = type(customers)(
        "Broken",
        (customers,),
        {"Meta": type("Meta", (), {"model": dict}), "x": derived(lambda record: record.contry)},
    )
    with pytest.raises(AttributeError, match="the factory has no field or parameter 'contry'"):
        generate.build_dataset(42, {"customers": 1}, factories={**generate.FACTORIES, "customers": broken})


def test_a_field_taken_away_changes_nothing_else(workspace_module: Callable[[str], ModuleType]) -> None:
    generate = workspace_module("fixtures.generate")
    customers = generate.FACTORIES["customers"]
    shorter = type(customers)(
        "Shorter", (customers,), {"Meta": type("Meta", (), {"model": dict, "exclude": ("paymentTermsCode",)})}
    )
    before = generate.build_dataset(42, COUNTS)
    after = generate.build_dataset(42, COUNTS, factories={**generate.FACTORIES, "customers": shorter})
    assert without(before["customers"], {"paymentTermsCode"}) == without(after["customers"], {"paymentTermsCode"})
    assert {**before, "customers": None} == {**after, "customers": None}


def test_more_records_leave_the_first_ones_as_they_were(fixtures: ModuleType) -> None:
    few = fixtures.build_dataset(42, {"customers": 20, "items": 10, "storeCustomers": 4, "storeVariants": 4})
    many = fixtures.build_dataset(42, {"items": 30, "customers": 20, "storeVariants": 4, "storeCustomers": 4})
    for entity, records in few.items():
        if entity in ("items", "itemPrices", "openingStock"):
            assert many[entity][: len(records)] == records
        elif entity == "storeVariants":  # those of further items come in between
            assert [record for record in records if record not in many[entity]] == []
        else:
            assert many[entity] == records


def test_another_seed_gives_other_records_but_the_same_standard_ones(fixtures: ModuleType) -> None:
    standard = fixtures.standard_dataset()
    one, other = (fixtures.build_dataset(seed, {"customers": 10, "items": 10}) for seed in (1, 2))
    for entity in ("customers", "items", "storeCustomers"):
        known = len(standard[entity])
        assert one[entity][:known] == other[entity][:known] == standard[entity]
        assert one[entity][known:] != other[entity][known:]
