"""Lists in the styles of domain.md 2.1: OData for the ERP, cursor for the WMS, Link header for the storefront."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from understudy.simulate.behaviour import Reply
from understudy.simulate.problem import FieldError, Problem

if TYPE_CHECKING:
    from understudy.simulate.behaviour import Context

Row = Mapping[str, Any]
Pager = Callable[["Context", Sequence[Row], str], Reply]

ODATA_PAGE_CAP = 100
CURSOR_PAGE_CAP = 250
CURSOR_LIFE_S = 3600
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
"""A number as it is written out; a postcode such as `01067` is none."""
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z")
_TOKEN = re.compile(
    r"\s*(?:(?P<op>\b(?:eq|ne|gt|ge|lt|le|and|or|not)\b)|(?P<paren>[()])|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<word>[^\s()']+))"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "gt": lambda a, b: bool(a > b),
    "ge": lambda a, b: bool(a >= b),
    "lt": lambda a, b: bool(a < b),
    "le": lambda a, b: bool(a <= b),
}


def odata(context: Context, rows: Sequence[Row], name: str) -> Reply:  # noqa: ARG001 - the envelope has a fixed name
    """`$filter`, `$orderby`, `$skip`, `$top`, `$select`, `$count` (OData 4.01 part 2 section 5.1), 100 rows a page."""
    query = context.query
    selected = list(rows)
    if "$filter" in query:
        predicate = parse_filter(str(query["$filter"]), rows[0] if rows else None)
        selected = [row for row in selected if predicate(row)]
    if "$orderby" in query:
        for key in reversed(str(query["$orderby"]).split(",")):
            field, _, direction = key.strip().partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                raise _invalid("$orderby", f"{direction!r} is neither asc nor desc")
            _require_known("$orderby", field, selected)
            _sort(selected, field, descending=direction.strip() == "desc")
    total = len(selected)
    skip = int(query.get("$skip", 0))
    token = query.get("$skiptoken")
    if token is not None:
        skip = _decode_cursor(str(token), "$skiptoken")
    top = query.get("$top")
    wanted = total - skip if top is None else min(int(top), total - skip)
    size = max(0, min(wanted, ODATA_PAGE_CAP))
    window = selected[skip : skip + size]
    if "$select" in query:
        fields = [f.strip() for f in str(query["$select"]).split(",")]
        for field in fields:
            _require_known("$select", field, window)
        window = [{f: row[f] for f in fields if f in row} for row in window]
    body: dict[str, Any] = {}
    if query.get("$count") is True:
        body["@odata.count"] = total
    body["value"] = window
    if size < wanted:
        parts = [f"{k}={_quote(str(v))}" for k, v in query.items() if k in ("$filter", "$orderby", "$select")]
        if top is not None:
            parts.append(f"$top={int(top) - size}")
        parts.append(f"$skiptoken={_encode_cursor(skip + size)}")
        body["@odata.nextLink"] = "?" + "&".join(parts)
    return Reply(200, body)


def cursor(context: Context, rows: Sequence[Row], name: str) -> Reply:  # noqa: ARG001 - the envelope has a fixed name
    """`?cursor=&limit=` answered with `{items, nextCursor, hasMore}`."""
    limit = int(context.query.get("limit", 50))
    start = _start(context, "cursor")
    window = list(rows[start : start + limit])
    more = start + limit < len(rows)
    following = _encode_cursor(start + limit, at=context.now) if more else None
    return Reply(200, {"items": window, "nextCursor": following, "hasMore": more})


def link(context: Context, rows: Sequence[Row], name: str) -> Reply:
    """`?limit=&page_info=` answered with a named list and `Link` headers (RFC 8288).

    A page_info carries the filters of its list and admits no other (domain.md 2.1).
    """
    limit = int(context.query.get("limit", 50))
    start = _start(context, "page_info")
    filters = _filters(context.query)
    turns = [("previous", max(0, start - limit))] if start > 0 else []
    turns += [("next", start + limit)] if start + limit < len(rows) else []
    pages = [(relation, _encode_cursor(position, filters, at=context.now)) for relation, position in turns]
    links = [f'<?page_info={page}&limit={limit}>; rel="{relation}"' for relation, page in pages]
    headers = {"Link": ", ".join(links)} if links else {}
    return Reply(200, {name: list(rows[start : start + limit])}, headers)


def _start(context: Context, option: str) -> int:
    """Where the page begins. Raises Problem 410 for a cursor of more than an hour ago (domain.md 2.1)."""
    if option not in context.query:
        return 0
    content = _decode(str(context.query[option]), option)
    if context.now.timestamp() - content.get("t", 0) > CURSOR_LIFE_S:
        raise Problem("cursor-expired", f"this {option} is more than an hour old: start the listing again")
    return int(content["p"])


def resume(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """The query with the filters that its cursor carries. Raises Problem 400 for a cursor nobody gave out, or for a
    filter beside a page_info.
    """
    option = "page_info" if "page_info" in query else "cursor" if "cursor" in query else ""
    if not option:
        return query
    beside = _filters(query)
    if beside and option == "page_info":
        raise Problem("invalid-filter", f"a page_info link admits no filter, got {', '.join(beside)}")
    return {**_decode(str(query[option]), option).get("f", {}), **query}


def _filters(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if name not in ("limit", "page_info", "cursor")}


PAGERS: Mapping[str, Pager] = {"odata": odata, "cursor": cursor, "link": link}


def parse_filter(text: str, sample: Row | None) -> Callable[[Row], bool]:
    """An OData filter of comparisons joined by and, or, not and parentheses: `number eq 'C00042' and blocked eq ' '`.

    sample: a row whose field names are the known ones. Raises Problem 400 invalid-filter.
    """
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise _invalid("$filter", f"cannot be read from {text[position:]!r}")
        kind = str(match.lastgroup)
        tokens.append((kind, match.group(kind)))
        position = match.end()
    parser = _FilterParser(tokens, sample)
    predicate = parser.disjunction()
    parser.expect_end()
    return predicate


class _FilterParser:
    def __init__(self, tokens: list[tuple[str, str]], sample: Row | None) -> None:
        self._tokens = tokens
        self._at = 0
        self._sample = sample

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def expect_end(self) -> None:
        if self._peek()[0] != "end":
            raise _invalid("$filter", f"unexpected {self._peek()[1]!r}")

    def disjunction(self) -> Callable[[Row], bool]:
        parts = [self.conjunction()]
        while self._peek() == ("op", "or"):
            self._take()
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def conjunction(self) -> Callable[[Row], bool]:
        parts = [self.term()]
        while self._peek() == ("op", "and"):
            self._take()
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def term(self) -> Callable[[Row], bool]:
        kind, value = self._take()
        if (kind, value) == ("op", "not"):
            inner = self.term()
            return lambda row: not inner(row)
        if (kind, value) == ("paren", "("):
            inner = self.disjunction()
            if self._take() != ("paren", ")"):
                raise _invalid("$filter", "a parenthesis is not closed")
            return inner
        if kind != "word":
            raise _invalid("$filter", f"expected a field name, got {value!r}")
        if self._sample is not None:
            _require_known("$filter", value, [self._sample])
        op_kind, operator = self._take()
        if op_kind != "op" or operator not in _COMPARE:
            raise _invalid("$filter", f"expected eq, ne, gt, ge, lt or le after {value!r}, got {operator!r}")
        literal_kind, literal = self._take()
        if literal_kind == "text":
            wanted: Any = literal.replace("''", "'")
        elif literal_kind == "word":
            wanted = {"true": True, "false": False, "null": None}.get(literal, literal)
            if _NUMBER.fullmatch(literal):
                wanted = Decimal(literal)
        else:
            raise _invalid("$filter", f"expected a value after {value} {operator}")
        compare = _COMPARE[operator]
        return lambda row: _compare(compare, row.get(value), wanted)


def _compare(compare: Callable[[Any, Any], bool], actual: Any, wanted: Any) -> bool:
    """wanted: a Decimal when the literal was a bare number, so that quantities in strings compare as numbers."""
    if actual is None or wanted is None or isinstance(actual, bool) or isinstance(wanted, bool):
        try:
            return compare(actual, wanted)
        except TypeError:
            return False
    number = _number(actual)
    if number is not None and (
        isinstance(wanted, Decimal) or not isinstance(actual, str) or "." in actual or "." in wanted
    ):
        other = _number(wanted)
        if other is not None:
            return compare(number, other)
        if not isinstance(actual, str):
            return False
    return compare(_comparable(str(actual)), _comparable(str(wanted)))


def _number(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int | float):
        return Decimal(str(value))
    return Decimal(str(value)) if _NUMBER.fullmatch(str(value)) else None


def _comparable(text: str) -> str:
    """Instants in UTC compare as text once the `Z` is gone: `…30:00` comes before `…30:00.5`, but `Z` after `.`."""
    if not _INSTANT.fullmatch(text):
        return text
    text = text[:-1]
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sort(rows: list[Row], field: str, *, descending: bool) -> None:
    """Sort by one field: as numbers when every value is one, be it in a string, and as text else; null comes first."""
    values = [row.get(field) for row in rows]
    numeric = all(value is None or (not isinstance(value, bool) and _PLAIN.fullmatch(str(value))) for value in values)

    def key(row: Row) -> tuple[int, Any]:
        value = row.get(field)
        if value is None:
            return (0, 0)
        if numeric:
            return (1, Decimal(str(value)))
        return (1, value) if isinstance(value, bool | int | float) else (2, _comparable(str(value)))

    rows.sort(key=key, reverse=descending)


def _require_known(option: str, field: str, rows: Sequence[Row]) -> None:
    if rows and field not in rows[0]:
        known = ", ".join(k for k in rows[0] if not k.startswith("@"))
        raise _invalid(option, f"there is no field {field!r}; fields are {known}")


def _invalid(option: str, detail: str) -> Problem:
    return Problem("invalid-filter", f"{option}: {detail}", errors=[FieldError(f"?{option}", "invalid-filter", detail)])


def _encode_cursor(position: int, filters: Mapping[str, Any] | None = None, *, at: datetime | None = None) -> str:
    """at: when it was given out, for one that expires."""
    content: dict[str, Any] = {"p": position, **({"f": filters} if filters else {})}
    if at is not None:
        content["t"] = int(at.timestamp())
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode_cursor(text: str, option: str) -> int:
    return int(_decode(text, option)["p"])


def _decode(text: str, option: str) -> Mapping[str, Any]:
    try:
        content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(content, dict) or {type(content.get("p")), type(content.get("t", 0))} != {int}:
            raise ValueError
        if content["p"] < 0:
            raise ValueError
        return content
    except (ValueError, binascii.Error):
        raise _invalid(option, "this is not a cursor that the server gave out") from None


def _quote(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26").replace("+", "%2B").replace("#", "%23").replace(" ", "%20")
