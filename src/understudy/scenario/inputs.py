"""Inputs of a workflow: defaults filled in, checked against the declared JSON Schema; and the rows of a cases file."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.contract.yaml import load_yaml
from understudy.errors import ScenarioError
from understudy.scenario.check import local_schema
from understudy.scenario.expression import as_pointer, shorten
from understudy.scenario.model import Lines, Place, Workflow
from understudy.scenario.read import read_file


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a cases file. number: from 1. label: short words that tell the rows apart."""

    number: int
    label: str
    inputs: Mapping[str, Any]
    place: Place


class InputSchema:
    """The inputs schema of one workflow, compiled. Raises ScenarioError when the schema itself cannot be used."""

    def __init__(self, workflow: Workflow) -> None:
        self._schema = workflow.inputs
        self._components = workflow.document.components
        self._validator: Any = None
        if workflow.inputs is not None:
            self._validator = _validator(workflow)

    def complete(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The inputs with the defaults of the schema, and a sentence for everything that breaks the schema."""
        if self._schema is None:
            return dict(given), []
        inputs = _with_defaults(self._schema, dict(given), self._components, 0)
        if self._validator.is_valid(inputs):
            return inputs, []
        problems = []
        for error in self._validator.iter_errors(inputs):
            where = as_pointer(tuple(error.instance_path))
            problems.append(f"input `{where[1:]}`: {error.message}" if where else f"inputs: {error.message}")
        return inputs, problems


def _validator(workflow: Workflow) -> Any:
    import jsonschema_rs

    from understudy.contract.schema import FORMATS

    assert workflow.inputs is not None
    # References are written from the root of the document (`#/components/inputs/x`), so the components come along; as
    # `$defs` too, because anchors are only found where JSON Schema expects schemas.
    shared = workflow.document.components.get("inputs")
    schema = dict(workflow.inputs)
    if isinstance(shared, dict):
        schema = {"$defs": shared, **schema, "components": {"inputs": shared}}
    place = workflow.place.at("inputs")
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, formats=dict(FORMATS), retriever=_never_fetch
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as problem:
        reason = shorten(str(problem).splitlines()[0], 200)
        raise ScenarioError(f"the inputs schema cannot be used: {reason}", where=str(place)) from None


def _never_fetch(uri: str) -> Any:
    raise ValueError(f"{uri} lies outside the document; references are not fetched")


def _with_defaults(schema: Any, value: Any, components: Mapping[str, Any], depth: int) -> Any:
    """`value` with the `default` of every declared property that it lacks, also inside objects that it has."""
    if not isinstance(schema, dict) or not isinstance(value, dict) or depth > 20:
        return value
    reference = schema.get("$ref")
    if isinstance(reference, str):
        value = _with_defaults(local_schema(reference, components), value, components, depth + 1)
    parts = schema.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        value = _with_defaults(part, value, components, depth + 1)
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return value
    filled = dict(value)
    for name, subschema in properties.items():
        default = _default(subschema, components)
        if name not in filled and default is not _NONE:
            filled[name] = copy.deepcopy(default)
        if name in filled:
            filled[name] = _with_defaults(subschema, filled[name], components, depth + 1)
    return filled


_NONE: Any = object()


def _default(schema: Any, components: Mapping[str, Any]) -> Any:
    for _ in range(20):
        if not isinstance(schema, dict):
            return _NONE
        if "default" in schema:
            return schema["default"]
        schema = local_schema(schema["$ref"], components) if isinstance(schema.get("$ref"), str) else None
    return _NONE


def cases_path(document: Path) -> Path:
    """`scenarios/du-2.arazzo.yaml` -> `scenarios/du-2.cases.yaml`."""
    name = document.name
    for suffix in (".yaml", ".yml", ".json"):
        name = name.removesuffix(suffix)
    return document.with_name(f"{name.removesuffix('.arazzo')}.cases.yaml")


def load_cases(path: Path, *, shown: str = "") -> tuple[Case, ...]:
    """The rows of a cases file: a list of inputs, one run a row. Raises ScenarioError; an empty list proves nothing."""
    name = shown or str(path)
    return read_cases(read_file(path, name, "list of cases"), name)


def read_cases(text: str | bytes, name: str) -> tuple[Case, ...]:
    data = load_yaml(text, name, error=ScenarioError)
    root = Place(Lines(name, text.decode("utf-8-sig") if isinstance(text, bytes) else text))
    if not isinstance(data, list):
        raise ScenarioError(
            "a cases file must be a list of inputs", where=name, hint="one `- input: value` entry a run"
        )
    if not data:
        raise ScenarioError("the list of cases is empty, so nothing would be verified", where=name,
                            hint="add a row, or remove the file to run the scenario once")  # fmt: skip
    for index, row in enumerate(data):
        if not isinstance(row, dict):
            raise ScenarioError(f"case {index + 1} must be an object of inputs", where=str(root.at(index)))
    telling = [key for key in data[0] if any(row.get(key, _NONE) != data[0][key] for row in data)]
    telling += [key for row in data for key in row if key not in data[0]]
    cases = []
    for index, row in enumerate(data):
        words = [f"{key}={_word(row[key])}" for key in dict.fromkeys(telling) if key in row]
        cases.append(Case(index + 1, shorten(", ".join(words), 60) or f"case {index + 1}", row, root.at(index)))
    return tuple(cases)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
