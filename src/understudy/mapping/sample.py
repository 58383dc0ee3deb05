"""Whole messages that show a table at work, in a file of their own, with the reference data that they need.

lookups_from: lookups.yaml
cases:
  - name: standard order
    source: {...}
    meta: {event: {...}}
    expect: {document: {...}, headers: {...}}
  - name: the same, typed carelessly
    like: standard order
    set: {/line_items/0/sku: " sku-1001"}
    expect: {same_document: true, repairs: [{pointer: /line_items/0/sku, rule: DQ-1}]}
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.contract import locate, read_yaml
from understudy.contract.reference import unescape
from understudy.errors import MappingError, closest
from understudy.mapping.apply import apply_program
from understudy.mapping.lookup import CodeTable, code_table
from understudy.mapping.program import Program
from understudy.mapping.result import Applied

_CASE = ("name", "doc", "like", "source", "meta", "set", "remove", "lookups", "expect")
_EXPECT = (*("document", "same_document", "headers", "path", "controls", "violations", "warnings", "repairs", "skip"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message and what it must become. expect: only what is written there is compared; lists are complete."""

    name: str
    source: Any
    meta: Mapping[str, Any]
    lookups: Mapping[str, Any]
    expect: Mapping[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class Samples:
    """lookups: reference data by name, enough for the cases and for the rows' examples."""

    lookups: Mapping[str, Any]
    cases: tuple[Case, ...]


def load_samples(path: Path) -> Samples:
    """Raises MappingError with file and line for a file that is no set of samples."""
    data = read_yaml(path, error=MappingError)
    text = path.read_text(encoding="utf-8")
    if not isinstance(data, dict):
        raise MappingError("a file of samples is an object", where=str(path), allowed="lookups_from, lookups, cases")
    lookups = load_lookups(path.parent / str(data["lookups_from"])) if data.get("lookups_from") else {}
    lookups = {**lookups, **_read_lookups(data.get("lookups") or {})}
    known: dict[str, Case] = {}
    for index, node in enumerate(data.get("cases") or []):
        where = f"{path}:{locate(text, f'/cases/{index}')}"
        case = _read_case(node, known, where)
        known[case.name] = case
    return Samples(lookups, tuple(known.values()))


def load_lookups(path: Path) -> dict[str, Any]:
    """The reference data of a file: lookup name -> plain value, mapping, or rows with a key."""
    data = read_yaml(path, error=MappingError)
    if not isinstance(data, dict):
        raise MappingError("a file of lookups is an object", where=str(path))
    return _read_lookups(data)


def _read_lookups(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _read_lookup(name, node) for name, node in data.items()}


def _read_lookup(name: str, node: Any) -> Any:
    if not isinstance(node, dict) or "rows" not in node:
        return node
    table = code_table(name=name, owner=str(node.get("owner", "")), key=node["key"], rows=node["rows"])
    take = node.get("take")
    return table if take is None else lambda *key: _taken(table, str(take), key)


def _taken(table: CodeTable, take: str, key: tuple[Any, ...]) -> Any:
    row = table.find(*key)
    return None if row is None else row.get(take)


def _read_case(node: Any, known: Mapping[str, Case], where: str) -> Case:
    if not isinstance(node, dict) or not node.get("name"):
        raise MappingError("a case needs a name", where=where)
    for allowed, part in ((_CASE, node), (_EXPECT, node.get("expect") or {})):
        for key in part:
            if key not in allowed:
                raise MappingError(f"unknown key {key!r}", where=where, hint=closest(key, allowed))
    name = str(node["name"])
    if name in known:
        raise MappingError(f"the case {name!r} is there twice", where=where)
    if "like" not in node:
        base = Case(name=name, source=None, meta={}, lookups={}, expect={}, where=where)
    elif node["like"] in known:
        base = known[node["like"]]
    else:
        raise MappingError(f"there is no case {node['like']!r} above", where=where, hint=closest(node["like"], known))
    source = copy.deepcopy(node.get("source", base.source))
    for pointer, value in (node.get("set") or {}).items():
        _change(source, pointer, value, where)
    for pointer in node.get("remove") or []:
        _change(source, pointer, _REMOVE, where)
    expect = dict(node.get("expect") or {})
    if expect.pop("same_document", False):
        expect["document"] = base.expect.get("document")
    return Case(
        name=name,
        source=source,
        meta={**base.meta, **(node.get("meta") or {})},
        lookups={**base.lookups, **_read_lookups(node.get("lookups") or {})},
        expect=expect,
        where=where,
    )


_REMOVE = object()


def _change(document: Any, pointer: str, value: Any, where: str) -> None:
    parts = [unescape(part) for part in pointer.split("/")[1:]]
    holder = document
    try:
        for part in parts[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        key: Any = int(parts[-1]) if isinstance(holder, list) and parts[-1] != "-" else parts[-1]
        if value is _REMOVE:
            del holder[key]
        elif key == "-":
            holder.append(value)
        else:
            holder[key] = value
    except (KeyError, IndexError, ValueError, TypeError):
        raise MappingError(f"nothing is at {pointer!r} in the sample", where=where) from None


def run_case(program: Program, case: Case, lookups: Mapping[str, Any]) -> list[str]:
    """How the result differs from what the case expects; empty when it does not."""
    try:
        applied = apply_program(program, case.source, {**lookups, **case.lookups}, case.meta)
    except MappingError as error:
        return [error.message]
    problems = list(_differences(applied, case.expect))
    if applied.violations and not case.expect.get("violations"):
        told = "; ".join(f"{v.row} {v.source} {v.code}: {v.detail}" for v in applied.violations)
        problems.insert(0, f"it is refused: {told}")
    return problems


def _differences(applied: Applied, expect: Mapping[str, Any]) -> Iterator[str]:
    if applied.skip != expect.get("skip", ""):
        yield f"skip is {applied.skip!r}, {expect.get('skip', '')!r} is expected"
    for name, actual in (("document", applied.document), ("headers", applied.headers), ("path", applied.path)):
        if name in expect:
            yield from compare(expect[name], actual, name)
    for name, value in (expect.get("controls") or {}).items():
        yield from compare(value, applied.controls.get(name), f"controls/{name}")
    for name, entries in (
        ("violations", [violation.as_dict() for violation in applied.violations]),
        ("warnings", [violation.as_dict() for violation in applied.warnings]),
        ("repairs", [repair.as_dict() for repair in applied.repairs]),
    ):
        if name in expect:
            yield from _compare_entries(name, expect[name], entries)


def _compare_entries(name: str, expected: list[Mapping[str, Any]], actual: list[dict[str, Any]]) -> Iterator[str]:
    """Entries in any order; each expected one names the members that it is about."""
    left = list(actual)
    for entry in expected:
        match = next((held for held in left if all(held.get(key) == value for key, value in entry.items())), None)
        if match is None:
            yield f"{name}: {dict(entry)} is missing"
        else:
            left.remove(match)
    for held in left:
        yield f"{name}: {held} is not expected"


def compare(expected: Any, actual: Any, place: str) -> Iterator[str]:
    """Field by field, the places where two JSON values differ."""
    if isinstance(expected, dict) and isinstance(actual, Mapping):
        for key in dict.fromkeys([*expected, *actual]):
            if key not in actual:
                yield f"{place}/{key} is missing, {expected[key]!r} is expected"
            elif key not in expected:
                yield f"{place}/{key} is not expected, it is {actual[key]!r}"
            else:
                yield from compare(expected[key], actual[key], f"{place}/{key}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
            yield from compare(left, right, f"{place}/{index}")
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield f"{place} is {actual!r}, {expected!r} is expected"
