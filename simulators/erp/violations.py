"""Everything that is wrong with a document, collected before it is refused once (domain 2.1: all violations listed)."""

from __future__ import annotations

from typing import Any

from understudy import FieldError, Problem


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
        shared = codes.pop() if len(codes) == 1 else ""
        slug = shared if shared in _SLUGS else "validation-failed"
        raise Problem(slug, self._summary(), title=title, errors=self._errors)

    def _summary(self) -> str:
        count = len(self._errors)
        return self._errors[0].detail if count == 1 else f"{count} problems"


_SLUGS = frozenset(
    {
        "unknown-reference",
        "customer-blocked",
        "item-blocked",
        "posting-setup-missing",
        "posting-period-closed",
        "over-shipment",
        "over-invoice",
        "over-credit",
        "currency-mismatch",
    }
)
