"""The command line as a user has it: a process with arguments, an exit code and two streams."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
INTEGRATION = str(Path(sys.executable).with_name("understudy-integration"))
PARTS = ("contracts", "simulators", "scenarios", "fixtures", "integration", "understudy.toml")


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


def understudy(
    *arguments: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None, limit_s: float = 120
) -> Done:
    """Run `understudy` to its end."""
    done = subprocess.run(
        [UNDERSTUDY, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def copy_of_the_workspace(folder: Path) -> Path:
    """The reference workspace, to be spoilt."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return folder


@contextlib.contextmanager
def running(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server process until the block ends: yields the address that its output names."""
    log = cwd / f"{Path(command[0]).name}.log"
    with log.open("w") as sink:
        child = subprocess.Popen(
            list(map(str, command)), cwd=cwd, env={**os.environ, **(env or {})}, stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            yield _address(child, log)
        finally:
            child.terminate()
            child.wait(15)


def _address(child: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(300):
        found = re.search(r"http://[\d.]+:\d+", log.read_text())
        if found:
            return found.group()
        if child.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"no address within 15 s:\n{log.read_text()}")


def settings(path: Path) -> dict[str, str]:
    """The variables of an env file that `understudy up --env-file` wrote."""
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value.strip("'") for name, _, value in pairs}
