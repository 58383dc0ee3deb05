"""`understudy run`: same seed, same journal; every report; the same scenarios over sockets; from the wheel alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import INTEGRATION, ROOT, UNDERSTUDY, running, settings, understudy

WHEELS = ROOT / "build" / "wheels"
CATALOGUE = {"HP-1", "HP-2", "HP-3", "PS-1", "MD-1", "DU-1", "DU-2"}


def record_of(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def journal_bytes(path: Path) -> bytes:
    return json.dumps(record_of(path)["journal"], ensure_ascii=False).encode()


def names(record: dict[str, Any]) -> set[str]:
    return {scenario["name"] for scenario in record["scenarios"]}


def test_every_scenario_of_the_reference_workspace_passes_and_counts_are_shown(tmp_path: Path) -> None:
    done = understudy("run", "--report", f"json={tmp_path}/run.json")
    record = record_of(tmp_path / "run.json")
    assert done.code == 0, done.out
    assert names(record) == CATALOGUE
    assert {s["outcome"] for s in record["scenarios"]} == {"passed"}
    assert all(s["unproven"] == [] for s in record["scenarios"])
    for word in ("steps", "exchanges", "deliveries", "invariants"):
        assert word in done.out


def test_the_same_seed_gives_the_same_journal_byte_for_byte(tmp_path: Path) -> None:
    journals = []
    for number, hash_seed in enumerate(("0", "1", "2")):
        report = tmp_path / f"{number}.json"
        env = {"PYTHONHASHSEED": hash_seed}
        assert understudy("run", "--seed", "42", "--report", f"json={report}", env=env).code == 0
        journals.append(journal_bytes(report))
    assert journals[0] == journals[1] == journals[2]


def test_another_seed_gives_another_journal_and_passes_too(tmp_path: Path) -> None:
    journals = []
    for seed in ("42", "43"):
        report = tmp_path / f"{seed}.json"
        assert understudy("run", "--seed", seed, "--report", f"json={report}").code == 0
        journals.append(journal_bytes(report))
    assert journals[0] != journals[1]


def test_all_reports_are_written_and_hold_no_credential(tmp_path: Path) -> None:
    options = [f"{name}={tmp_path}/run.{name}" for name in ("json", "junit", "har", "html")]
    arguments = [part for option in options for part in ("--report", option)]
    assert understudy("run", "--only", "HP-1", *arguments).code == 0
    for name in ("json", "junit", "har", "html"):
        text = (tmp_path / f"run.{name}").read_text(encoding="utf-8")
        assert "HP-1" in text
        for secret in ("integration-secret-at-", "signing-secret-of-", "integration-key-at-", "scenario-key-at-"):
            assert secret not in text


def test_json_goes_to_stdout_and_words_to_stderr() -> None:
    done = understudy("run", "--only", "HP-1", "--format", "json")
    assert json.loads(done.out)["verdict"] == "passed"
    assert "HP-1" in done.err


def test_a_defect_fails_the_run_with_exit_1_and_says_how_to_repeat_it() -> None:
    done = understudy("run", "--only", "HP-1", "--defect", "drops-freight")
    assert done.code == 1
    assert (
        "understudy run scenarios/happy-path/hp-1.arazzo.yaml --only HP-1 --seed 42 --defect drops-freight" in done.out
    )
    assert "ORD-8" in done.out


def test_a_policy_holds_for_every_run(tmp_path: Path) -> None:
    report = f"json={tmp_path}/run.json"
    done = understudy("run", "--only", "HP-1", "--policy", "idempotencySupport=none", "--report", report)
    assert done.code == 0
    assert record_of(tmp_path / "run.json")["scenarios"][0]["run"]["policies"]["idempotencySupport"] == "none"


@pytest.mark.slow
@pytest.mark.sockets
def test_the_same_scenarios_pass_over_sockets_against_the_integration_as_a_process_twice(tmp_path: Path) -> None:
    env_file = tmp_path / "integration.env"
    up = [UNDERSTUDY, "up", "--port", "0", "--workspace", ROOT, "--env-file", env_file]
    port = "8719"
    up += ["--integration-url", f"http://127.0.0.1:{port}"]
    with running(up, cwd=tmp_path) as address:
        variables = {
            **settings(env_file),
            "UNDERSTUDY_INTEGRATION_PORT": port,
            "UNDERSTUDY_INTEGRATION_DATABASE": str(tmp_path / "integration.sqlite3"),
        }
        with running([INTEGRATION], cwd=tmp_path, env=variables):
            for number, only, expected in ((1, (), CATALOGUE), (2, ("--only", "HP-1"), {"HP-1"})):
                report = tmp_path / f"{number}.json"
                done = understudy("run", *only, "--against", address, "--report", f"json={report}", limit_s=240)
                record = record_of(report)
                assert done.code == 0, done.out
                assert names(record) == expected
                assert {s["run"]["integration"] for s in record["scenarios"]} == {"external"}


@pytest.mark.slow
@pytest.mark.sockets
def test_the_same_scenarios_pass_over_sockets_with_the_embedded_integration(tmp_path: Path) -> None:
    with running([UNDERSTUDY, "up", "--port", "0", "--workspace", ROOT], cwd=tmp_path) as address:
        report = tmp_path / "run.json"
        done = understudy("run", "--against", address, "--report", f"json={report}", limit_s=240)
        assert done.code == 0, done.out
        assert {s["run"]["integration"] for s in record_of(report)["scenarios"]} == {"embedded"}


@pytest.mark.slow
@pytest.mark.needs_wheels
def test_the_wheel_alone_runs_in_an_empty_environment_and_an_empty_folder(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", WHEELS, "understudy"]
    subprocess.run(install, check=True)
    (tmp_path / "empty").mkdir()
    command = [python.with_name("understudy"), "run"]
    done = subprocess.run(command, cwd=tmp_path / "empty", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "HP-1" in done.stdout
    assert list((tmp_path / "empty").iterdir()) == []
