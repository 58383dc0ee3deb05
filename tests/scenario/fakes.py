"""A small shop contract, scenario texts around it, and a client that answers from a script and never sleeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from textwrap import dedent, indent
from typing import Any

from understudy.contract import Contract
from understudy.scenario import (
    Attempt,
    Document,
    Event,
    OperationLike,
    Retrying,
    RunOptions,
    StepFinished,
    WorkflowFinished,
    read_document,
    run_workflow,
)
from understudy.simulate.message import Request, Response

START = datetime(2026, 3, 1, 23, 29, tzinfo=UTC)


def _operation(operation_id: str, *statuses: str, parameters: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
    return {
        "operationId": operation_id,
        "summary": operation_id,
        "parameters": parameters or [],
        "responses": {status: {"description": status, **(body if status[0] == "2" else {})} for status in statuses},
        **more,
    }


def _parameter(name: str, location: str, schema: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": location, "required": location == "path", "schema": schema or {}, **more}


_JSON_BODY = {"content": {"application/json": {"schema": {}}}}

SHOP = Contract(
    "shop",
    {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:8700/shop/v1"}],
        "paths": {
            "/orders": {
                "post": _operation("createOrder", "201", "422", requestBody=_JSON_BODY),
                "get": _operation(
                    "listOrders",
                    "200",
                    parameters=[
                        _parameter("status", "query", {"type": "array"}),
                        _parameter("ids", "query", {"type": "array"}, explode=False),
                        _parameter("tags", "query", {"type": "array"}, style="pipeDelimited", explode=False),
                        _parameter("filter", "query", {"type": "object"}, style="deepObject", explode=True),
                        _parameter("$top", "query", {"type": "integer"}),
                        _parameter("session", "cookie"),
                        _parameter("X-Correlation-Id", "header"),
                    ],
                ),
            },
            "/orders/{orderId}": {
                "get": _operation("getOrder", "200", "404", parameters=[_parameter("orderId", "path")]),
                "delete": _operation("deleteOrder", "2XX", parameters=[_parameter("orderId", "path")]),
            },
            "/orders/{orderId}/lines/{line}": {
                "get": _operation(
                    "getLine",
                    "200",
                    parameters=[_parameter("orderId", "path"), _parameter("line", "path", style="matrix")],
                )
            },
            "/token": {
                "post": _operation(
                    "getToken", "200", requestBody={"content": {"application/x-www-form-urlencoded": {"schema": {}}}}
                )
            },
            "/note": {"post": _operation("addNote", "204", requestBody={"content": {"text/plain": {"schema": {}}}})},
            "/anything": {"get": _operation("getAnything", "default")},
        },
        "components": {"schemas": {"Order": {"type": "object", "properties": {"id": {"type": "string"}, "total": {}}}}},
    },
)
STOCK = Contract(
    "stock",
    {
        "openapi": "3.0.3",
        "info": {"title": "Stock", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:8700/stock"}],
        "paths": {
            "/levels": {"get": _operation("listLevels", "200"), "post": _operation("getOrder", "200")},
        },
        "components": {"schemas": {"Order": {"type": "object"}}},
    },
)
CONTRACTS = {"shop": SHOP}


def arazzo(workflows: str, *, version: str = "1.0.1", sources: str = "", components: str = "", head: str = "") -> str:
    """A whole document around the given YAML of `workflows:`; lines of the argument start at line 5 + head."""
    return (
        f"arazzo: {version}\n"
        + dedent(head)
        + "info: {title: Story, version: '1'}\n"
        + (dedent(sources) or "sourceDescriptions: [{name: shop, url: shop.yaml, type: openapi}]\n")
        + "workflows:\n"
        + dedent(workflows)
        + (f"components:\n{indent(dedent(components), '  ')}" if components else "")
    )


def steps(text: str, *, before: str = "", after: str = "", **more: Any) -> str:
    """A document with one workflow `story` of the given steps; before and after: YAML of further workflow fields."""
    body = "- workflowId: story\n"
    for part in (before, after):
        body += indent(dedent(part), "  ")
    body += "  steps:\n" + indent(dedent(text), "  ")
    return arazzo(body, **more)


Reply = Response | Exception | Callable[[Request], Response]


def reply(status: int = 200, body: Any = None, **headers: str) -> Response:
    """A JSON response; header names are given with `_` for `-`."""
    content = b"" if body is None else json.dumps(body).encode()
    media = {"content-type": "application/json"} if body is not None else {}
    return Response(status, {**media, **{k.replace("_", "-"): v for k, v in headers.items()}}, content)


class Script:
    """A client: each operation answers with the next reply of its list, the last one again and again."""

    def __init__(self, **replies: Reply | list[Reply]) -> None:
        self._replies = {k: list(v) if isinstance(v, list) else [v] for k, v in replies.items()}
        self.sent: list[tuple[str, str, Request]] = []
        self.waits: list[float] = []
        self.clock = START

    def send(self, source: str, operation: OperationLike, request: Request) -> Response:
        self.sent.append((source, operation.id, request))
        queue = self._replies.get(operation.id) or [reply(200, {})]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Response) else answer(request)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.clock

    @property
    def calls(self) -> list[str]:
        return [operation for _, operation, _ in self.sent]

    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for _, _, request in self.sent if request.body]


class Run:
    """The events of one finished run, with the questions that tests ask of them."""

    def __init__(self, events: Iterator[Event]) -> None:
        self.events = list(events)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def end(self) -> WorkflowFinished:
        last = self.events[-1]
        assert isinstance(last, WorkflowFinished)
        return last

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(event.step_id, event.outcome) for event in self.of(StepFinished)]

    @property
    def steps(self) -> list[StepFinished]:
        return self.of(StepFinished)

    def step(self, step_id: str) -> StepFinished:
        return next(event for event in reversed(self.steps) if event.step_id == step_id)

    @property
    def attempts(self) -> list[Attempt]:
        return self.of(Attempt)

    @property
    def retries(self) -> list[Retrying]:
        return self.of(Retrying)


def run(
    document: Document | str,
    client: Script | None = None,
    *,
    workflow: str = "story",
    inputs: Mapping[str, Any] | None = None,
    contracts: Mapping[str, Contract] | None = None,
    **options: Any,
) -> Run:
    """Read, link and run one workflow to its end."""
    if isinstance(document, str):
        document = read_document(document, "story.arazzo.yaml")
    return Run(
        run_workflow(
            document.workflows[workflow],
            client=client or Script(),
            contracts=CONTRACTS if contracts is None else contracts,
            inputs=inputs,
            options=RunOptions(**options),
        )
    )
