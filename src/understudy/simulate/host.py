"""All worlds of one process behind one address: finds the world and the system of a request, starts and ends runs.

A request finds its world by the path prefix `/w/{world}`, else by the credential it carries, else it goes to the
default one. Everything is synchronous; what has to wait is handed back as a `Wait`, driven by the shell's kind of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from understudy.simulate.authenticate import Credential
from understudy.simulate.event import Outgoing
from understudy.simulate.message import Request, Response, split_url
from understudy.simulate.problem import Problem, refusal
from understudy.simulate.run import Run, Wait, contract_verdict, judgement
from understudy.simulate.setup import Setup
from understudy.simulate.stage import Hosted, Stage, StageTransport, locate_system
from understudy.simulate.world import World

DEFAULT_WORLD = "default"
CONTROL_BASE = "/control/v1"
KEPT_BASES = 8
"""Seeds whose first state is kept for the next run; making one anew costs what reading its data costs."""


class Host:
    """runs: by world id. wall: clock of the shell, for signatures towards another process; None on virtual time.

    observe_external, reach_external and answers: set by the shell; they use the adapter of an integration in another
    process and say whether anybody listens at its address.
    """

    wall: Callable[[], datetime] | None = None

    def __init__(self, setup: Setup, *, post: Callable[[Stage, Outgoing], None] | None = None) -> None:
        from understudy.simulate.control import Control

        self.setup = setup
        self.runs: dict[str, Run] = {}
        self.observe_external: Callable[[str], Mapping[str, Any] | None] | None = None
        self.reach_external: Callable[[str, str, str, Any], tuple[int, Any]] | None = None
        self.answers: Callable[[str], bool] | None = None
        self._post = post
        self._bases: dict[int, World] = {}
        self._started = 0
        self._flowing = post is not None
        self.control = Control(self)

    # -- requests -------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Answer on virtual time, in-process. Raises ConnectionReset when a fault closes the connection."""
        outcome = self.begin(request, None)
        return outcome.on_virtual_time() if isinstance(outcome, Wait) else outcome

    def begin(self, request: Request, wall: datetime | None) -> Response | Wait:
        """Answer, or say what has to be waited for. wall: the present moment for flowing worlds, None in-process."""
        path = request.path
        world_id = ""
        if path.startswith("/w/"):
            world_id, _, rest = path[3:].partition("/")
            request = Request(request.method, f"/{rest}", request.query, request.headers, request.body)
        if request.path.startswith(f"{CONTROL_BASE}/"):
            inner = Request(
                request.method, request.path[len(CONTROL_BASE) :], request.query, request.headers, request.body
            )
            return self.control.handle(inner, wall)
        try:
            stage = self.stage_of(request, world_id)
            if wall is not None:
                stage.catch_up(wall)
            if wall is None:
                return stage.request(request)
            return self._begin_flowing(stage, request)
        except LookupError as problem:
            return refusal(Problem("not-found", str(problem).strip("'\"")), path)

    def _begin_flowing(self, stage: Stage, request: Request) -> Response | Wait:
        system, inner = locate_system(stage.world, request)
        held = stage.world.arrive(system, inner)
        if held is None or not held.delay:
            return stage.world.handle(system, inner, held)
        until = stage.world.clock.now + held.delay
        return Wait(stage, until, lambda: None, lambda: stage.world.handle(system, inner, held))

    def stage_of(self, request: Request, world_id: str) -> Stage:
        """Raises LookupError for a world that does not exist."""
        if world_id:
            return self.run(world_id).stage
        for system in self.setup.systems.values():
            if request.path.startswith(f"{system.base}/"):
                text = system.doorkeeper.credential_text(request)
                if not text and system.token_operation is not None and request.method == "POST":
                    text = _form_client(request.body)
                suffix = text.rpartition(".")[2]
                if suffix in self.runs:
                    return self.runs[suffix].stage
                break
        return self.default().stage

    def run(self, run_id: str) -> Run:
        if run_id == DEFAULT_WORLD:
            return self.default()
        run = self.runs.get(run_id)
        if run is None:
            raise LookupError(
                f"there is no run {run_id!r}: it has ended, or a later one of the same integration has replaced it, "
                "or it never was; startRun makes one"
            )
        return run

    # -- worlds ---------------------------------------------------------------------------------------------------

    def default(self) -> Run:
        """The default world; made on first use, without an integration of ours. Over sockets its time flows at once:
        an integration in another process may join, and people may use it, without any run.
        """
        run = self.runs.get(DEFAULT_WORLD)
        if run is None:
            wall = self.wall() if self.wall is not None else None
            run = self._make(DEFAULT_WORLD, self.setup.seed, {}, "none", "", "", wall)
            self.runs[DEFAULT_WORLD] = run
        return run

    def attached(self) -> bool:
        """Whether an integration in another process has subscribed to events of the default world."""
        run = self.runs.get(DEFAULT_WORLD)
        return run is not None and any(True for name in self.setup.systems for _ in run.stage.world.subscriptions(name))

    def default_integration(self) -> str:
        if self.attached():
            return "external"
        return "embedded" if self.setup.hosted is not None else "none"

    def start_run(
        self,
        *,
        scenario: str = "",
        seed: int | None = None,
        policies: Mapping[str, str] | None = None,
        integration: str = "auto",
        defect: str = "",
        wall: datetime | None = None,
    ) -> Run:
        """A fresh world; with an integration attached from outside, the default world begins anew.

        Raises Problem 422 for an unknown policy, defect or integration that is not there.
        """
        mode = self.default_integration() if integration == "auto" else integration
        self._check(mode, policies or {}, defect)
        seed = self.setup.seed if seed is None else seed
        if mode == "external":
            return self._start_outside(seed, policies or {}, scenario, wall)
        run = self._make(
            f"w{self._started + 1}", seed, policies or {}, mode, scenario, defect or self.setup.defect, wall
        )
        self.runs[run.id] = run
        return run

    def _start_outside(self, seed: int, policies: Mapping[str, str], scenario: str, wall: datetime | None) -> Run:
        """The default world begins anew for the integration that is attached to it; its subscriptions stay.

        An earlier run of it is over: whoever still plays it is told so, instead of playing along in this one.
        """
        stage = self.default().stage
        run_id = f"w{self._started + 1}"
        run = self._make(DEFAULT_WORLD, seed, policies, "external", scenario, "", None)
        stage.reset(run.stage.world)
        run.id, run.stage = run_id, stage
        run.tokens = self._tokens(stage.world, run_id)
        if wall is not None:
            stage.flow_from(wall)
            stage.world.wall = self.wall if self._flowing else None
        self.runs = {name: other for name, other in self.runs.items() if other.stage is not stage}
        self.runs[DEFAULT_WORLD] = self.runs[run_id] = run
        told = self.observe_external(self.external_sink(run)) if self.observe_external is not None else None
        run.counted_before = (told or {}).get("counters", {})
        return run

    def _check_outside(self) -> None:
        """Raises Problem when the integration that is to play from outside is not there, or no longer."""
        if not self.attached():
            raise Problem("validation-failed", "no integration has subscribed to the default world")
        sink = self.external_sink(self.default())
        if self.answers is not None and not self.answers(sink):
            raise Problem(
                "service-unavailable",
                f"an integration subscribed from {sink}, but nobody answers there now; start it again, "
                "or start the run with integration: embedded",
            )

    def _check(self, mode: str, policies: Mapping[str, str], defect: str) -> None:
        from understudy.errors import WorkspaceError, closest

        try:
            self.setup.policy(policies)
        except WorkspaceError as problem:
            raise Problem(
                "validation-failed", "; ".join(filter(None, (problem.message, problem.hint, problem.allowed)))
            ) from None
        if mode == "embedded" and self.setup.hosted is None:
            raise Problem("validation-failed", "the workspace has no integration to embed")
        if mode == "external":
            self._check_outside()
        if mode != "embedded" and defect:
            raise Problem(
                "validation-failed", "a defect is switched on in the embedded integration; this run has another or none"
            )
        if defect and defect not in self.setup.defects:
            hint = closest(defect, self.setup.defects)
            raise Problem(
                "validation-failed", f"there is no defect {defect!r}; {hint or 'see understudy prove --list'}"
            )

    def _make(
        self,
        world_id: str,
        seed: int,
        policies: Mapping[str, str],
        mode: str,
        scenario: str,
        defect: str,
        wall: datetime | None,
    ) -> Run:
        self._started += 1
        ordinal = 0 if not self.setup.run_base else self.setup.run_base + self._started
        world = self._base(seed).fork(world_id, run=ordinal)
        world.policy = self.setup.policy(policies)
        post = self._post
        stage = Stage(world, sink=self.setup.sink)
        if post is not None:
            stage.post = lambda outgoing: post(stage, outgoing)
        values = self._credentials(world)
        if mode == "embedded":
            assert self.setup.hosted is not None
            stage.hosted = self._embed(stage, values, defect)
        else:  # whoever receives events here, it is in another process
            world.wall = self.wall
        if wall is not None:
            stage.flow_from(wall)
        return Run(
            id=world_id,
            stage=stage,
            seed=seed,
            ordinal=ordinal,
            integration=mode,
            scenario=scenario,
            policies=world.policy,
            tokens=self._tokens(world),
            urls={name: f"{self.setup.origin}{system.base}" for name, system in self.setup.systems.items()},
            literals=self.setup.literals(seed, ordinal),
        )

    def _base(self, seed: int) -> World:
        base = self._bases.get(seed)
        if base is None:
            base = World("base", self.setup.systems, seed=seed, now=self.setup.start, policy=self.setup.policy({}))
            base.seed_with(self.setup.dataset())
            if len(self._bases) >= KEPT_BASES:
                del self._bases[next(iter(self._bases))]
            self._bases[seed] = base
        return base

    def _credentials(self, world: World) -> dict[str, str]:
        """Register what the integration signs in with; returns the values for its settings."""
        suffix = "" if world.id == DEFAULT_WORLD else f".{world.id}"
        values: dict[str, str] = {"admin_key": "integration-admin-key"}
        for name, system in self.setup.systems.items():
            door = system.doorkeeper
            values[f"{name}.signing_secret"] = f"signing-secret-of-{name}"
            if door.has_tokens:
                client_id, secret = f"integration{suffix}", f"integration-secret-at-{name}"
                credential = Credential(
                    "integration", name, "client", f"{client_id}@{name}", door.scopes, secret=secret
                )
                world.add_credential(credential)
                values |= {f"{name}.client_id": credential.value, f"{name}.client_secret": secret}
            if door.key_headers:
                key = f"integration-key-at-{name}{suffix}"
                world.add_credential(Credential("integration", name, "key", key, door.scopes))
                values[f"{name}.api_key"] = key
        return values

    def _tokens(self, world: World, run_id: str = "") -> dict[str, str]:
        """Credentials of the scenario itself, who acts as shopper, warehouse worker and accountant.

        run_id: for one of several runs in the same world, so that an earlier one's credentials open nothing.
        """
        place = f"{run_id}.{world.id}" if run_id else world.id
        tokens = {}
        for name, system in self.setup.systems.items():
            door = system.doorkeeper
            if door.has_tokens:
                tokens[name] = world.mint_token(name, "scenario", door.scopes, None)
            elif door.key_headers:
                tokens[name] = f"scenario-key-at-{name}.{place}"
                world.add_credential(Credential("scenario", name, "key", tokens[name], door.scopes))
        return tokens

    def external_environ(self, public_url: str) -> dict[str, str]:
        """The settings with which an integration in another process joins the default world."""
        values = self._credentials(self.default().stage.world)
        return {**self._environ(values, public_url, ""), **self.setup.environ_outside}

    def _environ(self, values: Mapping[str, str], sink: str, defect: str) -> dict[str, str]:
        places = {
            **values,
            **{f"{name}.url": f"{self.setup.origin}{system.base}" for name, system in self.setup.systems.items()},
            "sink": sink,
            "sink.port": str(urlsplit(sink).port or ""),
            "defect": defect,
        }
        rendered = {}
        for variable, template in self.setup.environ.items():
            text = template
            for place, value in places.items():
                text = text.replace(f"{{{place}}}", value)
            if text:
                rendered[variable] = text
        return rendered

    def _embed(self, stage: Stage, values: Mapping[str, str], defect: str) -> Hosted:
        assert self.setup.hosted is not None
        world = stage.world
        environ = self._environ(values, stage.sink, defect)
        if self._flowing:  # waiting costs real seconds here as it does in another process
            environ |= self.setup.environ_outside
        hosted = self.setup.hosted(
            environ,
            transport=StageTransport(stage),
            clock=lambda: world.clock.now,
            chance=world.draw,
        )
        hosted.start()
        return hosted

    def end_run(self, run_id: str) -> None:
        """Forget the world of a run; the default world stays. Raises LookupError for an unknown run."""
        run = self.run(run_id)
        if run.id != DEFAULT_WORLD:
            self.runs.pop(run.id, None)

    # -- verdicts -------------------------------------------------------------------------------------------------

    def observe(self, run: Run) -> Mapping[str, Any] | None:
        """What the integration tells of itself about this run's events, None when it tells nothing."""
        if run.stage.hosted is not None:
            return run.stage.hosted.observe()
        if run.integration == "external" and self.observe_external is not None:
            sink = self.external_sink(run)
            told = self.observe_external(sink) if sink else None
            return None if told is None else run.own_part(told)
        return None

    def external_sink(self, run: Run) -> str:
        for name in self.setup.systems:
            for subscription in run.stage.world.subscriptions(name):
                return split_url(str(subscription["sink"]))[0]
        return ""

    def evaluate(
        self, run: Run, *, scope: str, step: str = "", proves: Iterable[str] = (), settled: bool = True
    ) -> dict[str, Any]:
        """Judge a run. scope `step`: what came since the last evaluation; `final`: everything.

        Raises Problem 422 for an id in `proves` that is no rule.
        """
        world = run.stage.world
        since = run.judged_to if scope == "step" else 0
        verdicts = self.setup.judge(
            world, since=since, scope=scope, step=step, integration=self.observe(run), quiet=settled
        )
        verdicts = [contract_verdict(world, since, scope, step), *verdicts]
        _require_rules(proves := list(proves), [v["id"] for v in verdicts] if scope == "final" else proves)
        run.judged_to = world.journal.count
        if scope == "step":
            run.verdicts += [v for v in verdicts if v["status"] in ("failed", "error")]
        else:
            earlier = {(v["id"], repr(v["offending"])) for v in verdicts}
            verdicts += [v for v in run.verdicts if (v["id"], repr(v["offending"])) not in earlier]
        return judgement(verdicts, proves, settled)


def _require_rules(named: Sequence[str], known: Sequence[str]) -> None:
    from understudy.errors import closest

    unknown = [name for name in named if name not in known]
    if unknown:
        hints = "; ".join(filter(None, (closest(name, known) for name in unknown)))
        raise Problem("validation-failed", f"there is no rule {', '.join(unknown)}; {hints or 'see the list of rules'}")


def _form_client(body: bytes) -> str:
    """The world suffix of a token request's client id: `integration.w3@erp` -> `integration.w3`."""
    from urllib.parse import parse_qs

    try:
        ids = parse_qs(body.decode()).get("client_id", [""])
    except UnicodeDecodeError:
        return ""
    return ids[0].partition("@")[0]
