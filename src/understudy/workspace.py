"""A workspace: the folder with contracts, simulators, scenarios, fixtures, integration and `understudy.toml`.

This is the thin shell that reads files into the pure parts. Python of a workspace is imported under a parent package of
its own, so that folders called `fixtures` or `integration` elsewhere on the machine never get in the way.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.errors import WorkspaceError, closest
from understudy.simulate.clock import parse_instant
from understudy.systemmap import check_system_map

if TYPE_CHECKING:
    from understudy.contract import Contract
    from understudy.invariant import Invariant
    from understudy.mapping import MappingTable
    from understudy.simulate.setup import HostedFactory, Setup
    from understudy.simulate.system import System
    from understudy.simulate.world import World

FILE = "understudy.toml"


@dataclass(frozen=True, slots=True)
class Flow:
    """One row of the system map. event: what starts it. operation: the call whose commit ends it. Times in seconds."""

    id: str
    source: str
    target: str
    object: str
    event: str
    operation: str
    p95_s: float
    alarm_s: float


class Workspace:
    """root: the folder that holds understudy.toml. config: that file as data. Everything else is read on first use."""

    def __init__(self, root: Path, config: Mapping[str, Any]) -> None:
        self.root = root
        self.config = config
        self._package = f"understudy_workspace_{sha256(str(root).encode()).hexdigest()[:12]}"

    # -- the system map -------------------------------------------------------------------------------------------

    def section(self, name: str) -> Mapping[str, Any]:
        value = self.config.get(name, {})
        if not isinstance(value, dict):
            raise WorkspaceError(f"[{name}] is not a table", where=str(self.root / FILE))
        return value

    def _required(self, section: str, key: str) -> Any:
        table: Any = self.config
        for part in section.split("."):
            table = table.get(part, {}) if isinstance(table, dict) else {}
        if key not in table:
            raise WorkspaceError(f"`{key}` is missing in [{section}]", where=str(self.root / FILE))
        return table[key]

    @cached_property
    def title(self) -> str:
        return str(self.section("understudy").get("title", self.root.name))

    @cached_property
    def start(self) -> datetime:
        text = str(self._required("understudy", "start"))
        try:
            return parse_instant(text)
        except ValueError as problem:
            raise WorkspaceError(f"`start` cannot be read: {problem}", where=str(self.root / FILE)) from None

    @property
    def seed(self) -> int:
        return int(self.section("understudy").get("seed", 42))

    @cached_property
    def policies(self) -> Mapping[str, tuple[str, ...]]:
        """Switch -> allowed values, the default first."""
        return {name: tuple(str(v) for v in values) for name, values in self.section("policies").items()}

    def policy(self, overrides: Mapping[str, str]) -> dict[str, str]:
        """All switches, the defaults with the overrides. Raises WorkspaceError for an unknown switch or value."""
        for name, value in overrides.items():
            allowed = self.policies.get(name)
            if allowed is None:
                raise WorkspaceError(f"there is no policy switch {name!r}", hint=closest(name, self.policies))
            if value not in allowed:
                raise WorkspaceError(f"policy {name} cannot be {value!r}", allowed=", ".join(allowed))
        return {name: overrides.get(name, values[0]) for name, values in self.policies.items()}

    @cached_property
    def flows(self) -> Mapping[str, Flow]:
        found = {}
        for name, row in self.section("flows").items():
            missing = [k for k in ("from", "to", "event", "operation", "p95_s", "alarm_s") if k not in row]
            if missing:
                raise WorkspaceError(f"[flows.{name}] lacks {', '.join(missing)}", where=str(self.root / FILE))
            found[name] = Flow(
                id=name,
                source=row["from"],
                target=row["to"],
                object=str(row.get("object", "")),
                event=row["event"],
                operation=row["operation"],
                p95_s=float(row["p95_s"]),
                alarm_s=float(row["alarm_s"]),
            )
        return found

    # -- contracts, systems, mappings -----------------------------------------------------------------------------

    def path(self, relative: str) -> Path:
        return self.root / relative

    def _shown(self, path: Path) -> str:
        try:
            return str(path.relative_to(Path.cwd()))
        except ValueError:
            return str(path)

    def _read_contract(self, name: str, relative: str) -> Contract:
        from understudy.contract import Contract, read_yaml
        from understudy.errors import ContractError

        path = self.path(relative)
        shown = self._shown(path)
        if not path.is_file():
            raise ContractError(
                f"the contract of {name!r} is missing", where=shown, hint=f"correct `contract` in {self.root / FILE}"
            )
        return Contract(name, read_yaml(path, error=ContractError, shown=shown), where=shown)

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """The contract of each system, of the integration's admin surface and of the control plane, by name.

        Each is read when it is asked for: a run in this process needs no admin surface.
        """
        files = {name: str(self._required(f"systems.{name}", "contract")) for name in self.section("systems")}
        if "contract" in self.section("integration"):
            files["integration"] = str(self.section("integration")["contract"])
        return _Contracts(self._read_contract, files)

    @cached_property
    def systems(self) -> Mapping[str, System]:
        from understudy.simulate.pagination import PAGERS
        from understudy.simulate.system import System

        if not self.section("systems"):
            raise WorkspaceError("no [systems.…] are declared", where=str(self.root / FILE))
        found = {}
        for name, row in self.section("systems").items():
            behaviour = str(self._required(f"systems.{name}", "behaviour"))
            module = self.module(behaviour.strip("/").replace("/", "."))
            simulator = getattr(module, "simulator", None)
            if simulator is None:
                raise WorkspaceError(f"{behaviour} exports no `simulator`", where=str(self.path(behaviour)))
            pagination = str(row.get("pagination", ""))
            if pagination and pagination not in PAGERS:
                raise WorkspaceError(
                    f"[systems.{name}] has pagination {pagination!r}",
                    where=str(self.root / FILE),
                    allowed=", ".join(PAGERS),
                )
            found[name] = System(
                name=name,
                base=str(self._required(f"systems.{name}", "base")),
                contract=self.contracts[name],
                simulator=simulator,
                pagination=pagination,
                token_lifetime=timedelta(seconds=int(row.get("token_lifetime_s", 3600))),
                extra_settings=dict(row.get("settings", {})),
            )
        return found

    @cached_property
    def mappings(self) -> Mapping[str, MappingTable]:
        """The mapping tables by name. Raises MappingError, with file and line, for one that cannot be executed."""
        from understudy.mapping import load_mapping

        folder = self.path(str(self.section("mappings").get("path", "contracts/mappings")))
        tables = [load_mapping(path) for path in sorted(folder.glob("*.yaml"))]
        return {table.name: table for table in tables}

    def check_mappings(self) -> None:
        """Hold every mapping table against its contracts. Raises MappingError, with file and line, for a fault."""
        from understudy.mapping import ensure

        for table in self.mappings.values():
            ensure(table, self.contracts)

    # -- code of the workspace ------------------------------------------------------------------------------------

    def module(self, name: str) -> types.ModuleType:
        """Import a module of the workspace by its dotted path below the root: `simulators.erp`.

        Raises WorkspaceError when it is not there; an error inside the module keeps its traceback.
        """
        if self._package not in sys.modules:
            package = types.ModuleType(self._package)
            package.__path__ = [str(self.root)]
            sys.modules[self._package] = package
        full = f"{self._package}.{name}"
        try:
            return importlib.import_module(full)
        except SyntaxError as problem:
            where = f"{problem.filename}:{problem.lineno}"
            raise WorkspaceError(f"module {name!r} is no Python: {problem.msg}", where=where) from None
        except ModuleNotFoundError as problem:
            if problem.name is not None and full.startswith(problem.name):
                raise WorkspaceError(
                    f"the workspace has no module {name!r}", where=str(self.root), hint=f"{FILE} names it"
                ) from None
            raise

    def _hook(self, section: str, key: str) -> Callable[..., Any]:
        module = self.module(str(self._required(section, "module")))
        name = str(self._required(section, key))
        hook = getattr(module, name, None)
        if not callable(hook):
            raise WorkspaceError(
                f"[{section}] {key} = {name!r} is not a function of {module.__name__.partition('.')[2]}"
            )
        return hook  # type: ignore[no-any-return]

    def dataset(self) -> Mapping[str, list[dict[str, Any]]]:
        """The data every world starts with."""
        result: Mapping[str, list[dict[str, Any]]] = self._hook("data", "dataset")()
        return result

    def literals(self, seed: int, run: int) -> Mapping[str, Any]:
        """Values that differ from run to run and that scenarios take from `startRun`."""
        if "literals" not in self.section("data"):
            return {}
        result: Mapping[str, Any] = self._hook("data", "literals")(seed, run)
        return result

    @cached_property
    def invariants(self) -> Mapping[str, Invariant]:
        """The business rules of the workspace, by id."""
        place = self.section("scenarios").get("invariants")
        if not place:
            return {}
        rules = getattr(self.module(str(place)), "INVARIANTS", None)
        if rules is None:
            raise WorkspaceError(f"{place} exports no INVARIANTS", where=str(self.root / FILE))
        return {invariant.id: invariant for invariant in rules}

    @cached_property
    def integration(self) -> types.ModuleType | None:
        """The reference integration's package, None when the workspace has none."""
        name = self.section("integration").get("module")
        return self.module(str(name)) if name else None

    @property
    def defects(self) -> Mapping[str, str]:
        """Switchable defects of the integration: name -> what it does wrong."""
        if self.integration is None:
            return {}
        catalogue: Mapping[str, str] = getattr(self.integration, "DEFECTS", {})
        return catalogue

    def setup(self, *, origin: str = "", run_base: int = 0, defect: str = "") -> Setup:
        """What a Host needs to make worlds of this workspace. Raises WorkspaceError for an unknown defect."""
        from understudy.simulate.setup import INTERNAL_ORIGIN, Setup

        if defect and defect not in self.defects:
            raise WorkspaceError(
                f"there is no defect {defect!r}",
                allowed=", ".join(self.defects) or "none: the workspace has no catalogue",
                hint=closest(defect, self.defects),
            )
        table = self.section("integration")
        return Setup(
            systems=self.systems,
            start=self.start,
            seed=self.seed,
            policy=self.policy,
            dataset=self.dataset,
            literals=self.literals,
            judge=self.judge,
            hosted=self._hosted(),
            environ={str(k): str(v) for k, v in table.get("env", {}).items()},
            environ_outside={str(k): str(v) for k, v in table.get("env_outside", {}).items()},
            sink=str(table.get("sink", "http://integration.internal")),
            defects=self.defects,
            origin=origin or INTERNAL_ORIGIN,
            run_base=run_base,
            defect=defect,
        )

    def _hosted(self) -> HostedFactory | None:
        if self.integration is None:
            return None
        factory: HostedFactory | None = getattr(self.integration, "hosted", None)
        if factory is None:
            raise WorkspaceError(
                "the integration's package exports no `hosted`",
                where=str(self.integration.__file__),
                hint="a function that builds it from settings; leave [integration] out to run without one",
            )
        return factory

    def judge(
        self,
        world: World,
        *,
        since: int,
        scope: str,
        step: str,
        integration: Mapping[str, Any] | None,
        quiet: bool,
    ) -> list[Mapping[str, Any]]:
        """Evaluate this workspace's invariants over a world; verdicts as JSON."""
        from understudy.invariant import Evidence, evaluate

        evidence = Evidence(world, since=since, integration=integration, resources=self.resources, quiet=quiet)
        return [verdict.to_json() for verdict in evaluate(self.invariants.values(), evidence, scope=scope, step=step)]

    @cached_property
    def resources(self) -> Mapping[str, Any]:
        """What rules may read besides the world: flows, mapping tables, contracts, the settings of each system, and
        `dataset`, a function that makes the data every world starts with."""
        return {
            "flows": self.flows,
            "mappings": self.mappings,
            "contracts": self.contracts,
            "settings": {name: system.settings for name, system in self.systems.items()},
            "dataset": self.dataset,
        }

    @cached_property
    def scenario_paths(self) -> list[Path]:
        return [self.path(str(p)) for p in self.section("scenarios").get("paths", ["scenarios"])]


