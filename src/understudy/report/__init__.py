"""Reports: the record of a run, and what can be made of it. Pure but for `write_report`.

    record = build_record(scenarios, seed=42, command="understudy run", title="…", policies={}, defect="")
    FORMATS["html"](record)                                    # a report as text
    write_report(parse_report_option("html=run.html"), record)  # or as a file

The terminal listens while scenarios run: `terminal.on(event)` for each event, `terminal.summary(record)` at the end.
Names load on first use: a run that writes no page never imports the template engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.report.record import build_record
from understudy.report.target import ReportTarget
from understudy.report.target import parse_option as _parse_option
from understudy.report.target import write as _write
from understudy.report.text import Terminal, render_text

Renderer = Callable[[Mapping[str, Any]], str | bytes]


def _json(record: Mapping[str, Any]) -> str:
    from understudy.report.jsonfile import render_json

    return render_json(record)


def _junit(record: Mapping[str, Any]) -> bytes:
    from understudy.report.junit import render_junit

    return render_junit(record)


def _har(record: Mapping[str, Any]) -> str:
    from understudy.report.har import render_har

    return render_har(record)


def _html(record: Mapping[str, Any]) -> str:
    from understudy.report.html import render_html

    return render_html(record)


FORMATS: Mapping[str, Renderer] = {"json": _json, "junit": _junit, "har": _har, "html": _html}
"""Format of `--report FORMAT=FILE` -> what renders a record so."""


def parse_report_option(option: str) -> ReportTarget:
    """`json=a.json` -> its target. Raises UnusableInput for an unknown format, naming the closest."""
    return _parse_option(option, FORMATS)


def write_report(target: ReportTarget, record: Mapping[str, Any]) -> None:
    """Write one report, whole or not at all. Raises UnusableInput when it cannot be written."""
    _write(target, record, FORMATS[target.format])


__all__ = [
    "FORMATS",
    "Renderer",
    "ReportTarget",
    "Terminal",
    "build_record",
    "parse_report_option",
    "render_text",
    "write_report",
]
