"""A toy system, so that the engine is tested without any business: notes on a board."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from understudy import Context, DataSet, FieldError, Problem, Reply, Simulator, TableSpec
from understudy.contract import Contract, load_yaml
from understudy.simulate.host import Host
from understudy.simulate.setup import Setup
from understudy.simulate.system import System

CONTRACT = """
openapi: 3.1.0
info: {title: Board, version: "1"}
servers: [{url: http://127.0.0.1:1/board}]
security: [{key: [write]}]
webhooks:
  board.note.created.v1:
    post:
      requestBody:
        content:
          application/cloudevents+json:
            schema:
              type: object
              required: [id, source, data]
              properties: {data: {$ref: "#/components/schemas/Note"}}
      responses: {2XX: {description: taken}}
paths:
  /notes:
    get:
      operationId: listNotes
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 250}}
        - {name: cursor, in: query, schema: {type: string}}
      responses:
        "200":
          description: page
          content: {application/json: {schema: {type: object, required: [items, hasMore]}}}
        default: {$ref: "#/components/responses/Problem"}
    post:
      operationId: createNote
      parameters:
        - {name: Idempotency-Key, in: header, required: true, schema: {type: string, maxLength: 128}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/NewNote"}}}
      responses:
        "201": {description: made, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
        default: {$ref: "#/components/responses/Problem"}
  /notes/{noteId}:
    parameters: [{name: noteId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getNote
      responses:
        "200": {description: note, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
        default: {$ref: "#/components/responses/Problem"}
    patch:
      operationId: updateNote
      parameters: [{name: If-Match, in: header, required: true, schema: {type: string}}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/NewNote"}}}
      responses:
        "200": {description: note, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
        default: {$ref: "#/components/responses/Problem"}
  /broken:
    get:
      operationId: breakContract
      responses:
        "200": {description: note, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
        default: {$ref: "#/components/responses/Problem"}
  /crash:
    get:
      operationId: crash
      responses:
        "200": {description: never}
        default: {$ref: "#/components/responses/Problem"}
  /subscriptions:
    post:
      operationId: createSubscription
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [sink, types, secret], properties: {secret: {type: string, minLength: 16}}}
      responses:
        "201": {description: made, content: {application/json: {schema: {type: object}}}}
        default: {$ref: "#/components/responses/Problem"}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Board-Key}
  responses:
    Problem:
      description: refused
      content: {application/problem+json: {schema: {type: object, required: [type, status, code]}}}
  schemas:
    NewNote:
      type: object
      additionalProperties: false
      required: [text]
      properties: {text: {type: string, minLength: 1, maxLength: 20}, rank: {type: integer, minimum: 1}}
    Note:
      type: object
      required: [id, number, text]
      properties: {id: {type: string}, number: {type: integer}, text: {type: string}}
"""
KEY = "scenario-key-at-board.w1"
HEADERS = {"x-board-key": KEY, "content-type": "application/json"}


def create(context: Context) -> Reply:
    number = context.next("note")
    if context.body["text"] == "forbidden":
        raise Problem("validation-failed", errors=[FieldError("/text", "forbidden", "not this", "forbidden")])
    note = {"id": context.new_id("note"), "number": number, **context.body}
    note = context.table("notes").put(note)
    context.emit("board.note.created.v1", subject=f"note-{number}", data=note)
    context.schedule("fade", {"id": note["id"]}, after=timedelta(days=1))
    return Reply(201, note)


def get(context: Context) -> Reply:
    note = context.table("notes").get(context.path["noteId"])
    if note is None:
        raise Problem("not-found", "no such note")
    return Reply(200, note)


def update(context: Context) -> Reply:
    note = get(context).body
    context.require_match(note)
    return Reply(200, context.table("notes").put({**note, **context.body}))


def fade(context: Context, payload: Mapping[str, Any]) -> None:
    note = context.table("notes").get(payload["id"])
    assert note is not None
    context.table("notes").put({**note, "text": "faded"})


def seed(context: Context, data: DataSet) -> None:
    for row in data.get("notes", ()):
        context.table("notes").put({"id": row["id"], "number": 0, "text": row["text"]})


def _crash(context: Context) -> Reply:
    raise RuntimeError("a bug")


SIMULATOR = Simulator(
    name="board",
    source="/board",
    tables=[TableSpec("notes", unique=("number",), indexes=("text",), tracked=("text",))],
    operations={
        "createNote": create,
        "getNote": get,
        "updateNote": update,
        "listNotes": lambda context: context.page(list(context.table("notes").all())),
        "breakContract": lambda context: Reply(200, {"id": 7}),
        "crash": _crash,
    },
    jobs={"fade": fade},
    seed=seed,
    sequences={"note": 1},
)


def host(simulator: Simulator = SIMULATOR, **changes: Any) -> Host:
    """A host whose worlds hold the toy system; policy switch idempotencySupport as in domain.md 2.1."""
    system = System("board", "/board", Contract("board", load_yaml(CONTRACT, "board.yaml")), simulator, "cursor")
    setup = Setup(
        systems={"board": system},
        start=datetime(2026, 3, 1, 12, tzinfo=UTC),
        seed=42,
        policy=lambda overrides: {"idempotencySupport": "full", "ordering": "perSubject", **overrides},
        dataset=dict,
        literals=lambda seed, run: {},
        judge=lambda world, **_: [],
        **changes,
    )
    return Host(setup)
