"""A world: one isolated landscape with every simulator's state, clock, chance, future, faults and journal.

A request passes through `handle` in the order of domain.md 2.1: route, authenticate, size, idempotency, syntax, schema,
precondition, behaviour, response check, commit. Nothing here reads a wall clock or a socket; shells do.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from understudy.contract import Operation
from understudy.simulate.agenda import Agenda, Due
from understudy.simulate.authenticate import ANONYMOUS, Credential
from understudy.simulate.behaviour import Client, Context, DataSet, Reply
from understudy.simulate.builtin import SUBSCRIPTIONS, token_reply
from understudy.simulate.call import (
    Call,
    check_accept,
    check_media_and_size,
    parse_body,
    read_call,
    require_key,
    require_precondition,
)
from understudy.simulate.chance import Chance
from understudy.simulate.clock import Clock
from understudy.simulate.dispatch import Dispatch
from understudy.simulate.event import StoredEvent
from understudy.simulate.fault import Fault, Faults
from understudy.simulate.held import Held
from understudy.simulate.idempotency import KEPT_FOR, Idempotency, RecordKey, body_hash, is_recorded
from understudy.simulate.journal import (
    Entry,
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
from understudy.simulate.seeding import Asked
from understudy.simulate.system import System
from understudy.simulate.table import Table

_EMPTY_CALL = Call({}, {}, {}, None)
_SYSTEM_CLIENT = Client("system")
PENDING = ("pending", "failed")
TIDY_AT = 1000
"""After how many tokens those that ended long ago are forgotten."""


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
        self.faults = Faults()
        self.dispatch = Dispatch()
        self.wall: Callable[[], datetime] | None = None
        """Towards another process: the clock of signatures and token lifetimes; None means world time."""
        self.idempotency = Idempotency()
        self._tokens = 0
        self._draws: dict[str, int] = {}
        self._start_sequences()

    # -- making and copying ---------------------------------------------------------------------------------------

    def _start_sequences(self) -> None:
        for name, system in self.systems.items():
            self.sequences[name] = {key: first + self.run * 1000 for key, first in system.simulator.sequences.items()}

    def seed_with(self, data: DataSet) -> None:
        """Load a data set through every simulator's `seed`, or, when one refuses it, nothing of it.

        What a seeder emits or schedules is not carried out. Raises what a seeder raises.
        """
        self._take_in(self._seeded(data))

    def seed_further(self, data: DataSet) -> None:
        """`seed_with` for records named by a user. Raises UnknownEntities when no system asks for one of them."""
        asked = Asked(data)
        contexts = self._seeded(asked)
        asked.require_all_asked()
        self._take_in(contexts)

    def _seeded(self, data: DataSet) -> dict[str, Context]:
        """The transactions in which every simulator takes the data; nothing is written yet."""
        contexts = {}
        for name, system in self.systems.items():
            context = contexts[name] = self._context(system, "seed", _EMPTY_CALL, _SYSTEM_CLIENT, "seed", None)
            system.simulator.seed(context, data)
            context.check()
        return contexts

    def _take_in(self, contexts: Mapping[str, Context]) -> None:
        for name, context in contexts.items():
            for table, view in context.views.items():
                for key, record in view.changes.items():
                    self.tables[name][table].write(key, record)
            self.sequences[name].update(context.sequence_changes)

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
        twin.faults, twin.dispatch = self.faults.fork(), self.dispatch.fork()
        twin.credentials = dict(self.credentials)
        # Only what the copied future still carries out is in progress: a caller on a socket waits in the origin.
        twin.idempotency = self.idempotency.fork(
            due.payload.key for due in self.agenda.entries() if due.kind == "request" and due.payload.key is not None
        )
        twin._draws = dict(self._draws)
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
        expires = None if lifetime is None else self.wall_now() + lifetime
        if self._tokens % TIDY_AT == 0:  # who shows a token of the day before yesterday learns only that it is unknown
            past = self.wall_now() - KEPT_FOR
            self.credentials = {k: c for k, c in self.credentials.items() if c.expires is None or c.expires > past}
        self.add_credential(Credential(actor, system, "token", token, scopes, expires=expires))
        return token

    def draw(self, key: str) -> float:
        """The next of a hosted integration's draws of this name, in [0, 1); a restored world draws the same again."""
        self._draws[key] = self._draws.get(key, 0) + 1
        return self.chance.uniform("integration", self.run, key, self._draws[key])

    def wall_now(self) -> datetime:
        return self.wall() if self.wall is not None else self.clock.now

    # -- requests -------------------------------------------------------------------------------------------------

    def arrive(self, system_name: str, request: Request) -> Held | None:
        """What an injected fault does to a request that arrives now; None when none hits it.

        A fault is spent here, not at the commit, so that a second request in the window of a delay meets the next one.
        While the first is held up, the same Idempotency-Key is in progress.
        """
        if not self.faults:
            return None
        system = self.systems[system_name]
        match = system.router.find(request.method, request.path)
        if not isinstance(match, Match):
            return None
        operation = match.operation
        try:
            client = system.doorkeeper.admit(operation, request, self.credentials, self.wall_now())
        except Problem:
            return None  # `handle` words the refusal; a fault is not spent on it
        fault = self.faults.take(self, system_name, operation.id, client.name)
        delay = timedelta(milliseconds=fault.effect.delay_ms() if fault is not None and fault.effect is not None else 0)
        if not delay:
            return Held(system_name, request, fault)
        key = self._record_key(operation, request, client)
        if key is not None and not self.idempotency.claim(key, body_hash(request.body)):
            key = None
        fresh = self._precondition_holds(system, operation, request, match.path, client)
        return Held(system_name, request, fault, delay, key, fresh)

    def _precondition_holds(
        self, system: System, operation: Operation, request: Request, path: Mapping[str, str], client: Client
    ) -> bool:
        """Whether a conditional request would pass now; found by a transaction that is thrown away."""
        handler = system.handler(operation)
        if "if-match" not in request.headers or handler is None:
            return False
        try:
            body = parse_body(check_media_and_size(operation, request), request)
            call = read_call(system.contract, operation, request, path, body)
            handler(self._context(system, operation.id, call, client, "", None))
        except Problem as problem:
            return problem.slug != "precondition-failed"
        except Exception:
            return False  # a behaviour that crashes is found out when the request is answered
        return True

    def handle(self, system_name: str, request: Request, held: Held | None = None) -> Response:
        """Answer one request to one system (path below the system's base) and record it.

        held: what `arrive` said of this request. Raises ConnectionReset when a fault closes the connection instead.
        """
        if held is not None and held.key is not None:
            self.idempotency.release(held.key)
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
            client = system.doorkeeper.admit(operation, request, self.credentials, self.wall_now())
            if held is not None:
                fault = held.fault
            elif self.faults:
                fault = self.faults.take(self, system_name, operation.id, client.name)
            early = fault.effect.before() if fault is not None and fault.effect is not None else None
            if early is not None:
                response = self._refusal(system, early, request, correlation)
            else:
                response, context, replayed = self._answer(
                    system, operation, request, path, client, correlation, causation, findings
                )
                if findings:
                    context = None
        except Problem as problem:
            if held is not None and held.fresh and problem.slug == "precondition-failed":
                problem = Problem("entity-changed", "another writer changed the record while this request was running")
            if not problem.status and problem.slug not in system.simulator.problems:
                findings.append(f"behaviour refused with {problem.slug!r}, a slug without a status ({problem.detail})")
                problem = Problem("internal-error", "the simulator failed")
            response = self._refusal(system, problem, request, correlation)
            if operation is not None:
                findings += self._response_findings(
                    system, operation, response.status, json.loads(response.body), response
                )
        except ConnectionReset as closed:
            response, reset = None, closed
        except Exception as bug:
            # A behaviour that crashes is a bug of ours: the world goes on, the run fails by the finding.
            findings.append(_crash(bug))
            response = self._refusal(system, Problem("internal-error", "the simulator failed"), request, correlation)
        committed = context is not None and not replayed
        if response is not None and committed and fault is not None and fault.effect is not None:
            try:
                seen = fault.effect.after(response)
                response = self._refusal(system, seen, request, correlation) if isinstance(seen, Problem) else seen
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
            if context.headers.get("if-match") == "*":
                self.note(
                    "unsafe If-Match", {"system": system_name, "operationId": operation_id, "client": client.name}
                )
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
        check_accept(operation, request)
        media = check_media_and_size(operation, request)
        require_key(operation, request)
        record_key = self._record_key(operation, request, client)
        given_hash = ""
        if record_key is not None:
            given_hash = body_hash(request.body)
            again = self.idempotency.answer(record_key, given_hash, self.clock.now, correlation)
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
                self.idempotency.keep(record_key, given_hash, refused, self.clock.now)
            raise
        require_precondition(operation, request)
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
        context.check()
        response = self._encode(reply, correlation)
        findings += self._response_findings(system, operation, reply.status, reply.body, response)
        if findings:
            broken = Problem("internal-error", "the simulator broke its own contract: " + "; ".join(findings))
            return self._refusal(system, broken, request, correlation), None, False
        if record_key is not None and is_recorded(reply.status, ""):
            self.idempotency.keep(record_key, given_hash, response, self.clock.now)
        return response, context, False

    def _record_key(self, operation: Operation, request: Request, client: Client) -> RecordKey | None:
        """Where the outcome of this request is remembered; None when policy or contract know no such record."""
        key = request.headers.get("idempotency-key")
        if (
            key is None
            or self.policy.get("idempotencySupport", "full") != "full"
            or not operation.header("idempotency-key")
        ):
            return None
        return client.name, request.method, request.path, key

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
            jobs=system.simulator.jobs,
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
            self.dispatch.publish(self, system, emission, cause)
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
        """Run a scheduled job in a transaction of its own; a Problem means that it did nothing, and is recorded.

        A job that crashes does nothing either; as a bug of ours it is a finding.
        """
        system_name, job, payload, correlation, causation = due.payload
        system = self.systems[system_name]
        context = self._context(system, f"job:{job}", _EMPTY_CALL, _SYSTEM_CLIENT, correlation, causation)
        refusal = ""
        findings: tuple[str, ...] = ()
        changes: tuple[tuple[str, Any, Any, Any], ...] = ()
        try:
            system.simulator.jobs[job](context, payload)
            context.check()
        except Problem as problem:
            refusal = str(problem)
        except Exception as bug:
            refusal, findings = "the simulator failed", (f"job {job}: {_crash(bug)}",)
        else:
            changes = self._apply(system, context)
        seq = self.journal.append(
            lambda seq: JobEntry(
                seq,
                self.clock.now,
                system=system_name,
                job=job,
                payload=payload,
                correlation_id=correlation,
                refusal=refusal,
                findings=findings,
                changes=tuple((table, key) for table, key, _, _ in changes),
            )
        )
        if not refusal:
            self._after_commit(system, context, changes, seq)

    # -- events and deliveries ------------------------------------------------------------------------------------

    def subscriptions(self, system: str) -> Iterator[dict[str, Any]]:
        return self.tables[system][SUBSCRIPTIONS.name].all()

    @property
    def events(self) -> Mapping[str, StoredEvent]:
        """Every event stated so far, by id."""
        return self.dispatch.events

    # -- record ---------------------------------------------------------------------------------------------------

    def note(self, action: str, details: Mapping[str, Any]) -> None:
        self.journal.append(lambda seq: Note(seq, self.clock.now, action=action, details=details))

    def entries(self, since: int = 0) -> Iterator[Entry]:
        return self.journal.entries(since)


def _crash(bug: Exception) -> str:
    place = traceback.extract_tb(bug.__traceback__)[-1]
    return f"behaviour crashed: {type(bug).__name__}: {bug} ({place.filename}:{place.lineno})"
