"""`understudy seed`: make a data set, print its hash, write it as JSON and CSV."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from understudy.errors import UnusableInput

SHOWN = 20
"""How many spoilt records the text output lists."""


@click.command(name="seed", short_help="Make a data set and print its hash.")
@click.option(
    "--count", "counts", multiple=True, metavar="ENTITY=N", help="Generate N records of an entity; repeatable."
)
@click.option("--seed", type=int, default=42, show_default=True, help="Seed of everything drawn.")
@click.option("--dirty", multiple=True, metavar="DQ-N", help="Spoil a tenth of the generated records so; repeatable.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the JSON and CSV files.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--workspace", type=click.Path(path_type=Path), help="Workspace whose fixtures are used.")
def command(
    counts: tuple[str, ...], seed: int, dirty: tuple[str, ...], out: Path | None, format_: str, workspace: Path | None
) -> None:
    """Make a data set: the workspace's standard records and as many generated ones as --count asks for.

    The same seed gives the same records and the same hash on every machine, also after an entity got a new field: its
    other fields and all other entities keep their values.

    \b
    understudy seed --count customers=1000 --count items=2000 --seed 42
    understudy seed --count customers=50 --dirty DQ-12 --out data
    """
    from understudy.masterdata import fingerprint, write_dataset
    from understudy.workspace import open_workspace

    wanted = parse_counts(counts)
    fixtures = open_workspace(workspace).module("fixtures")
    progress = _progress(sum(wanted.values()))
    data = fixtures.build_dataset(seed, wanted, progress)
    if progress is not None:
        click.echo(err=True)
    spoilt: list[Any] = []
    if dirty:
        data, spoilt = fixtures.spoil_dataset(data, seed, dirty)
    # Generated values come from Faker's word lists, which change between its releases: say which one made these.
    made_from = {"seed": seed, "counts": wanted, "dirty": list(dirty), "faker": _faker_version() if wanted else None}
    files = write_dataset(data, out, made_from) if out else []
    result = fingerprint(data)
    total = sum(row.count for row in result.entities)
    if format_ == "json":
        entities = [asdict(row) for row in result.entities]
        changes = [asdict(row) for row in spoilt]
        document = {**made_from, "hash": result.hash, "entities": entities, "spoilt": changes}
        click.echo(json.dumps({**document, "files": [str(path) for path in files]}, ensure_ascii=False, indent=2))
    else:
        click.echo(f"{'data set':<20}{total:>9,}  {result.hash}")
        for row in result.entities:
            click.echo(f"  {row.entity:<18}{row.count:>9,}  {row.hash}")
        for change in spoilt[:SHOWN]:
            click.echo(
                f"  {change.mutation:<6} {change.entity}[{change.index}]{change.pointer}: "
                f"{json.dumps(change.before, ensure_ascii=False)} -> {json.dumps(change.after, ensure_ascii=False)}"
            )
        if len(spoilt) > SHOWN:
            click.echo(f"  and {len(spoilt) - SHOWN} more; --format json lists all")
    if files:
        click.echo(f"wrote {len(files)} files to {out}", err=True)


def parse_counts(options: tuple[str, ...]) -> dict[str, int]:
    """`("customers=10",)` → `{"customers": 10}`. Raises UnusableInput for what is no count, or an entity twice."""
    counts: dict[str, int] = {}
    for option in options:
        entity, separator, number = option.partition("=")
        if not (entity and separator and re.fullmatch(r"-?[0-9]{1,12}", number)):
            raise UnusableInput(
                f"{option!r} is no count",
                where=f"--count {option}",
                allowed="ENTITY=N with a whole number",
                hint="for example --count customers=1000",
            )
        if entity in counts:
            raise UnusableInput(f"{entity} is counted twice", where=f"--count {option}", hint="leave one of them out")
        counts[entity] = int(number)
    return counts


def _progress(total: int) -> Callable[[int], None] | None:
    """Long work says how far it is when somebody watches."""
    if total < 5_000 or not sys.stderr.isatty():
        return None
    return lambda done: click.echo(f"\r{done:,} of {total:,} records", err=True, nl=False)


def _faker_version() -> str:
    from importlib.metadata import version

    return version("Faker")
