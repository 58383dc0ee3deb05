"""Running the examples of a table's rows: each row alone, on a document made of what the example gives.

- {given: "#1001", expect: "1001"}                                   first source -> first target
- {given: {email: A@B.example, "target:shipTo.country": DE}, expect: {email: a@b.example}}
- {given: "1067", refuse: validation-failed}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.errors import MappingError
from understudy.mapping.apply import Run, run_fields, start
from understudy.mapping.frame import Element
from understudy.mapping.path import Path, Step, Where, parse_path, render_segments
from understudy.mapping.program import Program, Row
from understudy.mapping.result import Violation
from understudy.mapping.spec import ExampleSpec, FieldSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleOutcome:
    """What became of an example. problem: how it differs from what the table says, empty when it does not."""

    row: str
    index: int
    example: ExampleSpec
    problem: str

    @property
    def passed(self) -> bool:
        return not self.problem


def run_examples(program: Program, lookups: Mapping[str, Any]) -> Iterator[ExampleOutcome]:
    """Every example of every row, in order. lookups: what the rows ask; those from files are there already."""
    for row in program.rows:
        for index, example in enumerate(row.spec.examples):
            problem = _problem(program, row, example, lookups)
            yield ExampleOutcome(row=row.spec.id, index=index, example=example, problem=problem)


def _problem(program: Program, row: Row, example: ExampleSpec, lookups: Mapping[str, Any]) -> str:
    try:
        run = _prepare(program, row, example, lookups)
        if row.skip is not None and row.spec.skip is not None and row.skip(run.frame):
            reason = row.spec.skip.reason
            return "" if example.skip == reason else f"it is skipped with {reason!r}"
        run_fields(run, row.fields)
    except MappingError as error:
        return error.message
    if example.skip:
        return f"it is not skipped, {example.skip!r} is expected"
    if example.refuse:
        codes = {violation.code for violation in run.violations}
        if codes == {example.refuse}:
            return ""
        return f"refused as {example.refuse!r} is expected, but {_told(run.violations) or 'nothing is wrong with it'}"
    if run.violations:
        return f"it is refused: {_told(run.violations)}"
    return "; ".join(_differences(run, row, example.expect))


def _told(violations: list[Violation]) -> str:
    return ", ".join(f"{violation.code} ({violation.detail})" for violation in violations)


def _prepare(program: Program, row: Row, example: ExampleSpec, lookups: Mapping[str, Any]) -> Run:
    """A run in which everything that the example gives is in place: sources, mapped values, other documents."""
    given = _given(row, example)
    documents: dict[str, Any] = {name: {} for name in program.spec.documents}
    elements: list[tuple[Path, Any]] = []
    for path, value in given:
        if path.scope in ("target", "control") and any(isinstance(segment, Step) for segment in path.segments):
            elements.append((path, value))
        elif path.scope not in ("target", "control"):
            documents[path.scope] = put(documents.get(path.scope), path.segments, value)
    run = start(program, documents.pop("source", {}), lookups, documents)
    for path, value in given:
        if path.scope in ("target", "control") and (path, value) not in elements:
            put(run.frame.documents[path.scope], path.segments, value)
    for path, value in elements:
        for element in _elements(run, row, render_segments(path.segments[:2])):
            put(element.target if path.scope == "target" else element.control, path.segments[2:], value)
    return run


def _given(row: Row, example: ExampleSpec) -> list[tuple[Path, Any]]:
    if isinstance(example.given, dict):
        return [(parse_path(text), value) for text, value in example.given.items()]
    if example.given is None:
        return []
    path = next((path for field in row.spec.fields for path in field.sources), None)
    if path is None or path.relative:
        raise MappingError("the example must name the paths that it gives", hint='given: {"line_items[].sku": …}')
    return [(path, example.given)]


def _elements(run: Run, row: Row, array: str) -> list[Element]:
    """The elements of the row's feeds; one is made up where the example gives no source element."""
    feeds = [field.feed for field in row.fields if field.spec.array == array]
    found = [element for feed in dict.fromkeys(feeds) for element in run.elements[array, feed]]
    if not found and feeds:
        made_up = Element(({},), (array,), array, 0)
        run.elements[array, feeds[0]].append(made_up)
        for scope, held in (("target", made_up.target), ("control", made_up.control)):
            run.frame.documents[scope][array.removesuffix("[]")].append(held)
        found = [made_up]
    return found


def put(document: Any, segments: tuple[Any, ...], value: Any) -> Any:
    """`document` with a value at a path; what is missing on the way is made. `[]` and `[*]` mean the first element."""
    if not segments:
        return value
    head, rest = segments[0], segments[1:]
    if isinstance(head, str):
        document = {} if document is None else document
        document[head] = put(document.get(head), rest, value)
        return document
    items: list[Any] = [] if document is None else document
    if isinstance(head, Where):
        index = next((i for i, item in enumerate(items) if str(item.get(head.name)) == head.value), len(items))
        made: Any = {head.name: head.value}
    else:
        index, made = (head if isinstance(head, int) else 0), None
    items.extend([None] * (index + 1 - len(items)))
    items[index] = put(made if items[index] is None else items[index], rest, value)
    return items


def _differences(run: Run, row: Row, expect: Any) -> Iterator[str]:
    texts = {field.target_text for field in row.spec.fields}
    if isinstance(expect, dict) and expect.keys() <= texts:
        for text, value in expect.items():
            field = [field for field in row.spec.fields if field.target_text == text]
            yield from _difference(text, value, _mapped(run, field))
        return
    stored = [field for field in row.spec.fields if field.target is not None and field.target.scope != "control"]
    first = (stored or list(row.spec.fields))[0]
    yield from _difference(first.target_text, expect, _mapped(run, [f for f in row.spec.fields if f == first]))


def _difference(text: str, expected: Any, actual: Any) -> Iterator[str]:
    if expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield f"{text} is {actual!r}, {expected!r} is expected"


def _mapped(run: Run, fields: list[FieldSpec]) -> Any:
    """The value that the row put at the target of these fields (which share it)."""
    path = fields[0].target
    if path is None:
        return None
    if path.scope in run.parts:
        return run.parts[path.scope].get(path.names[0])
    place = path.names
    holder: Any = run.frame.documents["control" if path.scope == "control" else "target"]
    if fields[0].array:
        place = place[1:]
        elements = [e for field in fields for feed in field.feeds for e in run.elements[field.array, feed]]
        holder = (elements[0].control if path.scope == "control" else elements[0].target) if elements else {}
    for name in place:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder
