"""Writing a data set to a folder: per entity one JSON and one CSV file, and a manifest with counts and hashes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from understudy.errors import UnusableInput

from .dataset import DataSet, Record, fingerprint


def write_dataset(data: DataSet, folder: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Write `<entity>.json`, `<entity>.csv` and `manifest.json`; returns the files in the order written.

    manifest: what the data set was made from (seed, counts, versions); its fingerprint is added. The folder is made if
    need be, files of the same name are replaced, other files stay. Raises UnusableInput when the folder cannot be
    written.
    """
    print_ = fingerprint(data)
    files = {f"{row.entity}.json": _json_text(list(data[row.entity])) for row in print_.entities}
    files |= {f"{row.entity}.csv": csv_text(list(data[row.entity])) for row in print_.entities}
    files["manifest.json"] = _json_text(
        {**manifest, "hash": print_.hash, "entities": [asdict(row) for row in print_.entities]}
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UnusableInput(
            f"the data set cannot be written: {error.strerror or error}",
            where=str(error.filename or folder),
            hint="name a folder that you may write to",
        ) from error
    return [folder / name for name in files]


def csv_text(records: list[Record]) -> str:
    """RFC 4180 with `\\n`: a header of all fields in the order of their first appearance, then a row a record.

    Null and absent are an empty cell, booleans `true` and `false`; lists and objects are compact JSON in one cell.
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(record.get(name)) for name in names] for record in records)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
