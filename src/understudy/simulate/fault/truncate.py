from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from understudy.simulate.fault.model import RequestFault, take
from understudy.simulate.message import Response


@dataclass(frozen=True, slots=True)
class Truncate(RequestFault):
    """The work is done, but the body breaks off after a share of its bytes; Content-Length still names them all."""

    kind: ClassVar[str] = "truncate"
    share: float = 0.5

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        fault = cls(**take(parameters, {"share": (int, float)}))
        if not 0 <= fault.share < 1:
            raise ValueError(f"parameter 'share' is {fault.share}, allowed: 0 up to but not 1")
        return fault

    def after(self, response: Response) -> Response:
        kept = response.body[: int(len(response.body) * self.share)]
        headers = {**response.headers, "content-length": str(len(response.body))}
        return Response(response.status, headers, kept)
