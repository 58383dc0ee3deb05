"""The terminal: what is said at once, what at the end, and that it is understood without colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.report import sample
from understudy.report import Terminal
from understudy.report.table import aligned
from understudy.report.text import verdict_lines
from understudy.scenario.event import Retrying, StepFinished
from understudy.scenario.suite import ScenarioFinished, ScenarioRecord, ScenarioStarted, SuiteEvent


def said(*events: SuiteEvent, colour: bool = False, progress: bool = False) -> list[str]:
    lines: list[str] = []
    terminal = Terminal(lines.append, colour=colour, progress=progress)
    for event in events:
        terminal.on(event)
    return lines


def test_a_scenario_that_passed_is_one_line() -> None:
    assert said(ScenarioStarted(sample.passing(), 1, 1), ScenarioFinished(sample.passing())) == [
        "✓ passed  HP-1  One order, from the shop into the books"
        "  (2 steps, 4 exchanges, 1 delivery, 3 rules hold, 0.25 s)"
    ]


def test_colour_adds_nothing_that_the_words_do_not_say() -> None:
    for record in sample.scenarios():
        plain, coloured = said(ScenarioFinished(record)), said(ScenarioFinished(record), colour=True)
        assert coloured != plain
        assert [re.sub(r"\x1b\[\d+m", "", line) for line in coloured] == plain


def test_a_failed_step_says_where_what_was_asked_what_was_expected_and_what_was_found() -> None:
    record = replace(sample.failing(), verdicts=[], unproven=[], settled=True)
    assert said(ScenarioFinished(record))[1:] == [
        "    error: step `order` got 422 from POST /shop/v1/orders",
        "      at scenarios/du-2.arazzo.yaml:31",
        "      answer: validation-failed: line_items: is empty",
        "      this was attempt 2, the last",
        "      expected: $statusCode == 201",
        "      found: $statusCode = 422",
        "      expected: $response.body#/name == '#1001'",
        "      found: $response.body#/name has no value: there is no member `name`",
        "      contract: /code: is not documented",
        "      note: retried once",
    ]


def test_offending_rows_are_capped_and_their_total_is_exact() -> None:
    rows = [{"order": f"SO-{n}", "lines": n} for n in range(1, 1001)]
    record = replace(
        sample.passing(), outcome="failed", verdicts=[sample.verdict("ORD-3", "failed", examined=1000, offending=rows)]
    )
    assert said(ScenarioFinished(record))[1:] == [
        "    error: ORD-3 does not hold: Statement of ORD-3",
        "      1000 of 1000 examined offend:",
        "        order  lines",
        "        SO-1       1",
        "        SO-2       2",
        "        SO-3       3",
        "        SO-4       4",
        "        SO-5       5",
        "        … and 995 more (--report json=FILE has all)",
    ]


def test_a_rule_broken_after_many_steps_is_told_once_with_rows_of_one_shape_together() -> None:
    final = [{"order": "SO-1", "sum": "2"}, {"event": "e-1", "problem": "late"}, {"order": "SO-2", "sum": "3"}]
    steps = [
        sample.verdict("ORD-3", "failed", scope="step", step=f"s{n}", offending=[{"order": "SO-1", "sum": "2"}])
        for n in range(1, 6)
    ]
    verdicts: list[Mapping[str, Any]] = [*steps, sample.verdict("ORD-3", "failed", offending=final)]
    record = replace(sample.passing(), outcome="failed", verdicts=[*verdicts])
    assert said(ScenarioFinished(record))[1:] == [
        "    error: ORD-3 does not hold: Statement of ORD-3",
        "      seen after step `s1`, `s2`, `s3` and 2 more",
        "      3 of 4 examined offend:",
        "        order  sum",
        "        SO-1   2",
        "        SO-2   3",
        "        event  problem",
        "        e-1    late",
    ]


def test_a_scenario_that_broke_off_says_why() -> None:
    assert said(ScenarioFinished(sample.broken_off())) == [
        "✗ ERROR   PS-1  (0 steps, 0 exchanges, 0 deliveries, 0 rules hold, 0.06 s)",
        "    error: erp cannot be reached",
        "      at http://127.0.0.1:8700",
        "    hint: start it",
    ]


def test_what_was_read_from_a_system_cannot_steer_the_terminal() -> None:
    record: ScenarioRecord = replace(
        sample.passing(), summary="\x1b[2J\x07 \u202egnp.exe", outcome="failed", reason="\x1b]0;owned\x07",
        verdicts=[sample.verdict("X\r", "failed", statement="\x9b31m", offending=[{"\x1bk": "\x1b[1A"}])],
        steps=[sample.step("s\x08", "failed", reason="\x00", criteria=[], calls=[], place="")],
    )  # fmt: skip
    text = "\n".join(said(ScenarioFinished(record)))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "\\u001b[2J" in text


def test_progress_says_what_is_going_on_when_a_run_takes_its_time() -> None:
    record = sample.passing()
    events: list[SuiteEvent] = [
        ScenarioStarted(record, 2, 7),
        Retrying(("HP-1",), "order", "again", 1, 3, 2.5, "retryAfter"),
        StepFinished(("HP-1", "pay", "take-payment"), "charge", 1, "passed"),
    ]
    assert said(*events) == []
    assert said(*events, progress=True) == [
        "… 2 of 7  HP-1",
        "    waiting 2.5 s for retry 1 of 3 (retryAfter)",
        "    passed  pay/take-payment/charge",
    ]


def test_the_verdict_of_a_clean_run_is_a_few_lines() -> None:
    assert verdict_lines(sample.record([sample.passing()])) == [
        "PASSED: 1 scenario: 1 passed",
        "  2 steps: 2 passed",
        "  4 exchanges, 1 delivery of 1 event",
        "  2 invariants, judged 2 times: 1 passed, 1 not observable",
        "  1 mapping, judged 1 time: 1 passed",
        "  1 contract rule, judged 1 time: 1 passed",
        "  not observable in any scenario: INV-8",
        "  seed 42, 0.25 s",
    ]


def test_nothing_verified_is_said_with_a_hint() -> None:
    assert verdict_lines(sample.record([])) == [
        "NOTHING VERIFIED: 0 scenarios",
        "  0 steps",
        "  0 exchanges, 0 deliveries of 0 events",
        "  seed 42, 0.00 s",
        "",
        "hint: no scenario judged anything; look at PATHS and --only",
    ]


def test_many_ids_are_counted_after_the_first_dozen() -> None:
    unobserved = [sample.verdict(f"R-{n}", "not_observable") for n in range(15)]
    lines = verdict_lines(sample.record([replace(sample.passing(), verdicts=[*unobserved])]))
    named = ", ".join(f"R-{n}" for n in range(12))
    assert f"  not observable in any scenario: {named} and 3 more" in lines


def test_the_defect_under_which_a_run_went_is_named() -> None:
    assert "  with defect drops-freight switched on in the integration" in verdict_lines(
        sample.record(defect="drops-freight")
    )


def test_rows_too_wide_for_a_table_are_told_in_words_and_lose_nothing() -> None:
    row = {"mapping": "storefront-order-to-erp-sales-order", "target": "/lines/1/taxCode", "read": [{"rate": 0.07}]}
    assert aligned([row, {"extra": 1}], width=60) == [
        "- mapping storefront-order-to-erp-sales-order, target",
        '  /lines/1/taxCode, read [{"rate": 0.07}]',
        "- extra 1",
    ]
    assert aligned([row], width=90)[0].split() == ["mapping", "target", "read"]
