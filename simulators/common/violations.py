"""Everything that is wrong with a request, collected before it is refused once (domain 2.1: all violations listed)."""

from __future__ import annotations

from typing import Any

from understudy import FieldError, Problem

SLUGS_OF_422 = frozenset(
    {
        "unknown-reference",
        "customer-blocked",
        "item-blocked",
        "posting-setup-missing",
        "posting-period-closed",
        "over-shipment",
        "over-receipt",
        "over-invoice",
        "over-credit",
        "currency-mismatch",
        "total-mismatch",
    }
)


class Violations:
    """A list that raises. The slug of the refusal is the one that all violations share, else `validation-failed`."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def add(self, pointer: str, code: str, detail: str, rejected: Any = None) -> None:
        """pointer: JSON Pointer into the request. code: `required`, `invalid-value` or a slug of domain 2.1."""
        self._errors.append(FieldError(pointer, code, detail, rejected))

    def __bool__(self) -> bool:
        return bool(self._errors)

    @property
    def errors(self) -> tuple[FieldError, ...]:
        return tuple(self._errors)

    def refuse(self, title: str) -> None:
        """Raise Problem 422 if there is anything to refuse."""
        if not self._errors:
            return
        codes = {error.code for error in self._errors}
        slug = next(iter(codes)) if len(codes) == 1 else ""
        detail = self._errors[0].detail if len(self._errors) == 1 else f"{len(self._errors)} problems"
        raise Problem(slug if slug in SLUGS_OF_422 else "validation-failed", detail, title=title, errors=self._errors)
