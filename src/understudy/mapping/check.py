"""The static check of a table against the contracts on both sides, and of its examples (design decision 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.contract import Contract
from understudy.errors import MappingError, closest
from understudy.mapping.check_reads import check_reads
from understudy.mapping.check_writes import check_required, check_writes
from understudy.mapping.example import run_examples
from understudy.mapping.finding import ERROR, WARNING, MappingFinding
from understudy.mapping.sample import Case, Samples, load_samples, run_case
from understudy.mapping.shape import Unknown, pointer_of, shape_of
from understudy.mapping.sides import Sides
from understudy.mapping.table import MappingTable
from understudy.mapping.transform import TRANSFORMATIONS


def check(
    table: MappingTable,
    contracts: Mapping[str, Contract],
    *,
    examples: bool = True,
    lookups: Mapping[str, Any] | None = None,
) -> list[MappingFinding]:
    """Everything that is wrong with a table; empty when nothing is.

    contracts: by system name. examples: also run the rows' examples and the table's samples. lookups: reference data
    for them, beside what the samples bring. See `finding.RULES` for what is checked.
    """
    sides = Sides(table, contracts)
    found = [*_endpoints(sides)]
    if not found:
        found = [
            *check_reads(sides),
            *check_writes(sides),
            *check_required(sides),
            *_lookups(sides),
            *_no_example(sides),
        ]
    if examples:
        found.extend(_examples(sides, lookups or {}))
    return found


def ensure(table: MappingTable, contracts: Mapping[str, Contract]) -> None:
    """Raises MappingError for the first error of the static check, without running examples."""
    for finding in check(table, contracts, examples=False):
        if finding.level == ERROR:
            row = f"row {finding.row}: " if finding.row else ""
            raise MappingError(f"{row}{finding.message}", where=finding.where, hint=finding.hint)


def samples_of(table: MappingTable) -> Samples:
    """The table's samples, none where it names no file."""
    if not table.spec.samples or table.spec.folder is None:
        return Samples({}, ())
    return load_samples(table.spec.folder / table.spec.samples)


def _endpoints(sides: Sides) -> Iterator[MappingFinding]:
    named = [("/source", sides.spec.source), ("/target", sides.spec.target)]
    named += [(f"/documents/{name}", endpoint) for name, endpoint in sides.spec.documents.items()]
    for pointer, endpoint in named:
        shape = shape_of(endpoint, sides.contracts)
        if isinstance(shape, Unknown):
            yield sides.finding(
                "unknown-contract-part",
                f"there is no {shape.what} {shape.name!r}",
                pointer,
                place=shape.name,
                hint=closest(shape.name, shape.known),
                expected=shape.known,
            )


def _lookups(sides: Sides) -> Iterator[MappingFinding]:
    spec = sides.spec
    asked: set[str] = set()
    written: list[Any] = [dict(spec.conditions)]
    for _, field in spec.fields():
        written.extend([field.default, dict(field.instead), field.when, *(path.text for path in field.sources)])
        for step in spec.steps(field):
            asked.update(str(step.arguments[name]) for name in TRANSFORMATIONS[step.name].tables)
            written.append(dict(step.arguments))
        for rule in field.rules:
            asked.update([str(rule.arguments["table"])] if "table" in rule.arguments else [])
            written.extend([dict(rule.arguments), rule.on, rule.when])
    written.extend(row.skip.when for row in spec.rows if row.skip is not None)
    asked.update(_named(written))
    for name in spec.lookups:
        if name not in asked:
            message = f"lookup {name!r} is asked by no row"
            yield sides.finding("unused-lookup", message, f"/lookups/{name}", place=name, level=WARNING)


def _named(value: Any) -> Iterator[str]:
    """Lookups named in arguments and paths, wherever they are."""
    if isinstance(value, str):
        if match := re.match(r"\$?lookup:([A-Za-z0-9_]+)", value):
            yield match[1]
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        if isinstance(value.get("lookup"), str):
            yield value["lookup"]
        for item in value.values():
            yield from _named(item)


def _no_example(sides: Sides) -> Iterator[MappingFinding]:
    for row in sides.spec.rows:
        if not row.examples:
            yield sides.finding("no-example", "the row has no example", row.pointer, row=row.id, level=WARNING)


def _examples(sides: Sides, lookups: Mapping[str, Any]) -> Iterator[MappingFinding]:
    samples = samples_of(sides.table)
    known = {**samples.lookups, **lookups}
    for outcome in run_examples(sides.table.program, known):
        if not outcome.passed:
            yield sides.finding(
                "example-failed",
                f"example {outcome.index + 1}: {outcome.problem}",
                outcome.example.pointer,
                row=outcome.row,
                place=f"{outcome.row}/{outcome.index}",
            )
    for case in samples.cases:
        yield from _sample(sides, case, known)


def _sample(sides: Sides, case: Case, lookups: Mapping[str, Any]) -> Iterator[MappingFinding]:
    rule, problems = "sample-failed", run_case(sides.table.program, case, lookups)
    pointer = pointer_of(sides.spec.target, sides.contracts)
    if not problems and isinstance(pointer, str):
        applied = sides.table.apply(case.source, {**lookups, **case.lookups}, case.meta)
        if not applied.skip and not applied.refused:
            schemas = sides.contracts[sides.spec.target.system].schemas
            rule = "sample-not-valid"
            problems = [
                f"{broken.pointer}: {broken.detail}" for broken in schemas.violations(pointer, applied.document)
            ]
    for problem in problems:
        yield MappingFinding(
            rule=rule,
            level=ERROR,
            mapping=sides.table.name,
            row="",
            place=case.name,
            message=f"sample {case.name!r}: {problem}",
            where=case.where,
        )
