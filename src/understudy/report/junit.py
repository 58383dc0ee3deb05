"""JUnit XML in the shape that Jenkins, GitLab and GitHub read: one test case a scenario, steps as its output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from understudy.report.count import worst
from understudy.report.finding import blocks
from understudy.report.normal import printable

MAX_ROWS = 50
# XML 1.0 section 2.2 allows no other characters, not even as references.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(record: Mapping[str, Any]) -> bytes:
    """The record as one test suite, UTF-8."""
    scenarios = record["scenarios"]
    counts = record["counts"]["scenarios"]
    totals = {
        "name": _text(record["title"]),
        "tests": str(counts["total"]),
        "failures": str(counts["failed"]),
        "errors": str(counts["error"]),
        "skipped": "0",
        "time": _time(record["durations"]["total_s"]),
    }
    root = Element("testsuites", {k: v for k, v in totals.items() if k != "skipped"})
    suite = SubElement(root, "testsuite", totals)
    properties = SubElement(suite, "properties")
    for name, value in _properties(record):
        SubElement(properties, "property", {"name": _text(name), "value": _text(value)})
    for scenario, journal in zip(scenarios, record["journal"], strict=True):
        duration = record["durations"]["scenarios"].get(journal["scenario"], 0.0)
        _case(suite, journal["scenario"], scenario, duration)
    indent(root, " ")
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _properties(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("seed", str(record["seed"])),
        ("command", record["command"]),
        ("verdict", record["verdict"]),
        ("tool", f"{record['tool']['name']} {record['tool']['version']}"),
        *([("defect", record["defect"])] if record["defect"] else []),
        *((f"policy.{name}", value) for name, value in record["policies"].items()),
    ]


def _case(suite: Element, name: str, scenario: Mapping[str, Any], duration: float) -> None:
    attributes = {"classname": _text(_class_name(scenario["file"])), "name": _text(name), "time": _time(duration)}
    case = SubElement(suite, "testcase", attributes)
    if scenario["outcome"] != "passed":
        found = blocks(scenario, MAX_ROWS)
        error = scenario["outcome"] == "error"
        message = scenario["reason"] or (found[0].title if found else "no reason was given")
        kind = "broken off" if error or not found else found[0].kind
        element = SubElement(case, "error" if error else "failure", {"message": _text(message), "type": kind})
        lines = [line for block in found for line in (block.title, *(f"  {text}" for text in block.lines), "")]
        element.text = _text("\n".join([*(lines or [message, ""]), f"hint: repeat with {scenario['repeat']}"]))
    SubElement(case, "system-out").text = _text("\n".join(_output(scenario)))


def _output(scenario: Mapping[str, Any]) -> list[str]:
    """The story in lines: where it stands, its steps, how the rules were judged."""
    lines = [f"{scenario['file']}:{scenario['line']}  {scenario['summary']}".rstrip(), ""]
    for number, step in enumerate(scenario["steps"], 1):
        tail = f" (attempts: {step['attempts']})" if step["attempts"] > 1 else ""
        lines.append(f"{number:>3}  {step['outcome']:<7}  {step['id']}  {step['target']}{tail}".rstrip())
    statuses = worst(scenario["verdicts"])
    lines.append("")
    for status, word in (("passed", "hold"), ("failed", "do not hold"), ("error", "could not be judged"),
                         ("not_observable", "not observable")):  # fmt: skip
        ids = [rule for rule, found in statuses.items() if found == status]
        if ids:
            lines.append(f"{word}: {', '.join(ids)}")
    return lines


def _class_name(file: str) -> str:
    """`scenarios/order/hp.arazzo.yaml` -> `scenarios.order.hp`: readers group test cases by the dots."""
    stem = re.sub(r"\.arazzo\.(ya?ml|json)$", "", file)
    return ".".join(part for part in re.split(r"[/\\]+", stem) if part not in ("", ".", "..")) or "scenarios"


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _text(value: str) -> str:
    return _NOT_XML.sub("�", printable(value))
