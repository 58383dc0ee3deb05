"""Writers do not overwrite each other's news (CON-1, CON-3; CON-2 is about stock and lies there)."""

from __future__ import annotations

from collections.abc import Iterator

from understudy import Evidence, Exchange, Row, parse_instant

from .recorded import is_success, recorded


def con_1(evidence: Evidence) -> Iterator[Row | None]:
    """No update is lost: the integration writes under the version it has read, never under `If-Match: *`."""
    for call in recorded(evidence).calls:
        given = call.request.headers.get("if-match")
        if given is not None:
            row = {"system": call.system, "operation": call.operation_id, "journal": call.seq, "ifMatch": given}
            yield row if given.strip() == "*" else None


def con_3(evidence: Evidence) -> Iterator[Row | None]:
    """What is older by `updatedAt` or by sequence never overwrites what is newer."""
    story = recorded(evidence)
    shown: dict[str, str] = {}
    for write in story.of_operation("upsertInvoiceView"):
        if not _took_effect(write):
            continue
        body = story.body(write)
        number, updated = str(body["number"]), str(body["updatedAt"])
        before = shown.get(number)
        older = before is not None and parse_instant(updated) < parse_instant(before)
        row = {"invoice": number, "journal": write.seq, "updatedAt": updated, "shownBefore": before}
        yield row if older else None
        shown[number] = updated
    yield from _quantities(evidence)


def _quantities(evidence: Evidence) -> Iterator[Row | None]:
    """Sequences rise per source and subject: writes of a quantity are compared where their causes share one."""
    story = recorded(evidence)
    offered: dict[tuple[int, str], int] = {}
    for write in story.of_operation("setInventoryLevel"):
        cause = story.events.get(write.causation_id or "")
        if cause is None or not _took_effect(write):
            continue
        place = (story.body(write)["inventory_item_id"], cause.subject)
        sequence = int(cause.cloud_event["sequence"])
        before = offered.get(place)
        row = {"inventoryItem": place[0], "subject": place[1], "journal": write.seq, "sequence": sequence}
        yield {**row, "writtenBefore": before} if before is not None and sequence < before else None
        offered[place] = max(sequence, before or 0)


def _took_effect(write: Exchange) -> bool:
    return write.committed and (is_success(write.status) or write.response is None)
