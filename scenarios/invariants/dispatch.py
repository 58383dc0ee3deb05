"""What the warehouse is told of a released order, and the store of goods that have left: flows F-3 and F-7.

No mapping table speaks for these two, so their messages are compared here with the documents that they come from. Each
function names what is not there, '' when everything is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy import EventEntry, Evidence

from .amount import ZERO, dec, plain
from .masters import is_inventory, order_of, store_order_of
from .recorded import event_data, recorded

Record = dict[str, Any]
Pieces = dict[str, Decimal]
"""Store line id -> pieces."""

_ADDRESS = ("name", "addressLine1", "addressLine2", "city", "state", "postalCode", "country")


# -- F-3 --------------------------------------------------------------------------------------------------------------


def warehouse_order(evidence: Evidence, event: EventEntry) -> str:
    """Each inventory line at the warehouse of its location, the same goods to the same address by the same service.

    How much of it is open there is ORD-10's affair.
    """
    order = event_data(event)
    if not order["partialShipping"] and any(dec(line["backordered"]) > 0 for line in order["lines"]):
        return ""  # ships complete: waits for stock at the ERP
    pushed = evidence.find("wms", "fulfilmentOrders", "orderNumber", order["number"])
    there = {(row["warehouseCode"], line["lineRef"]): line for row in pushed for line in row["lines"]}
    site_of = {site["locationCode"]: site["code"] for site in evidence.rows("wms", "warehouses")}
    missing = []
    for line in order["lines"]:
        if is_inventory(evidence, line) and dec(line["outstanding"]) > 0:
            held = there.get((site_of.get(line["locationCode"]), str(line["sequence"])))
            if held is None:
                missing.append(str(line["sequence"]))
            elif held["sku"] != line["itemNumber"]:
                return f"{line['itemNumber']} in line {line['sequence']} of the warehouse order: {held['sku']}"
    if missing:
        return f"warehouse order for lines {', '.join(missing)} of {order['number']}"
    # An address that was corrected at the ERP since may have been passed on.
    states = [order, *evidence.find("erp", "salesOrders", "number", order["number"])]
    for row in pushed:
        differences = [_other_dispatch(evidence, row, state) for state in states]
        if all(differences):
            return f"warehouse order {row['id']} with {differences[0]}"
    return ""


def _other_dispatch(evidence: Evidence, pushed: Mapping[str, Any], order: Mapping[str, Any]) -> str:
    """The first difference between where and how a warehouse order and its sales order are to be sent."""
    method = evidence.get("erp", "shipmentMethods", order["shipmentMethodCode"]) or {}
    ship_to = order["shipTo"] or {}
    pairs = [(f"shipTo.{name}", ship_to.get(name), pushed["shipTo"].get(name)) for name in _ADDRESS]
    pairs += [(name, method.get(name), pushed[name]) for name in ("carrierCode", "serviceCode")]
    pairs.append(("shipComplete", not order["partialShipping"], pushed["shipComplete"]))
    return next((f"{name} {wanted!r}, not {held!r}" for name, wanted, held in pairs if wanted != held), "")


# -- F-7 --------------------------------------------------------------------------------------------------------------


def fulfilment(evidence: Evidence, event: EventEntry) -> str:
    """What the ERP has shipped of a store order, the store shows as fulfilled: no less, no more, and by its parcel."""
    shipment = event_data(event)
    order = order_of(evidence, shipment["orderNumber"])
    sold = store_order_of(evidence, order) if order is not None else None
    if order is None or sold is None:
        return ""
    shown = [row for row in sold["fulfillments"] if row["status"] != "cancelled"]
    told = _sum(_by_id(row) for row in shown)
    due = _sum(_pieces(order, row["lines"]) for row in _told_until(evidence, event))
    for line in _pieces(order, shipment["lines"]):
        if told.get(line, ZERO) < due[line]:
            return f"fulfilment of line {line} at the store: {plain(told.get(line, ZERO))} of {plain(due[line])}"
    posted = evidence.find("erp", "salesShipments", "orderNumber", order["number"])
    left = _sum(_pieces(order, row["lines"]) for row in posted if row["status"] != "draft")
    for line, pieces in told.items():
        sent = left.get(line, ZERO)
        if pieces > sent:
            return f"shipment of all that the store shows of line {line}: {plain(sent)} of {plain(pieces)}"
    tracking = shipment.get("trackingNumber")
    if tracking and not any(tracking in _numbers(row) for row in shown):
        return f"tracking number {tracking} at the store"
    return next((wrong for row in shown if (wrong := _wrong_parcel(evidence, order, row))), "")


def _told_until(evidence: Evidence, event: EventEntry) -> Iterator[Mapping[str, Any]]:
    """The order's shipments that were posted so far and that nothing excuses from being told."""
    story = recorded(evidence)
    number = event_data(event)["orderNumber"]
    for other in story.events_by_name.get("erp.shipment.posted.v1", ()):
        excused = other.event_id in story.reasons or other.event_id not in story.accepted
        if other.seq <= event.seq and event_data(other)["orderNumber"] == number and not excused:
            yield event_data(other)


def _wrong_parcel(evidence: Evidence, order: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """A parcel that the order has not, or more of a line in parcels than the shipments that they belong to hold."""
    contents: dict[str, Pieces] = {}
    shipment_of: dict[str, str] = {}
    for row in evidence.find("erp", "salesShipments", "orderNumber", order["number"]):
        contents[row["wmsShipmentId"]] = _pieces(order, row["lines"])
        if row.get("trackingNumber"):
            shipment_of[row["trackingNumber"]] = row["wmsShipmentId"]
        gone = evidence.get("wms", "shipments", row["wmsShipmentId"])
        for carton in gone["cartons"] if gone is not None else ():
            if carton["trackingNumber"]:
                shipment_of[carton["trackingNumber"]] = row["wmsShipmentId"]
    unknown = sorted(_numbers(shown) - set(shipment_of))
    if unknown:
        return f"a parcel {unknown[0]} of the order"
    held = _sum(contents[each] for each in {shipment_of[number] for number in _numbers(shown)})
    for line, pieces in _by_id(shown).items() if held else ():
        if pieces > held.get(line, ZERO):
            return f"{plain(pieces)} of line {line} in parcel {', '.join(sorted(_numbers(shown)))}"
    return ""


def _numbers(shown: Mapping[str, Any]) -> set[str]:
    return {str(number) for number in (*shown["tracking_numbers"], shown["tracking_number"]) if number}


def _by_id(shown: Mapping[str, Any]) -> Pieces:
    return {str(line["id"]): dec(line["quantity"]) for line in shown["line_items"]}


def _pieces(order: Mapping[str, Any], lines: list[Record]) -> Pieces:
    """Lines of a shipment as pieces of the store's lines; what the store does not fulfil is left out."""
    origin = {line["sequence"]: line for line in order["lines"]}
    found: Pieces = {}
    for line in lines:
        known = origin.get(line["orderLineSequence"])
        if known is not None and known["lineType"] == "Item" and known.get("sourceLineId"):
            store_line = str(known["sourceLineId"])
            found[store_line] = found.get(store_line, ZERO) + dec(line["quantity"])
    return found


def _sum(parts: Any) -> Pieces:
    found: Pieces = {}
    for part in parts:
        for line, quantity in part.items():
            found[line] = found.get(line, ZERO) + quantity
    return found
