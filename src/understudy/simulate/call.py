"""A request read by its operation: parameters and body decoded and checked (domain.md 2.1, validation order)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isinf
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from understudy.contract import Contract, Operation, Parameter, Violation
from understudy.simulate.journal import mask_body
from understudy.simulate.message import Request
from understudy.simulate.problem import FieldError, Problem

MAX_BODY_BYTES = 1024 * 1024
MAX_JSON_DEPTH = 100
MAX_LISTED = 1000
"""Violations that a refusal lists; a document of real life has fewer."""
MAX_QUOTED = 1000
"""Characters of a refused value that a refusal quotes."""

_MEDIA_RANGE = re.compile(r"(\*/\*|[\w!#$&^.+-]+/(\*|[\w!#$&^.+-]+))")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Call:
    """path, query, headers: declared parameters, decoded to their declared JSON type; header names lower-case."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    body: Any


def check_media_and_size(operation: Operation, request: Request, limit: int = MAX_BODY_BYTES) -> str:
    """The media type of the body (empty without a body). Raises Problem 413, 415 or 400."""
    if len(request.body) > limit:
        raise Problem("payload-too-large", f"the body has {len(request.body)} bytes, at most {limit} are accepted")
    spec = operation.request_body
    if not request.body:
        if spec is not None and spec.required:
            raise Problem("malformed-request", f"{operation.id} needs a request body")
        return ""
    if spec is None:
        return ""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media not in spec.content:
        known = ", ".join(spec.content)
        raise Problem("unsupported-media-type", f"{media or 'no content type'!r} is not accepted, allowed: {known}")
    return media


def check_accept(operation: Operation, request: Request) -> None:
    """Raises Problem 406 when the caller takes none of the media types of a success (RFC 9110 section 12.5.1)."""
    accept = request.headers.get("accept", "")
    if accept in ("", "*/*", "application/json"):
        return
    offered = sorted({m for status, r in operation.responses.items() if status.startswith("2") for m in r.content})
    if offered and not _accepted(accept, tuple(offered)):
        raise Problem("not-acceptable", f"{operation.id} answers {', '.join(offered)}, the caller takes {accept}")


@lru_cache(maxsize=256)
def _accepted(accept: str, offered: tuple[str, ...]) -> bool:
    ranges = []
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((p.partition("=")[2].strip() for p in parameters if p.startswith("q=")), "1")
        if _MEDIA_RANGE.fullmatch(media):
            ranges.append((media, re.fullmatch(r"0(\.0*)?", weight) is None))
    if not ranges:  # nothing of it can be read: taken as if it was not sent
        return True
    for media in offered:
        for wanted in (media, f"{media.partition('/')[0]}/*", "*/*"):  # the most specific range decides
            weighed = [taken for given, taken in ranges if given == wanted]
            if weighed:
                if any(weighed):
                    return True
                break
    return False


def require_key(operation: Operation, request: Request) -> None:
    """Raises Problem 400 when the contract requires an Idempotency-Key and there is none."""
    if _lacks(operation, request, "idempotency-key"):
        raise Problem("idempotency-key-missing", f"{operation.id} needs an Idempotency-Key header")


def require_precondition(operation: Operation, request: Request) -> None:
    """Raises Problem 428 when the contract requires If-Match and there is none; only after syntax and schema."""
    if _lacks(operation, request, "if-match"):
        raise Problem("precondition-required", f"{operation.id} needs an If-Match header with the current ETag")


def _lacks(operation: Operation, request: Request, name: str) -> bool:
    parameter = operation.header(name)
    return parameter is not None and parameter.required and name not in request.headers


def parse_body(media: str, request: Request) -> Any:
    """The parsed body: JSON, or a flat mapping for a form. Raises Problem 400 malformed-request."""
    if not media:
        return None
    if media == "application/x-www-form-urlencoded":
        try:
            return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))
        except ValueError as problem:
            raise Problem("malformed-request", f"the form body cannot be read: {problem}") from None
    if media.endswith("json"):
        return parse_json(request.body)
    return request.body


