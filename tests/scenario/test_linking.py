"""A scenario against its contracts: what does not exist is named before anything is sent, with what does."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.contract import Contract
from understudy.scenario import InvalidScenario, Program, entry_workflows, link, load_document, read_document

from .fakes import CONTRACTS, SHOP, STOCK, Script, arazzo, run, steps

BOTH = "sourceDescriptions: [{name: shop, url: shop.yaml}, {name: stock, url: stock.yaml}]\n"
TWO = {"shop": SHOP, "stock": STOCK}


def linked(text: str, contracts: dict[str, Contract] | None = None) -> Program:
    return link(read_document(text, "story.yaml"), CONTRACTS if contracts is None else contracts)


def called(text: str, contracts: dict[str, Contract] | None = None) -> list[tuple[str, str]]:
    """source and operation id of every step of the first workflow."""
    bound = next(iter(linked(text, contracts).workflows.values()))
    return [(s.target.source, s.target.operation.id) for s in bound.steps if s.target is not None]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("operationId: createOrder", ("shop", "createOrder")),
        ("operationId: $sourceDescriptions.shop.createOrder", ("shop", "createOrder")),
        ("operationId: $sourceDescriptions.stock.listLevels", ("stock", "listLevels")),
        ("operationId: listLevels", ("stock", "listLevels")),
        ("operationPath: '{$sourceDescriptions.shop.url}#/paths/~1orders/get'", ("shop", "listOrders")),
        ("operationPath: $sourceDescriptions.shop.url#/paths/~1orders/post", ("shop", "createOrder")),
    ],
)
def test_a_step_finds_its_operation(step: str, expected: tuple[str, str]) -> None:
    assert called(steps(f"- {{stepId: a, {step}}}\n", sources=BOTH), TWO) == [expected]


@pytest.mark.parametrize("template", ["{orderId}", "%7BorderId%7D"])
def test_a_path_is_found_with_its_template_by_escaped_pointer(template: str) -> None:
    """A pointer in a URI fragment may be percent-encoded (RFC 6901 section 6)."""
    text = steps(f"""\
        - stepId: a
          operationPath: '{{$sourceDescriptions.shop.url}}#/paths/~1orders~1{template}/get'
          parameters: [{{name: orderId, in: path, value: x}}]
        """)  # fmt: skip
    assert called(text) == [("shop", "getOrder")]


@pytest.mark.parametrize(
    ("step", "rule", "message", "hint"),
    [
        ("operationId: $sourceDescriptions.shop.creatOrder", "unknown-operation",
         "step `a` calls `creatOrder`, but the contract of `shop` has no such operation", "did you mean 'createOrder'"),
        ("operationId: creatOrder", "unknown-operation",
         "step `a` calls `creatOrder`, but the contract of `shop` or `stock` has no such operation", "createOrder"),
        ("operationId: shop.createOrder", "unknown-operation", "has no such operation",
         "write `$sourceDescriptions.shop.createOrder`"),
        ("operationId: $sourceDescriptions.shp.createOrder", "unknown-source", "`shp` is no source", "'shop'"),
        ("operationId: getOrder", "ambiguous-operation", "exists in several sources", ""),
        ("operationPath: '{$sourceDescriptions.shop.url}#/paths/~1order/get'", "unknown-operation",
         "the contract of `shop` has no operation GET /order", "GET /orders"),
        ("operationPath: '/orders'", "operation-path", "`/orders` refers to no operation", ""),
        ("operationPath: '{$sourceDescriptions.shp.url}#/paths/~1orders/get'", "unknown-source", "`shp`", "'shop'"),
    ],
)  # fmt: skip
def test_an_operation_that_does_not_exist_is_refused(step: str, rule: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        linked(steps(f"- {{stepId: a, {step}}}\n", sources=BOTH), TWO)
    (found,) = caught.value.diagnostics
    assert (found.rule, str(found.place)) == (rule, "story.yaml:7")
    assert message in found.message
    assert hint in found.hint


def test_nothing_is_sent_when_any_step_cannot_be_bound() -> None:
    client = Script()
    with pytest.raises(InvalidScenario):
        run(steps("- {stepId: a, operationId: getAnything}\n- {stepId: b, operationId: nope}\n"), client)
    assert client.sent == []


def test_an_operation_id_without_source_is_a_warning_where_there_are_several() -> None:
    program = linked(steps("- {stepId: a, operationId: listLevels}\n", sources=BOTH), TWO)
    assert [(d.rule, d.hint) for d in program.warnings] == [
        ("ambiguous-operation", "write `$sourceDescriptions.stock.listLevels`")
    ]


def test_a_source_without_a_contract_is_named() -> None:
    with pytest.raises(InvalidScenario, match="no contract is known for the source `shop`") as caught:
        linked(steps("- {stepId: a, operationId: createOrder}\n"), {"shops": SHOP})
    assert (caught.value.allowed, caught.value.hint) == ("shops", "did you mean 'shops'?")


def test_a_source_that_no_step_uses_needs_no_contract() -> None:
    linked(steps("- {stepId: a, operationId: $sourceDescriptions.shop.createOrder}\n", sources=BOTH), {"shop": SHOP})


@pytest.mark.parametrize(
    ("type_", "message"),
    [("asyncapi", "such steps are not supported"), ("arazzo", "holds workflows, not operations")],
)
def test_a_step_on_a_source_of_another_kind_is_refused(type_: str, message: str) -> None:
    sources = f"sourceDescriptions: [{{name: shop, url: x, type: {type_}}}]\n"
    with pytest.raises(InvalidScenario, match=message):
        linked(steps("- {stepId: a, operationId: $sourceDescriptions.shop.x}\n", sources=sources, version="1.1.0"))


@pytest.mark.parametrize(
    ("parameters", "rule", "message"),
    [
        ("[]", "missing-parameter", "gives no value for the path parameter `orderId` of /orders/{orderId}"),
        ("[{name: orderId, in: path, value: null}]", "missing-parameter", "`orderId`"),
        ("[{name: orderid, in: path, value: 1}]", "missing-parameter", "`orderId`"),
    ],
)
def test_a_path_parameter_must_be_given(parameters: str, rule: str, message: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        linked(steps(f"- {{stepId: a, operationId: getOrder, parameters: {parameters}}}\n"))
    assert (caught.value.diagnostics[0].rule, message in caught.value.diagnostics[0].message) == (rule, True)


def test_a_path_parameter_that_the_path_lacks_is_refused_and_an_unknown_query_is_a_warning() -> None:
    with pytest.raises(InvalidScenario, match="getAnything has no path parameter `x`"):
        linked(steps("- {stepId: a, operationId: getAnything, parameters: [{name: x, in: path, value: 1}]}\n"))
    program = linked(
        steps("- {stepId: a, operationId: listOrders, parameters: [{name: statsu, in: query, value: 1}]}\n")
    )
    assert [(d.rule, d.message, d.hint) for d in program.warnings] == [
        ("unknown-parameter", "listOrders has no query parameter `statsu`", "did you mean 'status' or 'tags'?")
    ]


def test_a_header_that_the_contract_does_not_declare_is_sent_without_a_word() -> None:
    """Authorization and API keys are declared as security schemes, not as parameters (OpenAPI 3.1, section 4.8.12)."""
    text = steps("- {stepId: a, operationId: listOrders, parameters: [{name: Authorization, in: header, value: x}]}\n")
    assert linked(text).warnings == ()


def test_a_body_type_that_the_operation_does_not_accept_is_a_warning() -> None:
    text = steps("- {stepId: a, operationId: createOrder, requestBody: {contentType: text/plain, payload: x}}\n")
    assert [(d.rule, d.hint) for d in linked(text).warnings] == [("content-type", "it accepts application/json")]


def test_a_structured_payload_for_a_type_that_we_cannot_write_is_refused() -> None:
    text = steps("- {stepId: a, operationId: createOrder, requestBody: {contentType: text/plain, payload: {a: 1}}}\n")
    with pytest.raises(InvalidScenario, match="cannot be made from a structured payload"):
        linked(text)


def test_an_inputs_schema_that_cannot_be_used_is_refused() -> None:
    for schema in ("{type: nonsense}", "{$ref: 'https://example.com/schema.json'}", "{$ref: '#/components/inputs/x'}"):
        with pytest.raises(Exception, match=r"the inputs schema cannot be used.*"):
            linked(steps("- {stepId: a, operationId: getAnything}\n", before=f"inputs: {schema}\n"))


def test_linking_twice_with_the_same_contracts_is_remembered() -> None:
    document = read_document(steps("- {stepId: a, operationId: createOrder}\n"), "story.yaml")
    assert link(document, {"shop": SHOP}) is link(document, {"shop": SHOP})
    assert link(document, {"shop": SHOP}) is not link(document, {"shop": SHOP, "stock": STOCK})


def test_an_imported_document_may_know_a_contract_by_another_name(tmp_path: Path) -> None:
    """The same URL is the same contract, so requests go to the name that the caller knows."""
    (tmp_path / "parts").mkdir()
    part = steps("- {stepId: s, operationId: getAnything}\n",
                 sources="sourceDescriptions: [{name: webshop, url: ../shop.yaml}]\n")  # fmt: skip
    (tmp_path / "parts" / "part.yaml").write_text(part, "utf-8")
    main = steps(
        "- {stepId: a, workflowId: $sourceDescriptions.part.story}\n",
        sources="""\
            sourceDescriptions:
            - {name: shop, url: shop.yaml}
            - {name: part, url: parts/part.yaml, type: arazzo}
            """,
    )
    (tmp_path / "main.yaml").write_text(main, "utf-8")
    client = Script()
    run(load_document(tmp_path / "main.yaml"), client)
    assert [(source, operation) for source, operation, _ in client.sent] == [("shop", "getAnything")]


def test_the_workflows_to_run_are_those_that_no_other_runs() -> None:
    document = read_document(arazzo("""\
        - {workflowId: main, dependsOn: [login], steps: [{stepId: a, workflowId: pay}]}
        - workflowId: pay
          steps:
          - {stepId: a, operationId: getAnything, onFailure: [{name: x, type: goto, workflowId: refund}]}
        - {workflowId: login, steps: [{stepId: a, operationId: getAnything}]}
        - {workflowId: refund, steps: [{stepId: a, operationId: getAnything}]}
        - {workflowId: other, steps: [{stepId: a, operationId: getAnything}]}
        """), "story.yaml")  # fmt: skip
    assert [workflow.id for workflow in entry_workflows(document)] == ["main", "other"]
