"""The reports of a real scenario of the reference workspace."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.report.test_record import violations
from understudy.cli import run
from understudy.report import FORMATS


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HP-1 in every format."""
    folder = tmp_path_factory.mktemp("reports")
    options = [word for name in FORMATS for word in ("--report", f"{name}={folder / name}")]
    assert run(["run", "--only", "HP-1", "--seed", "42", *options]) == 0
    return folder


def loaded(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def test_its_record_is_as_the_schema_says(reports: Path) -> None:
    assert violations(loaded(reports / "json")) == []


def test_its_journal_comes_out_again_byte_for_byte(reports: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    assert run(["run", "--only", "HP-1", "--seed", "42", "--report", f"json={again}"]) == 0
    first, second = loaded(reports / "json"), loaded(again)
    assert json.dumps(first["journal"]) == json.dumps(second["journal"])


def test_its_page_names_every_step_and_every_system_and_stays_small(reports: Path) -> None:
    text = (reports / "html").read_text(encoding="utf-8")
    record = loaded(reports / "json")
    systems = {entry["system"] for entry in record["journal"][0]["entries"] if entry["kind"] == "exchange"}
    for word in ("scenario", "integration", *systems, *(step["id"] for step in record["scenarios"][0]["steps"])):
        assert f">{word}<" in text
    assert len(text.encode()) < 5_000_000 / 7


def test_its_archive_holds_every_exchange_and_delivery_and_its_junit_is_green(reports: Path) -> None:
    counts = loaded(reports / "json")["counts"]
    assert len(loaded(reports / "har")["log"]["entries"]) == counts["exchanges"] + counts["deliveries"]
    suite = ET.fromstring((reports / "junit").read_bytes())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")


def test_no_report_holds_a_credential(reports: Path) -> None:
    """What the integration signs in with is named after its purpose in this workspace."""
    for path in reports.iterdir():
        text = path.read_text(encoding="utf-8")
        for secret in (
            "integration-secret-at",
            "integration-key-at",
            "scenario-key-at",
            "signing-secret-of",
            "admin-key",
        ):
            assert secret not in text, path.name
