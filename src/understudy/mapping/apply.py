"""Running a compiled table on one message. All failures are collected; nothing stops at the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.contract.reference import escape
from understudy.errors import MappingError, closest
from understudy.mapping.argument import value_of
from understudy.mapping.elements import merge, start_array
from understudy.mapping.frame import DependsOnRefused, Element, Frame
from understudy.mapping.function import INVALID, REQUIRED, Refusal, Shape
from understudy.mapping.program import Call, Check, Field, Program
from understudy.mapping.result import Applied, Repair, Violation

_REQUEST_PARTS = ("header", "query", "path")


@dataclass(slots=True)
class Run:
    """One application in progress. elements: (target array, feed) -> its elements, in sequence."""

    frame: Frame
    elements: dict[tuple[str, str], list[Element]]
    parts: dict[str, dict[str, str]]
    violations: list[Violation] = field(default_factory=list)
    warnings: list[Violation] = field(default_factory=list)
    repairs: dict[tuple[Any, ...], Repair] = field(default_factory=dict)


def apply_program(
    program: Program, source: Any, lookups: Mapping[str, Any], documents: Mapping[str, Any] | None = None
) -> Applied:
    """documents: what the table reads beside the source, by name: `event` and those it declares.

    Raises MappingError when a lookup that the table asks, or a document that it declares, is not supplied.
    """
    given = documents or {}
    require_inputs(program, lookups, given)
    run = start(program, source, lookups, given)
    for row in program.rows:
        if row.skip is not None and row.spec.skip is not None and row.skip(run.frame):
            return Applied(skip=row.spec.skip.reason)
        run_fields(run, row.fields)
    return finish(program, run)


def require_inputs(program: Program, lookups: Mapping[str, Any], documents: Mapping[str, Any]) -> None:
    for name in program.supplied:
        if name not in lookups:
            raise MappingError(
                f"mapping {program.spec.name} asks the lookup {name!r}, which was not supplied",
                where=program.spec.file,
                allowed=", ".join(program.supplied),
                hint=closest(name, lookups) or program.spec.lookups[name].doc,
            )
    for name in program.spec.documents:
        if name not in documents:
            raise MappingError(
                f"mapping {program.spec.name} reads the document {name!r}, which was not supplied",
                where=program.spec.file,
                allowed=", ".join(program.spec.documents),
                hint=f"pass it in `meta`, as described by {program.spec.documents[name]}",
            )


def start(program: Program, source: Any, lookups: Mapping[str, Any], documents: Mapping[str, Any]) -> Run:
    """The frame before the first row: documents in place, one empty element for each source element that counts."""
    scopes = {
        **documents,
        "source": source,
        "target": {},
        "control": {},
        "lookup": {**program.tables, **lookups},
    }
    run = Run(Frame(scopes), {}, {scope: {} for scope in _REQUEST_PARTS})
    for array in program.arrays:
        run.elements.update(start_array(run.frame, array))
    return run


def run_fields(run: Run, fields: Iterable[Field]) -> None:
    for each in fields:
        if not each.feed:
            _run_field(run, each)
            continue
        for element in run.elements[each.spec.array, each.feed]:
            run.frame.element = element
            _run_field(run, each)
        run.frame.element = None


def _run_field(run: Run, each: Field) -> None:
    frame = run.frame
    raw: Any = None
    chosen: int | None = None
    step: Call | None = None
    try:
        if each.when is not None and not each.when(frame):
            return
        if each.spec.combined:
            raw = [reader.read(frame) for reader in each.readers]
        elif each.readers:
            raw = each.readers[0].read(frame)
        value = raw
        for step in each.steps:
            if not step.each:
                value, chosen = _step_whole(run, each, step, value, chosen)
            elif value.__class__ is list:
                value = _step_items(run, each, step, value)
            elif value is not None or step.takes_missing:
                before, value = value, step.run(frame, value)
                if step.repair and value != before:
                    _repair(run, each, step, before, value, chosen)
        step = None
        absent = _absent(value)
        if absent and each.default is not None:
            value = value_of(each.default, frame, value)
            absent = value is None
    except Refusal as refusal:
        index = chosen if refusal.index is None else refusal.index
        code = (step.code if step is not None else "") or refusal.code
        _refuse(run, each, code, refusal.detail, raw, index, refusal.owner)
        return
    except DependsOnRefused:
        _mark_refused(frame, each)
        return
    if absent and each.spec.required != "O":
        _refuse(run, each, REQUIRED, f"{_label(each)} is required", raw, chosen)
        return
    intact = True
    for check in each.checks:
        intact &= _check(run, each, check, value, raw, chosen)
    if intact and not absent and (problem := each.spec.type.problem(value)):
        _refuse(run, each, INVALID, problem, raw, chosen)
    elif not intact:
        _mark_refused(frame, each)
    elif not absent and each.scope:
        _write(run, each, value, chosen)


def _absent(value: Any) -> bool:
    return value is None or (value.__class__ is list and all(item is None for item in value))


def _step_whole(run: Run, each: Field, step: Call, value: Any, chosen: int | None) -> tuple[Any, int | None]:
    if not step.takes_missing and _absent(value):
        return None, chosen
    after = step.run(run.frame, value)
    if step.function.shape is Shape.CHOOSE:
        return (None, chosen) if after is None else (value[after], after if chosen is None else chosen)
    if step.repair and after != value:
        _repair(run, each, step, value, after, chosen)
    return after, chosen


def _step_items(run: Run, each: Field, step: Call, values: list[Any]) -> list[Any]:
    items: list[Any] = []
    for index, item in enumerate(values):
        if item is None and not step.takes_missing:
            items.append(None)
            continue
        try:
            after = step.run(run.frame, item)
        except Refusal as refusal:
            refusal.index = index
            raise
        if step.repair and after != item:
            _repair(run, each, step, item, after, index)
        items.append(after)
    return items


def _check(run: Run, each: Field, check: Check, value: Any, raw: Any, chosen: int | None) -> bool:
    """True unless the rule refuses. A rule whose input was refused elsewhere says nothing."""
    frame, call = run.frame, check.call
    try:
        if check.when is not None and not check.when(frame):
            return True
        subject = value if check.on is None else value_of(check.on, frame, value)
        if call.each and subject.__class__ is list:
            faults = [(index, _fault(frame, call, item)) for index, item in enumerate(subject)]
            index, fault = next(((index, fault) for index, fault in faults if fault is not None), (0, None))
            place = index if check.on is None and chosen is None else chosen
        else:
            fault, place = _fault(frame, call, subject), chosen
    except DependsOnRefused:
        return True
    if fault is None:
        return True
    detail, code, owner = fault
    rejected = _at(raw, place) if check.on is None else subject
    violation = _violation(run, each, call.code or code, check.detail or detail, rejected, place, owner)
    (run.warnings if check.warning else run.violations).append(violation)
    return check.warning


def _fault(frame: Frame, call: Call, item: Any) -> tuple[str, str, str] | None:
    """What a rule says about a value: detail, code, owner; None when it holds."""
    if item is None and not call.takes_missing:
        return None
    try:
        problem = call.run(frame, item)
    except Refusal as refusal:
        return refusal.detail, refusal.code, refusal.owner
    return (problem, call.function.code, "") if problem else None


def _write(run: Run, each: Field, value: Any, chosen: int | None) -> None:
    frame, place, scope = run.frame, each.place, each.scope
    if scope in _REQUEST_PARTS:
        run.parts[scope][place[0]] = value if isinstance(value, str) else str(value)
        return
    element = frame.element
    if element is None or not each.spec.array:
        holder = frame.documents["control" if scope == "control" else "target"]
    else:
        holder = element.control if scope == "control" else element.target
    for name in place[:-1]:
        holder = holder.setdefault(name, {})
    holder[place[-1]] = value
    frame.origins.append((each, chosen, element))


def _mark_refused(frame: Frame, each: Field) -> None:
    if each.scope in ("source", "control"):
        frame.refused.append(each.output(frame.element))


def _refuse(run: Run, each: Field, code: str, detail: str, rejected: Any, chosen: int | None, owner: str = "") -> None:
    run.violations.append(_violation(run, each, code, detail, rejected, chosen, owner))
    _mark_refused(run.frame, each)


def _violation(
    run: Run, each: Field, code: str, detail: str, rejected: Any, chosen: int | None, owner: str
) -> Violation:
    return Violation(
        row=each.row.id,
        code=code,
        source=each.locate(run.frame, chosen),
        target=_target_pointer(run.frame, each),
        detail=detail,
        rejected=rejected,
        owner=owner or each.row.owner,
    )


def _target_pointer(frame: Frame, each: Field) -> str:
    """`/lines/1/itemNumber`, `header:Idempotency-Key`, or empty for a row that only checks."""
    if each.scope in _REQUEST_PARTS:
        return f"{each.scope}:{each.place[0]}"
    if not each.scope:
        return ""
    place = "".join(f"/{escape(str(part))}" for part in each.output(frame.element)[1:])
    return f"control:{place}" if each.scope == "control" else place


def _label(each: Field) -> str:
    return each.row.title or each.spec.target_text


def _at(raw: Any, chosen: int | None) -> Any:
    """The raw value that is at fault: the chosen one of several."""
    if isinstance(raw, list) and chosen is not None and chosen < len(raw):
        return raw[chosen]
    return None if isinstance(raw, list) and _absent(raw) else raw


def _repair(run: Run, each: Field, step: Call, before: Any, after: Any, index: int | None) -> None:
    pointer = each.locate(run.frame, index)
    repair = Repair(row=each.row.id, pointer=pointer, before=before, after=after, rule=step.repair)
    run.repairs.setdefault((pointer, step.repair, repr(before)), repair)


def finish(program: Program, run: Run) -> Applied:
    """The document in the order of the rows, arrays merged, empty ones left out."""
    target, control = run.frame.documents["target"], run.frame.documents["control"]
    for array in program.arrays:
        spec = array.spec
        elements = target.pop(spec.name)
        if spec.merge is not None and not run.violations:
            elements = merge(elements, spec.merge)
        if elements or spec.keep_empty:
            target[spec.name] = elements
        if not any(control[spec.name]):
            del control[spec.name]
    return Applied(
        document=target,
        headers=run.parts["header"],
        query=run.parts["query"],
        path=run.parts["path"],
        controls=control,
        violations=tuple(run.violations),
        warnings=tuple(run.warnings),
        repairs=tuple(run.repairs.values()),
    )
