"""The documentation is true today: commands print what it shows, names exist, links lead somewhere."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.shell import ROOT, UNDERSTUDY, running, settings
from understudy import errors
from understudy.cli import COMMANDS, cli
from understudy.simulate.control import control_contract
from understudy.simulate.fault import KINDS
from understudy.workspace import open_workspace

from .pages import PAGES, anchors, blocks, calls, folder_for, links, masked, page_id, play, prose
from .tables import TABLES, filled, places

HINT = "bring the pages up to date with `python -m tests.docs`, and read the difference"
REFERENCE = ROOT / "docs" / "reference"
PLAYED = [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


# -- what commands print ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PLAYED, ids=page_id)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    """Every console block, in a copy of the workspace that holds the page's own files; durations apart."""
    text = text_of(page)
    folder = folder_for(text, tmp_path / "workspace")
    for block in blocks(text):
        if block.language == "console":
            for shown, printed in zip(calls(block), play(block, folder), strict=True):
                assert masked(printed.output) == masked(shown.output), f"$ {shown.command}\n{HINT}"


def test_the_readme_shows_a_run_its_failure_and_each_way_to_use_it() -> None:
    commands = [c.command for b in blocks(text_of(ROOT / "README.md")) if b.language == "console" for c in calls(b)]
    for word in ("understudy run", "--defect", "understudy explain", "understudy prove", "pytest"):
        assert any(word in command for command in commands), word


# -- what is named exists ---------------------------------------------------------------------------------------------


def commands_of(text: str) -> Iterator[list[str]]:
    """Every `understudy …` that a page names, as words: in shell blocks, indented blocks and code spans."""
    shell = "".join(b.text for b in blocks(text) if b.language in ("sh", "console"))
    lines = [line.removeprefix("$ ").split("#")[0] for line in shell.splitlines()]
    lines += re.findall(r"^    (understudy .*)$", prose(text), re.MULTILINE)
    lines += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(text))]
    for line in lines:
        for piece in re.split(r"[;|&]|>", line):
            if piece.strip().startswith("understudy "):
                yield shlex.split(piece, posix=False)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    planned = set(re.findall(r"`understudy (\w+)`", text_of(page))) & {"init"}
    for _, name, *rest in commands_of(text_of(page)):
        if name in planned or name in ("COMMAND", "--help"):
            continue
        assert name in COMMANDS, f"understudy {name}"
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        options = {text for parameter in command.params for text in parameter.opts} | {"--help"}
        for word in rest:
            if word.startswith("-"):
                assert word.partition("=")[0] in options, f"understudy {name} {word}"


@pytest.mark.parametrize("script", ["ci/run", "ci/test"])
def test_the_scripts_of_the_readme_can_be_called(script: str) -> None:
    assert re.search(rf"^{script}\b", text_of(ROOT / "README.md"), re.MULTILINE)
    assert os.access(ROOT / script, os.X_OK)


_FILE = re.compile(r"^(?:[\w.-]+/)*[\w.-]+\.(?:py|yaml|toml|json|md)$|^(?:[\w.-]+/)+$")


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_file_that_is_named_exists(page: Path) -> None:
    """A path in a code span is one in the project, in the engine, beside the page, or of a file that the page shows."""
    text = text_of(page)
    own = {block.title for block in blocks(text)} | {"first.cases.yaml", "run.json"}
    for span in re.findall(r"`([^`\n]+)`", prose(text)):
        if not _FILE.match(span) or span in own:
            continue
        bases = (ROOT, ROOT / "src" / "understudy", page.parent)
        found = any((base / span).exists() for base in bases) or ("/" not in span and any(ROOT.glob(f"*/**/{span}")))
        assert found, span


