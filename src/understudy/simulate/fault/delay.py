from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from understudy.simulate.fault.model import RequestFault, take

LONGEST_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Delay(RequestFault):
    """The answer comes late; the work commits at the end of the delay, even when the caller has given up."""

    kind: ClassVar[str] = "delay"
    milliseconds: int = 1000

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        fault = cls(**take(parameters, {"milliseconds": int}))
        if not 0 < fault.milliseconds <= LONGEST_MS:
            raise ValueError(f"parameter 'milliseconds' is {fault.milliseconds}, allowed: 1 to {LONGEST_MS:,} (a day)")
        return fault

    def delay_ms(self) -> int:
        return self.milliseconds
