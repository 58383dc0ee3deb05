"""YAML as data files need it: YAML 1.2 JSON-schema tags only, limits before trust, line numbers on demand.

`load_yaml("a: 2026-03-01\\nb: on", "x.yaml")` -> `{"a": "2026-03-01", "b": "on"}`: dates and on/off stay strings.
JSON is read by the same call, since JSON is YAML.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from understudy.errors import UnusableInput

try:
    import ryaml
except ImportError:  # a platform without its wheel: PyYAML alone does, five times slower
    ryaml = None  # type: ignore[assignment]

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 200
MAX_NODES = 2_000_000
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_NEEDS_CARE = re.compile(
    r"(?m:[:,\[-] +(?:0[xo][\da-fA-F]+|[+-]?\.(?:inf|nan)|\+[\d.]+|[+-]?(?:\.\d+|\d+\.))(?=[ \t]*(?:[,\]}#]|$)))"
    r"|(?m:^(?:---|\.\.\.|%))|[:,\[-] +!"
)
"""Where the fast parser (YAML 1.2 core schema) and the JSON schema of YAML could differ: numbers that only one of them
knows, tags, several documents. PyYAML reads such text."""


class _Unsure(Exception):
    """The fast parser's result might not be what the JSON schema of YAML says."""


def _with_string_keys(value: Any) -> None:
    """Make every key a string, in place: `200:` is `"200"`. Raises _Unsure for a key whose spelling is lost."""
    if type(value) is dict:
        odd = [key for key in value if type(key) is not str]
        if odd:
            if any(type(key) is not int for key in odd):
                raise _Unsure
            items = list(value.items())
            value.clear()
            for key, item in items:
                value[str(key)] = item
            if len(value) != len(items):
                raise _Unsure
    for item in value.values() if type(value) is dict else value:
        if type(item) is dict or type(item) is list:
            _with_string_keys(item)
        elif type(item) is float and abs(item) >= 2**53:
            raise _Unsure  # perhaps an integer beyond 64 bits, which the fast parser rounds


class _JsonTagsLoader(_SafeLoader):  # type: ignore[misc]
    """The safe C loader with the YAML 1.1 resolvers replaced by those of the YAML 1.2 JSON schema (section 10.2)."""


_JsonTagsLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", list("-0123456789")),
):
    _JsonTagsLoader.add_implicit_resolver(_tag, re.compile(_pattern), _first)


class _Refused(ValueError):
    pass


def _mapping_without_duplicates(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool | type(None)):
            raise _Refused(f"line {key_node.start_mark.line + 1}: a mapping key must be a scalar")
        if not isinstance(key, str):
            key = key_node.value
        if key in mapping:
            raise _Refused(f"line {key_node.start_mark.line + 1}: duplicate key {key!r}")
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_JsonTagsLoader.add_constructor("tag:yaml.org,2002:map", _mapping_without_duplicates)


