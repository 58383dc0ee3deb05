"""A small record made by hand: a passing scenario, one with everything that can go wrong, one that broke off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from understudy.report import build_record
from understudy.scenario.suite import ScenarioRecord, StepRecord
from understudy.simulate.journal import DeliveryEntry, Entry, EventEntry, Exchange, JobEntry, Note, Transition
from understudy.simulate.message import Request, Response, encode_json

START = datetime(2026, 3, 1, 23, 29, tzinfo=UTC)
JSON = {"content-type": "application/json"}
PROBLEM = {"content-type": "application/problem+json"}
SINK = "http://integration.internal/webhooks/shop"
RUN = {
    "runId": "w1",
    "seed": 42,
    "urls": {"shop": "http://127.0.0.1:8700/shop/v1", "erp": "http://127.0.0.1:8700/erp/v1"},
}


class Book:
    """Writes journal entries one after the other, a second apart."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(self, kind: type[Entry], **fields: Any) -> int:
        seq = len(self.entries) + 1
        self.entries.append(kind(seq, START + timedelta(seconds=seq), **fields).to_json())
        return seq

    def exchange(
        self,
        client: str,
        system: str,
        operation: str,
        request: Request,
        response: Response | None,
        **more: Any,
    ) -> int:
        fields = {
            "committed": response is not None and response.status < 400,
            "correlation_id": "c-1",
            "causation_id": None,
        }
        return self.add(
            Exchange,
            client=client,
            system=system,
            operation_id=operation,
            request=request,
            response=response,
            **(fields | more),
        )

    def delivery(self, event_id: str, answer: int | None, *, attempt: int = 1, **more: Any) -> int:
        outcome = "delivered" if answer is not None and answer < 300 else "failed"
        fields = {"error": "" if answer is not None else "no answer within 5 s", "outcome": outcome, "sink": SINK}
        return self.add(
            DeliveryEntry,
            system="shop",
            delivery_id=f"d-{event_id}",
            event_id=event_id,
            source="/shop",
            name="shop.order.created.v1",
            subject="1001",
            attempt=attempt,
            answer=answer,
            body_hash="0" * 64,
            correlation_id="c-1",
            **(fields | more),
        )

    def event(self, event_id: str, cause: int, data: Any) -> int:
        cloud = {
            "specversion": "1.0",
            "id": event_id,
            "source": "/shop",
            "type": "com.example.shop.order.created.v1",
            "correlationid": "c-1",
            "data": data,
        }
        return self.add(
            EventEntry,
            system="shop",
            name="shop.order.created.v1",
            event_id=event_id,
            subject="1001",
            cloud_event=cloud,
            cause=cause,
        )


def post(path: str, body: Any, query: str = "", **headers: str) -> Request:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", path, query, {**JSON, **sent}, encode_json(body))


def answer(status: int, body: Any, headers: Mapping[str, str] = JSON) -> Response:
    return Response(status, headers, encode_json(body))


def story() -> Book:
    """The set-up of an integration, an order, its event, the order in the ERP, a job."""
    book = Book()
    token = Request(
        "POST",
        "/oauth/token",
        "",
        {"content-type": "application/x-www-form-urlencoded"},
        b"grant_type=client_credentials&client_id=integration.w1%40erp&client_secret=hush-hush",
    )
    book.exchange(
        "anonymous", "erp", "getToken", token, answer(200, {"access_token": "hush-token", "expires_in": 3600})
    )
    book.exchange(
        "integration",
        "shop",
        "createSubscription",
        post(
            "/subscriptions",
            {"sink": SINK, "types": ["shop.order.created.v1"], "secret": "hush-signing-key"},
            x_store_access_token="hush-key",
        ),
        answer(201, {"id": "sub-1", "sink": SINK}),
    )
    order = {"id": "5512340001", "name": "#1001", "total_price": "70.73"}
    made = book.exchange(
        "scenario",
        "shop",
        "createOrder",
        post("/orders", {"line_items": [{"sku": "SKU-1001", "quantity": 2}]}),
        answer(201, order),
    )
    book.add(
        Transition,
        system="shop",
        table="orders",
        key="5512340001",
        field="status",
        before=None,
        after="open",
        cause=made,
    )
    book.event("e-1", made, order)
    book.delivery("e-1", 202)
    sales = {"number": "SO-2026-000123", "status": "draft", "totalAmountIncludingTax": "70.73"}
    book.exchange(
        "integration",
        "erp",
        "createSalesOrder",
        post("/companies/DE01/salesOrders", {"sourceOrderId": "5512340001"}, authorization="Bearer hush-token"),
        answer(201, sales),
        causation_id="e-1",
    )
    job = book.add(
        JobEntry, system="erp", job="postInvoice", payload={"number": "SO-2026-000123"}, correlation_id="c-1"
    )
    book.add(
        Transition,
        system="erp",
        table="salesOrders",
        key="SO-2026-000123",
        field="status",
        before="draft",
        after="released",
        cause=job,
    )
    return book


