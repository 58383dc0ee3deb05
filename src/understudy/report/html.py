"""One self-contained page: verdict, scenarios, sequence diagrams, payloads, rules with their offending rows.

It loads nothing, reads without JavaScript, and stays below a few megabytes: payloads and lists are cut, with the totals
said. Everything from a record passes through Jinja's escaping; a content security policy that names the hash of the
page's own script stops whatever might slip through.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from understudy.report.chapter import Chapter, chapters_of
from understudy.report.count import never_observed, worst
from understudy.report.coverage import coverage
from understudy.report.finding import call_words, found_line
from understudy.report.normal import many, printable, short

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over all scenarios: where it held, where it did not, where there was nothing to examine."""

    id: str
    statement: str
    kind: str
    held: int
    broken: tuple[tuple[str, str], ...]
    unobserved: int


def render_html(record: Mapping[str, Any]) -> str:
    """The page for a record, a function of the record alone."""
    scenarios = record["scenarios"]
    chapters = chapters_of(record)
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    # The hash must be of exactly what stands between the tags.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template("page.html")
        .render(
            record=record,
            chapters=chapters,
            rules=_rules(chapters),
            unobserved=never_observed(scenarios),
            coverage=coverage(journal["entries"] for journal in record["journal"]),
            style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=digest,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        body=_body, printable=printable, short=short, call=call_words, found=found_line, place=_place, plural=many
    )
    return environment


def _body(text: str) -> Markup:
    """Escaped for the content of an element only: quotes stay, which keeps pages of JSON a third smaller."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(escaped)


def _place(place: str, file: str) -> str:
    """`scenarios/hp-1.arazzo.yaml:85` -> `line 85` where the file is the scenario's own."""
    return f"line {place.removeprefix(f'{file}:')}" if place.startswith(f"{file}:") else place


def _rules(chapters: Sequence[Chapter]) -> list[Rule]:
    """Every rule of the run, broken ones first, then in the order of the catalogue."""
    statements: dict[str, Mapping[str, Any]] = {}
    where: dict[str, dict[str, list[Chapter]]] = {}
    for chapter in chapters:
        for verdict in chapter.scenario["verdicts"]:
            statements.setdefault(verdict["id"], verdict)
        for rule, status in worst(chapter.scenario["verdicts"]).items():
            where.setdefault(rule, {}).setdefault(status, []).append(chapter)
    rules = [
        Rule(
            id=rule,
            statement=verdict["statement"],
            kind=verdict["kind"],
            held=len(where[rule].get("passed", ())),
            broken=tuple(
                (c.anchor, c.scenario["id"]) for c in (*where[rule].get("failed", ()), *where[rule].get("error", ()))
            ),
            unobserved=len(where[rule].get("not_observable", ())),
        )
        for rule, verdict in statements.items()
    ]
    return sorted(rules, key=lambda rule: not rule.broken)
