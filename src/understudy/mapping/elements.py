"""The elements of target arrays: made before the first row, merged after the last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from understudy.contract.reference import escape
from understudy.mapping.frame import Element, Frame
from understudy.mapping.number import quantity, total
from understudy.mapping.program import Array, Feed
from understudy.mapping.spec import MergeSpec


def start_array(frame: Frame, array: Array) -> dict[tuple[str, str], list[Element]]:
    """One empty element for each source element that counts, by (target array, feed); the outputs hold them already."""
    spec = array.spec
    by_feed: dict[tuple[str, str], list[Element]] = {}
    index = 0
    targets: list[dict[str, Any]] = []
    controls: list[dict[str, Any]] = []
    for feed in array.feeds:
        elements: list[Element] = []
        for sources, pointers in _walk_feed(feed, frame):
            element = Element(sources, pointers, spec.target, index)
            frame.element = element
            if feed.drop is not None and feed.drop(frame):
                continue
            elements.append(element)
            targets.append(element.target)
            controls.append(element.control)
            index += 1
        frame.element = None
        by_feed[spec.target, feed.spec.name] = elements
    frame.documents["target"][spec.name] = targets
    frame.documents["control"][spec.name] = controls
    return by_feed


def _walk_feed(feed: Feed, frame: Frame) -> Iterable[tuple[tuple[Any, ...], tuple[str, ...]]]:
    """The chain of source elements, and their pointers, for each element of the feed."""
    first = feed.levels[0]
    scope = "" if first.path.scope == "source" else f"{first.path.scope}:"
    found: list[tuple[tuple[Any, ...], tuple[str, ...], Any]] = [((), (), frame.documents.get(first.path.scope))]
    for reader in feed.levels:
        below: list[tuple[tuple[Any, ...], tuple[str, ...], Any]] = []
        for sources, pointers, outer in found:
            held = reader.fetch(outer)
            prefix = (pointers[-1] if pointers else scope) + "".join(f"/{escape(str(s))}" for s in reader.path.segments)
            if feed.single:
                below.extend([((held,), (prefix,), held)] if held not in (None, "", [], {}) else [])
                continue
            for position, item in enumerate(held if isinstance(held, list) else ()):
                below.append(((*sources, item), (*pointers, f"{prefix}/{position}"), item))
        found = below
    return [(sources, pointers) for sources, pointers, _ in found]


def merge(elements: list[dict[str, Any]], how: MergeSpec) -> list[dict[str, Any]]:
    """Elements equal in the fields `by` as one, in order of first appearance."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for element in elements:
        key = tuple(repr(element.get(name)) for name in how.by)
        known = merged.get(key)
        if known is None:
            merged[key] = dict(element)
            continue
        for name in how.sum:
            added = total([known.get(name), element.get(name)])
            known.update({name: quantity(added)} if added is not None else {})
        for name in how.concat:
            joined = [*(known.get(name) or []), *(element.get(name) or [])]
            known.update({name: joined} if joined else {})
    return list(merged.values())
