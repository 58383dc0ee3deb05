"""The record of a run: one JSON value from which every report can be rebuilt (schema: record.schema.json).

`journal` holds nothing that depends on wall time, so two runs with one seed have equal journals, byte for byte;
everything about durations stands in `durations`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from understudy import __version__
from understudy.report.count import count
from understudy.report.normal import normal
from understudy.scenario.suite import ScenarioRecord, StepRecord

SCHEMA_VERSION = 1
PASSED, FAILED, INTERRUPTED, NOTHING_VERIFIED = "passed", "failed", "interrupted", "nothing verified"


def build_record(
    scenarios: Sequence[ScenarioRecord],
    *,
    seed: int,
    command: str,
    title: str,
    policies: Mapping[str, str],
    defect: str,
    interrupted: bool = False,
    with_journal: bool = True,
) -> dict[str, Any]:
    """The record of the scenarios as they went.

    command: repeats the whole run. policies: switches set for every scenario, beside the workspace's defaults.
    defect: switched on in the embedded integration, empty for none. interrupted: stopped before the last scenario.
    with_journal: False leaves the entries out, for a run of which only the summary is wanted.
    """
    keys = _keys(scenarios)
    counts = count(scenarios)
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "understudy", "version": __version__},
        "title": title,
        "seed": seed,
        "command": command,
        "policies": dict(policies),
        "defect": defect or None,
        "verdict": _verdict(scenarios, counts, interrupted),
        "counts": counts,
        "scenarios": [
            scenario_json(scenario, repeat_command(scenario, seed, command, policies, defect)) for scenario in scenarios
        ],
        "journal": [
            {"scenario": key, "entries": normal(list(scenario.journal)) if with_journal else []}
            for key, scenario in zip(keys, scenarios, strict=True)
        ],
        "durations": {
            "total_s": _seconds(sum(s.duration_s for s in scenarios)),
            "scenarios": {key: _seconds(s.duration_s) for key, s in zip(keys, scenarios, strict=True)},
            "steps": {
                key: [_seconds(step.duration_s) for step in s.steps] for key, s in zip(keys, scenarios, strict=True)
            },
        },
    }


def repeat_command(scenario: ScenarioRecord, seed: int, command: str, policies: Mapping[str, str], defect: str) -> str:
    """The command that repeats one scenario. Seed, switches and defect of a run over sockets belong to its server."""
    words = ["understudy", "run", scenario.file, "--only", scenario.id]
    against = _option(command, "--against")
    if against:
        return shlex.join([*words, "--against", against])
    words += ["--seed", str(seed)]
    for name, value in policies.items():
        words += ["--policy", f"{name}={value}"]
    if defect:
        words += ["--defect", defect]
    return shlex.join(words)


def _option(command: str, name: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:  # a command typed by hand with an open quote: shown as it is, not taken apart
        return ""
    return next((after for word, after in pairwise(words) if word == name), "")


def _verdict(scenarios: Sequence[ScenarioRecord], counts: Mapping[str, Any], interrupted: bool) -> str:
    """Nothing verified is never `passed` (design decision 7): no scenario, or neither a step nor a rule judged."""
    if interrupted:
        return INTERRUPTED
    if any(s.outcome != PASSED for s in scenarios):
        return FAILED
    judged = counts["steps"]["passed"] or any(v["examined"] for s in scenarios for v in s.verdicts)
    return PASSED if scenarios and judged else NOTHING_VERIFIED


def scenario_json(scenario: ScenarioRecord, repeat: str = "") -> dict[str, Any]:
    """A scenario as the record holds it. repeat: the command that repeats it."""
    record: dict[str, Any] = normal(
        {
            "id": scenario.id,
            "name": scenario.name,
            "summary": scenario.summary,
            "file": scenario.file,
            "line": scenario.line,
            "inputs": scenario.inputs,
            "outcome": scenario.outcome,
            "reason": scenario.reason,
            "repeat": repeat,
            "run": scenario.run,
            "steps": [_step(step) for step in scenario.steps],
            "verdicts": scenario.verdicts,
            "unproven": scenario.unproven,
            "proves": scenario.proves,
            "settled": scenario.settled,
        }
    )
    return record


def _step(step: StepRecord) -> dict[str, Any]:
    return {
        "workflow": step.workflow,
        "id": step.id,
        "description": step.description,
        "target": step.target,
        "outcome": step.outcome,
        "reason": step.reason,
        "attempts": step.attempts,
        "place": step.place,
        "control": step.control,
        "criteria": step.criteria,
        "calls": step.calls,
        "contract": step.contract,
        "notes": step.notes,
    }


def _keys(scenarios: Sequence[ScenarioRecord]) -> list[str]:
    """One key a scenario: its id, with the place where two documents use the same id."""
    keys: list[str] = []
    for scenario in scenarios:
        key = scenario.id
        if key in keys:
            key = f"{scenario.id} ({scenario.file}:{scenario.line})"
        number = 2
        while key in keys:
            key = f"{scenario.id} ({scenario.file}:{scenario.line}, {number})"
            number += 1
        keys.append(key)
    return keys


def _seconds(duration: float) -> float:
    return round(duration, 6)
