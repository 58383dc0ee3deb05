"""The request of a step: parameters in the style that the contract declares, and the body."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from understudy.scenario.expression import ExpressionError, as_pointer, as_text
from understudy.scenario.jsonpath import select
from understudy.scenario.model import Replacement, RequestBody
from understudy.scenario.program import BoundParameter, BoundStep
from understudy.scenario.scope import Call, EvaluationError, Missing, Scope, is_json, media_type
from understudy.scenario.template import Embedded, Literal, evaluate
from understudy.simulate.message import Request

_ACCEPT = "application/json, application/problem+json, */*;q=0.5"
_FORM = "application/x-www-form-urlencoded"
_NOT_IN_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "form": ","}


def build(bound: BoundStep, scope: Scope, base_url: str) -> tuple[Request, Call]:
    """The request, its path relative to the base URL of the source, and what expressions may see of it.

    Raises EvaluationError with the parameter or payload member that has no value or cannot be written.
    """
    assert bound.target is not None
    values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}, "querystring": {}}
    pairs: list[str] = []
    headers: dict[str, str] = {"accept": _ACCEPT}
    paths: dict[str, str] = {}
    cookies: list[str] = []
    for parameter in bound.parameters:
        name, location = parameter.parameter.name, parameter.parameter.location
        value = _value(parameter, scope)
        if value is None and location != "path":
            continue  # an absent optional input, or null: the parameter is left out (OpenAPI has no null in URLs)
        values[location][name.lower() if location == "header" else name] = value
        match location:
            case "path":
                paths[name] = _path(parameter, value)
            case "query":
                pairs += _query(parameter, value)
            case "querystring":
                pairs.append(as_text(value))
            case "header":
                headers[name.lower()] = _header(name, _simple(value, explode=False))
            case "cookie":
                cookies.append(f"{name}={quote(_simple(value, explode=False), safe='')}")
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    payload, body = None, b""
    if bound.step.body is not None:
        payload, body = build_body(bound.step.body, bound.content_type, scope)
        headers.setdefault("content-type", _header("Content-Type", bound.content_type))
    path = "".join(part if at % 2 == 0 else paths[part] for at, part in enumerate(bound.target.path))
    method = bound.target.operation.method.upper()
    request = Request(method, path, "&".join(pairs), headers, body)
    url = f"{base_url.rstrip('/')}{request.target}"
    return request, Call(method, url, values["path"], values["query"], values["header"], payload)


def build_body(body: RequestBody, content_type: str, scope: Scope) -> tuple[Any, bytes]:
    """The evaluated payload and its bytes. A payload written as text is sent as that text, expressions filled in."""
    if body.payload is None:
        return None, b""
    try:
        value = evaluate(body.payload, scope)
    except EvaluationError as problem:
        raise EvaluationError(f"the payload cannot be built: {problem}") from None
    if isinstance(value, Missing):
        raise EvaluationError(f"the payload is empty: {value.why}")
    media = media_type(content_type)
    is_text = isinstance(value, str) and isinstance(body.payload, Literal | Embedded)
    if body.replacements:
        value = _replace(value, body.replacements, scope, parse=is_text, media=media)
        is_text = False
    if is_text:
        return _readable(value, media), value.encode()
    if is_json(media):
        try:
            return value, json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        except (ValueError, RecursionError) as problem:
            raise EvaluationError(f"the payload cannot be written as JSON: {problem}") from None
    if media == _FORM and isinstance(value, dict):
        return value, "&".join(_form(value)).encode()
    if isinstance(value, str):
        return value, value.encode()
    if isinstance(value, int | float):
        return value, as_text(value).encode()
    raise EvaluationError(f"a body of type {media} cannot be made from a structured payload")


def _readable(text: str, media: str) -> Any:
    """A JSON text as a value, so that `$request.body#/x` can see into it; anything else as it is."""
    if is_json(media):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


# --- replacements ------------------------------------------------------------------------------------------------


def _replace(value: Any, replacements: tuple[Replacement, ...], scope: Scope, *, parse: bool, media: str) -> Any:
    if parse:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as problem:
            raise EvaluationError(f"the payload is not JSON, so nothing in it can be replaced: {problem}") from None
    elif not is_json(media) and media != _FORM:
        raise EvaluationError(f"nothing can be replaced in a body of type {media}")
    value = copy.deepcopy(value)
    for replacement in replacements:
        try:
            new = evaluate(replacement.value, scope)
            if isinstance(new, Missing):
                raise EvaluationError(f"it has no value: {new.why}")
            for location in _locations(value, replacement):
                value = _set(value, location, copy.deepcopy(new))
        except (EvaluationError, ExpressionError) as problem:
            raise EvaluationError(f"the replacement of `{replacement.target}` fails: {problem}") from None
    return value


def _locations(value: Any, replacement: Replacement) -> list[tuple[str | int, ...]]:
    if replacement.kind == "jsonpointer":
        return [replacement.query]
    found = [tuple(node.location) for node in select(replacement.query, value)]
    if not found:
        raise EvaluationError("the payload has nothing there")
    return found


def _set(document: Any, location: tuple[str | int, ...], new: Any) -> Any:
    """The document with `new` at the location. A missing last member is added, `-` or the next index appends."""
    if not location:
        return new
    parent = document
    for depth, token in enumerate(location[:-1]):
        try:
            parent = parent[token] if isinstance(parent, dict) else parent[_index(parent, token)]
        except (KeyError, IndexError):
            raise EvaluationError(f"the payload has nothing at {as_pointer(location[: depth + 1])}") from None
    last = location[-1]
    if isinstance(parent, dict):
        parent[str(last)] = new
        return document
    at = len(parent) if last == "-" and isinstance(parent, list) else _index(parent, last)
    if at > len(parent):
        raise EvaluationError(f"the payload has nothing at {as_pointer(location)}")
    parent[at : at + 1] = [new]
    return document


def _index(parent: Any, token: str | int) -> int:
    if not isinstance(parent, list):
        raise EvaluationError(f"`{token}` lies below a value that is neither object nor list")
    text = str(token)
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", text):
        raise EvaluationError(f"`{text}` is no index of a list")
    return int(text)


# --- writing values ----------------------------------------------------------------------------------------------


def _value(parameter: BoundParameter, scope: Scope) -> Any:
    name, location = parameter.parameter.name, parameter.parameter.location
    try:
        value = evaluate(parameter.parameter.value, scope)
    except EvaluationError as problem:
        raise EvaluationError(f"the {location} parameter `{name}` cannot be built: {problem}") from None
    if isinstance(value, Missing):
        if value.optional and location != "path":
            return None
        raise EvaluationError(f"the {location} parameter `{name}` has no value: {value.why}")
    return value


def _path(parameter: BoundParameter, value: Any) -> str:
    name, declared = parameter.parameter.name, parameter.declared
    style, explode = (declared.style, declared.explode) if declared else ("simple", False)
    if value is None or value == "" or value == [] or value == {}:
        raise EvaluationError(f"the path parameter `{name}` has no value: it is {as_text(value) or 'empty'}")
    items = _items(value, explode)
    match style:
        case "label":
            return "." + ("." if explode else ",").join(items)
        case "matrix":
            if explode and isinstance(value, list):
                return "".join(f";{quote(name, safe='')}={item}" for item in items)
            if explode and isinstance(value, dict):
                return "".join(f";{item}" for item in items)
            return f";{quote(name, safe='')}={','.join(items)}"
    return ",".join(items)


def _items(value: Any, explode: bool) -> list[str]:
    """The percent-encoded parts of a value: of a list its items, of an object `k,v` or `k=v`."""
    if isinstance(value, list):
        return [quote(as_text(item), safe="") for item in value]
    if isinstance(value, dict):
        pairs = [(quote(str(k), safe=""), quote(as_text(v), safe="")) for k, v in value.items()]
        return [f"{k}={v}" for k, v in pairs] if explode else [part for pair in pairs for part in pair]
    return [quote(as_text(value), safe="")]


def _query(parameter: BoundParameter, value: Any) -> Iterable[str]:
    declared = parameter.declared
    style, explode = (declared.style, declared.explode) if declared else ("form", True)
    name = quote(parameter.parameter.name, safe="$@:")
    if isinstance(value, dict) and style == "deepObject":
        return [f"{name}%5B{quote(str(k), safe='')}%5D={quote(as_text(v), safe='')}" for k, v in value.items()]
    if isinstance(value, dict | list):
        if explode:
            items = _items(value, explode=True)
            return items if isinstance(value, dict) else [f"{name}={item}" for item in items]
        return [f"{name}={_DELIMITERS.get(style, ',').join(_items(value, explode=False))}"]
    return [f"{name}={quote(as_text(value), safe='$@:/,')}"]


def _simple(value: Any, *, explode: bool) -> str:
    if isinstance(value, list):
        return ",".join(as_text(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{k}={as_text(v)}" if explode else f"{k},{as_text(v)}" for k, v in value.items())
    return as_text(value)


def _header(name: str, value: str) -> str:
    if _NOT_IN_HEADER.search(value) or not value.isascii():
        raise EvaluationError(
            f"the value of header `{name}` cannot be sent: {value!r} has characters outside ASCII text"
        )
    return value


def _form(value: Mapping[str, Any]) -> Iterable[str]:
    for key, item in value.items():
        for part in item if isinstance(item, list) else [item]:
            if part is not None:
                yield f"{quote(str(key), safe='')}={quote(as_text(part), safe='')}"