def parse_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, no duplicate keys, no NaN, no number too large for a double, no half of a surrogate pair, at
    most 100 levels deep. Raises Problem 400.
    """
    try:
        text = body.decode("utf-8")
        if text.count("[") + text.count("{") > MAX_JSON_DEPTH and _depth(text) > MAX_JSON_DEPTH:
            raise Problem("malformed-request", f"the body is nested deeper than {MAX_JSON_DEPTH} levels")
        value = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_float=_finite_number
        )
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeDecodeError as problem:
        raise Problem("malformed-request", f"the body is not UTF-8 (byte {problem.start})") from None
    except UnicodeEncodeError:
        raise Problem("malformed-request", "the body has half of a surrogate pair, which is no character") from None
    except json.JSONDecodeError as problem:
        raise Problem(
            "malformed-request", f"the body is not JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})"
        ) from None
    except ValueError as problem:
        raise Problem("malformed-request", f"the body is not usable JSON: {problem}") from None


def _depth(text: str) -> int:
    depth = deepest = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate key {next(n for n in names if names.count(n) > 1)!r}")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _finite_number(text: str) -> int | float:
    """`2.0` and `1e3` are integers to JSON Schema, so they are to a behaviour."""
    value = float(text)
    if isinf(value):
        raise ValueError(f"the number {_shortened(text)} is too large")
    return int(value) if value.is_integer() else value


def read_call(contract: Contract, operation: Operation, request: Request, path: Mapping[str, str], body: Any) -> Call:
    """Decode and validate everything the contract says about a request.

    Raises Problem: 404 for a path parameter that cannot name anything, 400 for a query or header parameter, 422
    validation-failed with one FieldError per violation of the body schema.
    """
    decoded_path: dict[str, Any] = {}
    query: dict[str, Any] = {}
    headers: dict[str, Any] = {}
    errors: list[FieldError] = []
    raw_query: dict[str, list[str]] = {}
    if request.query:
        for piece in request.query.split("&"):
            name, _, value = piece.partition("=")
            raw_query.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    declared_query = set()
    for parameter in operation.parameters:
        if parameter.location == "path":
            value = _read(parameter, [path.get(parameter.name, "")])
            if _violations(contract, parameter, value):
                raise Problem("not-found", f"{parameter.name} {path.get(parameter.name)!r} does not exist")
            decoded_path[parameter.name] = value
        elif parameter.location == "query":
            declared_query.add(parameter.name)
            given = raw_query.get(parameter.name)
            if given is None:
                if parameter.required:
                    errors.append(FieldError(f"?{parameter.name}", "required", "this query parameter is required"))
                continue
            value = _read(parameter, given)
            errors += _parameter_errors(contract, parameter, value, f"?{parameter.name}")
            query[parameter.name] = value
        elif parameter.location == "header":
            text = request.headers.get(parameter.name.lower())
            if text is None:
                if parameter.required and parameter.name.lower() != "if-match":  # asked for by require_precondition
                    errors.append(FieldError(parameter.name, "required", "this header is required"))
                continue
            value = _read(parameter, [text])
            errors += _parameter_errors(contract, parameter, value, parameter.name)
            headers[parameter.name.lower()] = value
    errors += [
        FieldError(f"?{name}", "unknown", f"unknown query parameter, allowed: {', '.join(sorted(declared_query))}")
        for name in raw_query
        if name not in declared_query
    ]
    if errors:
        raise Problem("malformed-request", "; ".join(f"{e.pointer}: {e.detail}" for e in errors), errors=errors)
    if operation.request_body is not None and request.body:  # `null` is a body too
        media = request.headers.get("content-type", "").split(";")[0].strip().lower()
        schema = operation.request_body.content.get(media, "")
        if schema and not isinstance(body, bytes):
            found = contract.schemas.violations(schema, body)
            if found:
                counted = f"{len(found)} problems, the first {MAX_LISTED} are listed" if len(found) > MAX_LISTED else ""
                raise Problem("validation-failed", counted, errors=[_field_error(v) for v in found[:MAX_LISTED]])
    return Call(decoded_path, query, headers, body)


def _field_error(violation: Violation) -> FieldError:
    code = {"required": "required", "additionalProperties": "unknown-field"}.get(violation.keyword, "invalid-value")
    rejected = mask_body({violation.pointer.rpartition("/")[2]: violation.rejected}).popitem()[1]
    if rejected != violation.rejected:  # a secret: the validator's words quote it
        return FieldError(violation.pointer, code, f"breaks {violation.keyword!r} of the contract", rejected)
    if isinstance(rejected, str | list | dict):
        text = rejected if isinstance(rejected, str) else json.dumps(rejected, ensure_ascii=False)
        rejected = rejected if len(text) <= MAX_QUOTED else _shortened(text)
    return FieldError(violation.pointer, code, _shortened(violation.detail), rejected)


def _shortened(text: str) -> str:
    """Long text without its middle, so that a refusal is not larger than what it refuses."""
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED // 2]} … {text[-MAX_QUOTED // 2 :]}"


def _parameter_errors(contract: Contract, parameter: Parameter, value: Any, place: str) -> list[FieldError]:
    return [FieldError(place, "invalid-value", v.detail, value) for v in _violations(contract, parameter, value)]


def _violations(contract: Contract, parameter: Parameter, value: Any) -> list[Violation]:
    if not parameter.schema_pointer:
        return []
    return contract.schemas.violations(parameter.schema_pointer, value)


def _read(parameter: Parameter, given: list[str]) -> Any:
    if parameter.kind == "array":
        items = given if parameter.explode and parameter.location == "query" else given[0].split(",")
        kind = str((parameter.schema.get("items") or {}).get("type", "string"))
        return [_scalar(kind, item) for item in items]
    return _scalar(parameter.kind, given[-1])


def _scalar(kind: str, text: str) -> Any:
    """The text as the declared type; text that is none stays text, so that validation words the fault."""
    if kind == "integer":
        stripped = text[1:] if text.startswith("-") else text
        return int(text) if stripped.isascii() and stripped.isdigit() and len(stripped) < 40 else text
    if kind == "number":
        return float(text) if _NUMBER.fullmatch(text) and not isinf(float(text)) else text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text
