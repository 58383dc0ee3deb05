"""The integration as a process of its own: starts, serves, stops in order, and refuses in words."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from integration.signature import sign
from integration.transport import encode

from .bench import customer_created, event
from .test_settings import GOOD, PREFIX

pytestmark = pytest.mark.sockets

ROOT = Path(__file__).parents[2]
START = [sys.executable, "-c", "import sys; from integration.server import main; sys.exit(main())"]


class _Systems(BaseHTTPRequestHandler):
    """All four systems as far as F-11 needs them. `slow`: seconds until the CRM finds its accounts."""

    slow: float
    accounts: list[dict[str, Any]]
    subscriptions: list[dict[str, Any]]

    def log_message(self, *_: object) -> None:
        return None

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/subscriptions"):
            self._answer(200, {"value": [], "items": [], "subscriptions": []})
        else:
            time.sleep(self.slow)
            self._answer(200, {"accounts": []})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path.endswith("/oauth/token"):
            self._answer(200, {"access_token": "t", "token_type": "Bearer", "expires_in": 3600, "scope": "x"})
        elif self.path.endswith("/subscriptions"):
            self.subscriptions.append(json.loads(body))
            self._answer(201, json.loads(body))
        else:
            self.accounts.append(json.loads(body))
            self._answer(201, {**json.loads(body), "id": "acc_1", "@etag": 'W/"1"'})

    def _answer(self, status: int, body: Any) -> None:
        raw = encode(body)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@pytest.fixture
def systems() -> Iterator[tuple[str, type[_Systems]]]:
    handler = type("Systems", (_Systems,), {"slow": 0.0, "accounts": [], "subscriptions": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def environ(tmp_path: Path, base: str = "http://127.0.0.1:9", **more: str) -> dict[str, str]:
    paths = {"ERP_URL": "/erp/v1", "WMS_URL": "/wms/v1", "STOREFRONT_URL": "/store/v1", "CRM_URL": "/crm/v1"}
    given = {**GOOD, **{name: base + path for name, path in paths.items()}, "PORT": "0"}
    given |= {"DATABASE": str(tmp_path / "integration.sqlite3"), **more}
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return clean | {PREFIX + name: value for name, value in given.items()} | {"PYTHONPATH": f"{ROOT}/src"}


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        START, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield process, int(line.rpartition(":")[2])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def request(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, json.loads(raw) if raw else None


def deliver(port: int, message: dict[str, Any]) -> tuple[int, Any]:
    body = encode(message)
    signed = sign(GOOD["ERP_SECRET"], body, datetime.now(UTC))
    return request(port, "POST", "/webhooks/erp", body, content_type="application/cloudevents+json", x_signature=signed)


def eventually(condition: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([*START, *arguments], cwd=ROOT, env=environment, text=True, capture_output=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


def test_it_subscribes_works_and_stops_in_order(tmp_path: Path, systems: tuple[str, type[_Systems]]) -> None:
    base, handler = systems
    with serving(environ(tmp_path, base)) as (process, port):
        eventually(lambda: len(handler.subscriptions) == 3)
        assert {s["sink"].rpartition("/")[2] for s in handler.subscriptions} == {"erp", "wms", "storefront"}
        assert request(port, "GET", "/health")[0] == 200
        assert deliver(port, customer_created()) == (202, {"messageId": "erp-evt-C00042-1", "status": "accepted"})
        assert deliver(port, customer_created())[1]["status"] == "duplicate"
        eventually(lambda: len(handler.accounts) == 1)
        admin = {"x_admin_key": GOOD["ADMIN_KEY"]}

        def applied() -> bool:
            items = request(port, "GET", "/admin/messages?status=applied", **admin)[1]["items"]
            return len(items) == 1

        eventually(applied)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err == ""
    records = [json.loads(line) for line in out.splitlines()]
    assert {"accepted", "applied", "duplicate"} <= {record["outcome"] for record in records}


def test_a_slow_target_does_not_hold_up_other_flows(tmp_path: Path, systems: tuple[str, type[_Systems]]) -> None:
    """OU-3, OU-6: while the CRM thinks, an order that needs no call is done."""
    base, handler = systems
    handler.slow = 4.0
    order = {"number": "SO-1", "partialShipping": True, "lines": []}
    with serving(environ(tmp_path, base)) as (_process, port):
        assert deliver(port, customer_created())[0] == 202
        assert deliver(port, event("erp", "erp.salesorder.released.v1", order, subject="SO-1"))[0] == 202

        def statuses() -> dict[str, str]:
            items = request(port, "GET", "/admin/messages", x_admin_key=GOOD["ADMIN_KEY"])[1]["items"]
            return {row["flow"]: row["status"] for row in items}

        eventually(lambda: statuses()["F-3"] == "skipped", seconds=3.5)
        assert statuses()["F-11"] == "in_flight"
        handler.slow = 0.0
        eventually(lambda: statuses()["F-11"] == "applied")


def test_ctrl_c_stops_it_in_order(tmp_path: Path) -> None:
    with serving(environ(tmp_path)) as (process, _port):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")


def test_targets_that_are_not_there_are_told_by_health_and_asked_again(tmp_path: Path) -> None:
    """Events are taken and kept meanwhile."""
    with serving(environ(tmp_path)) as (_process, port):
        eventually(lambda: request(port, "GET", "/health")[1]["status"] == "degraded")
        assert deliver(port, customer_created())[0] == 202


def test_a_body_above_the_limit_is_cut_short(tmp_path: Path) -> None:
    with serving(environ(tmp_path, MAX_BODY_BYTES="2048")) as (_process, port):
        status, body = request(port, "POST", "/webhooks/erp", b"x" * 100_000)
        assert (status, body["code"]) == (413, "payload-too-large")


def test_a_port_in_use_is_refused_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, out, err = run(environ(tmp_path, PORT=port))
    assert (code, out) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in err
    assert "Traceback" not in err


def test_missing_settings_are_refused_in_words(tmp_path: Path) -> None:
    bare = {name: value for name, value in environ(tmp_path).items() if not name.startswith(PREFIX)}
    code, _, err = run(bare)
    assert code == 2
    assert "UNDERSTUDY_INTEGRATION_ERP_URL: missing" in err
    assert "Traceback" not in err


def test_an_unknown_defect_is_refused_in_words(tmp_path: Path) -> None:
    code, _, err = run(environ(tmp_path, DEFECT="lost-on-502"))
    assert code == 2
    assert "did you mean 'lost-on-503'" in err


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, None], ids=["no database", "a folder"])
def test_an_unusable_database_is_refused_in_words(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other"
    path.mkdir() if content is None else path.write_bytes(content)
    code, _, err = run(environ(tmp_path, DATABASE=str(path)), "--check")
    assert code == 2
    assert "cannot be opened" in err
    assert "Traceback" not in err


def test_a_second_integration_on_the_same_database_is_refused(tmp_path: Path) -> None:
    with serving(environ(tmp_path)):
        code, _, err = run(environ(tmp_path))
    assert code == 2
    assert "another integration is using it" in err


def test_check_says_whether_it_would_start(tmp_path: Path) -> None:
    assert run(environ(tmp_path), "--check")[0] == 0


def test_help_lists_every_variable(tmp_path: Path) -> None:
    code, out, _ = run(environ(tmp_path), "--help")
    assert code == 0
    assert "UNDERSTUDY_INTEGRATION_SAFETY_STOCK" in out
