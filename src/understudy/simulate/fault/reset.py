from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from understudy.simulate.fault.model import RequestFault, take
from understudy.simulate.message import ConnectionReset, Response
from understudy.simulate.problem import Problem


@dataclass(frozen=True, slots=True)
class Reset(RequestFault):
    """The connection is closed without an answer, before the work (`when: before`) or after its commit (`after`)."""

    kind: ClassVar[str] = "reset"
    when: str = "before"

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        values = take(parameters, {"when": str})
        if values.get("when", "before") not in ("before", "after"):
            raise ValueError("parameter 'when' is before or after")
        return cls(**values)

    def before(self) -> Problem | None:
        if self.when == "before":
            raise ConnectionReset("connection closed before the work was done (injected fault)")
        return None

    def after(self, response: Response) -> Response:
        raise ConnectionReset(f"connection closed after status {response.status} was decided (injected fault)")
