"""Checks of what rows write: every target field exists, may be written, and everything that is required is fed."""

from __future__ import annotations

from collections.abc import Iterator

from understudy.errors import closest
from understudy.mapping.check_types import check_type
from understudy.mapping.finding import MappingFinding
from understudy.mapping.path import Path, Segment, Step, parse_path, render_segments
from understudy.mapping.shape import Shape, spelled
from understudy.mapping.sides import Sides
from understudy.mapping.spec import FieldSpec, RowSpec


def check_writes(sides: Sides) -> Iterator[MappingFinding]:
    fed: dict[tuple[str, str], FieldSpec] = {}
    for array in sides.spec.arrays.values():
        yield from _target_field(sides, parse_path(array.target), "", f"/arrays/{array.target}")
    for index, free in enumerate(sides.spec.free):
        if free.path.scope == "source":
            yield from _target_field(sides, free.path, "", f"/free/{index}")
    for row in sides.spec.rows:
        for field in row.fields:
            if field.target is not None:
                yield from _field(sides, row, field, field.target, fed)


def _field(
    sides: Sides, row: RowSpec, field: FieldSpec, target: Path, fed: dict[tuple[str, str], FieldSpec]
) -> Iterator[MappingFinding]:
    for feed in field.feeds or ("",):
        other = fed.setdefault((target.text, feed), field)
        if other is not field and (other.when is None or field.when is None):
            yield sides.finding(
                "fed-twice",
                f"{target.text!r} is fed by another row already",
                f"{field.pointer}/target",
                row=row.id,
                place=target.text,
                hint="give both a condition `when`",
            )
    if target.scope in ("header", "query", "path"):
        yield from _parameter(sides, row, field, target)
    elif target.scope == "source":
        problems = [*_target_field(sides, target, row.id, f"{field.pointer}/target")]
        yield from problems
        shape, _, _ = sides.found("target", spelled(target))
        if shape is not None and not problems:
            yield from check_type(sides, row, field, shape)


def _target_field(sides: Sides, path: Path, row: str, pointer: str) -> Iterator[MappingFinding]:
    shape, unknown, known = sides.found("target", spelled(path))
    if shape is None:
        yield sides.finding(
            "unknown-target-field",
            f"{path.text!r}: {sides.spec.target} has no field {unknown!r}",
            pointer,
            row=row,
            place=path.text,
            hint=closest(unknown, known) or (f"its fields are {', '.join(known)}" if known else ""),
            expected=known,
            actual=unknown,
        )
    elif shape.read_only and sides.operation is not None:
        message = f"{path.text!r} is set by {sides.spec.target.system} itself"
        yield sides.finding("read-only-target", message, pointer, row=row, place=path.text)


def _parameter(sides: Sides, row: RowSpec, field: FieldSpec, target: Path) -> Iterator[MappingFinding]:
    operation = sides.operation
    declared = [p.name for p in operation.parameters if p.location == target.scope] if operation is not None else []
    fold = str.lower if target.scope == "header" else str
    name = target.names[0]
    if fold(name) not in {fold(known) for known in declared}:
        yield sides.finding(
            "undeclared-parameter",
            f"{sides.spec.target} declares no {target.scope} {name!r}",
            f"{field.pointer}/target",
            row=row.id,
            place=target.text,
            hint=closest(name, declared) or (f"it declares {', '.join(declared)}" if declared else ""),
            expected=declared,
            actual=name,
        )


def check_required(sides: Sides) -> Iterator[MappingFinding]:
    """What the target requires is fed by a row that cannot stay silent, in the elements of every feed."""
    if sides.operation is None:
        return
    yield from _members(sides, sides.target, (), None)
    fed = {field.target_text.lower() for _, field in sides.spec.fields()}
    fed.update(free.path.text.lower() for free in sides.spec.free)
    for parameter in sides.operation.parameters:
        wanted = parameter.location == "header" and parameter.required
        if wanted and f"header:{parameter.name}".lower() not in fed:
            yield sides.finding(
                "required-header-not-fed",
                f"{sides.operation.id} requires the header {parameter.name!r}, no row feeds it",
                "/rows",
                place=parameter.name,
                expected=parameter.name,
                hint=f"feed `header:{parameter.name}`, or list it under `free` where the caller makes it",
            )


def _members(sides: Sides, shape: Shape, place: tuple[Segment, ...], feed: str | None) -> Iterator[MappingFinding]:
    for name in shape.required:
        yield from _member(sides, shape, (*place, name), feed)
    for choice in shape.required_one_of:
        if not any(all(_feeders(sides, (*place, name), feed) for name in names) for names in choice):
            text = " or ".join(" and ".join(names) for names in choice)
            yield _not_fed(sides, f"the target requires {text}, no row feeds it", "/rows", text)


def _member(sides: Sides, shape: Shape, here: tuple[Segment, ...], feed: str | None) -> Iterator[MappingFinding]:
    text = render_segments(here)
    feeders = _feeders(sides, here, feed)
    if not feeders:
        suffix = f" in elements of the feed {feed!r}" if feed else ""
        yield _not_fed(sides, f"the target requires {text!r}, no row feeds it{suffix}", "/rows", text)
        return
    if all(field.required == "O" and field.default is None for _, field in feeders):
        row, field = feeders[0]
        message = f"the target requires {text!r}, only optional rows feed it"
        yield _not_fed(sides, message, field.pointer, text, row.id)
    inner = shape.member(str(here[-1]))
    if inner is None:
        return
    array = sides.spec.arrays.get(f"{text}[]")
    if array is not None and inner.elements is not None:
        for name in array.feeds:
            yield from _members(sides, inner.elements, (*here, Step.EACH), name)
    elif "object" in inner.types and any(f.target is not None and spelled(f.target) != here for _, f in feeders):
        yield from _members(sides, inner, here, feed)


def _feeders(sides: Sides, here: tuple[Segment, ...], feed: str | None) -> list[tuple[RowSpec, FieldSpec]]:
    """The fields that write a target field or something inside it."""
    return [
        (row, field)
        for row, field in sides.spec.fields()
        if field.target is not None
        and field.target.scope == "source"
        and spelled(field.target)[: len(here)] == here
        and (feed is None or feed in field.feeds)
    ]


def _not_fed(sides: Sides, message: str, pointer: str, place: str, row: str = "") -> MappingFinding:
    return sides.finding("required-target-not-fed", message, pointer, row=row, place=place, expected=place)
