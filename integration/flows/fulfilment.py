"""F-3: what a released order still owes goes to the warehouses, one fulfilment order per location (domain section 0).

The warehouse gets the outstanding quantity of each inventory line, backordered or not: it allocates what it has. Only
an order that must ship complete waits until the ERP has reserved all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..flow import Applied, Outcome, Skipped
from ..work import Work

Record = dict[str, Any]


def push_released(work: Work) -> Outcome:
    """erp.salesorder.released"""
    return _push(work, dict(work.message.data))


def push_complete(work: Work) -> Outcome:
    """erp.backorder.filled: of interest only to orders that were held back until everything is reserved."""
    number = work.message.data["orderNumber"]
    order = work.erp.order_by_number(number)
    if order is None:
        raise work.wait_for(f"erp.order:{number}", f"no sales order {number}")
    if order["partialShipping"]:
        return Skipped("with the warehouse already")
    if order["status"] != "released":
        return Skipped(f"order is {order['status']}")
    return _push(work, order)


def _push(work: Work, order: Record) -> Outcome:
    if not order["partialShipping"] and any(Decimal(line["backordered"]) > 0 for line in order["lines"]):
        return Skipped("ships complete, waits for stock")
    by_location = _lines_by_location(work, order)
    if not by_location:
        return Skipped("nothing physical outstanding")
    method = _method(work, order)
    for location, lines in sorted(by_location.items()):
        warehouse = _warehouse(work, location)
        body = work.practice.fulfilment_order(
            {
                "orderNumber": order["number"],
                "releaseVersion": _version(order),
                "warehouseCode": warehouse,
                "shipTo": _ship_to(order),
                "carrierCode": method["carrierCode"],
                "serviceCode": method["serviceCode"],
                "shipComplete": not order["partialShipping"],
                "lines": lines,
            }
        )
        if order.get("requestedDeliveryDate"):
            body["requiredShipDate"] = order["requestedDeliveryDate"]
        name = f"erp:order:{order['number']}:{warehouse}:{body['releaseVersion']}"
        work.wms.create_order(body, name=name)
    return Applied()


def _lines_by_location(work: Work, order: Record) -> dict[str, list[Record]]:
    goods = [line for line in order["lines"] if line["lineType"] == "Item" and Decimal(line["outstanding"]) > 0]
    items = work.masters.items(line["itemNumber"] for line in goods)
    found: dict[str, list[Record]] = defaultdict(list)
    for line in goods:
        if items[line["itemNumber"]]["type"] == "Inventory":
            found[line["locationCode"]].append(
                {
                    "lineRef": str(line["sequence"]),
                    "sku": line["itemNumber"],
                    "quantity": line["outstanding"],
                    "uom": line["unitOfMeasureCode"],
                }
            )
    return found


def _ship_to(order: Mapping[str, Any]) -> Record:
    """The address, with what a driver may need to reach the customer."""
    known = {**order["shipTo"], "email": order.get("email"), "phoneNumber": order.get("phoneNumber")}
    return {name: value for name, value in known.items() if value is not None}


def _method(work: Work, order: Mapping[str, Any]) -> Record:
    methods = work.masters.by_code("listShipmentMethods", "shipmentMethods")
    method = methods.get(order["shipmentMethodCode"])
    if method is None:
        raise work.refuse(
            "unknown-reference", f"no shipment method {order['shipmentMethodCode']}",
            pointer="/shipmentMethodCode", rejected=order["shipmentMethodCode"],
        )  # fmt: skip
    return method


def _warehouse(work: Work, location: str) -> str:
    """The warehouse that serves an ERP location (B5, read backwards)."""
    rows = work.mappings.codes("warehouses").rows
    found = next((str(row["wms"]) for row in rows if row["erp"] == location and row.get("active", True)), None)
    if found is None:
        raise work.refuse(
            "unknown-reference", f"no warehouse serves location {location}", pointer="/lines", rejected=location
        )
    return found


def _version(order: Mapping[str, Any]) -> int:
    """The order's version at the ERP, which rises with each change: `W/"3"` -> 3."""
    return int(str(order["@etag"]).strip('W/"'))
