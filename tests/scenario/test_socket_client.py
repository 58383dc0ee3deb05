"""The client over real sockets, against a small server in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from understudy.errors import Unreachable, UnusableInput
from understudy.scenario import SocketClient
from understudy.simulate.message import ClientTimeout, ConnectionReset, Request

from .fakes import SHOP, run, steps

OPERATION = SHOP.operations["getAnything"]
pytestmark = pytest.mark.sockets


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[tuple[str, int]] = set()  # noqa: RUF012 - one server a test module

    def _answer(self) -> None:
        self.connections.add(self.client_address)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        end = self.path.partition("?")[0].rpartition("/")[2]
        if end == "hang":
            threading.Event().wait(2)
            self.close_connection = True
            return
        if end == "drop":
            self.close_connection = True
            return
        text = f"{self.command} {self.path} {self.headers.get('X-Run', '')} ".encode() + body
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Twice", "a")
        self.send_header("X-Twice", "b")
        if end == "last":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(text)
        if end == "secretly-last":
            self.close_connection = True

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: object) -> None:
        """The base class writes to stderr; tests stay quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(address: str) -> Iterator[SocketClient]:
    with SocketClient({"shop": f"{address}/shop/v1/"}, timeout_s=5) as made:
        yield made


def send(client: SocketClient, path: str, method: str = "GET", body: bytes = b"") -> str:
    return client.send("shop", OPERATION, Request(method, path, "a=1", {"x-run": "r1"}, body)).body.decode()


def test_the_path_is_put_below_the_base_address(client: SocketClient) -> None:
    assert send(client, "/orders") == "GET /shop/v1/orders?a=1 r1 "
    assert send(client, "/orders", "POST", b"{}") == "POST /shop/v1/orders?a=1 r1 {}"


def test_response_headers_are_lower_case_and_joined(client: SocketClient) -> None:
    answer = client.send("shop", OPERATION, Request("GET", "/x"))
    assert answer.headers["x-twice"] == "a, b"
    assert answer.status == 200


def test_connections_are_kept_open_and_renewed_when_the_server_closed_them(client: SocketClient) -> None:
    _Handler.connections.clear()
    for _ in range(3):
        send(client, "/x")
    assert len(_Handler.connections) == 1
    for path in ("/last", "/x", "/secretly-last"):
        send(client, path)
    assert len(_Handler.connections) == 2


def test_a_connection_that_the_server_closed_meanwhile_is_noticed_before_sending(client: SocketClient) -> None:
    send(client, "/secretly-last")
    threading.Event().wait(0.2)
    assert send(client, "/x", "POST", b"1").endswith("1")


def test_no_answer_in_time(client: SocketClient) -> None:
    with pytest.raises(ClientTimeout, match=r"shop did not answer GET /shop/v1/hang\?a=1 within 0.1 s"):
        client.send_within("shop", OPERATION, Request("GET", "/hang", "a=1"), 0.1)
    assert send(client, "/x").startswith("GET")


def test_an_answer_that_breaks_off_is_not_repeated(client: SocketClient) -> None:
    with pytest.raises(ConnectionReset, match="shop broke off during POST /shop/v1/drop"):
        client.send("shop", OPERATION, Request("POST", "/drop", body=b"{}"))


def test_what_is_no_http_is_no_answer() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
        connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    with (
        SocketClient({"shop": f"http://127.0.0.1:{listener.getsockname()[1]}"}) as client,
        pytest.raises(ConnectionReset, match="broke off"),
    ):
        client.send("shop", OPERATION, Request("GET", "/"))
    thread.join()
    listener.close()


def test_a_target_that_is_not_there_is_unreachable() -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    client = SocketClient({"shop": f"http://127.0.0.1:{port}/shop"})
    with pytest.raises(Unreachable, match="shop cannot be reached: Connection refused") as caught:
        client.send("shop", OPERATION, Request("GET", "/"))
    assert (caught.value.exit_code, caught.value.where) == (3, f"http://127.0.0.1:{port}")
    assert caught.value.hint


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    client = SocketClient({"shop": "http://nowhere.invalid"})
    with pytest.raises(Unreachable, match="shop cannot be reached"):
        client.send("shop", OPERATION, Request("GET", "/"))


@pytest.mark.parametrize("url", ["", "shop", "ftp://x", "http://", "http://x:port", "http://[", "http://x:0"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UnusableInput, match="is no address for `shop`"):
        SocketClient({"shop": url})


def test_a_source_without_an_address_is_refused(client: SocketClient) -> None:
    with pytest.raises(UnusableInput, match="no address is known for `shops`") as caught:
        client.send("shops", OPERATION, Request("GET", "/"))
    assert caught.value.hint == "did you mean 'shop'?"


def test_a_scenario_runs_over_sockets(client: SocketClient) -> None:
    text = steps("""\
        - stepId: a
          operationId: getAnything
          successCriteria: [{condition: $statusCode == 200}, {condition: $response.body == 'GET /shop/v1/anything  '}]
        - {stepId: hang, operationId: getOrder, timeout: 100, parameters: [{name: orderId, in: path, value: hang}]}
        """, version="1.1.0")  # fmt: skip
    done = run(text, client, base_urls=client.base_urls)  # type: ignore[arg-type]
    assert done.outcomes == [("a", "passed"), ("hang", "failed")]
    assert "did not answer" in done.steps[1].reason
    assert done.attempts[0].url.startswith("http://127.0.0.1:")