# -- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_pages_and_headings_that_are_there(page: Path) -> None:
    for link in links(text_of(page)):
        if link.startswith("https://"):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            text = text_of(target)
            assert anchor in anchors(text) | set(re.findall(r'<a id="([\w-]+)">', text)), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in links(text_of(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.is_dir():
                waiting += target.glob("*.md")
            elif target.suffix == ".md":
                waiting.append(target)
    assert set(PAGES) <= seen


# -- what the code says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_tables_are_those_of_the_code(page: Path) -> None:
    assert filled(text_of(page)) == text_of(page), HINT


@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_the_code_is_on_a_page(name: str) -> None:
    assert sum(name in places(text_of(page)) for page in PAGES) == 1


def test_every_invariant_is_listed_with_its_statement() -> None:
    page = text_of(REFERENCE / "invariants.md")
    for rule in open_workspace(ROOT).invariants.values():
        assert f"| `{rule.id}` | {rule.statement} |" in page


def test_every_control_operation_and_fault_is_documented() -> None:
    page = text_of(REFERENCE / "control-plane.md")
    for operation in control_contract().operations.values():
        assert f"| `{operation.id}` | `{operation.method} {operation.path}` |" in page
    for kind in KINDS:
        assert f"| `{kind}` |" in page


def test_exit_codes_are_those_of_the_code() -> None:
    codes = {str(value) for name, value in vars(errors).items() if name.startswith("EXIT_")}
    for page in (ROOT / "README.md", REFERENCE / "command-line.md"):
        section = text_of(page).split("\n## Exit codes\n")[1].split("\n## ")[0]
        assert set(re.findall(r"^\| (\d+) \|", section, re.MULTILINE)) == codes


def sections() -> dict[str, list[str]]:
    """Section of the workspace page -> the keys that its table lists."""
    parts = re.split(r"^## `\[([\w.]+)\]`$", text_of(REFERENCE / "workspace.md"), flags=re.MULTILINE)
    return {
        name: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def keys_in(config: dict[str, Any]) -> set[tuple[str, str]]:
    """(section, key) of a system map, with the sections' names as the page has them."""
    found = set()
    for section, table in config.items():
        if section in ("systems", "flows"):
            shown = f"{section}.{'NAME' if section == 'systems' else 'ID'}"
            found |= {(shown, key) for row in table.values() for key in row}
        else:
            found |= {(section, key) for key in table}
    return found


def test_every_key_of_the_system_map_is_documented() -> None:
    """Both ways: what the reference workspace says is on the page, and the page has nothing that nobody reads."""
    config = tomllib.loads(text_of(ROOT / "understudy.toml"))
    listed = {(section, key) for section, keys in sections().items() for key in keys}
    assert keys_in(config) <= listed
    reader = text_of(ROOT / "src" / "understudy" / "workspace.py") + text_of(
        ROOT / "src" / "understudy" / "cli" / "integration.py"
    )
    for section, key in listed - {(s, k) for s, k in listed if s == "policies"}:
        assert f'"{key}"' in reader or (section, key) == ("understudy", "version"), f"[{section}] {key}"


def test_every_policy_is_listed_with_its_values() -> None:
    page = text_of(REFERENCE / "workspace.md")
    policies = open_workspace(ROOT).policies
    assert sections()["policies"] == list(policies)
    for name, values in policies.items():
        assert f"| `{name}` | {', '.join(f'`{value}`' for value in values)} |" in page


def test_the_changelog_counts_rules_and_defects_right() -> None:
    opened = open_workspace(ROOT)
    text = " ".join(text_of(ROOT / "CHANGELOG.md").split())
    invariants = sum(rule.kind == "invariant" for rule in opened.invariants.values())
    assert f"{invariants} business rules" in text
    assert f"{len(opened.defects)} known defects" in text


# -- two terminals ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.sockets
def test_the_listener_of_the_guide_joins_by_subscribing_and_gets_the_order(tmp_path: Path) -> None:
    folder = folder_for(text_of(ROOT / "docs" / "guide" / "own-integration.md"), tmp_path)
    env_file = folder / "integration.env"
    options = ["--port", "0", "--env-file", env_file, "--integration-url", f"http://127.0.0.1:{_free_port()}"]
    with running([UNDERSTUDY, "up", *options], cwd=folder) as address, _listener(folder, settings(env_file)) as log:
        _until(lambda: _asked(f"{address}/control/v1/health")["integration"] == "external")
        run = _asked(f"{address}/control/v1/runs", {})
        order = _asked(f"{address}/store/v1/orders", _checkout(), {"X-Store-Access-Token": run["tokens"]["storefront"]})
        waited = {"type": "store.order.created.v1"}
        assert _asked(f"{address}/control/v1/runs/{run['runId']}/deliveries/await", waited)["count"] == 1
        _until(lambda: len(log.read_text().splitlines()) == 2)
        assert log.read_text() == f"subscribed: 201\ncom.example.store.order.created.v1 {order['name']} 35.46\n"


@contextlib.contextmanager
def _listener(folder: Path, env: dict[str, str]) -> Iterator[Path]:
    log = folder / "listener.log"
    with log.open("w") as sink:
        command = [sys.executable, "listener.py"]
        child = subprocess.Popen(command, cwd=folder, env={**os.environ, **env}, stdout=sink, stderr=subprocess.STDOUT)
        try:
            yield log
        finally:
            child.terminate()
            child.wait(15)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("not within 10 s")


def _asked(url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _checkout() -> Any:
    """The order of the test that the README shows."""
    page = blocks(text_of(ROOT / "README.md"))
    names: dict[str, Any] = {}
    exec(next(block.text for block in page if block.title == "test_mug.py"), names)  # noqa: S102 - our own page
    return names["ORDER"]
