"""`--report FORMAT=FILE`: what is accepted, and that a report is written whole or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report import sample
from understudy.errors import UnusableInput
from understudy.report import FORMATS, ReportTarget, parse_report_option, write_report


def test_a_target_is_a_format_and_a_path() -> None:
    assert parse_report_option("html=out/a=b.html") == ReportTarget("html", Path("out/a=b.html"))


@pytest.mark.parametrize(
    ("option", "message", "hint"),
    [
        ("htlm=a.html", "there is no report format 'htlm'", "did you mean 'html'?"),
        ("JSON=a.json", "there is no report format 'JSON'", "did you mean 'json'?"),
        ("pdf=a.pdf", "there is no report format 'pdf'", ""),
        ("html", "'html' names no report file", "for example --report html=report.html"),
        ("junit=", "'junit=' names no report file", "for example --report junit=report.xml"),
        ("=a.html", "there is no report format ''", ""),
    ],
)
def test_an_unusable_option_is_refused_with_what_was_allowed(option: str, message: str, hint: str) -> None:
    with pytest.raises(UnusableInput) as refusal:
        parse_report_option(option)
    assert (refusal.value.message, refusal.value.hint) == (message, hint)
    assert "json, junit, har, html" in refusal.value.allowed
    assert refusal.value.where == f"--report {option}"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_to_its_file(name: str, tmp_path: Path) -> None:
    record = sample.record()
    rendered = FORMATS[name](record)
    path = tmp_path / "report"
    write_report(ReportTarget(name, path), record)
    assert path.read_bytes() == (rendered.encode() if isinstance(rendered, str) else rendered)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("before")
    link.symlink_to(real)
    write_report(ReportTarget("json", link), sample.record())
    assert link.is_symlink()
    assert real.read_text().startswith("{")


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("nowhere/report.html", "create the folder first: mkdir -p {root}/nowhere"),
        ("folder", "name a file in it: {root}/folder/report"),
        ("file/report.html", "free some space, or choose another place; the other reports are not affected"),
        ("x" * 300, "free some space, or choose another place; the other reports are not affected"),
    ],
    ids=["no such folder", "a folder", "below a file", "a name too long"],
)
def test_a_path_that_cannot_be_written_is_unusable_input(place: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UnusableInput) as refusal:
        write_report(ReportTarget("html", tmp_path / place), sample.record())
    assert refusal.value.message.startswith("the html report cannot be written: ")
    assert refusal.value.where == f"--report html={tmp_path / place}"
    assert refusal.value.hint == hint.format(root=tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_unusable_input() -> None:
    with pytest.raises(UnusableInput, match="No space left on device"):
        write_report(ReportTarget("json", Path("/dev/full")), sample.record())


@pytest.fixture
def small_files() -> Iterator[None]:
    """Files end at a kilobyte, as on a disk that fills up in the middle of a report."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
def test_a_report_that_breaks_off_leaves_the_earlier_one_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("the report of yesterday")
    with pytest.raises(UnusableInput, match="cannot be written"):
        write_report(ReportTarget("html", path), sample.record())
    assert path.read_text() == "the report of yesterday"
    assert list(tmp_path.iterdir()) == [path]
