"""TableSpec -> Program: every path, argument and condition compiled once, so that mapping a message only runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from understudy.contract import locate
from understudy.errors import MappingError
from understudy.mapping.argument import Argument, Resolve, compile_argument, compile_table, compile_template, value_of
from understudy.mapping.condition import Holds, Named, compile_condition
from understudy.mapping.frame import Element, Frame, Loop, Reader, compile_reader
from understudy.mapping.function import Function, Shape
from understudy.mapping.path import Step
from understudy.mapping.rule import RULES
from understudy.mapping.spec import ArraySpec, FeedSpec, FieldSpec, RowSpec, StepSpec, TableSpec
from understudy.mapping.transform import TRANSFORMATIONS


@dataclass(frozen=True, slots=True)
class Call:
    """A transformation or rule with its arguments. run: calls it on a value. each: it takes one value at a time."""

    function: Function
    run: Callable[[Frame, Any], Any]
    each: bool
    takes_missing: bool
    repair: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule. on: what it checks instead of the field's value."""

    call: Call
    warning: bool
    when: Holds | None
    on: Argument | None
    detail: str


@dataclass(frozen=True, slots=True)
class Field:
    """A compiled field, for one feed where it fills array elements.

    place: the names under which the value is stored, inside the element when there is one; scope: source (the body),
    control, header, query, path, or empty for a row that only checks.
    """

    row: RowSpec
    spec: FieldSpec
    readers: tuple[Reader, ...]
    when: Holds | None
    steps: tuple[Call, ...]
    checks: tuple[Check, ...]
    default: Argument | None
    scope: str
    place: tuple[str, ...]
    verbatim: bool
    """The value is a piece of the source as it is, so that what lies inside it has a source pointer too."""
    feed: str = ""

    def locate(self, frame: Frame, index: int | None = None) -> str:
        """The pointer of the source value, of the chosen one where there are several. Without a source it is empty."""
        if not self.readers:
            return ""
        if self.spec.combined:
            return self.readers[index or 0].locate(frame, None)
        return self.readers[0].locate(frame, index)

    def output(self, element: Element | None) -> tuple[Any, ...]:
        """The output place: scope, then names and indexes."""
        scope = "control" if self.scope == "control" else "target"
        if element is None or not self.spec.array:
            return (scope, *self.place)
        return (scope, self.spec.array.removesuffix("[]"), element.index, *self.place)


@dataclass(frozen=True, slots=True)
class Feed:
    """levels: for each nested source array, how to read it from the level above and the segments that lead there."""

    spec: FeedSpec
    loop: Loop
    levels: tuple[Reader, ...]
    drop: Holds | None
    single: bool


@dataclass(frozen=True, slots=True)
class Array:
    spec: ArraySpec
    feeds: tuple[Feed, ...]


