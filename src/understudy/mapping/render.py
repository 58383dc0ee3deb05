"""The table as people review it: Markdown, or plain text for a terminal. One line for each target field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from understudy.mapping.condition import describe
from understudy.mapping.lookup import CodeTable
from understudy.mapping.spec import (
    ArraySpec,
    ExampleSpec,
    FieldSpec,
    LookupSpec,
    RowSpec,
    RuleSpec,
    StepSpec,
    TableSpec,
)
from understudy.mapping.table import MappingTable

COLUMNS = ("#", "Source", "Target", "Type", "Req", "Transformation", "Validation", "Default", "Example")


def render(table: MappingTable, *, markdown: bool = True) -> str:
    """The whole table: what it maps, its rows, and the reference data that it asks.

    markdown: a grid of the columns of the domain page. Otherwise text for a terminal: one block for each row.
    """
    spec = table.spec
    parts = [_heading(spec, markdown), _grid([COLUMNS, *_rows(spec)]) if markdown else _blocks(spec)]
    sections = [
        ("Notes", _notes(spec) if markdown else []),
        ("Examples", [f"{row.id} {_example(e)}" for row in spec.rows for e in row.examples] if markdown else []),
        ("Conditions", [f"`{name}`: {describe(condition)}" for name, condition in spec.conditions.items()]),
        ("Recipes", [f"`{name}`: {_steps(steps)}" for name, steps in spec.recipes.items()]),
        ("Arrays", [_array(array) for array in spec.arrays.values()]),
        ("Reference data", [_lookup(lookup) for lookup in spec.lookups.values()]),
        ("Free for the writer", [_free(spec, index) for index in range(len(spec.free))]),
    ]
    for title, lines in sections:
        if lines:
            listed = "\n".join(f"- {line}" if markdown else f"  {_plain(line)}" for line in lines)
            parts.append(f"## {title}\n\n{listed}" if markdown else f"{title}\n{listed}")
    return "\n\n".join(parts) + "\n"


def render_index(tables: Iterable[MappingTable]) -> str:
    """One line for each table: name, version, owner, rows, and from where to where it maps."""
    rows = [("Mapping", "Version", "Owner", "Rows", "From", "To")]
    for table in tables:
        spec = table.spec
        rows.append((spec.name, spec.version, spec.owner, str(len(spec.rows)), str(spec.source), str(spec.target)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def _heading(spec: TableSpec, markdown: bool) -> str:
    documents = "".join(f", with `{name}` ({endpoint})" for name, endpoint in spec.documents.items())
    lines = [
        f"{'# ' if markdown else ''}{spec.title}",
        "",
        f"Mapping `{spec.name}`, version {spec.version}, owner {spec.owner}.",
        f"From {spec.source} to {spec.target}{documents}.",
        *([spec.doc] if spec.doc else []),
    ]
    return "\n".join(lines if markdown else map(_plain, lines))


def _blocks(spec: TableSpec) -> str:
    """For a terminal: the row, then a line for each field with what is done to it below."""
    lines: list[str] = []
    for row in spec.rows:
        owner = f" (owner {row.owner})" if row.owner != spec.owner else ""
        lines.append(f"{row.id}  {row.title}{owner}")
        if row.doc:
            lines.append(f"    {_plain(row.doc)}")
        for cells in _rows_of(row):
            _, source, target, kind, required, transformation, validation, default, _ = cells
            lines.append(f"    {source or 'nothing'} → {target}  {kind} {required}")
            for name, text in (("steps", transformation), ("rules", validation), ("default", default)):
                if text:
                    lines.append(f"        {name}: {_plain(text)}")
        lines.extend(f"    e.g. {_example(example)}" for example in row.examples)
    return "\n".join(lines)


def _rows(spec: TableSpec) -> Iterator[tuple[str, ...]]:
    for row in spec.rows:
        yield from _rows_of(row)


def _rows_of(row: RowSpec) -> Iterator[tuple[str, ...]]:
    """A line of the grid for each field of a row; id and first example stand on the first."""
    for index, field in enumerate(row.fields):
        transformation = _steps(field.steps)
        if index == 0 and row.skip is not None:
            skip = f"skip `{row.skip.reason}` when {describe(row.skip.when)}"
            transformation = f"{skip}; {transformation}" if transformation else skip
        yield (
            row.id if index == 0 else "",
            ", ".join(path.text for path in field.sources) + _of(field),
            field.target_text,
            field.type.text,
            field.required + (f" {describe(field.when)}" if field.when is not None else ""),
            transformation,
            "; ".join(_rule(rule) for rule in field.rules),
            "" if field.default is None else _value(field.default),
            _example(row.examples[0]) if index == 0 and row.examples else "",
        )


def _of(field: FieldSpec) -> str:
    """The feeds, where a reader could not tell them from the source."""
    absolute = any(not path.relative for path in field.sources if path.scope == "source")
    return f" ({', '.join(field.feeds)})" if field.feeds and not absolute else ""


def _notes(spec: TableSpec) -> list[str]:
    notes = []
    for row in spec.rows:
        owner = f" (owner {row.owner})" if row.owner != spec.owner else ""
        if row.doc or owner:
            notes.append(f"{row.id} {row.title}{owner}{': ' if row.doc else ''}{row.doc}")
    return notes


def _steps(steps: tuple[StepSpec, ...]) -> str:
    return " → ".join(_call(step.name, step.arguments) + (f" [{step.repair}]" if step.repair else "") for step in steps)


def _rule(rule: RuleSpec) -> str:
    text = _call(rule.name, rule.arguments)
    text = f"{_value(rule.on)} {text}" if rule.on is not None else text
    text += f" → {rule.code}" if rule.code else ""
    text += f", when {describe(rule.when)}" if rule.when is not None else ""
    return f"{text} (warning)" if rule.warning else text


def _call(name: str, arguments: Mapping[str, Any]) -> str:
    if not arguments:
        return name
    if name == "decide":
        cases = [
            (f"{describe(case['when'])}: " if "when" in case else "else: ") + _value(case["then"])
            for case in arguments["cases"]
        ]
        return f"by case ({'; '.join(cases)})"
    if len(arguments) == 1:
        return f"{name}({_value(next(iter(arguments.values())))})"
    return f"{name}({', '.join(f'{key}: {_value(value)}' for key, value in arguments.items())})"


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case str() if value.startswith("$") and value != "$":
            return value.removeprefix("$")
        case str():
            return f"'{value}'" if not value or " " in value or "," in value or not value.isprintable() else value
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case {"lookup": name, **rest}:
            keys = rest.get("key", "$")
            inner = ", ".join(map(_value, keys if isinstance(keys, list) else [keys]))
            return f"{name}[{inner}]" + (f".{rest['take']}" if "take" in rest else "")
        case dict():
            return f"{{{', '.join(f'{key}: {_value(item)}' for key, item in value.items())}}}"
        case _:
            return str(value)


def _example(example: ExampleSpec) -> str:
    if example.skip:
        return f"{_given(example.given)} → skip {example.skip}"
    return f"{_given(example.given)} → {f'refused {example.refuse}' if example.refuse else _given(example.expect)}"


def _given(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(item)}" for key, item in value.items()) or "accepted"
    return "nothing" if value is None else _value(value)


def _array(array: ArraySpec) -> str:
    feeds = ", then ".join(
        f"{feed.name} from {feed.each.text}" + (f" unless {describe(feed.drop)}" if feed.drop is not None else "")
        for feed in array.feeds.values()
    )
    key = f"; an element is known by {', '.join(array.key)}" if array.key else ""
    merge = f"; equal {', '.join(array.merge.by)} are merged" if array.merge is not None else ""
    return f"`{array.target}`: {feeds}{key}{merge}"


def _lookup(lookup: LookupSpec) -> str:
    if lookup.table is None:
        optional = " (optional)" if lookup.optional else ""
        return f"`{lookup.name}`, supplied by the caller{optional}: {lookup.doc}"
    return f"`{lookup.name}`: {_describe_table(lookup.table)}"


def _describe_table(table: CodeTable) -> str:
    columns = [column for column in table.columns if column not in table.key and column != "active"]
    doc = f" {table.doc}" if table.doc else ""
    return (
        f"code table {table.name} {table.version}, owner {table.owner}, {len(table.rows)} rows, "
        f"{', '.join(table.key)} → {', '.join(columns)}.{doc}"
    )


def _free(spec: TableSpec, index: int) -> str:
    free = spec.free[index]
    return f"`{free.path.text}`" + ("" if free.any_value else f", only {_value(free.value)}")


def _grid(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    return text.replace("`", "")
