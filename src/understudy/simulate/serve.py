"""The shell that serves a host over sockets: ASGI on uvicorn. Here, and only here, the clock of the wall is read.

Everything runs on one event loop, so a world is never entered twice at once. Deliveries to other processes are sent in
the background; the worlds' clocks flow with the wall, and what falls due is carried out by a timer.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn

from understudy.errors import Unreachable, UnusableInput
from understudy.simulate.event import Outgoing
from understudy.simulate.host import CONTROL_BASE, Host
from understudy.simulate.message import ConnectionReset, Request, Response
from understudy.simulate.problem import Problem, refusal
from understudy.simulate.run import Wait
from understudy.simulate.stage import Stage

if TYPE_CHECKING:
    from understudy.simulate.setup import Setup

MAX_CONTROL_BYTES = 32 * 1024 * 1024
MAX_BODY_BYTES = 1024 * 1024
MAX_ANSWER_BYTES = 64 * 1024
POLL_S = 0.02
ADMIN_TIMEOUT_S = 5.0


def wall_now() -> datetime:
    return datetime.now(UTC)


class Application:
    """The ASGI application. Raises nothing: what goes wrong in a request is answered."""

    def __init__(self, setup: Setup, *, admin_key: str = "integration-admin-key") -> None:
        self.host = Host(setup, post=self._post)
        self.host.wall = wall_now
        self.host.observe_external = self._observe
        self.host.reach_external = self._reach
        self.host.answers = _answers
        self._admin_key = admin_key
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._client: Any = None
        self._told: dict[str, Mapping[str, Any] | None] = {}
        self._stopping = False

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        if scope["type"] != "http":
            return
        request = await self._read(scope, receive)
        if request is None:
            return
        if isinstance(request, Response):
            await self._write(send, request)
            return
        try:
            outcome = self.host.begin(request, wall_now())
            response = await self._wait(outcome) if isinstance(outcome, Wait) else outcome
        except ConnectionReset:
            _abort(receive)
            await asyncio.sleep(0)  # uvicorn learns that the connection is gone, and does not complain of the silence
            return
        finally:
            self._arm()  # also after a reset: the work may have been committed, with events to deliver
        with contextlib.suppress(RuntimeError):  # a truncating fault sends less than Content-Length says
            await self._write(send, response)

    async def _read(self, scope: dict[str, Any], receive: Callable[[], Any]) -> Request | Response | None:
        """The request, a refusal of it, or None when the caller went away before its body was complete."""
        path = scope["raw_path"].decode("ascii", "replace") if scope.get("raw_path") else scope["path"]
        limit = MAX_CONTROL_BYTES if path.startswith(CONTROL_BASE) else MAX_BODY_BYTES
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                detail = f"the body has more than {limit} bytes"
                return refusal(Problem("payload-too-large", detail, headers={"connection": "close"}), path)
            chunks.append(chunk)
            if not message.get("more_body"):
                break
        return Request(scope["method"], path, scope["query_string"].decode("latin-1"), headers, b"".join(chunks))

    @staticmethod
    async def _write(send: Callable[[Any], Any], response: Response) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
        if "content-length" not in response.headers and response.status not in (204, 304):
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _wait(self, wait: Wait) -> Response:
        # A world that is restored meanwhile goes back in time; the caller waits no longer than was said for all that.
        end = wall_now() + (wait.deadline - wait.stage.world.clock.now)
        while True:
            wait.stage.catch_up(wall_now())
            answered = not wait.asks or await self._ask(wait)
            over = wait.stage.world.clock.now >= wait.deadline or wall_now() >= end
            try:
                response = wait.ready() if answered else None
                if response is None and over:
                    response = wait.late()
            finally:
                self._told.clear()
            if response is not None:
                return response
            if self._stopping:
                return refusal(Problem("service-unavailable", "the server is stopping"), "")
            self._arm()
            await asyncio.sleep(POLL_S)

    async def _ask(self, wait: Wait) -> bool:
        """Have the integration say how it stands; False when it is too busy to, or the world went on meanwhile.

        In a thread: an integration that answers only when we have answered it must not meet a server that waits for it.
        """
        before = wait.still()
        told: Mapping[str, Any] | None = None
        try:
            told = await asyncio.to_thread(self._ask_adapter, wait.asks)
            answered = True
        except TimeoutError:
            answered = False
        wait.stage.catch_up(wall_now())
        self._told[wait.asks] = told
        return answered and wait.still() == before

    # -- time -----------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Set the timer to the earliest thing that falls due in any world."""
        waits = []
        for run in self.host.runs.values():
            at = run.stage.next_at()
            if at is not None and run.stage.flowing:
                waits.append((at - run.stage.world.clock.now).total_seconds())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if waits:
            self._timer = asyncio.get_running_loop().call_later(max(0.001, min(*waits, 3600.0)), self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = wall_now()
        try:
            for run in list(self.host.runs.values()):
                run.stage.catch_up(now)
        finally:
            self._arm()  # one world's failure must not stop the time of the others

    # -- deliveries to other processes ----------------------------------------------------------------------------

    def _post(self, stage: Stage, outgoing: Outgoing) -> None:
        task = asyncio.get_running_loop().create_task(self._send(stage, outgoing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, stage: Stage, outgoing: Outgoing) -> None:
        import httpx2

        if self._client is None:
            self._client = httpx2.AsyncClient(follow_redirects=False, trust_env=False)
        answer: int | None = None
        error = ""
        try:
            # Only the status counts: the answer's body is read to keep the connection, but no further than a little.
            async with (
                asyncio.timeout(outgoing.timeout_s),
                self._client.stream(
                    "POST", outgoing.url, content=outgoing.body, headers=dict(outgoing.headers), timeout=None
                ) as response,
            ):
                answer = int(response.status_code)
                size = 0
                async for chunk in response.aiter_raw():
                    size += len(chunk)
                    if size > MAX_ANSWER_BYTES:
                        break
        except (TimeoutError, httpx2.TimeoutException):
            answer, error = None, f"no answer within {outgoing.timeout_s:g} s"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as problem:
            answer, error = None, f"{type(problem).__name__}: {problem}"
        stage.catch_up(wall_now())
        stage.delivered(outgoing, answer, error)
        self._arm()

    def stop(self) -> None:
        """Let those who wait go, so that the server can end."""
        self._stopping = True

    async def close(self) -> None:
        """Cancel what is under way and give back timer and connections."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    # -- the adapter of an integration in another process -----------------------------------------------------------

    def _observe(self, sink: str) -> Mapping[str, Any] | None:
        """What the integration tells of itself: as it was asked just before by a wait, else asked now."""
        if sink in self._told:
            return self._told[sink]
        try:
            return self._ask_adapter(sink)
        except TimeoutError:
            return None

    def _ask_adapter(self, sink: str) -> Mapping[str, Any] | None:
        """None for an integration without an adapter. Raises TimeoutError for one that does not answer in time."""
        try:
            status, told = self._send_to_adapter(sink, "GET", "/admin/observation", None)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException):
            return None
        return told if status == 200 and isinstance(told, dict) else None

    def _reach(self, sink: str, method: str, path: str, body: Any) -> tuple[int, Any]:
        try:
            return self._send_to_adapter(sink, method, path, body)
        except (OSError, http.client.HTTPException) as problem:
            raise Problem("bad-gateway", f"the integration at {sink} cannot be reached: {problem}") from None

    def _send_to_adapter(self, sink: str, method: str, path: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(sink)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=ADMIN_TIMEOUT_S)
        try:
            headers = {"x-admin-key": self._admin_key, "content-type": "application/json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(raw) if raw else None
        except ValueError:
            return answer.status, raw.decode("utf-8", "replace")


def _answers(sink: str) -> bool:
    """Whether anybody listens at the address of a sink."""
    parts = urlsplit(sink)
    try:
        with socket.create_connection(
            (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)), 2
        ):
            return True
    except OSError:
        return False


def _abort(receive: Callable[[], Any]) -> None:
    """Close the connection without a byte of answer. ASGI has no word for it, so uvicorn's cycle object is asked."""
    cycle = getattr(receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("this server offers no way to close a connection; serve with uvicorn")
    transport.abort()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UnusableInput when the port is taken or the address is not ours."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as problem:
        listener.close()
        raise UnusableInput(
            f"cannot listen on {host}:{port}: {problem.strerror}",
            where="--port",
            hint="take another port, or 0 for a free one",
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, application: Application, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._application = application
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.stop()
        await super().shutdown(sockets)
        await self._application.close()


def _server(application: Application, on_ready: Callable[[], None], access_log: bool) -> _Server:
    config = uvicorn.Config(
        application,
        log_level="info" if access_log else "error",
        access_log=access_log,
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=3,
        # Clients that wait some seconds between two requests must not meet a connection that is just being closed.
        timeout_keep_alive=75,
    )
    return _Server(config, application, on_ready)


def serve(
    application: Application, listener: socket.socket, on_ready: Callable[[], None], *, access_log: bool = False
) -> None:
    """Serve until SIGINT or SIGTERM; in-flight requests get three seconds to end."""
    server = _server(application, on_ready, access_log)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises the signal again after its graceful stop
        server.run(sockets=[listener])


@contextlib.contextmanager
def serving(setup: Callable[[str], Setup], *, port: int = 0) -> Iterator[tuple[str, Application]]:
    """Serve in a thread of this process, for tests: yields the address and the application.

    setup: makes the Setup for the address. Raises Unreachable when the server does not come up within ten seconds.
    """
    listener = bind("127.0.0.1", port)
    address = address_of(listener)
    application = Application(setup(address))
    ready = threading.Event()
    server = _server(application, ready.set, False)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise Unreachable(f"the server at {address} did not come up")
    try:
        yield address, application
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
