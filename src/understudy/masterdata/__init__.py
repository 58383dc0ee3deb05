"""Master data: keyed randomness, data sets and their fingerprints, mutations, files. Knows no customer and no item.

What the entities are and how their fields come about is in the workspace's `fixtures`, written with
`understudy.masterdata.records` (factory_boy and Faker, imported only there).
"""

from __future__ import annotations

from .dataset import DataSet, EntityPrint, Fingerprint, Record, canonical_json, fingerprint
from .drawing import Drawing, FieldDraw, RecordDraw
from .keyed import Keyed
from .mutation import Mutation, Mutations, Spoilt, spoil
from .writing import csv_text, write_dataset

__all__ = [  # noqa: RUF022 - grouped by purpose
    # what a data set is
    "DataSet",
    "EntityPrint",
    "Fingerprint",
    "Record",
    "canonical_json",
    "fingerprint",
    # making one
    "Drawing",
    "FieldDraw",
    "Keyed",
    "RecordDraw",
    # spoiling one
    "Mutation",
    "Mutations",
    "Spoilt",
    "spoil",
    # writing one
    "csv_text",
    "write_dataset",
]
