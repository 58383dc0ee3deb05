"""Runtime expressions: every form of the grammar, values with their types, and reasons where there is none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.scenario.expression import ExpressionError, looks_like_expression, parse, pointer_tokens
from understudy.scenario.scope import Answer, Call, EvaluationError, Missing, Scope, WorkflowRecord
from understudy.scenario.template import compile_text, compile_value, evaluate
from understudy.simulate.message import Response

from .fakes import reply


@pytest.fixture
def scope() -> Scope:
    made = Scope(
        {"sku": "SKU-1", "qty": 2, "customer.name": "Anna", "address": {"city": "Dresden"}, "x-y": [1, 2]},
        workflows={"pay": WorkflowRecord({"amount": "70.73"}, {"receipt": {"id": 9}})},
        sources={"shop": {"name": "shop", "url": "./shop.yaml", "type": "openapi"}},
        self_uri="https://example.com/story.yaml",
    )
    made.steps["create-order"] = {"id": "SO-1", "body": {"a/b": {"~": [10, 20]}, "": "nameless"}}
    made.outputs = {"total": 12.5}
    made.call = Call(
        "POST",
        "http://127.0.0.1/orders?$top=5",
        path={"orderId": "SO-1"},
        query={"$top": 5},
        header={"x-correlation-id": "c-1"},
        body={"user": {"uuid": "u-1"}},
    )
    made.answer = Answer(reply(201, {"pets": [{"id": 7}], "0": "zero"}, Server="ours", x_rate="9"))
    made.answer.response.headers["server"] = "ours"  # type: ignore[index]
    return made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$url", "http://127.0.0.1/orders?$top=5"),
        ("$method", "POST"),
        ("$statusCode", 201),
        ("$self", "https://example.com/story.yaml"),
        ("$request.header.X-Correlation-Id", "c-1"),
        ("$request.query.$top", 5),
        ("$request.path.orderId", "SO-1"),
        ("$request.body", {"user": {"uuid": "u-1"}}),
        ("$request.body#/user/uuid", "u-1"),
        ("$response.body", {"pets": [{"id": 7}], "0": "zero"}),
        ("$response.body#", {"pets": [{"id": 7}], "0": "zero"}),
        ("$response.body#/pets/0/id", 7),
        ("$response.body.pets[0].id", 7),
        ("$response.body.pets[0]", {"id": 7}),
        ("$response.body#/0", "zero"),
        ("$response.header.SERVER", "ours"),
        ("$response.header.x-rate", "9"),
        ("$inputs.sku", "SKU-1"),
        ("$inputs.qty", 2),
        ("$inputs.customer.name", "Anna"),
        ("$inputs.address.city", "Dresden"),
        ("$inputs.address#/city", "Dresden"),
        ("$inputs.x-y[1]", 2),
        ("$outputs.total", 12.5),
        ("$steps.create-order.outputs.id", "SO-1"),
        ("$steps.create-order.outputs.body#/a~1b/~0/1", 20),
        ("$steps.create-order.outputs.body#/", "nameless"),
        ("$workflows.pay.inputs.amount", "70.73"),
        ("$workflows.pay.outputs.receipt#/id", 9),
        ("$workflows.pay.outputs.receipt.id", 9),
        ("$sourceDescriptions.shop.url", "./shop.yaml"),
        ("$sourceDescriptions.shop.type", "openapi"),
    ],
)
def test_an_expression_gives_the_value_with_its_type(scope: Scope, text: str, value: Any) -> None:
    found = parse(text).evaluate(scope)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$inputs.size", "input `size` has no value"),
        ("$inputs.sku.length", "`$inputs.sku.length` has nothing at /length"),
        ("$steps.pay.outputs.id", "step `pay` has not run"),
        ("$steps.create-order.outputs.total", "output of step `create-order`, `total` has no value"),
        ("$steps.create-order.outputs.body#/a~1b/~0/2", "has nothing at /a~1b/~0/2"),
        ("$workflows.ship.outputs.id", "workflow `ship` has not run"),
        ("$response.body#/pets/1", "the answer's body has nothing at /pets/1"),
        ("$response.body#/pets/00/id", "the answer's body has nothing at /pets/00"),
        ("$response.body#/pets/-", "the answer's body has nothing at /pets/-"),
        ("$response.header.Location", "the answer has no header `location`"),
        ("$request.query.page", "the request has no query `page`"),
        ("$sourceDescriptions.shop.version", "has no field `version`"),
    ],
)
def test_an_expression_that_leads_nowhere_says_why(scope: Scope, text: str, why: str) -> None:
    found = parse(text).evaluate(scope)
    assert isinstance(found, Missing)
    assert why in found.why


@pytest.mark.parametrize(
    ("headers", "body", "content"),
    [
        ({"content-type": "application/json"}, b'{"a":1}', {"a": 1}),
        ({"content-type": "Application/Problem+JSON; charset=utf-8"}, b'{"a":1}', {"a": 1}),
        ({}, b"[1]", [1]),
        ({}, b"plain", "plain"),
        ({"content-type": "text/plain"}, b"70.73", "70.73"),
        ({"content-type": "application/xml"}, "<ä/>".encode(), "<ä/>"),
        ({"content-type": "application/json"}, b"9007199254740993", 9007199254740993),
    ],
)
def test_a_body_is_read_by_its_media_type(headers: dict[str, str], body: bytes, content: Any) -> None:
    assert Answer(Response(200, headers, body)).content == content


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"[" * 100_000, b"\xff", b"1" * 5000])
def test_a_body_that_is_no_json_is_missing_and_not_a_crash(body: bytes) -> None:
    assert isinstance(Answer(Response(200, {"content-type": "application/json"}, body)).content, Missing)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("statusCode", "no runtime expression", "begins with `$`"),
        ("$statuscode", "no runtime expression", "$statusCode"),
        ("$input.sku", "no runtime expression", "$inputs"),
        ("$statusCode.x", "takes nothing behind it", "write `$statusCode`"),
        ("$response.headers.Location", "has no `headers`", "header"),
        ("$response.query.page", "has no `query`", "$response.header"),
        ("$response", "names no part of the response", "$response.body"),
        ("$response.header.", "names no header", "$response.header.<name>"),
        ("$response.header.a b", "names no header", ""),
        ("$response.body#pets", "is no JSON Pointer", "`/pets`"),
        ("$response.body#/a~b", "is no JSON Pointer", "`~0`"),
        ("$response.body..a", "neither `.name` nor `[index]`", "JSON Pointer"),
        ("$response.body[x]", "neither `.name` nor `[index]`", ""),
        ("$outputs[0].id", "names no input or output", ""),
        ("$inputs.", "neither `.name`", ""),
        ("$steps.create.id", "names no output", "$steps.<stepId>.outputs.<name>"),
        ("$workflows.pay.steps.x", "names no input or output", "$workflows.<workflowId>.outputs.<name>"),
        ("$components.schemas.x", "names no component", "$components.parameters.<name>"),
        ("$message.payload", "AsyncAPI", ""),
    ],
)
def test_a_broken_expression_is_refused_with_a_way_out(text: str, message: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["$100", "$", "$$", "$workflow_order_id", "$ref", "costs $inputs.x", "$inputsx"])
def test_text_with_a_dollar_that_means_nothing_stays_text(scope: Scope, text: str) -> None:
    assert evaluate(compile_text(text), scope) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://{$inputs.sku}/api/{$steps.create-order.outputs.id}/x", "https://SKU-1/api/SO-1/x"),
        ("{$inputs.qty}", "2"),
        ('{"qty": "{$inputs.qty}", "city": {$inputs.address}}', '{"qty": "2", "city": {"city":"Dresden"}}'),
        ("{$outputs.total}|{$inputs.x-y}", "12.5|[1,2]"),
        ("{ $inputs.qty }", "{ $inputs.qty }"),
        ("{plain}", "{plain}"),
    ],
)
def test_embedded_expressions_become_text(scope: Scope, text: str, value: str) -> None:
    """Scalars as JSON writes them, structures as compact JSON (1.1, "Runtime Expressions")."""
    assert evaluate(compile_text(text), scope) == value


def test_true_and_null_embed_as_json_writes_them() -> None:
    assert evaluate(compile_text("{$inputs.a} {$inputs.b}"), Scope({"a": True, "b": None})) == "true null"


def test_an_embedded_expression_without_a_value_is_an_error(scope: Scope) -> None:
    with pytest.raises(EvaluationError, match=r"`\$inputs.size` is empty: input `size` has no value"):
        evaluate(compile_text("size {$inputs.size}"), scope)


def test_an_absent_input_leaves_its_payload_member_out(scope: Scope) -> None:
    template = compile_value({"sku": "$inputs.sku", "coupon": "$inputs.coupon"}, selectors=False, report=_refuse)
    assert evaluate(template, scope) == {"sku": "SKU-1"}


def test_any_other_hole_in_a_payload_is_an_error_at_its_pointer(scope: Scope) -> None:
    template = compile_value({"lines": [{"sku": "$steps.pay.outputs.sku"}]}, selectors=False, report=_refuse)
    with pytest.raises(EvaluationError, match=r"^/lines/0/sku `\$steps.pay.outputs.sku` is empty: step `pay`"):
        evaluate(template, scope)


@pytest.mark.parametrize(
    ("selector", "kind", "value"),
    [
        ("$.pets[0].id", "jsonpath", 7),
        ("$.pets[*].id", "jsonpath", [7]),
        ("$.pets[?@.id > 7]", "jsonpath", []),
        ("/pets/0/id", "jsonpointer", 7),
        ("$.pets[0].id", {"type": "jsonpath", "version": "rfc9535"}, 7),
    ],
)
def test_a_selector_object_of_1_1_selects_from_its_context(scope: Scope, selector: str, kind: Any, value: Any) -> None:
    """A singular query gives the value, any other the list of all values."""
    raw = {"context": "$response.body", "selector": selector, "type": kind}
    assert evaluate(compile_value(raw, selectors=True, report=_refuse), scope) == value
    assert evaluate(compile_value(raw, selectors=False, report=_refuse), scope)["selector"] == selector


@pytest.mark.parametrize(("text", "tokens"), [("", ()), ("/", ("",)), ("/a~1b/m~0n/0", ("a/b", "m~n", "0"))])
def test_a_json_pointer_is_read_by_rfc_6901(text: str, tokens: tuple[str, ...]) -> None:
    assert pointer_tokens(text) == tokens


@given(
    st.text(max_size=40), st.sampled_from(["", "$", "$inputs.", "$response.body#/", "$steps.a.outputs.", "{$inputs."])
)
def test_any_text_is_an_expression_or_refused(text: str, start: str) -> None:
    for read in (parse, compile_text):
        with suppress(ExpressionError):
            read(start + text)


@given(st.text(max_size=20))
def test_what_looks_like_an_expression_begins_with_a_known_word(text: str) -> None:
    if looks_like_expression(f"${text}"):
        assert text.startswith(
            ("url", "method", "statusCode", "self", "request", "response", "inputs", "outputs", "steps", "workflows",
             "sourceDescriptions", "components", "message")
        )  # fmt: skip


def _refuse(pointer: str, problem: ExpressionError) -> None:
    raise AssertionError(f"{pointer}: {problem}")
