"""OpenAPI schemas as JSON Schema 2020-12 validators.

OpenAPI 3.0 spells null, exclusive bounds and tuples its own way; `normalise_30` rewrites a whole document so that one
dialect is left. A contract is registered once, and validators are built by reference into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from understudy.errors import ContractError

_DECIMAL = re.compile(r"^-?\d{1,20}(\.\d{1,10})?$")


def _is_integer(bits: int) -> Callable[[Any], bool]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return lambda value: not isinstance(value, int) or low <= value <= high


FORMATS: Mapping[str, Callable[[Any], bool]] = {
    "int32": _is_integer(32),
    "int64": _is_integer(64),
    "decimal": lambda value: not isinstance(value, str) or _DECIMAL.match(value) is not None,
    "password": lambda _value: True,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where an instance breaks its schema.

    pointer: JSON Pointer (RFC 6901) into the instance, at the missing or unexpected member itself.
    keyword: the JSON Schema keyword that refused. rejected: the offending value, None where something is missing.
    """

    pointer: str
    keyword: str
    detail: str
    rejected: Any = None


class Schemas:
    """The validators of one contract, built on first use and kept.

    `schemas.at("/components/schemas/Order")` validates against the schema at that JSON pointer of the document.
    """

    def __init__(self, name: str, document: Mapping[str, Any]) -> None:
        self._uri = f"urn:understudy:{name}"
        self._name = name
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._registry = jsonschema_rs.Registry(
            [(self._uri, dict(document))], draft=jsonschema_rs.Draft202012, retriever=_never_fetch
        )

    def at(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        """Raises ContractError when a `$ref` below the pointer does not resolve (nothing is ever fetched)."""
        validator = self._validators.get(pointer)
        if validator is None:
            fragment = quote(pointer, safe="/~!$&'()*+,;=:@?")  # a callback's pointer holds `{`, `#` and `}`
            try:
                validator = jsonschema_rs.Draft202012Validator(
                    {"$ref": f"{self._uri}#{fragment}"},
                    registry=self._registry,
                    validate_formats=True,
                    formats=dict(FORMATS),
                )
            except (ValueError, jsonschema_rs.ReferencingError) as problem:
                raise ContractError(
                    f"the schema cannot be used: {str(problem).splitlines()[0]}", where=f"{self._name}#{pointer}"
                ) from None
            self._validators[pointer] = validator
        return validator

    def violations(self, pointer: str, instance: Any) -> list[Violation]:
        """Every violation, in document order; empty when the instance is valid."""
        validator = self.at(pointer)
        if validator.is_valid(instance):
            return []
        return list(_flatten(validator.iter_errors(instance)))


def _flatten(errors: Any) -> Iterator[Violation]:
    for error in errors:
        path = "".join(f"/{_escape(str(part))}" for part in error.instance_path)
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        kind = error.kind
        if keyword == "required":
            yield Violation(f"{path}/{_escape(kind.property)}", keyword, f"{kind.property!r} is required")
        elif keyword in ("additionalProperties", "unevaluatedProperties"):
            for name in kind.unexpected:
                value = error.instance.get(name) if isinstance(error.instance, dict) else None
                yield Violation(f"{path}/{_escape(name)}", keyword, f"{name!r} is not a known field", value)
        else:
            yield Violation(path, keyword, error.message, error.instance)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _never_fetch(uri: str) -> Any:
    raise ValueError(f"{uri} lies outside the contract; references are not fetched")


def normalise_30(value: Any) -> Any:
    """An OpenAPI 3.0 document with its schemas in the 2020-12 dialect.

    `{type: string, nullable: true}` -> `{type: [string, "null"]}`; `{minimum: 1, exclusiveMinimum: true}` ->
    `{exclusiveMinimum: 1}`. Other content is returned as it was.
    """
    if isinstance(value, list):
        return [normalise_30(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: normalise_30(item) for key, item in value.items()}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if result.get(exclusive) is True:
            result[exclusive] = result.pop(bound)
        elif result.get(exclusive) is False:
            del result[exclusive]
    if result.get("nullable") is True:
        del result["nullable"]
        kind = result.get("type")
        if isinstance(kind, str):
            result["type"] = [kind, "null"]
            if "enum" in result and None not in result["enum"]:
                result["enum"] = [*result["enum"], None]
        elif kind is None:
            result = {"anyOf": [result, {"type": "null"}]}
    return result
