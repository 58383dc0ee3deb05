"""A run of the toy system and a client of it, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.simulate.toy import HEADERS, SIMULATOR, host
from understudy import Request, Response, Simulator
from understudy.simulate.control import read_fault
from understudy.simulate.host import Host
from understudy.simulate.run import Run


class Board:
    def __init__(self, policies: Mapping[str, str] | None = None, simulator: Simulator = SIMULATOR) -> None:
        self.host: Host = host(simulator)
        self.run: Run = self.host.start_run(integration="none", policies=policies)
        self._keys = 0

    def send(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Response:
        sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if method == "POST" and "idempotency-key" not in sent:
            self._keys += 1
            sent["idempotency-key"] = f"k{self._keys}"
        sent = {name: value for name, value in sent.items() if value}
        payload = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return self.host.handle(Request(method, f"/board{path}", query, sent, payload))

    def entries(self, kind: type[Any]) -> list[Any]:
        return [e for e in self.run.stage.world.entries() if isinstance(e, kind)]

    def inject(self, **fault: Any) -> None:
        self.run.stage.world.faults.inject(
            self.run.stage.world, read_fault({"system": "board", **fault}, self.host.setup.systems)
        )

    def control(self, method: str, path: str, body: Any = None) -> Response:
        """A request to the control plane; path: below that of this run."""
        payload = json.dumps(body).encode() if body is not None else b""
        headers = {"content-type": "application/json"}
        return self.host.handle(Request(method, f"/control/v1/runs/{self.run.id}{path}", "", headers, payload))

    def pass_until_next(self) -> None:
        """Let virtual time pass until the next thing is due, and have it happen."""
        at = self.run.stage.next_at()
        assert at is not None
        self.run.stage.advance(at)


def code(response: Response) -> tuple[int, str]:
    return response.status, response.json()["code"]
