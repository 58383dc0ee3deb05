"""A world on stage: who moves its time, who delivers its events, and the integration that may play in the same process.

In-process everything happens on virtual time, without threads: `advance` carries out all that is due, in order. Over
sockets the same clock flows with the wall, moved forward by a shell, and deliveries to other processes go to `post`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from understudy.simulate.event import Outgoing
from understudy.simulate.message import ClientTimeout, ConnectionReset, Request, Response, split_url
from understudy.simulate.problem import Problem, refusal
from understudy.simulate.world import World

QUIET_LIMIT = timedelta(hours=24)


class HostedAnswer(Protocol):
    """An HTTP answer of a hosted integration."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Hosted(Protocol):
    """An integration that runs inside the harness: no threads, no sleeping, time and network handed in."""

    def start(self) -> None: ...
    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> HostedAnswer: ...
    def next_due(self) -> datetime | None: ...
    def run_due(self) -> int: ...
    def observe(self) -> dict[str, Any]: ...
    def dump(self) -> bytes: ...
    def load(self, data: bytes) -> None: ...


class Answered:
    """What a hosted integration gets for a request it sent."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.body

    def json(self) -> Any:
        return Response(self.status, self.headers, self.body).json()


class StageTransport:
    """The network of a hosted integration: every URL of the systems leads into its own world."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answered:
        _, path, query = split_url(url)
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            return Answered(self._stage.request(Request(method, path, query, lower, body), timeout_s))
        except LookupError as problem:
            return Answered(refusal(Problem("not-found", str(problem).strip("'\"")), path))


