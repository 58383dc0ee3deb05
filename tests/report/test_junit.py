"""JUnit XML: the shape that CI systems read, and characters that XML cannot hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from tests.report import sample
from understudy.report import FORMATS
from understudy.scenario.suite import ScenarioRecord

# Element -> attributes (required ones first, marked) and children, after Jenkins' junit-10.xsd.
SHAPE: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors", "disabled"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests"},
        {"failures", "errors", "time", "skipped", "timestamp", "hostname", "id", "package"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name"},
        {"classname", "time", "status"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "system-out": (set(), set(), set()),
}


def parsed(records: list[ScenarioRecord] | None = None) -> ET.Element:
    return ET.fromstring(FORMATS["junit"](sample.record(records)))


def test_every_element_is_one_that_ci_systems_know() -> None:
    for element in parsed().iter():
        required, optional, children = SHAPE[element.tag]
        assert required <= set(element.attrib) <= required | optional, element.tag
        assert {child.tag for child in element} <= children, element.tag


def test_a_scenario_is_a_test_case_and_the_sums_agree() -> None:
    root = parsed()
    (suite,) = root
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == ["HP-1", "DU-2[none]", "PS-1"]
    for element in (root, suite):
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(len(suite.findall("testcase/failure")))
        assert element.get("errors") == str(len(suite.findall("testcase/error")))


def test_the_output_of_a_case_lists_its_steps() -> None:
    outputs = [output.text or "" for output in parsed().iter("system-out")]
    assert "  2  failed   order  createOrder of shop (POST /orders) (attempts: 2)" in outputs[1].splitlines()


def test_a_failure_ends_with_the_command_that_repeats_it() -> None:
    failure = parsed().find(".//failure")
    assert failure is not None
    assert (failure.text or "").endswith(
        "hint: repeat with understudy run scenarios/du-2.arazzo.yaml --only 'DU-2[none]' --seed 42"
    )


@pytest.mark.parametrize(
    "hostile", ["\x00\x08\x0b\x1b[31m", "]]>", '<a b="c">&amp;\'', "\ud800", "\ufffe\uffff", "\r\n\t", "𐀀"]
)
def test_anything_a_system_may_send_leaves_the_xml_well_formed(hostile: str) -> None:
    record = replace(
        sample.failing(), id=hostile, name=hostile, summary=hostile, file=f"scenarios/{hostile}", reason=hostile,
        steps=[sample.step(hostile, "failed", reason=hostile, criteria=[], target=hostile)],
        verdicts=[sample.verdict("X", "failed", statement=hostile, offending=[{hostile: hostile}])],
    )  # fmt: skip
    root = parsed([record])
    assert len(root.findall(".//testcase")) == 1
