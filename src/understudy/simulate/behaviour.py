"""What a simulator is made of, and what it sees: state, request, clock and chance in; reply, state, events out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from understudy.simulate.call import Call
from understudy.simulate.chance import Chance
from understudy.simulate.problem import Problem
from understudy.simulate.table import Table, TableSpec, TableView

if TYPE_CHECKING:
    from understudy.simulate.pagination import Pager

DataSet = Mapping[str, Sequence[Mapping[str, Any]]]
"""Entity name -> records; what a world is seeded with."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who called. name: the actor of understudy.toml. scopes: those of its credential."""

    name: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a behaviour answers. body: JSON-able, None for no content. headers: extra ones, any case."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Emission:
    """An event as a behaviour states it; the world makes a CloudEvent of it."""

    type: str
    subject: str
    data: Mapping[str, Any]
    correlation_id: str
    causation_id: str | None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job to run later in a transaction of its own."""

    job: str
    payload: Mapping[str, Any]
    at: datetime
    correlation_id: str
    causation_id: str | None


class Context:
    """One request (or job) inside one world, for one system.

    now: world time, timezone-aware UTC. policy: the world's switches (domain.md 2.1). settings: the system's from
    understudy.toml. client: who called; jobs run as `system`. chance: keyed randomness of this world.
    """

    __slots__ = (
        "_emissions",
        "_jobs",
        "_pager",
        "_scheduled",
        "_sequences",
        "_tables",
        "_views",
        "body",
        "causation_id",
        "chance",
        "client",
        "correlation_id",
        "headers",
        "now",
        "operation_id",
        "path",
        "policy",
        "query",
        "run",
        "settings",
        "system",
    )

    def __init__(
        self,
        *,
        system: str,
        operation_id: str,
        call: Call,
        now: datetime,
        policy: Mapping[str, str],
        settings: Mapping[str, Any],
        client: Client,
        correlation_id: str,
        causation_id: str | None,
        chance: Chance,
        run: int,
        tables: Mapping[str, Table],
        sequences: Mapping[str, int],
        jobs: Collection[str] = (),
        pager: Pager | None = None,
    ) -> None:
        self.system = system
        self.operation_id = operation_id
        self.path = call.path
        self.query = call.query
        self.headers = call.headers
        self.body = call.body
        self.now = now
        self.policy = policy
        self.settings = settings
        self.client = client
        self.correlation_id = correlation_id
        self.causation_id = causation_id
        self.chance = chance
        self.run = run
        self._tables = tables
        self._views: dict[str, TableView] = {}
        self._sequences = _Overlay(sequences)
        self._jobs = jobs
        self._pager = pager
        self._emissions: list[Emission] = []
        self._scheduled: list[Scheduled] = []

    def table(self, name: str) -> TableView:
        """The table as this transaction sees it. Raises KeyError for a table that the simulator did not declare."""
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = TableView(self._tables[name])
        return view

    def next(self, sequence: str) -> int:
        """The next number of a sequence; given back when the transaction fails."""
        value = self._sequences[sequence]
        self._sequences[sequence] = value + 1
        return value

    def new_id(self, kind: str) -> str:
        """A UUID that depends on the world's seed, run, system, kind and how many of the kind there were."""
        name = f"id:{kind}"
        count = self._sequences.get(name, 0)
        self._sequences[name] = count + 1
        return self.chance.uuid("id", self.run, self.system, kind, count)

    def emit(
        self,
        type: str,
        *,
        subject: str,
        data: Mapping[str, Any],
        correlation_id: str | None = None,
        causation_id: str | None = None,
    ) -> None:
        """State an event that happened. type: name in the contract, without prefix.

        Without correlation_id it belongs to the flow of this request. It is sent only if the transaction commits.
        """
        self._emissions.append(
            Emission(type, subject, data, correlation_id or self.correlation_id, causation_id or self.causation_id)
        )

    def schedule(
        self,
        job: str,
        payload: Mapping[str, Any],
        *,
        at: datetime | None = None,
        after: timedelta | None = None,
        correlation_id: str | None = None,
        causation_id: str | None = None,
    ) -> None:
        """Run a job of this simulator at a time of the world's clock, or after a while.

        Its events belong to the flow of this request and have its cause, unless other ids are given.
        """
        when = at if at is not None else self.now + (after or timedelta())
        correlation, causation = correlation_id or self.correlation_id, causation_id or self.causation_id
        self._scheduled.append(Scheduled(job, payload, when, correlation, causation))

    def page(self, rows: Sequence[Mapping[str, Any]], *, name: str = "items") -> Reply:
        """Answer a list in the system's pagination style. name: key of the list where the style has named envelopes."""
        if self._pager is None:
            raise LookupError(f"system {self.system!r} has no pagination style in understudy.toml")
        return self._pager(self, rows, name)

    def require_match(self, record: Mapping[str, Any]) -> None:
        """Compare If-Match with the record's `@etag`; `*` always matches. Problem 412 (RFC 9110 section 13.1.1)."""
        given = self.headers.get("if-match")
        if given is None or given == "*":
            return
        offered = [tag.strip() for tag in str(given).split(",")]
        if record["@etag"] not in offered:
            raise Problem("precondition-failed", f"If-Match is {given}, the current version is {record['@etag']}")

    def check(self) -> None:
        """Raises what would keep this transaction from taking effect: DuplicateKey, LookupError for an unknown job."""
        for view in self._views.values():
            view.check()
        for scheduled in self._scheduled:
            if scheduled.job not in self._jobs:
                raise LookupError(f"there is no job {scheduled.job!r}")

    @property
    def views(self) -> Mapping[str, TableView]:
        """The tables that this transaction has looked at."""
        return self._views

    @property
    def emissions(self) -> Sequence[Emission]:
        return self._emissions

    @property
    def scheduled(self) -> Sequence[Scheduled]:
        return self._scheduled

    @property
    def sequence_changes(self) -> Mapping[str, int]:
        return self._sequences.changes


class _Overlay:
    """A mapping of numbers with changes kept apart from their base."""

    __slots__ = ("_base", "changes")

    def __init__(self, base: Mapping[str, int]) -> None:
        self._base = base
        self.changes: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        return self.changes[name] if name in self.changes else self._base[name]

    def __setitem__(self, name: str, value: int) -> None:
        self.changes[name] = value

    def get(self, name: str, default: int) -> int:
        return self.changes[name] if name in self.changes else self._base.get(name, default)


Handler = Callable[[Context], Reply]
Job = Callable[[Context, Mapping[str, Any]], None]
Seeder = Callable[[Context, DataSet], None]


@dataclass(frozen=True, slots=True)
class Simulator:
    """The behaviour of one system, bound to the operation ids of its contract.

    source: the CloudEvents source of its events. sequences: name -> first number in run 0; run n starts n * 1000
    later, so that numbers of different runs never meet. jobs: what `Context.schedule` may name. problems: slugs that
    its behaviour refuses with, beside those any API has, and their statuses.
    """

    name: str
    source: str
    tables: Sequence[TableSpec]
    operations: Mapping[str, Handler]
    seed: Seeder
    jobs: Mapping[str, Job] = field(default_factory=dict)
    sequences: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
