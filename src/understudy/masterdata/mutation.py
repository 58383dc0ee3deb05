"""Deliberately dirty data: a named change of one field of a clean record (the DQ rows of domain section 3).

The mechanism only; which mutations exist is up to the workspace (`fixtures/dirty.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.errors import UnusableInput, closest

from .dataset import DataSet, Record
from .keyed import Keyed

Change = Callable[[Record, Keyed], Any]
"""(clean record, chance of this record) → the dirty value, or None when the record offers nothing to spoil."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """name: stable id (`DQ-12`). entity and pointer: the field that is spoiled, a JSON Pointer of plain member names.

    policy: what a good integration does with it, `fix` or `reject`. text: the mutation in a sentence.
    """

    name: str
    entity: str
    pointer: str
    policy: str
    text: str
    change: Change

    def spoil(self, record: Record, chance: Keyed) -> Record | None:
        """The record with the one field changed, the original left as it is; None when the mutation does not apply."""
        dirty = self.change(record, chance)
        return None if dirty is None else _with(record, self.pointer.split("/")[1:], dirty)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """One record that a mutation changed. index: position within the entity's records."""

    mutation: str
    entity: str
    index: int
    pointer: str
    before: Any
    after: Any


class Mutations(Mapping[str, Mutation]):
    """Mutations by name, in the order given. Raises ValueError when two have one name."""

    def __init__(self, *mutations: Mutation) -> None:
        self._by_name = {mutation.name: mutation for mutation in mutations}
        if len(self._by_name) != len(mutations):
            raise ValueError("two mutations have the same name")

    def __getitem__(self, name: str) -> Mutation:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> Mutation:
        """The mutation of that name. Raises UnusableInput with the closest names."""
        if name not in self._by_name:
            raise UnusableInput(
                f"there is no mutation {name!r}",
                allowed=", ".join(self._by_name),
                hint=closest(name, self._by_name),
            )
        return self._by_name[name]


def spoil(
    data: DataSet, mutation: Mutation, chance: Keyed, *, first: int = 0, share: float = 0.1
) -> tuple[dict[str, list[Record]], list[Spoilt]]:
    """The data set with a share of one entity's records spoilt, at least one, and the list of what was done.

    first: records before this position stay clean. share: 0 to 1, the chance of each record that the mutation fits.
    Raises UnusableInput when no record offers itself.
    """
    records = list(data.get(mutation.entity, ()))
    candidates: list[tuple[int, Record]] = []
    for index in range(first, len(records)):
        dirty = mutation.spoil(records[index], chance.at(mutation.name, index))
        if dirty is not None:
            candidates.append((index, dirty))
    if not candidates:
        raise UnusableInput(
            f"mutation {mutation.name} found no record of {mutation.entity} to spoil",
            where=f"{mutation.entity}{mutation.pointer}",
            hint="generate more records, for example with --count",
        )
    chosen = [row for row in candidates if chance.uniform(mutation.name, row[0], "chosen") < share] or candidates[:1]
    path = mutation.pointer.split("/")[1:]
    spoilt = [
        Spoilt(mutation.name, mutation.entity, index, mutation.pointer, _at(records[index], path), _at(dirty, path))
        for index, dirty in chosen
    ]
    for index, dirty in chosen:
        records[index] = dirty
    return {entity: list(rows) for entity, rows in data.items()} | {mutation.entity: records}, spoilt


def _at(record: Record, path: list[str]) -> Any:
    value: Any = record
    for name in path:
        value = value[name]
    return value


def _with(record: Record, path: list[str], value: Any) -> Record:
    head, *rest = path
    return {**record, head: _with(record[head], rest, value) if rest else value}