def trouble() -> Book:
    """Faults, a lost answer, retries, a refusal, a contract broken by its own simulator."""
    book = story()
    book.add(
        Note,
        action="fault injected",
        details={"id": "f-001", "kind": "status", "system": "erp", "operationId": "createSalesOrder", "count": 1},
    )
    create = post("/companies/DE01/salesOrders", {"sourceOrderId": "5512340002"})
    book.exchange(
        "integration", "erp", "createSalesOrder", create, answer(503, {"code": "unavailable"}, PROBLEM), fault="status"
    )
    book.exchange("integration", "erp", "createSalesOrder", create, None, fault="reset-after", committed=True)
    book.exchange("integration", "erp", "createSalesOrder", create, answer(201, {"number": "SO-2026-000124"}))
    cause = book.exchange(
        "scenario",
        "shop",
        "createOrder",
        post("/orders", {"line_items": []}, query="dry=1"),
        answer(422, {"code": "validation-failed", "detail": "line_items: is empty"}, PROBLEM),
    )
    book.event("e-2", cause, {"id": "5512340002"})
    book.delivery("e-2", None)
    book.delivery("e-2", 500, attempt=2)
    book.delivery("e-2", 202, attempt=3, mutation="corrupt-event")
    book.event("e-3", cause, {"id": "never-sent"})
    book.exchange(
        "scenario",
        "shop",
        "",
        Request("GET", "/ordres"),
        answer(404, {"code": "not-found"}, PROBLEM),
        findings=("answers 404 without instance",),
    )
    return book


def step(id: str, outcome: str = "passed", **more: Any) -> StepRecord:
    fields: dict[str, Any] = {
        "workflow": "HP-1",
        "id": id,
        "description": "",
        "target": "createOrder of shop (POST /orders)",
        "reason": "",
        "attempts": 1,
        "notes": [],
        "place": "scenarios/hp-1.arazzo.yaml:30",
        "control": False,
        "duration_s": 0.0125,
        "criteria": [
            {
                "condition": "$statusCode == 201",
                "kind": "simple",
                "passed": outcome == "passed",
                "error": "",
                "found": [],
                "place": "scenarios/hp-1.arazzo.yaml:33",
            }
        ],
        "calls": [{"method": "POST", "path": "/shop/v1/orders", "status": 201, "error": "", "problem": ""}],
    }
    return StepRecord(outcome=outcome, **(fields | more))


def verdict(id: str, status: str, **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "statement": f"Statement of {id}",
        "kind": "invariant",
        "examined": 0 if status == "not_observable" else 4,
        "scope": "final",
        "step": "",
        "reason": "nothing to examine" if status == "not_observable" else "",
        "offending": [],
    }
    return {"id": id, "status": status, **(fields | more)}


