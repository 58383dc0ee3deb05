"""The admin surface keeps its contract, and shows what happened (section 8: logs, metrics; OPS-4, OPS-5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from .bench import ACCOUNTS, Bench, account, customer_created, no_account, problem_answer

CONTRACT = Path(__file__).parents[2] / "contracts" / "integration" / "openapi.yaml"


@pytest.fixture(scope="module")
def contract() -> Any:
    return yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@pytest.fixture
def bench() -> Bench:
    """An applied, a retried, a duplicate and a dead message."""
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, TimeoutError(), account(), problem_answer(422, "validation-failed", detail="no"))
    bench.deliver("erp", customer_created())
    bench.run()
    bench.deliver("erp", customer_created())
    bench.deliver("erp", customer_created(subject="C00043"))
    bench.run()
    return bench


def check(contract: Any, name: str, value: Any) -> None:
    registry = Registry().with_resource("contract", Resource(contents=contract, specification=DRAFT202012))
    schema = {"$ref": f"contract#/components/schemas/{name}"}
    errors = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema, registry=registry).iter_errors(value)
    ]
    assert errors == []


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/health", "Health"),
        ("/metrics", "Metrics"),
        ("/admin/messages", "MessagePage"),
        ("/admin/dead-letters", "DeadLetterPage"),
        ("/admin/dead-letters/erp-evt-C00043-1", "DeadLetterDetail"),
        ("/admin/log", "LogPage"),
    ],
)
def test_answers_keep_the_contract(bench: Bench, contract: Any, path: str, schema: str) -> None:
    answer = bench.admin("GET", path)
    assert answer.status == 200
    assert answer.headers["x-correlation-id"]
    check(contract, schema, answer.json())


def test_reprocessing_answers_keep_the_contract(bench: Bench, contract: Any) -> None:
    request = {"by": "support", "why": "test", "dryRun": True}
    check(
        contract,
        "ReprocessResult",
        bench.admin("POST", "/admin/dead-letters/erp-evt-C00043-1/reprocess", request).json(),
    )
    many = bench.admin("POST", "/admin/dead-letters/reprocess", {**request, "errorCode": "validation-failed"})
    check(contract, "ReprocessReport", many.json())


def test_refusals_keep_the_contract(bench: Bench, contract: Any) -> None:
    for answer in (
        bench.admin("GET", "/admin/messages", key="wrong"),
        bench.admin("GET", "/admin/nothing"),
        bench.admin("DELETE", "/admin/messages"),
        bench.admin("GET", "/admin/messages", query="limit=0"),
        bench.admin("POST", "/admin/dead-letters/reprocess", {}),
        bench.deliver("erp", customer_created(), secret="another-secret-than-agreed"),
    ):
        assert answer.status >= 400
        assert answer.headers["content-type"] == "application/problem+json"
        check(contract, "Problem", answer.json())


def test_the_admin_surface_needs_its_key(bench: Bench) -> None:
    assert bench.admin("GET", "/admin/messages", key="").status == 401
    assert bench.integration.handle("GET", "/admin/log", "", {}, b"").status == 401
    assert bench.integration.handle("GET", "/health", "", {}, b"").status == 200


def test_messages_can_be_found_and_paged(bench: Bench) -> None:
    def found(query: str) -> list[tuple[str, str]]:
        return [
            (row["id"], row["status"]) for row in bench.admin("GET", "/admin/messages", query=query).json()["items"]
        ]

    assert found("status=dead") == [("erp-evt-C00043-1", "dead")]
    assert found("subject=C00042&flow=F-11") == [("erp-evt-C00042-1", "applied"), ("erp-evt-C00042-1", "duplicate")]
    page = bench.admin("GET", "/admin/messages", query="limit=2").json()
    assert page["hasMore"]
    rest = bench.admin("GET", "/admin/messages", query=f"limit=2&cursor={page['nextCursor']}").json()
    assert (len(page["items"]), len(rest["items"]), rest["hasMore"], rest["nextCursor"]) == (2, 1, False, None)


def test_the_log_tells_every_hop(bench: Bench) -> None:
    """OPS-4: every hop once per attempt, with a causation chain and all fields."""
    records = bench.admin("GET", "/admin/log", query="messageId=erp-evt-C00042-1").json()["items"]
    assert [(row["direction"], row["operation"], row["outcome"], row["attempt"]) for row in records] == [
        ("inbound", None, "accepted", 1),
        ("outbound", "listAccounts", "accepted", 1),
        ("outbound", "listAccounts", "accepted", 1),
        ("outbound", "createAccount", "retry", 1),
        ("internal", "createAccount", "retry", 1),
        ("outbound", "listAccounts", "accepted", 2),
        ("outbound", "listAccounts", "accepted", 2),
        ("outbound", "listAccounts", "accepted", 2),
        ("outbound", "createAccount", "accepted", 2),
        ("internal", None, "applied", 2),
        ("inbound", None, "duplicate", 1),
    ]
    assert {row["correlationId"] for row in records} == {"c-7f3a"}
    assert [row["causationId"] for row in records[:2]] == ["req-1", "erp-evt-C00042-1"]


def test_counts_balance(bench: Bench) -> None:
    """OPS-5: received = applied + skipped + duplicate + dead + in flight, per flow."""
    (row,) = [row for row in bench.admin("GET", "/metrics").json()["flows"] if row["flow"] == "F-11"]
    ended = ("applied", "skipped", "duplicate", "dead")
    assert row["messages_received_total"] == 3
    assert row["messages_received_total"] == sum(row[f"messages_{end}_total"] for end in ended) + row["in_flight"]
    assert row["messages_retried_total"] == 1
    requests = {(r["target"], r["status"]): r["count"] for r in row["target_requests_total"]}
    assert (requests["crm", 0], requests["crm", 201], requests["crm", 422]) == (1, 1, 1)
    assert row["end_to_end_latency_seconds"]["count"] == 1


def test_metrics_in_the_prometheus_format(bench: Bench) -> None:
    headers = {"accept": "text/plain"}
    answer = bench.integration.handle("GET", "/metrics", "", headers, b"")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    assert 'messages_received_total{flow="F-11"} 3' in lines
    assert 'end_to_end_latency_seconds_bucket{flow="F-11",le="+Inf"} 1' in lines
    assert "up 1" in lines


def test_health_says_what_is_wrong(bench: Bench) -> None:
    bench.network.on("POST", ACCOUNTS, problem_answer(503, "service-unavailable", {"retry-after": "600"}))
    bench.deliver("erp", customer_created(subject="C00044"))
    bench.run(until=bench.now - bench.now)
    health = bench.admin("GET", "/health").json()
    (crm,) = [row for row in health["checks"] if row["name"] == "crm"]
    assert (health["status"], crm["status"], crm["detail"]) == ("degraded", "degraded", "failing: createAccount")


def test_what_is_observed_is_kept_up_to_date_in_small_steps(bench: Bench) -> None:
    first = bench.integration.observe()
    assert first["inFlight"] == 0
    bench.deliver("erp", customer_created(subject="C00045"))
    second = bench.integration.observe()
    assert [row["id"] for row in second["messages"]][-1] == "erp-evt-C00045-1"
    assert (second["inFlight"], len(second["messages"])) == (1, 4)
