"""When to try again (domain 2.1 error table, section 8, TIM-2, TIM-3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integration.failure import Cause, Failure, Refused, Retryable, Unknown
from integration.retry import Policy, decide, failure_of, retry_after

from .bench import ACCOUNTS, START, Bench, account, customer_created, no_account, problem_answer

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("2.0", 2),
        ("0", 0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 13:02:00 +0100", 120),
    ],
    ids=["seconds", "decimal", "now", "date", "date with an offset"],
)
def test_retry_after_in_each_of_its_forms(header: str, seconds: float) -> None:
    assert retry_after(header, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "inf", "nan", "Sun, 99 Mar 2026 12:02:00 GMT"])
def test_a_wild_retry_after_says_nothing(header: str | None) -> None:
    assert retry_after(header, NOW) is None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (408, "operation-timeout", Unknown),
        (429, "rate-limited", Retryable),
        (500, "internal-error", Unknown),
        (502, "bad-gateway", Unknown),
        (503, "service-unavailable", Retryable),
        (504, "gateway-timeout", Unknown),
        (409, "idempotency-in-progress", Retryable),
        (400, "malformed-request", Refused),
        (401, "token-invalid", Refused),
        (403, "insufficient-scope", Refused),
        (404, "not-found", Refused),
        (409, "invalid-state-transition", Refused),
        (409, "duplicate-source-order", Refused),
        (410, "api-version-retired", Refused),
        (422, "validation-failed", Refused),
        (422, "idempotency-key-reuse", Refused),
    ],
)
def test_only_what_repetition_can_change_is_retried(status: int, code: str, kind: type[Failure]) -> None:
    failure = failure_of(Cause(code=code, detail="", status=status), not_before=None)
    assert type(failure) is kind


def failing(bench: Bench, *answers: object) -> None:
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, *answers)  # type: ignore[arg-type]
    bench.deliver("erp", customer_created())


def test_waits_double_up_to_the_cap_with_full_jitter() -> None:
    policy = Policy(base_s=10, cap_s=100)
    waits = []
    for attempt in range(1, 8):
        decision = decide(
            Retryable(Cause(code="x", detail="")),
            policy,
            attempt=attempt,
            parked=0,
            received_at=NOW,
            now=NOW,
            chance=lambda: 0.5,
        )
        assert decision.due is not None
        waits.append((decision.due - NOW).total_seconds())
    assert waits == [5, 10, 20, 40, 50, 50, 50]


def test_eight_attempts_then_a_dead_letter() -> None:
    bench = Bench()
    failing(bench, problem_answer(503, "service-unavailable"))
    bench.run()
    assert len(bench.network.to("POST", ACCOUNTS)) == 8
    assert bench.statuses() == [("F-11", "dead", "service-unavailable")]
    assert bench.integration.observe()["deadLetters"][0]["attempts"] == 8


def test_a_refusal_is_not_retried() -> None:
    bench = Bench()
    failing(bench, problem_answer(422, "validation-failed"))
    bench.run()
    assert len(bench.network.to("POST", ACCOUNTS)) == 1
    assert bench.statuses() == [("F-11", "dead", "validation-failed")]


@pytest.mark.parametrize("header", ["120", "120.0", "Sun, 01 Mar 2026 23:32:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_no_call_earlier_than_retry_after_allows(status: int, header: str) -> None:
    bench = Bench(chance=0.0)
    failing(bench, problem_answer(status, "rate-limited", {"retry-after": header}), account())
    bench.run()
    calls = bench.network.to("POST", ACCOUNTS)
    assert len(calls) == 2
    assert calls[1].at >= START + timedelta(seconds=120)
    assert bench.statuses() == [("F-11", "applied", None)]


def test_a_rate_limit_quiets_the_whole_target_for_everybody() -> None:
    """OU-2: the limit is the client's, so another message to the same target waits too, and uses up no attempt."""
    bench = Bench(chance=0.0)
    failing(bench, problem_answer(429, "rate-limited", {"retry-after": "60"}), account())
    bench.run(until=timedelta(0))
    bench.network.calls.clear()
    second = customer_created(id="another", subject="C00043")
    bench.deliver("erp", second)
    bench.run(until=timedelta(seconds=59))
    assert bench.network.calls == []
    bench.run()
    assert {row["status"] for row in bench.integration.observe()["messages"]} == {"applied"}
    assert [row["attempts"] for row in bench.integration.observe()["messages"]] == [2, 1]


def test_one_module_down_leaves_other_operations_alone() -> None:
    """OU-6: a 503 with Retry-After speaks for its operation, not for the whole target."""
    bench = Bench(chance=0.0)
    failing(bench, problem_answer(503, "service-unavailable", {"retry-after": "600"}), account())
    bench.run(until=timedelta(0))
    bench.deliver("erp", customer_created(id="another", subject="C00043"))
    bench.run(until=timedelta(0))
    assert len(bench.network.to("GET", ACCOUNTS)) == 4  # two look-ups each: by number, by e-mail


def test_what_waited_for_an_outage_goes_on_when_it_ends() -> None:
    """The first message through wakes the others, so that the backlog drains at once (OU-1)."""
    bench = Bench(chance=0.9)
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, *[problem_answer(503, "service-unavailable")] * 12, account())
    for number in range(3):
        bench.deliver("erp", customer_created(id=f"e{number}", subject=f"C{number}"))
    bench.run()
    assert {row["status"] for row in bench.integration.observe()["messages"]} == {"applied"}
    applied = [call.at for call in bench.network.to("POST", ACCOUNTS)[-3:]]
    assert applied[-1] - applied[0] < timedelta(seconds=1)


def test_a_poison_message_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """OU-5: a message that crashes the flow ends as one dead letter after the policy's attempts."""
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, account())
    poison = customer_created(id="poison", subject="C6")
    del poison["data"]["displayName"]
    bench.deliver("erp", poison)
    for number in range(5):
        bench.deliver("erp", customer_created(id=f"e{number}", subject=f"C{number}"))
    bench.run(until=timedelta(0))
    assert [row["status"] for row in bench.integration.observe()["messages"]] == ["received", *["applied"] * 5]
    bench.run()
    letter = bench.integration.observe()["deadLetters"]
    assert [(row["messageId"], row["errorCode"], row["attempts"]) for row in letter] == [
        ("poison", "internal-error", 8)
    ]


def test_a_rejected_token_is_renewed_once_and_the_call_replayed_once() -> None:
    bench = Bench()
    failing(bench, problem_answer(401, "token-expired"), account())
    bench.run()
    assert len(bench.network.to("POST", "/crm/v1/oauth/token")) == 2
    assert bench.statuses() == [("F-11", "applied", None)]


def test_a_token_rejected_twice_stops_without_a_storm() -> None:
    bench = Bench()
    failing(bench, problem_answer(401, "token-invalid"))
    bench.run()
    assert len(bench.network.to("POST", ACCOUNTS)) == 2
    assert bench.statuses() == [("F-11", "dead", "token-invalid")]


def test_a_token_is_renewed_before_it_ends_and_shared_by_all_messages() -> None:
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, account())
    for number in range(5):
        bench.deliver("erp", customer_created(id=f"e{number}", subject=f"C{number}"))
    bench.run()
    assert len(bench.network.to("POST", "/crm/v1/oauth/token")) == 1
    bench.wait(seconds=3600 - 30)
    bench.deliver("erp", customer_created(id="later", subject="C9"))
    bench.run()
    assert len(bench.network.to("POST", "/crm/v1/oauth/token")) == 2
