"""What leaves a system: its records without the fields that only the system itself needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def present(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as the API returns it: without the fields, on any level, whose names begin with `_`."""
    return {name: _shown(value) for name, value in record.items() if name[0] != "_"}


def _shown(value: Any) -> Any:
    # Records are plain JSON, so exact types will do; asking the abstract ones costs most of the time of a list.
    kind = type(value)
    if kind is dict:
        return present(value)
    if kind is list:
        return [_shown(element) for element in value]
    return value