class _Contracts(Mapping[str, "Contract"]):
    """Contracts by name, read on first use."""

    def __init__(self, read: Callable[[str, str], Contract], files: Mapping[str, str]) -> None:
        self._read = read
        self._files = files
        self._known: dict[str, Contract] = {}

    def __getitem__(self, name: str) -> Contract:
        if name not in self._known:
            if name == "control":
                from understudy.simulate.control import control_contract

                self._known[name] = control_contract()
            else:
                self._known[name] = self._read(name, self._files[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._files, "control"))

    def __len__(self) -> int:
        return len(self._files) + 1


def open_workspace(path: Path | str | None = None) -> Workspace:
    """The workspace at `path`; without one, of the current folder or its parents; else the reference workspace.

    path: a folder with understudy.toml, or that file. Raises WorkspaceError.
    """
    if path is not None:
        given = Path(path)
        folder = given.parent if given.name == FILE else given
        if not (folder / FILE).is_file():
            raise WorkspaceError(
                f"no {FILE} here", where=str(folder), hint="give the folder of a workspace, or leave the option out"
            )
        return _read(folder.resolve())
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / FILE).is_file():
            return _read(folder)
    return _read(reference_workspace())


def reference_workspace() -> Path:
    """Where the reference workspace lies: in the installed package, or in the checkout that it is run from."""
    inside = Path(__file__).resolve().parent / "_reference"
    if (inside / FILE).is_file():
        return inside
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / FILE).is_file():
        return checkout
    raise WorkspaceError(
        "the reference workspace is missing from this installation", where=str(inside), hint="reinstall"
    )


def _read(root: Path) -> Workspace:
    place = root / FILE
    try:
        config = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as problem:
        raise WorkspaceError(f"cannot be read: {problem.strerror}", where=str(place)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise WorkspaceError(f"not readable as TOML: {problem}", where=str(place)) from None
    check_system_map(config, str(place))
    return Workspace(root, config)
