"""The page: complete, self-contained, of bounded size, and inert whatever the payloads hold."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from tests.report import sample
from understudy.report import FORMATS
from understudy.report.chapter import MAX_MESSAGES, MAX_ROWS
from understudy.scenario.suite import ScenarioRecord

VOID = {"meta", "link"}


@dataclass
class Page(HTMLParser):
    """What a browser would see: elements with attributes, texts by element, tags that do not nest."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))

    def text(self, tag: str = "") -> str:
        return "\n".join(text for within, text in self.texts if tag in ("", within))

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def source(records: list[ScenarioRecord] | None = None, **more: Any) -> str:
    return str(FORMATS["html"](sample.record(records, **more)))


def page(records: list[ScenarioRecord] | None = None, **more: Any) -> Page:
    parsed = Page()
    parsed.feed(source(records, **more))
    assert parsed.open == []
    return parsed


def with_payload(body: Any, times: int = 1) -> ScenarioRecord:
    entry = sample.story().entries[2]
    entries = [
        {**entry, "seq": n + 1, "request": {**entry["request"], "body": {"n": n, "payload": body}}}
        for n in range(times)
    ]
    return replace(sample.passing(), journal=entries)


def test_the_page_tells_verdict_seed_and_how_to_repeat_it() -> None:
    text = page().text()
    for expected in (
        "failed: Shop & ERP",
        "Shop & ERP",
        "42",
        "understudy run --seed 42",
        "understudy run scenarios/du-2.arazzo.yaml --only 'DU-2[none]' --seed 42",
    ):
        assert expected in text


