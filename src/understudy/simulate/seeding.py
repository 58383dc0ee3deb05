"""A data set as seeders ask for it: what none of them asks for was misspelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from understudy.simulate.behaviour import DataSet


class UnknownEntities(Exception):
    """Records that no system asked for. names: their entities. known: what systems do ask for."""

    def __init__(self, names: Sequence[str], known: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names
        self.known = known


class Asked(Mapping[str, Sequence[Mapping[str, Any]]]):
    """A data set that remembers which entities it was asked for, the ones that it lacks included."""

    def __init__(self, data: DataSet) -> None:
        self._data = data
        self._names: set[str] = set()

    def __getitem__(self, name: str) -> Sequence[Mapping[str, Any]]:
        self._names.add(name)
        return self._data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def require_all_asked(self) -> None:
        """Raises UnknownEntities."""
        unknown = [name for name in self._data if name not in self._names]
        if unknown:
            raise UnknownEntities(unknown, sorted(self._names))
