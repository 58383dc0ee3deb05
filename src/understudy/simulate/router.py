"""Find the operation for a method and a path; when there is none, say which is nearest and why it did not match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from urllib.parse import unquote

from understudy.contract import Operation

_VARIABLE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Match:
    operation: Operation
    path: Mapping[str, str]
    """Path parameters, percent-decoded."""


@dataclass(frozen=True, slots=True)
class NoMatch:
    """status: 404 or 405. allowed: methods of the path when 405. hint: the nearest operation and the difference."""

    status: int
    allowed: tuple[str, ...]
    hint: str


class _Node:
    __slots__ = ("literal", "operations", "patterns")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.patterns: list[tuple[str, re.Pattern[str], _Node]] = []
        self.operations: dict[str, tuple[Operation, tuple[str, ...]]] = {}


class Router:
    """Routes by segment; a literal segment wins over a variable one (OpenAPI 3.1 section 4.8.8)."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        self._operations = tuple(operations)
        for operation in self._operations:
            node = self._root
            names: list[str] = []
            for segment in operation.path.strip("/").split("/"):
                names += _VARIABLE.findall(segment)
                node = self._child(node, segment)
            node.operations[operation.method] = (operation, tuple(names))

    @staticmethod
    def _child(node: _Node, segment: str) -> _Node:
        if "{" not in segment:
            return node.literal.setdefault(segment, _Node())
        shape = _VARIABLE.sub("{}", segment)
        for known, _, child in node.patterns:
            if known == shape:
                return child
        pieces = [re.escape(piece) for piece in shape.split("{}")]
        child = _Node()
        node.patterns.append((shape, re.compile("^" + "([^/]+?)".join(pieces) + "$"), child))
        node.patterns.sort(key=lambda item: -len(item[0]))
        return child

    def find(self, method: str, path: str) -> Match | NoMatch:
        """path: below the system's base, percent-encoded."""
        segments = path.strip("/").split("/")
        nodes = self._walk(self._root, segments, 0, ())
        allowed: list[str] = []
        for node, values in nodes:
            entry = node.operations.get(method)
            if entry is not None:
                operation, names = entry
                return Match(operation, dict(zip(names, values, strict=True)))
            allowed += node.operations
        if allowed:
            return NoMatch(405, tuple(sorted(set(allowed))), f"{path} allows {', '.join(sorted(set(allowed)))}")
        return NoMatch(404, (), self._nearest(method, path))

    def _walk(
        self, node: _Node, segments: list[str], depth: int, values: tuple[str, ...]
    ) -> Iterable[tuple[_Node, tuple[str, ...]]]:
        if depth == len(segments):
            if node.operations:
                yield node, values
            return
        segment = segments[depth]
        child = node.literal.get(segment)
        if child is not None:
            yield from self._walk(child, segments, depth + 1, values)
        for _, pattern, pattern_child in node.patterns:
            match = pattern.match(segment)
            if match:
                decoded = tuple(unquote(group) for group in match.groups())
                yield from self._walk(pattern_child, segments, depth + 1, (*values, *decoded))

    def _nearest(self, method: str, path: str) -> str:
        best: tuple[float, Operation] | None = None
        for operation in self._operations:
            score = SequenceMatcher(None, operation.path, path).ratio() + (0.1 if operation.method == method else 0)
            if best is None or score > best[0]:
                best = (score, operation)
        if best is None or best[0] < 0.4:
            return "no operation of the contract is near this path"
        operation = best[1]
        wanted, given = operation.path.strip("/").split("/"), path.strip("/").split("/")
        if len(wanted) != len(given):
            reason = f"it has {len(wanted)} segments, the request {len(given)}"
        else:
            at = next((i for i, (w, g) in enumerate(zip(wanted, given, strict=True)) if "{" not in w and w != g), None)
            reason = f"segment {given[at]!r} is not {wanted[at]!r}" if at is not None else "the method differs"
        return f"nearest is {operation.id} ({operation.method} {operation.path}): {reason}"
