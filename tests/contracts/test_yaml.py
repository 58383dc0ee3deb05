"""Two YAML parsers, one meaning: what the fast one reads is what PyYAML with the JSON-schema tags reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.contract import yaml as module
from understudy.contract.yaml import load_yaml
from understudy.errors import UnusableInput

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    [*ROOT.glob("contracts/**/*.yaml"), *ROOT.glob("scenarios/**/*.yaml"), *ROOT.glob("src/**/*.openapi.yaml")]
)


def slowly(text: str) -> Any:
    """What PyYAML alone reads."""
    fast, module.ryaml = module.ryaml, None
    try:
        return load_yaml(text, "text")
    finally:
        module.ryaml = fast


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_both_parsers_read_every_file_of_ours_alike(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert load_yaml(text, path.name) == slowly(text)


@pytest.mark.parametrize(
    "text, value",
    [
        ("a: 2026-03-01", {"a": "2026-03-01"}),
        ("a: on\nb: NO\nc: yes", {"a": "on", "b": "NO", "c": "yes"}),
        ("200: x", {"200": "x"}),
        ("a: 0x10", {"a": "0x10"}),
        ("a: +1\nb: .5\nc: 5.", {"a": "+1", "b": ".5", "c": "5."}),
        ("a: .inf", {"a": ".inf"}),
        ("a: 12345678901234567890123", {"a": 12345678901234567890123}),
        ("a: 9007199254740993", {"a": 9007199254740993}),
        ("a: 012", {"a": "012"}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: ~\nb:\nc: null", {"a": None, "b": None, "c": None}),
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("{a: 1, b: [x, 'y']}", {"a": 1, "b": ["x", "y"]}),
        ("a: |\n  text\n  more\n", {"a": "text\nmore\n"}),
    ],
)
def test_scalars_are_read_by_the_json_schema_of_yaml_1_2(text: str, value: Any) -> None:
    assert load_yaml(text, "text") == slowly(text) == value


@pytest.mark.parametrize("text", ["a: 1\na: 2", "a: [", "a: b: c", "? [x]\n: y", "a: *nowhere", "\x00"])
def test_what_is_no_document_is_refused_by_both(text: str) -> None:
    for read in (lambda t: load_yaml(t, "text"), slowly):
        with pytest.raises(UnusableInput):
            read(text)


_PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=12)
_VALUE = _PLAIN | st.integers() | st.booleans()


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), _PLAIN | st.integers() | st.booleans(), max_size=5)
)
def test_any_mapping_written_plainly_means_the_same_to_both(values: dict[str, Any]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in values.items())
    try:
        expected = slowly(text)
    except UnusableInput:
        with pytest.raises(UnusableInput):
            load_yaml(text, "text")
        return
    assert load_yaml(text, "text") == expected
