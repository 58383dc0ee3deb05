"""A finding of the static check of a table, as data; words are added at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFinding:
    """rule: stable id of the check. level: error (the table must not be used so) or warning. where: `file:line`.

    place: the path, lookup or parameter that it is about, so that a fingerprint needs no words and no line.
    """

    rule: str
    level: str
    mapping: str
    row: str
    place: str
    message: str
    where: str
    hint: str = ""
    expected: Any = None
    actual: Any = None

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        row = f" row {self.row}" if self.row else ""
        return f"{self.where}: {self.level}: {self.mapping}{row}: {self.message} [{self.rule}]" + (
            f"\n  hint: {self.hint}" if self.hint else ""
        )


RULES: Mapping[str, str] = {
    "unknown-contract-part": "the table names a system, schema, operation or event that no contract has",
    "unknown-source-field": "a row reads a field that the source document does not have",
    "unknown-target-field": "a row writes a field that the target document does not have",
    "read-only-target": "a row writes a field that the target system sets by itself",
    "undeclared-parameter": "a row writes a header or parameter that the operation does not declare",
    "not-yet-mapped": "a row reads a target or control value that no earlier row maps",
    "type-mismatch": "the type of a row does not fit the target field",
    "too-long": "a row allows more characters than the target field",
    "not-in-enum": "a row yields a value that the target field does not list",
    "enum-not-guarded": "the target field lists its values and nothing in the row limits them",
    "pattern-mismatch": "a row yields a value that the target field's pattern refuses",
    "required-target-not-fed": "the target requires a field that no row, or only optional ones, feed",
    "required-header-not-fed": "the operation requires a header that no row feeds",
    "fed-twice": "two rows feed the same target field without conditions",
    "unused-lookup": "a declared lookup is asked by no row",
    "no-example": "a row has no example",
    "example-failed": "an example of a row does not yield what it says",
    "sample-failed": "a whole-message sample does not yield what it says",
    "sample-not-valid": "what a sample yields breaks the target's contract",
}
"""Every rule of the check, with what it means."""
