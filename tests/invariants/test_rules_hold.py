"""Every rule holds on a run in which it has something to examine; nothing examined would be no proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from . import plays
from .bench import Bench, workspace
from .plays import Play

EXAMINED: dict[str, Callable[[], Play]] = {
    "ORD-1": plays.released,
    "ORD-2": plays.paid,
    "ORD-3": plays.in_two_parts,
    "ORD-4": plays.released,
    "ORD-5": plays.in_two_parts,
    "ORD-6": plays.paid,
    "ORD-7": plays.cancelled,
    "ORD-8": plays.paid,
    "ORD-9": plays.in_two_parts,
    "ORD-10": plays.released,
    "INV-1": plays.released,
    "INV-2": plays.released,
    "INV-3": plays.counted,
    "INV-4": plays.paid,
    "INV-5": plays.counted,
    "INV-6": plays.released,
    "INV-7": plays.paid,
    "INV-9": plays.paid,
    "INV-11": plays.counted,
    "INV-12": plays.counted,
    "DOC-1": plays.in_two_parts,
    "DOC-2": plays.in_two_parts,
    "DOC-3": plays.credited,
    "DOC-4": plays.in_two_parts,
    "DOC-5": plays.paid,
    "DOC-6": plays.in_two_parts,
    "DOC-7": plays.in_two_parts,
    "DOC-8": plays.credited,
    "DOC-10": plays.failed_posting,
    "FIN-1": plays.paid,
    "FIN-2": plays.overdue,
    "FIN-3": plays.overdue,
    "FIN-4": plays.paid,
    "FIN-5": plays.paid,
    "FIN-6": plays.undone,
    "FIN-8": plays.released,
    "FIN-9": plays.paid,
    "FIN-10": plays.in_two_parts,
    "TAX-1": plays.paid,
    "TAX-2": plays.in_two_parts,
    "TAX-3": plays.paid,
    "TAX-4": plays.reverse_charged,
    "TAX-5": plays.paid,
    "TAX-6": plays.credited,
    "CUR-1": plays.paid,
    "CUR-2": plays.paid,
    "CUR-3": plays.paid,
    "MSG-1": plays.paid,
    "MSG-2": plays.paid,
    "MSG-3": plays.paid,
    "MSG-4": plays.paid,
    "MSG-5": plays.forged,
    "MSG-6": plays.five_copies,
    "IDM-1": plays.five_copies,
    "IDM-3": plays.answer_lost,
    "IDM-4": plays.answer_lost,
    "CON-1": plays.paid,
    "CON-2": plays.released,
    "CON-3": plays.paid,
    "MDM-1": plays.guest,
    "MDM-2": plays.guest,
    "MDM-3": plays.guest,
    "MDM-4": plays.paid,
    "MDM-6": plays.paid,
    "SEC-1": plays.repaired,
    "SEC-3": plays.forged,
    "TIM-1": plays.paid,
    "TIM-2": plays.busy,
    "TIM-3": plays.busy,
    "OPS-1": plays.refused,
    "OPS-2": plays.repaired,
    "OPS-4": plays.paid,
    "OPS-5": plays.five_copies,
    "REC-1": plays.refused,
    "REC-2": plays.overdue,
    "MAP-4.1": plays.guest,
    "MAP-4.2": plays.counted,
    "MAP-4.3": plays.overdue,
}
STORIES = [
    plays.released, plays.paid, plays.overdue, plays.in_two_parts, plays.guest, plays.refused, plays.repaired,
    plays.answer_lost, plays.five_copies, plays.busy, plays.counted, plays.cancelled, plays.undone,
    plays.failed_posting, plays.credited, plays.reverse_charged,
]  # fmt: skip


def test_every_rule_is_tried() -> None:
    assert set(EXAMINED) == set(workspace().invariants)


@pytest.mark.parametrize("rule", EXAMINED)
def test_a_rule_holds_where_it_has_something_to_examine(rule: str) -> None:
    verdict = Bench(EXAMINED[rule]()).verdict(rule)
    assert (verdict.status, list(verdict.offending)) == ("passed", []), verdict.reason
    assert verdict.examined > 0


@pytest.mark.parametrize("play", STORIES, ids=lambda play: play.__name__)
def test_no_rule_is_broken_by_a_sound_integration(play: Callable[[], Play]) -> None:
    bench = Bench(play())
    broken = {rule: bench.verdict(rule).to_json() for rule in EXAMINED if bench.verdict(rule).failed}
    assert broken == {}


@pytest.mark.parametrize("play", STORIES, ids=lambda play: play.__name__)
def test_without_a_report_of_the_integration_only_the_rules_about_it_are_not_observable(
    play: Callable[[], Play],
) -> None:
    """The rules about data are black-box rules: journal and state suffice (domain section 8)."""
    bench = Bench(play())
    bench.integration = None
    if play in (plays.refused, plays.repaired):
        return  # a refusal that nobody reports is a message that was lost, seen from outside
    for rule in EXAMINED:
        verdict = bench.verdict(rule)
        assert not verdict.failed, verdict.to_json()
        if workspace().invariants[rule].needs:
            assert verdict.status == "not_observable"


def test_every_rule_has_a_test_in_which_it_breaks() -> None:
    """`ORD-2` is broken by tests named `test_ord_2_…`, `MAP-4.1` by `test_map_4_1_…`."""
    folder = Path(__file__).parent
    named = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("test_*.py")))
    missing = [
        rule for rule in EXAMINED if f"def test_{rule.lower().replace('-', '_').replace('.', '_')}_" not in named
    ]
    assert missing == []


@pytest.mark.parametrize("rule", [rule for rule in EXAMINED if workspace().invariants[rule].each_step])
def test_after_a_step_only_what_the_step_touched_is_examined(rule: str) -> None:
    """So that the cost of a run stays linear; OPS-5 reads counters, of which there are as many as flows."""
    bench = Bench(EXAMINED[rule]())
    verdict = bench.verdict(rule, since=bench.world.journal.count)
    assert verdict.status == ("passed" if rule == "OPS-5" else "not_observable")


def test_the_rules_marked_in_the_catalogue_are_evaluated_after_every_step() -> None:
    """‡ in domain section 6."""
    marked = {rule for rule, invariant in workspace().invariants.items() if invariant.each_step}
    assert marked == {
        "ORD-2", "ORD-3", "INV-1", "INV-2", "INV-3", "INV-4", "INV-6", "DOC-1", "DOC-2", "DOC-3", "DOC-5", "FIN-1",
        "CUR-1", "MSG-1", "MSG-4", "MSG-5", "CON-2", "SEC-3", "OPS-5",
    }  # fmt: skip


def test_data_that_a_rule_cannot_read_is_no_proof() -> None:
    bench = Bench(plays.paid())
    bench.change_line("erp", "salesOrders", 0, quantity="two")
    verdict = bench.verdict("ORD-3")
    assert (verdict.status, "cannot be judged" in verdict.reason) == ("error", True)


def test_the_reference_page_says_of_every_rule_what_it_cannot_see() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "invariants.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:[A-Z]{3}-[\d.]*\d)", page))
    named |= {f"MAP-{section}" for section in ("4.1", "4.2", "4.3") if section in page}
    assert set(EXAMINED) <= named
