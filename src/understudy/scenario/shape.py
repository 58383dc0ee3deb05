"""The fields of every Arazzo object, and reading them with each problem at its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.errors import ScenarioError, closest
from understudy.scenario.diagnostic import Diagnostics
from understudy.scenario.model import Place

MAX_VALUES = 200_000
"""Values read from one document, aliases written out: far above any scenario, far below what exhausts memory."""

FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # object: (required fields, optional fields); those that came with 1.1 stand in LATER as well
    "document": (("arazzo", "info", "sourceDescriptions", "workflows"), ("$self", "components")),
    "info": (("title", "version"), ("summary", "description")),
    "source description": (("name", "url"), ("type",)),
    "workflow": (
        ("workflowId", "steps"),
        ("summary", "description", "inputs", "dependsOn", "successActions", "failureActions", "outputs", "parameters"),
    ),
    "step": (
        ("stepId",),
        (
            "description", "operationId", "operationPath", "workflowId", "parameters", "requestBody", "successCriteria",
            "onSuccess", "onFailure", "outputs", "timeout", "dependsOn", "channelPath", "correlationId", "action",
        ),
    ),
    "parameter": (("name", "value"), ("in",)),
    "request body": ((), ("contentType", "payload", "replacements")),
    "replacement": (("target", "value"), ("targetSelectorType",)),
    "criterion": (("condition",), ("context", "type")),
    "success action": (("name", "type"), ("workflowId", "stepId", "criteria", "parameters")),
    "failure action": (
        ("name", "type"),
        ("workflowId", "stepId", "retryAfter", "retryLimit", "criteria", "parameters"),
    ),
    "components": ((), ("inputs", "parameters", "successActions", "failureActions")),
}  # fmt: skip
LATER: Mapping[str, frozenset[str]] = {
    "document": frozenset({"$self"}),
    "step": frozenset({"timeout", "dependsOn", "channelPath", "correlationId", "action"}),
    "replacement": frozenset({"targetSelectorType"}),
    "success action": frozenset({"parameters"}),
    "failure action": frozenset({"parameters"}),
}


class Shapes:
    """Reads raw values as the shapes that the specification wants; what does not fit is reported and left out.

    A field that the specification does not know is an error: a misspelled `successCriteria` would prove nothing.
    later: whether the document declares Arazzo 1.1.
    """

    def __init__(self, diagnostics: Diagnostics, *, later: bool) -> None:
        self.diagnostics = diagnostics
        self.later = later
        self._values = 0

    def fields(self, raw: Any, kind: str, place: Place) -> Mapping[str, Any]:
        """An object with the fields of `kind`; empty when it is none."""
        if not isinstance(raw, dict):
            self.diagnostics.error("type", f"a {kind} must be an object", place)
            return {}
        required, optional = FIELDS[kind]
        for field in required:
            if field not in raw:
                hint = closest(field, [k for k in raw if k not in required and k not in optional])
                self.diagnostics.error("missing", f"a {kind} needs `{field}`", place, hint=hint)
        for field in raw:
            if field in required or field in optional:
                if not self.later and field in LATER.get(kind, frozenset()):
                    message, hint = f"`{field}` came with Arazzo 1.1", "declare `arazzo: 1.1.0`"
                    self.diagnostics.warn("later-field", message, place.at(field), hint=hint)
            elif not field.startswith("x-"):
                self.diagnostics.error(
                    "unknown-field",
                    f"a {kind} has no field `{field}`",
                    place.at(field),
                    allowed=", ".join((*required, *optional)),
                    hint=closest(field, (*required, *optional)),
                )
        return raw

    def items(self, fields: Mapping[str, Any], key: str, place: Place, *, filled: bool = False) -> list[Any]:
        """A list, empty when the field is absent. filled: it must have an item."""
        raw = fields.get(key, [])
        if not isinstance(raw, list):
            self.diagnostics.error("type", f"`{key}` must be a list", place.at(key))
            return []
        if filled and not raw and key in fields:
            self.diagnostics.error("empty", f"`{key}` must not be empty", place.at(key))
        return raw

    def mapping(self, fields: Mapping[str, Any], key: str, place: Place) -> Mapping[str, Any]:
        """A map with names of its own choice, empty when the field is absent."""
        raw = fields.get(key, {})
        if isinstance(raw, dict):
            return raw
        self.diagnostics.error("type", f"`{key}` must be an object", place.at(key))
        return {}

    def text(self, fields: Mapping[str, Any], key: str, place: Place) -> str:
        value = fields.get(key, "")
        if isinstance(value, str):
            return value
        self.diagnostics.error("type", f"`{key}` must be a text", place.at(key), hint="put it in quotes")
        return ""

    def name(self, fields: Mapping[str, Any], key: str, place: Place) -> str:
        """An id: a text with at least one character."""
        value = self.text(fields, key, place)
        if not value and isinstance(fields.get(key), str):
            self.diagnostics.error("empty", f"`{key}` must not be empty", place.at(key))
        return value

    def texts(self, fields: Mapping[str, Any], key: str, place: Place) -> tuple[str, ...]:
        values = self.items(fields, key, place)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.diagnostics.error("type", f"`{key}` must be a list of ids", place.at(key, index))
        return tuple(v for v in values if isinstance(v, str))

    def integer(self, fields: Mapping[str, Any], key: str, place: Place) -> int | None:
        value = fields.get(key)
        if key not in fields:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.diagnostics.error("type", f"`{key}` must be an integer, 0 or more", place.at(key))
            return None
        return value

    def seconds(self, fields: Mapping[str, Any], key: str, place: Place) -> float | None:
        value = fields.get(key)
        if key not in fields:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            self.diagnostics.error("type", f"`{key}` must be a number of seconds, 0 or more", place.at(key))
            return None
        return float(value)

    def count(self, raw: Any, place: Place) -> None:
        """Raises ScenarioError once the values of the document, aliases written out, exceed MAX_VALUES."""
        waiting = [raw]
        while waiting:
            value = waiting.pop()
            self._values += 1
            if self._values > MAX_VALUES:
                raise ScenarioError(f"the document holds more than {MAX_VALUES:,} values", where=str(place))
            if isinstance(value, dict):
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)
