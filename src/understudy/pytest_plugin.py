"""The pytest plugin: `world`, one fixture a system, and `*.arazzo.yaml` files as items. Thin; lazy imports.

    @pytest.mark.understudy(policies={"idempotencySupport": "none"})
    def test_it(world, erp):                      # `erp` because the workspace has a system of that name
        erp.call("listSalesOrders")

After the test the world is judged by every invariant, whatever the test looked at itself.

The workspace is that of `--understudy-workspace`, else the one around pytest's root folder, else the reference one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from understudy.scenario.select import Selected
    from understudy.testing import Landscape, SystemClient
    from understudy.workspace import Workspace

SUFFIXES = (".arazzo.yaml", ".arazzo.yml", ".arazzo.json")
_WORKSPACE = pytest.StashKey["Workspace"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("understudy")
    group.addoption("--understudy-workspace", metavar="DIR", help="workspace whose systems the fixtures simulate")
    group.addoption("--understudy-seed", metavar="N", type=int, help="seed of every world; default is the workspace's")
    group.addoption("--understudy-defect", metavar="NAME", default="", help="defect of the embedded integration")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "understudy(seed, policies, integration, defect, judge, proves): how the `world` of this test is made; "
        "integration is embedded (default) or none; judge=False leaves the invariants out, proves names those that "
        "must have found something to examine",
    )
    config.pluginmanager.register(_system_fixtures(config), "understudy-systems")


def workspace_of(config: pytest.Config) -> Workspace:
    """The workspace of this pytest run, opened once."""
    from understudy.errors import UnderstudyError
    from understudy.workspace import FILE, open_workspace

    if _WORKSPACE not in config.stash:
        given = config.getoption("--understudy-workspace")
        around = next((p for p in (config.rootpath, *config.rootpath.parents) if (p / FILE).is_file()), None)
        try:
            config.stash[_WORKSPACE] = open_workspace(given or around)
        except UnderstudyError as problem:
            raise pytest.UsageError(str(problem)) from None
    return config.stash[_WORKSPACE]


def _system_fixtures(config: pytest.Config) -> object:
    """A plugin with a fixture for every system of the workspace, whose names are data."""
    names = workspace_of(config).section("systems")
    return type("SystemFixtures", (), {name: _fixture_for(name) for name in names})()


def _fixture_for(name: str) -> Any:
    def client(_plugin: object, world: Landscape) -> SystemClient:
        return world.clients[name]

    client.__doc__ = f"A client of the simulated {name}, speaking in operation ids."
    return pytest.fixture(name=name)(client)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[Landscape]:
    """A fresh landscape on virtual time, with the embedded integration unless the marker says otherwise.

    When the test has ended, messages in flight arrive and every invariant is evaluated; one that does not hold is an
    error of the test.
    """
    from understudy.testing import world_for

    marker = request.node.get_closest_marker("understudy")
    wanted = {"integration": "embedded", "defect": request.config.getoption("--understudy-defect")}
    wanted |= _arguments(marker.kwargs) if marker is not None else {}
    if "seed" not in wanted and request.config.getoption("--understudy-seed") is not None:
        wanted["seed"] = request.config.getoption("--understudy-seed")
    judged, proves = wanted.pop("judge", True), wanted.pop("proves", ())
    landscape = world_for(workspace_of(request.config), **wanted)
    yield landscape
    if judged:
        judgement = landscape.judge(*proves)
        broken = [v for v in judgement["verdicts"] if v["status"] in ("failed", "error")]
        if broken or judgement["unproven"] or not judgement["settled"]:
            raise BusinessWrong(broken, judgement["unproven"], settled=judgement["settled"])


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the marker says. Raises pytest.UsageError for an argument that it does not take."""
    from understudy.errors import closest

    allowed: dict[str, tuple[type, ...]] = {
        "seed": (int,),
        "policies": (dict,),
        "integration": (str,),
        "defect": (str,),
        "judge": (bool,),
        "proves": (list, tuple),
    }
    for name, value in given.items():
        if name not in allowed:
            hint = closest(name, allowed)
            raise pytest.UsageError(f"the understudy marker takes no {name!r}, only {', '.join(allowed)}; {hint}")
        if not isinstance(value, allowed[name]):
            kinds = " or ".join(kind.__name__ for kind in allowed[name])
            raise pytest.UsageError(f"the understudy marker's {name} is {value!r}, which is no {kinds}")
    if given.get("integration", "none") not in ("embedded", "none"):
        raise pytest.UsageError(f"the understudy marker's integration is {given['integration']!r}: embedded or none")
    return dict(given)


class BusinessWrong(Exception):
    """Invariants that do not hold after a test; `verdicts` are those of evaluateInvariants.

    unproven: invariants that the test is said to prove and that found nothing to examine. settled: whether every
    message had arrived when they were judged.
    """

    def __init__(
        self, verdicts: Sequence[Mapping[str, Any]], unproven: Sequence[str] = (), *, settled: bool = True
    ) -> None:
        self.verdicts = verdicts
        self.unproven = tuple(unproven)
        lines = [f"{v['id']} does not hold: {v['statement']}" for v in verdicts]
        for verdict, line in zip(verdicts, list(lines), strict=True):
            rows = [f"    {dict(row)}" for row in verdict["offending"][:3]] or [f"    {verdict['reason']}"]
            lines[lines.index(line) : lines.index(line) + 1] = [line, *rows]
        lines += [f"{id} was to be proved, and found nothing to examine" for id in self.unproven]
        lines += [] if settled else ["messages were still in flight a day after the test"]
        super().__init__("\n".join(lines))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.name.endswith(SUFFIXES):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """One Arazzo document; one item per workflow and case."""

    def collect(self) -> Iterator[pytest.Item]:
        from understudy.errors import UnderstudyError
        from understudy.scenario.select import select

        try:
            selected = select([self.path], shown_from=self.config.rootpath)
        except UnderstudyError as problem:
            raise self.CollectError(str(problem)) from None
        for choice in selected:
            yield ScenarioItem.from_parent(self, name=choice.id, choice=choice)


class ScenarioFailed(Exception):
    """A scenario that did not pass; its text says why."""


class ScenarioItem(pytest.Item):
    def __init__(self, *, choice: Selected, **rest: Any) -> None:
        super().__init__(**rest)
        self._choice = choice

    def runtest(self) -> None:
        from dataclasses import replace

        from understudy.report import Terminal
        from understudy.scenario.suite import ScenarioFinished, run_suite
        from understudy.scenario.theatre import InProcess
        from understudy.simulate.host import Host

        workspace = workspace_of(self.config)
        seed = self.config.getoption("--understudy-seed")
        setup = workspace.setup(defect=self.config.getoption("--understudy-defect"))
        theatre = InProcess(Host(setup if seed is None else replace(setup, seed=seed)))
        lines: list[str] = []
        text = Terminal(lines.append, colour=False, progress=False)
        outcome = ""
        for event in run_suite([self._choice], theatre, workspace.contracts):
            text.on(event)
            if isinstance(event, ScenarioFinished):
                outcome = event.record.outcome
        if outcome != "passed":
            raise ScenarioFailed("\n".join([*lines, f"seed {setup.seed if seed is None else seed}"]))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from understudy.errors import UnderstudyError

        if isinstance(excinfo.value, ScenarioFailed | UnderstudyError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._choice.workflow.place.line - 1, f"scenario {self.name}"
