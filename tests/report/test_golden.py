"""Each report of the hand-made record equals its golden file, character by character."""

from __future__ import annotations

import pytest

from tests.report.golden import FOLDER, GOLDEN, fixed_record


@pytest.mark.parametrize("name", GOLDEN)
def test_the_report_is_as_reviewed(name: str) -> None:
    """A difference is either a mistake or a change to review: `python -m tests.report.golden` writes it down."""
    assert GOLDEN[name](fixed_record()) == (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GOLDEN)
def test_a_report_is_a_function_of_the_record(name: str) -> None:
    assert GOLDEN[name](fixed_record()) == GOLDEN[name](fixed_record())


def test_every_golden_file_has_a_report() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDEN)
