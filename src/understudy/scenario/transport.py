"""What a run needs of whatever carries its requests: one protocol, and two abilities that a client may add."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from understudy.scenario.model import OperationLike
from understudy.simulate.message import Request, Response


class Client(Protocol):
    """How requests leave. In-process it sends into a world and waits on its clock; `SocketClient` uses sockets."""

    def send(self, source: str, operation: OperationLike, request: Request, /) -> Response:
        """source: name of the source description; the request's path is relative to its base URL.

        Raises ConnectionError or TimeoutError when the outcome is unknown (the attempt fails), Unreachable to stop.
        """

    def wait(self, seconds: float, /) -> None:
        """Let time pass before a retry; also called with 0, when a retry follows at once."""


@runtime_checkable
class TimedClient(Protocol):
    """A client that can keep the `timeout` of a step."""

    def send_within(self, source: str, operation: OperationLike, request: Request, timeout_s: float, /) -> Response:
        """Like `send`; raises TimeoutError when no answer came in time."""


@runtime_checkable
class ClockedClient(Protocol):
    """A client that knows the time by which a date in `Retry-After` is meant, when the answer has no `Date`."""

    def now(self) -> datetime: ...
