"""What leaves: parameters in the style of the contract, bodies of each kind, replacements."""

from __future__ import annotations

import json
from typing import Any

import pytest

from understudy.simulate.message import Request

from .fakes import Run, Script, run, steps


def sent(step: str, *, version: str = "1.0.1", **inputs: Any) -> tuple[Request | None, str]:
    """The request of a one-step scenario, or None and why there is none."""
    done = outcome(step, version=version, **inputs)
    return done.attempts[0].request, done.attempts[0].error


def outcome(step: str, *, version: str = "1.0.1", **inputs: Any) -> Run:
    return run(steps(f"- {{stepId: a, {step}}}\n", version=version), Script(), inputs=inputs)


def target(parameters: str, operation: str = "listOrders", **inputs: Any) -> str:
    request, error = sent(f"operationId: {operation}, parameters: [{parameters}]", **inputs)
    assert request is not None, error
    return request.target


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("{name: status, in: query, value: open}", "/orders?status=open"),
        ("{name: status, in: query, value: [open, held]}", "/orders?status=open&status=held"),
        ("{name: ids, in: query, value: [a, 'b,c']}", "/orders?ids=a,b%2Cc"),
        ("{name: tags, in: query, value: [a, b c]}", "/orders?tags=a%7Cb%20c"),
        ("{name: filter, in: query, value: {from: 1, to: x y}}", "/orders?filter%5Bfrom%5D=1&filter%5Bto%5D=x%20y"),
        ("{name: $top, in: query, value: 5}", "/orders?$top=5"),
        ("{name: q, in: query, value: 'a&b=c+d#é'}", "/orders?q=a%26b%3Dc%2Bd%23%C3%A9"),
        ("{name: q, in: query, value: true}", "/orders?q=true"),
        ("{name: q, in: query, value: null}", "/orders"),
        ("{name: q, in: query, value: ''}", "/orders?q="),
        ("{name: q, in: query, value: {a: 1, b: 2}}", "/orders?a=1&b=2"),
        ("{name: q, in: query, value: $inputs.q}", "/orders?q=7"),
        ("{name: q, in: query, value: '{$inputs.q}/{$inputs.q}'}", "/orders?q=7/7"),
        ("{name: q, in: query, value: $inputs.nothing}", "/orders"),
        ("{name: all, in: querystring, value: 'a=1&b={$inputs.q}'}", "/orders?a=1&b=7"),
    ],
)
def test_query_parameters_follow_style_and_explode(parameters: str, expected: str) -> None:
    assert target(parameters, q=7) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SO-1", "/orders/SO-1"),
        ("a/b c?", "/orders/a%2Fb%20c%3F"),
        ("[1, 2]", "/orders/1,2"),
        ("{a: 1}", "/orders/a,1"),
    ],
)
def test_path_parameters_are_percent_encoded(value: str, expected: str) -> None:
    assert target(f"{{name: orderId, in: path, value: {value}}}", "getOrder") == expected


@pytest.mark.parametrize(("value", "expected"), [("5", ";line=5"), ("[3, 4]", ";line=3,4"), ("{a: 1}", ";line=a,1")])
def test_a_path_parameter_in_matrix_style(value: str, expected: str) -> None:
    parameters = f"{{name: orderId, in: path, value: x}}, {{name: line, in: path, value: {value}}}"
    assert target(parameters, "getLine") == f"/orders/x/lines/{expected}"


def test_headers_and_cookies() -> None:
    request, _ = sent("""operationId: listOrders, parameters: [
        {name: X-Correlation-Id, in: header, value: '{$inputs.run}-1'}, {name: X-Count, in: header, value: 3},
        {name: session, in: cookie, value: a b}, {name: theme, in: cookie, value: dark},
        {name: If-Match, in: header, value: $inputs.nothing}]""", run="r7")  # fmt: skip
    assert request is not None
    assert request.headers == {
        "accept": "application/json, application/problem+json, */*;q=0.5",
        "x-correlation-id": "r7-1",
        "x-count": "3",
        "cookie": "session=a%20b; theme=dark",
    }


