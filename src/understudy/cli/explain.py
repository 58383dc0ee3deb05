"""`understudy explain FILE`: a scenario in numbered plain sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from understudy.scenario import ContractLike, Document


@click.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Sentences to read, or the same as data.")  # fmt: skip
def command(file: Path, format_: str) -> None:
    """Tell a scenario in numbered plain sentences.

    FILE is an Arazzo document. Method and path of each call are named when the contracts that it refers to lie where
    it says; without them the operation ids stand alone.
    """
    from understudy.scenario import explain, load_document, tell

    document = load_document(file)
    contracts = _contracts(document, file)
    for warning in document.warnings:
        click.echo(str(warning), err=True)
    if format_ == "text":
        click.echo(explain(document, contracts), nl=False)
        return
    stories = [asdict(story) for story in tell(document, contracts)]
    title = {"title": document.title, "description": document.summary or document.description}
    click.echo(json.dumps({"document": document.name, **title, "workflows": stories}, ensure_ascii=False, indent=2))


def _contracts(document: Document, file: Path) -> Mapping[str, ContractLike] | None:
    """The contracts of all sources, or None when one of them is not at hand: a story is better than none."""
    from understudy.contract import Contract, read_yaml
    from understudy.errors import ContractError
    from understudy.scenario.program import all_documents

    found: dict[str, ContractLike] = {}
    for part in all_documents(document):
        folder = file.parent if part is document else Path(part.name).parent
        for source in part.sources.values():
            path = folder / source.url
            if source.type != "openapi" or source.name in found:
                continue
            if "://" in source.url or not path.is_file():
                return None
            found[source.name] = Contract(source.name, read_yaml(path, error=ContractError), where=str(path))
    return found or None
