"""The terminal: a line a scenario as it ends, what went wrong at once and in full, a compact verdict at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.report.count import never_observed, worst
from understudy.report.finding import blocks
from understudy.report.normal import many, printable
from understudy.report.record import scenario_json
from understudy.scenario.event import Retrying, StepFinished
from understudy.scenario.suite import ScenarioFinished, ScenarioRecord, ScenarioStarted, SuiteEvent

# Outcome -> mark and word; the word carries the meaning, mark and colour only help the eye.
_SHOWN = {"passed": ("✓", "passed", "32"), "failed": ("✗", "FAILED", "31"), "error": ("✗", "ERROR ", "31")}
_VERDICTS = {"passed": "32", "failed": "31", "interrupted": "33", "nothing verified": "33"}
NAMED = 12
"""Ids that a line lists before the rest is only counted."""


@dataclass(slots=True)
class Terminal:
    """Listens to a suite. write: takes one line without its end.

    colour: ANSI colours; nothing is said by colour alone. progress: also a line as each scenario and step goes, for
    runs over sockets that take their time.
    """

    write: Callable[[str], None]
    colour: bool = False
    progress: bool = False

    def on(self, event: SuiteEvent) -> None:
        """Take one event of `run_suite`."""
        if isinstance(event, ScenarioFinished):
            self._finished(event.record)
        elif not self.progress:
            return
        elif isinstance(event, ScenarioStarted):
            self.write(self._paint("2", f"… {event.number} of {event.total}  {printable(event.record.id)}"))
        elif isinstance(event, StepFinished):
            self.write(
                self._paint("2", f"    {event.outcome:<7} {printable('/'.join((*event.path[1:], event.step_id)))}")
            )
        elif isinstance(event, Retrying):
            line = f"    waiting {event.after_s:g} s for retry {event.number} of {event.limit} ({event.because})"
            self.write(self._paint("2", line))

    def summary(self, record: Mapping[str, Any]) -> None:
        """The verdict of the whole run. record: as `build_record` makes it."""
        self.write("")
        for number, line in enumerate(verdict_lines(record)):
            self.write(self._paint(_VERDICTS[record["verdict"]], line) if number == 0 else line)

    def _finished(self, record: ScenarioRecord) -> None:
        head, *rest = scenario_lines(scenario_json(record), record.journal, record.duration_s)
        self.write(self._paint(_SHOWN[record.outcome][2], head[:8]) + head[8:])
        for line in rest:
            self.write(line)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def scenario_lines(
    scenario: Mapping[str, Any], journal: Sequence[Mapping[str, Any]], duration_s: float | None = None
) -> list[str]:
    """A scenario of the record: one line when it passed, its findings below when it did not.

    ✓ passed  HP-1  One order, from the shop to the invoice  (23 steps, 58 exchanges, 12 deliveries, 41 rules hold)
    """
    mark, word, _ = _SHOWN[scenario["outcome"]]
    title = f"  {printable(scenario['summary'])}" if scenario["summary"] else ""
    lines = [f"{mark} {word}  {printable(scenario['id'])}{title}  {_figures(scenario, journal, duration_s)}"]
    if scenario["outcome"] == "passed":
        return lines
    found = blocks(scenario)
    if scenario["outcome"] == "error" or not found:
        first, *more = printable(scenario["reason"] or "no reason was given").splitlines()
        lines += [f"    error: {first}", *(f"    {line}" for line in more)]
    for block in found:
        lines.append(f"    error: {block.title}")
        lines += [f"      {line}" for line in block.lines]
    return lines


def _figures(scenario: Mapping[str, Any], journal: Sequence[Mapping[str, Any]], duration_s: float | None) -> str:
    kinds = [entry["kind"] for entry in journal]
    statuses = list(worst(scenario["verdicts"]).values())
    figures = [
        many(len(scenario["steps"]), "step"),
        many(kinds.count("exchange"), "exchange"),
        many(kinds.count("delivery"), "delivery"),
        f"{many(statuses.count('passed'), 'rule')} hold" if statuses.count("passed") != 1 else "1 rule holds",
    ]
    time = "" if duration_s is None else f", {duration_s:.2f} s"
    return f"({', '.join(figures)}{time})"


def verdict_lines(record: Mapping[str, Any]) -> list[str]:
    """The compact verdict: counts that are exact, what was not observable, the seed, and how to repeat what failed."""
    counts = record["counts"]
    scenarios, steps = counts["scenarios"], counts["steps"]
    lines = [
        f"{record['verdict'].upper()}: {many(scenarios['total'], 'scenario')}"
        f"{_parts(scenarios, passed='passed', failed='failed', error='broken off')}",
        f"  {many(steps['total'], 'step')}{_parts(steps, passed='passed', failed='failed', skipped='skipped')}",
        f"  {many(counts['exchanges'], 'exchange')}, {many(counts['deliveries'], 'delivery')}"
        f" of {many(counts['events'], 'event')}",
    ]
    for name, singular in (("invariants", "invariant"), ("mappings", "mapping"), ("contracts", "contract rule")):
        row = counts[name]
        if row["rules"]:
            parts = _parts(row, passed="passed", failed="failed", notObservable="not observable")
            lines.append(f"  {many(row['rules'], singular)}, judged {many(row['evaluated'], 'time')}{parts}")
    unobserved = never_observed(record["scenarios"])
    if unobserved:
        lines.append(f"  not observable in any scenario: {_named(unobserved)}")
    if record["defect"]:
        lines.append(f"  with defect {record['defect']} switched on in the integration")
    lines.append(f"  seed {record['seed']}, {record['durations']['total_s']:.2f} s")
    failed = [s for s in record["scenarios"] if s["outcome"] != "passed"]
    if failed:
        lines += ["", "hint: repeat what failed with"]
        lines += [f"  {printable(s['repeat'])}" for s in failed[:NAMED]]
        if len(failed) > NAMED:
            lines.append(f"  … and {len(failed) - NAMED} more")
    elif record["verdict"] == "nothing verified":
        lines += ["", "hint: no scenario judged anything; look at PATHS and --only"]
    return lines


def render_text(record: Mapping[str, Any]) -> str:
    """The whole terminal output again, from the record alone and without colour."""
    lines: list[str] = []
    for scenario, journal in zip(record["scenarios"], record["journal"], strict=True):
        duration = record["durations"]["scenarios"].get(journal["scenario"])
        lines += scenario_lines(scenario, journal["entries"], duration)
    return "\n".join([*lines, "", *verdict_lines(record), ""])


def _parts(counts: Mapping[str, int], **words: str) -> str:
    """`: 6 passed, 1 failed`, naming only what there was; empty when there was nothing."""
    parts = [f"{counts[key]} {word}" for key, word in words.items() if counts[key]]
    return f": {', '.join(parts)}" if parts else ""


def _named(ids: Sequence[str]) -> str:
    rest = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + rest
