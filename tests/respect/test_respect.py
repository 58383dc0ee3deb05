"""The scenario files are Arazzo, not a dialect of ours: another runner plays them unmodified and comes to our verdicts.

Redocly Respect differs from `understudy run`: it compares strings with case, wraps the context of a JSONPath condition
in a list, keeps no inputs in the criteria of actions, and judges by a scenario's own criteria only. So verdicts can
agree because scenarios ask the control plane to judge, in their last step but one.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.shell import ROOT, UNDERSTUDY, running
from tests.respect.runners import Verdicts, ours, theirs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.sockets,
    pytest.mark.needs_node,
    pytest.mark.xdist_group("respect"),  # one worker, so that everything is played once
]

CATALOGUE = {"HP-1", "HP-2", "HP-3", "PS-1", "MD-1", "DU-1"} | {
    f"DU-2[idempotencySupport={support}]" for support in ("full", "businessKeyOnly", "none")
}
DEFECT = "discount-in-price"
UNHARMED = CATALOGUE - {"HP-1"}
"""HP-1 alone has a discount. That it went into the price is seen by rules, so by the step that asks for a verdict."""


@dataclass(frozen=True, slots=True)
class Played:
    ours: Verdicts
    theirs: Verdicts


def play(folder: Path, *options: str) -> Played:
    """Both runners at once against one server: each run has a world of its own, and most of the time is waiting."""
    folder.mkdir()
    up = [UNDERSTUDY, "up", "--port", "0", "--workspace", str(ROOT), *options]
    with running(up, cwd=folder) as address, ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(ours, address, folder), pool.submit(theirs, address, folder)
        return Played(first.result(), second.result())


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Played]:
    """What became of every scenario, without a defect (the empty name) and with one."""
    folder = tmp_path_factory.mktemp("respect")
    with ThreadPoolExecutor(2) as pool:
        clean = pool.submit(play, folder / "clean")
        harmed = pool.submit(play, folder / "harmed", "--defect", DEFECT)
        return {"": clean.result(), DEFECT: harmed.result()}


def test_both_runners_pass_every_scenario(played: Mapping[str, Played]) -> None:
    clean = played[""]
    assert clean.ours.passed == dict.fromkeys(CATALOGUE, True), clean.ours.words
    assert clean.theirs.passed == clean.ours.passed, clean.theirs.words


def test_both_runners_fail_the_same_scenarios_under_a_defect(played: Mapping[str, Played]) -> None:
    harmed = played[DEFECT]
    assert harmed.ours.passed == {name: name in UNHARMED for name in CATALOGUE}, harmed.ours.words
    assert harmed.theirs.passed == harmed.ours.passed, harmed.theirs.words
