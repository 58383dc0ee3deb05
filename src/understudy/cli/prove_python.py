"""The part of `understudy prove` that runs the workspace's scenarios in Python, with pytest in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import click

from understudy.cli.sighting import OWN, Sighting
from understudy.errors import UnusableInput

if TYPE_CHECKING:
    from understudy.workspace import Workspace


def python_scenarios(opened: Workspace, paths: Sequence[Path], defect: str, seed: int | None) -> tuple[Sighting, ...]:
    """What the scenarios in Python below the paths (default: the workspace's) see of a defect.

    A failed test is its own criteria, an error after it is what the invariants said. Raises UnusableInput when pytest
    cannot run them at all; without pytest installed they are left out, and that is said.
    """
    files = [file for path in paths or opened.scenario_paths for file in _tests(path)]
    if not files:
        return ()
    if find_spec("pytest") is None:
        click.echo("pytest is not installed: the scenarios in Python are left out", err=True)
        return ()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["--understudy-workspace", str(opened.root), "--understudy-defect", defect, f"--junitxml={report}"]
        options += ["--understudy-seed", str(seed)] if seed is not None else []
        quiet = ["-q", "-p", "no:cacheprovider", "--rootdir", str(opened.root)]
        command = [sys.executable, "-m", "pytest", *quiet, *options, *map(str, files)]
        done = subprocess.run(command, cwd=opened.root, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1) or not report.exists():
            raise UnusableInput(
                "the scenarios in Python cannot be run",
                where=", ".join(map(str, files)),
                hint=(done.stdout + done.stderr).strip()[-800:],
            )
        return tuple(_sightings(ElementTree.parse(report).getroot()))


def _tests(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.rglob("test_*.py"))
    return [path] if path.name.startswith("test_") and path.suffix == ".py" else []


def _sightings(report: ElementTree.Element) -> list[Sighting]:
    found: dict[str, dict[str, list[str]]] = {}
    for case in report.iter("testcase"):
        name = case.get("name", "")
        for failure in case.findall("failure"):
            reason = failure.get("message", "failed").splitlines() or ["failed"]
            found.setdefault(name, {})[OWN] = [reason[0][:100]]
        for error in case.findall("error"):
            for line in (error.text or "").splitlines():
                rule, says, _ = line.strip().removeprefix("E").strip().partition(" does not hold: ")
                rule = rule.rpartition(" ")[2]
                if says:
                    way = "mapping" if rule.startswith("MAP-") else "invariant"
                    ids = found.setdefault(name, {}).setdefault(way, [])
                    if rule not in ids:
                        ids.append(rule)
            found.setdefault(name, {}) or found[name].setdefault("invariant", [error.get("message", "error")[:100]])
    return [Sighting(name, by) for name, by in found.items()]
