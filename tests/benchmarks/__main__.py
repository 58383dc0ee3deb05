"""The rows of design section 10 that the order-to-invoice path concerns, measured on this machine, floors alongside."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.measure import BOARD, ROOT, UNDERSTUDY, Row, first_answer, process, server, timed

REDOCLY = ROOT / "build" / "node" / "node_modules" / ".bin" / "redocly"
WORKFLOWS, STEPS = 50, 5


def help_row() -> Row:
    ours = timed(lambda: process([UNDERSTUDY, "--help"]), runs=9)
    floor = timed(lambda: process([sys.executable, "-c", "pass"]), runs=9)
    return Row("--help", "s", ours, 0.15, floor, "bare Python", {})


def start_row() -> Row:
    command = [UNDERSTUDY, "up", "--port", "0"]
    small = median([first_answer([*command, "--workspace", str(BOARD)], "/board/v1/notes/n1") for _ in range(5)])
    whole = median([first_answer(command, "/control/v1/health") for _ in range(5)])
    bare = [sys.executable, str(Path(__file__).with_name("bare_asgi.py"))]
    floor = median([first_answer(bare, "/") for _ in range(5)])
    return Row(
        "start to first answer, small contract",
        "s",
        small,
        0.4,
        floor,
        "bare ASGI",
        {},
        f"reference workspace {whole:.2f} s",
    )


def suite_row() -> Row:
    taken = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as empty:
            began = time.perf_counter()
            process(["env", f"XDG_CACHE_HOME={empty}", UNDERSTUDY, "run"])
            taken.append(time.perf_counter() - began)
    floor = timed(lambda: process([sys.executable, "-c", "import jsonschema_rs, yaml, click, sqlite3"]))
    return Row("whole suite, cold", "s", median(taken), 1.0, floor, "importing what it needs", {})


def step_rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "notes.arazzo.yaml"
        document.write_text(_workflows(), encoding="utf-8")
        shutil.copy(BOARD / "contracts" / "board.yaml", folder)
        with server([UNDERSTUDY, "up", "--port", "0", "--workspace", str(BOARD)]) as address:
            run = [UNDERSTUDY, "run", str(document), "--workspace", str(BOARD), "--against", address]
            sockets = timed(lambda: process(run))
            peers = {}
            if REDOCLY.exists():
                respect = [str(REDOCLY), "respect", str(document), "--server", f"board={address}/board/v1"]
                peers["Redocly Respect"] = timed(lambda: process(respect, cwd=Path(folder)), runs=3)
        floor = timed(lambda: process([sys.executable, "-c", "import http.client, json, yaml"]))
        whole = Row(f"{WORKFLOWS} workflows of {STEPS} steps, over sockets", "s", sockets, 0.7, floor, "imports", peers)
        return [whole, _in_process(document)]


def _in_process(document: Path) -> Row:
    from understudy.scenario.select import select
    from understudy.scenario.suite import run_suite
    from understudy.scenario.theatre import InProcess
    from understudy.simulate.host import Host
    from understudy.workspace import open_workspace

    workspace = open_workspace(BOARD)
    chosen = select([document])
    host = Host(workspace.setup())

    def all_steps() -> None:
        for _ in run_suite(chosen, InProcess(host), workspace.contracts):
            pass

    seconds = timed(all_steps)
    return Row(
        "one step in-process, journalled and judged", "ms", seconds * 1000 / (WORKFLOWS * STEPS), 0.5, None, "", {}
    )


def _workflows() -> str:
    steps = "".join(
        f"""
      - stepId: step-{number}
        operationId: {operation}
        parameters: [{parameters}]{body}
        successCriteria: [{{condition: $statusCode == {status}}}]"""
        for number, (operation, parameters, body, status) in enumerate(
            [
                ("createNote", "", "\n        requestBody: {contentType: application/json, payload: {text: one}}", 201),
                ("getNote", "{name: noteId, in: path, value: n1}", "", 200),
                ("listNotes", "{name: limit, in: query, value: 5}", "", 200),
                ("getNote", "{name: noteId, in: path, value: n2}", "", 200),
                ("getNote", "{name: noteId, in: path, value: n3}", "", 200),
            ]
        )
    )
    workflows = "".join(f"\n  - workflowId: w{number}\n    steps:{steps}" for number in range(WORKFLOWS))
    return (
        "arazzo: 1.0.1\ninfo: {title: Notes, version: 1.0.0}\n"
        "sourceDescriptions: [{name: board, type: openapi, url: ./board.yaml}]\n"
        f"workflows:{workflows}\n"
    )


def fork_row() -> Row:
    from understudy.simulate.host import Host
    from understudy.workspace import open_workspace

    workspace = open_workspace(BOARD)
    host = Host(workspace.setup())
    world = host.start_run(integration="none").stage.world
    world.seed_with({"notes": [{"id": f"m{number}", "text": "x"} for number in range(10_000)]})
    table = dict(world.tables["board"]["notes"]._rows)

    def fork_and_write() -> None:
        twin = world.fork("twin")
        twin.tables["board"]["notes"].write("n0", {"id": "n0", "text": "changed", "@etag": 'W/"2"'})

    ours = timed(fork_and_write, runs=51) * 1000
    floor = timed(lambda: dict(table), runs=51) * 1000
    return Row("world fork and first write, 10,000 records", "ms", ours, 2.0, floor, "dictionary copy", {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows: list[Row] = [help_row(), start_row(), suite_row(), *step_rows(), fork_row()]
    if arguments.json:
        shown: list[dict[str, Any]] = [
            {field: getattr(row, field) for field in ("measure", "unit", "ours", "target", "floor", "peers", "note")}
            for row in rows
        ]
        print(json.dumps(shown, indent=1))
        return
    print(f"{'measure':<46} {'ours':>10} {'target':>10}   floor and peers in the same run")
    for row in rows:
        beside = [f"{row.floor_name} {row.floor:.3g} {row.unit}"] if row.floor is not None else []
        beside += [f"{name} {value:.3g} {row.unit}" for name, value in row.peers.items()]
        beside += [row.note] if row.note else []
        target = f"{row.target:g} {row.unit}" if row.target is not None else ""
        met = "" if row.target is None or row.ours <= row.target else "  MISSED"
        print(f"{row.measure:<46} {row.ours:>7.3f} {row.unit:<2} {target:>10}   {'; '.join(beside)}{met}")


if __name__ == "__main__":
    main()