def load_yaml(text: str | bytes, name: str, *, error: type[UnusableInput] = UnusableInput) -> Any:
    """The document in `text` as plain data; keys are always strings.

    name: shown in errors, usually the file's path. error: class of `UnusableInput` to raise.
    Raises it for text over 32 MiB, nesting deeper than 200, aliases that expand to over 2,000,000 nodes, duplicate
    keys, invalid UTF-8 and any YAML syntax error, with the line where it is known.
    """
    if len(text) > MAX_BYTES:
        raise error(
            f"the document has {len(text):,} bytes",
            where=name,
            allowed=f"at most {MAX_BYTES:,} bytes",
            hint="split it into several files with relative $ref",
        )
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise error("the document is not UTF-8", where=f"{name}: byte {problem.start}") from None
    try:
        if text.lstrip()[:1] in "{[":
            try:
                return json.loads(text, object_pairs_hook=_object_without_duplicates)
            except json.JSONDecodeError:
                pass  # flow-style YAML also starts with a bracket: the YAML parser words the error
        if ryaml is not None and _NEEDS_CARE.search(text) is None:
            with suppress(ryaml.InvalidYamlError, ValueError, _Unsure):  # PyYAML below words the error, with its line
                data = ryaml.loads(text)
                if isinstance(data, dict | list):
                    _with_string_keys(data)
                return data
        if _depth_bound(text) > MAX_DEPTH:  # the fast parser has a limit of its own
            _refuse_deep(text, name, error)
        loader = _JsonTagsLoader(text)
        try:
            if _may_alias(text):
                node = loader.get_single_node()
                _count_expanded(node)
                return None if node is None else loader.construct_document(node)
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise error(f"not readable as YAML: {problem.problem}", where=f"{name}{line}") from None
    except yaml.YAMLError as problem:
        raise error(f"not readable as YAML: {str(problem).splitlines()[0]}", where=name) from None
    except _Refused as problem:
        raise error(str(problem), where=name) from None
    except RecursionError:
        raise error(f"nested deeper than {MAX_DEPTH} levels", where=name) from None
    except ValueError as problem:  # a number with more digits than Python converts
        raise error(f"not readable as YAML: {problem}", where=name) from None


def read_yaml(path: Path, *, error: type[UnusableInput] = UnusableInput, shown: str = "") -> Any:
    """`load_yaml` of a file. A file that is missing, a folder or unreadable raises `error` with the reason."""
    name = shown or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise error(
                f"the file has {path.stat().st_size:,} bytes", where=name, allowed=f"at most {MAX_BYTES:,} bytes"
            )
        content = path.read_bytes()
    except OSError as problem:
        raise error(f"cannot be read: {problem.strerror}", where=name) from None
    return load_yaml(content, name, error=error)


def locate(text: str | bytes, pointer: str) -> int:
    """The 1-based line of the value at a JSON pointer, or of its nearest enclosing value. Slow: for messages only."""
    try:
        node = yaml.compose(text, Loader=_SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return 1
    line = 1
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if getattr(k, "value", None) == part), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen: set[str] = set()
        duplicate = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"duplicate key {duplicate!r}")
    return mapping


def _may_alias(text: str) -> bool:
    return any(m.start() == 0 or text[m.start() - 1] in " \n\t[,:-" for m in re.finditer(r"&[\w.-]", text))


def _count_expanded(root: yaml.Node | None) -> None:
    """Refuse alias bombs: count the nodes that the document would have with every alias written out."""
    sizes: dict[int, int] = {}
    active: set[int] = set()

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in active:
            raise _Refused(f"line {node.start_mark.line + 1}: an alias refers to a value that contains it")
        active.add(id(node))
        total = 1
        if isinstance(node, yaml.MappingNode):
            total += sum(size(k) + size(v) for k, v in node.value)
        elif isinstance(node, yaml.SequenceNode):
            total += sum(size(child) for child in node.value)
        active.discard(id(node))
        if total > MAX_NODES:
            raise _Refused(
                f"line {node.start_mark.line + 1}: aliases expand to more than {MAX_NODES:,} nodes (a YAML bomb?)"
            )
        sizes[id(node)] = total
        return total

    if root is not None:
        size(root)


def _depth_bound(text: str) -> int:
    """A cheap upper bound of nesting: it may be too high (brackets in prose), never too low."""
    deepest = 0
    open_brackets = 0
    for line in text.splitlines():
        opens = line.count("[") + line.count("{")
        indent = len(line) - len(line.lstrip())
        deepest = max(deepest, indent + open_brackets + opens + line.count("- ") + line.count("? "))
        open_brackets = max(0, open_brackets + opens - line.count("]") - line.count("}"))
    return deepest


def _refuse_deep(text: str, name: str, error: type[UnusableInput]) -> None:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_SafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    line = event.start_mark.line + 1 if event.start_mark else 1
                    raise error(f"nested deeper than {MAX_DEPTH} levels", where=f"{name}:{line}")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return  # the real parse words the syntax error
