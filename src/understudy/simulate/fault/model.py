"""What every fault has: where it bites, how often, and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from understudy.simulate.message import Response
from understudy.simulate.problem import Problem


@dataclass(frozen=True, slots=True)
class RequestFault:
    """One kind of request fault; parameters are its fields."""

    kind: ClassVar[str] = ""

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """Raises ValueError naming the parameter that is unknown or unusable."""
        raise TypeError(f"{cls.__name__} does not read its parameters: {sorted(parameters)}")

    def before(self) -> Problem | None:
        """Refuse without doing the work, raise ConnectionReset, or None to let the work be done."""
        return None

    def after(self, response: Response) -> Response | Problem:
        """What the caller sees of a response whose work has been done; a refusal in its place, or ConnectionReset."""
        return response

    def delay_ms(self) -> int:
        """World time between the start of the request and its commit."""
        return 0


@dataclass(frozen=True, slots=True)
class Fault:
    """An injected fault. operation_id: empty for any of the system. client: empty for any. remaining: -1 for ever.

    skip: how many matching requests pass unharmed first. probability: share of matching requests that it hits.
    """

    id: str
    system: str
    kind: str
    operation_id: str = ""
    client: str = ""
    event_type: str = ""
    remaining: int = 1
    skip: int = 0
    probability: float = 1.0
    effect: RequestFault | None = None
    parameters: Mapping[str, Any] | None = None

    def skipped(self) -> Fault:
        return replace(self, skip=self.skip - 1)

    def used(self) -> Fault:
        return self if self.remaining < 0 else replace(self, remaining=self.remaining - 1)


def take(parameters: Mapping[str, Any], allowed: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """The parameters, checked by name and type. Raises ValueError with what was allowed."""
    for name, value in parameters.items():
        if name not in allowed:
            raise ValueError(f"unknown parameter {name!r}, allowed: {', '.join(allowed) or 'none'}")
        if not isinstance(value, allowed[name]) or isinstance(value, bool):
            raise ValueError(f"parameter {name!r} is {value!r}, which has the wrong type")
    return dict(parameters)
