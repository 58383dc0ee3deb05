"""The pages of the documentation as data: their blocks, their links, and what their commands print today.

A fenced block may have a title, ```` ```yaml title=first.arazzo.yaml ````: a file that the page's commands find where
they run. In a `console` block a line that begins with `$ ` is a command, what follows is its output.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli.shell import ROOT, copy_of_the_workspace

PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "integration" / "README.md", *(ROOT / "docs").rglob("*.md")]
)
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_DURATION = re.compile(r"\b\d+\.\d\d?(?= ?s\b)")
_MARK = "\x1e"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. start and end: where its text lies in the page."""

    language: str
    title: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A command and what is said to be its output."""

    command: str
    output: str


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(text: str) -> list[Block]:
    found = []
    for match in _FENCE.finditer(text):
        language, _, rest = match["info"].strip().partition(" ")
        title = rest.partition("title=")[2].strip()
        found.append(Block(language, title, match["text"], match.start("text"), match.end("text")))
    return found


def prose(text: str) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", text)


def calls(block: Block) -> list[Call]:
    """The commands of a console block with their outputs."""
    found: list[Call] = []
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append(Call(line[2:].strip(), ""))
        else:
            found[-1] = Call(found[-1].command, found[-1].output + line)
    return found


def masked(output: str) -> str:
    """The output without what differs from run to run: how long it took."""
    return _DURATION.sub("0.00", output).rstrip()


def folder_for(text: str, parent: Path) -> Path:
    """A copy of the reference workspace with the files that the page shows."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = copy_of_the_workspace(parent)
    for block in blocks(text):
        if block.title:
            place = folder / block.title
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block.text, encoding="utf-8")
    return folder


def play(block: Block, folder: Path) -> list[Call]:
    """The commands of a console block with what they print in that folder; `$?` is that of the command before."""
    script = ["code=0"]
    for call in calls(block):
        script += [f"printf '{_MARK}'", f"(exit $code); {call.command}", "code=$?"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    environ.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    outputs = done.stdout.split(_MARK)[1:]
    return [Call(call.command, output) for call, output in zip(calls(block), outputs, strict=True)]


def links(text: str) -> Iterator[str]:
    """The targets of the page's links, images included."""
    yield from re.findall(r"\]\(([^)\s]+)\)", prose(text))


def anchors(text: str) -> set[str]:
    """The anchors that the page's headings make, as GitHub does."""
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.+?) *$", prose(text), re.MULTILINE):
        plain = unicodedata.normalize("NFC", re.sub(r"[`*_]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title)))
        found.add(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return found


def replaced(text: str, block: Block, played: list[Call]) -> str:
    """The page with a console block as it was played; a command whose output differs only in durations is kept."""
    shown = ""
    for old, new in zip(calls(block), played, strict=True):
        output = old.output if masked(old.output) == masked(new.output) else new.output
        shown += f"$ {old.command}\n{output.rstrip(chr(10))}" + "\n" * bool(output.strip())
    return text[: block.start] + shown + text[block.end :]
