"""One workspace and one host for all examples; a world of its own for each, with more stock than the standard one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from understudy import Response, open_workspace
from understudy.simulate.host import Host
from understudy.testing import Landscape

OPENING: Mapping[str, Sequence[tuple[str, str]]] = {
    "SKU-1001": (("101", "11.20"), ("37", "12.35")),
    "SKU-1002": (("100", "6.50"), ("19", "5.89")),
    "SKU-1004": (("100", "8.00"), ("3", "9.99")),
}
"""Item -> lots of (quantity, unit cost): averages that have no end, so that rounding shows."""


@cache
def _host() -> Host:
    setup = open_workspace(Path(__file__).parents[2]).setup()

    def well_stocked() -> dict[str, Any]:
        data = dict(setup.dataset())
        bins = {row["itemNumber"]: row for row in data["openingStock"]}
        lots = [(sku, *lot) for sku, lots in OPENING.items() for lot in lots]
        data["openingStock"] = [{**bins[sku], "quantity": n, "unitCost": cost} for sku, n, cost in lots]
        return data

    return Host(replace(setup, dataset=well_stocked))


@contextmanager
def landscape(*, defect: str = "", **policies: str) -> Iterator[Landscape]:
    """A fresh world with the embedded integration; afterwards it is forgotten."""
    host = _host()
    run = host.start_run(integration="embedded", defect=defect, policies=policies)
    try:
        yield Landscape(host, run)
    finally:
        host.end_run(run.id)


def ship(world: Landscape, number: str, pieces: Mapping[str, int], *, final: bool) -> None:
    """The warehouse picks all of an ERP order, and these pieces, by line reference, leave in one carton."""
    call = world.wms.call
    (order,) = done(call("listFulfilmentOrders", query={"orderNumber": number}))["items"]
    done(call("createWave", {"fulfilmentOrderIds": [order["id"]]}))
    for task in done(call("listPickTasks", query={"fulfilmentOrderId": order["id"]}))["items"]:
        if task["status"] == "open":
            done(call("startPickTask", pickTaskId=task["id"]))
            done(call("completePickTask", {"pickedQuantity": task["quantity"]}, pickTaskId=task["id"]))
    lines = [{"lineRef": reference, "quantity": str(quantity)} for reference, quantity in pieces.items()]
    carton = {"weightGrams": 1000, "lines": lines}
    done(call("packFulfilmentOrder", {"cartons": [carton]}, fulfilmentOrderId=order["id"]))
    shipment = done(call("createShipment", {"fulfilmentOrderId": order["id"], "final": final}))
    done(call("manifestShipment", shipmentId=shipment["id"]))
    done(call("shipShipment", shipmentId=shipment["id"]))


def sales_order_number(world: Landscape, store_order_id: int) -> str:
    query = {"$filter": f"sourceOrderId eq '{store_order_id}'"}
    (order,) = done(world.erp.call("listSalesOrders", companyId="DE01", query=query))["value"]
    number: str = order["number"]
    return number


ERP_LISTS = (
    "listSalesOrders",
    "listSalesInvoices",
    "listCustomerPayments",
    "listGeneralLedgerEntries",
    "listItemLedgerEntries",
    "listStockBalances",
    "listCustomers",
)


def audit(world: Landscape) -> list[dict[str, Any]]:
    """The auditor asks every system for its books; then all that counts is in the journal."""
    for operation in ERP_LISTS:
        done(world.erp.call(operation, companyId="DE01", query={"$top": "100"}))
    done(world.crm.call("listInvoiceViews"))
    for operation in ("listOrders", "listInventoryLevels"):
        done(world.storefront.call(operation))
    return [entry.to_json() for entry in world.world.entries()]


def done(answer: Response) -> dict[str, Any]:
    assert answer.status < 300, answer.body
    body: dict[str, Any] = answer.json()
    return body
