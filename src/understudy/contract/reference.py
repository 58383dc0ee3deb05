"""JSON pointers and `$ref` inside one document. References to other documents are refused here, never fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from understudy.errors import ContractError


def escape(part: str) -> str:
    """One reference token of a JSON pointer (RFC 6901 section 3)."""
    return part.replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


class Resolver:
    """Follows `$ref` in one document. where: shown in errors."""

    def __init__(self, document: Mapping[str, Any], where: str) -> None:
        self._document = document
        self._where = where

    def at(self, pointer: str) -> Any:
        """The value at a pointer. Raises ContractError when there is none."""
        value: Any = self._document
        for part in pointer.split("/")[1:]:
            part = unescape(part)
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                raise ContractError(f"nothing is at {pointer!r}", where=self._where, hint="correct the $ref")
        return value

    def follow(self, value: Any, pointer: str) -> tuple[Any, str]:
        """The value behind a chain of `$ref` and the pointer where it lies. A dead or circular one: ContractError."""
        seen = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            ref = value["$ref"]
            if not ref.startswith("#"):
                raise ContractError(
                    f"the reference {ref!r} leads out of the document",
                    where=f"{self._where}#{pointer}",
                    allowed="references inside the document (`#/…`)",
                )
            target = unquote(ref[1:])
            if target in seen:
                raise ContractError(f"the reference {ref!r} is circular", where=f"{self._where}#{pointer}")
            seen.add(target)
            pointer, value = target, self.at(target)
        return value, pointer