class Stage:
    """world: what is played. sink: URL origin under which the hosted integration receives events.

    post: takes a delivery to another process; the shell answers later by `delivered`.
    """

    def __init__(
        self, world: World, *, sink: str = "http://integration.internal", post: Callable[[Outgoing], None] | None = None
    ) -> None:
        self.world = world
        self.hosted: Hosted | None = None
        self.sink = sink
        self.post = post
        self._working = False
        self._flow: tuple[datetime, datetime] | None = None
        self._outgoing: dict[str, Outgoing] = {}
        self._snapshots: dict[str, tuple[World, bytes | None]] = {}

    # -- time -----------------------------------------------------------------------------------------------------

    @property
    def flowing(self) -> bool:
        return self._flow is not None

    def flow_from(self, wall: datetime) -> None:
        """Let the world's clock flow with the wall from now on."""
        self._flow = (wall, self.world.clock.now)

    def catch_up(self, wall: datetime) -> None:
        """Do everything due up to the present moment of the wall; nothing in a world on virtual time."""
        if self._flow is not None:
            started, base = self._flow
            self.advance(base + (wall - started))

    def leap(self, by: timedelta, wall: datetime) -> None:
        """Move the clock forward on request, everything due on the way happening at its time."""
        self.catch_up(wall)
        until = self.world.clock.now + by
        self.world.note("clock advanced", {"seconds": by.total_seconds()})
        self.advance(until)
        if self._flow is not None:
            self._flow = (wall, until)

    def next_at(self) -> datetime | None:
        """When the next thing is due: a delivery, a job, or work of the hosted integration."""
        times = [t for t in (self.world.agenda.next_at(), self._hosted_due()) if t is not None]
        return min(times) if times else None

    def _hosted_due(self) -> datetime | None:
        return self.hosted.next_due() if self.hosted is not None and not self._working else None

    def advance(self, until: datetime) -> None:
        """Carry out everything due up to `until`, in order of time, and leave the clock there."""
        while self._step(until):
            pass
        self.world.clock.move(until)

    def _step(self, until: datetime) -> bool:
        agenda_at, hosted_at = self.world.agenda.next_at(), self._hosted_due()
        if agenda_at is not None and agenda_at <= until and (hosted_at is None or agenda_at <= hosted_at):
            self.world.clock.move(agenda_at)
            self._carry_out()
            return True
        if hosted_at is not None and hosted_at <= until and self.hosted is not None:
            self.world.clock.move(hosted_at)
            self._working = True
            try:
                done = self.hosted.run_due()
            finally:
                self._working = False
            due_again = self.hosted.next_due()
            if not done and due_again is not None and due_again <= self.world.clock.now:
                raise RuntimeError("the hosted integration says that work is due but does none of it")
            return True
        return False

    def _carry_out(self) -> None:
        due = self.world.agenda.pop()
        if due.kind == "job":
            self.world.run_job(due)
        elif due.kind == "request":
            held = due.payload
            try:
                self.world.handle(held.system, held.request, held)
            except ConnectionReset:
                return  # nobody waits for this answer any more; the journal has the exchange
        else:
            outgoing = self.world.dispatch.begin(self.world, due)
            if outgoing is not None:
                self._deliver(outgoing)

    def settle(self, limit: timedelta = QUIET_LIMIT) -> bool:
        """Let virtual time pass until no message is in flight; False when the limit came first."""
        deadline = self.world.clock.now + limit
        while not self.quiet:
            at = self.next_at()
            if at is None or at > deadline:
                return False
            self.advance(max(at, self.world.clock.now))
        return True

    @property
    def quiet(self) -> bool:
        """No event waits for delivery and the hosted integration has no work; jobs of a later date do not count."""
        return not self.world.dispatch.pending and self._hosted_due() is None and not self._jobs_now()

    def _jobs_now(self) -> bool:
        soon = self.world.clock.now + timedelta(minutes=1)
        at = self.world.agenda.next_at()
        return at is not None and at <= soon

    # -- messages -------------------------------------------------------------------------------------------------

    def _deliver(self, outgoing: Outgoing) -> None:
        origin, path, query = split_url(outgoing.url)
        if self.hosted is not None and origin == self.sink:
            try:
                answer = self.hosted.handle("POST", path, query, outgoing.headers, outgoing.body)
            except Exception as crash:  # a receiver that crashes answers nothing: the sender sees a failed attempt
                self.world.dispatch.finish(self.world, outgoing, None, f"{type(crash).__name__}: {crash}")
                return
            self.world.dispatch.finish(self.world, outgoing, answer.status)
        elif self.post is not None:
            self._outgoing[outgoing.delivery_id] = outgoing
            self.post(outgoing)
        else:
            self.world.dispatch.finish(self.world, outgoing, None, f"nothing listens at {origin}")

    def delivered(self, outgoing: Outgoing, answer: int | None, error: str = "") -> None:
        """The shell reports what came of an attempt that it was given by `post`."""
        # An attempt of a world that has been reset or restored since then says nothing about this one.
        if self._outgoing.get(outgoing.delivery_id) is outgoing:
            del self._outgoing[outgoing.delivery_id]
            self.world.dispatch.finish(self.world, outgoing, answer, error)

    def request(self, request: Request, timeout_s: float = 30.0) -> Response:
        """Send a request to a system of this world, its path starting with the system's base; virtual time only.

        Raises ClientTimeout when a delay fault exceeds `timeout_s` (the work is done all the same), ConnectionReset
        when a fault closes the connection, LookupError for a path that belongs to no system.
        """
        system, inner = locate_system(self.world, request)
        held = self.world.arrive(system, inner)
        if held is not None and held.delay:
            now = self.world.clock.now
            limit = timedelta(seconds=timeout_s)
            if held.delay > limit:
                self.world.agenda.add(now + held.delay, "request", held)
                self.advance(now + limit)
                raise ClientTimeout(f"no answer within {timeout_s:g} s")
            self.advance(now + held.delay)
        return self.world.handle(system, inner, held)

    # -- copies ---------------------------------------------------------------------------------------------------

    def snapshot(self, name: str) -> None:
        dump = self.hosted.dump() if self.hosted is not None else None
        saved = self.world.fork(self.world.id)
        for delivery_id in self._outgoing:  # under way in the shell: made anew when the snapshot is restored
            saved.agenda.add(saved.clock.now, "delivery", delivery_id)
        self._snapshots[name] = (saved, dump)

    def restore(self, name: str, wall: datetime) -> None:
        """Go back to a snapshot; the journal goes back with it. Raises KeyError for an unknown name."""
        saved, dump = self._snapshots[name]
        self.world.become(saved)
        self._outgoing.clear()
        self.world.note("snapshot restored", {"name": name})
        if dump is not None and self.hosted is not None:
            self.hosted.load(dump)
        if self._flow is not None:
            self._flow = (wall, self.world.clock.now)

    def reset(self, world: World) -> None:
        """Begin anew as another world; only the subscriptions stay."""
        self.world.become(world)
        self._outgoing.clear()
        self._snapshots.clear()

    @property
    def snapshots(self) -> list[str]:
        return sorted(self._snapshots)


def locate_system(world: World, request: Request) -> tuple[str, Request]:
    """The system that a path belongs to, and the request with the path below its base. Raises LookupError."""
    for name, system in world.systems.items():
        base = system.base
        if request.path == base or request.path.startswith(f"{base}/"):
            return name, Request(
                request.method, request.path[len(base) :] or "/", request.query, request.headers, request.body
            )
    bases = ", ".join(f"{s.base} ({n})" for n, s in world.systems.items())
    raise LookupError(f"{request.path} belongs to no system; bases are {bases}")
