"""The pytest plugin: fixtures for a landscape and its systems. Thin; imports lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from understudy.testing import Landscape


@pytest.fixture
def landscape() -> Landscape:
    """A fresh landscape with the embedded integration, on virtual time."""
    from understudy.testing import world_for

    return world_for(integration="embedded")
