"""`understudy run`: play scenarios and judge the business by its invariants."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from understudy.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_INTERRUPTED, Unreachable, UnusableInput

if TYPE_CHECKING:
    from understudy.scenario.suite import ScenarioRecord
    from understudy.workspace import Workspace


@click.command(name="run", short_help="Run scenarios and judge the business by its invariants.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--only", "-k", "names", multiple=True, metavar="ID", help="Only scenarios whose id contains this.")
@click.option("--seed", type=int, help="Seed of ids, times, jitter and data; default is the workspace's.")
@click.option("--policy", "policies", multiple=True, metavar="SWITCH=VALUE", help="Set a policy switch for every run.")
@click.option("--defect", default="", metavar="NAME", help="Switch on a defect of the embedded integration.")
@click.option("--against", metavar="URL", help="Run over sockets against a server that `understudy up` started.")
@click.option("--report", "reports", multiple=True, metavar="FORMAT=FILE", help="Write json, junit, har or html.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--max-steps", type=click.IntRange(1), default=1000, show_default=True, help="Guard against endless goto."
)
@click.option("--workspace", type=click.Path(path_type=Path), help="Workspace to open; default: around this folder.")
def command(
    paths: tuple[Path, ...],
    names: tuple[str, ...],
    seed: int | None,
    policies: tuple[str, ...],
    defect: str,
    against: str | None,
    reports: tuple[str, ...],
    format_: str,
    max_steps: int,
    workspace: Path | None,
) -> int:
    """Play scenarios and judge each by its own criteria, by the invariants and by the mapping tables.

    PATHS are Arazzo files or folders; without any, those of the workspace. Everything runs in this process on virtual
    time, with the reference integration, unless --against names a server.

    \b
    understudy run                                   every scenario
    understudy run --only HP-1 --report html=hp1.html
    understudy run --seed 7 --report json=run.json
    understudy run --against http://127.0.0.1:8700   over sockets, with the integration that is attached there
    """
    from understudy.report import FORMATS, Terminal, build_record, parse_report_option, write_report
    from understudy.scenario.run import RunOptions
    from understudy.scenario.select import select
    from understudy.scenario.suite import ScenarioFinished, run_suite
    from understudy.workspace import open_workspace, reference_workspace

    targets = [parse_report_option(option) for option in reports]
    opened = open_workspace(workspace)
    if workspace is None and opened.root == reference_workspace() and not Path.cwd().is_relative_to(opened.root):
        click.echo("no understudy.toml here or above: this is the reference workspace", err=True)
    switches = _switches(opened, policies)
    chosen_seed = opened.seed if seed is None else seed
    if against and (defect or policies or seed is not None):
        raise UnusableInput(
            "--seed, --policy and --defect belong to the server when --against is given",
            hint="give them to `understudy up`",
        )
    selected = select(paths or opened.scenario_paths, names)
    if against is None:
        opened.check_mappings()
    theatre = _theatre(opened, chosen_seed, switches, defect, against)
    text = Terminal(
        lambda line: click.echo(line, err=format_ == "json"), colour=sys.stdout.isatty(), progress=sys.stdout.isatty()
    )
    finished: list[ScenarioRecord] = []
    interrupted = False
    broken: Exception | None = None
    try:
        for event in run_suite(selected, theatre, opened.contracts, options=RunOptions(max_steps=max_steps)):
            text.on(event)
            if isinstance(event, ScenarioFinished):
                finished.append(event.record)
    except KeyboardInterrupt:
        interrupted = True
    except Exception as problem:  # what is known so far is reported first
        if not finished:
            raise
        broken = problem
    if against and finished:
        chosen_seed = int(finished[0].run.get("seed", chosen_seed))  # the server's own
    record = build_record(
        finished,
        seed=chosen_seed,
        command=repeat_command(paths, names, None if against else chosen_seed, policies, defect, against),
        title=opened.title,
        policies=switches,
        defect=defect,
        interrupted=interrupted,
        with_journal=bool(targets) or format_ == "json",
    )
    failures = _write(targets, record, write_report)
    text.summary(record)
    if format_ == "json":
        click.echo(FORMATS["json"](record))
    if interrupted:
        return EXIT_INTERRUPTED
    if broken is not None and not isinstance(broken, Unreachable):
        raise broken
    if any(scenario.outcome == "failed" for scenario in finished):
        return EXIT_FINDINGS
    if broken is not None:
        raise broken
    if failures:
        return failures[0].exit_code
    return EXIT_CLEAN


def _write(targets: list[Any], record: dict[str, Any], write: Any) -> list[UnusableInput]:
    """Write every report that can be written; say what could not be."""
    failures = []
    for target in targets:
        try:
            write(target, record)
        except UnusableInput as problem:
            click.echo(f"error: {problem}", err=True)
            failures.append(problem)
    return failures


def _switches(opened: Workspace, given: tuple[str, ...]) -> dict[str, str]:
    """The policy switches of `--policy`, checked. Raises WorkspaceError and UnusableInput."""
    switches = {}
    for option in given:
        name, equals, value = option.partition("=")
        if not equals:
            raise UnusableInput(f"{option!r} is no policy switch", where="--policy", allowed="SWITCH=VALUE")
        switches[name] = value
    opened.policy(switches)
    return switches


def _theatre(opened: Workspace, seed: int, switches: dict[str, str], defect: str, against: str | None) -> Any:
    from dataclasses import replace

    from understudy.scenario.theatre import InProcess, OverSockets
    from understudy.simulate.host import Host

    if against is not None:
        bases = {name: str(row["base"]) for name, row in opened.section("systems").items()}
        theatre = OverSockets(against, bases)
        theatre.health()
        return theatre
    setup = opened.setup(defect=defect)
    complete = setup.policy
    return InProcess(Host(replace(setup, seed=seed, policy=lambda chosen: complete({**switches, **chosen}))))


def repeat_command(
    paths: tuple[Path, ...],
    names: tuple[str, ...],
    seed: int | None,
    policies: tuple[str, ...],
    defect: str,
    against: str | None,
) -> str:
    """The command line that repeats a run."""
    import shlex

    words = ["understudy", "run", *map(str, paths)]
    for name in names:
        words += ["--only", name]
    if seed is not None:
        words += ["--seed", str(seed)]
    for policy in policies:
        words += ["--policy", policy]
    if defect:
        words += ["--defect", defect]
    if against:
        words += ["--against", against]
    return shlex.join(words)
