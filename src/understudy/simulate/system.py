"""The unchanging part of a simulated system: its contract, its behaviour and how it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from understudy.contract import Contract, Operation
from understudy.errors import WorkspaceError, closest
from understudy.simulate import builtin
from understudy.simulate.authenticate import Doorkeeper
from understudy.simulate.behaviour import Handler, Simulator
from understudy.simulate.pagination import PAGERS, Pager
from understudy.simulate.router import Router


@dataclass(frozen=True)
class System:
    """base: path below which it is served, such as `/erp/v1`. pagination: a key of PAGERS, empty for none."""

    name: str
    base: str
    contract: Contract
    simulator: Simulator
    pagination: str = ""
    token_lifetime: timedelta = timedelta(hours=1)
    extra_settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = self.contract.operations
        for operation_id in self.simulator.operations:
            if operation_id not in known:
                raise WorkspaceError(
                    f"simulator {self.name!r} binds {operation_id!r}, which its contract does not have",
                    where=self.contract.where,
                    hint=closest(operation_id, known),
                )

    @cached_property
    def router(self) -> Router:
        return Router(self.contract.operations.values())

    @cached_property
    def doorkeeper(self) -> Doorkeeper:
        return Doorkeeper(self.contract, self.name)

    @cached_property
    def pager(self) -> Pager | None:
        return PAGERS[self.pagination] if self.pagination else None

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        return {**self.extra_settings, "eventNames": frozenset(self.contract.events)}

    @cached_property
    def token_operation(self) -> Operation | None:
        return self.contract.operations.get("getToken") if self.doorkeeper.has_tokens else None

    def handler(self, operation: Operation) -> Handler | None:
        return self.simulator.operations.get(operation.id) or builtin.OPERATIONS.get(operation.id)
