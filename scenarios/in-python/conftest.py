"""Fixtures of the scenarios in Python: `world` and the systems come from the plugin, the people from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hands import Shopper, Warehouse, Watcher

from understudy.testing import Landscape


@pytest.fixture
def shopper(world: Landscape) -> Shopper:
    return Shopper(world)


@pytest.fixture
def warehouse(world: Landscape) -> Warehouse:
    return Warehouse(world)


@pytest.fixture
def watcher(world: Landscape) -> Watcher:
    return Watcher(world)


@pytest.fixture
def fault(world: Landscape) -> Callable[..., None]:
    """`fault("status", "erp", "createSalesOrder", status=503)`: the next such answer to the integration, or event.

    `""` for every operation, `count=-1` for ever.
    """

    def inject(kind: str, system: str, where: str, *, count: int = 1, **parameters: Any) -> None:
        scope = {"eventType": where} if kind.endswith(("event", "signature")) else {"client": "integration"}
        if where and "client" in scope:
            scope["operationId"] = where
        world.control(
            "injectFault", {"kind": kind, "system": system, "count": count, "parameters": parameters, **scope}
        )

    return inject
