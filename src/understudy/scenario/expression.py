"""Runtime expressions of Arazzo 1.0 and 1.1 (section "Runtime Expressions").

`parse("$response.body#/lines/0/sku")` gives an `Expression`; `.evaluate(scope)` gives the value with its type kept, or
`Missing` with the reason. Beyond the grammar, `.name` and `[n]` may follow a body, an input or an output, as the
specification's own examples do (`$response.body.pets[0].id`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.errors import closest
from understudy.scenario.scope import Missing, Scope

ROOTS = (
    "$url", "$method", "$statusCode", "$request", "$response", "$inputs", "$outputs", "$steps", "$workflows",
    "$sourceDescriptions", "$components", "$self",
)  # fmt: skip


class ExpressionError(ValueError):
    """An expression, condition or selector that cannot be understood. hint: the nearest thing that could."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Expression:
    """One parsed expression.

    root: the first word without `$`. part: the section after it (`header`, `body`, a step id, a workflow id, a source).
    field: `inputs` or `outputs` of a workflow, the name of a header, parameter, source field or component.
    names: dotted names, of which the longest known prefix is the input or output. tail: members and indexes below it.
    """

    text: str
    root: str
    part: str = ""
    field: str = ""
    names: tuple[str, ...] = ()
    tail: tuple[str | int, ...] = ()

    def evaluate(self, scope: Scope) -> Any:
        """The value, or `Missing`. Never raises."""
        return _EVALUATE[self.root](self, scope)


# --- reading -----------------------------------------------------------------------------------------------------

_LOOKS = re.compile(
    r"\$(?:(?:url|method|statusCode|self)$|(?:request|response|inputs|outputs|steps|workflows|sourceDescriptions"
    r"|components|message)(?:[.\[#]|$))"
)
_EXTENT = re.compile(r"\$(?:[A-Za-z0-9_@$:%~-]|\.(?=[A-Za-z0-9_@$:%~-])|\[\d+\])+(?:#(?:/[^\s()\[\]<>=!&|,'\"{}]*)?)?")
_ROOT = re.compile(r"\$([A-Za-z]*)")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_STEP = re.compile(r"\.([^#\[\]\s]+?)\.outputs(?=[.\[#]|$)")
_WORKFLOW = re.compile(r"\.([^#\[\]\s]+?)\.(inputs|outputs)(?=[.\[#]|$)")
_SOURCE = re.compile(r"\.([A-Za-z0-9_-]+)\.([^{}]+)\Z")
_COMPONENT = re.compile(r"\.(parameters|successActions|failureActions|inputs)\.([A-Za-z0-9._-]+)\Z")
_LINK = re.compile(r"\.([^.\[\]#{}\s]+)|\[(\d{1,9})\]")
_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,8})\Z")
EMBEDDED = re.compile(r"\{(\$[^{}]*)\}")


def looks_like_expression(text: str) -> bool:
    """Whether a string value is meant as a runtime expression: `$inputs.sku` is, `$100` and `$workflow_id` are not."""
    return _LOOKS.match(text) is not None


def scan(text: str, start: int) -> tuple[Expression, int]:
    """The expression that begins at `start` inside a condition, and where it ends."""
    found = _EXTENT.match(text, start)
    if found is None:
        raise ExpressionError(f"`$` at column {start + 1} begins no runtime expression", f"one of {', '.join(ROOTS)}")
    return parse(found.group()), found.end()


def parse(text: str) -> Expression:
    """Raises ExpressionError when `text` as a whole is no runtime expression."""
    root = _ROOT.match(text)
    if root is None:
        raise ExpressionError(f"`{shorten(text)}` is no runtime expression", "an expression begins with `$`")
    name, rest = root[1], text[root.end() :]
    reader = _READ.get(name)
    if reader is None:
        if name == "message":
            raise ExpressionError("`$message` belongs to AsyncAPI steps, which are not supported")
        hint = closest(f"${name}", ROOTS) or f"one of {', '.join(ROOTS)}"
        raise ExpressionError(f"`{shorten(text)}` is no runtime expression", hint)
    return reader(text, name, rest)


