"""What a contract says about a document: which members it may have, and what their values look like.

A shape is every schema that applies to one place: `$ref` followed, `allOf`, `anyOf`, `oneOf` and `then` looked into.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.contract import Contract
from understudy.contract.reference import Resolver
from understudy.mapping.path import Path, Segment, Step, Where
from understudy.mapping.spec import Endpoint

_BRANCHES = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("then", "else")


@dataclass(frozen=True, slots=True)
class Part:
    """One schema that applies. certain: it applies whatever the document holds (no anyOf, oneOf, then around it)."""

    schema: Mapping[str, Any]
    certain: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The schemas of one place in a document of a contract. No parts: nothing is said, so anything fits."""

    resolver: Resolver
    parts: tuple[Part, ...]

    def member(self, name: str) -> Shape | None:
        """The shape of a member; None when the schemas know their members and this is none of them."""
        found = [
            Part(part.schema["properties"][name], part.certain)
            for part in self.parts
            if name in (part.schema.get("properties") or {})
        ]
        if found:
            return expand(self.resolver, found)
        rest = [part.schema["additionalProperties"] for part in self.parts if _open_ended(part.schema)]
        if rest:
            return expand(self.resolver, [Part(schema, False) for schema in rest])
        return None if self.names else Shape(self.resolver, ())

    @property
    def elements(self) -> Shape | None:
        """The shape of an array's elements; None when it is no array."""
        found = [
            Part(part.schema["items"], part.certain)
            for part in self.parts
            if isinstance(part.schema.get("items"), dict)
        ]
        if found:
            return expand(self.resolver, found)
        return Shape(self.resolver, ()) if not self.types or "array" in self.types else None

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for part in self.parts for name in part.schema.get("properties") or {}))

    @property
    def types(self) -> set[str]:
        """JSON types without null; empty where nothing is said."""
        found: set[str] = set()
        for part in self.parts:
            kind = part.schema.get("type", [])
            found.update([kind] if isinstance(kind, str) else kind)
        return found - {"null"}

    def first(self, keyword: str) -> Any:
        """The value of a keyword in the first schema that has it."""
        return next((part.schema[keyword] for part in self.parts if keyword in part.schema), None)

    @property
    def max_length(self) -> int | None:
        lengths = [part.schema["maxLength"] for part in self.parts if "maxLength" in part.schema]
        return min(lengths, default=None)

    @property
    def values(self) -> list[Any] | None:
        """The only values allowed, null left out; None where any is."""
        for part in self.parts:
            if "const" in part.schema:
                return [part.schema["const"]]
            if "enum" in part.schema:
                return [value for value in part.schema["enum"] if value is not None]
        return None

    @property
    def read_only(self) -> bool:
        return any(part.schema.get("readOnly") is True for part in self.parts)

    @property
    def required(self) -> list[str]:
        """Members that every document must have."""
        return list(dict.fromkeys(name for part in self.parts if part.certain for name in _required(part.schema)))

    @property
    def required_one_of(self) -> list[list[list[str]]]:
        """Choices: of each, one set of members must be there whole."""
        choices = []
        for part in self.parts:
            for keyword in ("anyOf", "oneOf"):
                branches = part.schema.get(keyword) or []
                sets = [_required(branch) for branch in branches if isinstance(branch, dict)]
                if part.certain and sets and all(sets):
                    choices.append(sets)
        return choices

    def at(self, segments: Iterable[Segment]) -> tuple[Shape | None, str, list[str]]:
        """The shape at a path; None, the unknown name and the known ones where the path leaves the document."""
        here: Shape = self
        for segment in segments:
            inner = here.member(segment) if isinstance(segment, str) else here.elements
            if inner is None:
                return None, segment if isinstance(segment, str) else "[]", here.names
            if isinstance(segment, Where) and inner.member(segment.name) is None:
                return None, segment.name, inner.names
            here = inner
        return here, "", []


def _open_ended(schema: Mapping[str, Any]) -> bool:
    return isinstance(schema.get("additionalProperties"), dict)


def _required(schema: Mapping[str, Any]) -> list[str]:
    return [str(name) for name in schema.get("required") or []]


def expand(resolver: Resolver, parts: Iterable[Part]) -> Shape:
    """Every schema behind some schemas."""
    return Shape(resolver, tuple(_expand(resolver, parts, ())))


def _expand(resolver: Resolver, parts: Iterable[Part], within: tuple[int, ...]) -> Iterator[Part]:
    for part in parts:
        schema = part.schema
        if not isinstance(schema, Mapping) or id(schema) in within:
            continue
        yield part
        inner: list[Part] = []
        if isinstance(schema.get("$ref"), str):
            inner.append(Part(resolver.at(schema["$ref"].removeprefix("#")), part.certain))
        for keyword in _BRANCHES:
            inner.extend(Part(branch, part.certain and keyword == "allOf") for branch in schema.get(keyword) or [])
        inner.extend(Part(schema[keyword], False) for keyword in _CONDITIONAL if keyword in schema)
        yield from _expand(resolver, inner, (*within, id(schema)))


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part of a contract that is not there. known: what is."""

    what: str
    name: str
    known: list[str]


def shape_of(endpoint: Endpoint, contracts: Mapping[str, Contract]) -> Shape | Unknown:
    """The shape of a schema, of an operation's JSON body, or of an event's data."""
    found = pointer_of(endpoint, contracts)
    if isinstance(found, Unknown):
        return found
    contract = contracts[endpoint.system]
    resolver = Resolver(contract.document, contract.where)
    shape = expand(resolver, [Part(resolver.at(found), True)])
    return (shape.member("data") or Shape(resolver, ())) if endpoint.event else shape


def envelope_of(endpoint: Endpoint, contracts: Mapping[str, Contract]) -> Shape | None:
    """The shape of a whole event: the endpoint's own, else the first of its system, since all share their envelope."""
    contract = contracts.get(endpoint.system)
    events = contract.events if contract is not None else {}
    event = events.get(endpoint.event) or next(iter(events.values()), None)
    if contract is None or event is None:
        return None
    found = event.schema
    resolver = Resolver(contract.document, contract.where)
    return expand(resolver, [Part(resolver.at(found), True)])


def pointer_of(endpoint: Endpoint, contracts: Mapping[str, Contract]) -> str | Unknown:
    """Where in its contract the schema of an endpoint lies."""
    contract = contracts.get(endpoint.system)
    if contract is None:
        return Unknown("system", endpoint.system, list(contracts))
    if endpoint.schema:
        schemas = (contract.document.get("components") or {}).get("schemas") or {}
        if endpoint.schema not in schemas:
            return Unknown("schema", endpoint.schema, list(schemas))
        return f"/components/schemas/{endpoint.schema}"
    if endpoint.event:
        event = contract.events.get(endpoint.event)
        return event.schema if event is not None else Unknown("event", endpoint.event, list(contract.events))
    operation = contract.operations.get(endpoint.operation)
    if operation is None:
        return Unknown("operation", endpoint.operation, list(contract.operations))
    pointers = list((operation.request_body.content if operation.request_body else {}).values())
    return pointers[0] if pointers else Unknown("body of operation", endpoint.operation, [])


def spelled(path: Path) -> tuple[Segment, ...]:
    """The segments of a path with `[*]` as `[]`."""
    return tuple(Step.EACH if segment is Step.EVERY else segment for segment in path.segments)
