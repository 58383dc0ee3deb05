"""What is wrong with a document is found before a run, all of it, each at its line and with a way out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from understudy.errors import ScenarioError
from understudy.scenario import Document, InvalidScenario, load_document, read_document

from .fakes import arazzo, steps


def read(text: str) -> Document:
    return read_document(text, "story.yaml")


def problems(text: str) -> list[tuple[str, int, str]]:
    """rule, line and message of every error, in the order of lines."""
    with pytest.raises(InvalidScenario) as caught:
        read(text)
    return [(d.rule, d.place.line, d.message) for d in caught.value.diagnostics]


def test_a_document_keeps_what_it_says() -> None:
    document = read(
        arazzo(
            """\
            - workflowId: pay
              summary: Pay an order
              steps: [{stepId: a, operationId: getOrder}]
            - workflowId: ship
              steps: [{stepId: b, operationPath: '{$sourceDescriptions.shop.url}#/paths/~1orders/get'}]
            """,
            version="1.1.0",
            head="$self: https://example.com/story.yaml\n",
        )
    )
    assert (document.title, document.version, document.self_uri) == ("Story", "1.1.0", "https://example.com/story.yaml")
    assert [(w.id, w.summary, [s.id for s in w.steps]) for w in document.workflows.values()] == [
        ("pay", "Pay an order", ["a"]),
        ("ship", "", ["b"]),
    ]
    assert document.warnings == []


def test_places_are_lines_of_the_file() -> None:
    step = (
        read(steps("- stepId: a\n  operationId: getOrder\n  successCriteria:\n  - condition: 1 == 1\n"))
        .workflows["story"]
        .steps[0]
    )
    assert str(step.place) == "story.yaml:7"
    assert str(step.criteria[0].place) == "story.yaml:10"


def test_json_is_read_too() -> None:
    document = read(
        '{"arazzo": "1.0.0", "info": {"title": "T", "version": "1"}, "sourceDescriptions": [{"name": "a", "url": "a"}],'
        ' "workflows": [{"workflowId": "w", "steps": [{"stepId": "s", "operationId": "o"}]}]}'
    )
    assert list(document.workflows) == ["w"]


def test_yaml_1_2_tags_only_so_that_dates_and_switches_stay_text() -> None:
    document = read(steps("""\
        - stepId: a
          operationId: createOrder
          requestBody: {payload: {date: 2026-03-01, on: on, no: no, postcode: 01067, count: 3, paid: true}}
        """))  # fmt: skip
    body = document.workflows["story"].steps[0].body
    assert body is not None
    assert body.payload is not None
    assert getattr(body.payload, "value", None) == {
        "date": "2026-03-01", "on": "on", "no": "no", "postcode": "01067", "count": 3, "paid": True,
    }  # fmt: skip


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1", "1.1.0", "1.0.2-rc1"])
def test_versions_1_0_and_1_1_are_read(version: str) -> None:
    assert read(steps("- {stepId: a, operationId: getOrder}\n", version=version)).version == version


@pytest.mark.parametrize("version", ["0.9.0", "1.2.0", "2.0.0", "1.0", "'1'"])
def test_other_versions_are_refused(version: str) -> None:
    with pytest.raises(ScenarioError, match="is not supported") as caught:
        read(steps("- {stepId: a, operationId: getOrder}\n", version=version))
    assert caught.value.allowed == "a document with `arazzo: 1.0.x` or `arazzo: 1.1.x`"
    assert caught.value.where == "story.yaml:1"


@pytest.mark.parametrize("text", ["", "null", "[]", "42", "openapi: 3.1.0", "just words"])
def test_something_else_is_no_arazzo_description(text: str) -> None:
    with pytest.raises(ScenarioError, match="not an Arazzo description"):
        read(text)


@pytest.mark.parametrize(
    "text", ["a: [", "a: b: c", "\x00", "%", "{", "a: *x", '"\\ud800"', "? [a]\n: b", "!!python/object:os.system {}"]
)
def test_text_that_is_no_yaml_is_refused_in_words(text: str) -> None:
    with pytest.raises(ScenarioError):
        read(text)


def test_every_problem_is_reported_at_once_in_the_order_of_lines() -> None:
    text = arazzo("""\
        - workflowId: story
          summry: typo
          steps:
          - stepId: a
            operationId: getOrder
            sucessCriteria:
            - condition: $statusCode == 200
          - stepId: a
            operationId: getOrder
            workflowId: story
            successCriteria: []
          - operationId: getOrder
            parameters:
            - {name: id, value: 1}
            - {name: id, in: body, value: 1}
            onFailure:
            - {name: x, type: again}
            - {name: y, type: goto}
            - {name: z, type: retry, retryAfter: -1, retryLimit: many}
            outputs: {id: constant, "a b": $statusCode}
        """)  # fmt: skip
    assert problems(text) == [
        ("unknown-field", 6, "a workflow has no field `summry`"),
        ("unknown-field", 10, "a step has no field `sucessCriteria`"),
        ("step-target", 12, "the step names operationId and workflowId"),
        ("duplicate-id", 12, "the stepId `a` is used twice"),
        ("empty", 15, "`successCriteria` must not be empty"),
        ("missing", 16, "a step needs `stepId`"),
        ("parameter-in", 18, "the parameter `id` has no `in`"),
        ("parameter-in", 19, "a parameter cannot be in `body`"),
        ("action-type", 21, "`again` is no type of failure action"),
        ("action-target", 22, "the goto action `y` names no target"),
        ("type", 23, "`retryAfter` must be a number of seconds, 0 or more"),
        ("type", 23, "`retryLimit` must be an integer, 0 or more"),
        ("expression", 24, "the output `id` is no runtime expression"),
        ("output-name", 24, "`a b` is no name for an output"),
    ]


def test_a_misspelled_field_is_an_error_with_the_closest_known_one() -> None:
    """Otherwise `sucessCriteria` would be ignored and the step would prove nothing."""
    with pytest.raises(InvalidScenario) as caught:
        read(steps("- {stepId: a, operationId: getOrder, sucessCriteria: [{condition: 1 == 2}]}\n"))
    assert caught.value.hint == "did you mean 'successCriteria'?"
    assert "successCriteria" in caught.value.allowed
    assert caught.value.where == "story.yaml:7"


def test_extension_fields_are_left_alone() -> None:
    read(steps("- {stepId: a, operationId: getOrder, x-owner: sales}\n", before="x-proves: [ORD-2]\n"))


def test_the_message_words_the_first_problem_and_counts_the_rest() -> None:
    with pytest.raises(ScenarioError) as caught:
        read(steps("".join(f"- {{stepId: s{n}, operationId: getOrder, nope: 1}}\n" for n in range(8))))
    assert str(caught.value).splitlines()[:7] == [
        "a step has no field `nope`",
        "  also story.yaml:8: a step has no field `nope`",
        "  also story.yaml:9: a step has no field `nope`",
        "  also story.yaml:10: a step has no field `nope`",
        "  also story.yaml:11: a step has no field `nope`",
        "  also and 3 more",
        "  at story.yaml:7",
    ]


@pytest.mark.parametrize(
    ("step", "rule", "message"),
    [
        ("{stepId: a, channelPath: x, action: send}", "unsupported", "`channelPath` belongs to AsyncAPI steps"),
        ("{stepId: a, operationId: x, correlationId: y}", "unsupported", "`correlationId` belongs to AsyncAPI steps"),
        ("{stepId: a}", "step-target", "the step names nothing to call"),
        ("{stepId: a, operationId: 7}", "type", "`operationId` must be a text"),
        ("{stepId: '', operationId: x}", "empty", "`stepId` must not be empty"),
        ("{stepId: a, workflowId: story, requestBody: {}}", "step-target", "sends no requestBody"),
        ("{stepId: a, operationId: x, parameters: {}}", "type", "`parameters` must be a list"),
        ("{stepId: a, operationId: x, outputs: []}", "type", "`outputs` must be an object"),
        ("{stepId: a, operationId: x, timeout: soon}", "type", "`timeout` must be an integer"),
        ("nothing", "type", "a step must be an object"),
        ("{stepId: a, operationId: x, successCriteria: [{condition: '1 =='}]}", "condition", "ends where a value"),
        ("{stepId: a, operationId: x, successCriteria: [{context: $response.body}]}", "missing", "needs `condition`"),
        ("{stepId: a, operationId: x, successCriteria: [{condition: x, type: xpath, context: $response.body}]}",
         "unsupported", "XPath conditions are not supported"),
        ("{stepId: a, operationId: x, successCriteria: [{condition: x, type: {type: xpath, version: xpath-30}}]}",
         "unsupported", "XPath conditions are not supported"),
        ("{stepId: a, operationId: x, successCriteria: [{condition: x, type: regex}]}", "criterion-context", "needs a"),
        ("{stepId: a, operationId: x, successCriteria: [{condition: x, type: glob}]}", "criterion-type", "`glob`"),
        ("{stepId: a, operationId: x, outputs: {a: $response.headers.x}}", "expression", "has no `headers`"),
        ("{stepId: a, operationId: x, parameters: [{name: a, in: query, value: $steps.b}]}", "expression", "no output"),
        ("{stepId: a, operationId: x, parameters: [{name: a, in: query, value: 1}, {name: a, in: query, value: 2}]}",
         "duplicate-parameter", "is given twice"),
        ("{stepId: a, operationId: x, parameters: [{name: A, in: header, value: 1}, {name: a, in: header, value: 2}]}",
         "duplicate-parameter", "is given twice"),
        ("{stepId: a, operationId: x, parameters: [{reference: $components.parameters.nope}]}", "reference", "refers"),
        ("{stepId: a, operationId: x, onSuccess: [{reference: $components.failureActions.x}]}", "reference", "refers"),
        ("{stepId: a, operationId: x, onSuccess: [{name: a, type: retry}]}", "action-type", "`retry` is no type of"),
        ("{stepId: a, operationId: x, onSuccess: [{name: a, type: end}, {name: a, type: end}]}",
         "duplicate-action", "is listed twice"),
        ("{stepId: a, operationId: x, onSuccess: [{name: a, type: end, stepId: a}]}", "action-target", "names stepId"),
        ("{stepId: a, operationId: x, requestBody: {contentType: multipart/form-data}}", "unsupported", "multipart"),
        ("{stepId: a, operationId: x, requestBody: {replacements: [{target: a, value: 1}]}}", "target", "JSON Pointer"),
        ("{stepId: a, operationId: x, requestBody: {contentType: text/xml, replacements: [{target: /a, value: 1}]}}",
         "unsupported", "XPath is not supported"),
        ("{stepId: a, operationId: x, requestBody: {payload: {lines: [{sku: $inputs.}]}}}", "expression", "$inputs."),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_run_is_refused(step: str, rule: str, message: str) -> None:
    found = problems(steps(f"- {step}\n"))
    assert [(r, line) for r, line, m in found if message in m] == [(rule, 7)]


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        ("info: {title: T, version: '1'}\nsourceDescriptions: []\nworkflows: []\n", "empty", "`workflows` must not be"),
        ("info: {title: T}\nsourceDescriptions: 1\nworkflows: 2\n", "missing", "a info needs `version`"),
        ("sourceDescriptions: [{name: a, url: b, type: wsdl}]\n", "source-type", "`wsdl` is no type of source"),
        ("sourceDescriptions: [{name: a, url: b}, {name: a, url: c}]\n", "duplicate-id", "declared twice"),
        ("components: {parameters: {a: {name: x}}}\n", "missing", "a parameter needs `value`"),
        ("components: {parameters: {'a b': {name: x, value: 1}}}\n", "component-name", "`a b` is no name"),
        ("components: {failureActions: {a: {name: x, type: goto}}}\n", "action-target", "names no target"),
        ("$self: a#b\n", "self", "must not have a fragment"),
    ],
)
def test_a_document_whose_head_is_wrong_is_refused(text: str, rule: str, message: str) -> None:
    found = problems(f"arazzo: 1.1.0\n{text}")
    assert any(r == rule and message in m for r, _, m in found), found


def test_a_field_of_1_1_in_a_1_0_document_is_honoured_with_a_warning() -> None:
    document = read(steps("- {stepId: a, operationId: getOrder, timeout: 5000}\n"))
    assert document.workflows["story"].steps[0].timeout_ms == 5000
    assert [(d.rule, d.severity, d.hint) for d in document.warnings] == [
        ("later-field", "warning", "declare `arazzo: 1.1.0`")
    ]


# --- references --------------------------------------------------------------------------------------------------

TWO = """\
- stepId: create
  operationId: createOrder
  outputs: {{id: $response.body#/id}}
- stepId: read
  operationId: getOrder
  parameters:
  - {{name: orderId, in: path, value: {value}}}
"""
INPUTS = "inputs: {type: object, properties: {sku: {type: string}}}\noutputs: {id: $steps.create.outputs.id}\n"


@pytest.mark.parametrize(
    ("value", "rule", "message", "hint"),
    [
        ("$steps.creat.outputs.id", "unknown-step", "`creat` is no step of this workflow", "did you mean 'create'"),
        ("$steps.create.outputs.ids", "unknown-output", "step `create` has no output `ids`", "did you mean 'id'?"),
        ("$steps.read.outputs.id", "forward-reference", "`read` is this very step", "move that step up"),
        ("$inputs.skus", "unknown-input", "workflow `story` has no input `skus`", "did you mean 'sku'?"),
        ("$workflows.tale.outputs.id", "unknown-workflow", "`tale` is no workflow", ""),
        (
            "$workflows.story.outputs.ids",
            "unknown-output",
            "workflow `story` has no output `ids`",
            "did you mean 'id'?",
        ),
        ("$workflows.story.inputs.skus", "unknown-input", "no input `skus`", "did you mean 'sku'?"),
        ("$sourceDescriptions.shp.url", "unknown-source", "`shp` is no source", "did you mean 'shop'?"),
        ("$sourceDescriptions.shop.uri", "reference", "has no field `uri`", "did you mean 'url'?"),
        ("$components.parameters.x", "reference", "a component is not a value", "refer to it by `reference:`"),
        ("$response.body#/id", "too-early", "nothing has been sent yet", "keep the value as an output"),
        ("$statusCode", "too-early", "nothing has been sent yet", "keep the value as an output"),
        ("'x-{$steps.creat.outputs.id}'", "unknown-step", "`creat` is no step", "did you mean 'create'"),
    ],
)
def test_a_reference_to_nothing_is_refused_with_the_closest_name(
    value: str, rule: str, message: str, hint: str
) -> None:
    with pytest.raises(InvalidScenario) as caught:
        read(steps(TWO.format(value=value), before=INPUTS))
    (found,) = caught.value.diagnostics
    assert (found.rule, found.place.line) == (rule, 15)
    assert message in found.message
    assert found.message.startswith("`$")
    assert hint in found.hint


def test_an_output_of_a_later_step_is_refused_unless_control_can_jump_back() -> None:
    later = "- {stepId: a, operationId: getAnything, parameters: [{name: x, in: query, value: $steps.b.outputs.id}]}\n"
    jump = "- {stepId: b, operationId: getAnything, outputs: {id: $response.body#/id}%s}\n"
    assert [(r, m) for r, _, m in problems(steps(later + jump % ""))] == [
        ("forward-reference", "`$steps.b.outputs.id`: `b` runs later")
    ]
    read(steps(later + jump % ", onSuccess: [{name: back, type: goto, stepId: a}]"))


def test_targets_of_actions_and_workflow_steps_must_exist() -> None:
    text = steps("""\
        - stepId: a
          operationId: getOrder
          onSuccess: [{name: x, type: goto, stepId: b}]
          onFailure: [{name: y, type: retry, workflowId: refresh}]
        - {stepId: c, workflowId: stroy}
        """)  # fmt: skip
    assert [(r, line) for r, line, _ in problems(text)] == [
        ("unknown-step", 9), ("unknown-workflow", 10), ("unknown-workflow", 11),
    ]  # fmt: skip


def test_a_workflow_step_must_name_inputs_that_the_workflow_has() -> None:
    text = arazzo("""\
        - workflowId: story
          steps:
          - {stepId: a, workflowId: pay, parameters: [{name: amunt, value: 1}]}
        - workflowId: pay
          inputs: {$ref: '#/components/inputs/payment'}
          steps: [{stepId: b, operationId: getOrder}]
        """, components="inputs: {payment: {type: object, properties: {amount: {}}}}\n")  # fmt: skip
    assert [(r, m) for r, _, m in problems(text)] == [("unknown-input", "workflow `pay` has no input `amunt`")]


def test_inputs_are_open_where_the_schema_says_so() -> None:
    read(steps(TWO.format(value="$inputs.anything"), before="inputs: {type: object, additionalProperties: true}\n"))


def test_using_inputs_without_declaring_them_is_a_warning() -> None:
    document = read(steps(TWO.format(value="$inputs.anything")))
    assert [d.rule for d in document.warnings] == ["undeclared-input"]


def test_workflows_that_wait_for_each_other_are_refused() -> None:
    text = arazzo("""\
        - {workflowId: a, dependsOn: [b], steps: [{stepId: s, operationId: getOrder}]}
        - {workflowId: b, dependsOn: [a], steps: [{stepId: s, operationId: getOrder}]}
        """)  # fmt: skip
    assert [(r, m) for r, _, m in problems(text)] == [("circular", "the workflows `a`, `b` wait for each other")]


def test_steps_that_wait_for_each_other_are_refused() -> None:
    text = steps("""\
        - {stepId: a, operationId: getOrder, dependsOn: [b]}
        - {stepId: b, operationId: getOrder, dependsOn: [a, c]}
        """, version="1.1.0")  # fmt: skip
    assert [r for r, _, _ in problems(text)] == ["circular", "unknown-step"]


# --- reusable objects --------------------------------------------------------------------------------------------


def test_a_reusable_object_is_replaced_by_its_component_with_its_value_set() -> None:
    document = read(
        steps(
            """\
            - stepId: a
              operationId: listOrders
              parameters:
              - {reference: $components.parameters.page, value: 7}
              - {reference: $components.parameters.size}
              onFailure:
              - {reference: $components.failureActions.patience}
            """,
            components="""\
            parameters:
              page: {name: page, in: query, value: 1}
              size: {name: size, in: query, value: 100}
            failureActions:
              patience: {name: again, type: retry, retryAfter: 0.5, retryLimit: 40}
            """,
        )
    )
    step = document.workflows["story"].steps[0]
    assert [(p.name, p.location, getattr(p.value, "value", None)) for p in step.parameters] == [
        ("page", "query", 7),
        ("size", "query", 100),
    ]
    assert [(a.name, a.kind, a.retry_after, a.retry_limit) for a in step.on_failure] == [("again", "retry", 0.5, 40)]


# --- files -------------------------------------------------------------------------------------------------------


def test_a_document_may_name_others_as_sources(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "pay.arazzo.yaml").write_text(steps("- {stepId: s, operationId: getOrder}\n"), "utf-8")
    sources = """\
        sourceDescriptions:
        - {name: shop, url: shop.yaml}
        - {name: parts, url: ./parts/pay.arazzo.yaml, type: arazzo}
        """
    (tmp_path / "main.arazzo.yaml").write_text(
        steps("- {stepId: pay, workflowId: $sourceDescriptions.parts.story}\n", sources=sources), "utf-8"
    )
    document = load_document(tmp_path / "main.arazzo.yaml")
    assert list(document.imports) == ["parts"]
    assert document.workflow("$sourceDescriptions.parts.story") is document.imports["parts"].workflows["story"]


def test_documents_that_name_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        sources = f"sourceDescriptions: [{{name: other, url: {other}.yaml, type: arazzo}}]\n"
        (tmp_path / f"{name}.yaml").write_text(steps("- {stepId: s, operationId: x}\n", sources=sources), "utf-8")
    with pytest.raises(ScenarioError, match="in a circle"):
        load_document(tmp_path / "a.yaml")


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        load_document(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="cannot be read: Is a directory"):
        load_document(tmp_path)
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_document("a\0b")
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(ScenarioError, match="has 100,000,000 bytes"):
        load_document(huge)


def test_a_yaml_bomb_is_refused() -> None:
    layers = "\n".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10))
    with pytest.raises(ScenarioError, match="bomb"):
        read(dedent("x-bomb:\n  l0: &l0 [a, b]\n") + layers)


def test_aliases_that_are_no_bomb_yet_too_many_values_are_refused() -> None:
    big = "[" + ", ".join("x" * 1 for _ in range(1000)) + "]"
    payload = "{a: &a " + big + ", b: [" + ", ".join(["*a"] * 300) + "]}"
    with pytest.raises(ScenarioError, match="more than 200,000 values"):
        read(steps(f"- {{stepId: a, operationId: createOrder, requestBody: {{payload: {payload}}}}}\n"))


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " * 1 + "{a: " * 5000, "- " * 5000])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        read(text)