def shorten(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def pointer_tokens(pointer: str) -> tuple[str, ...]:
    """`/a~1b/0` -> `("a/b", "0")`; the empty pointer is the whole document. Raises ExpressionError (RFC 6901)."""
    if pointer == "":
        return ()
    if not pointer.startswith("/"):
        raise ExpressionError(f"`{shorten(pointer)}` is no JSON Pointer", f"did you mean `/{shorten(pointer)}`?")
    if re.search(r"~(?![01])", pointer):
        raise ExpressionError(f"`{shorten(pointer)}` is no JSON Pointer", "`~` is written `~0` and `/` is written `~1`")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/"))


def _read_bare(text: str, name: str, rest: str) -> Expression:
    if rest:
        raise ExpressionError(f"`${name}` takes nothing behind it", f"write `${name}` instead of `{shorten(text)}`")
    return Expression(text, name)


def _read_message(text: str, name: str, rest: str) -> Expression:
    match = re.match(r"\.([A-Za-z]+)", rest)
    allowed = ("header", "query", "path", "body") if name == "request" else ("header", "body")
    part = match[1] if match else ""
    if part not in allowed:
        problem = f"`${name}` has no `{part}`" if part else f"names no part of the {name}"
        raise ExpressionError(
            f"`{shorten(text)}`: {problem}",
            closest(part, allowed) or f"one of {', '.join(f'${name}.{a}' for a in allowed)}",
        )
    rest = rest[len(part) + 1 :]
    if part == "body":
        links, tail = _read_chain(text, rest)
        return Expression(text, name, part, tail=(*links, *tail))
    field = rest[1:]
    if not rest.startswith(".") or not field or (part == "header" and not _HEADER.match(field)):
        raise ExpressionError(f"`{shorten(text)}` names no {part}", f"write `${name}.{part}.<name>`")
    return Expression(text, name, part, field.lower() if part == "header" else field)


def _read_named(text: str, name: str, rest: str) -> Expression:
    return _with_names(text, name, "", "", rest)


def _read_step(text: str, name: str, rest: str) -> Expression:
    match = _STEP.match(rest)
    if match is None:
        raise ExpressionError(f"`{shorten(text)}` names no output", "write `$steps.<stepId>.outputs.<name>`")
    return _with_names(text, name, match[1], "", rest[match.end() :])


def _read_workflow(text: str, name: str, rest: str) -> Expression:
    match = _WORKFLOW.match(rest)
    if match is None:
        raise ExpressionError(
            f"`{shorten(text)}` names no input or output",
            "write `$workflows.<workflowId>.outputs.<name>` or `.inputs.<name>`",
        )
    return _with_names(text, name, match[1], match[2], rest[match.end() :])


def _read_source(text: str, name: str, rest: str) -> Expression:
    match = _SOURCE.match(rest)
    if match is None:
        raise ExpressionError(f"`{shorten(text)}` is incomplete", "write `$sourceDescriptions.<name>.<reference>`")
    return Expression(text, name, match[1], match[2])


def _read_component(text: str, name: str, rest: str) -> Expression:
    match = _COMPONENT.match(rest)
    if match is None:
        raise ExpressionError(
            f"`{shorten(text)}` names no component",
            "write `$components.parameters.<name>`, `.successActions.<name>` or `.failureActions.<name>`",
        )
    return Expression(text, name, match[1], match[2])


def _with_names(text: str, root: str, part: str, field: str, rest: str) -> Expression:
    links, tail = _read_chain(text, rest)
    names: list[str] = []
    for link in links:
        if not isinstance(link, str):
            break
        names.append(link)
    if not names:
        raise ExpressionError(f"`{shorten(text)}` names no input or output", "put `.` and the name behind it")
    return Expression(text, root, part, field, tuple(names), (*links[len(names) :], *tail))


def _read_chain(text: str, rest: str) -> tuple[tuple[str | int, ...], tuple[str | int, ...]]:
    """`.a[0].b#/c/1` -> `(("a", 0, "b"), ("c", "1"))`."""
    chain, hash_, pointer = rest.partition("#")
    links: list[str | int] = []
    at = 0
    while at < len(chain):
        match = _LINK.match(chain, at)
        if match is None:
            raise ExpressionError(
                f"`{shorten(text)}`: `{shorten(chain[at:], 30)}` is neither `.name` nor `[index]`",
                "names with other characters are reached by a JSON Pointer, `#/a name/0`",
            )
        links.append(match[1] if match[1] is not None else int(match[2]))
        at = match.end()
    return tuple(links), pointer_tokens(pointer) if hash_ else ()


_READ: Mapping[str, Callable[[str, str, str], Expression]] = {
    "url": _read_bare,
    "method": _read_bare,
    "statusCode": _read_bare,
    "self": _read_bare,
    "request": _read_message,
    "response": _read_message,
    "inputs": _read_named,
    "outputs": _read_named,
    "steps": _read_step,
    "workflows": _read_workflow,
    "sourceDescriptions": _read_source,
    "components": _read_component,
}


# --- evaluating --------------------------------------------------------------------------------------------------


def walk(value: Any, tail: tuple[str | int, ...], what: str) -> Any:
    """The value below `value` along members and indexes, or `Missing`. what: words for the start, for the reason."""
    for depth, token in enumerate(tail):
        if isinstance(value, dict):
            key = str(token)
            if key in value:
                value = value[key]
                continue
        elif isinstance(value, list):
            index = token if isinstance(token, int) else int(token) if _INDEX.match(token) else -1
            if 0 <= index < len(value):
                value = value[index]
                continue
        elif isinstance(value, Missing):
            return value
        return Missing(f"{what} has nothing at {as_pointer(tail[: depth + 1])}")
    return value


def as_pointer(tail: tuple[str | int, ...]) -> str:
    return "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in tail)


def as_text(value: Any) -> str:
    """A value embedded in a string: scalars as written in JSON but strings bare, structures as compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def longest_known(names: tuple[str, ...], known: Mapping[str, Any]) -> int:
    """How many leading dotted names form a known name, longest first: names may contain dots (identifier rule)."""
    for count in range(len(names), 0, -1):
        if ".".join(names[:count]) in known:
            return count
    return 0


def _named(names: tuple[str, ...], tail: tuple[str | int, ...], known: Mapping[str, Any], what: str, text: str) -> Any:
    count = 1 if len(names) == 1 and names[0] in known else longest_known(names, known)
    if not count:
        return Missing(f"{what} `{names[0]}` has no value", optional=what == "input")
    return walk(known[".".join(names[:count])], (*names[count:], *tail), f"`{text}`")


def _request(expression: Expression, scope: Scope) -> Any:
    call = scope.call
    if call is None:
        return Missing("no request was built yet")
    match expression.part:
        case "body":
            return walk(call.body, expression.tail, "the request body")
        case "header":
            values: Mapping[str, Any] = call.header
        case "query":
            values = call.query
        case _:
            values = call.path
    if expression.field in values:
        return values[expression.field]
    return Missing(f"the request has no {expression.part} `{expression.field}`")


def _response(expression: Expression, scope: Scope) -> Any:
    if scope.answer is None:
        return Missing(scope.no_answer)
    if expression.part == "body":
        content = scope.answer.content
        return walk(content, expression.tail, "the answer's body") if expression.tail else content
    value = scope.answer.response.headers.get(expression.field)
    return Missing(f"the answer has no header `{expression.field}`") if value is None else value


def _status(_expression: Expression, scope: Scope) -> Any:
    return Missing(scope.no_answer) if scope.answer is None else scope.answer.response.status


def _step(expression: Expression, scope: Scope) -> Any:
    outputs = scope.steps.get(expression.part)
    if outputs is None:
        return Missing(f"step `{expression.part}` has not run")
    what = f"output of step `{expression.part}`,"
    return _named(expression.names, expression.tail, outputs, what, expression.text)


def _workflow(expression: Expression, scope: Scope) -> Any:
    record = scope.workflows.get(expression.part)
    if record is None:
        return Missing(f"workflow `{expression.part}` has not run")
    known = record.inputs if expression.field == "inputs" else record.outputs
    what = f"{expression.field[:-1]} of workflow `{expression.part}`,"
    return _named(expression.names, expression.tail, known, what, expression.text)


def _source(expression: Expression, scope: Scope) -> Any:
    fields = scope.sources.get(expression.part, {})
    if expression.field in fields:
        return fields[expression.field]
    return Missing(f"source description `{expression.part}` has no field `{expression.field}`")


def _call_field(expression: Expression, scope: Scope) -> Any:
    if scope.call is None:
        return Missing("no request was built yet")
    return scope.call.url if expression.root == "url" else scope.call.method


_EVALUATE: Mapping[str, Callable[[Expression, Scope], Any]] = {
    "url": _call_field,
    "method": _call_field,
    "statusCode": _status,
    "self": lambda _expression, scope: scope.self_uri,
    "request": _request,
    "response": _response,
    "inputs": lambda e, scope: _named(e.names, e.tail, scope.inputs, "input", e.text),
    "outputs": lambda e, scope: _named(e.names, e.tail, scope.outputs, "output", e.text),
    "steps": _step,
    "workflows": _workflow,
    "sourceDescriptions": _source,
    # A component is replaced by its content when the document is read, so none is left at run time.
    "components": lambda e, _scope: Missing(f"`{e.text}` is not a value"),
}
