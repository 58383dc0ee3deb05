"""Writes that take effect once, whatever is lost on the way (IDM-3, IDM-4).

    noted and answered      ->  the answer on record, no call
    noted, outcome unknown  ->  look it up by its business key; found: adopt it; not found: the same key and body again
    409 duplicate-...       ->  the target knows it already: adopt `existingId`
    refused                 ->  nothing happened; a corrected body goes under a new revision of the key

Looking up covers targets that keep no idempotency record, or none any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..failure import Refused, Retryable, Unknown
from ..outbox import Outbox
from .http import Caller, Request, WouldWrite

Found = dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write and how to recognise that it was done.

    name: made of business ids, the idempotency key. find: by business key, None when the target does not have it.
    read: by the `existingId` that a refusal names.
    """

    name: str
    request: Request
    find: Callable[[], Found]
    read: Callable[[str], Any] | None = None


def write_once(caller: Caller, outbox: Outbox, write: Write) -> Any:
    """The target's record of this write, made now or earlier. Raises Failure."""
    practice = caller.practice
    name = write.name
    noted = outbox.find(name) if practice.remembers_writes else None
    if noted is not None and noted.status == "answered":
        return noted.answer
    if caller.dry:
        raise WouldWrite(write.request.operation)
    if noted is not None and noted.status in ("prepared", "unknown") and practice.looks_up_first:
        existing = write.find()
        if existing is not None:
            outbox.answered(name, existing, caller.now())
            return existing
    entry = outbox.prepare(name, caller.target, write.request.operation, write.request.body or b"", caller.now())
    body = entry.body if write.request.body is not None else None
    try:
        answer = caller.call(
            replace(write.request, key=practice.key(entry.key, caller.attempt, caller.nonce()), body=body)
        )
    except Unknown:
        outbox.unanswered(name, "unknown")
        raise
    except Refused as refusal:
        if refusal.existing_id and write.read and refusal.cause.code.startswith("duplicate-"):
            answer = write.read(refusal.existing_id)
        else:
            outbox.unanswered(name, "refused")
            raise
    except Retryable:
        outbox.unanswered(name, "held")
        raise
    outbox.answered(name, answer, caller.now())
    return answer
