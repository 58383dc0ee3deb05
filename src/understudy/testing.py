"""For tests in Python: a landscape in this process, with one client a system that speaks in operation ids.

landscape = world_for()                       # the workspace around the current folder, else the reference one
order = landscape.storefront.call("createOrder", {...}).json()
landscape.settle()                            # virtual time passes until no message is in flight
landscape.erp.call("listSalesOrders", query={"$filter": "sourceOrderId eq '5512340001'"})
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from understudy.errors import UnusableInput, closest
from understudy.simulate.clock import parse_duration
from understudy.simulate.host import Host
from understudy.simulate.message import Request, Response, encode_json
from understudy.simulate.problem import Problem
from understudy.simulate.run import Run
from understudy.simulate.system import System
from understudy.simulate.world import World
from understudy.workspace import Workspace, open_workspace


class SystemClient:
    """Calls one system of a run by operation id, with the credential of the scenario."""

    def __init__(self, host: Host, run: Run, system: System) -> None:
        self._host = host
        self._run = run
        self._system = system
        self._calls = 0

    def call(
        self,
        operation_id: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **path: Any,
    ) -> Response:
        """One request. path: path parameters by name. An Idempotency-Key and `If-Match: *` are sent where required.

        Raises UnusableInput for an unknown operation or a missing path parameter; ConnectionReset as the fault says.
        """
        operation = self._system.contract.operations.get(operation_id)
        if operation is None:
            known = self._system.contract.operations
            raise UnusableInput(
                f"{self._system.name} has no operation {operation_id!r}", hint=closest(operation_id, known)
            )
        self._calls += 1
        target = operation.path
        sent = {"accept": "application/json", **self._credential()}
        for parameter in operation.parameters:
            if parameter.location == "path":
                if parameter.name not in path:
                    raise UnusableInput(f"{operation_id} needs the path parameter {parameter.name!r}")
                target = target.replace(f"{{{parameter.name}}}", quote(str(path[parameter.name]), safe=""))
            elif parameter.location == "header" and parameter.required:
                name = parameter.name.lower()
                if name == "idempotency-key":
                    sent[name] = f"test-{self._system.name}-{self._calls}"
                elif name == "if-match":
                    sent[name] = "*"
        payload = b""
        if body is not None:
            payload = body if isinstance(body, bytes) else encode_json(body)
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(
            operation.method,
            f"/w/{self._run.id}{self._system.base}{target}",
            urlencode({k: _text(v) for k, v in (query or {}).items()}, quote_via=quote),
            sent,
            payload,
        )
        return self._host.handle(request)

    def _credential(self) -> dict[str, str]:
        door = self._system.doorkeeper
        token = self._run.tokens.get(self._system.name, "")
        if door.has_tokens:
            return {"authorization": f"Bearer {token}"}
        return dict.fromkeys(door.key_headers, token)


class Landscape:
    """One run with its world: `erp`, `wms` and so on are clients, by the names of the systems."""

    def __init__(self, host: Host, run: Run) -> None:
        self.host = host
        self.run = run
        self.clients = {name: SystemClient(host, run, system) for name, system in host.setup.systems.items()}

    def __getattr__(self, name: str) -> SystemClient:
        try:
            return self.clients[name]
        except KeyError:
            raise AttributeError(f"there is no system {name!r}; systems are {', '.join(self.clients)}") from None

    @property
    def world(self) -> World:
        return self.run.stage.world

    def advance(self, by: str) -> None:
        """Let virtual time pass, an ISO 8601 duration: `PT10M`."""
        self.run.stage.leap(parse_duration(by), self.world.clock.now)

    def settle(self) -> bool:
        """Let virtual time pass until no message is in flight; False when that takes more than a day."""
        return self.run.stage.settle()

    def rows(self, system: str, table: str) -> list[dict[str, Any]]:
        """Every record of a table, in the order of creation."""
        return list(self.world.tables[system][table].all())

    def control(self, operation_id: str, body: Any = None, **path: Any) -> Any:
        """Call the control plane for this run; the decoded answer. Raises UnusableInput with the problem's detail."""
        from understudy.simulate.control import control_contract

        operation = control_contract().operations[operation_id]
        target = operation.path
        for name, value in {"runId": self.run.id, **path}.items():
            target = target.replace(f"{{{name}}}", quote(str(value), safe=""))
        headers = {"content-type": "application/json"}
        payload = encode_json(body) if body is not None else b""
        response = self.host.handle(Request(operation.method, f"/control/v1{target}", "", headers, payload))
        if response.status >= 400:
            raise UnusableInput(f"{operation_id}: {response.json()['detail']}")
        return response.json()

    def judge(self, *proves: str) -> dict[str, Any]:
        """Settle, then evaluate every invariant; see `evaluateInvariants` for the shape."""
        settled = self.settle()
        try:
            return self.host.evaluate(self.run, scope="final", proves=proves, settled=settled)
        except Problem as problem:
            raise UnusableInput(problem.detail) from None


def world_for(
    workspace: Workspace | Path | None = None,
    *,
    seed: int | None = None,
    policies: Mapping[str, str] | None = None,
    integration: str = "none",
    defect: str = "",
) -> Landscape:
    """A landscape in this process on virtual time. integration: `none` or `embedded`."""
    opened = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    host = Host(opened.setup(defect=defect))
    return Landscape(host, host.start_run(seed=seed, policies=policies, integration=integration))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
