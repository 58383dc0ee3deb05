"""Who gets the stock: reservation at release, backorders filled first-come, promises taken back when stock falls."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from typing import Any

from understudy import Context

from ..common.money import decimal
from .order_lines import amount, is_physical, reservable, with_lines, with_quantities
from .records import Record, save
from .stock import Stock, announce_availability


def reserve_lines(stock: Stock, order: Record) -> Record:
    """The released order with min(outstanding, available) reserved on every line, the rest backordered.

    Lines of one item share what is available, first line first. Balances follow.
    """
    lines = []
    for line in order["lines"]:
        new = with_quantities(line, confirmed=True, reserved=amount(line, "reserved") + _coverable(stock, line))
        stock.follow([line], [new])
        lines.append(new)
    return with_lines(order, lines)


def free_lines(stock: Stock, order: Record) -> Record:
    """The order without any reservation; what it still wants is no longer confirmed demand."""
    lines = [with_quantities(line, confirmed=False, reserved=Decimal(0)) for line in order["lines"]]
    stock.follow(order["lines"], lines)
    return with_lines(order, lines)


def announce_backorders(ctx: Context, before: Record, after: Record) -> None:
    """`backorder.created` for every line that stock covers less of than before, `filled` where more got reserved."""
    known = {line["sequence"]: line for line in before["lines"]}
    for line in after["lines"] if after["status"] == "released" else ():
        old = known.get(line["sequence"], {})
        if amount(line, "backordered") > amount(old, "backordered"):
            _announce(ctx, "erp.backorder.created.v1", after, line)
        elif amount(line, "backordered") < amount(old, "backordered") and amount(line, "reserved") > amount(
            old, "reserved"
        ):
            _announce(ctx, "erp.backorder.filled.v1", after, line)


def settle(ctx: Context, stock: Stock) -> None:
    """Bring reservations in line with stock after a transaction moved it, and say what is available now.

    Stock that rose fills backorders by (priority, requestedDeliveryDate, releasedAt, number). Stock that fell below
    what was promised takes promises back, in the opposite order, so that no more is reserved than there is (CON-2).
    """
    for item_number, location_code in stock.touched():
        if stock.available(item_number, location_code) > 0:
            _fill(ctx, stock, item_number, location_code)
        elif stock.available(item_number, location_code) < 0:
            _take_back(ctx, stock, item_number, location_code)
    announce_availability(ctx, stock)


def fill_rank(order: Record) -> tuple[int, str, str, str]:
    """Smaller is served first. Orders without a requested date come after those with one."""
    return (
        int(order["priority"]),
        order["requestedDeliveryDate"] or "9999-12-31",
        order["_releasedAt"] or "",
        order["number"],
    )


def _fill(ctx: Context, stock: Stock, item_number: str, location_code: str) -> None:
    for order in sorted(ctx.table("salesOrders").find("_waiting", True), key=fill_rank):
        if stock.available(item_number, location_code) <= 0:
            return
        _change(
            ctx,
            stock,
            order,
            (item_number, location_code),
            lambda line: amount(line, "reserved") + _coverable(stock, line),
        )


def _take_back(ctx: Context, stock: Stock, item_number: str, location_code: str) -> None:
    table = ctx.table("salesOrders")
    holders = [order for status in ("released", "on_hold") for order in table.find("status", status)]

    def less(line: Record) -> Decimal:
        factor = decimal(line["_factor"])
        missing = max(Decimal(0), -stock.available(item_number, location_code))
        units = missing if factor == 1 else (missing / factor).to_integral_value(rounding=ROUND_CEILING)
        return max(Decimal(0), amount(line, "reserved") - units)

    for order in sorted(holders, key=fill_rank, reverse=True):
        if stock.available(item_number, location_code) >= 0:
            return
        _change(ctx, stock, order, (item_number, location_code), less)


def _change(
    ctx: Context,
    stock: Stock,
    order: Record,
    place: tuple[str, str],
    reserved: Callable[[dict[str, Any]], Decimal],
) -> None:
    """Store the order with new reservations for one item at one location, balances following, and tell."""
    lines = []
    for line in order["lines"]:
        if is_physical(line) and (line["itemNumber"], line["locationCode"]) == place:
            new = with_quantities(line, confirmed=order["status"] == "released", reserved=reserved(line))
            stock.follow([line], [new])
            line = new
        lines.append(line)
    if lines != order["lines"]:
        announce_backorders(ctx, order, save(ctx, "salesOrders", with_lines(order, lines)))


def _coverable(stock: Stock, line: Record) -> Decimal:
    if not is_physical(line):
        return Decimal(0)
    return reservable(line, stock.available(line["itemNumber"], line["locationCode"]))


def _announce(ctx: Context, event: str, order: Record, line: Record) -> None:
    ctx.emit(
        event,
        subject=order["number"],
        data={
            "orderId": order["id"],
            "orderNumber": order["number"],
            "lineSequence": line["sequence"],
            "itemNumber": line["itemNumber"],
            "locationCode": line["locationCode"],
            "unitOfMeasureCode": line["unitOfMeasureCode"],
            "quantity": line["quantity"],
            "reserved": line["reserved"],
            "backordered": line["backordered"],
            "outstanding": line["outstanding"],
            "requestedDeliveryDate": order["requestedDeliveryDate"],
        },
        correlation_id=order["correlationId"],
    )
