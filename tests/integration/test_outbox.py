"""Writes take effect once, whatever is lost on the way (IDM-3, IDM-4, DU-2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration.transport import Answer, json_answer

from .bench import ACCOUNTS, Bench, Call, account, customer_created, no_account, problem_answer

KEY = "erp:customer:C00042:account"


class Portal:
    """A CRM that keeps what it is told and can lose its answers. business_keys: it refuses a second account."""

    def __init__(self, bench: Bench, *, business_keys: bool = True) -> None:
        self.accounts: list[dict[str, object]] = []
        self.lose: list[Exception | int] = []
        self.business_keys = business_keys
        bench.network.on("GET", ACCOUNTS, self.find)
        bench.network.on("POST", ACCOUNTS, self.create)
        bench.network.on("GET", f"{ACCOUNTS}/acc_1", lambda _call: json_answer(200, self.accounts[0]))

    def find(self, call: Call) -> Answer:
        number = call.query.get("erpCustomerNumber")
        return json_answer(200, {"accounts": [a for a in self.accounts if a["erpCustomerNumber"] == number]})

    def create(self, call: Call) -> Answer:
        same = [a for a in self.accounts if a["erpCustomerNumber"] == call.body["erpCustomerNumber"]]
        if same and self.business_keys:
            return problem_answer(409, "duplicate-external-document", existingId=same[0]["id"])
        self.accounts.append({**call.body, "id": f"acc_{len(self.accounts) + 1}"})
        if self.lose:
            lost = self.lose.pop(0)
            if isinstance(lost, Exception):
                raise lost
            return problem_answer(lost, "gateway-timeout")
        return json_answer(201, self.accounts[-1])


@pytest.mark.parametrize("lost", [TimeoutError(), ConnectionResetError(), 504, 408, 502, 500], ids=str)
@pytest.mark.parametrize("business_keys", [True, False], ids=["businessKeyOnly", "none"])
def test_committed_but_the_answer_lost_makes_no_second_record(lost: Exception | int, business_keys: bool) -> None:
    """The next attempt looks the record up by its business key and adopts it."""
    bench = Bench()
    portal = Portal(bench, business_keys=business_keys)
    portal.lose = [lost]
    bench.deliver("erp", customer_created())
    bench.run()
    assert len(portal.accounts) == 1
    assert len(bench.network.to("POST", ACCOUNTS)) == 1
    assert bench.statuses() == [("F-11", "applied", None)] or bench.statuses() == [
        ("F-11", "skipped", "has an account")
    ]


def test_not_committed_and_the_answer_lost_is_sent_again_with_the_same_key_and_body() -> None:
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, TimeoutError(), ConnectionRefusedError(), account())
    bench.deliver("erp", customer_created())
    bench.run()
    calls = bench.network.to("POST", ACCOUNTS)
    assert [call.headers["idempotency-key"] for call in calls] == [KEY] * 3
    assert calls[0].body == calls[1].body == calls[2].body


def test_a_duplicate_is_adopted_as_success() -> None:
    """409 duplicate-… with existingId: somebody else made it, between our look-up and our write."""
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, problem_answer(409, "duplicate-external-document", existingId="acc_7"))
    bench.network.on("GET", f"{ACCOUNTS}/acc_7", account())
    bench.deliver("erp", customer_created())
    bench.run()
    assert bench.statuses() == [("F-11", "applied", None)]
    assert len(bench.network.to("POST", ACCOUNTS)) == 1


def test_a_write_that_was_answered_is_never_sent_again() -> None:
    """Another event about the same customer, as after a redelivery under a new id, finds the answer on record."""
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, account())
    bench.deliver("erp", customer_created(id="first"))
    bench.deliver("erp", customer_created(id="again under another id"))
    bench.run()
    assert len(bench.network.to("POST", ACCOUNTS)) == 1
    assert {row["status"] for row in bench.integration.observe()["messages"]} == {"applied"}


def test_still_in_progress_at_the_target_is_asked_again() -> None:
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    busy = problem_answer(409, "idempotency-in-progress", {"retry-after": "1"})
    bench.network.on("POST", ACCOUNTS, busy, account())
    bench.deliver("erp", customer_created())
    bench.run()
    calls = bench.network.to("POST", ACCOUNTS)
    assert len(calls) == 2
    assert calls[1].at - calls[0].at >= timedelta(seconds=1)


def test_after_a_correction_the_body_goes_under_a_new_revision_of_the_key() -> None:
    """The target has the refused body on record: the same key with another body would be idempotency-key-reuse."""
    bench = Bench()
    bench.network.on("GET", ACCOUNTS, no_account())
    bench.network.on("POST", ACCOUNTS, problem_answer(422, "validation-failed"), account())
    bench.deliver("erp", customer_created())
    bench.run()
    corrected = {**customer_created()["data"], "displayName": "Anna Keller-Schmidt"}
    path = "/admin/dead-letters/erp-evt-C00042-1/reprocess"
    answer = bench.admin("POST", path, {"by": "support", "why": "name corrected", "correctedPayload": corrected})
    assert answer.json()["outcome"] == "queued"
    bench.run()
    first, second = bench.network.to("POST", ACCOUNTS)
    assert (first.headers["idempotency-key"], second.headers["idempotency-key"]) == (KEY, f"{KEY}:r1")
    assert second.body["name"] == "Anna Keller-Schmidt"


def test_every_call_carries_correlation_and_causation() -> None:
    bench = Bench()
    Portal(bench)
    bench.deliver("erp", customer_created())
    bench.run()
    calls = [call for call in bench.network.calls if "oauth" not in call.path]
    assert {call.headers["x-correlation-id"] for call in calls} == {"c-7f3a"}
    assert {call.headers["x-causation-id"] for call in calls} == {"erp-evt-C00042-1"}
    assert "idempotency-key" not in calls[0].headers
