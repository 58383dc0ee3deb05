"""What went wrong in a scenario of the record, as titled blocks of lines: terminal and JUnit word it alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.report.normal import printable, short
from understudy.report.table import aligned, by_shape

ROWS = 5
"""Offending rows that a block shows; the total is always said."""


@dataclass(frozen=True, slots=True)
class Block:
    """One finding. kind: step, invariant, mapping, contract, unproven or unsettled. lines: without indentation."""

    kind: str
    title: str
    lines: tuple[str, ...]


def blocks(scenario: Mapping[str, Any], rows: int = ROWS) -> list[Block]:
    """The findings of a recorded scenario: failed steps in order, rules that do not hold, what is missing."""
    found = [_step(step) for step in scenario["steps"] if step["outcome"] == "failed"]
    found += [_rule(first, others, rows) for first, *others in broken_rules(scenario["verdicts"])]
    if scenario["unproven"]:
        found.append(
            _block(
                "unproven",
                f"nothing was examined for {', '.join(scenario['unproven'])}, which the scenario is said to prove",
                ["hint: the story did not get as far as the records that these rules speak of"],
            )
        )
    if not scenario["settled"]:
        found.append(
            _block(
                "unsettled",
                "messages were still in flight at the end, so the books may not be closed yet",
                ["hint: advance the clock, or wait with awaitDelivery, before the run is ended"],
            )
        )
    return found


def _block(kind: str, title: str, lines: Sequence[str]) -> Block:
    """What was read from systems and documents may hold anything: it is made printable here, once for all."""
    parts = (part for line in lines for part in printable(line).splitlines())
    return Block(kind, printable(" ".join(title.split())), tuple(parts))


def _step(step: Mapping[str, Any]) -> Block:
    title = f"step `{step['id']}` failed"
    lines = [f"at {step['place']}"] if step["place"] else []
    if step["calls"]:
        call = step["calls"][-1]
        title = f"step `{step['id']}` {call_words(call)}"
        if call["problem"]:
            lines.append(f"answer: {short(call['problem'], 300)}")
        if len(step["calls"]) > 1:
            lines.append(f"this was attempt {len(step['calls'])}, the last")
    failed = [c for c in step["criteria"] if not c["passed"]]
    for criterion in failed:
        lines.append(f"expected: {criterion['condition']}")
        lines += [f"found: {found_line(f)}" for f in criterion["found"]]
        if criterion["error"]:
            lines.append(f"cannot be evaluated: {criterion['error']}")
    if step["reason"] and not failed:
        lines.append(f"because {step['reason']}")
    lines += [f"contract: {violation}" for violation in step["contract"]]
    lines += [f"note: {note}" for note in step["notes"]]
    return _block("step", title, lines)


def call_words(call: Mapping[str, Any]) -> str:
    """One request and its answer: `got 422 from POST /erp/v1/orders`."""
    sent = f"{call['method']} {call['path']}".strip()
    if not sent:
        return f"could send nothing: {short(call['error'], 300)}"
    if call["status"] is None:
        return f"got no answer from {sent}" + (f": {short(call['error'], 300)}" if call["error"] else "")
    return f"got {call['status']} from {sent}"


def found_line(found: Mapping[str, Any]) -> str:
    """`$statusCode = 422`, or why the expression has no value."""
    if found["note"]:
        return f"{found['expression']} has no value: {found['note']}"
    value = found["value"]
    # Quoted, so that the text "2" and the number 2 are told apart.
    shown = f'"{short(value)}"' if isinstance(value, str) else short(value)
    return f"{found['expression']} = {shown}"


def broken_rules(verdicts: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The verdicts that failed, one list a rule: that of the end first, as it saw everything, then by step."""
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for verdict in verdicts:
        if verdict["status"] in ("failed", "error"):
            rules.setdefault(verdict["id"], []).append(verdict)
    return [sorted(found, key=lambda v: v["scope"] != "final") for found in rules.values()]


def _rule(verdict: Mapping[str, Any], others: Sequence[Mapping[str, Any]], rows: int) -> Block:
    what = "could not be judged" if verdict["status"] == "error" else "does not hold"
    lines = [verdict["reason"]] if verdict["reason"] else []
    seen = [f"`{v['step']}`" for v in (verdict, *others) if v["step"]]
    if seen:
        more = f" and {len(seen) - 3} more" if len(seen) > 3 else ""
        lines.append(f"seen after step {', '.join(seen[:3])}{more}")
    offending: Sequence[Mapping[str, Any]] = verdict["offending"]
    if offending:
        lines.append(f"{len(offending)} of {max(verdict['examined'], len(offending))} examined offend:")
        lines += [f"  {line}" for alike in by_shape(offending[:rows]) for line in aligned(alike)]
        if len(offending) > rows:
            lines.append(f"  … and {len(offending) - rows} more (--report json=FILE has all)")
    return _block(verdict["kind"], f"{verdict['id']} {what}: {verdict['statement']}", lines)
