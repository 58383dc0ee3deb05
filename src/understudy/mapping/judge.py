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
from understudy.mapping.program import Program, Row
from understudy.mapping.result import Applied
from understudy.mapping.spec import ArraySpec, FieldSpec
from understudy.mapping.table import MappingTable

_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which a written document is not what the table says.

    kind: missing, extra, different; refused (the message should not have been written at all) or skipped (likewise, the
    table passes it over). row: id of the row, empty for a field that no row governs. target: JSON pointer into the
    written document, or `header:Name`. source: JSON pointer of the value that is to blame for a refusal.
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
class _Comparison:
    program: Program
    run: Run
    unjudged: Sequence[FieldSpec]
    absent: Collection[str]

    def body(self, applied: Applied, written: Any) -> Iterator[Difference]:
        actual = written if isinstance(written, Mapping) else {}
        if not isinstance(written, Mapping):
            yield Difference(kind="different", row="", target="", expected=applied.document, actual=written)
        yield from self.members((), applied.document, actual, "")

    def members(
        self, place: tuple[str, ...], expected: Mapping[str, Any], actual: Mapping[str, Any], pointer: str
    ) -> Iterator[Difference]:
        """place: names from the root, arrays as `lines[]`."""
        for name in dict.fromkeys([*expected, *actual]):
            here, at = (*place, name), f"{pointer}/{escape(str(name))}"
            left, right = expected.get(name, _ABSENT), actual.get(name, _ABSENT)
            array = self.array(here)
            if array is not None and any(feed.each.scope in self.absent for feed in array.feeds.values()):
                continue
            if array is not None and isinstance(right, list | tuple):
                yield from self.elements(array, [] if left is _ABSENT else left, right, at)
            elif isinstance(left, Mapping) and isinstance(right, Mapping):
                yield from self.members(here, left, right, at)
            elif right is _ABSENT or right is None:
                wanted = left is not _ABSENT and left is not None and left != []
                if wanted and not self.replaced(here, actual, place) and not self.may_omit(here):
                    yield self.difference("missing", here, at, left, None)
            elif left is _ABSENT:
                if not self.allowed(here, right):
                    yield from self.extra(here, at, right)
            elif not self.equal(here, left, right):
                yield self.difference("different", here, at, left, right)

    def elements(
        self, array: ArraySpec, expected: Sequence[Any], actual: Sequence[Any], pointer: str
    ) -> Iterator[Difference]:
        """Elements paired by the array's key, else by position; what is left over is missing or extra."""
        left = list(enumerate(actual))
        for index, element in enumerate(expected):
            match = next((pair for pair in left if self.paired(array, element, index, pair)), None)
            if match is None:
                yield self.difference("missing", (array.target,), f"{pointer}/{index}", element, None)
                continue
            left.remove(match)
            position, written = match
            if isinstance(written, Mapping):
                yield from self.members((array.target,), element, written, f"{pointer}/{position}")
            else:
                yield self.difference("different", (array.target,), f"{pointer}/{position}", element, written)
        for position, written in left:
            yield self.difference("extra", (array.target,), f"{pointer}/{position}", None, written)

    def paired(self, array: ArraySpec, element: Mapping[str, Any], index: int, other: tuple[int, Any]) -> bool:
        position, written = other
        keyed = [name for name in array.key if element.get(name) is not None]
        if not keyed or not isinstance(written, Mapping):
            return position == index
        return all(str(written.get(name)) == str(element[name]) for name in keyed)

    def extra(self, here: tuple[str, ...], pointer: str, value: Any) -> Iterator[Difference]:
        """An object that the table does not expect: one difference for each field in it that is not free."""
        if isinstance(value, Mapping) and value:
            for name, inner in value.items():
                if inner is not None and not self.allowed((*here, name), inner):
                    yield from self.extra((*here, name), f"{pointer}/{escape(str(name))}", inner)
        elif value not in ([], {}):
            yield self.difference("extra", here, pointer, None, value)

    def headers(self, applied: Applied, headers: Mapping[str, str]) -> Iterator[Difference]:
        sent = {name.lower(): value for name, value in headers.items()}
        for name, value in applied.headers.items():
            actual = sent.get(name.lower())
            field = self.target(f"header:{name}")
            longer = actual is not None and field is not None and field.judge == "prefix" and actual.startswith(value)
            if actual != value and not longer and not (actual is None and field and field.judge == "may_omit"):
                row = self.row_of(f"header:{name}")
                kind = "missing" if actual is None else "different"
                yield Difference(kind=kind, row=row, target=f"header:{name}", expected=value, actual=actual)

    def parameters(self, applied: Applied, path: Mapping[str, str]) -> Iterator[Difference]:
        for name, value in applied.path.items():
            actual = path.get(name)
            if actual is not None and actual != value:
                row = self.row_of(f"path:{name}")
                yield Difference(kind="different", row=row, target=f"path:{name}", expected=value, actual=actual)

    def array(self, here: tuple[str, ...]) -> ArraySpec | None:
        return self.program.spec.arrays.get(f"{here[0]}[]") if len(here) == 1 else None

    def equal(self, here: tuple[str, ...], left: Any, right: Any) -> bool:
        field = self.field(here)
        if field is not None and field.type.decimal:
            try:
                return json_number(left) == json_number(right)
            except Refusal:
                return False
        return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)

    def field(self, here: tuple[str, ...]) -> FieldSpec | None:
        """The field that governs a place, or the first one inside it."""
        text = _text(here)
        inside: FieldSpec | None = None
        for _, field in self.program.spec.fields():
            if field.target is None or field.target.scope != "source":
                continue
            if field.target.text == text:
                return field
            if inside is None and field.target.text.startswith(f"{text}."):
                inside = field
        return inside

    def may_omit(self, here: tuple[str, ...]) -> bool:
        """Whether a writer may leave the field out, by any row that feeds it."""
        text = _text(here)
        return any(field.target_text == text and field.judge == "may_omit" for _, field in self.program.spec.fields())

    def target(self, text: str) -> FieldSpec | None:
        return next((field for _, field in self.program.spec.fields() if field.target_text == text), None)

    def row_of(self, target: str) -> str:
        return next((row.id for row, field in self.program.spec.fields() if field.target_text == target), "")

    def allowed(self, here: tuple[str, ...], value: Any) -> bool:
        """Free by the table, another way to say what a row says, or fed by a row that could not be judged."""
        text = _text(here)
        for free in self.program.spec.free:
            if _covers(free.path, text) and (free.any_value or same(free.value, value)):
                return True
        if any(field.target is not None and field.target.text == text for field in self.unjudged):
            return True
        for _, field in self.program.spec.fields():
            if text in field.instead:
                return same(self.instead(field, text), value)
        return False

    def instead(self, field: FieldSpec, text: str) -> Any:
        return value_of(compile_argument(field.instead[text], None), self.run.frame, None)

    def replaced(self, here: tuple[str, ...], actual: Mapping[str, Any], place: tuple[str, ...]) -> bool:
        """Whether the writer used the field that may stand for this one; its value is judged where it is."""
        field = self.field(here)
        if field is None:
            return False
        names = [name for name in field.instead if "." not in name or name.rpartition(".")[0] == _text(place)]
        return any(actual.get(name.rpartition(".")[2]) is not None for name in names)

    def difference(self, kind: str, here: tuple[str, ...], pointer: str, expected: Any, actual: Any) -> Difference:
        field = self.field(here)
        row = next((row.id for row, held in self.program.spec.fields() if held is field), "") if field else ""
        return Difference(kind=kind, row=row, target=pointer, expected=expected, actual=actual)


def _text(here: tuple[str, ...]) -> str:
    return ".".join(here)


def _covers(path: Path, text: str) -> bool:
    return (
        text == path.text
        or text.startswith(f"{path.text}.")
        or (bool(path.segments) and path.segments[-1] is Step.EACH and text == path.text.removesuffix("[]"))
    )
