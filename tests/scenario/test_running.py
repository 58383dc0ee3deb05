"""How a workflow runs: the rules of design section 9, one by one."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from understudy.errors import ScenarioError, Unreachable
from understudy.scenario import (
    Attempt,
    StepFinished,
    StepStarted,
    WorkflowFinished,
    WorkflowStarted,
    read_document,
    run_workflow,
)
from understudy.simulate.message import ClientTimeout, ConnectionReset, Request, Response

from .fakes import CONTRACTS, START, Run, Script, reply, run, steps

ONE = "- {stepId: a, operationId: getAnything, successCriteria: [{condition: $statusCode == 200}]%s}\n"


def with_actions(actions: str, *, more: str = "", **fields: Any) -> str:
    """Step `a` wants 200; further steps may follow."""
    return steps(ONE % f", {actions}" + more, **fields)


THEN = "- {stepId: b, operationId: listOrders}\n- {stepId: c, operationId: listOrders}\n"


# --- the course of a run -----------------------------------------------------------------------------------------


def test_the_events_of_a_run_tell_its_course() -> None:
    text = steps("""\
        - stepId: create
          description: Place an order
          operationId: createOrder
          requestBody: {payload: {sku: A}}
          successCriteria: [{condition: $statusCode == 201}]
          outputs: {id: $response.body#/id}
        - stepId: read
          operationId: getOrder
          parameters: [{name: orderId, in: path, value: $steps.create.outputs.id}]
        """, before="summary: A story\n", after="outputs: {order: $steps.create.outputs.id}\n")  # fmt: skip
    done = run(text, Script(createOrder=reply(201, {"id": "SO-1"}), getOrder=reply(200, {"id": "SO-1"})))
    assert [type(event) for event in done.events] == [
        WorkflowStarted, StepStarted, Attempt, StepFinished, StepStarted, Attempt, StepFinished, WorkflowFinished,
    ]  # fmt: skip
    started, step, attempt, finished = done.events[:4]
    assert isinstance(started, WorkflowStarted)
    assert (started.path, started.workflow_id, started.summary) == (("story",), "story", "A story")
    assert isinstance(step, StepStarted)
    assert (step.step_id, step.description, step.target) == (
        "create", "Place an order", "POST /orders of shop (createOrder)",
    )  # fmt: skip
    assert isinstance(attempt, Attempt)
    assert (attempt.source, attempt.operation_id, attempt.number, attempt.passed) == ("shop", "createOrder", 1, True)
    assert isinstance(finished, StepFinished)
    assert (finished.outcome, finished.attempts, finished.outputs, finished.followed_by) == (
        "passed", 1, {"id": "SO-1"}, "next",
    )  # fmt: skip
    assert done.attempts[1].url == "http://127.0.0.1:8700/shop/v1/orders/SO-1"
    assert (done.end.outcome, done.end.outputs, done.end.passed) == ("passed", {"order": "SO-1"}, 2)


def test_a_failed_step_ends_the_workflow_and_the_rest_is_skipped() -> None:
    """No failure action: break and return (specification, `onFailure`)."""
    client = Script(getAnything=reply(500))
    done = run(with_actions("description: x", more=THEN), client)
    assert done.outcomes == [("a", "failed"), ("b", "skipped"), ("c", "skipped")]
    assert client.calls == ["getAnything"]
    assert done.steps[0].reason == "`$statusCode == 200` does not hold: $statusCode is 500"
    assert done.steps[1].reason == "not reached: step `a` failed: " + done.steps[0].reason
    assert (done.end.outcome, done.end.failed, done.end.skipped) == ("failed", 1, 2)
    assert done.end.reason == "step `a` failed: " + done.steps[0].reason


@pytest.mark.parametrize(
    ("operation", "status", "outcome"),
    [
        ("createOrder", 201, "passed"),
        ("createOrder", 200, "failed"),
        ("createOrder", 422, "failed"),
        ("deleteOrder", 204, "passed"),
        ("deleteOrder", 299, "passed"),
        ("deleteOrder", 404, "failed"),
        ("getAnything", 200, "failed"),
    ],
)
def test_a_step_without_criteria_passes_on_a_documented_success(operation: str, status: int, outcome: str) -> None:
    """`2XX` documents every success, `default` none; a documented 422 is documented but no success."""
    parameters = ", parameters: [{name: orderId, in: path, value: x}]" if operation == "deleteOrder" else ""
    done = run(steps(f"- {{stepId: a, operationId: {operation}{parameters}}}\n"), Script(**{operation: reply(status)}))
    assert done.outcomes == [("a", outcome)]
    (criterion,) = done.steps[0].criteria
    assert (criterion.kind, criterion.passed) == ("documented", outcome == "passed")


def test_every_criterion_must_hold_and_all_are_judged() -> None:
    text = steps("""\
        - stepId: a
          operationId: getAnything
          successCriteria:
          - condition: $statusCode == 201
          - condition: $response.body#/a == 1
          - condition: $response.body#/b == 2
        """)  # fmt: skip
    done = run(text, Script(getAnything=reply(200, {"a": 1, "b": 3})))
    assert [c.passed for c in done.steps[0].criteria] == [False, True, False]
    assert done.steps[0].reason == "`$statusCode == 201` does not hold: $statusCode is 200 (and 1 more)"
    assert str(done.steps[0].criteria[2].place) == "story.arazzo.yaml:12"


@pytest.mark.parametrize(
    ("answer", "documented", "violations"),
    [
        (reply(201, {"id": "a"}), True, ()),
        (reply(201, {"id": 5}), True, ('/id: 5 is not of type "string"',)),
        (reply(201, "x"), True, ('the body: "x" is not of type "object"',)),
        (reply(404, {"id": "a"}), False, ("status 404 is not documented for createOrder, which has 201, 422",)),
        (Response(201, {"content-type": "text/html"}, b"<p>"), True,
         ("an answer of type text/html is not documented, which has application/json",)),
        (Response(201, {"content-type": "application/json"}, b"{"), True, None),
        (reply(422), True, ()),
    ],
)  # fmt: skip
def test_the_contract_check_is_reported_beside_the_verdict(answer: Any, documented: bool, violations: Any) -> None:
    """It never changes the outcome: the scenario says what must hold."""
    text = steps("- {stepId: a, operationId: createOrder, successCriteria: [{condition: $statusCode > 0}]}\n")
    done = run(text, Script(createOrder=answer))
    assert done.outcomes == [("a", "passed")]
    check = done.steps[0].contract
    assert check is not None
    assert check.documented is documented
    if violations is None:
        assert "the answer's body is not JSON" in check.violations[0]
    else:
        assert check.violations == violations
    assert check.conforms is (documented and not check.violations)


def test_outputs_that_lead_nowhere_are_left_out_with_a_note() -> None:
    text = steps(
        "- {stepId: a, operationId: createOrder, outputs: {id: $response.body#/id, n: $response.body#/nope}}\n"
    )
    done = run(text, Script(createOrder=reply(201, {"id": "x"})))
    assert done.steps[0].outputs == {"id": "x"}
    assert done.steps[0].notes == ("output `n` has no value: the answer's body has nothing at /nope",)


def test_workflow_outputs_are_given_even_when_a_step_failed() -> None:
    """ "Context returns to the caller with applicable outputs"."""
    text = steps(
        "- {stepId: a, operationId: createOrder, outputs: {id: $response.body#/id}}\n"
        "- {stepId: b, operationId: listOrders, outputs: {n: $response.body#/n}}\n",
        after="outputs: {id: $steps.a.outputs.id, n: $steps.b.outputs.n}\n",
    )
    done = run(text, Script(createOrder=reply(201, {"id": "x"}), listOrders=reply(500)))
    assert (done.end.outcome, done.end.outputs) == ("failed", {"id": "x"})


@pytest.mark.parametrize("error", [ConnectionReset("the peer hung up"), ClientTimeout("too slow"), ConnectionError()])
def test_no_answer_fails_the_attempt_and_a_retry_may_follow(error: Exception) -> None:
    client = Script(getAnything=[error, reply(200)])
    done = run(with_actions("onFailure: [{name: again, type: retry}]"), client)
    assert [a.passed for a in done.attempts] == [False, True]
    assert done.attempts[0].error.startswith("no answer: ")
    assert done.attempts[0].response is None
    assert done.end.outcome == "passed"


def test_a_retry_for_a_status_does_not_apply_when_there_was_no_answer() -> None:
    actions = "onFailure: [{name: again, type: retry, criteria: [{condition: $statusCode == 503}]}]"
    done = run(with_actions(actions), Script(getAnything=ConnectionReset("gone")))
    assert len(done.attempts) == 1
    assert done.steps[0].reason == "no answer: gone"


def test_an_unreachable_target_stops_the_run_but_keeps_what_was_told() -> None:
    client = Script(createOrder=reply(201, {}), listOrders=Unreachable("nobody there"))
    document = read_document(
        steps("- {stepId: a, operationId: createOrder}\n- {stepId: b, operationId: listOrders}\n"), "s"
    )
    events = []
    with pytest.raises(Unreachable):  # noqa: PT012 - the events before the error are what is tested
        for event in run_workflow(document.workflows["story"], client=client, contracts=CONTRACTS):
            events.append(event)
    assert [type(e).__name__ for e in events] == [
        "WorkflowStarted", "StepStarted", "Attempt", "StepFinished", "StepStarted",
    ]  # fmt: skip


# --- inputs ------------------------------------------------------------------------------------------------------

INPUTS = """\
inputs:
  type: object
  required: [sku]
  properties:
    sku: {type: string, pattern: ^SKU-}
    quantity: {type: integer, default: 1, minimum: 1}
    address: {type: object, default: {}, properties: {country: {type: string, default: DE}}}
"""


def test_inputs_get_their_defaults_also_inside_objects() -> None:
    done = run(steps("- {stepId: a, operationId: listOrders}\n", before=INPUTS), inputs={"sku": "SKU-1"})
    started = done.events[0]
    assert isinstance(started, WorkflowStarted)
    assert started.inputs == {"sku": "SKU-1", "quantity": 1, "address": {"country": "DE"}}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, '"sku" is a required property'),
        ({"sku": "X"}, 'input `sku`: "X" does not match "^SKU-"'),
        ({"sku": "SKU-1", "quantity": 0}, "input `quantity`: 0 is less than the minimum of 1"),
        ({"sku": "SKU-1", "address": {"country": 5}}, 'input `address/country`: 5 is not of type "string"'),
    ],
)
def test_inputs_that_break_their_schema_are_refused_before_anything_is_sent(inputs: Any, message: str) -> None:
    client = Script()
    with pytest.raises(ScenarioError) as caught:
        run(steps("- {stepId: a, operationId: listOrders}\n", before=INPUTS), client, inputs=inputs)
    assert message in caught.value.message
    assert caught.value.where == "story.arazzo.yaml:6"
    assert client.sent == []


def test_an_inputs_schema_may_refer_to_components_by_pointer_and_by_anchor() -> None:
    text = steps("- {stepId: a, operationId: listOrders}\n", before="inputs: {$ref: '#/components/inputs/order'}\n",
                 components="""\
        inputs:
          order: {type: object, properties: {sku: {$ref: '#/components/inputs/sku'}, other: {$ref: '#sku'}}}
          sku: {$anchor: sku, type: string, default: SKU-9}
        """)  # fmt: skip
    started = run(text).events[0]
    assert isinstance(started, WorkflowStarted)
    assert started.inputs == {"sku": "SKU-9"}
    with pytest.raises(ScenarioError, match="input `other`: 5 is not of type"):
        run(text, inputs={"other": 5})


# --- actions -----------------------------------------------------------------------------------------------------


def test_goto_on_success_jumps_and_what_was_jumped_over_is_skipped() -> None:
    done = run(with_actions("onSuccess: [{name: x, type: goto, stepId: c}]", more=THEN))
    assert done.outcomes == [("a", "passed"), ("c", "passed"), ("b", "skipped")]
    assert [s.followed_by for s in done.steps[:2]] == ["goto c", "next"]
    assert done.steps[2].reason == "the workflow ended before it"
    assert done.end.outcome == "passed"


def test_end_on_success_ends_the_workflow_well() -> None:
    done = run(with_actions("onSuccess: [{name: x, type: end}]", more=THEN))
    assert done.outcomes == [("a", "passed"), ("b", "skipped"), ("c", "skipped")]
    assert done.end.outcome == "passed"


def test_the_first_action_whose_criteria_all_hold_is_taken() -> None:
    actions = """onSuccess: [
        {name: x, type: end, criteria: [{condition: $response.body#/n == 2}, {condition: $statusCode == 201}]},
        {name: y, type: goto, stepId: c, criteria: [{condition: $response.body#/n == 2}]},
        {name: z, type: end}]"""
    assert run(with_actions(actions, more=THEN), Script(getAnything=reply(200, {"n": 2}))).outcomes[1][0] == "c"
    assert run(with_actions(actions, more=THEN), Script(getAnything=reply(200, {"n": 3}))).outcomes[1] == (
        "b",
        "skipped",
    )


def test_without_a_matching_success_action_the_next_step_runs() -> None:
    actions = "onSuccess: [{name: x, type: end, criteria: [{condition: $statusCode == 201}]}]"
    assert run(with_actions(actions, more=THEN)).outcomes == [("a", "passed"), ("b", "passed"), ("c", "passed")]


def test_the_outputs_of_a_step_are_known_to_its_actions() -> None:
    text = steps("""\
        - stepId: a
          operationId: createOrder
          outputs: {paid: $response.body#/paid}
          onSuccess:
          - {name: x, type: end, criteria: [{condition: $outputs.paid == true && $steps.a.outputs.paid == true}]}
        - {stepId: b, operationId: listOrders}
        """)  # fmt: skip
    assert run(text, Script(createOrder=reply(201, {"paid": True}))).outcomes == [("a", "passed"), ("b", "skipped")]


@pytest.mark.parametrize(
    ("action", "after"),
    [("{name: x, type: goto, stepId: c}", [("c", "passed"), ("b", "skipped")]),
     ("{name: x, type: end}", [("b", "skipped"), ("c", "skipped")])],
)  # fmt: skip
def test_a_failure_rescued_by_goto_or_end_stays_a_failed_step(action: str, after: list[tuple[str, str]]) -> None:
    done = run(with_actions(f"onFailure: [{action}]", more=THEN), Script(getAnything=reply(500)))
    assert done.outcomes == [("a", "failed"), *after]
    assert done.steps[0].rescued is True
    assert (done.end.outcome, done.end.rescued) == ("failed", ("a",))


def test_a_document_says_otherwise_by_counting_the_answer_as_success() -> None:
    text = steps("""\
        - stepId: a
          operationId: getAnything
          successCriteria: [{condition: $statusCode == 200 || $statusCode == 404}]
          onSuccess: [{name: create, type: goto, stepId: b, criteria: [{condition: $statusCode == 404}]}]
        - {stepId: b, operationId: listOrders}
        """)  # fmt: skip
    done = run(text, Script(getAnything=reply(404)))
    assert done.end.outcome == "passed"


def test_max_steps_guards_against_an_endless_goto() -> None:
    client = Script()
    done = run(with_actions("onSuccess: [{name: x, type: goto, stepId: a}]"), client, max_steps=25)
    assert len(client.sent) == 25
    assert done.end.outcome == "failed"
    assert done.steps[-1].visit == 26
    assert done.steps[-1].reason == "the run was stopped after 25 steps (--max-steps): an endless goto?"


# --- retries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "attempts"), [("", 2), (", retryLimit: 0", 1), (", retryLimit: 1", 2), (", retryLimit: 5", 6)]
)
def test_the_retry_limit_counts_the_attempts_after_the_first_and_is_one_by_default(limit: str, attempts: int) -> None:
    done = run(with_actions(f"onFailure: [{{name: again, type: retry{limit}}}]"), Script(getAnything=reply(500)))
    assert (len(done.attempts), done.outcomes) == (attempts, [("a", "failed")])
    assert done.steps[0].attempts == attempts
    assert [r.number for r in done.retries] == list(range(1, attempts))


def test_a_retry_that_succeeds_makes_a_step_that_passed() -> None:
    client = Script(getAnything=[reply(503), reply(503), reply(200)])
    done = run(with_actions("onFailure: [{name: again, type: retry, retryAfter: 0.5, retryLimit: 40}]"), client)
    assert done.outcomes == [("a", "passed")]
    assert (done.end.outcome, done.end.rescued) == ("passed", ())
    assert client.waits == [0.5, 0.5]
    assert [(r.action, r.number, r.limit, r.after_s, r.because) for r in done.retries] == [
        ("again", 1, 40, 0.5, "retryAfter"), ("again", 2, 40, 0.5, "retryAfter"),
    ]  # fmt: skip


def test_time_passes_through_the_client_only_even_without_a_delay() -> None:
    client = Script(getAnything=[reply(503), reply(200)])
    run(with_actions("onFailure: [{name: again, type: retry}]"), client)
    assert client.waits == [0.0]


@pytest.mark.parametrize(
    ("headers", "wait", "because"),
    [
        ({"retry-after": "120"}, 120.0, "Retry-After"),
        ({"retry-after": "0"}, 0.0, "Retry-After"),
        ({"retry-after": format_datetime(START + timedelta(seconds=90), usegmt=True)}, 90.0, "Retry-After"),
        ({"retry-after": format_datetime(START - timedelta(seconds=90), usegmt=True)}, 0.0, "Retry-After"),
        (
            {"retry-after": "Mon, 02 Mar 2026 10:00:30 GMT", "date": "Mon, 02 Mar 2026 10:00:00 GMT"},
            30.0,
            "Retry-After",
        ),
        ({"retry-after": "soon"}, 5.0, "retryAfter"),
        ({"retry-after": "-1"}, 5.0, "retryAfter"),
        ({}, 5.0, "retryAfter"),
    ],
)
def test_a_retry_after_header_overrules_retry_after(headers: dict[str, str], wait: float, because: str) -> None:
    """Seconds or an HTTP date (RFC 9110 section 10.2.3), counted from the answer's `Date` or the client's clock."""
    client = Script(getAnything=[Response(503, headers), reply(200)])
    done = run(with_actions("onFailure: [{name: again, type: retry, retryAfter: 5}]"), client)
    assert client.waits == [wait]
    assert done.retries[0].because == because


def test_a_client_without_a_clock_falls_back_to_retry_after() -> None:
    class Timeless:
        def __init__(self) -> None:
            self.waits: list[float] = []
            self._answers = [Response(503, {"retry-after": "Mon, 02 Mar 2026 10:00:30 GMT"}), reply(200)]

        def send(self, _source: str, _operation: object, _request: Request) -> Response:
            return self._answers.pop(0)

        def wait(self, seconds: float) -> None:
            self.waits.append(seconds)

    client = Timeless()
    document = read_document(with_actions("onFailure: [{name: again, type: retry, retryAfter: 5}]"), "s.yaml")
    Run(run_workflow(document.workflows["story"], client=client, contracts=CONTRACTS))
    assert client.waits == [5.0]


def test_a_wait_beyond_the_limit_fails_the_step_instead() -> None:
    client = Script(getAnything=Response(503, {"retry-after": "86400"}))
    done = run(with_actions("onFailure: [{name: again, type: retry}]"), client, max_wait_s=60)
    assert client.waits == []
    assert done.steps[0].reason.endswith("; Retry-After asks for 86400 s, more than the 60 s that this run waits")


def test_the_limit_is_used_up_before_the_next_failure_action_applies() -> None:
    actions = "onFailure: [{name: again, type: retry, retryLimit: 3}, {name: give-up, type: goto, stepId: c}]"
    done = run(with_actions(actions, more=THEN), Script(getAnything=reply(503)))
    assert len(done.attempts) == 5
    assert done.outcomes == [("a", "failed"), ("c", "passed"), ("b", "skipped")]


def test_each_retry_action_has_its_own_limit_and_criteria() -> None:
    actions = """onFailure: [
        {name: busy, type: retry, retryLimit: 2, retryAfter: 1, criteria: [{condition: $statusCode == 503}]},
        {name: locked, type: retry, retryLimit: 1, retryAfter: 2, criteria: [{condition: $statusCode == 409}]}]"""
    client = Script(getAnything=[reply(503), reply(409), reply(503), reply(503)])
    done = run(with_actions(actions), client)
    assert [r.action for r in done.retries] == ["busy", "locked", "busy"]
    assert client.waits == [1.0, 2.0, 1.0]
    assert done.outcomes == [("a", "failed")]


def test_the_count_of_retries_begins_anew_when_control_comes_back() -> None:
    actions = """onFailure: [{name: again, type: retry, retryLimit: 1}],
        onSuccess: [{name: x, type: goto, stepId: a, criteria: [{condition: $response.body#/n < 2}]}]"""
    client = Script(getAnything=[reply(503), reply(200, {"n": 1}), reply(503), reply(200, {"n": 2})])
    done = run(with_actions(actions), client)
    assert done.outcomes == [("a", "passed"), ("a", "passed")]
    assert [s.visit for s in done.steps] == [1, 2]


def test_a_retry_may_run_a_step_first_and_control_comes_back() -> None:
    """ "The reference is executed and the context is returned, after which the current step is retried"."""
    text = steps("""\
        - stepId: token
          operationId: getToken
          requestBody: {payload: {a: 1}}
          outputs: {token: $response.body#/token}
          onSuccess: [{name: skip, type: goto, stepId: use}]
        - {stepId: between, operationId: listOrders}
        - stepId: use
          operationId: getAnything
          parameters: [{name: Authorization, in: header, value: 'Bearer {$steps.token.outputs.token}'}]
          successCriteria: [{condition: $statusCode == 200}]
          onFailure: [{name: renew, type: retry, stepId: token, criteria: [{condition: $statusCode == 401}]}]
        """)  # fmt: skip
    client = Script(
        getToken=[reply(200, {"token": "old"}), reply(200, {"token": "new"})], getAnything=[reply(401), reply(200)]
    )
    done = run(text, client)
    assert client.calls == ["getToken", "getAnything", "getToken", "getAnything"]
    assert [r.headers["authorization"] for _, o, r in client.sent if o == "getAnything"] == ["Bearer old", "Bearer new"]
    assert done.outcomes == [("token", "passed"), ("token", "passed"), ("use", "passed"), ("between", "skipped")]
    assert done.end.outcome == "passed"


def test_steps_that_retry_through_each_other_come_to_an_end() -> None:
    text = steps("""\
        - {stepId: a, operationId: getAnything, onFailure: [{name: x, type: retry, stepId: b, retryLimit: 9}]}
        - {stepId: b, operationId: getAnything, onFailure: [{name: x, type: retry, stepId: a, retryLimit: 9}]}
        """)  # fmt: skip
    done = run(text, Script(getAnything=reply(500)), max_steps=200)
    assert done.end.outcome == "failed"


# --- actions of the workflow -------------------------------------------------------------------------------------


def test_workflow_actions_apply_to_all_steps_and_a_step_overrides_by_name() -> None:
    shared = """\
        failureActions: [{name: patience, type: retry, retryLimit: 2}, {name: rescue, type: goto, stepId: c}]
        successActions: [{name: done, type: end, criteria: [{condition: $statusCode == 299}]}]
        """
    text = steps(
        """\
        - {stepId: a, operationId: getAnything, successCriteria: [{condition: $statusCode == 200}]}
        - stepId: b
          operationId: listOrders
          successCriteria: [{condition: $statusCode == 200}]
          onFailure: [{name: patience, type: retry, retryLimit: 4}]
        - {stepId: c, operationId: createOrder, successCriteria: [{condition: $statusCode >= 200}]}
        - {stepId: d, operationId: createOrder}
        """,
        before=shared,
    )
    client = Script(getAnything=[reply(500), reply(200)], listOrders=reply(500), createOrder=reply(299))
    done = run(text, client)
    assert [client.calls.count(o) for o in ("getAnything", "listOrders", "createOrder")] == [2, 5, 1]
    assert done.outcomes == [("a", "passed"), ("b", "failed"), ("c", "passed"), ("d", "skipped")]
    assert done.step("c").followed_by == "end"


def test_a_steps_own_actions_come_before_those_of_the_workflow() -> None:
    done = run(
        with_actions("onFailure: [{name: own, type: goto, stepId: c}]", more=THEN,
                     before="failureActions: [{name: shared, type: end}]\n"),
        Script(getAnything=reply(500)),
    )  # fmt: skip
    assert done.outcomes[1] == ("c", "passed")


def test_an_action_criterion_that_cannot_be_evaluated_fails_and_is_noted() -> None:
    actions = "onSuccess: [{name: x, type: end, criteria: [{condition: $response.body < 5}]}]"
    done = run(with_actions(actions, more=THEN), Script(getAnything=reply(200, {"n": 1})))
    assert done.outcomes[1] == ("b", "passed")
    assert done.steps[0].notes == ("action `x`: an object < 5: the two have no order",)


def test_a_wrapped_jsonpath_leaves_its_warning_in_the_notes() -> None:
    text = steps("""\
        - stepId: a
          operationId: getAnything
          successCriteria: [{condition: '$[?count(@.pets) > 0]', type: jsonpath, context: $response.body}]
        """)  # fmt: skip
    done = run(text, Script(getAnything=reply(200, {"pets": [1]})))
    assert done.outcomes == [("a", "passed")]
    assert "RFC 9535" in done.steps[0].notes[0]


# --- 1.1 ---------------------------------------------------------------------------------------------------------


def test_depends_on_puts_steps_in_an_order_that_meets_it() -> None:
    text = steps("""\
        - {stepId: a, operationId: getAnything, dependsOn: [c], successCriteria: [{condition: 1 == 1}]}
        - {stepId: b, operationId: listOrders}
        - {stepId: c, operationId: createOrder, successCriteria: [{condition: 1 == 1}]}
        """, version="1.1.0")  # fmt: skip
    assert [o for o, _ in run(text).outcomes] == ["b", "c", "a"]


def test_a_step_whose_dependency_was_jumped_over_is_not_sent() -> None:
    text = steps("""\
        - {stepId: a, operationId: listOrders, onSuccess: [{name: x, type: goto, stepId: c}]}
        - {stepId: b, operationId: listOrders}
        - {stepId: c, operationId: listOrders, dependsOn: [b]}
        """, version="1.1.0")  # fmt: skip
    client = Script()
    done = run(text, client)
    assert done.step("c").reason == "it depends on `b`, which has not passed"
    assert (len(client.sent), done.step("c").attempts, done.step("c").contract) == (1, 0, None)


def test_a_timeout_is_kept_by_a_client_that_can() -> None:
    timeouts: list[float] = []

    class Patient(Script):
        def send_within(self, source: str, operation: Any, request: Request, timeout_s: float) -> Response:
            timeouts.append(timeout_s)
            raise ClientTimeout("too slow")

    client = Patient()
    done = run(steps("- {stepId: a, operationId: listOrders, timeout: 1500}\n", version="1.1.0"), client)
    assert timeouts == [1.5]
    assert done.steps[0].reason == "no answer: too slow"


def test_self_is_the_address_of_the_document() -> None:
    text = steps("- {stepId: a, operationId: listOrders, parameters: [{name: q, in: query, value: $self}]}\n",
                 version="1.1.0", head="$self: https://example.com/a.yaml\n")  # fmt: skip
    assert run(text).attempts[0].request.query == "q=https://example.com/a.yaml"


def test_selector_objects_pick_outputs() -> None:
    text = steps("""\
        - stepId: a
          operationId: createOrder
          outputs:
            skus: {context: $response.body, selector: '$.lines[*].sku', type: jsonpath}
            first: {context: $response.body, selector: /lines/0/sku, type: jsonpointer}
        """, version="1.1.0")  # fmt: skip
    done = run(text, Script(createOrder=reply(201, {"lines": [{"sku": "A"}, {"sku": "B"}]})))
    assert done.steps[0].outputs == {"skus": ["A", "B"], "first": "A"}
