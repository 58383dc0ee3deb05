"""Understudy: contract testing and simulation for ERP integrations.

The front door. What is named here is for users and for the workspace folders (`simulators`, `fixtures`, `scenarios`,
`integration`); everything else is ours to change. Names load on first use, so that `import understudy` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.errors import (
        ContractError,
        MappingError,
        NothingVerified,
        ScenarioError,
        UnderstudyError,
        Unreachable,
        UnusableInput,
        WorkspaceError,
    )
    from understudy.invariant import Evidence, Invariant, Row, Verdict
    from understudy.simulate.behaviour import Client, Context, DataSet, Handler, Job, Reply, Simulator
    from understudy.simulate.clock import parse_instant, render_instant
    from understudy.simulate.journal import DeliveryEntry, Entry, EventEntry, Exchange, JobEntry, Note, Transition
    from understudy.simulate.message import ClientTimeout, ConnectionReset, Request, Response
    from understudy.simulate.problem import FieldError, Problem
    from understudy.simulate.table import TableSpec, TableView
    from understudy.workspace import Workspace, open_workspace

__version__ = "0.1.0"

_PLACES = {
    # behaviour of a simulator
    "Client": "understudy.simulate.behaviour",
    "Context": "understudy.simulate.behaviour",
    "DataSet": "understudy.simulate.behaviour",
    "FieldError": "understudy.simulate.problem",
    "Handler": "understudy.simulate.behaviour",
    "Job": "understudy.simulate.behaviour",
    "Problem": "understudy.simulate.problem",
    "Reply": "understudy.simulate.behaviour",
    "Simulator": "understudy.simulate.behaviour",
    "TableSpec": "understudy.simulate.table",
    "TableView": "understudy.simulate.table",
    "parse_instant": "understudy.simulate.clock",
    "render_instant": "understudy.simulate.clock",
    # what a run records
    "DeliveryEntry": "understudy.simulate.journal",
    "Entry": "understudy.simulate.journal",
    "EventEntry": "understudy.simulate.journal",
    "Exchange": "understudy.simulate.journal",
    "JobEntry": "understudy.simulate.journal",
    "Note": "understudy.simulate.journal",
    "Transition": "understudy.simulate.journal",
    # business rules as code
    "Evidence": "understudy.invariant",
    "Invariant": "understudy.invariant",
    "Row": "understudy.invariant",
    "Verdict": "understudy.invariant",
    # messages
    "ClientTimeout": "understudy.simulate.message",
    "ConnectionReset": "understudy.simulate.message",
    "Request": "understudy.simulate.message",
    "Response": "understudy.simulate.message",
    # workspaces
    "Workspace": "understudy.workspace",
    "open_workspace": "understudy.workspace",
    # errors
    "ContractError": "understudy.errors",
    "MappingError": "understudy.errors",
    "NothingVerified": "understudy.errors",
    "ScenarioError": "understudy.errors",
    "UnderstudyError": "understudy.errors",
    "Unreachable": "understudy.errors",
    "UnusableInput": "understudy.errors",
    "WorkspaceError": "understudy.errors",
}

__all__ = [
    "Client",
    "ClientTimeout",
    "ConnectionReset",
    "Context",
    "ContractError",
    "DataSet",
    "DeliveryEntry",
    "Entry",
    "EventEntry",
    "Evidence",
    "Exchange",
    "FieldError",
    "Handler",
    "Invariant",
    "Job",
    "JobEntry",
    "MappingError",
    "Note",
    "NothingVerified",
    "Problem",
    "Reply",
    "Request",
    "Response",
    "Row",
    "ScenarioError",
    "Simulator",
    "TableSpec",
    "TableView",
    "Transition",
    "UnderstudyError",
    "Unreachable",
    "UnusableInput",
    "Verdict",
    "Workspace",
    "WorkspaceError",
    "open_workspace",
    "parse_instant",
    "render_instant",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'understudy' has no attribute {name!r}")
    value = getattr(import_module(place), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
