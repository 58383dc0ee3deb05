"""Whatever the text is: a document, or a ScenarioError. Never a traceback."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.errors import ScenarioError
from understudy.scenario import explain, link, read_cases, read_document

from .fakes import CONTRACTS, Script, arazzo, reply, run, steps


def one_of(listed: str) -> st.SearchStrategy[str]:
    return st.sampled_from(listed.split())


WORDS = one_of(
    """$inputs.a $steps.a.outputs.b $response.body#/x {$inputs.a} $statusCode $ a getOrder jsonpath regex retry goto end
    $sourceDescriptions.shop.getOrder $components.parameters.p {$sourceDescriptions.shop.url}#/paths/~1orders/get $.a[
    path query header #/components/inputs/x story 1==1 $response.header.a"""
)
KEYS = one_of(
    """workflowId steps stepId operationId operationPath parameters requestBody successCriteria onSuccess onFailure
    outputs name in value condition context type criteria retryAfter retryLimit payload contentType replacements target
    inputs dependsOn reference selector $ref properties default allOf additionalProperties patternProperties x-y timeout
    description successActions failureActions"""
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 10**12), st.floats(allow_nan=False), WORDS, st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=12,
)


def attempt(text: str | bytes) -> None:
    """Read, explain, link and run it as far as it goes."""
    with suppress(ScenarioError):
        document = read_document(text, "x.yaml")
        explain(document)
        link(document, CONTRACTS)
        for workflow in document.workflows.values():
            run(document, Script(), workflow=workflow.id, max_steps=5)


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    attempt(data)
    with suppress(ScenarioError):
        read_cases(data, "x.cases.yaml")


@given(st.text(alphabet="ab:-[]{}'\"#&*!|>%@`?,\n $", max_size=80))
def test_random_yaml(text: str) -> None:
    attempt(text)
    attempt(arazzo("- " + text.replace("\n", "\n  ")))
    with suppress(ScenarioError):
        read_cases(text, "x.cases.yaml")


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES, max_size=6), st.sampled_from(["1.0.1", "1.1.0"]))
def test_random_steps(fields: dict[str, Any], version: str) -> None:
    step = {"stepId": "a", "operationId": "getAnything", **fields}
    attempt(steps(f"- {json.dumps(step)}\n", version=version))


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES, max_size=6), VALUES, st.sampled_from(["1.0.1", "1.1.0"]))
def test_random_workflows_and_components(fields: dict[str, Any], components: Any, version: str) -> None:
    workflow = {"workflowId": "story", "steps": [{"stepId": "a", "operationId": "getAnything"}], **fields}
    head = f"components: {json.dumps({'inputs': {'x': components}, 'parameters': components})}\n"
    attempt(arazzo(f"- {json.dumps(workflow)}\n", version=version, head=head))
    attempt(arazzo(f"- {json.dumps(workflow)}\n", version=version))


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.binary(max_size=40))
def test_random_answers(body: Any, raw: bytes) -> None:
    """What a system answers must not bring the runner down either."""
    text = steps("""\
        - stepId: a
          operationId: getAnything
          successCriteria:
          - condition: $response.body == $inputs.x || $response.body.a[0] > 3
          - {condition: '$[?@.a > 1]', type: jsonpath, context: $response.body}
          - {condition: '^{$response.body}$', type: regex, context: $response.body}
          onFailure: [{name: again, type: retry, criteria: [{condition: $response.body < 5}]}]
          outputs: {all: $response.body, part: $response.body#/a/0}
        """, before="inputs: {type: object, properties: {x: {default: 1}}}\n")  # fmt: skip
    answers = [reply(200, body), reply(200, body, content_type="application/json"), reply(500)]
    object.__setattr__(answers[1], "body", raw)
    run(text, Script(getAnything=answers))


@pytest.mark.parametrize("name", ["a", "é", "\U0001f600", "a b"])
def test_names_of_any_script_are_text(name: str) -> None:
    document = read_document(steps(f"- {{stepId: {name}, operationId: getAnything}}\n"), "x.yaml")
    assert run(document, Script(getAnything=reply(200, {}))).outcomes == [(name, "failed")]


@pytest.mark.parametrize(
    "text",
    [
        "1" * 5000,
        f"[{'1' * 5000}]",
        f"a: {'9' * 5000}",
        "a: 1e999",
        '{"a": "\\ud83d\\ude00"}',
        "- - - - [",
        "\ufeff",
        "---\n---\n",
        "a: !!binary x",
    ],
)
def test_odd_texts(text: str) -> None:
    attempt(text)
    attempt(steps(f"- {{stepId: a, operationId: getAnything, requestBody: {{payload: {text}}}}}\n"))
