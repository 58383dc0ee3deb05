"""The integration as a server of its own: console script `understudy-integration`, configured by the environment.

    uvicorn (this process' main thread)      webhooks and admin surface, each request in a pool thread
    one worker thread per flow               so that a slow ERP holds up the flows that need it, and no others
    one housekeeping thread                  subscriptions, and forgetting what is long done

Everything that could be lost is in the database before a webhook is answered; a stop in the middle of anything is safe.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import Any

from .engine import Integration
from .flows import FLOWS
from .settings import Settings, SettingsError, describe
from .store import StoreError
from .transport import Answer, problem

EXIT_CLEAN = 0
EXIT_UNUSABLE = 2

_IDLE_S = 5.0
_PRUNE_EVERY = timedelta(hours=6)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class SocketTransport:
    """HTTP over sockets with a pool of connections. Redirects are not followed, proxies of the environment not used."""

    def __init__(self) -> None:
        import httpx2

        self._http = httpx2
        self._client = httpx2.Client(follow_redirects=False, trust_env=False)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        try:
            response = self._client.request(method, url, headers=dict(headers), content=body, timeout=timeout_s)
        except self._http.TimeoutException as error:
            raise TimeoutError(str(error)) from None
        except self._http.TransportError as error:
            raise ConnectionError(str(error)) from None
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.content)

    def close(self) -> None:
        self._client.close()


class Crew:
    """The worker threads. Each works on its flow whenever something is due, and sleeps in between."""

    def __init__(self, integration: Integration, clock: Callable[[], datetime]) -> None:
        self._integration = integration
        self._clock = clock
        self._stop = threading.Event()
        self._bells = {flow.id: threading.Event() for flow in FLOWS}
        self._threads = [
            *(threading.Thread(target=self._work, args=(flow,), name=f"flow {flow}") for flow in self._bells),
            threading.Thread(target=self._keep_house, name="housekeeping"),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def ring(self) -> None:
        """Something was received, or sent again by a person."""
        for bell in self._bells.values():
            bell.set()

    def stop(self, patience_s: float) -> list[str]:
        """Ask all to finish what they are at. Returns the names of those that are still busy after `patience_s`."""
        self._stop.set()
        self.ring()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(patience_s)
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _work(self, flow: str) -> None:
        bell = self._bells[flow]
        while not self._stop.is_set():
            bell.clear()
            with _reported(f"flow {flow}"):
                if self._integration.run_due(flow):
                    # What was done may have woken parked messages of other flows.
                    self.ring()
                    continue
            bell.wait(self._seconds_until(self._integration.next_due(flow)))

    def _keep_house(self) -> None:
        prune_at = self._clock()
        self._integration.start()
        while not self._stop.is_set():
            with _reported("housekeeping"):
                self._integration.renew_subscriptions()
                if self._clock() >= prune_at:
                    self._integration.prune()
                    prune_at = self._clock() + _PRUNE_EVERY
            self._stop.wait(1.0)

    def _seconds_until(self, due: datetime | None) -> float:
        if due is None:
            return _IDLE_S
        return min(_IDLE_S, max(0.01, (due - self._clock()).total_seconds()))


@contextlib.contextmanager
def _reported(who: str) -> Iterator[None]:
    """A worker outlives whatever goes wrong in one round: it says so and goes on with the next."""
    import traceback

    try:
        yield
    except Exception:
        print(f"{who}: unexpected error, going on\n{traceback.format_exc()}", file=sys.stderr, flush=True)  # noqa: T201
        threading.Event().wait(1.0)


class App:
    """The ASGI application: hands requests to the integration and rings for the crew when there is work."""

    def __init__(self, integration: Integration, crew: Crew, max_body_bytes: int, address: str) -> None:
        self._integration = integration
        self._crew = crew
        self._max_body_bytes = max_body_bytes
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._respond(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._crew.start()
                # Said only now: whoever waits for this line may signal, deliver or ask for health at once.
                print(f"listening on {self._address}", file=sys.stderr, flush=True)  # noqa: T201
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._body(receive)
        path = scope["path"]
        if body is None:
            answer = problem(413, "payload-too-large", f"more than {self._max_body_bytes} bytes", instance=path)
        else:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            query = scope["query_string"].decode("latin-1")
            answer = await asyncio.to_thread(self._integration.handle, scope["method"], path, query, headers, body)
            if scope["method"] == "POST":
                self._crew.ring()
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        raw.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

    async def _body(self, receive: Receive) -> bytes | None:
        """The request's body; None as soon as it is longer than allowed."""
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body_bytes:
                return None
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Returns the exit code: 0 after a stop, 2 for settings, port or database unusable."""
    parser = argparse.ArgumentParser(
        prog="understudy-integration",
        description="The reference integration between storefront, ERP, WMS and CRM, as a server.",
        epilog=f"environment variables, each also as NAME_FILE with the path of a file:\n{describe()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="check settings and database, then end")
    options = parser.parse_args(argv)
    try:
        settings = Settings.from_env()
        listening = None if options.check else _bind(settings.host, settings.port)
        transport = SocketTransport()
        integration = Integration(
            settings,
            transport=transport,
            clock=_now,
            chance=lambda _key: SystemRandom().random(),
            database=settings.database,
            log_sink=_Lines(),
        )
        integration.check_mappings()
    except (SettingsError, StoreError) as error:
        print(f"error: {error}\nhint: understudy-integration --help lists the variables", file=sys.stderr)  # noqa: T201
        return EXIT_UNUSABLE
    try:
        if listening is not None:
            _serve(integration, settings, listening)
    finally:
        integration.close()
        transport.close()
    return EXIT_CLEAN


def _serve(integration: Integration, settings: Settings, listening: socket.socket) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """Stops in order on SIGINT and SIGTERM, and ends with code 0: a stop on request is no failure."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for sig, handler in before.items():
                    signal.signal(sig, handler)

    crew = Crew(integration, _now)
    host, port = listening.getsockname()[:2]
    app = App(integration, crew, settings.max_body_bytes, f"http://{host}:{port}")
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=10)
    try:
        Server(config).run(sockets=[listening])
    finally:
        # A call to a target may take its full time; what is cut off is looked up and finished at the next start.
        busy = crew.stop(settings.timeout_s + 1)
        if busy:
            print(f"still busy, left for the next start: {', '.join(busy)}", file=sys.stderr)  # noqa: T201


class _Lines:
    """Log records as lines on standard output. When nobody reads them any more, the integration works on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = True

    def __call__(self, line: str) -> None:
        with self._lock:
            if self._open:
                try:
                    sys.stdout.write(f"{line}\n")
                    sys.stdout.flush()
                except (OSError, ValueError):
                    self._open = False


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one. Raises SettingsError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        reason = (
            f"cannot listen on {host}:{port}: {error.strerror}; set UNDERSTUDY_INTEGRATION_PORT, 0 picks a free one"
        )
        raise SettingsError([reason]) from None
    return listening


def _now() -> datetime:
    return datetime.now(UTC)
