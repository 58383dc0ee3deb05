"""Where reports go: `--report FORMAT=FILE`, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.errors import UnusableInput, closest


@dataclass(frozen=True, slots=True)
class ReportTarget:
    """One report to write. format: a key of FORMATS."""

    format: str
    path: Path


def parse_option(option: str, formats: Mapping[str, Any]) -> ReportTarget:
    """`html=out/report.html` -> its target. Raises UnusableInput for another format, or without a path."""
    name, equals, path = option.partition("=")
    known = ", ".join(formats)
    where = f"--report {option}"
    if not equals or not path:
        raise UnusableInput(
            f"{option!r} names no report file",
            where=where,
            allowed=f"FORMAT=FILE with one of {known}",
            hint=f"for example --report {name if name in formats else 'html'}=report.{_ending(name)}",
        )
    if name not in formats:
        raise UnusableInput(
            f"there is no report format {name!r}", where=where, allowed=known, hint=closest(name.lower(), formats)
        )
    return ReportTarget(name, Path(path))


def _ending(name: str) -> str:
    return {"json": "json", "junit": "xml", "har": "har"}.get(name, "html")


def write(target: ReportTarget, record: Mapping[str, Any], render: Callable[[Mapping[str, Any]], str | bytes]) -> None:
    """Render the record and put it in place in one move: a reader never meets half a report.

    Raises UnusableInput when the path cannot be written or the disk is full; what stood there before is kept.
    """
    rendered = render(record)
    content = rendered.encode("utf-8") if isinstance(rendered, str) else rendered
    try:
        if target.path.exists() and not target.path.is_file() and not target.path.is_dir():
            # /dev/stdout, a named pipe: there is nothing to replace, and a rename would destroy it.
            target.path.write_bytes(content)
        else:
            _replace(target.path, content)
    except OSError as problem:
        raise UnusableInput(
            f"the {target.format} report cannot be written: {problem.strerror or problem}",
            where=f"--report {target.format}={target.path}",
            allowed="a file in a folder that exists, with room for it",
            hint=_hint(target.path, problem),
        ) from None


def _replace(path: Path, content: bytes) -> None:
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    # Through a link, so that the link stays and its file is replaced.
    final = path.resolve()
    beside = final.with_name(f".{final.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
        beside.replace(final)
    except BaseException:
        # Also for Ctrl-C: no half-written file stays behind, and the first problem is the one to report.
        with suppress(OSError):
            beside.unlink()
        raise


def _hint(path: Path, problem: OSError) -> str:
    if isinstance(problem, FileNotFoundError):
        return f"create the folder first: mkdir -p {path.parent}"
    if isinstance(problem, IsADirectoryError):
        return f"name a file in it: {path / 'report'}"
    if isinstance(problem, PermissionError):
        return "choose a folder that you may write to"
    return "free some space, or choose another place; the other reports are not affected"
