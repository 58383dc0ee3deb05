"""Reference data that rows consult: code tables in files, and whatever the caller supplies under a lookup's name.

A code table is a YAML file with an owner:

    table: shipping-methods
    version: "1.0.0"
    owner: operations
    key: [store]
    fold: true                       # compare keys without case
    rows:
      - {store: dhl_std, erp: DHL-STD, active: true}

A key column may hold `*`, which stands for any value. A row without it wins, else the one that is exact further left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from understudy.contract import load_yaml, locate
from understudy.errors import MappingError, closest

ANY = "*"
_TABLE_KEYS = {"table", "version", "owner", "doc", "key", "fold", "rows"}


class Lookup(Protocol):
    """Something that answers a key with a value or a record."""

    @property
    def name(self) -> str: ...

    @property
    def owner(self) -> str: ...

    def find(self, *key: Any) -> Any:
        """The value or record of a key, None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Supplied:
    """A lookup given by the caller: a function of the key's parts, or a mapping (a key of several parts is a tuple)."""

    name: str
    data: Callable[..., Any] | Mapping[Any, Any]
    owner: str = ""

    def find(self, *key: Any) -> Any:
        if any(isinstance(part, list | dict) for part in key):
            return None  # a list or an object is never a key
        if callable(self.data):
            return self.data(*key)
        return self.data.get(key[0] if len(key) == 1 else key)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """A crosswalk or code list. rows: in file order; each has every key column, and `active` (true where not written).

    A row may carry `from` and `to`, the first and last day of its validity; what they mean is for the reader to decide.
    """

    name: str
    version: str
    owner: str
    key: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    fold: bool = False
    doc: str = ""
    file: str = ""
    _index: dict[tuple[str, ...], Mapping[str, Any]] = field(default_factory=dict, repr=False, compare=False)
    _masks: tuple[tuple[bool, ...], ...] = field(default=(), repr=False, compare=False)

    def find(self, *key: Any) -> Mapping[str, Any] | None:
        exact = tuple(self._fold(str(part)) for part in key)
        row = self._index.get(exact)
        if row is not None:
            return row
        for mask in self._masks:
            masked = tuple(ANY if wild else part for wild, part in zip(mask, exact, strict=False))
            if (row := self._index.get(masked)) is not None:
                return row
        return None

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows if row.get(name) is not None]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in order of first appearance."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))

    def _fold(self, text: str) -> str:
        return text.casefold() if self.fold else text


def as_lookup(name: str, data: Any) -> Lookup:
    """What the caller supplied, as a lookup. Raises MappingError for data that answers no key."""
    if isinstance(data, CodeTable | Supplied):
        return data
    if callable(data) or isinstance(data, Mapping):
        return Supplied(name, data)
    raise MappingError(
        f"lookup {name!r} cannot be asked for a key", allowed="a mapping, a function of the key, or a code table"
    )


def code_table(
    *, name: str, owner: str, key: Sequence[str], rows: Sequence[Mapping[str, Any]], fold: bool = False, **about: str
) -> CodeTable:
    """A code table from its rows. about: version, doc, file. Raises MappingError for a row without its key, or twice
    the same key; `index` of the offending row is in the message."""
    table = CodeTable(
        name=name,
        version=about.get("version", ""),
        owner=owner,
        key=tuple(key),
        rows=tuple({"active": True, **row} for row in rows),
        fold=fold,
        doc=about.get("doc", ""),
        file=about.get("file", ""),
    )
    masks: dict[tuple[bool, ...], None] = {}
    for index, row in enumerate(table.rows):
        lacking = [column for column in key if row.get(column) is None]
        if lacking:
            raise _RowError(index, f"the row lacks its key column {lacking[0]!r}")
        parts = tuple(str(row[column]) for column in key)
        folded = tuple(ANY if part == ANY else table._fold(part) for part in parts)
        if folded in table._index:
            raise _RowError(index, f"the key {' / '.join(parts)} is there twice")
        table._index[folded] = row
        if ANY in parts:
            masks[tuple(part == ANY for part in parts)] = None
    object.__setattr__(table, "_masks", tuple(sorted(masks)))
    return table


class _RowError(MappingError):
    def __init__(self, index: int, message: str) -> None:
        super().__init__(message, where=f"row {index + 1}")
        self.index = index


def load_code_table(path: Path | str, *, text: str | None = None) -> CodeTable:
    """The code table in a file, or in `text` with `path` as its name. Raises MappingError with file and line."""
    name = str(path)
    if text is None:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            reason = getattr(problem, "strerror", None) or "the file is not UTF-8"
            raise MappingError(f"the code table cannot be read: {reason}", where=name) from None
    return _read_code_table(text, name)


@lru_cache(maxsize=256)
def _read_code_table(text: str, name: str) -> CodeTable:
    """Several mappings ask the same table: it is read once for each text that it ever had."""
    data = load_yaml(text, name, error=MappingError)

    def refuse(message: str, pointer: str, **more: str) -> MappingError:
        return MappingError(message, where=f"{name}:{locate(text, pointer)}", **more)

    if not isinstance(data, dict):
        raise refuse("a code table is an object", "", allowed=", ".join(sorted(_TABLE_KEYS)))
    for unknown in data.keys() - _TABLE_KEYS:
        raise refuse(f"unknown key {unknown!r}", f"/{unknown}", hint=closest(unknown, _TABLE_KEYS))
    if not data.get("owner"):
        raise refuse("the code table has no owner", "", hint="name who may change its rows: `owner: operations`")
    key, rows = data.get("key"), data.get("rows")
    if not isinstance(key, list) or not key or not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise refuse("the code table needs `key` (column names) and `rows` (objects)", "")
    try:
        return code_table(
            name=str(data.get("table") or Path(name).stem),
            owner=str(data["owner"]),
            key=[str(column) for column in key],
            rows=rows,
            fold=bool(data.get("fold")),
            version=str(data.get("version", "")),
            doc=str(data.get("doc", "")),
            file=name,
        )
    except _RowError as problem:
        raise refuse(problem.message, f"/rows/{problem.index}") from None