def passing() -> ScenarioRecord:
    return ScenarioRecord(
        id="HP-1",
        name="HP-1",
        summary="One order, from the shop into the books",
        file="scenarios/hp-1.arazzo.yaml",
        line=12,
        inputs={"quantity": 2},
        run=RUN,
        proves=["ORD-2"],
        journal=story().entries,
        duration_s=0.25,
        steps=[
            step("start", target="startRun of control (POST /runs)", control=True),
            step("order", description="The shopper pays at checkout"),
        ],
        verdicts=[
            verdict(
                "CONTRACT", "passed", kind="contract", statement="Every simulator keeps its own contract", examined=9
            ),
            verdict("ORD-2", "passed"),
            verdict("INV-8", "not_observable"),
            verdict("MAP-4.1", "passed", kind="mapping"),
        ],
    )


def failing() -> ScenarioRecord:
    duplicates = [{"sourceOrderId": "5512340002", "orders": 2 + n, "numbers": ["SO-1", "SO-2"]} for n in range(7)]
    criteria = [
        {
            "condition": "$statusCode == 201",
            "kind": "simple",
            "passed": False,
            "error": "",
            "place": "",
            "found": [{"expression": "$statusCode", "value": 422, "note": ""}],
        },
        {
            "condition": "$response.body#/name == '#1001'",
            "kind": "simple",
            "passed": False,
            "error": "",
            "place": "",
            "found": [{"expression": "$response.body#/name", "value": None, "note": "there is no member `name`"}],
        },
    ]
    refused = {
        "method": "POST",
        "path": "/shop/v1/orders",
        "status": 422,
        "error": "",
        "problem": "validation-failed: line_items: is empty",
    }
    return ScenarioRecord(
        id="DU-2[none]",
        name="DU-2",
        summary="A lost answer makes no second order",
        file="scenarios/du-2.arazzo.yaml",
        line=8,
        inputs={"idempotencySupport": "none"},
        run=RUN,
        proves=["ORD-2", "DOC-4"],
        unproven=["DOC-4"],
        journal=trouble().entries,
        outcome="failed",
        settled=False,
        duration_s=0.5,
        reason="step `order` failed; ORD-2 does not hold; examined nothing for DOC-4, which it is said to prove",
        steps=[
            step("start", workflow="DU-2"),
            step(
                "order",
                "failed",
                workflow="DU-2",
                attempts=2,
                criteria=criteria,
                calls=[refused, refused],
                place="scenarios/du-2.arazzo.yaml:31",
                contract=["/code: is not documented"],
                notes=["retried once"],
            ),
            step("read", "skipped", workflow="DU-2", criteria=[], calls=[], attempts=0),
        ],
        verdicts=[
            verdict(
                "CONTRACT",
                "failed",
                kind="contract",
                statement="Every simulator keeps its own contract",
                offending=[{"seq": 20, "system": "shop", "finding": "answers 404 without instance"}],
            ),
            verdict(
                "ORD-2",
                "failed",
                statement="Exactly one ERP order per (sourceSystem, sourceOrderId)",
                examined=9,
                offending=duplicates,
                scope="step",
                step="order",
            ),
            verdict("TAX-2", "error", reason="cannot be judged: KeyError: 'net' (lines, line 40)"),
            verdict("ORD-2", "passed"),
            verdict("INV-8", "not_observable"),
            verdict("MAP-4.1", "passed", kind="mapping"),
        ],
    )


def broken_off() -> ScenarioRecord:
    return ScenarioRecord(
        id="PS-1",
        name="PS-1",
        summary="",
        file="scenarios/ps-1.arazzo.yaml",
        line=3,
        inputs={},
        outcome="error",
        reason="erp cannot be reached\n  at http://127.0.0.1:8700\nhint: start it",
        duration_s=0.0625,
        steps=[],
    )


def scenarios() -> list[ScenarioRecord]:
    return [passing(), failing(), broken_off()]


def record(records: list[ScenarioRecord] | None = None, **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "seed": 42,
        "command": "understudy run --seed 42",
        "title": "Shop & ERP",
        "policies": {},
        "defect": "",
    }
    return build_record(scenarios() if records is None else records, **(fields | more))
