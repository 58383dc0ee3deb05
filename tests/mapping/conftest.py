"""The workspace's mapping tables, its contracts, and the reference data of the samples."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from understudy.contract import Contract, read_yaml
from understudy.mapping import MappingTable, load_mapping, samples_of
from understudy.mapping.sample import Case, Samples, load_lookups

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "contracts" / "mappings"
SYSTEMS = ("erp", "wms", "storefront", "crm")
ORDER = "storefront-order-to-erp-sales-order"


@cache
def tables() -> Mapping[str, MappingTable]:
    return {path.stem: load_mapping(path, name=path.name) for path in sorted(FOLDER.glob("*.yaml"))}


@cache
def lookups() -> Mapping[str, Any]:
    return load_lookups(FOLDER / "samples" / "lookups.yaml")


@cache
def all_contracts() -> Mapping[str, Contract]:
    return {name: Contract(name, read_yaml(ROOT / "contracts" / name / "openapi.yaml")) for name in SYSTEMS}


@cache
def samples(table: str) -> Samples:
    return samples_of(tables()[table])


def case(table: str, name: str) -> Case:
    return next(case for case in samples(table).cases if case.name == name)


@pytest.fixture(scope="session")
def contracts() -> Mapping[str, Contract]:
    return all_contracts()


@pytest.fixture
def order_table() -> MappingTable:
    return tables()[ORDER]


@pytest.fixture
def order() -> dict[str, Any]:
    """The standard order (M-6) as the store sends it; a fresh copy."""
    source: dict[str, Any] = deepcopy(case(ORDER, "M-6 standard order").source)
    return source


@pytest.fixture
def event() -> dict[str, Any]:
    return {"event": {"id": "store-evt-0001", "source": "/store/demo", "correlationid": "c-7f3a"}}
