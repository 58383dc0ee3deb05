"""Scenarios: Arazzo 1.0 and 1.1 documents, read, checked, bound to contracts, run and explained.

    document = load_document("scenarios/hp-1.arazzo.yaml")
    for workflow in entry_workflows(document):
        for event in run_workflow(workflow, client=client, contracts=contracts, inputs={}):
            ...

Everything below loads on first use: explaining a scenario needs no validator, running one needs no socket.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.scenario.client import SocketClient
    from understudy.scenario.criterion import CriterionResult, Operand
    from understudy.scenario.diagnostic import Diagnostic, InvalidScenario
    from understudy.scenario.event import (
        FAILED,
        PASSED,
        SKIPPED,
        Attempt,
        ContractCheck,
        Event,
        Retrying,
        StepFinished,
        StepStarted,
        WorkflowFinished,
        WorkflowStarted,
    )
    from understudy.scenario.inputs import Case, cases_path, load_cases, read_cases
    from understudy.scenario.model import ContractLike, Document, OperationLike, Place, Source, Step, Workflow
    from understudy.scenario.program import Program, entry_workflows, link
    from understudy.scenario.read import load_document, read_document
    from understudy.scenario.run import RunOptions, run_workflow
    from understudy.scenario.story import StepStory, Story, explain, tell
    from understudy.scenario.transport import Client, ClockedClient, TimedClient

_PLACES = {
    # reading and checking
    "Diagnostic": "diagnostic",
    "Document": "model",
    "InvalidScenario": "diagnostic",
    "Place": "model",
    "Program": "program",
    "Source": "model",
    "Step": "model",
    "Workflow": "model",
    "entry_workflows": "program",
    "link": "program",
    "load_document": "read",
    "read_document": "read",
    # inputs
    "Case": "inputs",
    "cases_path": "inputs",
    "load_cases": "inputs",
    "read_cases": "inputs",
    # running
    "Client": "transport",
    "ClockedClient": "transport",
    "ContractLike": "model",
    "OperationLike": "model",
    "RunOptions": "run",
    "SocketClient": "client",
    "TimedClient": "transport",
    "run_workflow": "run",
    # what happened
    "FAILED": "event",
    "PASSED": "event",
    "SKIPPED": "event",
    "Attempt": "event",
    "ContractCheck": "event",
    "CriterionResult": "criterion",
    "Event": "event",
    "Operand": "criterion",
    "Retrying": "event",
    "StepFinished": "event",
    "StepStarted": "event",
    "WorkflowFinished": "event",
    "WorkflowStarted": "event",
    # telling
    "StepStory": "story",
    "Story": "story",
    "explain": "story",
    "tell": "story",
}

__all__ = [
    "FAILED",
    "PASSED",
    "SKIPPED",
    "Attempt",
    "Case",
    "Client",
    "ClockedClient",
    "ContractCheck",
    "ContractLike",
    "CriterionResult",
    "Diagnostic",
    "Document",
    "Event",
    "InvalidScenario",
    "Operand",
    "OperationLike",
    "Place",
    "Program",
    "Retrying",
    "RunOptions",
    "SocketClient",
    "Source",
    "Step",
    "StepFinished",
    "StepStarted",
    "StepStory",
    "Story",
    "TimedClient",
    "Workflow",
    "WorkflowFinished",
    "WorkflowStarted",
    "cases_path",
    "entry_workflows",
    "explain",
    "link",
    "load_cases",
    "load_document",
    "read_cases",
    "read_document",
    "run_workflow",
    "tell",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'understudy.scenario' has no attribute {name!r}")
    value = getattr(import_module(f"understudy.scenario.{place}"), name)
    globals()[name] = value
    return value
