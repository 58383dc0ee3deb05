"""A dry run: what reprocessing a dead letter would do. It reads, checks and maps, and stops before the first write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from .dead_letter import DeadLetters
from .failure import Failure
from .flow import Skipped
from .flows import BY_ID
from .inbox import Inbox
from .log import Origin
from .mask import masked_errors
from .message import Message, read
from .targets.http import WouldWrite
from .work import Work
from .worker import origin_of

Record = dict[str, Any]


class OpenWork(Protocol):
    def __call__(self, message: Message, origin: Origin, *, dry: bool = False) -> Work: ...


def rehearse(
    letters: DeadLetters,
    inbox: Inbox,
    letter: Record,
    corrected: Mapping[str, Any] | None,
    open_work: OpenWork,
) -> Record:
    """`{outcome: would_apply | would_fail, errorCode, errors}` for one dead letter. Raises Unusable for bad data."""
    system, body = inbox.body(letter["source"], letter["messageId"])
    if corrected is not None:
        body = letters.corrected_body(letter, corrected)
    message = read(system, body)
    # Without a flow in its origin the rehearsal leaves no hop in the log.
    origin = origin_of(message, "", 1, "")
    try:
        outcome = BY_ID[letter["flow"]].handlers[message.name](open_work(message, origin, dry=True))
    except WouldWrite as write:
        return {"outcome": "would_apply", "firstWrite": write.operation}
    except Failure as failure:
        return {
            "outcome": "would_fail",
            "errorCode": failure.cause.code,
            "errors": masked_errors(failure.cause.errors),
        }
    return {"outcome": "would_apply", **({"reason": outcome.reason} if isinstance(outcome, Skipped) else {})}
