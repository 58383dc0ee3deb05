"""From a stated event to its delivery: CloudEvents, one queue per subscriber and subject, attempts and their ladder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from understudy.simulate.agenda import Due
from understudy.simulate.behaviour import Emission
from understudy.simulate.builtin import SUBSCRIPTIONS
from understudy.simulate.clock import render_instant
from understudy.simulate.event import (
    CONTENT_TYPE,
    DELIVERY_LATENCY,
    RETRY_LADDER,
    SIGNATURE_HEADER,
    TYPE_PREFIX,
    Delivery,
    Outgoing,
    StoredEvent,
    sign,
)
from understudy.simulate.journal import DeliveryEntry, EventEntry
from understudy.simulate.message import encode_json

if TYPE_CHECKING:
    from understudy.simulate.system import System
    from understudy.simulate.world import World


class Dispatch:
    """The events and deliveries of one world. pending: ids of deliveries that are not at their end."""

    def __init__(self) -> None:
        self.events: dict[str, StoredEvent] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.pending: dict[str, None] = {}
        self._copies: dict[str, int] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._queues: dict[tuple[str, str], tuple[str, ...]] = {}

    def fork(self) -> Dispatch:
        twin = Dispatch()
        for attribute in ("events", "deliveries", "pending", "_copies", "_counts", "_queues"):
            setattr(twin, attribute, dict(getattr(self, attribute)))
        return twin

    # -- events ---------------------------------------------------------------------------------------------------

    def publish(self, world: World, system: System, emission: Emission, cause: int) -> None:
        """Make a CloudEvent of what a behaviour stated, journal it and queue it for every subscriber of its type."""
        event = self._cloud_event(world, system, emission)
        stored = StoredEvent(event["id"], system.name, emission.type, emission.subject, event, encode_json(event))
        self.events[stored.id] = stored
        findings = _findings(system, emission.type, event)
        world.journal.append(
            lambda seq: EventEntry(
                seq,
                world.clock.now,
                system=system.name,
                name=emission.type,
                event_id=stored.id,
                subject=emission.subject,
                cloud_event=event,
                cause=cause,
                findings=findings,
            )
        )
        for subscription in world.subscriptions(system.name):
            if subscription["active"] and emission.type in subscription["types"]:
                self._enqueue(world, stored, subscription)

    def _cloud_event(self, world: World, system: System, emission: Emission) -> dict[str, Any]:
        event_id = f"{system.name}-evt-{world.run * 100_000 + self._count('event', system.name):04d}"
        sequence = world.run * 1_000_000 + self._count(system.name, emission.subject)
        trace = world.chance.hex("trace", emission.correlation_id, digits=32)
        span = world.chance.hex("span", event_id, digits=16)
        stem, _, major = emission.type.rpartition(".v")
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": event_id,
            "source": system.simulator.source,
            "type": TYPE_PREFIX + emission.type,
            "subject": emission.subject,
            "time": render_instant(world.clock.now),
            "datacontenttype": "application/json",
            "dataschema": f"https://example.com/schemas/{stem}/{major}",
            "correlationid": emission.correlation_id,
            "sequence": f"{sequence:06d}",
            "traceparent": f"00-{trace}-{span}-01",
            "data": emission.data,
        }
        if emission.causation_id is not None:
            event["causationid"] = emission.causation_id
        return event

    def _count(self, *key: str) -> int:
        value = self._counts.get((key[0], key[1]), 0) + 1
        self._counts[key[0], key[1]] = value
        return value

    # -- queueing -------------------------------------------------------------------------------------------------

    def _enqueue(self, world: World, event: StoredEvent, subscription: Mapping[str, Any]) -> None:
        fault = world.faults.take_for_event(world, event.system, event.name) if world.faults else None
        kind = fault.kind if fault is not None else ""
        parameters = (fault.parameters or {}) if fault is not None else {}
        delivery = self._new(event, subscription, kind if kind in ("corrupt-event", "wrong-signature") else "")
        if kind == "drop-event":
            self._end(replace(delivery, status="dropped", mutation=kind))
            world.note("event dropped", {"eventId": event.id, "name": event.name})
            return
        if kind == "late-event":
            late = timedelta(seconds=int(parameters.get("seconds", 60)))
            world.agenda.add(world.clock.now + late, "delivery", delivery.id)
            return
        if kind == "duplicate-event":
            for _ in range(1, int(parameters.get("copies", 5))):
                twin = self._new(event, subscription, "")
                world.agenda.add(world.clock.now + DELIVERY_LATENCY, "delivery", twin.id)
        if world.policy.get("ordering", "perSubject") == "shuffled":
            late = timedelta(milliseconds=world.chance.integer("latency", delivery.id, low=0, high=2000))
            world.agenda.add(world.clock.now + late, "delivery", delivery.id)
            return
        queue_key = (str(subscription["id"]), event.subject)
        queue = self._queues.get(queue_key, ())
        self._queues[queue_key] = (*queue, delivery.id)
        if not queue:
            world.agenda.add(world.clock.now + DELIVERY_LATENCY, "delivery", delivery.id)

    def _new(self, event: StoredEvent, subscription: Mapping[str, Any], mutation: str) -> Delivery:
        copy = self._copies.get(event.id, 0)
        self._copies[event.id] = copy + 1
        delivery = Delivery(
            id=f"d-{len(self.deliveries) + 1:05d}",
            event_id=event.id,
            system=event.system,
            subscription_id=str(subscription["id"]),
            sink=str(subscription["sink"]),
            copy=copy,
            mutation=mutation,
        )
        self.deliveries[delivery.id] = delivery
        self.pending[delivery.id] = None
        return delivery

    def redeliver(self, world: World, event_id: str, copies: int = 1) -> list[str]:
        """Deliver an event again, `copies` times at once. Returns delivery ids; KeyError if the event is unknown."""
        event = self.events[event_id]
        made = []
        for subscription in world.subscriptions(event.system):
            if subscription["active"] and event.name in subscription["types"]:
                for _ in range(copies):
                    delivery = self._new(event, subscription, "")
                    world.agenda.add(world.clock.now, "delivery", delivery.id)
                    made.append(delivery.id)
        world.note("redeliver", {"eventId": event_id, "copies": copies})
        return made

    # -- attempts -------------------------------------------------------------------------------------------------

    def begin(self, world: World, due: Due) -> Outgoing | None:
        """The attempt to make now, or None when nothing is left to do (subscription gone, already delivered)."""
        delivery = self.deliveries[due.payload]
        if delivery.id not in self.pending:
            return None
        subscription = world.tables[delivery.system][SUBSCRIPTIONS.name].get(delivery.subscription_id)
        if subscription is None or not subscription["active"]:
            self._close(world, replace(delivery, status="given_up"))
            return None
        event = self.events[delivery.event_id]
        secret = subscription["secret"] if delivery.mutation != "wrong-signature" else "not-the-secret-of-this-sink"
        signature = sign(secret, int(world.wall_now().timestamp()), event.body)
        body = event.body
        if delivery.mutation == "corrupt-event":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        headers = {
            "content-type": CONTENT_TYPE,
            SIGNATURE_HEADER: signature,
            "x-correlation-id": str(event.cloud_event["correlationid"]),
        }
        return Outgoing(delivery.id, delivery.sink, headers, body, world.clock.now, delivery.attempts + 1)

    def finish(self, world: World, outgoing: Outgoing, answer: int | None, error: str = "") -> None:
        """Record what came of an attempt. answer: the receiver's status, None when it gave none within the time."""
        delivery = self.deliveries[outgoing.delivery_id]
        event = self.events[delivery.event_id]
        if answer is not None and 200 <= answer < 300:
            outcome = "delivered"
        elif delivery.attempts < len(RETRY_LADDER):
            outcome = "failed"
        else:
            outcome = "given_up"
        after = delivery.attempted(outcome, answer)
        self.deliveries[delivery.id] = after
        world.journal.append(
            lambda seq: DeliveryEntry(
                seq,
                world.clock.now,
                system=delivery.system,
                delivery_id=delivery.id,
                event_id=event.id,
                source=str(event.cloud_event["source"]),
                name=event.name,
                subject=event.subject,
                sink=delivery.sink,
                attempt=outgoing.attempt,
                answer=answer,
                error=error,
                outcome=outcome,
                body_hash=hashlib.sha256(outgoing.body).hexdigest(),
                correlation_id=str(event.cloud_event["correlationid"]),
                mutation=delivery.mutation,
                copy=delivery.copy,
            )
        )
        if outcome == "failed":
            world.agenda.add(world.clock.now + RETRY_LADDER[delivery.attempts], "delivery", delivery.id)
        else:
            self._close(world, after)

    def _end(self, delivery: Delivery) -> None:
        self.deliveries[delivery.id] = delivery
        self.pending.pop(delivery.id, None)

    def _close(self, world: World, delivery: Delivery) -> None:
        """A delivery is at its end: the next of its queue may go."""
        self._end(delivery)
        queue_key = (delivery.subscription_id, self.events[delivery.event_id].subject)
        queue = self._queues.get(queue_key, ())
        if delivery.id not in queue:
            return
        rest = tuple(d for d in queue if d != delivery.id)
        if not rest:
            del self._queues[queue_key]
            return
        self._queues[queue_key] = rest
        if queue[0] == delivery.id:
            world.agenda.add(world.clock.now, "delivery", rest[0])


def _findings(system: System, name: str, event: Mapping[str, Any]) -> tuple[str, ...]:
    """How an event breaks the contract that declares it; empty when it keeps it."""
    spec = system.contract.events.get(name)
    if spec is None:
        return (f"{system.name} sends {name}, which its contract does not declare",)
    found = system.contract.schemas.violations(spec.schema, event)
    return tuple(f"{name} has {v.pointer or '/'}: {v.detail}" for v in found[:10])