def test_the_parameters_of_the_workflow_apply_to_every_step_and_a_step_overrides_by_name_and_place() -> None:
    text = steps(
        """\
        - {stepId: a, operationId: listOrders}
        - {stepId: b, operationId: listOrders, parameters: [{name: x-run, in: header, value: mine}]}
        - {stepId: c, operationId: getOrder, parameters: [{name: orderId, in: path, value: own}]}
        """,
        before="""\
        parameters:
        - {name: X-Run, in: header, value: shared}
        - {name: orderId, in: path, value: shared}
        """,
    )
    client = Script()
    run(text, client)
    assert [(r.path, r.headers["x-run"]) for _, _, r in client.sent] == [
        ("/orders", "shared"), ("/orders", "mine"), ("/orders/own", "shared"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("operationId: getOrder, parameters: [{name: orderId, in: path, value: $inputs.x}]",
         "nothing was sent: the path parameter `orderId` has no value: input `x` has no value"),
        ("operationId: getOrder, parameters: [{name: orderId, in: path, value: ''}]",
         "nothing was sent: the path parameter `orderId` has no value: it is empty"),
        ("operationId: listOrders, parameters: [{name: q, in: query, value: 'a{$inputs.x}'}]",
         "nothing was sent: the query parameter `q` cannot be built: `$inputs.x` is empty: input `x` has no value"),
        ("operationId: listOrders, parameters: [{name: q, in: header, value: \"a\\r\\nb\"}]",
         "nothing was sent: the value of header `q` cannot be sent: 'a\\r\\nb' has characters outside ASCII text"),
        ("operationId: createOrder, requestBody: {payload: {a: ['{$inputs.x}']}}",
         "nothing was sent: the payload cannot be built: /a/0 `$inputs.x` is empty: input `x` has no value"),
        ("operationId: createOrder, requestBody: {payload: $inputs.x}",
         "nothing was sent: the payload is empty: input `x` has no value"),
        ("operationId: createOrder, requestBody: {payload: {a: 1}, replacements: [{target: /b/c, value: 1}]}",
         "nothing was sent: the replacement of `/b/c` fails: the payload has nothing at /b"),
        ("operationId: createOrder, requestBody: {payload: {a: [1]}, replacements: [{target: /a/2, value: 1}]}",
         "nothing was sent: the replacement of `/a/2` fails: the payload has nothing at /a/2"),
        ("operationId: createOrder, requestBody: {payload: 'no json', replacements: [{target: /a, value: 1}]}",
         "nothing was sent: the payload is not JSON, so nothing in it can be replaced"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_built_fails_the_step_and_says_why(step: str, error: str) -> None:
    done = outcome(step)
    assert done.attempts[0].request is None
    assert done.attempts[0].error.startswith(error)
    assert done.outcomes == [("a", "failed")]
    assert done.steps[0].reason == done.attempts[0].error


@pytest.mark.parametrize(
    ("body", "media", "content"),
    [
        ("{payload: {a: 1, b: [true, null, 1.5, é]}}", "application/json", '{"a":1,"b":[true,null,1.5,"é"]}'),
        ("{payload: {n: $inputs.n}}", "application/json", '{"n":9007199254740993}'),
        ("{payload: {n: '{$inputs.n}'}}", "application/json", '{"n":"9007199254740993"}'),
        ("{payload: {n: $inputs.n, absent: $inputs.absent}}", "application/json", '{"n":9007199254740993}'),
        ("{payload: $inputs.order}", "application/json", '{"lines":[1]}'),
        ("{payload: $inputs.word}", "application/json", '"say \\"hi\\""'),
        ("{payload: '{\"n\": {$inputs.n}}'}", "application/json", '{"n": 9007199254740993}'),
        ("{payload: '{broken'}", "application/json", "{broken"),
        ("{contentType: application/x+json, payload: {a: null}}", "application/x+json", '{"a":null}'),
        ("{contentType: application/xml, payload: '<n>{$inputs.n}</n>'}", "application/xml", "<n>9007199254740993</n>"),
        ("{contentType: text/plain, payload: $inputs.word}", "text/plain", 'say "hi"'),
        ("{contentType: application/x-www-form-urlencoded, payload: {a: x y, b: [1, 2], c: {d: 1}, e: null}}",
         "application/x-www-form-urlencoded", "a=x%20y&b=1&b=2&c=%7B%22d%22%3A1%7D"),
        ("{contentType: application/x-www-form-urlencoded, payload: 'a={$inputs.n}&b=2'}",
         "application/x-www-form-urlencoded", "a=9007199254740993&b=2"),
        ("{}", "application/json", ""),
    ],
)  # fmt: skip
def test_a_body_of_each_kind(body: str, media: str, content: str) -> None:
    request, error = sent(f"operationId: createOrder, requestBody: {body}",
                          n=9007199254740993, order={"lines": [1]}, word='say "hi"')  # fmt: skip
    assert request is not None, error
    assert (request.headers["content-type"], request.body.decode()) == (media, content)


@pytest.mark.parametrize(
    ("operation", "payload", "media", "content"),
    [
        (
            "getToken",
            "{grant_type: client_credentials}",
            "application/x-www-form-urlencoded",
            b"grant_type=client_credentials",
        ),
        ("addNote", "hello", "text/plain", b"hello"),
        ("createOrder", "{a: 1}", "application/json", b'{"a":1}'),
    ],
)
def test_without_a_content_type_the_operation_decides(operation: str, payload: str, media: str, content: bytes) -> None:
    request, error = sent(f"operationId: {operation}, requestBody: {{payload: {payload}}}")
    assert request is not None, error
    assert (request.headers["content-type"], request.body) == (media, content)


def test_a_header_parameter_may_overrule_the_content_type_to_test_a_415() -> None:
    request, _ = sent("operationId: createOrder, requestBody: {payload: {a: 1}},"
                      " parameters: [{name: Content-Type, in: header, value: text/csv}]")  # fmt: skip
    assert request is not None
    assert request.headers["content-type"] == "text/csv"


@pytest.mark.parametrize(
    ("replacement", "expected"),
    [
        ("{target: /lines/0/quantity, value: 5}", {"lines": [{"quantity": 5}], "note": "x"}),
        ("{target: /note, value: $inputs.n}", {"lines": [{"quantity": 1}], "note": 7}),
        ("{target: /added, value: {a: '{$inputs.n}'}}", {"lines": [{"quantity": 1}], "note": "x", "added": {"a": "7"}}),
        ("{target: /lines/-, value: 2}", {"lines": [{"quantity": 1}, 2], "note": "x"}),
        ("{target: /lines/1, value: 2}", {"lines": [{"quantity": 1}, 2], "note": "x"}),
        ("{target: '', value: [1]}", [1]),
    ],
)
def test_a_replacement_sets_a_value_at_a_json_pointer(replacement: str, expected: Any) -> None:
    payload = "{lines: [{quantity: 1}], note: x}"
    step = f"operationId: createOrder, requestBody: {{payload: {payload}, replacements: [{replacement}]}}"
    request, error = sent(step, n=7)
    assert request is not None, error
    assert json.loads(request.body) == expected


def test_replacements_apply_in_order_and_leave_the_document_unchanged() -> None:
    step = """operationId: createOrder, requestBody: {payload: '{"a": 1}', replacements: [
        {target: /b, value: {}}, {target: /b/c, value: $inputs.n}]}"""
    for n in (1, 2):
        request, _ = sent(step, n=n)
        assert request is not None
        assert json.loads(request.body) == {"a": 1, "b": {"c": n}}


def test_a_jsonpath_replacement_of_1_1_sets_every_place_that_it_selects() -> None:
    step = """operationId: createOrder, requestBody: {
        payload: {lines: [{sku: A, n: 1}, {sku: B, n: 1}, {sku: A, n: 1}]},
        replacements: [{target: "$.lines[?@.sku=='A'].n", targetSelectorType: jsonpath, value: 9}]}"""
    request, error = sent(step, version="1.1.0")
    assert request is not None, error
    assert [line["n"] for line in json.loads(request.body)["lines"]] == [9, 1, 9]


def test_a_jsonpath_replacement_that_selects_nothing_fails_the_step() -> None:
    step = """operationId: createOrder, requestBody: {payload: {a: 1},
        replacements: [{target: $.b, targetSelectorType: jsonpath, value: 9}]}"""
    _, error = sent(step, version="1.1.0")
    assert error == "nothing was sent: the replacement of `$.b` fails: the payload has nothing there"


def test_expressions_see_the_request_that_was_sent() -> None:
    text = steps("""\
        - stepId: a
          operationId: createOrder
          parameters: [{name: X-Run, in: header, value: r1}, {name: page, in: query, value: 2}]
          requestBody: {payload: '{"lines": [{"sku": "A"}]}'}
          successCriteria:
          - condition: $method == 'POST' && $url == 'http://127.0.0.1:8700/shop/v1/orders?page=2'
          - condition: $request.header.x-run == 'r1' && $request.query.page == 2
          - condition: $request.body#/lines/0/sku == 'A'
        """)  # fmt: skip
    assert run(text).outcomes == [("a", "passed")]


def test_the_url_is_that_of_the_target_when_the_run_is_pointed_elsewhere() -> None:
    text = steps("- {stepId: a, operationId: listOrders}\n")
    done = run(text, base_urls={"shop": "https://sandbox.example.com/v1/"})
    assert done.attempts[0].url == "https://sandbox.example.com/v1/orders"
    assert done.attempts[0].request is not None
    assert done.attempts[0].request.path == "/orders"
