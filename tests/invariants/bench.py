"""Where recorded runs are spoilt: a fork of a play, changes to its state, journal or report, and the rules' answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from understudy.invariant import Evidence, Row, Verdict, evaluate
from understudy.simulate.journal import Entry, Exchange, JobEntry
from understudy.simulate.message import Request, Response, encode_json
from understudy.workspace import Workspace, open_workspace

from .plays import Play, Record


@cache
def workspace() -> Workspace:
    return open_workspace(Path(__file__).resolve().parents[2])


class Bench:
    """A fork of a play. What is changed here is changed behind the back of every system."""

    def __init__(self, play: Play) -> None:
        self.world = play.world.fork("bench")
        self.integration: Record | None = deepcopy(dict(play.integration))

    # -- the rules' answer ----------------------------------------------------------------------------------------

    def verdict(self, rule: str, *, since: int = 0) -> Verdict:
        evidence = Evidence(
            self.world, since=since, integration=self.integration, resources=workspace().resources, quiet=True
        )
        scope = "step" if since else "final"
        (verdict,) = evaluate([workspace().invariants[rule]], evidence, scope=scope)
        return verdict

    def offending(self, rule: str, *, since: int = 0) -> list[Row]:
        """The offending rows; a rule that cannot judge the data at all fails the test with its reason."""
        verdict = self.verdict(rule, since=since)
        assert verdict.status != "error", verdict.reason
        return [dict(row) for row in verdict.offending]

    # -- state ----------------------------------------------------------------------------------------------------

    def rows(self, system: str, table: str, **equal: Any) -> list[Record]:
        every = self.world.tables[system][table].all()
        return [row for row in every if all(row.get(name) == value for name, value in equal.items())]

    def one(self, system: str, table: str, **equal: Any) -> Record:
        (row,) = self.rows(system, table, **equal)
        return row

    def put(self, system: str, table: str, record: Mapping[str, Any]) -> Record:
        key = record[self.world.tables[system][table].spec.key]
        self.world.tables[system][table].write(key, dict(record))
        return dict(record)

    def change(self, system: str, table: str, where: Mapping[str, Any] | None = None, **fields: Any) -> Record:
        """Change fields of the one record that has the values `where`."""
        return self.put(system, table, {**self.one(system, table, **(where or {})), **fields})

    def change_line(self, system: str, table: str, index: int, *, lines: str = "lines", **fields: Any) -> Record:
        """Change fields of a line of the one record of a table."""
        record = self.one(system, table)
        changed = [{**line, **fields} if at == index else line for at, line in enumerate(record[lines])]
        return self.put(system, table, {**record, lines: changed})

    def copy(self, system: str, table: str, where: Mapping[str, Any] | None = None, **fields: Any) -> Record:
        """A second record like the one that has the values `where`; its key must be among the fields."""
        return self.put(system, table, {**self.one(system, table, **(where or {})), **fields})

    def drop(self, system: str, table: str, **equal: Any) -> None:
        record = self.one(system, table, **equal)
        held = self.world.tables[system][table]
        held.write(record[held.spec.key], None)

    # -- journal --------------------------------------------------------------------------------------------------

    def entries(self, kind: type[Any], **equal: Any) -> list[Any]:
        return [
            entry
            for entry in self.world.journal.entries()
            if isinstance(entry, kind) and all(getattr(entry, name) == value for name, value in equal.items())
        ]

    def append(self, make: Callable[[int], Entry]) -> int:
        return self.world.journal.append(make)

    def rewrite(self, entry: Any, **changes: Any) -> Any:
        """Put another entry in the place of one; the journal's list is ours alone in a fork."""
        held = self.world.journal._entries
        held[held.index(entry)] = changed = replace(entry, **changes)
        return changed

    def erase(self, entry: Any) -> None:
        """Take an entry out of the record; the numbers of the others stay."""
        self.world.journal._entries.remove(entry)

    def touch(self, system: str, table: str, key: Any) -> int:
        """Note that a job changed a record, as an evaluation after a step would find it; returns where to look from."""
        before = self.world.journal.count
        self.append(
            lambda seq: JobEntry(
                seq,
                self.world.clock.now,
                system=system,
                job="test",
                payload={},
                correlation_id="c",
                changes=((table, key),),
            )
        )
        return before

    def again(self, exchange: Exchange, **changes: Any) -> int:
        """The same exchange once more, at the end of the journal."""
        return self.append(lambda seq: replace(exchange, seq=seq, **{"at": self.world.clock.now, **changes}))


def with_body(exchange: Exchange, body: Any) -> Request:
    """The request of an exchange with another body."""
    request = exchange.request
    return Request(request.method, request.path, request.query, request.headers, encode_json(body))


def with_headers(exchange: Exchange, **headers: str | None) -> Request:
    """The request with changed headers (`x_correlation_id=None` leaves that one out)."""
    request = exchange.request
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in request.headers.items() if name not in changed}
    given = {name: value for name, value in changed.items() if value is not None}
    return Request(request.method, request.path, request.query, {**kept, **given}, request.body)


def problem(status: int, code: str = "", **headers: str) -> Response:
    """A refusal; header names with underscores."""
    sent = {"content-type": "application/problem+json", **{n.replace("_", "-"): v for n, v in headers.items()}}
    return Response(status, sent, encode_json({"status": status, "code": code, "detail": "as the test wants it"}))
