"""Verdicts beside the criteria: documented success, conformance with the contract, and the reason in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from understudy.scenario.criterion import CriterionResult, Operand
from understudy.scenario.event import ContractCheck
from understudy.scenario.expression import shorten
from understudy.scenario.model import ContractLike, OperationLike, Place
from understudy.scenario.scope import Answer, Missing, is_json, media_type

MAX_VIOLATIONS = 20


def documented_success(operation: OperationLike, status: int, place: Place) -> CriterionResult:
    """What a step without successCriteria must meet: a 2xx status that the contract documents (`default` is none)."""
    documented = [key for key in operation.responses if key.startswith("2")]
    passed = 200 <= status < 300 and (str(status) in documented or "2XX" in (key.upper() for key in documented))
    condition = (
        f"the status is a documented success of {operation.id} ({', '.join(documented) or 'none is documented'})"
    )
    operands = () if passed else (Operand("$statusCode", status),)
    return CriterionResult(condition, "documented", passed, place, operands)


def why_failed(criteria: Sequence[CriterionResult]) -> str:
    """The first criterion that failed, with what was found; how many others failed too."""
    failed = [result for result in criteria if not result.passed]
    if not failed:
        return ""
    first = failed[0]
    found = first.error or ", ".join(_found(operand) for operand in first.operands)
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    condition = first.condition if first.kind == "documented" else f"`{shorten(first.condition)}`"
    return f"{condition} does not hold{f': {found}' if found else ''}{more}"


def _found(operand: Operand) -> str:
    if operand.note:
        return f"{operand.expression} is empty, {operand.note}"
    try:
        text = json.dumps(operand.value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = "a deeply nested value"
    return f"{operand.expression} is {shorten(text, 120)}"


def check_answer(contract: ContractLike, operation: OperationLike, answer: Answer) -> ContractCheck:
    """The answer against the contract: status, media type, and the body where the contract offers `schemas`."""
    status, responses = answer.status, operation.responses
    spec = responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")
    if spec is None:
        known = ", ".join(responses)
        return ContractCheck(False, (f"status {status} is not documented for {operation.id}, which has {known}",))
    if not answer.response.body or not spec.content:
        return ContractCheck(True)
    media = media_type(answer.response.headers.get("content-type", ""))
    pointer = _schema_of(spec.content, media)
    if pointer is None:
        known = ", ".join(spec.content)
        return ContractCheck(True, (f"an answer of type {media or 'none'} is not documented, which has {known}",))
    schemas: Any = getattr(contract, "schemas", None)
    if schemas is None or not isinstance(pointer, str) or not pointer or not is_json(media):
        return ContractCheck(True)
    content = answer.content
    if isinstance(content, Missing):
        return ContractCheck(True, (content.why,))
    violations = schemas.violations(pointer, content)
    return ContractCheck(True, tuple(f"{v.pointer or 'the body'}: {v.detail}" for v in violations[:MAX_VIOLATIONS]))


def _schema_of(content: Mapping[str, Any], media: str) -> Any:
    """The entry for a media type: exact, then its range, then any (OpenAPI 3.1 section 4.8.14)."""
    for key in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if key in content:
            return content[key]
    return None
