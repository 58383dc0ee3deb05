"""The table as the judge: what an integration wrote, compared with what the table makes of what it read.

Every difference names the row that was broken. A target field that no row governs is a difference too, unless the table
lists it under `free`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from understudy.contract.reference import escape
from understudy.mapping.apply import Run, finish, require_inputs, run_fields, start
from understudy.mapping.argument import compile_argument, value_of
from understudy.mapping.function import Refusal
from understudy.mapping.number import json_number, same
from understudy.mapping.path import Path, Step
from understudy.mapping.program import Field, Program, Row
from understudy.mapping.result import Applied
from understudy.mapping.spec import ArraySpec, FieldSpec
from understudy.mapping.table import MappingTable

_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which a written document is not what the table says.

    kind: missing, extra, different; refused (the message should not have been written at all) or skipped (likewise, the
    table passes it over). row: id of the row, empty for a field that no row governs. target: JSON pointer into the
    written document, or `header:Name`. source: JSON pointer of the value that should have been used, or that is to
    blame for a refusal; empty where there is none.
    """

    kind: str
    row: str
    target: str
    expected: Any = None
    actual: Any = None
    source: str = ""
    detail: str = ""


def judge(
    table: MappingTable,
    source: Any,
    written: Any,
    headers: Mapping[str, str],
    lookups: Mapping[str, Any],
    meta: Mapping[str, Any] | None = None,
    *,
    path: Mapping[str, str] | None = None,
) -> list[Difference]:
    """Every difference between what was written and what the table says, in the order of the table's rows.

    source: the document that was read. written: the request body that was sent. headers: of that request, names in any
    case. meta: as for `apply`; rows that read a document which is not supplied are not judged. path: the parameters in
    the request's path, None when they are not known. Amounts and quantities compare by value, the rest exactly; null is
    absent. Raises MappingError for a lookup that is not supplied.
    """
    program = table.program
    documents = dict(meta or {})
    require_inputs(program, lookups, dict.fromkeys(program.spec.documents))
    judged, unjudged = _judgeable(program, documents)
    run = start(program, source, lookups, documents)
    for row in judged:
        if row.skip is not None and row.spec.skip is not None and row.skip(run.frame):
            return [Difference(kind="skipped", row=row.spec.id, target="", actual=written, detail=row.spec.skip.reason)]
        run_fields(run, row.fields)
    applied = finish(program, run)
    if applied.violations:
        return [
            Difference(
                kind="refused",
                row=violation.row,
                target=violation.target,
                expected=violation.code,
                actual=violation.rejected,
                source=violation.source,
                detail=violation.detail,
            )
            for violation in applied.violations
        ]
    comparison = _Comparison(program, run, unjudged, _absent(program, documents))
    found = [*comparison.body(applied, written), *comparison.headers(applied, headers)]
    if path is not None:
        found.extend(comparison.parameters(applied, path))
    order = {row.spec.id: index for index, row in enumerate(program.rows)}
    return sorted(found, key=lambda difference: order.get(difference.row, len(order)))


def _absent(program: Program, documents: Mapping[str, Any]) -> set[str]:
    """The documents that the table reads and that were not supplied."""
    return {"event", *program.spec.documents} - documents.keys()