@dataclass(frozen=True, slots=True)
class Row:
    spec: RowSpec
    skip: Holds | None
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A table ready to run."""

    spec: TableSpec
    arrays: tuple[Array, ...]
    rows: tuple[Row, ...]
    supplied: tuple[str, ...]
    """Lookups that the caller must supply."""
    tables: Mapping[str, Any]
    """Lookups from files, and optional ones without an answer, for callers that supply none of that name."""


def compile_program(spec: TableSpec) -> Program:
    """Raises MappingError, with file and line, for what only shows when a path is read inside its loop."""
    named = spec.conditions
    arrays = tuple(
        Array(array, tuple(_compile_feed(feed, array, named) for feed in array.feeds.values()))
        for array in spec.arrays.values()
    )
    loops = {(array.spec.target, feed.spec.name): feed.loop for array in arrays for feed in array.feeds}
    rows = []
    for row in spec.rows:
        with _at(spec, row.pointer):
            skip = None if row.skip is None else compile_condition(row.skip.when, named)
            fields = [
                _compile_field(spec, row, each, loops.get((each.array, feed)), feed)
                for each in row.fields
                for feed in (each.feeds or ("",))
            ]
        rows.append(Row(row, skip, tuple(fields)))
    return Program(
        spec=spec,
        arrays=arrays,
        rows=tuple(rows),
        supplied=tuple(name for name, held in spec.lookups.items() if held.table is None and not held.optional),
        tables={name: held.table or {} for name, held in spec.lookups.items() if held.table or held.optional},
    )


@contextmanager
def _at(spec: TableSpec, pointer: str) -> Iterator[None]:
    try:
        yield
    except MappingError as problem:
        if problem.where:
            raise
        where = f"{spec.file}:{locate(spec.text, pointer)}"
        raise MappingError(problem.message, where=where, allowed=problem.allowed, hint=problem.hint) from None


def _compile_feed(feed: FeedSpec, array: ArraySpec, named: Named) -> Feed:
    cuts = [position + 1 for position, segment in enumerate(feed.each.segments) if segment is Step.EACH]
    single = not cuts
    ends = cuts or [len(feed.each.segments)]
    levels = tuple(feed.each.segments[:end] for end in ends)
    loop = Loop(array.target, levels, feed.each.scope)
    readers = []
    for start, end in zip([0, *ends], ends, strict=False):
        # Without its last `[]` the path reads the array itself.
        steps = feed.each.segments[start : end if single else end - 1]
        readers.append(compile_reader(feed.each.part(steps)))
    drop = None if feed.drop is None else compile_condition(feed.drop, named, loop)
    return Feed(feed, loop, tuple(readers), drop, single)


def _compile_field(spec: TableSpec, row: RowSpec, each: FieldSpec, loop: Loop | None, feed: str) -> Field:
    with _at(spec, each.pointer):
        place: tuple[str, ...] = ()
        if each.target is not None:
            place = each.target.names[1:] if loop and each.target.scope in ("source", "control") else each.target.names
        return Field(
            row=row,
            spec=each,
            readers=tuple(compile_reader(path, loop) for path in each.sources),
            when=None if each.when is None else compile_condition(each.when, spec.conditions, loop),
            steps=tuple(_compile_step(spec, step, loop) for step in spec.steps(each)),
            checks=tuple(
                Check(
                    _compile_call(RULES[rule.name], rule.arguments, spec.conditions, loop, code=rule.code),
                    rule.warning,
                    None if rule.when is None else compile_condition(rule.when, spec.conditions, loop),
                    None if rule.on is None else compile_argument(rule.on, loop),
                    rule.detail,
                )
                for rule in each.rules
            ),
            default=None if each.default is None else compile_argument(each.default, loop),
            scope="" if each.target is None else each.target.scope,
            place=place,
            verbatim=bool(each.sources) and all(s.name == "first" for s in spec.steps(each)),
            feed=feed,
        )


def _compile_step(spec: TableSpec, step: StepSpec, loop: Loop | None) -> Call:
    function = TRANSFORMATIONS[step.name]
    return _compile_call(function, step.arguments, spec.conditions, loop, repair=step.repair, code=step.code)


def _compile_call(
    function: Function,
    arguments: Mapping[str, Any],
    named: Named,
    loop: Loop | None,
    *,
    repair: str = "",
    code: str = "",
) -> Call:
    constants: dict[str, Any] = {}
    dynamic: list[tuple[str, Resolve]] = []
    for name, raw in arguments.items():
        if name in function.tables:
            argument = compile_table(str(raw))
        elif name in function.templates:
            argument = compile_template(str(raw), loop)
        elif name in function.cases:
            argument = _compile_cases(raw, named, loop)
        else:
            argument = compile_argument(raw, loop)
        if argument.resolve is None:
            constants[name] = argument.constant
        else:
            dynamic.append((name, argument.resolve))
    run = _runner(function.call, constants, dynamic)
    return Call(function, run, function.shape is Shape.EACH, function.takes_missing, repair, code)


def _runner(
    call: Callable[..., Any], constants: dict[str, Any], dynamic: list[tuple[str, Resolve]]
) -> Callable[[Frame, Any], Any]:
    if not dynamic:
        return lambda _frame, value: call(value, **constants)

    def run(frame: Frame, value: Any) -> Any:
        arguments = dict(constants)
        for name, resolve in dynamic:
            arguments[name] = resolve(frame, value)
        return call(value, **arguments)

    return run


def _compile_cases(raw: Any, named: Named, loop: Loop | None) -> Argument:
    cases = [
        (compile_condition(case["when"], named, loop) if "when" in case else None, compile_argument(case["then"], loop))
        for case in raw
    ]

    def resolve(frame: Frame, value: Any) -> Any:
        for holds, then in cases:
            if holds is None or holds(frame):
                return value_of(then, frame, value)
        return None

    return Argument(resolve=resolve)
