"""Bad input gets a clear message and the exit code of design section 7, never a traceback, and loses nothing."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.shell import ROOT, UNDERSTUDY, copy_of_the_workspace, running, understudy

SCENARIO = "scenarios/happy-path/hp-1.arazzo.yaml"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return copy_of_the_workspace(tmp_path)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_missing_contract_is_named(workspace: Path) -> None:
    (workspace / "contracts/wms/openapi.yaml").unlink()
    done = understudy("run", cwd=workspace)
    assert done.code == 2
    assert "the contract of 'wms' is missing" in done.err
    assert "contracts/wms/openapi.yaml" in done.err


def test_a_broken_contract_is_named_with_its_line(workspace: Path) -> None:
    replace(workspace / "contracts/wms/openapi.yaml", "paths:\n", "paths: [\n")
    done = understudy("run", cwd=workspace)
    assert done.code == 2
    assert "not readable as YAML" in done.err
    assert "contracts/wms/openapi.yaml:" in done.err


@pytest.mark.parametrize(
    "content, words",
    [
        ("[]", "this is not an OpenAPI document"),
        ("openapi: 2.0.0", "OpenAPI 2.0.0 is not supported"),
        ("", "this is not an OpenAPI document"),
        ("openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: 7", "no usable `paths`"),
    ],
)
def test_a_file_that_is_no_contract_is_refused(workspace: Path, content: str, words: str) -> None:
    (workspace / "contracts/crm/openapi.yaml").write_text(content)
    done = understudy("run", cwd=workspace)
    assert done.code == 2
    assert words in done.err


def test_a_reference_that_leads_nowhere_is_refused(workspace: Path) -> None:
    path = workspace / "contracts/crm/openapi.yaml"
    replace(path, "#/components/parameters/", "#/components/parametres/")
    done = understudy("run", cwd=workspace)
    assert done.code == 2
    assert "parametres" in done.err


def test_an_unknown_operation_is_named_with_line_and_nearest(workspace: Path) -> None:
    replace(workspace / SCENARIO, "storefront.createOrder", "storefront.createOrdr")
    done = understudy("run", SCENARIO, cwd=workspace)
    assert done.code == 2
    assert f"{SCENARIO}:" in done.err
    assert "createOrder" in done.err


def test_a_mapping_row_that_points_at_no_field_is_named_with_file_and_line(workspace: Path) -> None:
    path = workspace / "contracts/mappings/erp-sales-invoice-to-crm-invoice-view.yaml"
    replace(path, "target: dueDate", "target: dueDat")
    done = understudy("run", cwd=workspace)
    assert done.code == 2
    assert "erp-sales-invoice-to-crm-invoice-view.yaml:" in done.err
    assert "dueDate" in done.err


def test_an_unknown_defect_gets_the_nearest_name() -> None:
    done = understudy("run", "--defect", "drops-freigt")
    assert done.code == 2
    assert "there is no defect 'drops-freigt'" in done.err


@pytest.mark.parametrize("option", ["idempotencySuport=none", "idempotencySupport=perhaps", "idempotencySupport"])
def test_an_unknown_policy_or_value_is_refused(option: str) -> None:
    done = understudy("run", "--policy", option)
    assert done.code == 2
    assert "idempotencySup" in done.err


def test_a_target_that_is_not_there_is_exit_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = understudy("run", "--against", f"http://127.0.0.1:{port}")
    assert done.code == 3
    assert "cannot be reached" in done.err


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = understudy("up", "--port", str(taken.getsockname()[1]))
    assert done.code == 2
    assert "cannot listen on 127.0.0.1" in done.err


def test_selecting_nothing_is_exit_4() -> None:
    done = understudy("run", "--only", "HP-99")
    assert done.code == 4
    assert "no scenario is called HP-99" in done.err
    assert "HP-1" in done.err


def test_a_folder_without_scenarios_is_exit_4(tmp_path: Path) -> None:
    assert understudy("run", str(tmp_path)).code == 4


def test_a_path_that_is_not_there_is_exit_2() -> None:
    done = understudy("run", "scenarios/happy-path/hp-7.arazzo.yaml")
    assert done.code == 2
    assert "no such file" in done.err


def test_a_yaml_bomb_is_refused(workspace: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
    )
    for path in ("contracts/crm/openapi.yaml", "scenarios/bomb.arazzo.yaml"):
        original = (workspace / path).read_text() if (workspace / path).exists() else None
        (workspace / path).write_text(bomb)
        done = understudy("run", cwd=workspace, limit_s=30)
        assert (done.code, "aliases expand" in done.err) == (2, True), done.err
        if original is not None:
            (workspace / path).write_text(original)


def test_a_document_of_100_mb_is_refused_at_once(workspace: Path) -> None:
    for path in ("contracts/crm/openapi.yaml", "scenarios/huge.arazzo.yaml"):
        original = (workspace / path).read_text() if (workspace / path).exists() else None
        with (workspace / path).open("w") as file:
            file.write("x: |\n")
            for _ in range(100):
                file.write("  " + "y" * 1_048_570 + "\n")
        began = time.monotonic()
        done = understudy("run", cwd=workspace, limit_s=30)
        assert (done.code, "bytes" in done.err) == (2, True), done.err
        assert time.monotonic() - began < 10
        if original is None:
            (workspace / path).unlink()
        else:
            (workspace / path).write_text(original)


def test_an_unwritable_report_is_said_and_loses_no_other_report(tmp_path: Path) -> None:
    done = understudy(
        "run", "--only", "HP-1",
        "--report", f"json={tmp_path}/none/run.json",
        "--report", f"junit={tmp_path}/run.xml",
    )  # fmt: skip
    assert done.code == 2
    assert "none/run.json" in done.err
    assert (tmp_path / "run.xml").read_text().startswith("<?xml")
    assert "HP-1" in done.out


def test_a_full_disk_is_said() -> None:
    done = understudy("run", "--only", "HP-1", "--report", "json=/dev/full")
    assert done.code == 2
    assert "/dev/full" in done.err


def test_an_unknown_report_format_gets_the_nearest_name() -> None:
    done = understudy("run", "--report", "jnit=x.xml")
    assert done.code == 2
    assert "junit" in done.err


def test_an_unknown_command_gets_the_nearest_name() -> None:
    done = understudy("rnu")
    assert done.code == 2
    assert "run" in done.err


def test_a_broken_understudy_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "understudy.toml").write_text("[understudy\n")
    done = understudy("run", cwd=tmp_path)
    assert done.code == 2
    assert "not readable as TOML" in done.err


@pytest.mark.slow
@pytest.mark.sockets
def test_ctrl_c_in_mid_run_writes_the_report_and_is_exit_130(tmp_path: Path) -> None:
    waiting = tmp_path / "waiting.arazzo.yaml"
    text = (
        (ROOT / SCENARIO)
        .read_text()
        .replace("== 'released'", "== 'never'")
        .replace("../../contracts", str(ROOT / "contracts"))
    )
    waiting.write_text(text)
    with running([UNDERSTUDY, "up", "--port", "0", "--workspace", ROOT], cwd=tmp_path) as address:
        command = [UNDERSTUDY, "run", str(waiting), "--against", address, "--report", f"json={tmp_path}/run.json"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(4)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert child.returncode == 130, (out, err)
    assert "Traceback" not in err
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["verdict"] == "interrupted"
    assert record["scenarios"][0]["steps"][1]["id"] == "shopper-orders"
    assert record["journal"][0]["entries"]


@pytest.mark.sockets
def test_a_body_over_the_limit_and_deep_json_are_refused_and_the_server_goes_on(tmp_path: Path) -> None:
    import http.client

    with running([UNDERSTUDY, "up", "--port", "0", "--workspace", ROOT], cwd=tmp_path) as address:
        host, port = address.removeprefix("http://").split(":")

        def post(path: str, body: bytes, content_type: str = "application/json") -> tuple[int, str]:
            connection = http.client.HTTPConnection(host, int(port), timeout=10)
            connection.request("POST", path, body, {"content-type": content_type})
            answer = connection.getresponse()
            code = json.loads(answer.read())["code"]
            connection.close()
            return answer.status, code

        assert post("/control/v1/runs", b"[" * 100_000) == (400, "malformed-request")
        assert post("/control/v1/runs", b'{"seed": NaN}') == (400, "malformed-request")
        assert post("/store/v1/orders", b" " * (1024 * 1024 + 1)) == (413, "payload-too-large")
        assert post("/control/v1/runs", b"{}", "text/csv") == (415, "unsupported-media-type")
        assert post("/nowhere", b"{}") == (404, "not-found")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", "/control/v1/health")
        assert connection.getresponse().status == 200
        connection.close()


def test_help_of_every_command_is_there() -> None:
    for command in ("run", "up", "prove", "explain", "map", "seed"):
        done = understudy(command, "--help")
        assert (done.code, done.err) == (0, "")
        assert "Usage: understudy " + command in done.out
