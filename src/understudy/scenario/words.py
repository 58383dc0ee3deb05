"""Expressions, conditions and values in plain words, for people who read a scenario without knowing Arazzo."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.scenario.condition import And, Compare, Constant, Node, Not, Or, Reference
from understudy.scenario.expression import Expression, as_text, shorten
from understudy.scenario.model import Criterion
from understudy.scenario.template import Embedded, Items, Literal, Members, Selected, Template, Whole

_COMPARISONS = {
    "==": "is", "!=": "is not", ">": "is more than", ">=": "is at least", "<": "is less than", "<=": "is at most",
}  # fmt: skip


class Words:
    """step_numbers: the number of each step in the story, by id."""

    def __init__(self, step_numbers: Mapping[str, int]) -> None:
        self._numbers = step_numbers

    def expression(self, expression: Expression) -> str:
        below = "/".join(str(part) for part in expression.tail)
        names = ".".join(expression.names) + (f"/{below}" if below else "")
        match expression.root:
            case "statusCode":
                return "the status"
            case "url":
                return "the address of the request"
            case "method":
                return "the method of the request"
            case "self":
                return "the address of this document"
            case "inputs":
                return f"the input `{names}`"
            case "outputs":
                return f"`{names}`"
            case "steps":
                number = self._numbers.get(expression.part)
                return f"`{names}` from step {number if number else expression.part}"
            case "workflows":
                return f"`{names}` of the {expression.field} of workflow {expression.part}"
            case "sourceDescriptions":
                return f"the {expression.field} of {expression.part}"
        message = "answer" if expression.root == "response" else "request"
        if expression.part == "body":
            return f"`{below}` in the {message}" if below else f"the {message}"
        return f"the {expression.part} `{expression.field}` of the {message}"

    def criterion(self, criterion: Criterion) -> str:
        if criterion.node is not None:
            return self.condition(criterion.node)
        context = self.expression(criterion.context) if criterion.context else "the answer"
        if criterion.kind == "regex":
            return f"{context} looks like {self.value(criterion.text)}"
        return f"{context} has something at {self.value(criterion.text)}"

    def condition(self, node: Node) -> str:
        match node:
            case Constant(value):
                return _literal(value)
            case Reference(expression):
                return f"{self.expression(expression)} is set"
            case Not(inner):
                return f"it is not so that {self.condition(inner)}"
            case Compare(operator, left, right):
                return self._comparison(operator, left, right)
            case And(parts):
                return " and ".join(
                    f"either {self.condition(p)}" if isinstance(p, Or) else self.condition(p) for p in parts
                )
            case Or(parts):
                return " or ".join(self.condition(part) for part in parts)

    def _comparison(self, operator: str, left: Node, right: Node) -> str:
        if right == Constant(None) and operator in ("==", "!="):
            return f"{self._operand(left)} is {'' if operator == '==' else 'not '}empty"
        return f"{self._operand(left)} {_COMPARISONS[operator]} {self._operand(right)}"

    def _operand(self, node: Node) -> str:
        if isinstance(node, Reference):
            return self.expression(node.expression)
        return _literal(node.value) if isinstance(node, Constant) else f"({self.condition(node)})"

    def value(self, template: Template) -> str:
        match template:
            case Literal(value):
                return _literal(value)
            case Whole(expression):
                return self.expression(expression)
            case Embedded(parts):
                text = "".join(p if isinstance(p, str) else f"[{self.expression(p)}]" for p in parts)
                return f"'{shorten(text, 200)}'"
            case Selected(context, selector):
                return f"{selector} of {self.expression(context)}"
            case Members() | Items():
                return ", ".join(f"{path} = {value}" for path, value in self.leaves(template))

    def leaves(self, template: Template, path: str = "") -> Iterator[tuple[str, str]]:
        """`{"lines": [{"sku": "$inputs.sku"}]}` -> `("lines/0/sku", "the input `sku`")`."""
        match template:
            case Members(items):
                for key, item in items:
                    yield from self.leaves(item, f"{path}/{key}" if path else key)
            case Items(elements):
                for index, item in enumerate(elements):
                    yield from self.leaves(item, f"{path}/{index}" if path else str(index))
            case Literal(value) if isinstance(value, dict) and value:
                for key, item in value.items():
                    yield from self.leaves(Literal(item), f"{path}/{key}" if path else key)
            case Literal(value) if isinstance(value, list) and value:
                for index, item in enumerate(value):
                    yield from self.leaves(Literal(item), f"{path}/{index}" if path else str(index))
            case _:
                yield path, self.value(template)


def _literal(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f"'{shorten(' '.join(value.split()), 200)}'"
    return shorten(as_text(value), 200)


def schema_words(schema: Any) -> str:
    """`{"type": "integer", "default": 3}` -> `integer, 3 unless given`."""
    if not isinstance(schema, dict):
        return ""
    kind = schema.get("type", "")
    parts = [" or ".join(kind) if isinstance(kind, list) and all(isinstance(k, str) for k in kind) else str(kind)]
    if "enum" in schema and isinstance(schema["enum"], list):
        parts = ["one of " + ", ".join(json.dumps(v, ensure_ascii=False) for v in schema["enum"][:8])]
    if "default" in schema:
        parts.append(f"{json.dumps(schema['default'], ensure_ascii=False)} unless given")
    return ", ".join(part for part in parts if part)
