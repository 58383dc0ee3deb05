"""Changes of a sales order that is draft, released or on hold (domain 2.2, salesOrder.status)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy import Context, Problem, Reply

from ..common.money import quantity_text
from ..common.records import present
from ..common.violations import Violations
from .events import announce
from .order_check import check_order
from .order_composition import compose_order, ordering_customer, price
from .order_lines import QUANTITIES, amount, with_lines, with_quantities
from .records import Record, fetch, save
from .reservations import announce_backorders, reserve_lines, settle
from .states import order_transitions, refused
from .stock import Stock

_LOCKED_ONCE_RELEASED = ("customerId", "customerNumber", "currencyCode", "pricesIncludeTax")
_KEPT = ("holdReason", "_releasedAt", "_heldAt", "_charged", "_chargedTax")
_PROGRESS = tuple(name for name in QUANTITIES if name not in ("outstanding", "backordered"))


def update_sales_order(ctx: Context) -> Reply:
    """Header fields replace; lines are changed or added by sequence, lines not named stay. Reservations follow.

    Raises Problem 409 document-locked for what a release fixes, 422 for a quantity below what was shipped.
    """
    order = fetch(ctx, "salesOrders", ctx.path["salesOrderId"])
    ctx.require_match(order)
    found = Violations()
    asked = _merged(order, ctx.body, found)
    customer = ordering_customer(ctx, asked, found)
    changed = compose_order(ctx, asked, customer)
    inside = Violations()
    changed = _carry_over(order, changed, inside)
    check_order(ctx, changed, customer, inside)
    _into_request(changed, ctx.body, inside, found)
    found.refuse("Order cannot be changed")
    _require_changeable(order, ctx.body)
    changed = price(ctx, changed)
    stock = Stock(ctx)
    stock.follow(order["lines"], changed["lines"])
    if order["status"] == "released":
        changed = reserve_lines(stock, changed)
    saved = save(ctx, "salesOrders", changed)
    announce(ctx, "erp.salesorder.changed.v1", saved)
    announce_backorders(ctx, order, saved)
    settle(ctx, stock)
    return Reply(200, present(saved))


def _into_request(changed: Record, body: Mapping[str, Any], inside: Violations, found: Violations) -> None:
    """Add the violations of the changed order to those of the request, whose lines are a selection of the order's."""
    named = [line.get("sequence") for line in body.get("lines", ())]
    new = [index for index, sequence in enumerate(named) if sequence is None]
    first_new = len(changed["lines"]) - len(new)
    positions = {}
    for index, line in enumerate(changed["lines"]):
        if index >= first_new:
            positions[str(index)] = str(new[index - first_new])
        elif line["sequence"] in named:
            positions[str(index)] = str(named.index(line["sequence"]))
    for error in inside.errors:
        parts = error.pointer.split("/")
        if parts[1] == "lines" and len(parts) > 2:
            parts[2] = positions.get(parts[2], parts[2])
        found.add("/".join(parts), error.code, error.detail, error.rejected)


def _require_changeable(order: Record, body: Mapping[str, Any]) -> None:
    if not order_transitions(order):
        raise refused(f"sales order {order['number']}", order["status"], (), "changed")
    locked = [name for name in _LOCKED_ONCE_RELEASED if name in body and body[name] != order[name]]
    if locked and order["status"] != "draft":
        raise Problem(
            "document-locked",
            f"sales order {order['number']} is {order['status']}: {', '.join(locked)} can no longer change",
            current_state=order["status"],
            allowed_transitions=order_transitions(order),
        )


def _merged(order: Record, body: Mapping[str, Any], found: Violations) -> Record:
    """The order as the change asks for it: its fields under those of the body, its lines under those named there."""
    asked = {**order, **body}
    if "customerId" in body and "customerNumber" not in body:
        asked["customerNumber"] = None
    if "customerNumber" in body and "customerId" not in body:
        asked["customerId"] = None
    lines = {line["sequence"]: line for line in order["lines"]}
    added = []
    for index, line in enumerate(body.get("lines", ())):
        sequence = line.get("sequence")
        if sequence is None:
            if "lineType" in line:
                added.append(line)
            else:
                found.add(f"/lines/{index}/lineType", "required", "a new line has a type")
        elif sequence in lines:
            lines[sequence] = {**lines[sequence], **line}
        else:
            found.add(f"/lines/{index}/sequence", "unknown-reference", f"there is no line {sequence}", sequence)
    return {**asked, "lines": [*lines.values(), *added]}


def _carry_over(order: Record, changed: Record, found: Violations) -> Record:
    """The changed lines with the progress that they had made: shipped, invoiced, reserved, cancelled."""
    before = {line["sequence"]: line for line in order["lines"]}
    confirmed = order["status"] == "released"
    lines = []
    for index, line in enumerate(changed["lines"]):
        known = before.get(line["sequence"])
        if known is not None:
            progress = {name: amount(known, name) for name in _PROGRESS}
            done = progress["shipped"] + progress["cancelled"]
            moved = any(line[name] != known[name] for name in ("itemNumber", "locationCode", "unitOfMeasureCode"))
            if amount(line, "quantity") < done:
                detail = f"{quantity_text(done)} are shipped or cancelled already"
                found.add(f"/lines/{index}/quantity", "invalid-value", detail, line["quantity"])
            elif moved and progress["shipped"] > 0:
                found.add(f"/lines/{index}/itemNumber", "invalid-value", "the line has shipped", line["itemNumber"])
            else:
                reserved = 0 * done if moved else progress["reserved"]
                line = with_quantities(line, confirmed=confirmed, **{**progress, "reserved": reserved})
        lines.append(line)
    kept = {name: order[name] for name in ("id", "number", "status", "correlationId", *_KEPT)}
    return with_lines({**changed, **kept}, lines)
