"""The page in a real browser: no console message, and everything there to read without JavaScript."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report import sample
from understudy.cli import run
from understudy.report import ReportTarget, write_report

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

pytestmark = pytest.mark.needs_browser

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--enable-logging=stderr", "--dump-dom",
)  # fmt: skip
CONSOLE = re.compile(r":CONSOLE[:(].*")


class Visible(HTMLParser):
    """Texts that a reader sees: not within a closed <details>, unless in its summary."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[tuple[str, bool]] = []
        self.texts: dict[str, list[str]] = {}
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br", "hr", "img", "input"):
            self.path.append((tag, tag == "details" and "open" not in dict(attrs)))
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.path and self.path.pop()[0] != tag:
            continue

    def handle_data(self, data: str) -> None:
        closed = [position for position, (_, shut) in enumerate(self.path) if shut]
        heading = [position for position, (tag, _) in enumerate(self.path) if tag == "summary"]
        # A summary shows as long as only its own details is closed.
        hidden = closed and not (heading and closed == [heading[-1] - 1])
        if data.strip() and self.path and not hidden:
            self.texts.setdefault(self.path[-1][0], []).append(data.strip())


def browse(page: Path, profile: Path, *, scripts: bool = True, fragment: str = "") -> tuple[str, list[str]]:
    """The document after loading, and what the console said. profile: a folder that does not exist yet."""
    if BROWSER is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI promises to look at the page")
        pytest.skip(reason)
    if not scripts:
        # By the user's setting: `--blink-settings=scriptEnabled=false` also stops the page that implements --dump-dom.
        (profile / "Default").mkdir(parents=True)
        settings = {"profile": {"default_content_setting_values": {"javascript": 2}}}
        (profile / "Default" / "Preferences").write_text(json.dumps(settings))
    done = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={profile}", f"{page.as_uri()}{fragment}"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "</html>" in done.stdout, done.stderr
    return done.stdout, CONSOLE.findall(done.stderr)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    write_report(ReportTarget("html", path), sample.record())
    return path


def test_the_page_loads_without_a_word_on_the_console_and_its_comforts_work(page: Path, tmp_path: Path) -> None:
    document, console = browse(page, tmp_path / "profile")
    assert console == []
    assert '<button type="button">copy</button>' in document
    assert '<button type="button">open all</button>' in document


def test_the_page_of_a_real_run_loads_without_a_word_on_the_console(tmp_path: Path) -> None:
    path = tmp_path / "hp-1.html"
    assert run(["run", "--only", "HP-1", "--report", f"html={path}"]) == 0
    document, console = browse(path, tmp_path / "profile")
    assert console == []
    assert "HP-1" in document


def test_the_console_would_have_been_heard(page: Path, tmp_path: Path) -> None:
    """Guards the test above: a script that the page's policy refuses is reported there."""
    page.write_text(page.read_text(encoding="utf-8").replace("</footer>", "</footer><script>alert(1)</script>"))
    _, console = browse(page, tmp_path / "profile")
    assert any("Content Security Policy" in line for line in console)


def test_without_javascript_scenarios_steps_and_offending_rows_can_be_read(page: Path, tmp_path: Path) -> None:
    document, console = browse(page, tmp_path / "profile", scripts=False)
    assert console == []
    visible = Visible()
    visible.feed(document)
    assert "button" not in visible.tags
    headings = visible.texts["h3"]
    assert headings == [
        "HP-1 · One order, from the shop into the books", "DU-2[none] · A lost answer makes no second order", "PS-1",
    ]  # fmt: skip
    assert {"start", "order", "read"} <= set(visible.texts["b"])
    assert "$response.body#/name == '#1001'" in visible.texts["code"]
    assert "ORD-2 does not hold: Exactly one ERP order per (sourceSystem, sourceOrderId)" in visible.texts["h5"]
    assert {"5512340002", "8", '["SO-1", "SO-2"]'} <= set(visible.texts["td"])
    assert "503 (fault status)" in visible.texts["text"]
    assert any("understudy run scenarios/du-2.arazzo.yaml" in text for text in visible.texts["code"])


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_link_of_the_diagram_leads_into_a_scenario_that_is_folded(page: Path, tmp_path: Path, scripts: bool) -> None:
    """The payload lies within three closed details; a browser opens them for a fragment, the script for a click."""
    document, console = browse(page, tmp_path / "profile", scripts=scripts, fragment="#s1-m7")
    assert console == []
    assert '<details class="scenario" id="s1" open="">' in document
    assert re.search(r'<details open=""><summary><span class="seq">#7</span>', document)
