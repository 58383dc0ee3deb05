"""YAML -> TableSpec. Everything that can be said without a contract is checked here, with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from understudy.errors import closest
from understudy.mapping.argument import mentions
from understudy.mapping.fieldtype import parse_type
from understudy.mapping.load_calls import Calls
from understudy.mapping.lookup import load_code_table
from understudy.mapping.path import Path, Step, parse_path, render_segments
from understudy.mapping.spec import (
    ArraySpec,
    Endpoint,
    ExampleSpec,
    FeedSpec,
    FieldSpec,
    FreeSpec,
    LookupSpec,
    MergeSpec,
    RowSpec,
    SkipSpec,
    TableSpec,
)
from understudy.mapping.transform import TRANSFORMATIONS

_TOP = (
    *("mapping", "version", "title", "owner", "doc", "source", "target", "documents", "lookups", "recipes"),
    *("conditions", "arrays", "rows", "free", "samples"),
)
_FIELD = ("source", "target", "type", "required", "when", "steps", "rules", "default", "for", "instead", "judge")
_ROW = ("id", "owner", "title", "doc", "fields", "skip", "examples", *_FIELD)
_ENDPOINT = ("system", "schema", "operation", "event")
_JUDGED = ("exact", "prefix", "may_omit")


def load_spec(text: str, name: str, *, base: FilePath | None = None) -> TableSpec:
    """The table in `text`. name: shown in errors. base: the folder of its code tables, None: it may name none.

    Raises MappingError, with file and line, for the first thing that is wrong.
    """
    return _Loader(text, name, base).table()


class _Loader(Calls):
    def __init__(self, text: str, name: str, base: FilePath | None) -> None:
        super().__init__(text, name)
        self.base = base
        self.arrays: dict[str, ArraySpec] = {}

    def table(self) -> TableSpec:
        data = self.mapping(self.data, "", "a mapping table", _TOP)
        for key in ("mapping", "version", "owner", "source", "target", "rows"):
            if not data.get(key):
                raise self.refuse(f"the mapping table has no `{key}`", "", hint=_MISSING.get(key, ""))
        documents = self.mapping(data.get("documents"), "/documents", "documents")
        self.scopes = {"source", "event", "lookup", "target", "control", *documents}
        self.read_lookups(data)
        self.conditions = self.mapping(data.get("conditions"), "/conditions", "conditions")
        for name in self.conditions:
            self.check_condition(name, f"/conditions/{name}")
        for name, steps in self.mapping(data.get("recipes"), "/recipes", "recipes").items():
            if name in TRANSFORMATIONS:
                raise self.refuse(f"recipe {name!r} has the name of a transformation", f"/recipes/{name}")
            self.recipes[name] = self.read_steps(steps, f"/recipes/{name}")
        for target, array in self.mapping(data.get("arrays"), "/arrays", "arrays").items():
            self.arrays[target] = self.read_array(target, array, f"/arrays/{target.replace('/', '~1')}")
        rows = [
            self.read_row(row, f"/rows/{index}", str(data["owner"]))
            for index, row in enumerate(self.sequence(data["rows"], "/rows", "rows"))
        ]
        seen: set[str] = set()
        for row in rows:
            if row.id in seen:
                raise self.refuse(f"row {row.id} is there twice", row.pointer, hint="one row may feed several `fields`")
            seen.add(row.id)
        return TableSpec(
            name=str(data["mapping"]),
            version=str(data["version"]),
            title=str(data.get("title", data["mapping"])),
            owner=str(data["owner"]),
            doc=str(data.get("doc", "")).strip(),
            source=self.read_endpoint(data["source"], "/source"),
            target=self.read_endpoint(data["target"], "/target"),
            documents={name: self.read_endpoint(node, f"/documents/{name}") for name, node in documents.items()},
            lookups=self.lookups,
            recipes=self.recipes,
            conditions=self.conditions,
            arrays=self.arrays,
            rows=tuple(rows),
            free=tuple(
                self.read_free(node, f"/free/{index}")
                for index, node in enumerate(self.sequence(data.get("free"), "/free", "free"))
            ),
            samples=str(data.get("samples") or ""),
            file=self.name,
            folder=self.base,
            text=self.text,
        )

    def read_endpoint(self, node: Any, pointer: str) -> Endpoint:
        data = self.mapping(node, pointer, "a document's place", _ENDPOINT)
        if not data.get("system") or sum(bool(data.get(key)) for key in _ENDPOINT[1:]) != 1:
            raise self.refuse("a document's place needs `system` and one of schema, operation, event", pointer)
        return Endpoint(**{key: str(value) for key, value in data.items()})

    def read_lookups(self, data: Mapping[str, Any]) -> None:
        for name, node in self.mapping(data.get("lookups"), "/lookups", "lookups").items():
            pointer = f"/lookups/{name}"
            node = self.mapping(node, pointer, f"lookup {name}", ("doc", "table", "optional"))
            table = None
            if "table" in node:
                if self.base is None:
                    raise self.refuse("a mapping that is given as text can name no files", pointer)
                with self.at(pointer):
                    table = load_code_table(self.base / str(node["table"]))
            elif not node.get("doc"):
                raise self.refuse(
                    f"lookup {name!r} has no `doc`",
                    pointer,
                    hint="say what the caller must supply: its key and its answer",
                )
            self.lookups[name] = LookupSpec(
                name=name, doc=str(node.get("doc", "")).strip(), table=table, optional=bool(node.get("optional"))
            )

    def read_array(self, target: str, node: Any, pointer: str) -> ArraySpec:
        data = self.mapping(node, pointer, f"array {target}", ("feeds", "key", "merge", "keep_empty"))
        with self.at(pointer):
            segments = parse_path(target).segments
        if len(segments) != 2 or segments[1] is not Step.EACH:
            raise self.refuse(
                f"{target!r} is no array of the target document", pointer, allowed="a name such as `lines[]`"
            )
        feeds: dict[str, FeedSpec] = {}
        for name, feed in self.mapping(data.get("feeds"), f"{pointer}/feeds", "feeds").items():
            place = f"{pointer}/feeds/{name}"
            feed = self.mapping(feed, place, f"feed {name}", ("each", "drop"))
            if not isinstance(feed.get("each"), str):
                raise self.refuse(f"feed {name!r} names no source array", place, allowed="`each: line_items[]`")
            each = self.path(feed["each"], place)
            if feed.get("drop") is not None:
                self.check_condition(feed["drop"], f"{place}/drop")
            feeds[name] = FeedSpec(name=name, each=each, drop=feed.get("drop"), pointer=place)
        if not feeds:
            raise self.refuse(f"array {target} has no feeds", pointer)
        merge = None
        if data.get("merge") is not None:
            node = self.mapping(data["merge"], f"{pointer}/merge", "merge", ("by", "sum", "concat"))
            merge = MergeSpec(**{key: tuple(map(str, value)) for key, value in node.items()})
        return ArraySpec(
            target=target,
            feeds=feeds,
            key=tuple(map(str, self.sequence(data.get("key"), f"{pointer}/key", "key"))),
            merge=merge,
            keep_empty=bool(data.get("keep_empty")),
        )

    def read_free(self, node: Any, pointer: str) -> FreeSpec:
        if isinstance(node, str):
            return FreeSpec(path=self.target_path(node, pointer))
        if isinstance(node, dict) and len(node) == 1:
            ((text, value),) = node.items()
            return FreeSpec(path=self.target_path(text, pointer), value=value, any_value=False)
        raise self.refuse("an entry of `free` is a target path, or one path with its only value", pointer)

    def read_row(self, node: Any, pointer: str, owner: str) -> RowSpec:
        data = self.mapping(node, pointer, "a row", _ROW)
        if not data.get("id"):
            raise self.refuse("the row has no `id`", pointer)
        if "fields" in data:
            fields = [
                self.read_field({**_inherited(data), **self.mapping(part, f"{pointer}/fields/{i}", "a field", _FIELD)},
                                f"{pointer}/fields/{i}")
                for i, part in enumerate(self.sequence(data["fields"], f"{pointer}/fields", "fields"))
            ]  # fmt: skip
        else:
            fields = [self.read_field(data, pointer)]
        skip = None
        if data.get("skip") is not None:
            stop = self.mapping(data["skip"], f"{pointer}/skip", "skip", ("reason", "when"))
            if not stop.get("reason") or stop.get("when") is None:
                raise self.refuse("`skip` needs a `reason` and a condition `when`", f"{pointer}/skip")
            self.check_condition(stop["when"], f"{pointer}/skip/when")
            skip = SkipSpec(reason=str(stop["reason"]), when=stop["when"])
        return RowSpec(
            id=str(data["id"]),
            owner=str(data.get("owner") or owner),
            title=str(data.get("title", "")),
            doc=str(data.get("doc", "")).strip(),
            fields=tuple(fields),
            skip=skip,
            examples=tuple(
                self.read_example(example, f"{pointer}/examples/{index}")
                for index, example in enumerate(self.sequence(data.get("examples"), f"{pointer}/examples", "examples"))
            ),
            pointer=pointer,
        )

    def read_field(self, data: Mapping[str, Any], pointer: str) -> FieldSpec:
        if "target" not in data:
            raise self.refuse("the row has no `target`", pointer, hint="write `target: -` for a row that only checks")
        target = None if data["target"] == "-" else self.target_path(str(data["target"]), f"{pointer}/target")
        sources = data.get("source")
        combined = isinstance(sources, list)
        texts = sources if isinstance(sources, list) else [] if sources is None else [sources]
        required = str(data.get("required", "R"))
        if required not in ("R", "C", "O"):
            raise self.refuse(f"required: {required!r}", f"{pointer}/required", allowed="R, C (with `when`) or O")
        when = data.get("when")
        if (required == "C") > (when is not None):
            raise self.refuse("a field that is required conditionally (C) needs `when`", pointer)
        if when is not None:
            self.check_condition(when, f"{pointer}/when")
        judged = str(data.get("judge", "exact"))
        if judged not in _JUDGED:
            raise self.refuse(f"judge: {judged!r}", f"{pointer}/judge", allowed=", ".join(_JUDGED))
        with self.at(f"{pointer}/type"):
            kind = parse_type(str(data.get("type", "string")))
        for argument in (data.get("default"), data.get("instead")):
            with self.at(pointer):
                self.check_mentions(mentions(argument))
        paths = tuple(self.path(text, f"{pointer}/source") for text in texts)
        array, feeds = self.find_feeds(target, paths, data.get("for"), pointer)
        return FieldSpec(
            sources=paths,
            combined=combined,
            target=target,
            type=kind,
            required=required,
            when=when,
            steps=self.read_steps(data.get("steps"), f"{pointer}/steps"),
            rules=self.read_rules(data.get("rules"), f"{pointer}/rules"),
            default=data.get("default"),
            array=array,
            feeds=feeds,
            instead=self.mapping(data.get("instead"), f"{pointer}/instead", "instead"),
            judge=judged,
            pointer=pointer,
        )

    def find_feeds(
        self, target: Path | None, sources: tuple[Path, ...], named: Any, pointer: str
    ) -> tuple[str, tuple[str, ...]]:
        """The target array that a field belongs to and the feeds that it applies to: those it names with `for`, else
        the one whose source array it reads, else all."""
        array = (
            "" if target is None or target.scope not in ("source", "control") else render_segments(target.segments[:2])
        )
        if not array.endswith("[]"):
            array = ""
        names = [str(name) for name in named] if isinstance(named, list) else [] if named is None else [str(named)]
        if not array and names:
            array = next((key for key, spec in self.arrays.items() if names[0] in spec.feeds), "")
            if not array:
                feeds = [feed for spec in self.arrays.values() for feed in spec.feeds]
                raise self.refuse(f"unknown feed {names[0]!r}", f"{pointer}/for", hint=closest(names[0], feeds))
        if not array:
            return "", ()
        if array not in self.arrays:
            raise self.refuse(
                f"no feeds are declared for the target array {array!r}", pointer, hint=f"add it under `arrays`: {array}"
            )
        known = self.arrays[array].feeds
        for name in names:
            if name not in known:
                raise self.refuse(f"unknown feed {name!r} of {array}", f"{pointer}/for", hint=closest(name, known))
        if not names:
            read = [feed.name for feed in known.values() if any(_is_below(path, feed.each) for path in sources)]
            names = read or list(known)
        return array, tuple(names)

    def read_example(self, node: Any, pointer: str) -> ExampleSpec:
        data = self.mapping(node, pointer, "an example", ("given", "expect", "refuse", "skip"))
        if sum(key in data for key in ("expect", "refuse", "skip")) != 1:
            raise self.refuse("an example has one outcome", pointer, allowed="expect, refuse or skip")
        return ExampleSpec(
            given=data.get("given"),
            expect=data.get("expect"),
            refuse=str(data.get("refuse", "")),
            skip=str(data.get("skip", "")),
            pointer=pointer,
        )


_MISSING = {
    "mapping": "give the table a name: `mapping: <what>-to-<what>`",
    "owner": "name who may change the table: `owner: order-desk`",
    "rows": "a table without rows maps nothing",
}


def _inherited(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("source", "target", "type", "required", "when", "for") if key in row}


def _is_below(path: Path, each: Path) -> bool:
    return path.scope == each.scope and path.segments[: len(each.segments)] == each.segments and not path.relative
