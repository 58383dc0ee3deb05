"""A crash at any moment loses nothing and doubles nothing (section 8, message delivery; IDM-4)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from integration.transport import Answer

from .bench import Bench, customer_created
from .test_outbox import Portal

ROOT = Path(__file__).parents[2]


class Crash(BaseException):
    """The process is gone: nothing after this statement happens, and no handler of ours sees it."""


class Brittle:
    """A connection that crashes the process before its n-th writing statement."""

    def __init__(self, connection: Any, crash_at: int) -> None:
        self._connection = connection
        self._left = crash_at

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        if sql.split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE", "COMMIT"):
            self._left -= 1
            if self._left < 0:
                raise Crash
        return self._connection.execute(sql, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def restarted(bench: Bench) -> None:
    """What a new process finds: the committed part of the database, and nothing else."""
    connection = bench.integration._store._connection
    if isinstance(connection, Brittle):
        connection = connection._connection
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    data = connection.serialize()
    bench.integration = bench.open()
    bench.integration.load(data)


def crashing_run(bench: Bench, crash_at: int) -> bool:
    """Deliver until acknowledged, as a sender does, and run; crash once on the way. Returns whether it crashed."""
    store = bench.integration._store
    store._connection = Brittle(store._connection, crash_at)
    crashed = False
    for _ in range(2):
        try:
            if not crashed or not bench.integration.observe()["messages"]:
                assert bench.deliver("erp", customer_created()).status == 202
            bench.run()
            break
        except Crash:
            crashed = True
            restarted(bench)
    return crashed


@pytest.mark.parametrize("business_keys", [True, False], ids=["businessKeyOnly", "none"])
def test_a_crash_between_any_two_writes(business_keys: bool) -> None:
    crash_at = 0
    while True:
        bench = Bench()
        portal = Portal(bench, business_keys=business_keys)
        crashed = crashing_run(bench, crash_at)
        (row,) = bench.integration.observe()["messages"]
        assert row["status"] in ("applied", "skipped"), crash_at
        assert len(portal.accounts) == 1, crash_at
        if not crashed:
            break
        crash_at += 1
    assert crash_at > 10


@pytest.mark.parametrize("committed", [True, False])
def test_a_crash_while_the_target_works(committed: bool) -> None:
    """The request is out, the process ends, and nobody takes the answer."""
    bench = Bench()
    portal = Portal(bench, business_keys=False)
    create = portal.create

    def crash(call: Any) -> Answer:
        if committed:
            create(call)
        bench.network.on("POST", call.path, create)
        raise Crash

    bench.network.on("POST", "/crm/v1/accounts", crash)
    bench.deliver("erp", customer_created())
    with pytest.raises(Crash):
        bench.run()
    restarted(bench)
    bench.run()
    assert len(portal.accounts) == 1


CHILD = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}]
from tests.integration.bench import Bench, customer_created, json_answer
from integration.transport import Answer
import json

made = Path({made!r})
bench = Bench(database={database!r})

def create(call):
    with made.open("a") as file:
        file.write(call.body["erpCustomerNumber"] + "\\n")
    return json_answer(201, {{**call.body, "id": "a", "@etag": 'W/"1"'}})

def find(call):
    number = call.query.get("erpCustomerNumber")
    known = made.read_text().split() if made.exists() else []
    return json_answer(200, {{"accounts": [{{"id": "a", "erpCustomerNumber": number}}] if number in known else []}})

bench.network.on("GET", "/crm/v1/accounts", find)
bench.network.on("POST", "/crm/v1/accounts", create)
start = int(sys.argv[1])
print("up", flush=True)
for n in range(start, start + 10_000):
    answer = bench.deliver("erp", customer_created(subject=f"C{{n:05}}"))
    print(n, flush=True)
    bench.integration.run_due()
"""


@pytest.mark.slow
def test_kill_9_again_and_again(tmp_path: Path) -> None:
    """Each acknowledged event ends in exactly one account, though the process was killed five times."""
    database, made = tmp_path / "integration.sqlite3", tmp_path / "made"
    code = CHILD.format(root=str(ROOT), made=str(made), database=str(database))
    acknowledged = -1
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(acknowledged + 1)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        time.sleep(0.3)
        os.kill(child.pid, signal.SIGKILL)
        printed = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        acknowledged = max([acknowledged, *map(int, printed)])
    bench = Bench(database=str(database))
    known = made.read_text().split()

    from integration.transport import json_answer

    def find(call: Any) -> Answer:
        return json_answer(200, {"accounts": [{"id": "a"}] if call.query.get("erpCustomerNumber") in known else []})

    def create(call: Any) -> Answer:
        known.append(call.body["erpCustomerNumber"])
        return json_answer(201, {**call.body, "id": "a"})

    bench.network.on("GET", "/crm/v1/accounts", find)
    bench.network.on("POST", "/crm/v1/accounts", create)
    bench.run()
    assert len(known) == len(set(known))
    assert {f"C{n:05}" for n in range(acknowledged + 1)} <= set(known)
    assert {row["status"] for row in bench.integration.observe()["messages"]} <= {"applied", "skipped", "duplicate"}
    assert acknowledged > 5
