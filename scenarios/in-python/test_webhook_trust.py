"""Webhooks are believed by their signature over the raw bytes, within 300 s, and by nothing else (MSG-5, AU-2 thin)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from hands import Shopper, Warehouse, Watcher

from understudy import EventEntry
from understudy.testing import Landscape

CREATED = "store.order.created.v1"
SHIPPED = "wms.shipment.confirmed.v1"


@pytest.mark.parametrize("kind", ["wrong-signature", "corrupt-event"])
@pytest.mark.understudy(proves=["MSG-5", "ORD-2"])
def test_a_forged_or_altered_order_has_no_effect(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None], kind: str
) -> None:
    """Answered 401 however often it is sent: no message, no call. The honest delivery of the same event is believed."""
    fault(kind, "storefront", CREATED)
    order = shopper.orders_the_standard()
    world.advance("PT20S")
    assert [row["answer"] for row in watcher.deliveries(CREATED)] == [401, 401]
    assert watcher.messages() == []
    assert watcher.calls() == []
    world.control("redeliver", {}, eventId=_event(world, CREATED).event_id)
    world.settle()
    answers = [(row["mutation"], row["answer"]) for row in watcher.deliveries(CREATED)]
    assert set(answers) == {(kind, 401), ("", 202)}
    assert len(answers) == 10, "9 attempts of the delivery that nobody believes, 1 of the honest one"
    assert watcher.sales_order(order)["status"] == "released"


@pytest.mark.understudy(proves=["MSG-5", "DOC-6"])
def test_a_forged_shipment_moves_no_stock(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """Nothing is posted, nothing is invoiced, until the warehouse itself says that the goods are gone."""
    shopper.orders_the_standard()
    world.settle()
    fault("wrong-signature", "wms", SHIPPED)
    warehouse.ships(watcher.only("erp", "salesOrders")["number"])
    world.advance("PT20S")
    assert {row["answer"] for row in watcher.deliveries(SHIPPED)} == {401}
    assert world.rows("erp", "salesShipments") == world.rows("erp", "salesInvoices") == []
    world.control("redeliver", {}, eventId=_event(world, SHIPPED).event_id)
    world.settle()
    assert watcher.only("erp", "salesInvoices")["totals"]["includingTax"] == "70.73"


def test_a_capture_is_worthless_after_five_minutes(
    world: Landscape, shopper: Shopper, watcher: Watcher, fault: Callable[..., None]
) -> None:
    """A valid delivery, recorded on its way and sent again 10 minutes later, is refused by its age."""
    fault("drop-event", "storefront", CREATED)
    order = shopper.orders_a_mug()
    body = json.dumps(dict(_event(world, CREATED).cloud_event)).encode()
    captured = _signed(world, "storefront", body)
    world.advance("PT10M")
    assert _post(world, "storefront", captured, body) == 401
    assert _post(world, "storefront", {}, body) == 401
    # The moment is part of what is signed, so it cannot be moved.
    now = f"t={int(world.world.clock.now.timestamp())}"
    moved = {"x-signature": now + captured["x-signature"][captured["x-signature"].index(",") :]}
    assert _post(world, "storefront", moved, body) == 401
    world.settle()
    assert not [row for row in watcher.messages(flow="F-1") if row["type"].endswith("created.v1")]
    assert world.rows("erp", "salesOrders") == []
    world.control("redeliver", {}, eventId=_event(world, CREATED).event_id)
    world.settle()
    assert watcher.sales_order(order)["status"] == "released"


def test_a_replay_within_the_tolerance_is_a_duplicate(world: Landscape, shopper: Shopper, watcher: Watcher) -> None:
    """A signature cannot tell the first time from the second; the id can (IDM-1)."""
    shopper.orders_a_mug()
    world.settle()
    body = json.dumps(dict(_event(world, CREATED).cloud_event)).encode()
    captured, before = _signed(world, "storefront", body), len(watcher.calls())
    assert [_post(world, "storefront", captured, body) for _ in range(3)] == [202, 202, 202]
    world.settle()
    assert len(world.rows("erp", "salesOrders")) == len(world.rows("erp", "customerPayments")) == 1
    assert len(watcher.calls()) == before


@pytest.mark.parametrize("sender", ["erp", "wms"])
def test_each_sender_has_a_secret_of_its_own(world: Landscape, shopper: Shopper, sender: str) -> None:
    """Whoever knows the secret of one system cannot speak for another."""
    shopper.orders_a_mug()
    world.settle()
    body = json.dumps({**_event(world, CREATED).cloud_event, "id": "store-evt-made-up", "subject": "1"}).encode()
    assert _post(world, "storefront", _signed(world, sender, body), body) == 401
    world.settle()
    assert len(world.rows("erp", "salesOrders")) == 1


def _event(world: Landscape, name: str) -> EventEntry:
    (event,) = [entry for entry in world.world.entries() if isinstance(entry, EventEntry) and entry.name == name]
    return event


def _signed(world: Landscape, sender: str, body: bytes) -> dict[str, str]:
    """The signature of domain.md 2.1, as this sender would make it now."""
    secret = next(world.world.subscriptions(sender))["secret"]
    moment = str(int(world.world.clock.now.timestamp()))
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-signature": f"t={moment},v1={digest}"}


def _post(world: Landscape, sender: str, headers: dict[str, str], body: bytes) -> int:
    """Somebody on the network delivers this to the integration; the answer's status."""
    hosted = world.run.stage.hosted
    assert hosted is not None
    media = {"content-type": "application/cloudevents+json"}
    return hosted.handle("POST", f"/webhooks/{sender}", "", {**media, **headers}, body).status
