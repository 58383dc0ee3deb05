"""Bring the documentation up to date with the code: `python -m tests.docs`.

Writes the tables that come from the code, and the output of the commands in `console` blocks, into the pages. Read the
difference before you commit it: the words around a table do not change by themselves.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .pages import PAGES, blocks, folder_for, page_id, play, replaced
from .tables import filled


def main() -> None:
    for page in PAGES:
        old = page.read_text(encoding="utf-8")
        text = filled(old)
        shown = [block for block in blocks(text) if block.language == "console"]
        with tempfile.TemporaryDirectory() as parent:
            folder = folder_for(text, Path(parent)) if shown else Path(parent)
            played = [play(block, folder) for block in shown]
        for block, result in reversed(list(zip(shown, played, strict=True))):
            text = replaced(text, block, result)
        if text != old:
            page.write_text(text, encoding="utf-8")
            print(f"rewrote {page_id(page)}", file=sys.stderr)


if __name__ == "__main__":
    main()
