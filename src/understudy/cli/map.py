"""`understudy map [NAME]`: list the mapping tables, render one for review, check them against the contracts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from understudy.errors import EXIT_CLEAN, EXIT_FINDINGS, MappingError, NothingVerified, closest

if TYPE_CHECKING:
    from understudy.mapping import MappingFinding, MappingTable
    from understudy.workspace import Workspace


@click.command("map", short_help="Render a mapping table, or check it against its contracts.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--check", "checks", is_flag=True, help="Check against both contracts and run the examples.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error", show_default=True,
              help="With --check: the level of finding from which the exit code is 1.")  # fmt: skip
@click.option("--format", "format_", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True,
              help="For people at a terminal, for a review, or as data.")  # fmt: skip
@click.option("--workspace", type=click.Path(path_type=Path), help="Folder with understudy.toml.")
def command(names: tuple[str, ...], checks: bool, fail_on: str, format_: str, workspace: Path | None) -> int:
    """List the mapping tables; with a NAME, render that table; with --check, check the named tables, or all.

    NAME is the name of a table of the workspace, or the path of a YAML file.

    \b
    understudy map storefront-order-to-erp-sales-order --format markdown > review.md
    understudy map --check
    """
    from understudy.workspace import open_workspace

    opened = open_workspace(workspace)
    tables = _select(names, opened)
    if checks:
        return _check(tables, opened, fail_on, format_)
    if format_ == "json":
        click.echo(json.dumps([_as_data(table) for table in tables], ensure_ascii=False, indent=2))
        return EXIT_CLEAN
    from understudy.mapping import render, render_index

    if not names:
        click.echo(render_index(tables), nl=False)
        return EXIT_CLEAN
    click.echo("\n".join(render(table, markdown=format_ == "markdown") for table in tables), nl=False)
    return EXIT_CLEAN


def _select(names: Sequence[str], opened: Workspace) -> list[MappingTable]:
    """The named tables, all when none is named. A name that is a file's path is read from there."""
    from understudy.mapping import load_mapping

    if not names:
        return list(opened.mappings.values())
    found = []
    for name in names:
        path = Path(name)
        if path.suffix in (".yaml", ".yml") or path.is_file():
            found.append(load_mapping(path))
        elif name in opened.mappings:
            found.append(opened.mappings[name])
        else:
            raise MappingError(
                f"there is no mapping {name!r}",
                allowed=", ".join(opened.mappings) or "the path of a mapping file",
                hint=closest(name, opened.mappings),
            )
    return found


def _check(tables: Sequence[MappingTable], opened: Workspace, fail_on: str, format_: str) -> int:
    from understudy.mapping import check, samples_of

    findings = [finding for table in tables for finding in check(table, opened.contracts)]
    rows = sum(len(table.spec.rows) for table in tables)
    examples = sum(len(row.examples) for table in tables for row in table.spec.rows)
    samples = sum(len(samples_of(table).cases) for table in tables)
    if not tables or not rows:
        raise NothingVerified("no mapping was checked", hint="name a table, or add one under contracts/mappings")
    if format_ == "json":
        counts = {"mappings": len(tables), "rows": rows, "examples": examples, "samples": samples}
        document = {"counts": counts, "findings": [finding.as_dict() for finding in findings]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))
    else:
        for finding in findings:
            click.echo(_line(finding, format_))
        counted = f"{len(tables)} mappings, {rows} rows, {examples} examples, {samples} samples checked"
        click.echo(f"{counted}: {len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}", err=True)
    levels = {finding.level for finding in findings}
    failed = "error" in levels or (fail_on == "warning" and "warning" in levels)
    return EXIT_FINDINGS if failed else EXIT_CLEAN


def _line(finding: MappingFinding, format_: str) -> str:
    return f"- {finding}" if format_ == "markdown" else str(finding)


def _as_data(table: MappingTable) -> dict[str, Any]:
    spec = table.spec
    return {
        "mapping": spec.name,
        "version": spec.version,
        "title": spec.title,
        "owner": spec.owner,
        "source": str(spec.source),
        "target": str(spec.target),
        "lookups": {name: lookup.table.name if lookup.table else None for name, lookup in spec.lookups.items()},
        "rows": [
            {
                "id": row.id,
                "title": row.title,
                "owner": row.owner,
                "doc": row.doc,
                "fields": [
                    {
                        "source": [path.text for path in field.sources],
                        "target": field.target_text,
                        "type": field.type.text,
                        "required": field.required,
                        "when": field.when,
                        "steps": [{step.name: dict(step.arguments)} for step in field.steps],
                        "rules": [{rule.name: dict(rule.arguments)} for rule in field.rules],
                    }
                    for field in row.fields
                ],
            }
            for row in spec.rows
        ],
    }
