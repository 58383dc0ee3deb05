"""Control totals: what a document's lines add up to when a percentage is due per group and rounded per group.

Rounding is the one place where two correct computations may differ, so the total carries how much it can cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy.mapping.function import UNKNOWN_REFERENCE, Refusal, shown
from understudy.mapping.lookup import Lookup
from understudy.mapping.number import EXACT, ROUNDING, number_of
from understudy.mapping.reference import member_at


def percent_totals(
    rows: Any,
    quantity: str,
    price: str,
    less: str,
    group: str,
    table: Lookup,
    percent: str,
    included: bool | None = False,
    decimals: int | None = 2,
    direction: str = "halfUp",
) -> dict[str, str]:
    """Net, added percentage and gross of `rows`, each group rounded once, and the tolerance that rounding explains.

    A row's amount is `quantity` x `price` - `less` (names of its members), rounded. Rows with the same `group` member
    share a percentage: the member `percent` of the group's record in `table`. included: prices contain it already.
    decimals: minor units. tolerance: half a minor unit for every row and every group with a percentage.

        two rows 44.82 and 4.90 at 19 %, one of 10.80 at 7 % -> net 60.52, added 10.21, gross 70.73, tolerance 0.025
    """
    unit = Decimal(1).scaleb(-(2 if decimals is None else decimals))
    amounts: dict[str, Decimal] = {}
    rounded_rows = 0
    percents: dict[str, Decimal] = {}
    for row in rows if isinstance(rows, list) else []:
        name = row.get(group) if isinstance(row, Mapping) else None
        if name is None:
            continue
        if name not in percents:
            percents[name] = _percent(name, table, percent)
        amount = EXACT.multiply(_number(row, quantity, "1"), _number(row, price, "0"))
        amount = EXACT.subtract(_round(amount, unit, "halfUp"), _number(row, less, "0"))
        amounts[name] = EXACT.add(amounts.get(name, Decimal(0)), amount)
        rounded_rows += bool(percents[name])
    net = added = Decimal(0)
    for name, amount in amounts.items():
        rate = EXACT.divide(percents[name], Decimal(100))
        if included:
            base = _round(EXACT.divide(amount, EXACT.add(Decimal(1), rate)), unit, direction)
            share = EXACT.subtract(amount, base)
        else:
            base, share = amount, _round(EXACT.multiply(amount, rate), unit, direction)
        net, added = EXACT.add(net, base), EXACT.add(added, share)
    groups = sum(1 for rate in percents.values() if rate)
    tolerance = EXACT.multiply(EXACT.divide(unit, Decimal(2)), Decimal(rounded_rows + groups))
    return {
        "net": f"{net.quantize(unit, context=EXACT):f}",
        "added": f"{added.quantize(unit, context=EXACT):f}",
        "gross": f"{EXACT.add(net, added).quantize(unit, context=EXACT):f}",
        "tolerance": f"{tolerance.normalize():f}",
    }


def _percent(name: Any, table: Lookup, member: str) -> Decimal:
    record = table.find(name)
    rate = member_at(record, member)
    if rate is None:
        raise Refusal(f"no percentage for {shown(name)} in {table.name}", code=UNKNOWN_REFERENCE, owner=table.owner)
    return number_of(rate)


def _number(row: Mapping[str, Any], name: str, absent: str) -> Decimal:
    value = row.get(name)
    return Decimal(absent) if value is None else number_of(value)


def _round(amount: Decimal, unit: Decimal, direction: str) -> Decimal:
    return amount.quantize(unit, rounding=ROUNDING[direction], context=EXACT)
