"""What no repetition can change is refused once, kept whole for a human, and not tried again (MSG-2, TIM-3, OPS-1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hands import Shopper, Watcher, line

from understudy.testing import Landscape


@pytest.mark.understudy(proves=["MSG-2", "TIM-3", "OPS-1", "REC-1"])
def test_a_total_that_rounding_cannot_explain(world: Landscape, shopper: Shopper, watcher: Watcher) -> None:
    """PT-2 (M-5): the shop took the discount off after tax: 99.00 where 95.20 is right. Nothing is created."""
    shopper.checks_out(
        [line("SKU-1001", 4, "25.00", "19.00", discount="20.00")],
        tax="19.00",
        total="99.00",
        discount_applications=[
            {"type": "discount_code", "title": "OFF", "value": "20.0", "value_type": "fixed_amount"}
        ],
    )
    world.settle()
    letters = watcher.dead_letters()
    created = [row for row in letters if row["type"].endswith("order.created.v1")]
    assert [(row["errorCode"], row["attempts"]) for row in created] == [("total-mismatch", 1)]
    assert "99.00" in str(created[0]["errors"])
    assert "95.20" in str(created[0]["errors"])
    assert world.rows("erp", "salesOrders") == world.rows("erp", "customerPayments") == []


@pytest.mark.parametrize("operation", ["createSalesOrder", "releaseSalesOrder"])
@pytest.mark.understudy(proves=["MSG-2", "TIM-3", "OPS-1"])
def test_a_422_of_the_erp_is_not_tried_again(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None], operation: str
) -> None:
    """One call, one dead letter; it is worked on again only when a human says so, and then it goes through."""
    fault("status", "erp", operation, status=422)
    terms = {"customer": {"id": 7730}, "payment_terms": "net_30", "transactions": []}
    shopper.orders_the_standard(**terms)
    world.settle()
    assert [call.status for call in watcher.calls(operation)] == [422]
    (letter,) = watcher.dead_letters()
    assert (letter["errorCode"], letter["httpStatus"], letter["attempts"]) == ("validation-failed", 422, 1)
    assert (letter["targetSystem"], letter["status"]) == ("erp", "dead")
    world.advance("P1D")
    assert [call.status for call in watcher.calls(operation)] == [422]
    repaired = {"by": "support", "why": "set-up repaired"}
    world.control("reprocessRunDeadLetter", repaired, messageId=letter["messageId"])
    world.settle()
    assert watcher.only("erp", "salesOrders")["status"] == "released"


@pytest.mark.understudy(proves=["MSG-2", "OPS-1", "ORD-2"])
def test_a_refusal_does_not_hold_up_others(world: Landscape, shopper: Shopper, watcher: Watcher) -> None:
    """OU-5 thin: one poison order among five; four are released, one waits for a human with all of its faults."""
    sold = [shopper.orders_a_mug(), shopper.orders_a_mug()]
    unknown = [line("SKU-9998", 1, "5.00", "0.95"), line("SKU-9999", 1, "5.00", "0.95")]
    refused = shopper.checks_out(unknown, tax="1.90", total="11.90")
    sold += [shopper.orders_a_mug(), shopper.orders_a_mug()]
    world.settle()
    assert {row["sourceOrderId"] for row in world.rows("erp", "salesOrders")} == {str(order["id"]) for order in sold}
    (letter,) = [row for row in watcher.dead_letters() if row["subject"] == str(refused["id"]) and row["errors"]]
    assert [fault["pointer"] for fault in letter["errors"]] == ["/line_items/0/sku", "/line_items/1/sku"]
