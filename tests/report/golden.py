"""The reports of the hand-made record, as files reviewed like code; `python -m tests.report.golden` rewrites them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.report import sample
from understudy.report import FORMATS, render_text

FOLDER = Path(__file__).parent / "golden"


def fixed_record() -> dict[str, Any]:
    """The record with a version that does not change with every release."""
    return {**sample.record(), "tool": {"name": "understudy", "version": "1.0"}}


def _page(record: dict[str, Any]) -> str:
    """The page without its style and script, which are files of their own already."""
    text = str(FORMATS["html"](record))
    text = re.sub(r"(<style>).*?(</style>)", r"\1\2", text, flags=re.DOTALL)
    text = re.sub(r"(<script>).*?(</script>)", r"\1\2", text, flags=re.DOTALL)
    return re.sub(r"sha256-[^']+", "sha256-of-the-script", text)


GOLDEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "run.txt": render_text,
    "run.junit.xml": lambda record: bytes(FORMATS["junit"](record)).decode(),  # type: ignore[arg-type]
    "run.har": lambda record: str(FORMATS["har"](record)),
    "run.json": lambda record: str(FORMATS["json"](record)),
    "run.html": _page,
}


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, render in GOLDEN.items():
        (FOLDER / name).write_text(render(fixed_record()), encoding="utf-8")


if __name__ == "__main__":
    write()
