"""The contracts that ship with Understudy keep the promises of domain.md 2.1 and of design.md decision 1.

One case per document, operation, schema or example, so that a failure names the place to correct.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from understudy.contract import Contract, read_yaml

ROOT = Path(__file__).parents[2]
DOCUMENTS = {path.parent.name: path for path in sorted(ROOT.glob("contracts/*/openapi.yaml"))} | {
    path.name.partition(".")[0]: path
    for path in [ROOT / "src/understudy/simulate/control.openapi.yaml"]
    if path.exists()
}
EVENT_SYSTEMS = [name for name in DOCUMENTS if name in ("erp", "wms", "storefront", "crm")]
METHODS = ("get", "put", "post", "patch", "delete")
PREFIX = "com.example."
KEYLESS = frozenset({"getToken", "createSubscription"})
CLOUD_EVENT = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "correlationid"}
    | {"sequence", "data"}
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A node of a document. pointer: its JSON pointer, so that schemas below it can be validated against."""

    document: str
    pointer: str
    node: Any


@cache
def raw(name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = read_yaml(DOCUMENTS[name])
    return document


@cache
def contract(name: str) -> Contract:
    return Contract(name, raw(name), where=str(DOCUMENTS[name].relative_to(ROOT)))


def escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def follow(name: str, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        pointer, node = node["$ref"][2:], raw(name)
        for part in pointer.split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def operations(name: str) -> Iterator[Spot]:
    for path, item in raw(name)["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                operation = {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]}
                yield Spot(name, f"/paths/{escape(path)}/{method}", operation)


def event_posts(name: str) -> Iterator[tuple[str, Spot]]:
    """Every webhook (3.1) and callback (3.0) with its name."""
    for event, item in (raw(name).get("webhooks") or {}).items():
        yield event, Spot(name, f"/webhooks/{escape(event)}/post", item["post"])
    for operation in operations(name):
        for event, callback in (operation.node.get("callbacks") or {}).items():
            for expression, item in callback.items():
                pointer = f"{operation.pointer}/callbacks/{escape(event)}/{escape(expression)}/post"
                yield event, Spot(name, pointer, item["post"])


def media_types(spot: Spot) -> Iterator[tuple[str, Spot]]:
    """Every media type of an operation as (`request` or the status, place)."""
    body = spot.node.get("requestBody")
    holders = [("request", f"{spot.pointer}/requestBody", body)] if body else []
    holders += [(str(s), f"{spot.pointer}/responses/{s}", r) for s, r in spot.node.get("responses", {}).items()]
    for label, pointer, holder in holders:
        if "$ref" in holder:
            pointer, holder = holder["$ref"][1:], follow(spot.document, holder)
        for media, node in (holder.get("content") or {}).items():
            yield label, Spot(spot.document, f"{pointer}/content/{escape(media)}", node)


def examples_of(name: str, media: Mapping[str, Any]) -> list[Any]:
    named = [follow(name, example).get("value") for example in (media.get("examples") or {}).values()]
    return ([media["example"]] if "example" in media else []) + named


def all_operations() -> list[Any]:
    return [pytest.param(s, id=f"{n}:{s.node.get('operationId', s.pointer)}") for n in DOCUMENTS for s in operations(n)]


def all_events() -> list[Any]:
    return [pytest.param(event, spot, id=event) for n in EVENT_SYSTEMS for event, spot in event_posts(n)]


def all_schemas() -> list[Any]:
    return [
        pytest.param(Spot(n, f"/components/schemas/{escape(key)}", schema), id=f"{n}:{key}")
        for n in DOCUMENTS
        for key, schema in (raw(n).get("components") or {}).get("schemas", {}).items()
    ]


def properties(spot: Spot) -> Iterator[Spot]:
    """Every property of a schema, nested and combined ones included."""
    if not isinstance(spot.node, dict):
        return
    for key, value in spot.node.items():
        if key == "properties":
            for name, schema in value.items():
                child = Spot(spot.document, f"{spot.pointer}/properties/{escape(name)}", schema)
                yield child
                yield from properties(child)
        elif key in ("items", "additionalProperties"):
            yield from properties(Spot(spot.document, f"{spot.pointer}/{key}", value))
        elif key in ("allOf", "anyOf", "oneOf"):
            for index, part in enumerate(value):
                yield from properties(Spot(spot.document, f"{spot.pointer}/{key}/{index}", part))


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_document_is_valid_openapi(name: str) -> None:
    openapi_spec_validator = pytest.importorskip("openapi_spec_validator")
    openapi_spec_validator.validate(raw(name))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_means_the_same_in_yaml_1_1_and_1_2(name: str) -> None:
    """Dates, `on`, `NO` and the like are quoted, so that no reader turns them into something else."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    assert yaml.load(DOCUMENTS[name].read_text(encoding="utf-8"), Loader=loader) == raw(name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_engine_can_read_the_document(name: str) -> None:
    assert contract(name).operations


def test_warehouse_speaks_openapi_3_0_and_the_others_3_1() -> None:
    """Both versions are in the reference workspace on purpose, so that both stay supported."""
    versions = {name: raw(name)["openapi"][:3] for name in DOCUMENTS}
    assert versions == {name: "3.0" if name == "wms" else "3.1" for name in DOCUMENTS}


@pytest.mark.parametrize("spot", all_operations())
def test_operation_has_an_id_a_success_and_a_refusal(spot: Spot) -> None:
    statuses = [str(status) for status in spot.node["responses"]]
    assert spot.node.get("operationId")
    assert any(status.startswith("2") for status in statuses), "no 2xx response"
    assert any(status.startswith(("4", "5")) or status == "default" for status in statuses), "no error response"


@pytest.mark.parametrize("spot", all_operations())
def test_operation_says_what_it_does_and_under_which_heading(spot: Spot) -> None:
    headings = {tag["name"] for tag in raw(spot.document).get("tags", [])}
    assert spot.node.get("summary")
    assert set(spot.node.get("tags", [])) <= headings


@pytest.mark.parametrize("spot", all_operations())
def test_refusals_are_problem_details(spot: Spot) -> None:
    """Domain 2.1: every error is `application/problem+json` (a health check answers 503 with its own body)."""
    problems = []
    for status, response in spot.node["responses"].items():
        if str(status)[0] in "45" or status == "default":
            content = follow(spot.document, response).get("content") or {}
            if list(content) != ["application/problem+json"] and spot.node["operationId"] != "getHealth":
                problems.append(status)
    assert problems == []


@pytest.mark.parametrize("spot", [p for p in all_operations() if p.values[0].document != "control"])
def test_correlation_id_travels_with_every_exchange(spot: Spot) -> None:
    """MSG-1: the header is declared on every request and response; the control plane stands outside business flows."""
    parameters = [follow(spot.document, p) for p in spot.node.get("parameters", [])]
    assert "X-Correlation-Id" in [p["name"] for p in parameters if p["in"] == "header"]
    for status, response in spot.node["responses"].items():
        assert "X-Correlation-Id" in follow(spot.document, response).get("headers", {}), status


@pytest.mark.parametrize("spot", [p for p in all_operations() if p.values[0].document in ("erp", "wms")])
def test_posts_of_erp_and_wms_need_an_idempotency_key(spot: Spot) -> None:
    """IDM-4: a retry after an unknown outcome must be recognisable on every POST that creates or acts."""
    parameters = [follow(spot.document, p) for p in spot.node.get("parameters", [])]
    required = [p["name"] for p in parameters if p.get("required") and p["in"] == "header"]
    is_keyed = spot.pointer.endswith("/post") and spot.node["operationId"] not in KEYLESS
    assert ("Idempotency-Key" in required) == is_keyed


@pytest.mark.parametrize("spot", [p for p in all_operations() if p.values[0].document in ("erp", "wms", "crm")])
def test_request_bodies_refuse_unknown_fields(spot: Spot) -> None:
    """An unknown field in a request is 422, so that a misspelled one is never silently lost."""
    for label, media in media_types(spot):
        if label == "request" and media.pointer.endswith("json"):
            schema = follow(spot.document, media.node["schema"])
            assert schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False


@pytest.mark.parametrize("spot", all_operations())
def test_security_is_declared_with_known_schemes_and_scopes(spot: Spot) -> None:
    schemes = (raw(spot.document).get("components") or {}).get("securitySchemes", {})
    for alternative in spot.node.get("security", raw(spot.document).get("security", [])):
        for scheme, scopes in alternative.items():
            declared = {s for flow in schemes[scheme].get("flows", {}).values() for s in flow["scopes"]}
            assert set(scopes) <= declared, scheme


@pytest.mark.parametrize("spot", all_operations())
def test_bodies_carry_an_example_that_is_valid(spot: Spot) -> None:
    """Every request body and every 2xx body shows one realistic example; every example given is valid."""
    for label, media in media_types(spot):
        examples = examples_of(spot.document, media.node)
        if label == "request" or label.startswith("2"):
            assert examples, f"{label} has no example"
        for example in examples:
            assert contract(spot.document).schemas.violations(f"{media.pointer}/schema", example) == [], label


@pytest.mark.parametrize("spot", all_schemas())
def test_properties_are_described(spot: Spot) -> None:
    missing = []
    for place in properties(spot):
        described = place.node.get("description") or follow(place.document, place.node).get("description")
        if not described:
            missing.append(place.pointer)
    assert missing == []


@pytest.mark.parametrize("spot", all_schemas())
def test_examples_of_properties_are_valid(spot: Spot) -> None:
    wrong = []
    for place in properties(spot):
        examples = [place.node["example"]] if "example" in place.node else list(place.node.get("examples", []))
        schemas = contract(place.document).schemas
        wrong += [(place.pointer, v.detail) for e in examples for v in schemas.violations(place.pointer, e)]
    assert wrong == []


def example_of_event(event: str, media: Spot) -> Any:
    """The event's own example, or that of a sister event with the same kind of data under this event's type."""
    own = examples_of(media.document, media.node)
    if own:
        return own[0]
    sisters = [
        e for _, s in event_posts(media.document) for _, m in media_types(s) for e in examples_of(s.document, m.node)
    ]
    retyped = [{**example, "type": PREFIX + event} for example in sisters]
    schemas = contract(media.document).schemas
    return next(e for e in retyped if not schemas.violations(f"{media.pointer}/schema", e))


@pytest.mark.parametrize("event, spot", all_events())
def test_event_is_a_signed_cloud_event_with_its_own_type(event: str, spot: Spot) -> None:
    """Domain 2.1: the whole envelope is required, `type` is the event's name with the prefix, the header signs it."""
    parameters = [follow(spot.document, p) for p in spot.node.get("parameters", [])]
    assert [p["name"] for p in parameters if p.get("required")] == ["X-Signature"]
    [(_, media)] = [m for m in media_types(spot) if m[0] == "request"]
    assert media.pointer.endswith("/content/application~1cloudevents+json")
    schemas = contract(spot.document).schemas
    example = example_of_event(event, media)
    assert example["type"] == PREFIX + event
    assert schemas.violations(f"{media.pointer}/schema", example) == []
    assert {
        attribute
        for attribute in example
        if schemas.violations(f"{media.pointer}/schema", {k: v for k, v in example.items() if k != attribute})
    } == CLOUD_EVENT
    assert schemas.violations(f"{media.pointer}/schema", {**example, "type": PREFIX + "some.other.event.v1"})


@pytest.mark.parametrize("name", EVENT_SYSTEMS)
def test_subscriptions_offer_exactly_the_events_of_the_contract(name: str) -> None:
    schemas = raw(name)["components"]["schemas"]
    types = follow(name, schemas["SubscriptionCreate"]["properties"]["types"])
    assert follow(name, types["items"])["enum"] == list(contract(name).events)


@pytest.mark.parametrize("name", EVENT_SYSTEMS)
def test_secret_of_a_subscription_is_never_returned(name: str) -> None:
    """SEC-1."""
    schemas = raw(name)["components"]["schemas"]
    assert schemas["SubscriptionCreate"]["properties"]["secret"]["writeOnly"] is True
    assert "secret" not in schemas["Subscription"]["properties"]
