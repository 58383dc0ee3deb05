"""A table beside the contracts of both its sides: the shapes of its documents, and findings with their place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from understudy.contract import Contract, Operation
from understudy.mapping.finding import ERROR, MappingFinding
from understudy.mapping.path import Path, Segment
from understudy.mapping.shape import Shape, Unknown, envelope_of, shape_of, spelled
from understudy.mapping.spec import Endpoint, FeedSpec, FieldSpec, TableSpec
from understudy.mapping.table import MappingTable


class Sides:
    """table and contracts (by system name); shapes are worked out once."""

    def __init__(self, table: MappingTable, contracts: Mapping[str, Contract]) -> None:
        self.table = table
        self.contracts = contracts
        self._shapes: dict[str, Shape | None] = {}
        self._found: dict[tuple[str, tuple[Segment, ...]], tuple[Shape | None, str, list[str]]] = {}

    @property
    def spec(self) -> TableSpec:
        return self.table.spec

    def finding(
        self, rule: str, message: str, pointer: str, *, row: str = "", place: str = "", level: str = ERROR, **more: Any
    ) -> MappingFinding:
        """pointer: of the place in the table's file, for file and line. more: hint, expected, actual."""
        return MappingFinding(
            rule=rule,
            level=level,
            mapping=self.table.name,
            row=row,
            place=place,
            message=message,
            where=self.table.where(pointer),
            **more,
        )

    def endpoint(self, scope: str) -> Endpoint:
        return self.spec.source if scope in ("source", "event") else self.spec.documents[scope]

    def source(self, scope: str) -> Shape | None:
        """The shape of a document that rows read; None where no contract describes it."""
        if scope not in self._shapes:
            if scope == "event":
                self._shapes[scope] = envelope_of(self.spec.source, self.contracts)
            else:
                shape = shape_of(self.endpoint(scope), self.contracts)
                self._shapes[scope] = shape if isinstance(shape, Shape) else None
        return self._shapes[scope]

    @cached_property
    def target(self) -> Shape:
        """Only once the endpoints are known to exist."""
        shape = shape_of(self.spec.target, self.contracts)
        assert not isinstance(shape, Unknown)
        return shape

    @cached_property
    def operation(self) -> Operation | None:
        """The operation that writes the target; None where the target is only a schema to compare with."""
        return self.contracts[self.spec.target.system].operations.get(self.spec.target.operation)

    def found(self, scope: str, segments: tuple[Segment, ...]) -> tuple[Shape | None, str, list[str]]:
        """`Shape.at` in the source, in another document, or (scope `target`) in the target; each place worked out once.

        Everything fits a document that no contract describes.
        """
        known = self._found.get((scope, segments))
        if known is None:
            shape = self.target if scope == "target" else self.source(scope)
            known = (None, "", []) if shape is None else shape.at(segments)
            self._found[scope, segments] = known
        return known

    def feeds(self, field: FieldSpec) -> list[FeedSpec | None]:
        """The feeds that a field applies to; one None for a field outside arrays."""
        return [self.spec.arrays[field.array].feeds[name] for name in field.feeds] or [None]


def absolute(path: Path, feed: FeedSpec | None) -> tuple[str, tuple[Segment, ...]]:
    """The scope and segments of a path, a relative one continued from its feed's source array."""
    if path.relative and feed is not None and path.scope == "source":
        return feed.each.scope, (*feed.each.segments, *spelled(path))
    return path.scope, spelled(path)
