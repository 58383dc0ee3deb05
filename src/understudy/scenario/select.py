"""Which scenarios run: the documents below some paths, their workflows and cases, narrowed by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.errors import NothingVerified, ScenarioError, closest
from understudy.scenario.inputs import cases_path, load_cases
from understudy.scenario.model import Workflow
from understudy.scenario.read import load_document

SUFFIXES = (".arazzo.yaml", ".arazzo.yml", ".arazzo.json")


@dataclass(frozen=True, slots=True)
class Selected:
    """One scenario to run. case: label of a row of the cases file, empty without one. group: folder of the document."""

    workflow: Workflow
    case: str
    inputs: Mapping[str, Any]
    path: Path

    @property
    def id(self) -> str:
        """`DU-2`, or `DU-2[none]` for a case."""
        return f"{self.workflow.id}[{self.case}]" if self.case else self.workflow.id


def find_documents(paths: Iterable[Path]) -> list[Path]:
    """The Arazzo files at or below the paths, sorted. Raises ScenarioError for a path that is not there."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.name.endswith(SUFFIXES) and p.is_file())
        elif path.is_file():
            files = [path]
        else:
            near = closest(path.name, [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else [])
            raise ScenarioError("there is no such file or folder", where=str(path), hint=near)
        for file in files:
            found[file] = None
    return list(found)


def select(paths: Iterable[Path], names: Sequence[str] = (), *, shown_from: Path | None = None) -> list[Selected]:
    """Every workflow of every document, one entry per case.

    names: keep only scenarios whose id contains one of these, ignoring case. Raises ScenarioError for documents that
    cannot be read, NothingVerified when nothing is left.
    """
    documents = find_documents(paths)
    base = shown_from or Path.cwd()
    selected: list[Selected] = []
    for path in documents:
        document = load_document(path, shown=_shown(path, base))
        cases_file = cases_path(path)
        cases = load_cases(cases_file, shown=_shown(cases_file, base)) if cases_file.is_file() else ()
        for workflow in document.workflows.values():
            if cases:
                selected += [Selected(workflow, case.label, case.inputs, path) for case in cases]
            else:
                selected.append(Selected(workflow, "", {}, path))
    kept = [s for s in selected if not names or any(name.lower() in s.id.lower() for name in names)]
    if not kept:
        known = [s.id for s in selected]
        if not selected:
            raise NothingVerified(
                "there is no scenario here", where=", ".join(map(str, paths)), allowed="*.arazzo.yaml"
            )
        raise NothingVerified(
            f"no scenario is called {' or '.join(names)}",
            allowed=", ".join(known),
            hint=closest(names[0], known) if names else "",
        )
    return kept


def _shown(path: Path, base: Path) -> str:
    try:
        return str(path.resolve().relative_to(base.resolve()))
    except ValueError:
        return str(path)
