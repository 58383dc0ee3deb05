"""A table that cannot be executed is refused with file, line and the next thing to try."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.errors import MappingError
from understudy.mapping import load_code_table, load_mapping

HEAD = """mapping: a-to-b
version: "1"
owner: someone
source: {system: a, schema: A}
target: {system: b, operation: createB}
lookups:
  colours: {doc: colour name -> code}
conditions:
  red: {path: colour, is: red}
arrays:
  lines[]: {feeds: {goods: {each: "items[]"}}}
rows:
"""


def refused(rows: str, head: str = HEAD) -> MappingError:
    with pytest.raises(MappingError) as caught:
        load_mapping(head + rows, name="table.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("row", "message", "line", "hint"),
    [
        ("{id: R1, source: a, target: x, steps: [uper]}", "unknown transformation 'uper'", 13, "upper"),
        ("{id: R1, source: a, target: x, rules: [lenght]}", "unknown rule 'lenght'", 13, "length"),
        ("{id: R1, source: a, target: x, steps: [{cut: {len: 5}}]}", "has no argument 'len'", 13, "length"),
        ("{id: R1, source: a, target: x, steps: [cut]}", "needs the argument 'length'", 13, ""),
        ("{id: R1, source: a, target: x, steps: [{crosswalk: {table: colors, to: c}}]}",
         "lookup 'colors' is not declared", 13, "colours"),
        ("{id: R1, source: a, target: x, when: rd}", "unknown condition 'rd'", 13, "red"),
        ("{id: R1, source: a..b, target: x}", "is no path", 13, ""),
        ("{id: R1, source: evnt:id, target: x}", "unknown document 'evnt'", 13, "event"),
        ("{id: R1, source: a, target: target:x}", "is no target", 13, ""),
        ("{id: R1, source: a}", "has no `target`", 13, "target: -"),
        ("{id: R1, source: a, target: x, type: strng(3)}", "unknown type 'strng(3)'", 13, "string"),
        ("{id: R1, source: a, target: x, required: maybe}", "required: 'maybe'", 13, ""),
        ("{id: R1, source: a, target: x, required: C}", "needs `when`", 13, ""),
        ("{id: R1, source: a, taget: x}", "unknown key 'taget'", 13, "target"),
        ("{id: R1, source: a, target: 'rows[].x'}", "no feeds are declared", 13, "arrays"),
        ("{id: R1, source: a, target: 'lines[].x', for: good}", "unknown feed 'good'", 13, "goods"),
        ("{source: a, target: x}", "has no `id`", 13, ""),
        ("{id: R1, source: a, target: x, when: {path: b, iz: 1}}", "unknown test 'iz'", 13, "is"),
        ("{id: R1, source: a, target: x, examples: [{given: 1}]}", "one outcome", 13, ""),
        ("{id: R1, source: a, target: x, skip: {reason: r}}", "`skip` needs", 13, ""),
        ("{id: R1, source: a, target: x, rules: [{gt: 0, level: fatal}]}", "level 'fatal'", 13, ""),
        ("{id: R1, source: a, target: x, judge: kindly}", "judge: 'kindly'", 13, ""),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_executed(row: str, message: str, line: int, hint: str) -> None:
    problem = refused(f"  - {row}\n")
    assert message in problem.message
    assert problem.where == f"table.yaml:{line}"
    assert hint in problem.hint


def test_the_line_is_that_of_the_row_at_fault() -> None:
    rows = "  - {id: R1, source: a, target: x}\n  - id: R2\n    source: b\n    target: y\n    steps:\n      - trimm\n"
    assert refused(rows).where == "table.yaml:18"


def test_a_row_id_given_twice() -> None:
    assert "R1 is there twice" in refused("  - {id: R1, target: x}\n  - {id: R1, target: y}\n").message


def test_a_table_without_an_owner() -> None:
    problem = refused("  - {id: R1, source: a, target: x}\n", HEAD.replace("owner: someone\n", ""))
    assert "has no `owner`" in problem.message
    assert "owner:" in problem.hint


def test_a_condition_that_refers_to_itself() -> None:
    head = HEAD.replace("{path: colour, is: red}", "{not: red}")
    assert "refers to itself" in refused("  - {id: R1, source: a, target: x}\n", head).message


def test_a_mapping_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(tmp_path / "missing.yaml")


def test_yaml_that_is_broken_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("mapping: a\nrows: [\n", encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert caught.value.where.startswith(str(path))


def test_dates_and_switches_stay_text(tmp_path: Path) -> None:
    """YAML 1.2: `NO` is Norway, `on` a word, a date a string."""
    path = tmp_path / "t.yaml"
    path.write_text("table: t\nowner: o\nkey: [k]\nrows:\n  - {k: NO, from: 2026-03-01, state: on}\n", encoding="utf-8")
    row = load_code_table(path).find("NO")
    assert row is not None
    assert (row["from"], row["state"], row["active"]) == ("2026-03-01", "on", True)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("table: t\nowner: o\nkey: [k]\nrows:\n  - {k: a}\n  - {j: b}\n", "lacks its key column 'k'", 6),
        ("table: t\nowner: o\nkey: [k]\nrows:\n  - {k: a}\n  - {k: a}\n", "the key a is there twice", 6),
        ("table: t\nkey: [k]\nrows: []\n", "has no owner", 1),
        ("table: t\nowner: o\nkeys: [k]\nrows: []\n", "unknown key 'keys'", 3),
    ],
)
def test_a_code_table_that_cannot_be_used(text: str, message: str, line: int) -> None:
    with pytest.raises(MappingError) as caught:
        load_code_table("codes.yaml", text=text)
    assert message in caught.value.message
    assert caught.value.where == f"codes.yaml:{line}"


def test_the_most_exact_row_of_a_code_table_wins() -> None:
    rows = ("{a: '*', b: '*', v: 3}", "{a: x, b: '*', v: 2}", "{a: x, b: y, v: 1}")
    text = "table: t\nowner: o\nkey: [a, b]\nrows:\n" + "".join(f"  - {row}\n" for row in rows)
    table = load_code_table("codes.yaml", text=text)
    assert [table.find(*key)["v"] for key in (("x", "y"), ("x", "z"), ("q", "z"))] == [1, 2, 3]
