"""The control plane: what a test does to a landscape besides using it (control.openapi.yaml, design decision 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from understudy.contract import Contract, read_yaml
from understudy.errors import UnderstudyError, closest
from understudy.simulate.call import Call, check_media_and_size, parse_body, read_call
from understudy.simulate.clock import parse_duration, render_instant
from understudy.simulate.fault import EVENT_FAULTS, REQUEST_FAULTS, Fault
from understudy.simulate.journal import DeliveryEntry, Entry, EventEntry, Exchange
from understudy.simulate.message import Request, Response, encode_json
from understudy.simulate.problem import FieldError, Problem, refusal
from understudy.simulate.router import Match, Router
from understudy.simulate.run import Run, Wait
from understudy.simulate.seeding import UnknownEntities

if TYPE_CHECKING:
    from understudy.simulate.host import Host
    from understudy.simulate.system import System

STEP_WITHIN = timedelta(seconds=10)
FINAL_WITHIN = timedelta(seconds=60)
"""How long an evaluation waits for an integration in another process to say how it stands, and to be idle."""


@cache
def control_contract() -> Contract:
    """The control plane's own contract; immutable, so one object serves the process."""
    return Contract(
        "control", read_yaml(Path(__file__).with_name("control.openapi.yaml")), where="control.openapi.yaml"
    )


