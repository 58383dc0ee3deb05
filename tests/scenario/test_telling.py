"""A scenario in plain sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from understudy.cli.explain import command
from understudy.errors import ScenarioError
from understudy.scenario import explain, read_document, tell

from .fakes import CONTRACTS, arazzo

STORY = arazzo(
    """\
    - workflowId: hp-1
      summary: Order to paid invoice
      description: |
        The shopper pays at checkout;
        the warehouse ships all of it.
      inputs:
        type: object
        properties:
          sku: {type: string, default: SKU-1001, description: What is ordered}
          channel: {enum: [web, phone]}
      steps:
      - stepId: placeOrder
        description: The shopper places an order
        operationId: createOrder
        parameters: [{name: Idempotency-Key, in: header, value: 'key-{$inputs.sku}'}]
        requestBody: {payload: {lines: [{sku: $inputs.sku, quantity: 2}], note: gift}}
        successCriteria: [{condition: $statusCode == 201}]
        outputs: {id: $response.body#/id}
      - stepId: waitForInvoice
        operationId: getOrder
        parameters: [{name: orderId, in: path, value: $steps.placeOrder.outputs.id}]
        successCriteria:
        - condition: $response.body#/status == 'paid' && $response.body#/total >= 70.73
        - condition: $response.body#/invoice != null || !($response.body.draft)
        - {context: $response.body, condition: '$.lines[*]', type: jsonpath}
        - {context: $response.header.ETag, condition: '^W/', type: regex}
        onFailure:
        - {name: patience, type: retry, retryAfter: 0.5, retryLimit: 40}
        - {name: give-up, type: goto, stepId: read, criteria: [{condition: $statusCode == 404}]}
      - {stepId: read, operationId: listOrders, onSuccess: [{name: enough, type: end}]}
      - {stepId: clean-up, workflowId: tidy, parameters: [{name: id, value: $steps.placeOrder.outputs.id}]}
      outputs: {order: $steps.placeOrder.outputs.id}
    - workflowId: tidy
      inputs: {type: object, properties: {id: {}}}
      steps: [{stepId: a, operationPath: '{$sourceDescriptions.shop.url}#/paths/~1orders/get'}]
    """
)

TOLD = """\
Story

Order to paid invoice
  The shopper pays at checkout; the warehouse ships all of it.

  Given
    - `sku` (string, "SKU-1001" unless given): What is ordered.
    - `channel` (one of "web", "phone")

  1. The shopper places an order.
     Sends POST /orders to shop (createOrder) with lines/0/sku = the input `sku`, lines/0/quantity = 2, note = 'gift'; \
header Idempotency-Key.
     It must hold that the status is 201.
     Keeps `id` in the answer as `id`.
  2. getOrder.
     Sends GET /orders/{orderId} to shop (getOrder) with orderId = `id` from step 1.
     It must hold that
     - `status` in the answer is 'paid' and `total` in the answer is at least 70.73
     - `invoice` in the answer is not empty or it is not so that `draft` in the answer is set
     - the answer has something at '$.lines[*]'
     - the header `etag` of the answer looks like '^W/'
     When it fails, it tries again up to 40 times, 0.5 s apart.
     When it fails and the status is 404, it goes on with step 3.
  3. listOrders.
     Sends GET /orders to shop (listOrders).
     It must hold that the status is a success that the contract documents.
     When it succeeds, the story ends.
  4. Clean up.
     Runs the workflow tidy with id = `id` from step 1.

  In the end it gives `id` from step 1 as `order`.

tidy  (run by other workflows)

  Given
    - `id`

  1. listOrders.
     Sends GET /orders to shop (listOrders).
     It must hold that the status is a success that the contract documents.
"""


def test_a_story_is_told_in_numbered_plain_sentences() -> None:
    assert explain(read_document(STORY, "hp-1.yaml"), CONTRACTS) == TOLD


def test_without_contracts_the_operation_ids_stand_alone() -> None:
    told = explain(read_document(STORY, "hp-1.yaml"))
    assert "     Calls createOrder with lines/0/sku = " in told
    assert "     Calls {$sourceDescriptions.shop.url}#/paths/~1orders/get.\n" in told
    assert "  2. Wait for invoice.\n" in told


def test_a_long_payload_is_cut_short() -> None:
    payload = "{" + ", ".join(f"f{n}: {n}" for n in range(20)) + "}"
    text = arazzo(
        f"- {{workflowId: w, steps: [{{stepId: a, operationId: createOrder, requestBody: {{payload: {payload}}}}}]}}\n"
    )
    assert "f11 = 11, and 8 more values." in explain(read_document(text, "x"), CONTRACTS)


def test_the_same_story_as_data() -> None:
    story, other = tell(read_document(STORY, "hp-1.yaml"), CONTRACTS)
    assert (story.entry, other.entry) == (True, False)
    assert [(step.number, step.id) for step in story.steps] == [
        (1, "placeOrder"), (2, "waitForInvoice"), (3, "read"), (4, "clean-up"),
    ]  # fmt: skip


# --- the command -------------------------------------------------------------------------------------------------


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(command, list(arguments))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hp-1.arazzo.yaml"
    path.write_text(STORY, "utf-8")
    return path


def test_the_command_prints_the_story(file: Path) -> None:
    result = invoke(str(file))
    assert (result.exit_code, result.stdout.splitlines()[2], result.stderr) == (0, "Order to paid invoice", "")
    assert "Calls createOrder" in result.stdout


def test_the_command_names_calls_when_the_contracts_are_at_hand(file: Path) -> None:
    (file.parent / "shop.yaml").write_text(json.dumps(CONTRACTS["shop"].document), "utf-8")
    assert invoke(str(file)).stdout == TOLD


def test_the_command_prints_data(file: Path) -> None:
    told = json.loads(invoke(str(file), "--format", "json").stdout)
    assert (told["title"], [w["workflow_id"] for w in told["workflows"]]) == ("Story", ["hp-1", "tidy"])
    assert told["workflows"][0]["steps"][0]["holds"] == ["the status is 201"]


def test_warnings_go_to_stderr(file: Path) -> None:
    file.write_text(STORY.replace("{stepId: read,", "{stepId: read, timeout: 5,"), "utf-8")
    result = invoke(str(file))
    assert result.exit_code == 0
    assert "`timeout` came with Arazzo 1.1" in result.stderr


def test_a_scenario_that_cannot_be_used_is_an_error(file: Path) -> None:
    for bad in (file.parent / "none.yaml", file.parent):
        result = invoke(str(bad))
        assert isinstance(result.exception, ScenarioError)
    (file.parent / "shop.yaml").write_text(json.dumps(CONTRACTS["shop"].document), "utf-8")
    file.write_text(STORY.replace("createOrder", "creatOrder"), "utf-8")
    assert isinstance(invoke(str(file)).exception, ScenarioError)


def test_the_command_is_a_click_command() -> None:
    assert isinstance(command, click.Command)
    assert command.name == "explain"
