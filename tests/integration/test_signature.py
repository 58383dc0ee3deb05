"""Webhook trust over raw bytes (domain 2.1 Delivery, MSG-5, AU-2, AU-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration.signature import sign
from integration.transport import encode

from .bench import SECRET, START, Bench, customer_created

BODY = encode(customer_created())


def refused(bench: Bench, **changes: object) -> None:
    answer = bench.deliver("erp", customer_created(), **changes)
    assert (answer.status, answer.json()["code"]) == (401, "signature-invalid")
    assert bench.integration.observe()["messages"] == []
    assert bench.network.calls == []


def test_a_signed_delivery_is_accepted() -> None:
    answer = Bench().deliver("erp", customer_created())
    assert (answer.status, answer.json()) == (202, {"messageId": "erp-evt-C00042-1", "status": "accepted"})


def test_a_forged_delivery_is_refused_without_effect() -> None:
    refused(Bench(), secret="another-secret-than-agreed")


def test_one_altered_byte_is_refused_without_effect() -> None:
    refused(Bench(), signed_body=BODY, body=BODY.replace(b"Anna", b"Anne", 1))


@pytest.mark.parametrize("age", [301, -301], ids=["old", "from the future"])
def test_a_valid_capture_outside_the_tolerance_is_refused(age: int) -> None:
    refused(Bench(), at=START - timedelta(seconds=age))


@pytest.mark.parametrize("age", [300, -300])
def test_clocks_may_differ_by_the_tolerance(age: int) -> None:
    assert Bench().deliver("erp", customer_created(), at=START - timedelta(seconds=age)).status == 202


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=00",
        "t=1772407800",
        "t=x,v1=00",
        "t=1772407800,v1=zz",
        "t=1,t=2,v1=00",
        "t=9999999999999999,v1=00",
        "t=²,v1=0",
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    refused(Bench(), headers={"x-signature": header})


def test_the_body_is_not_read_before_it_is_trusted() -> None:
    """Nonsense with a wrong signature is 401, not 400."""
    refused(Bench(), body=b"{nonsense", secret="another-secret-than-agreed")


def test_two_secrets_are_valid_during_rotation() -> None:
    bench = Bench(secrets={"erp": ("the-new-secret-of-today", SECRET)})
    assert bench.deliver("erp", customer_created()).status == 202
    assert bench.deliver("erp", customer_created(sequence=2), secret="the-new-secret-of-today").status == 202
    assert bench.deliver("erp", customer_created(sequence=3), secret="the-secret-of-last-year").status == 401


def test_a_sender_may_sign_with_both_secrets() -> None:
    bench = Bench()
    one, other = sign(SECRET, BODY, bench.now), sign("the-new-secret-of-today", BODY, bench.now)
    both = f"{other},v1={one.partition('v1=')[2]}"
    assert bench.deliver("erp", customer_created(), headers={"x-signature": both}).status == 202


def test_the_secret_of_one_system_does_not_open_another() -> None:
    bench = Bench(secrets={"erp": (SECRET,), "wms": ("the-secret-of-the-warehouse",)})
    assert bench.deliver("wms", customer_created()).status == 401
