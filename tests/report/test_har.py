"""HAR 1.2: the members that the format demands, and what became of every message."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.report import sample
from understudy.report import FORMATS

# Members that HAR 1.2 demands (http://www.softwareishard.com/blog/har-12-spec/).
DEMANDED = {
    "log": {"version", "creator", "entries"},
    "page": {"startedDateTime", "id", "title", "pageTimings"},
    "entry": {"startedDateTime", "time", "request", "response", "cache", "timings"},
    "request": {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
    "response": {
        "status",
        "statusText",
        "httpVersion",
        "cookies",
        "headers",
        "content",
        "redirectURL",
        "headersSize",
        "bodySize",
    },
    "content": {"size", "mimeType"},
    "timings": {"send", "wait", "receive"},
}


def log() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FORMATS["har"](sample.record()))["log"]
    return found


def entries(**members: Any) -> list[dict[str, Any]]:
    return [e for e in log()["entries"] if all(e.get(name) == value for name, value in members.items())]


def test_every_demanded_member_is_there() -> None:
    archive = log()
    assert archive["version"] == "1.2"
    assert DEMANDED["log"] <= set(archive)
    for page in archive["pages"]:
        assert DEMANDED["page"] <= set(page)
    for entry in archive["entries"]:
        assert DEMANDED["entry"] <= set(entry)
        for part in ("request", "response", "timings"):
            assert DEMANDED[part] <= set(entry[part])
        assert DEMANDED["content"] <= set(entry["response"]["content"])
        for pair in (*entry["request"]["headers"], *entry["request"]["queryString"], *entry["response"]["headers"]):
            assert set(pair) == {"name", "value"}
            assert isinstance(pair["value"], str)


def test_every_exchange_and_delivery_is_one_entry_of_its_scenarios_page() -> None:
    counts = sample.record()["counts"]
    kinds = Counter(entry["_kind"] for entry in log()["entries"])
    assert kinds == {"exchange": counts["exchanges"], "delivery": counts["deliveries"]}
    assert {entry["pageref"] for entry in log()["entries"]} <= {page["id"] for page in log()["pages"]}


def test_an_exchange_tells_its_system_operation_and_world_time() -> None:
    entry = entries(_operationId="createOrder")[0]
    assert entry["_system"] == "shop"
    assert entry["startedDateTime"] == "2026-03-01T23:29:03Z"
    assert entry["request"]["url"] == "http://127.0.0.1:8700/shop/v1/orders"
    assert json.loads(entry["request"]["postData"]["text"]) == {"line_items": [{"sku": "SKU-1001", "quantity": 2}]}
    assert entry["response"]["status"] == 201


def test_a_form_is_told_as_parameters_with_its_secret_masked() -> None:
    post_data = entries(_operationId="getToken")[0]["request"]["postData"]
    assert post_data["params"] == [
        {"name": "grant_type", "value": "client_credentials"},
        {"name": "client_id", "value": "integration.w1@erp"},
        {"name": "client_secret", "value": "***"},
    ]
    assert "text" not in post_data


def test_the_query_is_told_twice_as_the_format_wants() -> None:
    entry = next(e for e in entries(_operationId="createOrder") if e["response"]["status"] == 422)
    assert entry["request"]["url"].endswith("/orders?dry=1")
    assert entry["request"]["queryString"] == [{"name": "dry", "value": "1"}]


def test_a_lost_answer_has_status_0_and_says_why() -> None:
    response = entries(_fault="reset-after")[0]["response"]
    assert (response["status"], response["comment"]) == (
        0,
        "the connection was closed without an answer by fault reset-after",
    )


def test_a_delivery_carries_the_event_and_each_attempt_is_told() -> None:
    attempts = entries(_kind="delivery", _eventId="e-2")
    assert [(a["_attempt"], a["response"]["status"], a["_outcome"]) for a in attempts] == [
        (1, 0, "failed"),
        (2, 500, "failed"),
        (3, 202, "delivered"),
    ]
    assert json.loads(attempts[0]["request"]["postData"]["text"])["data"] == {"id": "5512340002"}
    assert attempts[2]["_fault"] == "corrupt-event"
