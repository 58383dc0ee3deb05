"""Timing helpers: medians over several runs, whole processes from outside."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
BOARD = Path(__file__).with_name("workspace")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ours, target, floor and peers in `unit`; None where there is none."""

    measure: str
    unit: str
    ours: float
    target: float | None
    floor: float | None
    floor_name: str
    peers: dict[str, float]
    note: str = ""


def timed(work: Callable[[], object], runs: int = 5, warm_up: int = 1) -> float:
    """Median seconds of a call."""
    for _ in range(warm_up):
        work()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def process(command: Sequence[str], cwd: Path | None = None, codes: Sequence[int] = (0,)) -> None:
    """Run a whole process quietly. Raises RuntimeError with its output when it ends with another code."""
    env = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(command, cwd=cwd or ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in codes:
        raise RuntimeError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )


@contextlib.contextmanager
def server(command: Sequence[str], cwd: Path | None = None) -> Iterator[str]:
    """Start a server whose output names its address; stops it at the end."""
    child = subprocess.Popen(command, cwd=cwd or ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ})
    try:
        assert child.stdout is not None
        for line in child.stdout:
            found = re.search(r"http://[\d.]+:\d+", line)
            if found:
                yield found.group()
                break
    finally:
        child.terminate()
        child.wait(10)
        if child.stdout is not None:
            child.stdout.close()


def first_answer(command: Sequence[str], path: str, cwd: Path | None = None) -> float:
    """Seconds from the start of a server process until it has answered a request with 200."""
    began = time.perf_counter()
    with server(command, cwd) as address:
        with urllib.request.urlopen(address + path, timeout=10) as answer:
            answer.read()
        return time.perf_counter() - began
