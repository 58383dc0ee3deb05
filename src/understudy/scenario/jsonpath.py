"""JSONPath by RFC 9535, strict. The library is imported when the first query is compiled, not before."""

from __future__ import annotations

from typing import Any

from understudy.scenario.expression import ExpressionError, shorten

WRAPPED = (
    "selected nothing on the object itself (RFC 9535 filters its members); it holds on a list with the object in it"
)
"""The warning beside a condition that holds only in its wrapped form."""


def compile_query(text: str) -> Any:
    """A compiled query. Raises ExpressionError with the library's reason when `text` is no RFC 9535 query."""
    import jsonpath_rfc9535

    try:
        return jsonpath_rfc9535.compile(text)
    except (jsonpath_rfc9535.JSONPathError, ValueError, RecursionError) as problem:
        reason = str(problem).splitlines()[0][:160] if str(problem) else "nested too deeply"
        raise ExpressionError(f"`{shorten(text)}` is no JSONPath query: {reason}", "see RFC 9535") from None


def select(query: Any, value: Any) -> list[Any]:
    """The selected nodes (`.value`, `.location`), in document order. Raises ExpressionError where a query gives up."""
    import jsonpath_rfc9535

    try:
        return list(query.find(value))
    except (jsonpath_rfc9535.JSONPathError, RecursionError) as problem:
        raise ExpressionError(f"the query cannot be applied: {str(problem)[:160]}") from None


def matches(query: Any, text: str, value: Any) -> tuple[bool, str]:
    """Whether a JSONPath condition holds, with a warning or an empty string.

    The specification's example `$[?count(@.pets) > 0]` selects nothing on an object under strict RFC 9535, because a
    filter tests the members of the object. So an empty result of a query that starts with `$[?` on an object is tried
    once more on `[object]` (design section 9).
    """
    if select(query, value):
        return True, ""
    if isinstance(value, dict) and text.lstrip().startswith("$[?") and select(query, [value]):
        return True, f"`{shorten(text)}` {WRAPPED}"
    return False, ""
