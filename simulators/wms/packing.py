"""Cartons: what was picked goes into them, each under a serial shipping container code of its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy import Context, FieldError, Problem, Reply

from ..common.money import ZERO, decimal, quantity_text
from ..common.records import present
from ..common.violations import Violations
from .allocation import holdings
from .fulfilment_orders import emit, fetch, save
from .lifecycle import FULFILMENT_ORDER, refused
from .line import Line, read_lines, to_records
from .sscc import sscc
from .stock import check_whole, packing_bench

Record = dict[str, Any]
Lots = dict[tuple[str, str | None], Decimal]
"""(lineRef, lot) -> pieces at the packing bench that no carton holds yet."""


def pack(ctx: Context) -> Reply:
    """packFulfilmentOrder: 200 with the order and its cartons; `packed` once everything picked is in a carton.

    Raises Problem 422 for a line that the order does not have or serials that do not fit, 409 invalid-state-transition
    for an order that is not picked and for more than was picked. Packing everything refuses a pending cancellation.
    """
    order = fetch(ctx)
    progress = order["_floor"] if order["status"] == "cancel_requested" else order["status"]
    if progress not in ("picked", "packing"):
        why = "it has to be picked before it is packed"
        raise refused(f"fulfilment order {order['id']}", order["status"], FULFILMENT_ORDER, why)
    lines = read_lines(order)
    _check(ctx, lines)
    loose = _loose(ctx, order)
    _require_picked(ctx, order, loose)
    cartons = [_close_carton(ctx, carton, lines, loose) for carton in ctx.body["cartons"]]
    for carton in cartons:
        for content in carton["lines"]:
            line = lines[content["lineRef"]]
            lines[line.line_ref] = line.with_packed(decimal(content["qty"]))
    stored = save(ctx, order, lines=to_records(lines), cartons=[*order["cartons"], *cartons])
    return Reply(200, present(_advance(ctx, stored, lines)))


def finish_packing(ctx: Context, order: Record) -> Record:
    """Everything picked is packed: the order is `packed`, and a cancellation that was pending came too late."""
    rejected = order["status"] == "cancel_requested"
    reason = {"cancelRejectReason": "already packed"} if rejected else {}
    packed = save(ctx, order, status="packed", _floor=None, **reason)
    emit(ctx, "wms.pack.completed.v1", packed)
    if rejected:
        emit(ctx, "wms.order.cancelrejected.v1", packed)
    return packed


def _advance(ctx: Context, order: Record, lines: Mapping[str, Line]) -> Record:
    everything = not any(line.unpacked > 0 for line in lines.values())
    if order["status"] == "cancel_requested":
        return finish_packing(ctx, order) if everything else save(ctx, order, _floor="packing")
    started = save(ctx, order, status="packing")
    return finish_packing(ctx, started) if everything else started


def _check(ctx: Context, lines: Mapping[str, Line]) -> None:
    found = Violations()
    for index, carton in enumerate(ctx.body["cartons"]):
        for position, content in enumerate(carton["lines"]):
            pointer = f"/cartons/{index}/lines/{position}"
            line = lines.get(content["lineRef"])
            if line is None:
                found.add(f"{pointer}/lineRef", "unknown-reference", "the order has no such line", content["lineRef"])
                continue
            check_whole(ctx, line.uom, content["quantity"], f"{pointer}/quantity", found)
            serials = content.get("serials")
            if serials and decimal(len(serials)) != decimal(content["quantity"]):
                found.add(f"{pointer}/serials", "invalid-value", "as many serials as pieces are needed", serials)
    found.refuse("Carton cannot be closed")


def _loose(ctx: Context, order: Mapping[str, Any]) -> Lots:
    bench = packing_bench(ctx, order["warehouseCode"])
    loose: Lots = {}
    for holding in holdings(ctx, order["id"]):
        if holding["binCode"] == bench:
            key = holding["lineRef"], holding["lot"]
            loose[key] = loose.get(key, ZERO) + decimal(holding["quantity"])
    shipped = _shipped_cartons(ctx, order)
    for carton in order["cartons"]:
        if carton["sscc"] not in shipped:
            for content in carton["lines"]:
                loose[content["lineRef"], content.get("lot")] -= decimal(content["qty"])
    return loose


def _shipped_cartons(ctx: Context, order: Mapping[str, Any]) -> set[str]:
    shipments = ctx.table("shipments").find("fulfilmentOrderId", order["id"])
    return {carton["sscc"] for s in shipments if s["status"] in ("shipped", "delivered") for carton in s["cartons"]}


def _require_picked(ctx: Context, order: Mapping[str, Any], loose: Lots) -> None:
    wanted: Lots = {}
    pointers: dict[tuple[str, str | None], str] = {}
    for index, carton in enumerate(ctx.body["cartons"]):
        for position, content in enumerate(carton["lines"]):
            key = content["lineRef"], content.get("lot")
            wanted[key] = wanted.get(key, ZERO) + decimal(content["quantity"])
            pointers[key] = f"/cartons/{index}/lines/{position}/quantity"
    errors = []
    for (ref, lot), quantity in wanted.items():
        there = sum((q for (r, at), q in loose.items() if r == ref and lot in (None, at)), ZERO)
        if quantity > there:
            detail = f"{quantity_text(there)} of line {ref} are picked and not packed"
            errors.append(FieldError(pointers[ref, lot], "over-pack", detail, quantity_text(quantity)))
    if errors:
        raise Problem(
            "invalid-state-transition",
            "; ".join(error.detail for error in errors),
            title="More than was picked cannot be packed",
            errors=errors,
            current_state=order["status"],
            allowed_transitions=FULFILMENT_ORDER[order["status"]],
        )


def _close_carton(ctx: Context, carton: Mapping[str, Any], lines: Mapping[str, Line], loose: Lots) -> Record:
    contents: list[Record] = []
    for wanted in carton["lines"]:
        line = lines[wanted["lineRef"]]
        for lot, quantity in _take(loose, line.line_ref, wanted.get("lot"), decimal(wanted["quantity"])):
            content = {"lineRef": line.line_ref, "sku": line.sku, "qty": quantity_text(quantity), "uom": line.uom}
            if lot is not None:
                content["lot"] = lot
            contents.append({**content, **({"serials": wanted["serials"]} if wanted.get("serials") else {})})
    closed = {"sscc": sscc(ctx.next("carton")), "weightGrams": carton["weightGrams"]}
    if "dims" in carton:
        closed["dims"] = carton["dims"]
    return {**closed, "shipmentId": None, "lines": contents}


def _take(loose: Lots, ref: str, lot: str | None, quantity: Decimal) -> list[tuple[str | None, Decimal]]:
    """Which lots the pieces come from, the named one or those that were picked first; `loose` is reduced."""
    taken = []
    for key in [k for k in loose if k[0] == ref and lot in (None, k[1]) and loose[k] > 0]:
        part = min(quantity, loose[key])
        if part > 0:
            loose[key] -= part
            quantity -= part
            taken.append((key[1], part))
    return taken
