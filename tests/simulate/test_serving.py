"""The same worlds over sockets: what only a server can get wrong."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.simulate.toy import host
from understudy import DeliveryEntry
from understudy.simulate.event import Outgoing
from understudy.simulate.serve import Application, serving
from understudy.simulate.stage import Stage

pytestmark = pytest.mark.sockets
KEY = "scenario-key-at-board.default"
HEADERS = {"x-board-key": KEY, "content-type": "application/json"}


class Server:
    def __init__(self, address: str, application: Application) -> None:
        self.address = address
        self.place = (address.rpartition("/")[2].partition(":")[0], int(address.rpartition(":")[2]))
        self.key = KEY
        self.stage: Stage = application.host.default().stage
        application.host._tokens(self.stage.world)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(*self.place, timeout=10)
        try:
            sent = {
                **HEADERS,
                "x-board-key": self.key,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            }
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.send(method, f"/control/v1/runs/default{path}", body)[1]

    def subscribe(self, sink: str) -> None:
        body = {"sink": sink, "types": ["board.note.created.v1"], "secret": "s" * 16}
        assert self.send("POST", "/board/subscriptions", body)[0] == 201

    def attempts(self) -> list[DeliveryEntry]:
        return [e for e in list(self.stage.world.entries()) if isinstance(e, DeliveryEntry)]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(lambda address: replace(host().setup, origin=address)) as (address, application):
        yield Server(address, application)


def eventually(holds: Callable[[], object], within_s: float = 5.0) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def test_the_default_world_flows_without_any_run(server: Server) -> None:
    """Somebody tries the systems by hand: what is due happens."""
    server.subscribe("http://127.0.0.1:9/nobody-listens")
    assert server.send("POST", "/board/notes", {"text": "a"}, Idempotency_Key="k")[0] == 201
    eventually(server.attempts)


def test_a_wait_in_the_default_world_ends(server: Server) -> None:
    body = {"type": "board.note.created.v1", "timeout": "PT0.2S"}
    assert server.control("POST", "/deliveries/await", body) == {"count": 0, "timedOut": True}


def test_a_wait_ends_although_the_world_went_back_in_time(server: Server) -> None:
    server.control("POST", "/snapshots", {"name": "early"})
    server.control("POST", "/clock/advance", {"by": "PT1H"})
    told: list[Any] = []
    body = {"type": "board.note.created.v1", "timeout": "PT0.5S"}
    waiting = threading.Thread(target=lambda: told.append(server.control("POST", "/deliveries/await", body)))
    waiting.start()
    time.sleep(0.1)
    server.control("POST", "/snapshots/early/restore")
    waiting.join(5)
    assert told == [{"count": 0, "timedOut": True}]


def test_events_of_a_reset_request_are_delivered_without_a_further_request(server: Server) -> None:
    server.subscribe("http://127.0.0.1:9/nobody-listens")
    fault = {"kind": "reset", "system": "board", "operationId": "createNote", "parameters": {"when": "after"}}
    server.control("POST", "/faults", fault)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        server.send("POST", "/board/notes", {"text": "a"}, Idempotency_Key="k")
    eventually(server.attempts)


def test_half_a_request_is_no_request(server: Server) -> None:
    """The caller dies in mid-body: what had arrived happens to be a whole JSON document."""
    head = "\r\n".join(f"{name}: {value}" for name, value in {**HEADERS, "idempotency-key": "k"}.items())
    with socket.create_connection(server.place) as caller:
        text = f'POST /board/notes HTTP/1.1\r\nhost: x\r\n{head}\r\ncontent-length: 500\r\n\r\n{{"text":"cut"}}'
        caller.sendall(text.encode())
        time.sleep(0.1)
    assert server.send("GET", "/board/notes")[1]["items"] == []


def test_a_sink_that_is_no_address_is_a_failed_attempt(server: Server) -> None:
    server.subscribe("http://[::1/hook")
    server.send("POST", "/board/notes", {"text": "a"}, Idempotency_Key="k")
    eventually(server.attempts)
    assert [(a.answer, a.outcome) for a in server.attempts()] == [(None, "failed")]


def test_a_server_that_stops_lets_those_who_wait_go(capfd: pytest.CaptureFixture[str]) -> None:
    told: list[Any] = []
    with serving(lambda address: replace(host().setup, origin=address)) as (address, application):
        server = Server(address, application)
        body = {"type": "board.note.created.v1", "timeout": "PT60S"}
        waiting = threading.Thread(target=lambda: told.append(server.control("POST", "/deliveries/await", body)))
        waiting.start()
        time.sleep(0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    waiting.join(5)
    assert told[0]["code"] == "service-unavailable"
    assert capfd.readouterr().err == ""


def test_a_receiver_that_answers_drop_by_drop_has_not_answered_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        port = receiver.getsockname()[1]

        def drip() -> None:
            connection, _ = receiver.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
                for _ in range(10):
                    time.sleep(0.1)
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()

        async def attempt() -> tuple[int | None, str]:
            application = Application(host().setup)
            stage = application.host.default().stage
            told: list[tuple[int | None, str]] = []
            stage.delivered = lambda _outgoing, answer, error="": told.append((answer, error))  # type: ignore[method-assign]
            outgoing = Outgoing("d-1", f"http://127.0.0.1:{port}/", {}, b"{}", stage.world.clock.now, 1, timeout_s=0.3)
            await application._send(stage, outgoing)
            await application.close()
            return told[0]

        assert asyncio.run(attempt()) == (None, "no answer within 0.3 s")


class _OneAtATime(threading.Thread):
    """An integration with a single thread: asked how it stands, it first asks the server something itself."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.sink = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = 0
        self.start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                asked = connection.recv(65536).startswith(b"GET /admin/observation")
                if asked:
                    self.asked += 1
                    self._server.send("GET", "/board/notes")
                body = json.dumps({"inFlight": 1 if self.asked < 3 else 0, "counters": {}}).encode()
                head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
                connection.sendall(head.encode() + body)

    def stop(self) -> None:
        self._listener.close()


def test_an_integration_that_waits_for_us_is_not_waited_for_in_turn(server: Server) -> None:
    integration = _OneAtATime(server)
    try:
        server.subscribe(integration.sink)
        began = time.monotonic()
        run = server.send("POST", "/control/v1/runs", {"integration": "external"})[1]
        assert integration.asked == 1
        integration.asked = 0
        server.key = run["tokens"]["board"]
        judgement = server.control("POST", "/invariants/evaluate", {})
        assert judgement["settled"] is True
        assert integration.asked == 3, "twice in flight, then idle; and what it said then is what is judged"
        assert time.monotonic() - began < 3
    finally:
        integration.stop()


def test_a_refusal_at_the_end_of_a_wait_is_a_refusal(server: Server) -> None:
    server.subscribe("http://127.0.0.1:9/nobody-listens")
    status, told = server.send("POST", "/control/v1/runs", {"integration": "external", "seed": 1})
    assert (status, told["code"]) == (503, "service-unavailable")
