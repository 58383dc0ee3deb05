"""Stock balances: on hand and reserved per item, location and status; available follows (INV-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from understudy import Context

from ..common.dates import instant_text
from ..common.money import ZERO, decimal, quantity_text
from ..common.records import present
from .order_lines import amount, in_base_units, is_physical
from .records import Record

SELLABLE = "SELLABLE"


class Stock:
    """The balances as one transaction changes them. It remembers what was available when it first looked, so that
    the events of the transaction can be told from the result (`changed`)."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._before: dict[tuple[str, str], Decimal] = {}

    def balance(self, item_number: str, location_code: str, status: str = SELLABLE) -> Record:
        """The stored balance, or an empty one."""
        found = self._ctx.table("stockBalances").get(_key(item_number, location_code, status))
        return found if found is not None else balance(item_number, location_code, status, ZERO, ZERO)

    def on_hand(self, item_number: str, location_code: str, status: str = SELLABLE) -> Decimal:
        return decimal(self.balance(item_number, location_code, status)["onHand"])

    def available(self, item_number: str, location_code: str) -> Decimal:
        return decimal(self.balance(item_number, location_code)["available"])

    def move(self, item_number: str, location_code: str, status: str, quantity: Decimal) -> None:
        """Raise (or, negative, lower) what is on hand. quantity: base units."""
        self._change(item_number, location_code, status, on_hand=quantity)

    def reserve(self, item_number: str, location_code: str, quantity: Decimal) -> None:
        """Raise (or, negative, lower) what is promised to orders. quantity: base units."""
        self._change(item_number, location_code, SELLABLE, reserved=quantity)

    def follow(self, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> None:
        """Reserve or free what the change of an order's lines reserves or frees, so that INV-2 holds at every step."""
        for lines, sign in ((before, -1), (after, 1)):
            for line in lines:
                if is_physical(line) and (reserved := in_base_units(line, amount(line, "reserved"))):
                    self.reserve(line["itemNumber"], line["locationCode"], sign * reserved)

    def changed(self) -> list[tuple[str, str]]:
        """Item and location pairs whose availability differs from what it was, in the order of being touched."""
        return [key for key, before in self._before.items() if self.available(*key) != before]

    def touched(self) -> list[tuple[str, str]]:
        return list(self._before)

    def _change(
        self, item_number: str, location_code: str, status: str, on_hand: Decimal = ZERO, reserved: Decimal = ZERO
    ) -> None:
        self._before.setdefault((item_number, location_code), self.available(item_number, location_code))
        old = self.balance(item_number, location_code, status)
        new = balance(
            item_number, location_code, status, decimal(old["onHand"]) + on_hand, decimal(old["reserved"]) + reserved
        )
        self._ctx.table("stockBalances").put(new)


def balance(item_number: str, location_code: str, status: str, on_hand: Decimal, reserved: Decimal) -> Record:
    """Only SELLABLE stock is ever available (INV-12). No supply is planned here, so projected is available."""
    available = quantity_text(on_hand - reserved if status == SELLABLE else ZERO)
    return {
        "_key": _key(item_number, location_code, status),
        "itemNumber": item_number,
        "locationCode": location_code,
        "stockStatus": status,
        "onHand": quantity_text(on_hand),
        "reserved": quantity_text(reserved),
        "available": available,
        "onOrder": "0",
        "projected": available,
    }


def announce_availability(ctx: Context, stock: Stock) -> None:
    """Emit the new availability, an absolute quantity and never a delta, of everything whose availability changed."""
    for item_number, location_code in stock.changed():
        ctx.emit(
            "erp.availability.changed.v1",
            subject=f"{item_number}/{location_code}",
            data=present({**stock.balance(item_number, location_code), "asOf": instant_text(ctx.now)}),
        )


def _key(item_number: str, location_code: str, status: str) -> str:
    return f"{item_number}|{location_code}|{status}"
