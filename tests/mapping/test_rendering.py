"""The document that people review, and the command that shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from understudy.cli import run
from understudy.mapping import MappingTable, render, render_index

from .conftest import FOLDER, ORDER, ROOT, tables


@pytest.mark.parametrize("table", tables().values(), ids=list(tables()))
@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "text"])
def test_every_row_field_owner_and_example_is_shown(table: MappingTable, markdown: bool) -> None:
    shown = render(table, markdown=markdown)
    for row, field in table.spec.fields():
        assert row.id in shown
        assert row.owner in shown
        assert field.target_text in shown
        assert all(path.text in shown for path in field.sources)
    examples = sum(len(row.examples) for row in table.spec.rows)
    assert shown.count(" → ") >= examples
    assert all(name in shown for name in table.spec.lookups)


def test_a_row_of_the_grid_reads_like_the_domain_page() -> None:
    line = next(row for row in render(tables()[ORDER]).splitlines() if row.startswith("| A13 |"))
    assert line == (
        "| A13 | shipping_lines[0].code | shipmentMethodCode | code | C physical | "
        "clean → crosswalk(table: shippingMethods, to: erp) |  |  | shipping_lines[0].code dhl_std → DHL-STD |"
    )


def test_columns_stay_columns_when_a_cell_holds_a_bar() -> None:
    lines = [line for line in render(tables()[ORDER]).splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in lines} == {10}


def test_the_index_names_every_table() -> None:
    assert all(name in render_index(tables().values()) for name in tables())


@pytest.fixture
def anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_map_lists_renders_and_checks(anywhere: None, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = ["--workspace", str(ROOT)]
    assert run(["map", *workspace]) == 0
    assert ORDER in capsys.readouterr().out
    assert run(["map", ORDER, *workspace]) == 0
    assert "A28  headers" in capsys.readouterr().out
    assert run(["map", "--check", *workspace]) == 0
    checked = capsys.readouterr()
    assert checked.out == ""
    assert "rows" in checked.err
    assert "no findings" in checked.err


def test_map_as_data(anywhere: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["map", ORDER, "--format", "json", "--workspace", str(ROOT)]) == 0
    (table,) = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in table["rows"]][:3] == ["A1", "A2", "A3"]


def test_map_takes_the_path_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (FOLDER / f"{ORDER}.yaml").read_text(encoding="utf-8")
    for folder in ("tables", "samples"):
        (tmp_path / folder).symlink_to(FOLDER / folder)
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("source: taxes_included", "source: taxes_includd"), encoding="utf-8")
    assert run(["map", str(path), "--check", "--workspace", str(ROOT)]) == 1
    shown = capsys.readouterr().out
    assert f"{path}:" in shown
    assert "unknown-source-field" in shown
    assert "did you mean 'taxes_included'" in shown


def test_an_unknown_mapping_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["map", "storefront-order", "--workspace", str(ROOT)]) == 2
    assert "there is no mapping 'storefront-order'" in capsys.readouterr().err
