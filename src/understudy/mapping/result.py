"""What applying a table yields: the target document and every fault found on the way, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.mapping.function import INVALID


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One reason why a message is refused (or, among the warnings, worth a look).

    row: the id of the table's row. code: slug, as in the systems' own errors. source, target: JSON pointers; a document
    other than the source is named in front (`event:/id`). rejected: the value as it came. owner: who can repair it.
    """

    row: str
    code: str
    source: str
    target: str
    detail: str
    rejected: Any = None
    owner: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Members named as in the systems' error documents, with the row and owner beside them."""
        return {
            "pointer": self.source,
            "code": self.code,
            "detail": self.detail,
            "rejectedValue": self.rejected,
            "row": self.row,
            "target": self.target,
            "owner": self.owner,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A dirty value that was put right. rule: the id under which the table allows it. after: None where the value was
    a word for nothing."""

    row: str
    pointer: str
    before: Any
    after: Any
    rule: str

    def as_dict(self) -> dict[str, Any]:
        return {"row": self.row, "pointer": self.pointer, "before": self.before, "after": self.after, "rule": self.rule}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A message after mapping.

    document: the target document; of a refused message only what could be mapped. headers, query, path: parts of the
    request. controls: values that rows computed beside the document (dedupe key, sequence, …). skip: why the message is
    not for the target, empty when it is; then nothing else is set.
    """

    document: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, Any] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    warnings: tuple[Violation, ...] = ()
    repairs: tuple[Repair, ...] = ()
    skip: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.violations)

    @property
    def error_code(self) -> str:
        """The slug for the message as a whole: that of its faults when they agree, else `validation-failed`; empty when
        it is not refused."""
        codes = {violation.code for violation in self.violations}
        return "" if not codes else codes.pop() if len(codes) == 1 else INVALID
