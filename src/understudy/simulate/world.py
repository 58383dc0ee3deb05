"""A world: one isolated landscape with every simulator's state, clock, chance, future, faults and journal.

A request passes through `handle` in the order of domain.md 2.1: route, authenticate, size, idempotency, syntax, schema,
behaviour, response check, commit. Nothing here reads a wall clock or a socket; shells do.
"""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from understudy.contract import Operation
from understudy.simulate.agenda import Agenda, Due
from understudy.simulate.authenticate import ANONYMOUS, Credential
from understudy.simulate.behaviour import Client, Context, DataSet, Emission, Reply
from understudy.simulate.builtin import SUBSCRIPTIONS, token_reply
from understudy.simulate.call import Call, check_media_and_size, parse_body, read_call, require_headers
from understudy.simulate.chance import Chance
from understudy.simulate.clock import Clock, render_instant
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
from understudy.simulate.fault import Fault
from understudy.simulate.idempotency import KEPT_FOR, IdempotencyRecord, RecordKey, body_hash, is_recorded, replay
from understudy.simulate.journal import (
    DeliveryEntry,
    Entry,
    EventEntry,
    Exchange,
    JobEntry,
    Journal,
    Note,
    Transition,
)
from understudy.simulate.message import ConnectionReset, Request, Response, encode_json
from understudy.simulate.pagination import resume
from understudy.simulate.problem import Problem
from understudy.simulate.router import Match
from understudy.simulate.system import System
from understudy.simulate.table import Table

_EMPTY_CALL = Call({}, {}, {}, None)
_SYSTEM_CLIENT = Client("system")
PENDING = ("pending", "failed")


