"""A contract as the engine and the scenario runner need it: operations, parameters, bodies, responses, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from understudy.contract.reference import Resolver, escape
from understudy.contract.schema import Schemas, normalise_30
from understudy.errors import ContractError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Parameter:
    """location: path, query, header or cookie. style and explode have the defaults of OpenAPI filled in.

    name: as declared; header names compare without case. schema_pointer: where the schema lies in the document.
    """

    name: str
    location: str
    required: bool
    schema: Mapping[str, Any]
    schema_pointer: str
    style: str
    explode: bool
    kind: str
    """JSON type that the text is read as: string, integer, number, boolean, array or object."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request body. content: media type -> pointer of its schema (empty when it declares none)."""

    required: bool
    content: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """A documented response. content: media type -> pointer of its schema (empty when it declares none)."""

    content: Mapping[str, str]
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path template.

    responses: keys as written (`200`, `2XX`, `default`). security: alternatives, each a mapping scheme -> scopes; an
    empty tuple means no authentication. pointer: JSON pointer of the operation in its document.
    """

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    request_body: Body | None
    responses: Mapping[str, ResponseSpec]
    security: tuple[Mapping[str, tuple[str, ...]], ...]
    pointer: str
    summary: str = ""
    description: str = ""

    def response_for(self, status: int) -> ResponseSpec | None:
        """The documented response of a status: exact, then its range, then `default` (OpenAPI 3.1 section 4.8.16)."""
        return (
            self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX") or self.responses.get("default")
        )

    def header(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.location == "header" and p.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class EventSpec:
    """An event that the API sends, a webhook (3.1) or a callback (3.0). schema: pointer of its body schema."""

    name: str
    schema: str
    pointer: str


class Contract:
    """One OpenAPI document, normalised to the 3.1 schema dialect.

    operations: by operation id, in document order. events: by webhook or callback name.
    Raises ContractError for a document that is no OpenAPI 3.0 or 3.1 document or whose references do not resolve.
    """

    def __init__(self, name: str, data: Any, *, where: str = "") -> None:
        where = where or name
        version = data.get("openapi") if isinstance(data, dict) else None
        if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
            raise ContractError(
                "this is not an OpenAPI document" if version is None else f"OpenAPI {version} is not supported",
                where=where,
                allowed="a document with `openapi: 3.0.x` or `openapi: 3.1.x`",
                hint="point the system at its OpenAPI file in understudy.toml",
            )
        for key in ("info", "paths"):
            if not isinstance(data.get(key, {} if version.startswith("3.1") else None), dict):
                raise ContractError(f"the document has no usable `{key}`", where=f"{where}#/{key}", allowed="an object")
        self.name = name
        self.where = where
        self.openapi = version
        self.document: Mapping[str, Any] = normalise_30(data) if version.startswith("3.0") else data
        self.title = str(data["info"].get("title", name))
        self.version = str(data["info"].get("version", ""))
        self._resolver = Resolver(self.document, where)
        self.operations: Mapping[str, Operation] = self._read_operations()

    @cached_property
    def schemas(self) -> Schemas:
        return Schemas(self.name, self.document)

    @cached_property
    def server_url(self) -> str:
        servers = self.document.get("servers") or [{"url": "/"}]
        url = str(servers[0].get("url", "/"))
        for variable, spec in (servers[0].get("variables") or {}).items():
            url = url.replace(f"{{{variable}}}", str(spec.get("default", "")))
        return url

    @cached_property
    def security_schemes(self) -> Mapping[str, Mapping[str, Any]]:
        schemes = (self.document.get("components") or {}).get("securitySchemes") or {}
        return {
            name: self._resolver.follow(scheme, f"/components/securitySchemes/{name}")[0]
            for name, scheme in schemes.items()
        }

    @cached_property
    def events(self) -> Mapping[str, EventSpec]:
        found: dict[str, EventSpec] = {}
        for name, item in (self.document.get("webhooks") or {}).items():
            self._read_event(found, name, item, f"/webhooks/{escape(name)}")
        for operation in self.operations.values():
            node = self._resolver.at(operation.pointer)
            for name, callback in (node.get("callbacks") or {}).items():
                pointer = f"{operation.pointer}/callbacks/{escape(name)}"
                callback, pointer = self._resolver.follow(callback, pointer)
                for expression, item in callback.items():
                    self._read_event(found, name, item, f"{pointer}/{escape(expression)}")
        return found

    def _read_event(self, found: dict[str, EventSpec], name: str, item: Any, pointer: str) -> None:
        item, pointer = self._resolver.follow(item, pointer)
        body, body_pointer = self._resolver.follow(
            (item.get("post") or {}).get("requestBody") or {}, f"{pointer}/post/requestBody"
        )
        for media in body.get("content") or {}:
            found[name] = EventSpec(name, f"{body_pointer}/content/{escape(media)}/schema", pointer)

    def _read_operations(self) -> dict[str, Operation]:
        operations: dict[str, Operation] = {}
        global_security = self.document.get("security") or []
        for template, item in (self.document.get("paths") or {}).items():
            item, item_pointer = self._resolver.follow(item, f"/paths/{escape(template)}")
            if not isinstance(item, dict):
                raise ContractError("a path item must be an object", where=f"{self.where}#{item_pointer}")
            shared = self._read_parameters(item.get("parameters") or [], f"{item_pointer}/parameters")
            for method in METHODS:
                if method not in item:
                    continue
                pointer = f"{item_pointer}/{method}"
                operation = self._read_operation(item[method], method, template, pointer, shared, global_security)
                if operation.id in operations:
                    raise ContractError(
                        f"operationId {operation.id!r} is used twice",
                        where=f"{self.where}#{pointer}",
                        hint="ids are unique",
                    )
                operations[operation.id] = operation
        return operations

    def _read_operation(
        self, node: Any, method: str, template: str, pointer: str, shared: tuple[Parameter, ...], global_security: Any
    ) -> Operation:
        if not isinstance(node, dict):
            raise ContractError("an operation must be an object", where=f"{self.where}#{pointer}")
        own = self._read_parameters(node.get("parameters") or [], f"{pointer}/parameters")
        overridden = {(p.name, p.location) for p in own}
        body: Body | None = None
        if "requestBody" in node:
            raw, body_pointer = self._resolver.follow(node["requestBody"], f"{pointer}/requestBody")
            body = Body(bool(raw.get("required")), self._read_content(raw, body_pointer))
        responses: dict[str, ResponseSpec] = {}
        for status, response in (node.get("responses") or {}).items():
            raw, response_pointer = self._resolver.follow(response, f"{pointer}/responses/{status}")
            responses[str(status)] = ResponseSpec(self._read_content(raw, response_pointer), raw.get("headers") or {})
        security = node.get("security", global_security)
        alternatives = tuple({str(k): tuple(v) for k, v in alternative.items()} for alternative in security)
        return Operation(
            id=str(node.get("operationId") or f"{method} {template}"),
            method=method.upper(),
            path=template,
            parameters=(*(p for p in shared if (p.name, p.location) not in overridden), *own),
            request_body=body,
            responses=responses,
            security=alternatives,
            pointer=pointer,
            summary=str(node.get("summary", "")),
            description=str(node.get("description", "")),
        )

    def _read_content(self, node: Mapping[str, Any], pointer: str) -> dict[str, str]:
        content = {}
        for media, spec in (node.get("content") or {}).items():
            at = ""
            if "schema" in (spec or {}):
                # Following the reference lets operations that share a schema share its validator.
                at = self._resolver.follow(spec["schema"], f"{pointer}/content/{escape(media)}/schema")[1]
            content[media.lower()] = at
        return content

    def _read_parameters(self, nodes: Any, pointer: str) -> tuple[Parameter, ...]:
        found = []
        for index, node in enumerate(nodes):
            raw, at = self._resolver.follow(node, f"{pointer}/{index}")
            location = str(raw.get("in", ""))
            if location not in ("path", "query", "header", "cookie") or "name" not in raw:
                raise ContractError("a parameter needs `name` and `in`", where=f"{self.where}#{at}")
            style = str(raw.get("style") or ("form" if location in ("query", "cookie") else "simple"))
            schema, schema_pointer = self._resolver.follow(raw.get("schema") or {}, f"{at}/schema")
            found.append(
                Parameter(
                    name=str(raw["name"]),
                    location=location,
                    required=bool(raw.get("required")) or location == "path",
                    schema=schema,
                    schema_pointer=schema_pointer if "schema" in raw else "",
                    style=style,
                    explode=bool(raw.get("explode", style == "form")),
                    kind=_json_type(schema),
                )
            )
        return tuple(found)


def _json_type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "string")
    return str(kind)
