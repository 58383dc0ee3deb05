"""The toy system in a fresh run for every test."""

from __future__ import annotations

import pytest

from tests.simulate.board import Board


@pytest.fixture
def board() -> Board:
    return Board()