class World:
    """id: how requests name it. run: 0 in-process; over sockets it rises, and every number sequence with it.

    policy: the switches in force. now: start of the world's clock, timezone-aware.
    """

    def __init__(
        self,
        id: str,
        systems: Mapping[str, System],
        *,
        seed: int,
        now: datetime,
        policy: Mapping[str, str],
        run: int = 0,
    ) -> None:
        self.id = id
        self.systems = systems
        self.seed = seed
        self.run = run
        self.policy = dict(policy)
        self.clock = Clock(now)
        self.started = self.clock.now
        self.chance = Chance(seed)
        self.journal = Journal()
        self.agenda = Agenda()
        self.tables: dict[str, dict[str, Table]] = {
            name: {spec.name: Table(spec) for spec in (*system.simulator.tables, SUBSCRIPTIONS)}
            for name, system in systems.items()
        }
        self.sequences: dict[str, dict[str, int]] = {name: {} for name in systems}
        self.credentials: dict[str, Credential] = {}
        self.faults: dict[str, Fault] = {}
        self.events: dict[str, StoredEvent] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.wall: Callable[[], datetime] | None = None
        """Towards another process: the clock of signatures and token lifetimes; None means world time."""
        self._idempotency: dict[RecordKey, IdempotencyRecord] = {}
        self._event_counts: dict[tuple[str, str], int] = {}
        self._queues: dict[tuple[str, str], tuple[str, ...]] = {}
        self._tokens = 0
        self._fault_count = 0
        self._start_sequences()

    # -- making and copying ---------------------------------------------------------------------------------------

    def _start_sequences(self) -> None:
        for name, system in self.systems.items():
            self.sequences[name] = {key: first + self.run * 1000 for key, first in system.simulator.sequences.items()}

    def seed_with(self, data: DataSet) -> None:
        """Load a data set through every simulator's `seed`. What it emits or schedules is not carried out."""
        for name, system in self.systems.items():
            context = self._context(system, "seed", _EMPTY_CALL, _SYSTEM_CLIENT, "seed", None)
            system.simulator.seed(context, data)
            for table, view in context.views.items():
                for key, record in view.changes.items():
                    self.tables[name][table].write(key, record)

    def fork(self, id: str, *, run: int | None = None) -> World:
        """An independent copy, in constant time per table. run: a new run ordinal restarts every number sequence."""
        twin = World.__new__(World)
        twin.__dict__.update(self.__dict__)
        twin.id = id
        twin.policy = dict(self.policy)
        twin.clock = Clock(self.clock.now)
        twin.journal = self.journal.fork()
        twin.agenda = self.agenda.fork()
        twin.tables = {s: {n: t.fork() for n, t in tables.items()} for s, tables in self.tables.items()}
        twin.sequences = {s: dict(numbers) for s, numbers in self.sequences.items()}
        for attribute in ("credentials", "faults", "events", "deliveries", "_idempotency", "_event_counts", "_queues"):
            setattr(twin, attribute, dict(getattr(self, attribute)))
        if run is not None and run != self.run:
            twin.run = run
            twin._start_sequences()
        return twin

    def become(self, other: World) -> None:
        """Take over the state of another world (reset, restore) but keep this one's id and subscriptions."""
        wiring = {name: tables[SUBSCRIPTIONS.name] for name, tables in self.tables.items()}
        kept_id, wall = self.id, self.wall
        self.__dict__.update(other.fork(kept_id).__dict__)
        self.wall = wall
        for name, subscriptions in wiring.items():
            self.tables[name][SUBSCRIPTIONS.name] = subscriptions

    # -- credentials ----------------------------------------------------------------------------------------------

    def add_credential(self, credential: Credential) -> None:
        self.credentials[credential.value] = credential

    def mint_token(self, system: str, actor: str, scopes: frozenset[str], lifetime: timedelta | None) -> str:
        """A new bearer token. lifetime: None for one that never expires."""
        self._tokens += 1
        token = f"{self.chance.hex('token', self.run, system, actor, self._tokens, digits=32)}.{self.id}"
        expires = None if lifetime is None else self._wall_now() + lifetime
        self.add_credential(Credential(actor, system, "token", token, scopes, expires=expires))
        return token

    def _wall_now(self) -> datetime:
        return self.wall() if self.wall is not None else self.clock.now

    # -- requests -------------------------------------------------------------------------------------------------

    def delay_ms(self, system_name: str, request: Request) -> int:
        """How long a delay fault holds this request up; the shell lets that time pass before `handle`."""
        if not self.faults:
            return 0
        system = self.systems[system_name]
        match = system.router.find(request.method, request.path)
        if not isinstance(match, Match):
            return 0
        client = self._client_or_anonymous(system, match.operation, request)
        fault = self._matching_fault(system_name, match.operation.id, client.name)
        return fault.effect.delay_ms() if fault is not None and fault.effect is not None and fault.skip == 0 else 0

    def handle(self, system_name: str, request: Request) -> Response:
        """Answer one request to one system (path below the system's base) and record it.

        Raises ConnectionReset when an injected fault closes the connection instead of answering.
        """
        system = self.systems[system_name]
        given = request.headers.get("x-correlation-id")
        correlation = given or f"c-{self.chance.hex('correlation', self.run, self.journal.count, digits=12)}"
        causation = request.headers.get("x-causation-id")
        client = ANONYMOUS
        operation: Operation | None = None
        context: Context | None = None
        findings: list[str] = []
        replayed = False
        fault: Fault | None = None
        reset: ConnectionReset | None = None
        response: Response | None
        try:
            operation, path = self._route(system, request)
            client = system.doorkeeper.admit(operation, request, self.credentials, self._wall_now())
            fault = self._take_fault(system_name, operation.id, client.name) if self.faults else None
            early = fault.effect.before() if fault is not None and fault.effect is not None else None
            if early is not None:
                response = early
            else:
                response, context, replayed = self._answer(
                    system, operation, request, path, client, correlation, causation, findings
                )
                if findings:
                    context = None
        except Problem as problem:
            response = self._refusal(system, problem, request, correlation)
            if operation is not None:
                findings += self._response_findings(
                    system, operation, response.status, json.loads(response.body), response
                )
        except ConnectionReset as closed:
            response, reset = None, closed
        except Exception as bug:
            # A behaviour that crashes is a bug of ours: the world goes on, the run fails by the finding.
            place = traceback.extract_tb(bug.__traceback__)[-1]
            findings.append(f"behaviour crashed: {type(bug).__name__}: {bug} ({place.filename}:{place.lineno})")
            response = self._refusal(system, Problem("internal-error", "the simulator failed"), request, correlation)
        committed = context is not None and not replayed
        if response is not None and committed and fault is not None and fault.effect is not None:
            try:
                response = fault.effect.after(response)
            except ConnectionReset as closed:
                response, reset = None, closed
        changes = self._apply(system, context) if committed and context is not None else ()
        operation_id = operation.id if operation is not None else ""
        seq = self.journal.append(
            lambda seq: Exchange(
                seq,
                self.clock.now,
                system=system_name,
                operation_id=operation_id,
                client=client.name,
                request=system.doorkeeper.without_credentials(request),
                response=response,
                committed=committed,
                correlation_id=correlation,
                causation_id=causation,
                fault=fault.kind if fault is not None else "",
                replayed=replayed,
                findings=tuple(findings),
                changes=tuple((table, key) for table, key, _, _ in changes),
            )
        )
        if committed and context is not None:
            self._after_commit(system, context, changes, seq)
        if reset is not None:
            raise reset
        assert response is not None
        return response

    def _route(self, system: System, request: Request) -> tuple[Operation, Mapping[str, str]]:
        match = system.router.find(request.method, request.path)
        if isinstance(match, Match):
            return match.operation, match.path
        if match.status == 405:
            raise Problem("method-not-allowed", match.hint, headers={"Allow": ", ".join(match.allowed)})
        raise Problem("not-found", f"{request.method} {request.path} is no operation of {system.name}; {match.hint}")

    def _answer(
        self,
        system: System,
        operation: Operation,
        request: Request,
        path: Mapping[str, str],
        client: Client,
        correlation: str,
        causation: str | None,
        findings: list[str],
    ) -> tuple[Response, Context | None, bool]:
        """The response, the transaction to commit (None for none), and whether it is a replay."""
        media = check_media_and_size(operation, request)
        require_headers(operation, request)
        record_key: RecordKey | None = None
        given_hash = ""
        key = request.headers.get("idempotency-key")
        if (
            key is not None
            and self.policy.get("idempotencySupport", "full") == "full"
            and operation.header("idempotency-key")
        ):
            record_key = (client.name, request.method, request.path, key)
            given_hash = body_hash(request.body)
            again = replay(self._idempotency.get(record_key), given_hash, self.clock.now)
            if again is not None:
                return again, None, True
        try:
            body = parse_body(media, request)
            call = read_call(system.contract, operation, request, path, body)
            if call.query:
                call = replace(call, query=resume(call.query))
        except Problem as problem:
            if record_key is not None and is_recorded(problem.status, problem.slug):
                refused = self._refusal(system, problem, request, correlation)
                self._idempotency[record_key] = IdempotencyRecord(given_hash, refused, self.clock.now + KEPT_FOR)
            raise
        if operation is system.token_operation:
            reply = token_reply(self, system.name, call.body or {}, system.token_lifetime)
            response = self._encode(reply, correlation)
            findings += self._response_findings(system, operation, reply.status, reply.body, response)
            return response, None, False
        handler = system.handler(operation)
        if handler is None:
            raise Problem("not-implemented", f"the simulator of {system.name} has no behaviour for {operation.id}")
        context = self._context(system, operation.id, call, client, correlation, causation)
        reply = handler(context)
        response = self._encode(reply, correlation)
        findings += self._response_findings(system, operation, reply.status, reply.body, response)
        if findings:
            broken = Problem("internal-error", "the simulator broke its own contract: " + "; ".join(findings))
            return self._refusal(system, broken, request, correlation), None, False
        if record_key is not None and is_recorded(reply.status, ""):
            self._idempotency[record_key] = IdempotencyRecord(given_hash, response, self.clock.now + KEPT_FOR)
        return response, context, False

    def _context(
        self, system: System, operation_id: str, call: Call, client: Client, correlation: str, causation: str | None
    ) -> Context:
        return Context(
            system=system.name,
            operation_id=operation_id,
            call=call,
            now=self.clock.now,
            policy=self.policy,
            settings=system.settings,
            client=client,
            correlation_id=correlation,
            causation_id=causation,
            chance=self.chance,
            run=self.run,
            tables=self.tables[system.name],
            sequences=self.sequences[system.name],
            pager=system.pager,
        )

    @staticmethod
    def _encode(reply: Reply, correlation: str) -> Response:
        headers = {name.lower(): value for name, value in reply.headers.items()}
        body = b""
        if reply.body is not None:
            headers.setdefault("content-type", "application/json")
            body = encode_json(reply.body)
            if isinstance(reply.body, dict) and "@etag" in reply.body:
                headers.setdefault("etag", reply.body["@etag"])
        headers["x-correlation-id"] = correlation
        return Response(reply.status, headers, body)

    @staticmethod
    def _refusal(system: System, problem: Problem, request: Request, correlation: str) -> Response:
        if not problem.status:
            problem.status = system.simulator.problems[problem.slug]
        headers = {name.lower(): value for name, value in problem.headers.items()}
        headers["content-type"] = "application/problem+json"
        headers["x-correlation-id"] = correlation
        if problem.retry_after_seconds is not None:
            headers["retry-after"] = str(problem.retry_after_seconds)
        body = problem.to_json(instance=f"{system.base}{request.path}", correlation_id=correlation)
        return Response(problem.status, headers, encode_json(body))

    @staticmethod
    def _response_findings(
        system: System, operation: Operation, status: int, body: Any, response: Response
    ) -> list[str]:
        spec = operation.response_for(status)
        if spec is None:
            return [f"{operation.id} answers {status}, which its contract does not document"]
        if body is None:
            return [f"{operation.id} answers {status} without the documented body"] if spec.content else []
        media = response.headers.get("content-type", "").split(";")[0]
        if media not in spec.content:
            return [f"{operation.id} answers {status} as {media}, documented: {', '.join(spec.content) or 'no body'}"]
        schema = spec.content[media]
        if not schema:
            return []
        found = system.contract.schemas.violations(schema, body)
        return [f"{operation.id} answers {status} with {v.pointer or '/'}: {v.detail}" for v in found[:10]]

    # -- commit ---------------------------------------------------------------------------------------------------

    def _apply(self, system: System, context: Context) -> tuple[tuple[str, Any, Any, Any], ...]:
        """Write a transaction; returns (table, key, before, after) for every record that changed."""
        tables = self.tables[system.name]
        changes = []
        for name, view in context.views.items():
            table = tables[name]
            for key, record in view.changes.items():
                changes.append((name, key, table.get(key), record))
                table.write(key, record)
        self.sequences[system.name].update(context.sequence_changes)
        return tuple(changes)

    def _after_commit(
        self, system: System, context: Context, changes: Iterable[tuple[str, Any, Any, Any]], cause: int
    ) -> None:
        for table, key, before, after in changes:
            for field in self.tables[system.name][table].spec.tracked:
                old = before.get(field) if before is not None else None
                new = after.get(field) if after is not None else None
                if old != new:
                    self._append_transition(system.name, table, key, field, old, new, cause)
        for emission in context.emissions:
            self._publish(system, emission, cause)
        for job in context.scheduled:
            payload = (system.name, job.job, job.payload, job.correlation_id, job.causation_id)
            self.agenda.add(job.at, "job", payload)

    def _append_transition(
        self, system: str, table: str, key: Any, field: str, before: Any, after: Any, cause: int
    ) -> None:
        self.journal.append(
            lambda seq: Transition(
                seq,
                self.clock.now,
                system=system,
                table=table,
                key=key,
                field=field,
                before=before,
                after=after,
                cause=cause,
            )
        )

    # -- jobs -----------------------------------------------------------------------------------------------------

    def run_job(self, due: Due) -> None:
        """Run a scheduled job in a transaction of its own; a Problem means that it did nothing, and is recorded."""
        system_name, job, payload, correlation, causation = due.payload
        system = self.systems[system_name]
        context = self._context(system, f"job:{job}", _EMPTY_CALL, _SYSTEM_CLIENT, correlation, causation)
        refusal = ""
        changes: tuple[tuple[str, Any, Any, Any], ...] = ()
        try:
            system.simulator.jobs[job](context, payload)
            changes = self._apply(system, context)
        except Problem as problem:
            refusal = str(problem)
        seq = self.journal.append(
            lambda seq: JobEntry(
                seq,
                self.clock.now,
                system=system_name,
                job=job,
                payload=payload,
                correlation_id=correlation,
                refusal=refusal,
                changes=tuple((table, key) for table, key, _, _ in changes),
            )
        )
        if not refusal:
            self._after_commit(system, context, changes, seq)

    # -- events and deliveries ------------------------------------------------------------------------------------

    def _publish(self, system: System, emission: Emission, cause: int) -> None:
        name = system.name
        number = self._count(("event", name))
        event_id = f"{name}-evt-{self.run * 100_000 + number:04d}"
        sequence = self.run * 1_000_000 + self._count((name, emission.subject))
        trace = self.chance.hex("trace", emission.correlation_id, digits=32)
        span = self.chance.hex("span", event_id, digits=16)
        stem, _, major = emission.type.rpartition(".v")
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": event_id,
            "source": system.simulator.source,
            "type": TYPE_PREFIX + emission.type,
            "subject": emission.subject,
            "time": render_instant(self.clock.now),
            "datacontenttype": "application/json",
            "dataschema": f"https://example.com/schemas/{stem}/{major}",
            "correlationid": emission.correlation_id,
            "sequence": f"{sequence:06d}",
            "traceparent": f"00-{trace}-{span}-01",
            "data": emission.data,
        }
        if emission.causation_id is not None:
            event["causationid"] = emission.causation_id
        findings: tuple[str, ...] = ()
        spec = system.contract.events.get(emission.type)
        if spec is None:
            findings = (f"{name} sends {emission.type}, which its contract does not declare",)
        else:
            found = system.contract.schemas.violations(spec.schema, event)
            findings = tuple(f"{emission.type} has {v.pointer or '/'}: {v.detail}" for v in found[:10])
        stored = StoredEvent(event_id, name, emission.type, emission.subject, event, encode_json(event))
        self.events[event_id] = stored
        self.journal.append(
            lambda seq: EventEntry(
                seq,
                self.clock.now,
                system=name,
                name=emission.type,
                event_id=event_id,
                subject=emission.subject,
                cloud_event=event,
                cause=cause,
                findings=findings,
            )
        )
        for subscription in self.subscriptions(name):
            if subscription["active"] and emission.type in subscription["types"]:
                self._enqueue(stored, subscription)

    def subscriptions(self, system: str) -> Iterator[dict[str, Any]]:
        return self.tables[system][SUBSCRIPTIONS.name].all()

    def _count(self, key: tuple[str, str]) -> int:
        value = self._event_counts.get(key, 0) + 1
        self._event_counts[key] = value
        return value

    def _enqueue(self, event: StoredEvent, subscription: Mapping[str, Any]) -> None:
        fault = self._take_event_fault(event.system, event.name)
        parameters = (fault.parameters or {}) if fault is not None else {}
        kind = fault.kind if fault is not None else ""
        delivery = self._new_delivery(
            event, subscription, 0, kind if kind in ("corrupt-event", "wrong-signature") else ""
        )
        if kind == "drop-event":
            self.deliveries[delivery.id] = replace(delivery, status="dropped", mutation=kind)
            self.note("event dropped", {"eventId": event.id, "name": event.name})
            return
        if kind == "late-event":
            self.agenda.add(
                self.clock.now + timedelta(seconds=int(parameters.get("seconds", 60))), "delivery", delivery.id
            )
            return
        if kind == "duplicate-event":
            for copy in range(1, int(parameters.get("copies", 5))):
                twin = self._new_delivery(event, subscription, copy, "")
                self.agenda.add(self.clock.now + DELIVERY_LATENCY, "delivery", twin.id)
        if self.policy.get("ordering", "perSubject") == "shuffled":
            late = timedelta(milliseconds=self.chance.integer("latency", delivery.id, low=0, high=2000))
            self.agenda.add(self.clock.now + late, "delivery", delivery.id)
            return
        queue_key = (str(subscription["id"]), event.subject)
        queue = self._queues.get(queue_key, ())
        self._queues[queue_key] = (*queue, delivery.id)
        if not queue:
            self.agenda.add(self.clock.now + DELIVERY_LATENCY, "delivery", delivery.id)

    def _new_delivery(self, event: StoredEvent, subscription: Mapping[str, Any], copy: int, mutation: str) -> Delivery:
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
        return delivery

    def redeliver(self, event_id: str, copies: int = 1) -> list[str]:
        """Deliver an event again, `copies` times at once. Returns delivery ids; KeyError if the event is unknown."""
        event = self.events[event_id]
        made = []
        for subscription in self.subscriptions(event.system):
            if not (subscription["active"] and event.name in subscription["types"]):
                continue
            before = sum(1 for d in self.deliveries.values() if d.event_id == event_id)
            for number in range(copies):
                delivery = self._new_delivery(event, subscription, before + number, "")
                self.agenda.add(self.clock.now, "delivery", delivery.id)
                made.append(delivery.id)
        self.note("redeliver", {"eventId": event_id, "copies": copies})
        return made

    def begin_delivery(self, due: Due) -> Outgoing | None:
        """The attempt to make now, or None when nothing is left to do (subscription gone, already delivered)."""
        delivery = self.deliveries[due.payload]
        if delivery.status not in PENDING:
            return None
        subscription = self.tables[delivery.system][SUBSCRIPTIONS.name].get(delivery.subscription_id)
        if subscription is None or not subscription["active"]:
            self._close(replace(delivery, status="given_up"))
            return None
        event = self.events[delivery.event_id]
        secret = subscription["secret"] if delivery.mutation != "wrong-signature" else "not-the-secret-of-this-sink"
        signature = sign(secret, int(self._wall_now().timestamp()), event.body)
        body = event.body
        if delivery.mutation == "corrupt-event":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        headers = {
            "content-type": CONTENT_TYPE,
            SIGNATURE_HEADER: signature,
            "x-correlation-id": str(event.cloud_event["correlationid"]),
        }
        return Outgoing(delivery.id, delivery.sink, headers, body, self.clock.now, delivery.attempts + 1)

    def finish_delivery(self, outgoing: Outgoing, answer: int | None, error: str = "") -> None:
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
        self.journal.append(
            lambda seq: DeliveryEntry(
                seq,
                self.clock.now,
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
            self.agenda.add(self.clock.now + RETRY_LADDER[delivery.attempts], "delivery", delivery.id)
        else:
            self._close(after)

    def _close(self, delivery: Delivery) -> None:
        self.deliveries[delivery.id] = delivery
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
            self.agenda.add(self.clock.now, "delivery", rest[0])

    def pending_deliveries(self) -> list[Delivery]:
        return [d for d in self.deliveries.values() if d.status in PENDING]

    # -- faults ---------------------------------------------------------------------------------------------------

    def inject(self, fault: Fault) -> Fault:
        self._fault_count += 1
        fault = replace(fault, id=f"f-{self._fault_count:03d}")
        self.faults[fault.id] = fault
        self.note(
            "fault injected",
            {
                "id": fault.id,
                "kind": fault.kind,
                "system": fault.system,
                "operationId": fault.operation_id,
                "eventType": fault.event_type,
                "count": fault.remaining,
                "parameters": dict(fault.parameters or {}),
            },
        )
        return fault

    def clear_faults(self) -> int:
        count = len(self.faults)
        self.faults.clear()
        self.note("faults cleared", {"count": count})
        return count

    def _matching_fault(self, system: str, operation_id: str, client: str) -> Fault | None:
        for fault in self.faults.values():
            if (
                fault.effect is not None
                and fault.system == system
                and fault.operation_id in ("", operation_id)
                and fault.client in ("", client)
                and fault.remaining != 0
            ):
                return fault
        return None

    def _take_fault(self, system: str, operation_id: str, client: str) -> Fault | None:
        fault = self._matching_fault(system, operation_id, client)
        if fault is None:
            return None
        if fault.skip > 0:
            self.faults[fault.id] = fault.skipped()
            return None
        if fault.probability < 1 and self.chance.uniform("fault", fault.id, self.journal.count) >= fault.probability:
            return None
        self._spend(fault)
        return fault

    def _take_event_fault(self, system: str, name: str) -> Fault | None:
        for fault in self.faults.values():
            if (
                fault.effect is None
                and fault.system == system
                and fault.event_type in ("", name)
                and fault.remaining != 0
            ):
                if fault.skip > 0:
                    self.faults[fault.id] = fault.skipped()
                    return None
                self._spend(fault)
                return fault
        return None

    def _spend(self, fault: Fault) -> None:
        used = fault.used()
        if used.remaining == 0:
            del self.faults[fault.id]
        else:
            self.faults[fault.id] = used

    def _client_or_anonymous(self, system: System, operation: Operation, request: Request) -> Client:
        try:
            return system.doorkeeper.admit(operation, request, self.credentials, self._wall_now())
        except Problem:
            return ANONYMOUS

    # -- record ---------------------------------------------------------------------------------------------------

    def note(self, action: str, details: Mapping[str, Any]) -> None:
        self.journal.append(lambda seq: Note(seq, self.clock.now, action=action, details=details))

    def entries(self, since: int = 0) -> Iterator[Entry]:
        return self.journal.entries(since)