class Control:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._contract = control_contract()
        self._router = Router(self._contract.operations.values())
        self._handlers: Mapping[str, Callable[[Call, datetime | None], Response | Wait]] = {
            "getControlHealth": self._health,
            "startRun": self._start_run,
            "getRun": self._get_run,
            "endRun": self._end_run,
            "seed": self._seed,
            "snapshot": self._snapshot,
            "restore": self._restore,
            "advanceClock": self._advance_clock,
            "injectFault": self._inject_fault,
            "clearFaults": self._clear_faults,
            "listExchanges": self._list_exchanges,
            "listDeliveries": self._list_deliveries,
            "listEvents": self._list_events,
            "awaitDelivery": self._await_delivery,
            "redeliver": self._redeliver,
            "getJournal": self._get_journal,
            "getState": self._get_state,
            "evaluateInvariants": self._evaluate,
            "listRunMessages": self._list_messages,
            "listRunDeadLetters": self._list_dead_letters,
            "reprocessRunDeadLetter": self._reprocess,
        }

    def handle(self, request: Request, wall: datetime | None) -> Response | Wait:
        path = f"/control/v1{request.path}"
        outcome = _refusing(path, lambda: self._answer(request, wall))
        if isinstance(outcome, Response):
            return outcome
        ready, late = outcome.ready, outcome.late
        return replace(outcome, ready=lambda: _refusing(path, ready), late=lambda: _refusing(path, late))

    def _answer(self, request: Request, wall: datetime | None) -> Response | Wait:
        match = self._router.find(request.method, request.path)
        if not isinstance(match, Match):
            if match.status == 405:
                raise Problem("method-not-allowed", match.hint, headers={"Allow": ", ".join(match.allowed)})
            raise Problem("not-found", match.hint)
        media = check_media_and_size(match.operation, request, limit=32 * 1024 * 1024)
        call = read_call(self._contract, match.operation, request, match.path, parse_body(media, request))
        return self._handlers[match.operation.id](call, wall)

    def _run(self, call: Call, wall: datetime | None) -> Run:
        run = self._host.run(str(call.path["runId"]))
        if wall is not None:
            run.stage.catch_up(wall)
        return run

    # -- runs -----------------------------------------------------------------------------------------------------

    def _health(self, call: Call, wall: datetime | None) -> Response:  # noqa: ARG002 - one signature for all
        host = self._host
        return _json(
            200,
            {
                "status": "up",
                "worlds": len({id(run.stage) for run in host.runs.values()}),
                "systems": list(host.setup.systems),
                "integration": host.default_integration(),
            },
        )

    def _start_run(self, call: Call, wall: datetime | None) -> Response | Wait:
        body = call.body
        integration = body.get("integration", "auto")

        def start() -> Response:
            run = self._host.start_run(
                scenario=body.get("scenario", ""),
                seed=body.get("seed"),
                policies=body.get("policies"),
                integration=integration,
                defect=body.get("defect", ""),
                wall=self._host.wall() if wall is not None and self._host.wall is not None else wall,
            )
            return _json(201, run.to_json())

        if wall is None or integration not in ("auto", "external") or not self._host.attached():
            return start()
        attached = self._host.default()
        until = attached.stage.world.clock.now + STEP_WITHIN
        return Wait(attached.stage, until, start, start, asks=self._host.external_sink(attached))

    def _get_run(self, call: Call, wall: datetime | None) -> Response:
        return _json(200, self._run(call, wall).to_json())

    def _end_run(self, call: Call, wall: datetime | None) -> Response:  # noqa: ARG002
        self._host.end_run(str(call.path["runId"]))
        return Response(204)

    def _seed(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        entities = call.body["entities"]
        try:
            run.stage.world.seed_further(entities)
        except UnknownEntities as problem:
            raise Problem(
                "validation-failed",
                f"no system takes records of {', '.join(problem.names)}; systems take {', '.join(problem.known)}",
                errors=[
                    FieldError(f"/entities/{name}", "unknown-reference", closest(name, problem.known))
                    for name in problem.names
                ],
            ) from None
        except Problem:
            raise
        except Exception as problem:  # whatever a seeder stumbles over, it is these records; nothing was loaded
            raise Problem("validation-failed", f"the records cannot be seeded: {problem!r}") from None
        count = sum(len(records) for records in entities.values())
        run.stage.world.note("seeded", {"entities": {name: len(records) for name, records in entities.items()}})
        return _json(200, {"count": count})

    def _snapshot(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        run.stage.snapshot(call.body["name"])
        return _json(201, {"name": call.body["name"], "at": render_instant(run.stage.world.clock.now)})

    def _restore(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        name = str(call.path["name"])
        if name not in run.stage.snapshots:
            raise Problem(
                "not-found", f"there is no snapshot {name!r}; known: {', '.join(run.stage.snapshots) or 'none'}"
            )
        run.stage.restore(name, wall or run.stage.world.clock.now)
        run.judged_to = min(run.judged_to, run.stage.world.journal.count)
        return _json(200, {"name": name, "at": render_instant(run.stage.world.clock.now)})

    def _advance_clock(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        run.stage.leap(_duration(call.body["by"], "/by"), wall or run.stage.world.clock.now)
        return _json(200, {"now": render_instant(run.stage.world.clock.now)})

    # -- faults ---------------------------------------------------------------------------------------------------

    def _inject_fault(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        world = run.stage.world
        clients = dict.fromkeys(credential.actor for credential in world.credentials.values())
        fault = world.faults.inject(world, read_fault(call.body, world.systems, (*clients, "anonymous")))
        shown = {"id": fault.id, "kind": fault.kind, "system": fault.system, "count": fault.remaining}
        return _json(201, shown)

    def _clear_faults(self, call: Call, wall: datetime | None) -> Response:
        world = self._run(call, wall).stage.world
        return _json(200, {"count": world.faults.clear(world)})

    # -- evidence -------------------------------------------------------------------------------------------------

    def _list_exchanges(self, call: Call, wall: datetime | None) -> Response:
        wanted = {"system": "system", "operationId": "operation_id", "client": "client", "status": "status"}
        return self._list(call, wall, Exchange, wanted, ("operationId", "status", "client", "idempotencyKey"))

    def _list_deliveries(self, call: Call, wall: datetime | None) -> Response:
        wanted = {"system": "system", "type": "name", "subject": "subject", "outcome": "outcome"}
        return self._list(call, wall, DeliveryEntry, wanted, ("eventId", "answer", "outcome", "bodyHash", "subject"))

    def _list_events(self, call: Call, wall: datetime | None) -> Response:
        wanted = {"system": "system", "type": "name", "subject": "subject"}
        return self._list(call, wall, EventEntry, wanted, ("name", "subject"))

    def _list(
        self,
        call: Call,
        wall: datetime | None,
        kind: type[Entry],
        wanted: Mapping[str, str],
        counted: Sequence[str],
    ) -> Response:
        run = self._run(call, wall)
        filters = {wanted[name]: value for name, value in call.query.items() if name in wanted}
        found = [
            entry.to_json()
            for entry in run.stage.world.entries()
            if isinstance(entry, kind) and all(getattr(entry, f) == v for f, v in filters.items())
        ]
        return _json(200, listing(found, counted, int(call.query.get("limit", 100))))

    def _get_journal(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        world = run.stage.world
        return _json(200, {"entries": [entry.to_json() for entry in world.entries()], "dropped": world.journal.dropped})

    def _get_state(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        tables = run.stage.world.tables
        system, table = str(call.path["system"]), str(call.path["table"])
        if system not in tables:
            raise Problem("not-found", f"there is no system {system!r}; {closest(system, tables)}")
        if table not in tables[system] or table.startswith("_"):
            known = [name for name in tables[system] if not name.startswith("_")]
            raise Problem("not-found", f"{system} has no table {table!r}; tables are {', '.join(known)}")
        return _json(200, listing(list(tables[system][table].all()), (), int(call.query.get("limit", 100))))

    def _await_delivery(self, call: Call, wall: datetime | None) -> Wait:
        run = self._run(call, wall)
        body = call.body
        timeout = _duration(body.get("timeout", "PT60S"), "/timeout")

        def count() -> int:
            return sum(
                1
                for entry in run.stage.world.entries()
                if isinstance(entry, DeliveryEntry)
                and entry.outcome == "delivered"
                and entry.name == body["type"]
                and body.get("subject", entry.subject) == entry.subject
            )

        def ready() -> Response | None:
            reached = count()
            return _json(200, {"count": reached, "timedOut": False}) if reached >= body.get("count", 1) else None

        return Wait(
            run.stage,
            run.stage.world.clock.now + timeout,
            ready,
            lambda: _json(200, {"count": count(), "timedOut": True}),
        )

    def _redeliver(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        event_id = str(call.path["eventId"])
        if event_id not in run.stage.world.events:
            raise Problem("not-found", f"there is no event {event_id!r}")
        made = run.stage.world.dispatch.redeliver(run.stage.world, event_id, int((call.body or {}).get("copies", 1)))
        return _json(202, {"count": len(made), "deliveries": made})

    # -- verdict --------------------------------------------------------------------------------------------------

    def _evaluate(self, call: Call, wall: datetime | None) -> Response | Wait:
        run = self._run(call, wall)
        body = call.body or {}
        scope = body.get("scope", "final")

        def answer(settled: bool) -> Response:
            judgement = self._host.evaluate(
                run, scope=scope, step=body.get("step", ""), proves=body.get("proves", ()), settled=settled
            )
            return _json(200, judgement)

        stage = run.stage
        if run.integration == "external":
            sink = self._host.external_sink(run)
            now = stage.world.clock.now
            if scope == "step":
                return Wait(stage, now + STEP_WITHIN, lambda: answer(True), lambda: answer(True), asks=sink)
            return Wait(
                stage,
                now + FINAL_WITHIN,
                lambda: answer(True) if stage.quiet and self._external_idle(run) else None,
                lambda: answer(False),
                asks=sink,
                still=lambda: len(stage.world.dispatch.deliveries),
            )
        if scope == "step":
            return answer(True)
        settled = stage.settle()
        if wall is not None:
            stage.flow_from(wall)
        return answer(settled)

    def _external_idle(self, run: Run) -> bool:
        told = self._host.observe(run)
        return told is None or not told.get("inFlight")

    # -- the integration's adapter --------------------------------------------------------------------------------

    def _list_messages(self, call: Call, wall: datetime | None) -> Response:
        found = self._told(call, wall, "messages")
        return _json(200, listing(found, ("id", "flow", "status"), int(call.query.get("limit", 100))))

    def _list_dead_letters(self, call: Call, wall: datetime | None) -> Response:
        return _json(200, listing(self._told(call, wall, "deadLetters"), ("errorCode", "status", "flow"), 1000))

    def _told(self, call: Call, wall: datetime | None, name: str) -> list[dict[str, Any]]:
        """A list of the integration's report, narrowed by the query. Raises Problem 409 when it tells nothing."""
        told = self._host.observe(self._run(call, wall))
        if told is None:
            raise Problem("invalid-state-transition", "the integration has no adapter that tells what it did")
        wanted = {field: value for field, value in call.query.items() if field != "limit"}
        return [
            dict(row) for row in told.get(name, ()) if all(row.get(field) == value for field, value in wanted.items())
        ]

    def _reprocess(self, call: Call, wall: datetime | None) -> Response:
        run = self._run(call, wall)
        message_id = str(call.path["messageId"])
        path = f"/admin/dead-letters/{message_id}/reprocess"
        status, answer = self._reach(run, "POST", path, call.body)
        if status == 404:
            raise Problem("not-found", f"the integration knows no dead letter {message_id!r}")
        if status >= 400:
            raise Problem("invalid-state-transition", f"the integration answered {status}: {answer}")
        return _json(202, answer if isinstance(answer, dict) else {})

    def _reach(self, run: Run, method: str, path: str, body: Any) -> tuple[int, Any]:
        if run.stage.hosted is not None:
            headers = {"content-type": "application/json", "x-admin-key": "integration-admin-key"}
            answer = run.stage.hosted.handle(method, path, "", headers, encode_json(body))
            return answer.status, Response(answer.status, answer.headers, answer.body).json()
        sink = self._host.external_sink(run) if run.integration == "external" else ""
        if not sink or self._host.reach_external is None:
            raise Problem("invalid-state-transition", "the integration has no adapter to reach")
        return self._host.reach_external(sink, method, path, body)


def read_fault(body: Mapping[str, Any], systems: Mapping[str, System], clients: Sequence[str] = ()) -> Fault:
    """A fault from its JSON form. clients: names that may call; empty when any may.

    Raises Problem 422 naming what is unknown or unusable: a fault that could never bite would prove nothing.
    """
    system = str(body["system"])
    if system not in systems:
        raise _invalid("/system", f"there is no system called {system!r}; {closest(system, systems) or _some(systems)}")
    kind = str(body["kind"])
    parameters = dict(body.get("parameters", {}))
    contract = systems[system].contract
    on_request = kind in REQUEST_FAULTS
    for name in ("eventType",) if on_request else ("operationId", "client"):
        if body.get(name):
            raise _invalid(f"/{name}", f"{kind} bites {'requests' if on_request else 'events'}; leave {name} out")
    operation_id = _known(
        "/operationId", f"operation of {system}", str(body.get("operationId", "")), contract.operations
    )
    event_type = _known("/eventType", f"event of {system}", str(body.get("eventType", "")), contract.events)
    client = str(body.get("client", ""))
    if clients:
        _known("/client", "client", client, clients)
    if body.get("count", 1) == 0:
        raise _invalid("/count", "a fault that bites 0 times is none; -1 is until cleared")
    try:
        effect = REQUEST_FAULTS[kind].of(parameters) if on_request else None
        if not on_request:
            EVENT_FAULTS[kind].check(parameters)
    except ValueError as problem:
        raise _invalid("/parameters", str(problem)) from None
    return Fault(
        id="",
        system=system,
        kind=kind,
        operation_id=operation_id,
        client=client,
        event_type=event_type,
        remaining=int(body.get("count", 1)),
        skip=int(body.get("skip", 0)),
        probability=float(body.get("probability", 1)),
        effect=effect,
        parameters=parameters,
    )


def _known(pointer: str, what: str, name: str, known: Iterable[str]) -> str:
    """The name, when it is known or left out."""
    if name and name not in known:
        raise _invalid(pointer, f"there is no {what} called {name!r}; {closest(name, known) or _some(known)}")
    return name


def _some(known: Iterable[str]) -> str:
    names = list(known)
    return f"there are {', '.join(names[:20])}{' and more' if len(names) > 20 else ''}" if names else "there are none"


def listing(
    found: list[Mapping[str, Any]] | list[dict[str, Any]], counted: Sequence[str], limit: int
) -> dict[str, Any]:
    """`count` and `distinct` over everything found, and the newest `limit` of it."""
    distinct = {}
    for name in counted:
        values = {repr(value) for row in found if (value := _member(row, name)) is not None}
        distinct[name] = len(values)
    return {
        "count": len(found),
        "distinct": distinct,
        "items": found[len(found) - limit :] if limit < len(found) else found,
    }


def _member(row: Mapping[str, Any], name: str) -> Any:
    if name == "status" and isinstance(row.get("response"), dict):
        return row["response"]["status"]
    if name == "idempotencyKey" and isinstance(row.get("request"), dict):
        return row["request"]["headers"].get("idempotency-key")
    return row.get(name)


def _duration(text: str, pointer: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as problem:
        raise _invalid(pointer, str(problem)) from None


def _invalid(pointer: str, detail: str) -> Problem:
    return Problem("validation-failed", detail, errors=[FieldError(pointer, "invalid-value", detail)])


A = TypeVar("A")


def _refusing(path: str, answer: Callable[[], A]) -> A | Response:
    """The answer, or the refusal that came instead. A KeyError is no unknown run, but a bug, and stays one."""
    try:
        return answer()
    except Problem as problem:
        return refusal(problem, path)
    except (KeyError, IndexError):
        raise
    except LookupError as problem:
        return refusal(Problem("not-found", str(problem)), path)
    except UnderstudyError as problem:
        return refusal(Problem("internal-error", str(problem)), path)
    except OverflowError:
        return refusal(Problem("validation-failed", "the world's clock would leave the calendar"), path)


def _json(status: int, body: Any) -> Response:
    return Response(status, {"content-type": "application/json"}, encode_json(body))
