"""HAR 1.2: every exchange and every delivery with world time, for any HTTP archive viewer.

Source: http://www.softwareishard.com/blog/har-12-spec/. What HTTP does not know stands in fields that begin with `_`.
Credentials are masked already where the journal is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

CLOUD_EVENT = "application/cloudevents+json"


def render_har(record: Mapping[str, Any]) -> str:
    """The record as an archive: one page a scenario. Times are world times; virtual time has no durations."""
    pages: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for number, (scenario, journal) in enumerate(zip(record["scenarios"], record["journal"], strict=True), 1):
        page = f"scenario-{number}"
        found = list(_entries(journal["entries"], scenario["run"].get("urls") or {}, page))
        start = found[0]["startedDateTime"] if found else "1970-01-01T00:00:00Z"
        title = f"{scenario['id']} {scenario['summary']}".strip()
        pages.append({"startedDateTime": start, "id": page, "title": title, "pageTimings": {}})
        entries += found
    creator = {"name": record["tool"]["name"], "version": record["tool"]["version"]}
    comment = f"seed {record['seed']}; repeat with: {record['command']}"
    log = {"version": "1.2", "creator": creator, "pages": pages, "entries": entries, "comment": comment}
    return json.dumps({"log": log}, ensure_ascii=False, indent=1) + "\n"


def _entries(journal: Sequence[Mapping[str, Any]], urls: Mapping[str, str], page: str) -> Iterator[dict[str, Any]]:
    events = {entry["event"].get("id"): entry["event"] for entry in journal if entry["kind"] == "event"}
    for entry in journal:
        if entry["kind"] == "exchange":
            yield _exchange(entry, urls, page)
        elif entry["kind"] == "delivery":
            yield _delivery(entry, events.get(entry["eventId"]), page)


def _exchange(entry: Mapping[str, Any], urls: Mapping[str, str], page: str) -> dict[str, Any]:
    request, response = entry["request"], entry["response"]
    # The journal keeps paths below a system's base; a run says where the bases are.
    base = str(urls.get(entry["system"]) or f"http://{entry['system']}.internal").rstrip("/")
    query = f"?{request['query']}" if request["query"] else ""
    url = f"{base}{request['path']}{query}"
    sent = _request(request["method"], url, request["query"], request["headers"], request["body"])
    return {
        **_common(entry, page, sent),
        "response": _no_response(_why(entry)) if response is None else _response(response),
        "_system": entry["system"],
        "_operationId": entry["operationId"],
        "_client": entry["client"],
        "_causationId": entry["causationId"],
        "_committed": entry["committed"],
        "_replayed": entry["replayed"],
        "_fault": entry["fault"],
        "_findings": entry["findings"],
    }


def _delivery(entry: Mapping[str, Any], event: Mapping[str, Any] | None, page: str) -> dict[str, Any]:
    headers = {"content-type": CLOUD_EVENT, "x-correlation-id": entry["correlationId"]}
    answer = entry["answer"]
    return {
        **_common(entry, page, _request("POST", entry["sink"], "", headers, event)),
        "response": _no_response(entry["error"]) if answer is None else _response({"status": answer}),
        "_system": entry["system"],
        "_operationId": entry["name"],
        "_deliveryId": entry["deliveryId"],
        "_eventId": entry["eventId"],
        "_attempt": entry["attempt"],
        "_copy": entry["copy"],
        "_outcome": entry["outcome"],
        "_fault": entry["mutation"],
    }


def _common(entry: Mapping[str, Any], page: str, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "pageref": page,
        "startedDateTime": entry["at"],
        "time": 0,
        "request": request,
        "response": {},
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "_kind": entry["kind"],
        "_seq": entry["seq"],
        "_correlationId": entry["correlationId"],
    }


def _request(method: str, url: str, query: str, headers: Mapping[str, str], body: Any) -> dict[str, Any]:
    mime = headers.get("content-type", "")
    request: dict[str, Any] = {
        "method": method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers.items()),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": 0 if body is None else -1,
    }
    if body is not None:
        form = isinstance(body, dict) and "x-www-form-urlencoded" in mime
        request["postData"] = {
            "mimeType": mime or "application/json",
            **({"params": _pairs(body.items())} if form else {"text": _body_text(body)}),
        }
    return request


def _response(response: Mapping[str, Any]) -> dict[str, Any]:
    headers = response.get("headers", {})
    text = "" if response.get("body") is None else _body_text(response["body"])
    content: dict[str, Any] = {"size": len(text.encode()), "mimeType": headers.get("content-type", "x-unknown")}
    if text:
        content["text"] = text
    return {
        "status": response["status"],
        "statusText": _status_text(response["status"]),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers.items()),
        "content": content,
        "redirectURL": str(headers.get("location", "")),
        "headersSize": -1,
        "bodySize": -1 if text else 0,
    }


def _no_response(why: str) -> dict[str, Any]:
    """Viewers know a request without an answer by status 0."""
    return {**_response({"status": 0}), "httpVersion": "", "statusText": "", "comment": why or "no answer"}


def _why(entry: Mapping[str, Any]) -> str:
    fault = f" by fault {entry['fault']}" if entry["fault"] else ""
    return f"the connection was closed without an answer{fault}"


def _status_text(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _body_text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _pairs(items: Any) -> list[dict[str, str]]:
    return [
        {"name": str(name), "value": value if isinstance(value, str) else _body_text(value)} for name, value in items
    ]
