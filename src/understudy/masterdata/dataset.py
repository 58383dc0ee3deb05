"""What a data set is, and the fingerprint by which two of them are compared.

Canonical JSON: UTF-8, keys sorted by code point, no white space, non-ASCII characters as they are. The hash of an
entity is the SHA-256 of the canonical JSON of its list of records, in their order. The hash of the data set is the
SHA-256 of the canonical JSON of `{entity: hash of the entity}`: when it differs, the entities' hashes say where. An
entity without records is left out, since "none" and "not mentioned" seed the same world.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

Record = dict[str, Any]
"""One master record as plain JSON: strings, integers, booleans, nulls, lists, objects. Amounts are decimal strings."""

DataSet = Mapping[str, Sequence[Record]]
"""Entity name → its records. The order of records counts, the order of entities does not."""


@dataclass(frozen=True, slots=True)
class EntityPrint:
    """How many records an entity has, and the hash over them (hexadecimal SHA-256)."""

    entity: str
    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash of a data set (hexadecimal SHA-256) and of each of its entities, by entity name."""

    hash: str
    entities: tuple[EntityPrint, ...]


def canonical_json(value: object) -> bytes:
    """The one byte string for a JSON value. Raises ValueError for NaN and infinity, TypeError for what is no JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def fingerprint(data: DataSet) -> Fingerprint:
    """The fingerprint of a data set, equal on every machine for equal records."""
    entities = tuple(
        EntityPrint(entity, len(data[entity]), _sha256(list(data[entity]))) for entity in sorted(data) if data[entity]
    )
    return Fingerprint(_sha256({row.entity: row.hash for row in entities}), entities)


def _sha256(value: object) -> str:
    return sha256(canonical_json(value)).hexdigest()
