"""Imports point one way (design section 4), the front door is exact, and the engine knows no business."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import understudy

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "src" / "understudy"
FILES = sorted(p for p in ENGINE.rglob("*.py") if "_reference" not in p.parts)

PURE = {"errors", "contract"}
MAY_IMPORT = {
    "errors": set(),
    "contract": {"errors"},
    "mapping": PURE | {"mapping"},
    "simulate": PURE | {"simulate"},
    "masterdata": PURE | {"masterdata"},
    "invariant": PURE | {"invariant", "simulate"},
    "scenario": PURE | {"scenario", "simulate", "invariant"},
    "report": {"errors", "report", "scenario", "invariant", "simulate"},
    "systemmap": {"errors"},
    "workspace": PURE | {"systemmap", "mapping", "simulate", "masterdata", "invariant", "scenario", "workspace"},
    "testing": PURE | {"simulate", "workspace", "testing"},
}
"""Part -> parts that it may import. cli and pytest_plugin import everything, and nobody imports them."""
FREE = {"cli", "pytest_plugin", "__init__"}


def part_of(path: Path) -> str:
    return path.relative_to(ENGINE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "understudy":
                found.add(parts[1] if len(parts) > 1 else "__init__")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    if part in FREE:
        return
    allowed = MAY_IMPORT[part] | {part}
    assert imports_of(path) <= allowed | {"__init__"}, f"{part} may import {sorted(allowed)}"


def test_nobody_imports_the_command_line() -> None:
    for path in FILES:
        if part_of(path) not in FREE:
            assert not imports_of(path) & {"cli", "pytest_plugin"}, path


def test_the_front_door_is_exact() -> None:
    assert sorted(understudy.__all__) == understudy.__all__
    assert set(understudy.__all__) == set(understudy._PLACES)
    for name in understudy.__all__:
        assert getattr(understudy, name) is not None


WORKSPACE_DOORS = {
    "understudy",
    "understudy.errors",
    "understudy.mapping",
    "understudy.masterdata",
    "understudy.masterdata.records",
    "understudy.testing",
}
WORKSPACE_FILES = sorted(
    p for folder in ("simulators", "fixtures", "scenarios", "integration") for p in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", WORKSPACE_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_workspace_code_enters_by_the_front_door(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and node.module
            and node.module.startswith("understudy")
        ):
            assert node.module in WORKSPACE_DOORS, f"{path}:{node.lineno}"


@pytest.mark.parametrize("folder", ["simulators/erp", "simulators/wms", "simulators/storefront", "simulators/crm"])
def test_simulators_know_only_themselves_and_what_is_common(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level >= 2:
                assert node.module is not None
                assert node.module.split(".")[0] == "common", f"{path}:{node.lineno}"


BUSINESS = re.compile(
    r"invoice|customer|shipment|warehouse|\bstock|ledger|\bsku|\btax|\berp\b|\bwms\b|storefront|fulfil", re.IGNORECASE
)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_the_engine_knows_no_business(path: Path) -> None:
    """Names and literals of the engine hold no business word; examples in docstrings, comments and help may."""
    source = path.read_text(encoding="utf-8")
    docstrings = {
        (node.body[0].lineno, node.body[0].end_lineno)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
        and isinstance(node.body[0].value.value, str)
    }
    attributes = {
        (node.lineno, node.end_lineno)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    words = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            continue
        place = token.start[0]
        if token.type == tokenize.STRING and any(a <= place <= (b or a) for a, b in docstrings | attributes):
            continue
        if "hint=" in token.line:
            continue
        words += [f"{place}: {token.string}" for _ in [0] if BUSINESS.search(token.string)]
    assert words == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from understudy.cli import run; run(['--help']); "
        "names = {'jsonschema_rs', 'yaml', 'faker', 'uvicorn', 'httpx2', 'jinja2', 'rich', 'asyncio'}; "
        "heavy = names & set(sys.modules); "
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "prove" in done.stdout


def test_no_module_of_the_core_reads_the_wall_clock_or_draws_unseeded() -> None:
    forbidden = re.compile(r"datetime\.now\(|utcnow\(|time\.time\(|random\.\w+\(|uuid4\(")
    shells = {"serve.py", "client.py", "up.py"}
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("src/understudy", "simulators")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name not in shells
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []
