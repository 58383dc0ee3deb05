"""Workflows that run, wait for and hand over to other workflows."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from understudy.scenario import StepFinished, WorkflowFinished, WorkflowStarted, load_document, read_document

from .fakes import Script, arazzo, reply, run, steps

PLACE_ORDER = """\
- workflowId: place
  inputs: {type: object, required: [sku], properties: {sku: {type: string}, quantity: {type: integer, default: 1}}}
  steps:
  - stepId: create
    operationId: createOrder
    requestBody: {payload: {sku: $inputs.sku, quantity: $inputs.quantity}}
    successCriteria: [{condition: $statusCode == 201}]
    outputs: {id: $response.body#/id}
  outputs: {orderId: $steps.create.outputs.id}
"""


def story(step: str, *, more: str = "", version: str = "1.0.1") -> str:
    return arazzo(f"- workflowId: story\n  steps:\n  - {{{step}}}\n{more}{PLACE_ORDER}", version=version)


def ended(events: list[Any]) -> list[tuple[str, str]]:
    """path and outcome of every workflow that finished."""
    return [("/".join(e.path), e.outcome) for e in events if isinstance(e, WorkflowFinished)]


def test_a_step_runs_a_workflow_with_inputs_and_takes_its_outputs() -> None:
    text = story(
        "stepId: order, workflowId: place, parameters: [{name: sku, value: SKU-1}], outputs: {id: $outputs.orderId}",
        more="  - stepId: read\n    operationId: getOrder\n"
        "    parameters: [{name: orderId, in: path, value: $steps.order.outputs.id}]\n",
    )
    client = Script(createOrder=reply(201, {"id": "SO-1"}))
    done = run(text, client)
    assert client.bodies() == [{"sku": "SKU-1", "quantity": 1}]
    assert client.sent[1][2].path == "/orders/SO-1"
    assert ended(done.events) == [("story/order/place", "passed"), ("story", "passed")]
    assert done.step("order").outputs == {"orderId": "SO-1", "id": "SO-1"}
    assert done.step("order").contract is None
    assert [(e.path, e.step_id) for e in done.steps] == [
        (("story", "order", "place"), "create"), (("story",), "order"), (("story",), "read"),
    ]  # fmt: skip


def test_the_outputs_of_a_workflow_are_reached_by_its_id_too() -> None:
    text = story(
        "stepId: order, workflowId: place, parameters: [{name: sku, value: A}]",
        more="  - stepId: read\n    operationId: getOrder\n    parameters:\n"
        "    - {name: orderId, in: path, value: $workflows.place.outputs.orderId}\n"
        "    - {name: sku, in: query, value: $workflows.place.inputs.sku}\n"
        "    - {name: own, in: query, value: $steps.order.outputs.orderId}\n",
    )
    client = Script(createOrder=reply(201, {"id": "SO-1"}))
    run(text, client)
    assert client.sent[1][2].target == "/orders/SO-1?sku=A&own=SO-1"


def test_a_step_fails_with_the_workflow_that_it_runs() -> None:
    done = run(
        story("stepId: order, workflowId: place, parameters: [{name: sku, value: A}]"), Script(createOrder=reply(500))
    )
    assert done.step("order").outcome == "failed"
    assert done.step("order").reason == (
        "workflow `place`: step `create` failed: `$statusCode == 201` does not hold: $statusCode is 500"
    )
    assert ended(done.events) == [("story/order/place", "failed"), ("story", "failed")]


def test_the_criteria_of_a_workflow_step_see_its_outputs_and_its_last_answer() -> None:
    conditions = ("$statusCode == 201", "$outputs.orderId == 'so-1'", "$response.body#/id == 'x'")
    criteria = ", ".join(f"{{condition: {condition}}}" for condition in conditions)
    step = f"stepId: order, workflowId: place, parameters: [{{name: sku, value: A}}], successCriteria: [{criteria}]"
    done = run(story(step), Script(createOrder=reply(201, {"id": "SO-1"})))
    assert [c.passed for c in done.step("order").criteria] == [True, True, False]
    assert done.step("order").outcome == "failed"


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ("[]", 'workflow `place` cannot start: inputs: "sku" is a required property'),
        ("[{name: sku, value: 5}]", 'workflow `place` cannot start: input `sku`: 5 is not of type "string"'),
        (
            "[{name: sku, value: '{$inputs.x}'}]",
            "workflow `place` cannot start: `$inputs.x` is empty: input `x` has no",
        ),
    ],
)
def test_a_workflow_that_gets_the_wrong_inputs_is_not_started(parameters: str, reason: str) -> None:
    client = Script()
    done = run(story(f"stepId: order, workflowId: place, parameters: {parameters}"), client)
    assert done.step("order").reason.startswith(reason)
    assert client.sent == []


def test_a_workflow_step_may_be_retried() -> None:
    step = ("stepId: order, workflowId: place, parameters: [{name: sku, value: A}],"
            " onFailure: [{name: again, type: retry, retryAfter: 2}]")  # fmt: skip
    client = Script(createOrder=[reply(503), reply(201, {"id": "x"})])
    done = run(story(step), client)
    assert client.waits == [2.0]
    assert done.step("order").outcome == "passed"
    assert ended(done.events) == [
        ("story/order/place", "failed"), ("story/order/place", "passed"), ("story", "passed"),
    ]  # fmt: skip


def test_located_parameters_of_the_workflow_do_not_become_inputs_of_another() -> None:
    text = arazzo(
        "- workflowId: story\n  parameters: [{name: X-Run, in: header, value: r1}]\n  steps:\n"
        "  - {stepId: order, workflowId: place, parameters: [{name: sku, value: A}]}\n" + PLACE_ORDER
    )
    started = run(text).of(WorkflowStarted)[1]
    assert started.inputs == {"sku": "A", "quantity": 1}


# --- goto and retry with a workflow ------------------------------------------------------------------------------


def test_goto_a_workflow_is_a_one_way_transfer() -> None:
    text = arazzo(dedent("""\
        - workflowId: story
          inputs: {type: object, properties: {sku: {type: string}, other: {type: string}}}
          steps:
          - {stepId: a, operationId: listOrders, onSuccess: [{name: over, type: goto, workflowId: place}]}
          - {stepId: b, operationId: listOrders}
        """) + PLACE_ORDER)  # fmt: skip
    client = Script(createOrder=reply(201, {"id": "x"}))
    done = run(text, client, inputs={"sku": "A", "other": "B"})
    assert client.calls == ["listOrders", "createOrder"]
    assert client.bodies() == [{"sku": "A", "quantity": 1}]
    assert done.step("a").followed_by == "workflow place"
    assert done.step("b").outcome == "skipped"
    assert ended(done.events) == [("story/place", "passed"), ("story", "passed")]
    failed = run(text, Script(createOrder=reply(500)), inputs={"sku": "A"})
    assert failed.end.reason.startswith("workflow `place`: step `create` failed")


def test_an_action_of_1_1_passes_parameters_to_its_workflow() -> None:
    text = arazzo(dedent("""\
        - workflowId: story
          steps:
          - stepId: a
            operationId: listOrders
            onSuccess:
            - name: over
              type: goto
              workflowId: place
              parameters: [{name: sku, value: $response.body#/sku}, {name: quantity, value: 3}]
        """) + PLACE_ORDER, version="1.1.0")  # fmt: skip
    client = Script(listOrders=reply(200, {"sku": "Z"}), createOrder=reply(201, {"id": "x"}))
    run(text, client)
    assert client.bodies() == [{"sku": "Z", "quantity": 3}]
    missing = run(text, Script(listOrders=reply(200, {})))
    assert missing.step("a").reason == (
        "workflow `place` cannot start: the input `sku` has no value: the answer's body has nothing at /sku"
    )


def test_a_retry_may_run_a_workflow_first() -> None:
    text = arazzo("""\
        - workflowId: story
          steps:
          - stepId: a
            operationId: listOrders
            onFailure: [{name: renew, type: retry, workflowId: login, criteria: [{condition: $statusCode == 401}]}]
        - {workflowId: login, steps: [{stepId: token, operationId: getToken}]}
        """)  # fmt: skip
    client = Script(listOrders=[reply(401), reply(200)])
    done = run(text, client)
    assert client.calls == ["listOrders", "getToken", "listOrders"]
    assert (done.end.outcome, done.step("a").outcome) == ("passed", "passed")
    assert ended(done.events) == [("story/a/login", "passed"), ("story", "passed")]


# --- waiting for workflows ---------------------------------------------------------------------------------------


def test_a_workflow_waits_for_those_that_it_depends_on_each_run_once() -> None:
    text = arazzo("""\
        - workflowId: story
          dependsOn: [login, stock]
          steps:
          - stepId: a
            operationId: listOrders
            parameters: [{name: q, in: query, value: $workflows.login.outputs.token}]
        - {workflowId: stock, dependsOn: [login], steps: [{stepId: s, operationId: listOrders}]}
        - workflowId: login
          steps: [{stepId: t, operationId: getToken, outputs: {token: $response.body#/token}}]
          outputs: {token: $steps.t.outputs.token}
        """)  # fmt: skip
    client = Script(getToken=reply(200, {"token": "abc"}))
    done = run(text, client)
    assert client.calls == ["getToken", "listOrders", "listOrders"]
    assert client.sent[2][2].query == "q=abc"
    assert ended(done.events) == [("story/login", "passed"), ("story/stock", "passed"), ("story", "passed")]


def test_a_workflow_whose_dependency_failed_is_not_run() -> None:
    text = arazzo("""\
        - {workflowId: story, dependsOn: [login], steps: [{stepId: a, operationId: listOrders}]}
        - {workflowId: login, steps: [{stepId: t, operationId: getToken}]}
        """)  # fmt: skip
    client = Script(getToken=reply(401))
    done = run(text, client)
    assert client.calls == ["getToken"]
    assert done.step("a").reason == "not reached: workflow `login`, which it depends on, failed"
    assert (done.end.outcome, done.end.skipped) == ("failed", 1)


def test_a_step_may_depend_on_a_step_of_another_workflow() -> None:
    text = arazzo("""\
        - workflowId: story
          steps:
          - {stepId: a, workflowId: login}
          - {stepId: b, operationId: listOrders, dependsOn: [$workflows.login.steps.t]}
        - {workflowId: login, steps: [{stepId: t, operationId: getToken}]}
        """, version="1.1.0")  # fmt: skip
    assert run(text).step("b").outcome == "passed"
    broken = text.replace("{stepId: a, workflowId: login}", "{stepId: a, operationId: listOrders}")
    assert run(broken).step("b").reason == "it depends on `$workflows.login.steps.t`, which has not passed"


# --- other documents ---------------------------------------------------------------------------------------------


def test_workflows_of_another_document_keep_its_own_names(tmp_path: Path) -> None:
    """Components and steps of the caller mean nothing inside (specification, "Components Object")."""
    part = steps(
        "- {stepId: a, operationId: listOrders, parameters: [{reference: $components.parameters.q}],"
        " outputs: {n: $response.body#/n}}\n",
        after="outputs: {n: $steps.a.outputs.n}\n",
        components="parameters: {q: {name: q, in: query, value: theirs}}\n",
    )
    main = steps(
        "- {stepId: a, operationId: listOrders, parameters: [{reference: $components.parameters.q}]}\n"
        "- {stepId: b, workflowId: $sourceDescriptions.part.story, outputs: {n: $outputs.n}}\n"
        "- {stepId: c, operationId: listOrders, parameters: [{name: q, in: query, value: $steps.b.outputs.n}]}\n",
        sources="sourceDescriptions: [{name: shop, url: s.yaml}, {name: part, url: part.yaml, type: arazzo}]\n",
        components="parameters: {q: {name: q, in: query, value: ours}}\n",
    )
    (tmp_path / "part.yaml").write_text(part, "utf-8")
    (tmp_path / "main.yaml").write_text(main, "utf-8")
    client = Script(listOrders=reply(200, {"n": 7}))
    done = run(load_document(tmp_path / "main.yaml"), client)
    assert [r.query for _, _, r in client.sent] == ["q=ours", "q=theirs", "q=7"]
    assert done.end.outcome == "passed"
    assert done.of(WorkflowStarted)[1].document.endswith("part.yaml")


def test_a_source_of_type_arazzo_on_the_network_is_not_fetched() -> None:
    sources = "sourceDescriptions: [{name: part, url: 'https://example.com/part.yaml', type: arazzo}]\n"
    text = steps("- {stepId: a, workflowId: $sourceDescriptions.part.story}\n", sources=sources)
    with pytest.raises(Exception, match=r"there is no workflow `\$sourceDescriptions.part.story`"):
        read_document(text, "s.yaml")


def test_workflows_that_run_themselves_come_to_an_end() -> None:
    done = run(steps("- {stepId: a, workflowId: story}\n"))
    assert done.end.outcome == "failed"
    inner = [event for event in done.of(StepFinished) if event.reason]
    assert "workflows are nested deeper than 20" in inner[0].reason
