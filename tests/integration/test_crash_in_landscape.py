"""A crash between any two writes of the store, on the whole way from order to invoice: the books do not show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from understudy.testing import Landscape

from .landscape import ends, observed, only, open_landscape, ordered, ship, standard_order
from .test_crash import Brittle, Crash


class Phoenix:
    """A hosted integration whose process ends before its n-th write, and is started again on what was committed."""

    def __init__(self, inner: Any, crash_at: int) -> None:
        self._inner = inner
        self.crashed = False
        inner._store._connection = Brittle(inner._store._connection, crash_at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Any:
        try:
            return self._inner.handle(method, path, query, headers, body)
        except Crash:
            self._rise()
            # The sender's connection broke; it will deliver again.
            raise ConnectionResetError from None

    def run_due(self) -> int:
        try:
            return int(self._inner.run_due())
        except Crash:
            self._rise()
            return 1

    def _rise(self) -> None:
        connection = self._inner._store._connection._connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        data = connection.serialize()
        self._inner._store._connection = connection
        self._inner.load(data)
        self.crashed = True


def play(crash_at: int) -> tuple[Landscape, bool]:
    land = open_landscape(idempotencySupport="none")
    stage = land.run.stage
    phoenix = Phoenix(stage.hosted, crash_at)
    stage.hosted = phoenix  # type: ignore[assignment]
    ordered(land, standard_order())
    land.settle()
    ship(land, only(land.rows("erp", "salesOrders"))["number"])
    land.settle()
    return land, phoenix.crashed


@pytest.mark.slow
def test_a_crash_anywhere_between_order_and_invoice() -> None:
    """Under `idempotencySupport=none`: the ERP would take a second document of anything."""
    crash_at, crashed = 0, True
    while crashed:
        land, crashed = play(crash_at)
        context = f"crash before write {crash_at}"
        for table in ("salesOrders", "customerPayments", "salesShipments", "salesInvoices"):
            assert len(land.rows("erp", table)) == 1, f"{context}: {table}"
        assert len(land.rows("wms", "fulfilmentOrders")) == 1, context
        assert len(only(land.rows("storefront", "orders"))["fulfillments"]) == 1, context
        assert only(land.rows("erp", "salesOrders"))["status"] == "closed", context
        assert only(land.rows("crm", "invoiceViews"))["status"] == "paid", context
        assert observed(land)["deadLetters"] == [], context
        assert set(ends(land)) <= {"applied", "skipped", "duplicate"}, context
        crash_at += 7 if crash_at > 40 else 3
    assert crash_at > 100
