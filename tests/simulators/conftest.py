"""A landscape without integration for each test: what one system does by itself, through its real front door."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from understudy import Workspace, open_workspace
from understudy.testing import Landscape, world_for

MakeLandscape = Callable[..., Landscape]


@pytest.fixture(scope="session")
def workspace() -> Workspace:
    """Read once: contracts cost most of a start."""
    return open_workspace()


@pytest.fixture
def make_landscape(workspace: Workspace) -> Iterator[MakeLandscape]:
    """`make_landscape(shortPolicy="cancelRemainder")`. At the end no system may have broken its own contract."""
    made: list[Landscape] = []

    def make(**policies: str) -> Landscape:
        made.append(world_for(workspace, policies=policies))
        return made[-1]

    yield make
    for landscape in made:
        findings = [
            finding for entry in landscape.world.journal.entries() for finding in getattr(entry, "findings", ())
        ]
        assert findings == []


@pytest.fixture
def landscape(make_landscape: MakeLandscape) -> Landscape:
    return make_landscape()
