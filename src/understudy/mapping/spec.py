"""A mapping table as data: what the YAML file says, parsed and checked in itself, not yet executable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from understudy.mapping.fieldtype import FieldType
from understudy.mapping.lookup import CodeTable
from understudy.mapping.path import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a document is described: a system's contract and, in it, a schema, an operation's body or an event's data.

    Exactly one of schema, operation and event is set for a source; a target names an operation.
    """

    system: str
    schema: str = ""
    operation: str = ""
    event: str = ""

    def __str__(self) -> str:
        return f"{self.system} {self.operation or self.event or self.schema}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupSpec:
    """Reference data that rows ask. table: a code table from a file; None: the caller must supply it. doc: what it is,
    how it is asked and what it answers. optional: a caller without it may leave it out; it then answers nothing."""

    name: str
    doc: str = ""
    table: CodeTable | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """A transformation as called. repair: the rule id under which a change of the value is logged, empty for none.
    code: slug of its refusal, empty for the function's own. pointer: its place in the file."""

    name: str
    arguments: Mapping[str, Any]
    repair: str = ""
    code: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """A validation rule as called. on: what it checks, None for the field's value. warning: it does not refuse. detail:
    what is said instead of the rule's own words."""

    name: str
    arguments: Mapping[str, Any]
    code: str = ""
    warning: bool = False
    when: Any = None
    on: Any = None
    detail: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One target field of a row.

    sources: no path, one, or several that the steps combine (`combined`). target: None where the row only checks (`-`).
    required: R, C (required while `when` holds, else not mapped) or O. array: the target array it fills an element of,
    with `feeds`, the names of the feeds that it applies to. default: used when the steps end with no value.
    instead: another target field -> the argument that it must equal, for writers that use that field.
    judge: how a written value is compared: exact, prefix (it may go on), or may_omit (it may be absent).
    """

    sources: tuple[Path, ...]
    combined: bool
    target: Path | None
    type: FieldType
    required: str
    when: Any
    steps: tuple[StepSpec, ...]
    rules: tuple[RuleSpec, ...]
    default: Any
    array: str
    feeds: tuple[str, ...]
    instead: Mapping[str, Any]
    judge: str
    pointer: str

    @property
    def target_text(self) -> str:
        return "-" if self.target is None else self.target.text


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipSpec:
    """The message is not for the target: stop and log `reason`."""

    reason: str
    when: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSpec:
    """given: a value for the row's first source, or source path -> value. Exactly one outcome: expect (the first
    field's value, or target path -> value), refuse (slug of the violation) or skip (the reason)."""

    given: Any
    expect: Any = None
    refuse: str = ""
    skip: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSpec:
    """A row of the table: what people discuss under one id, feeding one or several target fields."""

    id: str
    owner: str
    title: str
    doc: str
    fields: tuple[FieldSpec, ...]
    skip: SkipSpec | None
    examples: tuple[ExampleSpec, ...]
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """A source array (or a single value) whose elements each make one element of the target array."""

    name: str
    each: Path
    drop: Any = None
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSpec:
    """Elements equal in the fields `by` become one: fields in `sum` add up, lists in `concat` join, others stay."""

    by: tuple[str, ...]
    sum: tuple[str, ...] = ()
    concat: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySpec:
    """A target array and its feeds, in sequence. key: the fields by which the judge pairs elements, none: by position.
    keep_empty: an empty array is sent rather than left out."""

    target: str
    feeds: Mapping[str, FeedSpec]
    key: tuple[str, ...] = ()
    merge: MergeSpec | None = None
    keep_empty: bool = False

    @property
    def name(self) -> str:
        return self.target.removesuffix("[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSpec:
    """A target field that no row governs and a writer may set: to anything, or only to one value."""

    path: Path
    value: Any = None
    any_value: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """The whole table. file, text: where it was read from, for `file:line` in messages. folder: where the files that it
    names lie, None when it was read from a text. samples: file of whole messages that show it at work."""

    name: str
    version: str
    title: str
    owner: str
    doc: str
    source: Endpoint
    target: Endpoint
    documents: Mapping[str, Endpoint]
    lookups: Mapping[str, LookupSpec]
    recipes: Mapping[str, tuple[StepSpec, ...]]
    conditions: Mapping[str, Any]
    arrays: Mapping[str, ArraySpec]
    rows: tuple[RowSpec, ...]
    free: tuple[FreeSpec, ...]
    samples: str
    file: str
    folder: FilePath | None
    text: str = field(repr=False)

    def fields(self) -> Iterator[tuple[RowSpec, FieldSpec]]:
        """Every field with its row, in evaluation order."""
        for row in self.rows:
            for each in row.fields:
                yield row, each

    def steps(self, field: FieldSpec) -> Iterator[StepSpec]:
        """The steps of a field with recipes written out."""
        for step in field.steps:
            yield from self.recipes.get(step.name, (step,))
