"""Tables of records: copy-on-write when a world is forked, transactional while a request runs.

A record is a plain dict that nobody changes in place: a change puts a new dict under the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]
Field = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a table promises.

    key: field that identifies a record. unique and indexes: a field or a tuple of fields that `find` may ask for; a
    record in which such a field is missing or None is not in that index. tracked: fields whose changes are journalled
    as transitions. versioned: the engine keeps `@etag` (`W/"1"`, rising once per transaction that changes the record).
    """

    name: str
    key: str = "id"
    unique: tuple[Field, ...] = ()
    indexes: tuple[Field, ...] = ()
    tracked: tuple[str, ...] = ()
    versioned: bool = True


class DuplicateKey(Exception):
    """A behaviour stored a second record under a unique field. That is a bug in the behaviour, not a refusal."""


class Table:
    """The committed records of one table, in the order in which they were first put."""

    __slots__ = ("_indexes", "_owned", "_rows", "_shared", "spec")

    def __init__(self, spec: TableSpec) -> None:
        self.spec = spec
        self._rows: dict[Any, Record] = {}
        self._indexes: dict[Field, dict[Any, dict[Any, None]]] = {f: {} for f in (*spec.unique, *spec.indexes)}
        self._shared = False
        self._owned: dict[Field, set[Any]] | None = None
        """Index groups that this fork has copied; None while nothing is shared with another fork."""

    def fork(self) -> Table:
        """An independent table with the same records, in constant time; the first write to either copies."""
        twin = Table.__new__(Table)
        twin.spec = self.spec
        twin._rows, twin._indexes = self._rows, self._indexes
        twin._shared = self._shared = True
        twin._owned = None
        return twin

    def get(self, key: Any) -> Record | None:
        return self._rows.get(key)

    def keys(self, field: Field, value: Any) -> Iterable[Any]:
        """The keys of the records whose declared field has the value."""
        return self._indexes[field].get(value, ())

    def find(self, field: Field, value: Any) -> list[Record]:
        group = self._indexes[field].get(value)
        return [self._rows[key] for key in group] if group else []

    def all(self) -> Iterator[Record]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def write(self, key: Any, record: Record | None) -> None:
        """Put or (None) delete a record and keep the indexes true. A transaction checks uniqueness before."""
        self._own()
        old = self._rows.get(key)
        for field, index in self._indexes.items():
            before = _value(old, field) if old is not None else None
            after = _value(record, field) if record is not None else None
            if before == after:
                continue
            if before is not None:
                group = self._own_group(field, index, before)
                group.pop(key, None)
                if not group:
                    del index[before]
            if after is not None:
                self._own_group(field, index, after)[key] = None
        if record is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = record

    def _own(self) -> None:
        if self._shared:
            self._rows = dict(self._rows)
            self._indexes = {field: dict(index) for field, index in self._indexes.items()}
            self._owned = {field: set() for field in self._indexes}
            self._shared = False

    def _own_group(self, field: Field, index: dict[Any, dict[Any, None]], value: Any) -> dict[Any, None]:
        group = index.get(value)
        if group is None:
            group = index[value] = {}
            if self._owned is not None:
                self._owned[field].add(value)
        elif self._owned is not None and value not in self._owned[field]:
            group = index[value] = dict(group)
            self._owned[field].add(value)
        return group


class TableView:
    """One table as a transaction sees it: the committed records under the changes made so far."""

    __slots__ = ("_base", "_changes")

    def __init__(self, base: Table) -> None:
        self._base = base
        self._changes: dict[Any, Record | None] = {}

    def get(self, key: Any) -> Record | None:
        if key in self._changes:
            return self._changes[key]
        return self._base.get(key)

    def find(self, field: Field, value: Any) -> list[Record]:
        """The records whose field (or tuple of fields) equals the value; the field must be declared in the spec."""
        found = self._base.find(field, value)
        if not self._changes:
            return found
        key = self._base.spec.key
        kept = [self._changes.get(r[key], r) for r in found]
        result = [r for r in kept if r is not None and _value(r, field) == value]
        known = {r[key] for r in found}
        result += [
            r for k, r in self._changes.items() if r is not None and k not in known and _value(r, field) == value
        ]
        return result

    def all(self) -> Iterator[Record]:
        if not self._changes:
            yield from self._base.all()
            return
        key = self._base.spec.key
        seen = set()
        for record in self._base.all():
            seen.add(record[key])
            current = self._changes.get(record[key], record)
            if current is not None:
                yield current
        for k, record_or_none in self._changes.items():
            if record_or_none is not None and k not in seen:
                yield record_or_none

    def put(self, record: Mapping[str, Any]) -> Record:
        """Store a record under its key and return it as stored (with its new `@etag` when the table is versioned)."""
        spec = self._base.spec
        key = record[spec.key]
        new = dict(record)
        if spec.versioned:
            if key in self._changes and (pending := self._changes[key]) is not None:
                new["@etag"] = pending["@etag"]
            else:
                committed = self._base.get(key)
                version = int(committed["@etag"][3:-1]) + 1 if committed else 1
                new["@etag"] = f'W/"{version}"'
        self._changes[key] = new
        return new

    def delete(self, key: Any) -> None:
        self._changes[key] = None

    def __len__(self) -> int:
        return sum(1 for _ in self.all())

    def __contains__(self, key: Any) -> bool:
        return self.get(key) is not None

    def check(self) -> None:
        """Raises DuplicateKey when the changes, taken together, would put two records under one unique value."""
        for field in self._base.spec.unique:
            taken: dict[Any, Any] = {}
            for key, record in self._changes.items():
                value = _value(record, field) if record is not None else None
                if value is None:
                    continue
                stays = (k for k in self._base.keys(field, value) if k not in self._changes)
                if taken.setdefault(value, key) != key or any(True for _ in stays):
                    raise DuplicateKey(f"{self._base.spec.name}: {field}={value!r} exists already")

    @property
    def changes(self) -> Mapping[Any, Record | None]:
        """The uncommitted changes, key -> record or None for deleted, in the order made."""
        return self._changes


def _value(record: Record, field: Field) -> Any:
    if isinstance(field, tuple):
        values = tuple(record.get(f) for f in field)
        return None if None in values else values
    return record.get(field)
