"""The path language: what paths mean, and how a value's place is told."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.errors import MappingError
from understudy.mapping.frame import Element, Frame, Loop, compile_reader
from understudy.mapping.path import Step, Where, parse_path, render_segments

ORDER = {
    "id": 1,
    "address": {"city": "Dresden"},
    "lines": [{"sku": "A", "tax": [{"rate": 1}, {"rate": 2}]}, {"sku": "B", "tax": []}, {"tax": [{"rate": 3}]}],
    "notes": [{"name": "gift", "value": "yes"}, {"name": "date", "value": "2026-03-05"}],
}


def read(text: str, loop: Loop | None = None, element: Element | None = None) -> tuple[Any, str]:
    frame = Frame({"source": ORDER, "event": {"id": "e1"}, "target": {}, "control": {}, "lookup": {}}, element)
    reader = compile_reader(parse_path(text), loop)
    return reader.read(frame), reader.locate(frame, None)


@pytest.mark.parametrize(
    ("text", "value", "pointer"),
    [
        ("id", 1, "/id"),
        ("address.city", "Dresden", "/address/city"),
        ("address.zip", None, "/address/zip"),
        ("address.zip.first", None, "/address/zip/first"),
        ("lines[0].sku", "A", "/lines/0/sku"),
        ("lines[9].sku", None, "/lines/9/sku"),
        ("lines[].sku", ["A", "B", None], "/lines"),
        ("lines[*].tax[*].rate", [1, 2, 3], "/lines"),
        ("notes[name=date].value", "2026-03-05", "/notes/1/value"),
        ("notes[name=other].value", None, "/notes/value"),
        ("event:id", "e1", "event:/id"),
        ("id.deeper", None, "/id/deeper"),
    ],
)
def test_a_path_reads_a_value_and_tells_its_place(text: str, value: Any, pointer: str) -> None:
    assert read(text) == (value, pointer)


@pytest.mark.parametrize(
    ("text", "value", "pointer"),
    [
        (".sku", "B", "/lines/1/sku"),
        ("lines[].sku", "B", "/lines/1/sku"),
        ("lines[*].sku", ["A", "B", None], "/lines"),
        ("address.city", "Dresden", "/address/city"),
        (".", {"sku": "B", "tax": []}, "/lines/1"),
    ],
)
def test_inside_a_loop_brackets_mean_the_current_element(text: str, value: Any, pointer: str) -> None:
    loop = Loop("out[]", (("lines", Step.EACH),))
    element = Element((ORDER["lines"][1],), ("/lines/1",), "out[]", 0)
    assert read(text, loop, element) == (value, pointer)


def test_nested_loops_reach_the_outer_element() -> None:
    loop = Loop("out[]", (("lines", Step.EACH), ("lines", Step.EACH, "tax", Step.EACH)))
    line = ORDER["lines"][0]
    element = Element((line, line["tax"][1]), ("/lines/0", "/lines/0/tax/1"), "out[]", 1)
    assert read("lines[].sku", loop, element) == ("A", "/lines/0/sku")
    assert read("lines[].tax[].rate", loop, element) == (2, "/lines/0/tax/1/rate")


def test_the_place_of_the_nth_value_is_told() -> None:
    frame = Frame({"source": ORDER})
    reader = compile_reader(parse_path("lines[*].tax[*].rate"))
    assert [reader.locate(frame, index) for index in range(3)] == [
        "/lines/0/tax/0/rate", "/lines/0/tax/1/rate", "/lines/2/tax/0/rate",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["a..b", "a.", "a[", "a[x]", "a b", "", "a]b", "header:X Y", "a.[0]", "[0]a"])
def test_what_is_no_path_is_refused_with_its_character(text: str) -> None:
    with pytest.raises(MappingError):
        parse_path(text)


@pytest.mark.parametrize("text", ["a.b", "lines[].sku", "a[0].b", "notes[name=date].value", "a[*].b", "@odata.count"])
def test_a_path_is_written_as_it_was_read(text: str) -> None:
    assert render_segments(parse_path(text).segments) == text


def test_segments_of_a_path() -> None:
    assert parse_path("control:lines[].tax[*].x[k=v]").segments == (
        "lines", Step.EACH, "tax", Step.EVERY, "x", Where("k", "v"),
    )  # fmt: skip
