"""The two runners of the same scenario files, against one server: Redocly Respect, and `understudy run --against`.

Each gives verdicts by scenario id, `DU-2[idempotencySupport=none]` for a row of a cases file: whether it passed.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from tests.cli.shell import ROOT, understudy
from tests.conftest import REDOCLY
from understudy.scenario.select import Selected, select
from understudy.simulate.host import CONTROL_BASE
from understudy.workspace import open_workspace

LIMIT_S = 240
# Nothing may leave the machine: no usage data, and no question to a registry about newer versions.
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true", "NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """passed: by scenario id. words: what the runner printed, for a failed test."""

    passed: Mapping[str, bool]
    words: str


def ours(address: str, folder: Path) -> Verdicts:
    """`understudy run --against`."""
    report = folder / "understudy.json"
    done = understudy("run", "--against", address, "--report", f"json={report}", limit_s=LIMIT_S)
    record = json.loads(report.read_text(encoding="utf-8"))
    return Verdicts({s["id"]: s["outcome"] == "passed" for s in record["scenarios"]}, done.out)


def theirs(address: str, folder: Path) -> Verdicts:
    """Respect, started once for all files, and once more for each row of a cases file: it takes one set of inputs."""
    by_inputs: dict[str, list[Selected]] = defaultdict(list)
    for choice in select([ROOT / "scenarios"]):
        by_inputs[json.dumps(choice.inputs, sort_keys=True)].append(choice)
    reports = [folder / f"respect-{number}.json" for number in range(len(by_inputs))]
    with ThreadPoolExecutor(len(by_inputs)) as pool:
        parts = list(pool.map(_respect, repeat(address), by_inputs.values(), reports))
    return Verdicts(
        {name: passed for part in parts for name, passed in part.passed.items()}, "\n".join(p.words for p in parts)
    )


def _respect(address: str, choices: list[Selected], report: Path) -> Verdicts:
    """One start of Respect for scenarios with the same inputs."""
    files = {str(choice.path.relative_to(ROOT)): None for choice in choices}
    command = [str(REDOCLY), "respect", *files, "--json-output", str(report)]
    for source, base in _bases().items():
        command += ["--server", f"{source}={address}{base}"]
    for name, value in choices[0].inputs.items():
        command += ["--input", f"{name}={value}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **_QUIET},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    told = json.loads(report.read_text(encoding="utf-8"))["files"]
    outcomes = {
        (file, workflow["workflowId"]): workflow["status"] == "success"
        for file in files
        for workflow in told[file]["executedWorkflows"]
    }
    passed = {c.id: outcomes[str(c.path.relative_to(ROOT)), c.workflow.id] for c in choices}
    return Verdicts(passed, done.stdout)


def _bases() -> dict[str, str]:
    """Where each source of the scenarios is served, below the server's address."""
    systems = open_workspace(ROOT).section("systems")
    return {name: str(row["base"]) for name, row in systems.items()} | {"control": CONTROL_BASE}
