"""Pick tasks as records: found, started, ended, and the wave that ends with its last task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem

from ..common.dates import instant_text
from .lifecycle import PICK_TASK

Record = dict[str, Any]
DONE = frozenset({"completed", "short", "cancelled"})


def fetch_task(ctx: Context) -> Record:
    """The task of the path. Raises Problem 404 not-found."""
    task = ctx.table("pickTasks").get(ctx.path["pickTaskId"])
    if task is None:
        raise Problem("not-found", f"there is no pick task {ctx.path['pickTaskId']!r}")
    return task


def finish_task(ctx: Context, task: Mapping[str, Any], *, status: str, **changes: Any) -> Record:
    """Store the task in its next state."""
    assert status in PICK_TASK[task["status"]], (task["status"], status)
    return ctx.table("pickTasks").put({**task, **changes, "status": status, "updatedAt": instant_text(ctx.now)})


def tasks_left(ctx: Context, order_id: str) -> bool:
    """Whether the floor still has something to pick for this order."""
    return any(task["status"] not in DONE for task in ctx.table("pickTasks").find("fulfilmentOrderId", order_id))


def close_wave_if_done(ctx: Context, task: Mapping[str, Any]) -> None:
    """A wave is completed when none of its tasks is left."""
    if all(other["status"] in DONE for other in ctx.table("pickTasks").find("waveId", task["waveId"])):
        wave = ctx.table("waves").get(task["waveId"])
        assert wave is not None, "every task belongs to a wave"
        ctx.table("waves").put({**wave, "status": "completed"})
