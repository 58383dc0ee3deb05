"""A YAML file being read: its data, and errors that carry its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from understudy.contract import load_yaml, locate
from understudy.errors import MappingError, closest


class Source:
    """text: of the file. name: shown in errors. Raises MappingError for text that is no YAML."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.data = load_yaml(text, name, error=MappingError)

    def refuse(self, message: str, pointer: str, **more: str) -> MappingError:
        return MappingError(message, where=f"{self.name}:{locate(self.text, pointer)}", **more)

    @contextmanager
    def at(self, pointer: str) -> Iterator[None]:
        """Gives an error from deeper down the line of `pointer`."""
        try:
            yield
        except MappingError as problem:
            if problem.where:
                raise
            raise self.refuse(problem.message, pointer, allowed=problem.allowed, hint=problem.hint) from None

    def mapping(self, value: Any, pointer: str, what: str, known: tuple[str, ...] = ()) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.refuse(f"{what} must be an object", pointer, allowed=", ".join(known))
        for key in value:
            if known and key not in known:
                raise self.refuse(
                    f"unknown key {key!r} in {what}",
                    f"{pointer}/{key}",
                    allowed=", ".join(known),
                    hint=closest(key, known),
                )
        return value

    def sequence(self, value: Any, pointer: str, what: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refuse(f"{what} must be a list", pointer)
        return value
