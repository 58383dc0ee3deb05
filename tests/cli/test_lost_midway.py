"""What breaks off a run midway keeps its report: what is known so far is written before the words about it."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import ROOT, UNDERSTUDY
from understudy.cli import run
from understudy.errors import Unreachable, WorkspaceError
from understudy.scenario.theatre import InProcess, OverSockets


def scenarios(path: Path) -> list[tuple[str, str]]:
    record = json.loads(path.read_text(encoding="utf-8"))
    return [(scenario["id"], scenario["outcome"]) for scenario in record["scenarios"]]


@pytest.mark.parametrize(
    "address", ["http://[::1", "foo bar", "ftp://x", "http://127.0.0.1:99999", "http://127.0.0.1:port", "://"]
)
def test_what_is_no_address_is_refused_as_such(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "--only", "HP-3", "--against", address]) == 2
    assert "is no address" in capsys.readouterr().err


def test_input_that_turns_out_unusable_midway_is_2_with_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def judge(self: InProcess, **_: Any) -> Any:
        raise WorkspaceError("a rule cannot be read")

    monkeypatch.setattr(InProcess, "judge", judge)
    report = tmp_path / "run.json"
    assert run(["run", "--only", "HP-3", "--report", f"json={report}"]) == 2
    assert scenarios(report) == [("HP-3", "error")]
    assert "error: a rule cannot be read" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback_and_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(self: InProcess, **_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(InProcess, "judge", judge)
    report = tmp_path / "run.json"
    with pytest.raises(RuntimeError, match="a bug"):
        run(["run", "--only", "HP-3", "--report", f"json={report}"])
    assert scenarios(report) == [("HP-3", "error")]


def test_a_control_plane_that_is_lost_in_mid_answer_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        theatre = OverSockets(f"127.0.0.1:{server.getsockname()[1]}", {})
        theatre.started({"runId": "w1"})
        with pytest.raises(Unreachable, match="was lost during evaluateInvariants"):
            theatre.judge(scope="final", step="", proves=())
        theatre.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_cannot_be_written_is_2_without_a_traceback(tmp_path: Path) -> None:
    report = tmp_path / "run.json"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [UNDERSTUDY, "run", "--only", "HP-3", "--format", "json", "--report", f"json={report}"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert "Traceback" not in done.stderr
    assert "error: the output cannot be written: No space left on device" in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == 2
    assert scenarios(report) == [("HP-3", "passed")]
