"""What `understudy.scenario` offers, that it loads lazily, and what a step costs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

import understudy.scenario as scenario
from understudy.scenario import read_document, run_workflow

from .fakes import CONTRACTS, Script, reply, steps


def test_every_name_of_the_front_door_is_there() -> None:
    assert sorted(scenario.__all__) == sorted(scenario._PLACES)
    for name in scenario.__all__:
        assert getattr(scenario, name).__name__ == name if callable(getattr(scenario, name)) else True
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        scenario.nope  # noqa: B018


@pytest.mark.parametrize("heavy", ["jsonpath_rfc9535", "http.client", "understudy.scenario.run"])
def test_importing_the_package_loads_nothing_heavy(heavy: str) -> None:
    code = f"import sys, understudy.scenario; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_scenario_without_jsonpath_never_loads_jsonpath() -> None:
    code = (
        "import sys; from understudy.scenario import read_document;"
        f"read_document({steps('- {stepId: a, operationId: x}')!r}, 'x'); sys.exit('jsonpath_rfc9535' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_runner_costs_less_than_a_fifth_of_a_millisecond_a_step() -> None:
    """The best of several rounds, so that a busy machine does not decide."""
    step = """\
- stepId: s%d
  operationId: createOrder
  parameters: [{name: Idempotency-Key, in: header, value: 'key-{$inputs.sku}'}]
  requestBody: {payload: {lines: [{sku: $inputs.sku, quantity: '2'}, {sku: B, quantity: '1'}], note: x}}
  successCriteria:
  - condition: $statusCode == 201 && $response.body#/total == '70.73'
  - condition: $response.body#/lines/0/quantity >= 2
  outputs: {id: $response.body#/id, total: $response.body#/total}
"""
    inputs = "inputs: {type: object, properties: {sku: {default: A}}}\n"
    text = steps("".join(step % n for n in range(20)), before=inputs)
    document = read_document(text, "x.yaml")
    answer = reply(201, {"id": "SO-1", "total": "70.73", "lines": [{"quantity": "2"}]})

    def once() -> None:
        events = list(run_workflow(document.workflows["story"], client=Script(createOrder=answer), contracts=CONTRACTS))
        assert getattr(events[-1], "passed", 0) == 20

    assert _best(once, rounds=15) / 20 < 0.0002


def _best(work: Callable[[], None], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
