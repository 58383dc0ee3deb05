"""F-4: goods that left the warehouse become a posted ERP shipment (domain 4.2). Each WMS shipment makes exactly one."""

from __future__ import annotations

from typing import Any

from ..flow import Applied, Outcome
from ..mappings import SHIPMENT, require_intact
from ..work import Work
from . import reference

Record = dict[str, Any]


def post(work: Work) -> Outcome:
    """wms.shipment.confirmed"""
    name = f"wms:shipment:{work.message.data['shipmentId']}"
    # A shipment of an earlier attempt must not be measured against an order that it has changed itself.
    shipment = work.erp.noted(f"{name}:create") or _create(work, name)
    if shipment["status"] == "draft":
        shipment = work.erp.post_shipment(shipment, name=f"{name}:post")
    work.practice.after_shipment(work, shipment)
    # `reversed`: people have undone it at the ERP meanwhile, and the warehouse's event changes nothing any more.
    return Applied("" if shipment["status"] == "posted" else shipment["status"])


def _create(work: Work, name: str) -> Record:
    data = work.message.data
    order = work.erp.order_by_number(data["orderNumber"])
    if order is None:
        raise work.wait_for(f"erp.order:{data['orderNumber']}", f"no sales order {data['orderNumber']}")
    skus = (line["sku"] for carton in data["cartons"] for line in carton["lines"])
    mapped = work.map(SHIPMENT, data, reference.stock_lookups(work, skus, order))
    body = work.practice.sales_shipment(require_intact(mapped), order)
    return work.erp.create_shipment(body, name=f"{name}:create")