def test_the_page_loads_nothing_and_lets_only_its_own_script_run() -> None:
    parsed = page()
    assert [e for e in parsed.elements if e[0] in ("img", "iframe", "object", "embed", "base", "form")] == []
    assert parsed.values("src") == []
    assert all(href.startswith(("#", "data:,")) for href in parsed.values("href"))
    assert [name for name in {n for _, a in parsed.elements for n in a} if name.startswith("on")] == []
    assert not re.search(r"url\(|@import|https?://(?!127\.0\.0\.1|integration\.internal)", parsed.text("style"))
    (policy,) = (a["content"] for _, a in parsed.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert Counter(tag for tag, _ in parsed.elements)["script"] == 1


def test_ids_are_unique_and_every_link_leads_somewhere() -> None:
    parsed = page()
    ids = parsed.values("id")
    assert [i for i, n in Counter(ids).items() if n > 1] == []
    assert {href[1:] for href in parsed.values("href") if href.startswith("#")} <= set(ids)
    for attribute in ("aria-labelledby", "aria-describedby"):
        assert set(parsed.values(attribute)) <= set(ids)


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [int(tag[1]) for tag, _ in page().elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_message_is_in_the_diagram_and_in_the_list_beside_it() -> None:
    text = page([sample.failing()])
    drawn = [a["href"] for tag, a in text.elements if tag == "a" and a.get("tabindex") == "-1"]
    assert drawn == [f"#s1-m{n}" for n in (1, 2, 3, 6, 7, 8, *range(10, 15), 16, 17, 18, 19, 20)]
    labels = text.text("text").splitlines()
    for expected in (
        "scenario",
        "shop",
        "integration",
        "erp",
        "createSalesOrder",
        "503 (fault status)",
        "shop.order.created.v1",
        "500 (attempt 2, will be tried again)",
        "202 (attempt 3, fault corrupt-event)",
    ):
        assert expected in labels


def test_a_delivery_shows_its_event_once_and_later_attempts_point_to_it() -> None:
    data = {"id": "5512340002", "note": "x" * 300}
    book = sample.story()
    book.event("e-9", 3, data)
    book.delivery("e-9", 500)
    book.delivery("e-9", 202, attempt=2)
    text = source([replace(sample.passing(), journal=book.entries)])
    assert text.count("x" * 300) == 1
    assert 'same body as <a href="#s1-m11">#11</a>' in text


def test_offending_rows_are_a_table() -> None:
    cells = page([sample.failing()]).text("td")
    assert "5512340002" in cells
    assert '["SO-1", "SO-2"]' in cells


def test_a_row_that_names_a_journal_entry_leads_to_its_payload() -> None:
    offending = [{"journal": 3, "problem": "late"}, {"journal": 999}, {"seq": True}, {"count": 3}]
    broken = replace(sample.passing(), outcome="failed", verdicts=[sample.verdict("X", "failed", offending=offending)])
    text = source([broken])
    assert '<td><a href="#s1-m3">3</a></td>' in text
    assert "<td>999</td>" in text
    assert text.count('<table class="rows">') == 4


def test_changes_of_state_stand_beside_what_caused_them() -> None:
    items = page([sample.passing()]).text("li")
    assert "shop orders 5512340001 status: new, open" in items
    assert "erp salesOrders SO-2026-000123 status: draft → released" in items


def test_coverage_names_operations_events_and_error_codes() -> None:
    text = page().text()
    for expected in (
        "5 operations called",
        "1 event type stated",
        "3 error codes seen",
        "validation-failed",
        "unavailable",
    ):
        assert expected in text


INJECTIONS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]>",
    "javascript:alert(1)",
    "</pre></details><h1>passed</h1>",
    "&lt;b&gt;",
    "\ud800\x00\x1b[31m\u202e",
]


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_no_text_of_a_system_or_document_becomes_markup(hostile: str) -> None:
    """The elements of the page and their attributes' names are the same whatever the texts say."""

    def build(text: str) -> ScenarioRecord:
        request = {"method": text, "path": text, "query": text, "headers": {text: text}, "body": {text: text}}
        entry = {
            **sample.story().entries[2],
            "request": request,
            "operationId": "",
            "fault": text,
            "findings": [text],
            "correlationId": text,
            "response": {"status": 400, "headers": {text: text}, "body": {"code": text}},
        }
        cloud = {"id": "e", text: text}
        event = {**sample.story().entries[4], "event": cloud, "name": text, "system": text}
        delivery = {
            **sample.story().entries[5],
            "eventId": "e",
            "name": text,
            "sink": text,
            "error": text,
            "subject": text,
        }
        note = {"seq": 90, "at": text, "kind": "note", "action": text, "details": {text: text}}
        return replace(
            sample.failing(),
            id=text,
            name=text,
            summary=text,
            file=text,
            reason=text,
            inputs={text: text},
            proves=[text],
            unproven=[text],
            journal=[entry, {**event, "seq": 91}, {**delivery, "seq": 92}, note],
            steps=[
                sample.step(
                    text,
                    "failed",
                    description=text,
                    target=text,
                    workflow=text,
                    place=text,
                    notes=[text],
                    contract=[text],
                    calls=[{"method": text, "path": text, "status": None, "error": text, "problem": text}],
                )
            ],
            verdicts=[
                sample.verdict(text, "failed", statement=text, reason=text, step=text, offending=[{text: text}]),
                sample.verdict(f"{text}2", "not_observable", statement=text, reason=text),
            ],
        )

    def skeleton(text: str) -> list[tuple[str, tuple[str, ...]]]:
        parsed = page([build(text)], title=text, command=text, policies={text: text}, defect=text)
        return [(tag, tuple(attributes)) for tag, attributes in parsed.elements]

    assert skeleton(hostile) == skeleton("harmless text")


def test_a_long_payload_is_cut_with_a_note() -> None:
    text = source([with_payload("y" * 150_000)])
    assert len(text) < 150_000
    assert "cut: the first 20 kB of 150 kB; the JSON report has it all" in text


def test_a_page_of_many_payloads_stays_below_five_megabytes() -> None:
    for letters in ("y", "<&\"'>", "ü", "\u202e"):
        payload = (letters * 19_000)[:19_000]
        text = source([replace(with_payload(payload, 90), id=f"S-{n}") for n in range(7)])
        assert len(text.encode()) < 5_000_000
        assert "left out to keep this page small" in text


def test_long_lists_are_cut_and_totals_stay_exact() -> None:
    rows = [{"order": f"SO-{n}"} for n in range(MAX_ROWS + 25)]
    crowded = replace(
        with_payload("z", MAX_MESSAGES + 30),
        outcome="failed",
        verdicts=[sample.verdict("ORD-2", "failed", examined=500, offending=rows)],
    )
    text = page([crowded]).text()
    assert f"{MAX_ROWS + 25} of 500 examined offend; the first {MAX_ROWS} are shown" in text
    assert "30 further entries are left out" in text
    assert f"{MAX_MESSAGES + 30} entries" in text
    assert "further rows not drawn" in text


def test_a_page_without_scenarios_says_that_nothing_was_verified() -> None:
    text = page([]).text()
    assert "nothing verified" in text
    assert "No scenario was run: nothing was verified." in text
