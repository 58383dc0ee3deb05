"""The reference workspace's fixtures, imported as the engine imports them, and one generated data set to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from understudy.workspace import open_workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def workspace_module() -> Callable[[str], ModuleType]:
    """`workspace_module("fixtures.people")`"""
    return open_workspace(ROOT).module


@pytest.fixture(scope="session")
def fixtures(workspace_module: Callable[[str], ModuleType]) -> ModuleType:
    return workspace_module("fixtures")


@pytest.fixture(scope="session")
def generated(fixtures: ModuleType) -> dict[str, list[dict[str, Any]]]:
    """Enough customers that each of the 18 countries has companies and persons."""
    data: dict[str, list[dict[str, Any]]] = fixtures.build_dataset(42, {"customers": 1200, "items": 400})
    return data
