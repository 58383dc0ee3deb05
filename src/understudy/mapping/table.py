"""A mapping table in use: loaded from YAML, applied to messages."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from understudy.contract import locate
from understudy.errors import MappingError
from understudy.mapping.apply import apply_program
from understudy.mapping.load import load_spec
from understudy.mapping.program import Program, compile_program
from understudy.mapping.result import Applied
from understudy.mapping.spec import TableSpec


@dataclass(frozen=True, slots=True)
class MappingTable:
    """A table that can be applied, rendered, checked against contracts, and used as the judge.

    spec: what the file says. program: the same, compiled.
    """

    spec: TableSpec
    program: Program

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def version(self) -> str:
        return self.spec.version

    @property
    def owner(self) -> str:
        return self.spec.owner

    @property
    def supplied(self) -> tuple[str, ...]:
        """The lookups that `apply` must be given."""
        return self.program.supplied

    def apply(self, source: Any, lookups: Mapping[str, Any], meta: Mapping[str, Any] | None = None) -> Applied:
        """Map one message.

        source: the JSON document. lookups: name -> mapping, function of the key, code table or plain value; one that
        has the name of a table from a file replaces it. meta: further documents by name: `event` (the envelope) and
        those that the table declares. Raises MappingError for a lookup or document that is not supplied.
        """
        return apply_program(self.program, source, lookups, meta)

    def where(self, pointer: str) -> str:
        """`file:line` of a place in the table."""
        return f"{self.spec.file}:{locate(self.spec.text, pointer)}"


def load_mapping(source: Path | str, *, name: str = "", base: Path | None = None) -> MappingTable:
    """The mapping table in a file, or in a text (a `str` with a line break).

    name: shown in errors, the path when empty. base: the folder of its code tables, the file's own when None.
    Raises MappingError with file and line for a table that cannot be executed.
    """
    if isinstance(source, str) and "\n" in source:
        text, shown, folder = source, name or "mapping", base
    else:
        path = Path(source)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            reason = getattr(problem, "strerror", None) or "the file is not UTF-8"
            raise MappingError(f"the mapping cannot be read: {reason}", where=str(path)) from None
        shown, folder = name or str(path), base or path.parent
    return _load(text, shown, folder, _stamp(folder))


@lru_cache(maxsize=64)
def _load(text: str, shown: str, folder: Path | None, _stamp: tuple[tuple[str, int, int], ...]) -> MappingTable:
    """Tables are values: a harness and the integration that it hosts share one of the same text and code tables."""
    spec = load_spec(text, shown, base=folder)
    return MappingTable(spec, compile_program(spec))


def _stamp(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What changes when a file below a table's folder does, its code tables among them."""
    found = []
    waiting = [str(folder)] if folder is not None and folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry.path)
                else:
                    stat = entry.stat()
                    found.append((entry.path, stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(found))
