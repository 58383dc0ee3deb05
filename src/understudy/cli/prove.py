"""`understudy prove`: the harness proves itself on the integration's catalogue of defects (design decision 8)."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from understudy.cli.sighting import OWN, Sighting
from understudy.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingVerified, WorkspaceError, closest

if TYPE_CHECKING:
    from understudy.scenario.select import Selected
    from understudy.scenario.suite import ScenarioRecord
    from understudy.workspace import Workspace

CLEAN = "(none)"


@dataclass(frozen=True, slots=True)
class Proof:
    """One defect, or the sound integration, over all scenarios."""

    defect: str
    meaning: str
    sightings: tuple[Sighting, ...]

    @property
    def ways(self) -> set[str]:
        return {way for sighting in self.sightings for way in sighting.by}

    @property
    def caught(self) -> bool:
        return bool(self.sightings)

    @property
    def without_own_criteria(self) -> bool:
        """Whether an invariant or a mapping judge saw it, so that no scenario had to ask."""
        return bool(self.ways - {OWN})

    def to_json(self) -> dict[str, Any]:
        return {
            "defect": self.defect,
            "meaning": self.meaning,
            "caught": self.caught,
            "withoutOwnCriteria": self.without_own_criteria,
            "sightings": [s.to_json() for s in self.sightings],
        }


@click.command(name="prove", short_help="Run the defect catalogue.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--defect", "defects", multiple=True, metavar="NAME", help="Only this defect; repeatable.")
@click.option("--only", "-k", "names", multiple=True, metavar="ID", help="Only scenarios whose id contains this.")
@click.option("--list", "list_", is_flag=True, help="List the catalogue and stop.")
@click.option("--seed", type=int, help="Seed of every run; default is the workspace's.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--workspace", type=click.Path(path_type=Path), help="Workspace to open; default: around this folder.")
def command(
    paths: tuple[Path, ...],
    defects: tuple[str, ...],
    names: tuple[str, ...],
    list_: bool,
    seed: int | None,
    format_: str,
    workspace: Path | None,
) -> int:
    """Switch on every defect of the reference integration in turn and run the scenarios: each must be caught.

    The matrix says by which scenario, and whether by the scenario's own criteria, by an invariant or by the mapping
    judge. The sound integration must raise nothing.
    """
    from understudy.cli.prove_python import python_scenarios
    from understudy.scenario.select import select
    from understudy.workspace import open_workspace

    opened = open_workspace(workspace)
    catalogue = opened.defects
    if not catalogue:
        raise NothingVerified("the workspace's integration has no catalogue of defects", where=str(opened.root))
    if list_:
        if format_ == "json":
            click.echo(json.dumps(dict(catalogue), indent=1, ensure_ascii=False))
        else:
            width = max(map(len, catalogue))
            for name, meaning in catalogue.items():
                click.echo(f"{name:<{width}}  {meaning}")
        return EXIT_CLEAN
    for name in defects:
        if name not in catalogue:
            raise WorkspaceError(f"there is no defect {name!r}", hint=closest(name, catalogue) or "see --list")
    selected = select(paths or opened.scenario_paths, names)
    wanted = defects or tuple(catalogue)
    proofs = []
    for number, name in enumerate(("", *wanted)):
        if sys.stderr.isatty():
            click.echo(f"\r{number}/{len(wanted)} {name or 'sound integration':<40}", nl=False, err=True)
        meaning = catalogue[name] if name else "the sound integration"
        seen = _sightings(opened, selected, name, seed)
        if (not seen or not name) and not names:
            # Scenarios in Python cost a process each time, so they are asked about the sound integration and survivors.
            seen += python_scenarios(opened, paths, name, seed)
        proofs.append(Proof(name or CLEAN, meaning, seen))
    if sys.stderr.isatty():
        click.echo("\r" + " " * 60 + "\r", nl=False, err=True)
    clean, caught = proofs[0], proofs[1:]
    if format_ == "json":
        click.echo(json.dumps(_summary(proofs), indent=1, ensure_ascii=False))
    else:
        for line in render(proofs):
            click.echo(line)
    return EXIT_CLEAN if not clean.caught and all(p.caught for p in caught) else EXIT_FINDINGS


def _sightings(opened: Workspace, selected: Sequence[Selected], defect: str, seed: int | None) -> tuple[Sighting, ...]:
    from dataclasses import replace

    from understudy.scenario.suite import ScenarioFinished, run_suite
    from understudy.scenario.theatre import InProcess
    from understudy.simulate.host import Host

    setup = opened.setup(defect=defect)
    theatre = InProcess(Host(replace(setup, seed=setup.seed if seed is None else seed)))
    found = []
    for event in run_suite(selected, theatre, opened.contracts):
        if isinstance(event, ScenarioFinished):
            by = how_seen(event.record)
            if by:
                found.append(Sighting(event.record.id, by))
    return tuple(found)


def how_seen(record: ScenarioRecord) -> dict[str, list[str]]:
    """What raised a scenario: its own criteria (steps), invariants (ids), mapping judges (ids with their rows)."""
    by: dict[str, list[str]] = {}
    own = [step.id for step in record.failed_steps if not step.control]
    if own:
        by[OWN] = own
    for verdict in record.failed_verdicts:
        way = {"mapping": "mapping", "contract": "contract"}.get(verdict["kind"], "invariant")
        ids = by.setdefault(way, [])
        if verdict["id"] not in ids:
            ids.append(verdict["id"])
    if record.unproven:
        by.setdefault("invariant", []).extend(f"{i} unproven" for i in record.unproven)
    return by


def _summary(proofs: Sequence[Proof]) -> dict[str, Any]:
    clean, rest = proofs[0], proofs[1:]
    return {
        "clean": {"silent": not clean.caught, "sightings": [s.to_json() for s in clean.sightings]},
        "defects": len(rest),
        "caught": sum(p.caught for p in rest),
        "withoutOwnCriteria": sum(p.without_own_criteria for p in rest),
        "survived": [p.defect for p in rest if not p.caught],
        "proofs": [p.to_json() for p in rest],
    }


def render(proofs: Sequence[Proof]) -> list[str]:
    """The matrix as text: a block per defect, one line per scenario that saw it, then the count."""
    lines = []
    for proof in proofs[1:]:
        lines.append(f"{'caught  ' if proof.caught else 'SURVIVED'}  {proof.defect}: {proof.meaning}")
        for sighting in proof.sightings:
            ways = "; ".join(f"{way}: {_some(ids)}" for way, ids in sighting.by.items())
            lines.append(f"            {sighting.scenario:<22} {ways}")
    clean, rest = proofs[0], proofs[1:]
    lines.append("")
    if clean.caught:
        lines.append("the SOUND integration was accused:")
        for sighting in clean.sightings:
            ways = "; ".join(f"{way}: {_some(ids)}" for way, ids in sighting.by.items())
            lines.append(f"            {sighting.scenario:<22} {ways}")
    else:
        lines.append("the sound integration raised nothing")
    lines.append(
        f"{sum(p.caught for p in rest)} of {len(rest)} defects caught, "
        f"{sum(p.without_own_criteria for p in rest)} of them without the scenario's own criteria"
    )
    return lines


def _some(ids: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(ids[:most])
    return shown + (f" and {len(ids) - most} more" if len(ids) > most else "")
