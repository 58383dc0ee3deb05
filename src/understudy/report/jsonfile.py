"""The JSON record as a file: keys indented, one journal entry a line, so that two runs compare line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render_json(record: Mapping[str, Any]) -> str:
    """The record as it is (schema: record.schema.json)."""
    members = [f" {_quoted(key)}: {_value(key, value)}" for key, value in record.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _value(key: str, value: Any) -> str:
    if key == "journal":
        return "[" + ",".join(_journal(part) for part in value) + "\n ]"
    return json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n ")


def _journal(part: Mapping[str, Any]) -> str:
    entries = ",".join(f"\n   {json.dumps(entry, ensure_ascii=False)}" for entry in part["entries"])
    return f'\n  {{"scenario": {_quoted(part["scenario"])}, "entries": [{entries}\n  ]}}'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
