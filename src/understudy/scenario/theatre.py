"""The two places where scenarios are played: a host in this process on virtual time, or a server over sockets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, overload
from urllib.parse import urlsplit

from understudy.errors import Unreachable, UnusableInput
from understudy.scenario.client import SocketClient
from understudy.scenario.model import OperationLike
from understudy.simulate.control import control_contract
from understudy.simulate.host import CONTROL_BASE, Host
from understudy.simulate.journal import Entry
from understudy.simulate.message import Request, Response, encode_json
from understudy.simulate.run import Run


class EntriesAsJson(Sequence[Mapping[str, Any]]):
    """Journal entries that become JSON only when a report wants them; their kinds are there at once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = list(entries)
        self._made: list[Mapping[str, Any]] | None = None

    @property
    def kinds(self) -> list[str]:
        return [entry.kind for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        if self._made is None:
            self._made = [entry.to_json() for entry in self._entries]
        return self._made[index]


class InProcess:
    """Requests go straight into the host; waiting lets the world's virtual clock pass."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._bases = {name: system.base for name, system in host.setup.systems.items()} | {"control": CONTROL_BASE}
        self._run: Run | None = None

    def send(self, source: str, operation: OperationLike, request: Request) -> Response:  # noqa: ARG002
        path = f"{self._bases[source]}{request.path}"
        return self._host.handle(Request(request.method, path, request.query, request.headers, request.body))

    def wait(self, seconds: float) -> None:
        if self._run is not None:
            stage = self._run.stage
            stage.advance(stage.world.clock.now + timedelta(seconds=seconds))

    def now(self) -> datetime:
        return self._run.stage.world.clock.now if self._run is not None else self._host.setup.start

    def started(self, answer: Mapping[str, Any]) -> None:
        self._run = self._host.run(answer["runId"])

    def judge(self, *, scope: str, step: str, proves: Sequence[str]) -> Mapping[str, Any]:
        assert self._run is not None
        settled = self._run.stage.settle() if scope == "final" else True
        return self._host.evaluate(self._run, scope=scope, step=step, proves=proves, settled=settled)

    def journal(self) -> EntriesAsJson:
        assert self._run is not None
        return EntriesAsJson(self._run.stage.world.entries())

    def end(self) -> None:
        if self._run is not None:
            self._host.end_run(self._run.id)
            self._run = None


class OverSockets:
    """A server started by `understudy up`; judged there, by its control plane. Waiting is real time."""

    def __init__(self, address: str, bases: Mapping[str, str]) -> None:
        try:
            parts = urlsplit(address if "//" in address else f"http://{address}")
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            usable = False
        if not usable:
            raise UnusableInput(
                f"{address!r} is no address", where="--against", allowed="such as http://127.0.0.1:8700"
            )
        origin = f"{parts.scheme}://{parts.netloc}"
        urls = {name: f"{origin}{base}" for name, base in bases.items()} | {"control": f"{origin}{CONTROL_BASE}"}
        self._client = SocketClient(urls, timeout_s=90.0)  # the control plane itself waits up to a minute
        self._address = origin
        self._run_id = ""

    def health(self) -> Mapping[str, Any]:
        """What the control plane says of itself. Raises Unreachable when no Understudy answers there."""
        try:
            answer: Mapping[str, Any] = self._ask("getControlHealth", "GET", "/health", None)
        except (ConnectionError, TimeoutError, ValueError) as problem:
            raise Unreachable(
                f"no control plane answers at {self._address}: {problem}",
                where="--against",
                hint="start one with `understudy up`, and give the address that it prints",
            ) from None
        return answer

    def send(self, source: str, operation: OperationLike, request: Request) -> Response:
        return self._client.send(source, operation, request)

    def wait(self, seconds: float) -> None:
        self._client.wait(seconds)

    def now(self) -> datetime:
        return self._client.now()

    def started(self, answer: Mapping[str, Any]) -> None:
        self._run_id = str(answer["runId"])

    def judge(self, *, scope: str, step: str, proves: Sequence[str]) -> Mapping[str, Any]:
        body = {"scope": scope, "step": step, "proves": list(proves)}
        path = f"/runs/{self._run_id}/invariants/evaluate"
        judgement: Mapping[str, Any] = self._control("evaluateInvariants", "POST", path, body)
        return judgement

    def journal(self) -> list[dict[str, Any]]:
        listing = self._control("getJournal", "GET", f"/runs/{self._run_id}/journal", None)
        return list(listing["entries"])

    def end(self) -> None:
        if self._run_id:
            self._control("endRun", "DELETE", f"/runs/{self._run_id}", None)
            self._run_id = ""

    def close(self) -> None:
        self._client.close()

    def _control(self, operation_id: str, method: str, path: str, body: Any) -> Any:
        """Like `_ask`; raises Unreachable too when the control plane breaks off or answers no JSON."""
        try:
            return self._ask(operation_id, method, path, body)
        except (ConnectionError, TimeoutError, ValueError) as problem:
            raise Unreachable(
                f"the control plane at {self._address} was lost during {operation_id}: {problem}",
                where="--against",
                hint="is `understudy up` still running?",
            ) from None

    def _ask(self, operation_id: str, method: str, path: str, body: Any) -> Any:
        headers = {"content-type": "application/json"} if body is not None else {}
        payload = encode_json(body) if body is not None else b""
        operation = control_contract().operations[operation_id]
        response = self._client.send("control", operation, Request(method, path, "", headers, payload))
        if response.status >= 400:
            raise Unreachable(f"the control plane refused {operation_id}: {response.body.decode('utf-8', 'replace')}")
        return json.loads(response.body) if response.body else None
