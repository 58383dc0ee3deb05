"""From journal entries to messages between named participants, and where a diagram puts them."""

from __future__ import annotations

import pytest

from tests.report import sample
from understudy.report.diagram import clock, draw
from understudy.report.message import Happening, Message, participants, read_messages, setup_length, transitions
from understudy.simulate.journal import Note
from understudy.simulate.message import Request


def test_whoever_stands_between_is_beside_the_first_system_of_the_story() -> None:
    assert participants(read_messages(sample.trouble().entries)) == ["scenario", "shop", "integration", "erp"]


def test_a_token_is_asked_for_by_whom_its_client_id_names() -> None:
    token = read_messages(sample.story().entries)[0]
    assert isinstance(token, Message)
    assert (token.sender, token.receiver) == ("integration", "erp")


def test_an_event_goes_to_whoever_subscribed_with_that_address() -> None:
    """Over sockets a sink is an address like http://127.0.0.1:8710, which names nobody."""
    book = sample.Book()
    sink = "http://127.0.0.1:8710"
    book.exchange(
        "integration", "shop", "createSubscription", sample.post("/subscriptions", {"sink": f"{sink}/webhooks/shop"}),
        sample.answer(201, {}),
    )  # fmt: skip
    book.delivery("e-1", 202, sink=f"{sink}/webhooks/other")
    book.delivery("e-1", 202, sink="http://127.0.0.1:9999/hook")
    book.delivery("e-1", 202, sink="http://[broken")
    receivers = [m.receiver for m in read_messages(book.entries) if isinstance(m, Message) and m.kind == "delivery"]
    assert receivers == ["integration", "127.0.0.1:9999", "[broken"]


def test_how_a_message_went_is_one_word_and_its_oddities_are_named() -> None:
    told = [(m.answer, m.tone, m.notes) for m in read_messages(sample.trouble().entries) if isinstance(m, Message)]
    assert told[5:] == [
        ("503", "fault", ("fault status",)),
        ("no answer", "fault", ("fault reset-after", "work done, answer lost")),
        ("201", "ok", ()),
        ("422", "refused", ()),
        ("no answer", "fault", ("within 5 s", "will be tried again")),
        ("500", "failed", ("attempt 2", "will be tried again")),
        ("202", "fault", ("attempt 3", "fault corrupt-event")),
        ("404", "failed", ("breaks the contract: answers 404 without instance",)),
    ]


def test_jobs_faults_and_unheard_events_are_told_between_the_messages() -> None:
    told = [(h.system, h.text, h.tone) for h in read_messages(sample.trouble().entries) if isinstance(h, Happening)]
    assert told == [
        ("erp", "erp runs postInvoice", "ok"),
        ("", "fault injected: id f-001, kind status, system erp, operationId createSalesOrder, count 1", "fault"),
        ("shop", "shop states shop.order.created.v1, no subscriber", "ok"),
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2_678_400.0, "31 d"), (93_784.5, "1 d 2 h 3 min 4.5 s"), (0, "0 s"), ("soon", "seconds soon")],
)
def test_an_advanced_clock_says_how_far(seconds: object, words: str) -> None:
    book = sample.Book()
    book.add(Note, action="clock advanced", details={"seconds": seconds})
    (told,) = read_messages(book.entries)
    assert isinstance(told, Happening)
    assert told.text == f"clock advanced: {words}"


def test_transitions_belong_to_what_caused_them() -> None:
    assert transitions(sample.story().entries) == {
        3: ["shop orders 5512340001 status: new, open"],
        8: ["erp salesOrders SO-2026-000123 status: draft → released"],
    }


def test_the_set_up_ends_with_the_scenarios_first_request() -> None:
    entries = read_messages(sample.story().entries)
    assert setup_length(entries) == 2
    assert setup_length([e for e in entries if e.seq != 3]) == 0


def test_a_diagram_has_one_row_an_entry_below_one_another_within_its_frame() -> None:
    entries = read_messages(sample.trouble().entries)
    diagram = draw(entries, entries)
    assert [row.seq for row in diagram.rows] == [entry.seq for entry in entries]
    for before, after in zip(diagram.rows, diagram.rows[1:], strict=False):
        assert after.y == before.y + before.height
    for row in diagram.rows:
        assert 0 <= row.y < row.y + row.height <= diagram.height
        for arrow in row.arrows:
            assert {arrow.x1, arrow.x2, arrow.label_x} <= set(range(diagram.width))
        if row.band:
            assert 0 < row.band_x < row.band_x + row.band_width <= diagram.width


def test_a_lost_answer_stops_on_the_way_and_a_message_to_oneself_is_drawn() -> None:
    book = sample.Book()
    book.exchange("erp", "erp", "ping", Request("GET", "/ping"), None)
    book.exchange("scenario", "erp", "ping", Request("GET", "/ping"), None)
    entries = read_messages(book.entries)
    own, lost = draw(entries, entries).rows
    assert own.arrows[0].x1 == own.arrows[0].x2
    reply = lost.arrows[1]
    assert reply.lost
    assert lost.arrows[0].x1 < reply.x2 < reply.x1


def test_waiting_by_reading_again_is_one_row_and_every_other_message_has_its_own() -> None:
    book = sample.Book()
    read = Request("GET", "/orders", "status=open")
    for request in (
        read,
        read,
        read,
        Request("GET", "/orders"),
        read,
        sample.post("/orders", {}),
        sample.post("/orders", {}),
    ):
        book.exchange("scenario", "erp", "orders", request, sample.answer(200, {}))
    book.exchange("scenario", "erp", "orders", read, sample.answer(200, {}), fault="delay")
    book.exchange("scenario", "erp", "orders", read, sample.answer(200, {}), fault="delay")
    entries = read_messages(book.entries)
    rows = draw(entries, entries).rows
    assert [row.seq for row in rows] == [1, 4, 5, 6, 7, 8, 9]
    assert rows[0].arrows[0].label == "orders, again to #3"
    assert rows[1].arrows[0].label == "orders"


@pytest.mark.parametrize(
    ("at", "before", "said"),
    [
        ("2026-03-01T23:29:00.100034Z", "", "23:29:00.1"),
        ("2026-03-01T23:29:00Z", "2026-03-01T23:29:00Z", ""),
        ("2026-03-01T23:29:00.000034Z", "2026-03-01T23:29:00Z", "23:29:00"),
        ("2026-03-31T22:00:00Z", "2026-03-01T23:29:00Z", "03-31 22:00:00"),
    ],
    ids=["first", "not moved", "moved by microseconds", "another day"],
)
def test_a_clock_is_said_where_it_moved_and_the_date_where_it_changed(at: str, before: str, said: str) -> None:
    assert clock(at, before) == said


def test_a_long_diagram_is_cut_and_says_how_much_is_missing() -> None:
    entries = read_messages(sample.trouble().entries)
    diagram = draw(entries, entries, limit=4)
    assert (len(diagram.rows), diagram.left_out) == (4, len(entries) - 4)
    assert len(diagram.lanes) == 4