def _judgeable(program: Program, documents: Mapping[str, Any]) -> tuple[list[Row], list[FieldSpec]]:
    """The rows without the fields that read a document which is not there, and those fields."""
    absent = _absent(program, documents)
    unknown: set[tuple[str, str]] = set()
    rows, left_out = [], []
    for row in program.rows:
        kept = []
        for field in row.fields:
            if any(path.scope in absent or (path.scope, *path.names[:1]) in unknown for path in field.spec.sources):
                left_out.append(field.spec)
                unknown.update([("control", field.place[0])] if field.scope == "control" else [])
            else:
                kept.append(field)
        rows.append(replace(row, fields=tuple(kept)))
    return rows, left_out


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the comparison is. names: from the root, arrays as `lines[]`. spot: the same as an output place of the run,
    with indexes. pointer: into the written document. feed: of the array element that it is in."""

    names: tuple[str, ...] = ()
    spot: tuple[Any, ...] = ("target",)
    pointer: str = ""
    feed: str = ""

    @property
    def text(self) -> str:
        return ".".join(self.names)

    def member(self, name: str) -> _Place:
        return _Place((*self.names, name), (*self.spot, name), f"{self.pointer}/{escape(str(name))}", self.feed)

    def element(self, array: ArraySpec, index: int, position: int, feed: str) -> _Place:
        """index: in the expected array, position: in the written one."""
        return _Place((array.target,), (*self.spot, index), f"{self.pointer}/{position}", feed)


class _Comparison:
    def __init__(self, program: Program, run: Run, unjudged: Sequence[FieldSpec], absent: Collection[str]) -> None:
        self.program = program
        self.run = run
        self.unjudged = unjudged
        self.absent = absent
        self.written = {id(origin[0].spec) for origin in run.frame.origins if isinstance(origin[0], Field)}
        self.feeds = {id(element.target): feed for (_, feed), elements in run.elements.items() for element in elements}

    def body(self, applied: Applied, written: Any) -> Iterator[Difference]:
        actual = written if isinstance(written, Mapping) else {}
        if not isinstance(written, Mapping):
            yield Difference(kind="different", row="", target="", expected=applied.document, actual=written)
        yield from self.members(_Place(), applied.document, actual)

    def members(self, place: _Place, expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[Difference]:
        for name in dict.fromkeys([*expected, *actual]):
            here = place.member(name)
            left, right = expected.get(name, _ABSENT), actual.get(name, _ABSENT)
            array = self.program.spec.arrays.get(f"{name}[]") if not place.names else None
            if array is not None and any(feed.each.scope in self.absent for feed in array.feeds.values()):
                continue
            if array is not None and isinstance(right, list | tuple):
                yield from self.elements(here, array, [] if left is _ABSENT else left, right)
            elif isinstance(left, Mapping) and isinstance(right, Mapping):
                yield from self.members(here, left, right)
            elif right is _ABSENT or right is None:
                wanted = left is not _ABSENT and left is not None and left != []
                if wanted and not self.replaced(here, actual) and not self.may_omit(here):
                    yield self.difference("missing", here, left, None)
            elif left is _ABSENT:
                if not self.allowed(here, right):
                    yield from self.extra(here, right)
            elif not self.equal(here, left, right):
                yield self.difference("different", here, left, right)

    def elements(
        self, place: _Place, array: ArraySpec, expected: Sequence[Any], actual: Sequence[Any]
    ) -> Iterator[Difference]:
        """Elements paired by the array's key, without one by position; what is left over is missing or extra."""
        left = list(enumerate(actual))
        for index, element in enumerate(expected):
            feed = self.feeds.get(id(element), "")
            match = next((pair for pair in left if _paired(array, element, index, pair)), None)
            if match is None:
                yield self.difference("missing", place.element(array, index, index, feed), element, None)
                continue
            left.remove(match)
            position, written = match
            here = place.element(array, index, position, feed)
            if isinstance(written, Mapping):
                yield from self.members(here, element, written)
            else:
                yield self.difference("different", here, element, written)
        for position, written in left:
            yield self.difference("extra", place.element(array, len(expected) + position, position, ""), None, written)

    def extra(self, here: _Place, value: Any) -> Iterator[Difference]:
        """An object that the table does not expect: one difference for each field in it that is not free."""
        if isinstance(value, Mapping) and value:
            for name, inner in value.items():
                if inner is not None and not self.allowed(here.member(name), inner):
                    yield from self.extra(here.member(name), inner)
        elif value not in ([], {}):
            yield self.difference("extra", here, None, value)

    def headers(self, applied: Applied, headers: Mapping[str, str]) -> Iterator[Difference]:
        sent = {name.lower(): value for name, value in headers.items()}
        for name, value in applied.headers.items():
            actual = sent.get(name.lower())
            row, field = self.feeder(f"header:{name}")
            longer = actual is not None and field is not None and field.judge == "prefix" and actual.startswith(value)
            omitted = actual is None and field is not None and field.judge == "may_omit"
            if actual != value and not longer and not omitted:
                kind = "missing" if actual is None else "different"
                yield Difference(kind=kind, row=row, target=f"header:{name}", expected=value, actual=actual)

    def parameters(self, applied: Applied, path: Mapping[str, str]) -> Iterator[Difference]:
        for name, value in applied.path.items():
            actual = path.get(name)
            if actual is not None and actual != value:
                row, _ = self.feeder(f"path:{name}")
                yield Difference(kind="different", row=row, target=f"path:{name}", expected=value, actual=actual)

    def equal(self, here: _Place, left: Any, right: Any) -> bool:
        _, field = self.feeder(here.text, here.feed)
        if field is not None and field.type.decimal:
            try:
                return json_number(left) == json_number(right)
            except Refusal:
                return False
        return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)

    def feeder(self, text: str, feed: str = "") -> tuple[str, FieldSpec | None]:
        """The row and field that govern a target: of several the one that has written, else the first; for an object or
        an element, the first one inside it."""
        exact: list[tuple[str, FieldSpec]] = []
        inside: list[tuple[str, FieldSpec]] = []
        for row, field in self.program.spec.fields():
            if field.target is None or (feed and feed not in field.feeds):
                continue
            if field.target.text == text:
                exact.append((row.id, field))
            elif field.target.text.startswith(f"{text}."):
                inside.append((row.id, field))
        candidates = exact or inside
        wrote = next((pair for pair in candidates if id(pair[1]) in self.written), None)
        return wrote or (candidates[0] if candidates else ("", None))

    def may_omit(self, here: _Place) -> bool:
        """Whether a writer may leave the field out."""
        _, field = self.feeder(here.text, here.feed)
        return field is not None and field.judge == "may_omit"

    def allowed(self, here: _Place, value: Any) -> bool:
        """Free by the table, another way to say what a row says, or fed by a row that could not be judged."""
        for free in self.program.spec.free:
            if _covers(free.path, here.text) and (free.any_value or same(free.value, value)):
                return True
        if any(field.target is not None and field.target.text == here.text for field in self.unjudged):
            return True
        for _, field in self.program.spec.fields():
            if here.text in field.instead:
                argument = compile_argument(field.instead[here.text], None)
                return same(value_of(argument, self.run.frame, None), value)
        return False

    def replaced(self, here: _Place, actual: Mapping[str, Any]) -> bool:
        """Whether the writer used the field that may stand for this one; its value is judged where it is."""
        _, field = self.feeder(here.text, here.feed)
        return field is not None and any(actual.get(name.rpartition(".")[2]) is not None for name in field.instead)

    def difference(self, kind: str, here: _Place, expected: Any, actual: Any) -> Difference:
        row, field = self.feeder(here.text, here.feed)
        source = self.run.frame.pointer_of(here.spot) if field is not None and kind != "extra" else ""
        return Difference(kind=kind, row=row, target=here.pointer, expected=expected, actual=actual, source=source)


def _paired(array: ArraySpec, element: Mapping[str, Any], index: int, other: tuple[int, Any]) -> bool:
    position, written = other
    if not array.key or not isinstance(written, Mapping):
        return position == index
    keyed = [name for name in array.key if element.get(name) is not None]
    if not keyed:
        # Such as a remark among order lines: it may stand anywhere, in its order among its like.
        return all(written.get(name) is None for name in array.key)
    return all(str(written.get(name)) == str(element[name]) for name in keyed)


def _covers(path: Path, text: str) -> bool:
    return (
        text == path.text
        or text.startswith(f"{path.text}.")
        or (bool(path.segments) and path.segments[-1] is Step.EACH and text == path.text.removesuffix("[]"))
    )
