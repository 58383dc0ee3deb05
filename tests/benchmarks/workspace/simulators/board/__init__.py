"""A board of notes: the smallest behaviour that keeps state."""

from __future__ import annotations

from understudy import Context, DataSet, Problem, Reply, Simulator, TableSpec


def create(context: Context) -> Reply:
    return Reply(201, context.table("notes").put({"id": context.new_id("note"), **context.body}))


def get(context: Context) -> Reply:
    note = context.table("notes").get(context.path["noteId"])
    if note is None:
        raise Problem("not-found", "there is no such note")
    return Reply(200, note)


def update(context: Context) -> Reply:
    return Reply(200, context.table("notes").put({**get(context).body, **context.body}))


def seed(context: Context, data: DataSet) -> None:
    for row in data["notes"]:
        context.table("notes").put(row)


def dataset() -> DataSet:
    return {"notes": [{"id": f"n{number}", "text": f"note {number}"} for number in range(100)]}


simulator = Simulator(
    name="board",
    source="/board",
    tables=[TableSpec("notes", tracked=("text",), versioned=False)],
    operations={
        "createNote": create,
        "getNote": get,
        "updateNote": update,
        "listNotes": lambda context: context.page(list(context.table("notes").all())),
    },
    seed=seed,
)
