"""Checks of what rows read: every source field exists, every mapped value was mapped before."""

from __future__ import annotations

from collections.abc import Iterator

from understudy.errors import closest
from understudy.mapping.argument import mentions
from understudy.mapping.condition import condition_mentions
from understudy.mapping.finding import MappingFinding
from understudy.mapping.frame import OUTPUTS
from understudy.mapping.path import Path, Segment, Step, render_segments
from understudy.mapping.shape import spelled
from understudy.mapping.sides import Sides, absolute
from understudy.mapping.spec import FeedSpec, FieldSpec, RowSpec
from understudy.mapping.transform import TRANSFORMATIONS

Written = set[tuple[str, tuple[Segment, ...]]]


def check_reads(sides: Sides) -> Iterator[MappingFinding]:
    written: Written = set()
    for array in sides.spec.arrays.values():
        for feed in array.feeds.values():
            yield from _source_path(sides, feed.each, None, feed.pointer, "")
            if feed.drop is not None:
                for mention in condition_mentions(feed.drop, sides.spec.conditions):
                    if mention.path is not None:
                        yield from _source_path(sides, mention.path, feed, f"{feed.pointer}/drop", "")
    for row in sides.spec.rows:
        for field in row.fields:
            yield from _field(sides, row, field, written)
            if field.target is not None and field.target.scope in ("source", "control"):
                written.add(("control" if field.target.scope == "control" else "target", spelled(field.target)))


def _field(sides: Sides, row: RowSpec, field: FieldSpec, written: Written) -> Iterator[MappingFinding]:
    seen: set[str] = set()
    for pointer, path in _paths(sides, row, field):
        if path.text in seen:
            continue
        seen.add(path.text)
        if path.scope in OUTPUTS:
            yield from _output_path(sides, path, field, written, pointer, row.id)
            continue
        for feed in sides.feeds(field):
            problems = [*_source_path(sides, path, feed, pointer, row.id)]
            yield from problems
            if problems:
                break


def _paths(sides: Sides, row: RowSpec, field: FieldSpec) -> Iterator[tuple[str, Path]]:
    """Every path that a field reads, with its place in the table."""
    for path in field.sources:
        yield f"{field.pointer}/source", path
    named = sides.spec.conditions
    conditions = [(f"{field.pointer}/when", field.when)]
    conditions += [(f"{rule.pointer}/when", rule.when) for rule in field.rules]
    conditions += [] if row.skip is None else [(f"{row.pointer}/skip", row.skip.when)]
    arguments = [(field.pointer, field.default), (field.pointer, dict(field.instead))]
    templates = []
    for step in sides.spec.steps(field):
        function = TRANSFORMATIONS[step.name]
        for name, argument in step.arguments.items():
            if name in function.cases:
                conditions += [(step.pointer, case["when"]) for case in argument if "when" in case]
                arguments += [(step.pointer, case["then"]) for case in argument]
            elif name in function.templates:
                templates.append((step.pointer, argument))
            elif name not in function.tables:
                arguments.append((step.pointer, argument))
    for rule in field.rules:
        arguments += [(rule.pointer, argument) for argument in (*rule.arguments.values(), rule.on)]
    for pointer, condition in conditions:
        if condition is not None:
            yield from ((pointer, m.path) for m in condition_mentions(condition, named) if m.path is not None)
    for pointer, argument in arguments:
        yield from ((pointer, m.path) for m in mentions(argument) if m.path is not None)
    for pointer, text in templates:
        yield from ((pointer, m.path) for m in mentions(text, templates=True) if m.path is not None)


def _source_path(sides: Sides, path: Path, feed: FeedSpec | None, pointer: str, row: str) -> Iterator[MappingFinding]:
    scope, segments = absolute(path, feed)
    if scope in ("lookup", *OUTPUTS) or sides.source(scope) is None:
        return
    found, unknown, known = sides.found(scope, segments)
    if found is None:
        yield sides.finding(
            "unknown-source-field",
            f"{path.text!r}: {sides.endpoint(scope)} has no field {unknown!r}",
            pointer,
            row=row,
            place=path.text,
            hint=closest(unknown, known) or (f"its fields are {', '.join(known)}" if known else ""),
            expected=known,
            actual=unknown,
        )


def _output_path(
    sides: Sides, path: Path, field: FieldSpec, written: Written, pointer: str, row: str
) -> Iterator[MappingFinding]:
    segments = spelled(path)
    if path.relative:
        segments = (field.array.removesuffix("[]"), Step.EACH, *segments)
    own = field.target is not None and field.target.scope == "source" and spelled(field.target) == segments
    if own and Step.EVERY in path.segments:
        return  # the other elements' values, in a rule such as `unique`
    for scope, place in written:
        shared = min(len(place), len(segments))
        if scope == path.scope and place[:shared] == segments[:shared]:
            return
    known = sorted(f"{scope}:{render_segments(place)}" for scope, place in written if scope == path.scope)
    yield sides.finding(
        "not-yet-mapped",
        f"{path.text!r} is mapped by no earlier row",
        pointer,
        row=row,
        place=path.text,
        hint=closest(path.text, known) or "rows are evaluated in the order of the table",
        expected=known,
    )
