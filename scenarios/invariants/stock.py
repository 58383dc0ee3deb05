"""Stock: balances, ledger, warehouse and store say the same, and nobody is promised what is not there (INV, CON-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from understudy import Evidence, Row

from .amount import ZERO, dec, plain, total
from .masters import OPEN, in_base_units, is_inventory, line_of, order_of
from .recorded import recorded

SELLABLE = "SELLABLE"
Place = tuple[str, str, str]
"""Item, location, stock status."""


def inv_1(evidence: Evidence) -> Iterator[Row | None]:
    """available = onHand (sellable) - reserved, on every balance."""
    for balance in evidence.touched("erp", "stockBalances"):
        if balance["stockStatus"] == SELLABLE:
            holds = dec(balance["available"]) == dec(balance["onHand"]) - dec(balance["reserved"])
            yield None if holds else _balance_row(balance, "onHand", "reserved", "available")


def inv_2(evidence: Evidence) -> Iterator[Row | None]:
    """What a balance holds reserved is the sum of what open order lines reserve there."""
    promised = _promised(evidence)
    places = dict.fromkeys(_place(row) for row in evidence.touched("erp", "stockBalances"))
    for order in evidence.touched("erp", "salesOrders"):
        for line in order["lines"]:
            if line["lineType"] == "Item":
                places[line["itemNumber"], line["locationCode"], SELLABLE] = None
    for place in places:
        balance = _balance(evidence, place)
        if balance is None and place not in promised:
            continue
        held = dec(balance["reserved"]) if balance is not None else ZERO
        wanted = promised.get(place, ZERO)
        yield None if held == wanted else {**_named(place), "reserved": plain(held), "reservedByOrders": plain(wanted)}


def inv_3(evidence: Evidence) -> Iterator[Row | None]:
    """onHand is the sum of the item ledger, and the ledger is what the posted documents moved.

    Opening, receipts, returns, positive adjustments and transfers in count up; issues, negative adjustments and
    transfers out count down.
    """
    places = dict.fromkeys(_place(row) for row in evidence.touched("erp", "stockBalances"))
    entries = evidence.touched("erp", "itemLedgerEntries")
    places |= dict.fromkeys(_place(entry) for entry in entries)
    for place in places:
        balance = _balance(evidence, place)
        ledger = total(dec(entry["quantity"]) for entry in _ledger(evidence, place))
        held = dec(balance["onHand"]) if balance is not None else ZERO
        yield None if held == ledger else {**_named(place), "onHand": plain(held), "ledger": plain(ledger)}
    for entry in entries:
        yield _wrong_sign(entry)
    yield from _documents_and_ledger(evidence)


def inv_4(evidence: Evidence) -> Iterator[Row | None]:
    """Unless negative stock is allowed, no prefix of the ledger of a place is below zero."""
    if evidence.policy.get("allowNegativeStock", "false") == "true":
        return
    for place in dict.fromkeys(_place(entry) for entry in evidence.touched("erp", "itemLedgerEntries")):
        held = ZERO
        broken: Row | None = None
        for entry in sorted(_ledger(evidence, place), key=lambda row: int(row["entryNumber"])):
            held += dec(entry["quantity"])
            if held < 0 and broken is None:
                broken = {**_named(place), "entryNumber": entry["entryNumber"], "onHand": plain(held)}
        yield broken


def inv_5(evidence: Evidence) -> Iterator[Row | None]:
    """A warehouse snapshot, carried on by the movements after its point, is the ERP's stock per sku and status."""
    newest = {snapshot["warehouseCode"]: snapshot for snapshot in evidence.rows("wms", "snapshots")}
    for code, snapshot in newest.items():
        site = evidence.get("wms", "warehouses", code)
        location = site["locationCode"] if site is not None else code
        counted: dict[Place, Decimal] = {}
        for line in snapshot["lines"]:
            counted[line["sku"], location, line["status"]] = dec(line["onHand"])
        for move in evidence.find("wms", "stockMovements", "warehouseCode", code):
            if move["sequence"] > snapshot["asOfSequence"]:
                place = (move["sku"], location, move["status"])
                counted[place] = counted.get(place, ZERO) + dec(move["quantity"])
        # What the ERP has there and the warehouse has never seen is drift as well.
        for balance in evidence.rows("erp", "stockBalances"):
            if balance["locationCode"] == location and dec(balance["onHand"]):
                counted.setdefault(_place(balance), ZERO)
        for place, quantity in counted.items():
            balance = _balance(evidence, place)
            booked = dec(balance["onHand"]) if balance is not None else ZERO
            row = {**_named(place), "snapshot": snapshot["id"], "wms": plain(quantity), "erp": plain(booked)}
            yield None if booked == quantity else {**row, "drift": plain(quantity - booked)}


def inv_6(evidence: Evidence) -> Iterator[Row | None]:
    """The warehouse allocates no more than sellable stock on hand, and to an order line no more than is open of it."""
    for row in evidence.touched("wms", "inventory"):
        allocated = dec(row["allocated"])
        limit = dec(row["onHand"]) if row["status"] == SELLABLE else ZERO
        if 0 <= allocated <= limit or allocated == 0:
            yield None
        else:
            named = {name: row[name] for name in ("warehouseCode", "sku", "binCode", "status")}
            yield {**named, "onHand": row["onHand"], "allocated": row["allocated"]}
    for order in evidence.touched("wms", "fulfilmentOrders"):
        for line in order["lines"]:
            left = dec(line["quantity"]) - dec(line["shipped"]) - dec(line["cancelled"])
            if 0 <= dec(line["allocated"]) <= max(left, ZERO):
                yield None
            else:
                named = {"fulfilmentOrder": order["id"], "line": line["lineRef"]}
                yield {**named, "open": plain(left), "allocated": line["allocated"]}


def inv_7(evidence: Evidence) -> Iterator[Row | None]:
    """The store offers max(0, what the ERP has available at sellable locations - safety stock) (F-6)."""
    if not recorded(evidence).present:
        return
    settings = evidence.resources.get("settings", {}).get("storefront", {})
    safety = dec(settings.get("safetyStock", "0"))
    sellable = {row["code"] for row in evidence.rows("erp", "locations") if row["sellable"]}
    available: dict[str, Decimal] = {}
    for balance in evidence.rows("erp", "stockBalances"):
        if balance["stockStatus"] == SELLABLE and balance["locationCode"] in sellable:
            number = balance["itemNumber"]
            available[number] = available.get(number, ZERO) + dec(balance["available"])
    for level in evidence.rows("storefront", "inventoryLevels"):
        variant = evidence.find("storefront", "variants", "inventory_item_id", level["inventory_item_id"])
        if not variant or not variant[0].get("sku"):
            continue
        sku = variant[0]["sku"]
        offer = max(ZERO, (available.get(sku, ZERO) - safety).to_integral_value(rounding=ROUND_FLOOR))
        shown = dec(level["available"])
        yield None if shown == offer else {"sku": sku, "store": plain(shown), "erp": plain(offer)}


def inv_9(evidence: Evidence) -> Iterator[Row | None]:
    """Pick, pack and short pick move no stock at the ERP: a shipment is posted for goods that have left."""
    story = recorded(evidence)
    for name in ("wms.pick.completed.v1", "wms.pick.short.v1", "wms.pack.completed.v1"):
        for event in story.events_by_name.get(name, ()):
            moved = [
                key
                for write in story.writes_by_cause.get(event.event_id, ())
                for table, key in write.changes
                if write.system == "erp" and table == "itemLedgerEntries"
            ]
            yield {"event": event.event_id, "type": name, "itemLedgerEntries": moved} if moved else None
    for shipment in evidence.rows("erp", "salesShipments"):
        ours = ("erp", "salesShipments", shipment["id"]) in story.created_by_integration
        if not ours or shipment["status"] != "posted":
            continue
        gone = evidence.get("wms", "shipments", shipment["wmsShipmentId"])
        if gone is not None and gone["status"] in ("shipped", "delivered"):
            yield None
        else:
            state = "unknown" if gone is None else gone["status"]
            yield {"shipment": shipment["number"], "wmsShipmentId": shipment["wmsShipmentId"], "wmsStatus": state}


def inv_11(evidence: Evidence) -> Iterator[Row | None]:
    """Stock value by the item ledger is the balance of 1300, and an item of which nothing is left is worth nothing."""
    quantity: dict[str, Decimal] = {}
    value: dict[str, Decimal] = {}
    for entry in evidence.rows("erp", "itemLedgerEntries"):
        number = entry["itemNumber"]
        quantity[number] = quantity.get(number, ZERO) + dec(entry["quantity"])
        value[number] = value.get(number, ZERO) + dec(entry["costAmount"])
    booked = total(
        dec(entry["debitAmount"]) - dec(entry["creditAmount"])
        for entry in evidence.find("erp", "generalLedgerEntries", "accountNumber", "1300")
    )
    if value or booked:
        worth = total(value.values())
        yield None if worth == booked else {"account": "1300", "balance": plain(booked), "stockValue": plain(worth)}
    for number, left in quantity.items():
        if left == 0:
            yield None if value[number] == 0 else {"item": number, "quantity": "0", "value": plain(value[number])}


def inv_12(evidence: Evidence) -> Iterator[Row | None]:
    """Stock that is not SELLABLE is neither available nor reserved, at the ERP and at the warehouse."""
    for balance in evidence.rows("erp", "stockBalances"):
        if balance["stockStatus"] != SELLABLE:
            holds = dec(balance["available"]) <= 0 and dec(balance["reserved"]) == 0
            yield None if holds else _balance_row(balance, "onHand", "reserved", "available")
    for row in evidence.rows("wms", "inventory"):
        if row["status"] != SELLABLE:
            named = {name: row[name] for name in ("warehouseCode", "sku", "binCode", "status", "available")}
            yield None if dec(row["available"]) <= 0 else named


def con_2(evidence: Evidence) -> Iterator[Row | None]:
    """However many ask at once, no more is reserved than sellable stock is on hand."""
    if evidence.policy.get("allowNegativeStock", "false") == "true":
        return
    for balance in evidence.touched("erp", "stockBalances"):
        if balance["stockStatus"] == SELLABLE:
            holds = dec(balance["reserved"]) <= max(dec(balance["onHand"]), ZERO)
            yield None if holds else _balance_row(balance, "onHand", "reserved")


def _documents_and_ledger(evidence: Evidence) -> Iterator[Row | None]:
    """Each document against its own ledger entries, and each entry against the existence of its document."""
    for shipment in evidence.touched("erp", "salesShipments"):
        if shipment["status"] in ("posted", "reversed"):
            yield _compare(evidence, shipment, "SalesShipment", _issued(evidence, shipment))
    for receipt in evidence.touched("erp", "purchaseReceipts"):
        wanted: dict[Place, Decimal] = {}
        for line in receipt["lines"]:
            for status, field in ((SELLABLE, "received"), ("DAMAGED", "damaged")):
                place = (line["itemNumber"], receipt["locationCode"], status)
                wanted[place] = wanted.get(place, ZERO) + dec(line.get(field))
        yield _compare(evidence, receipt, "PurchaseReceipt", wanted)
    for journal in evidence.touched("erp", "itemJournalEntries"):
        quantity, item, location = dec(journal["quantity"]), journal["itemNumber"], journal["locationCode"]
        if journal.get("fromStatus") and journal.get("toStatus"):
            wanted = {
                (item, location, journal["fromStatus"]): -quantity,
                (item, location, journal["toStatus"]): quantity,
            }
        else:
            wanted = {(item, location, journal["stockStatus"]): quantity}
        yield _compare(evidence, journal, "ItemJournalEntry", wanted)
    for entry in evidence.touched("erp", "itemLedgerEntries"):
        table = _DOCUMENTS.get(entry["documentType"])
        if table is not None and not evidence.find("erp", table, "number", entry["documentNumber"]):
            yield {"entryNumber": entry["entryNumber"], "document": entry["documentNumber"], "exists": False}


_DOCUMENTS = {
    "SalesShipment": "salesShipments",
    "PurchaseReceipt": "purchaseReceipts",
    "ItemJournalEntry": "itemJournalEntries",
    "CreditMemo": "creditMemos",
}


def _issued(evidence: Evidence, shipment: Mapping[str, Any]) -> dict[Place, Decimal]:
    """What a posted shipment took out of stock; nothing on balance once it was undone."""
    order = order_of(evidence, shipment["orderNumber"])
    wanted: dict[Place, Decimal] = {}
    for line in shipment["lines"]:
        known = line_of(order, line["orderLineSequence"]) if order is not None else None
        if known is None or not is_inventory(evidence, known):
            continue
        place = (known["itemNumber"], known["locationCode"], SELLABLE)
        moved = in_base_units(evidence, known, dec(line["quantity"])) if shipment["status"] == "posted" else ZERO
        wanted[place] = wanted.get(place, ZERO) - moved
    return wanted


def _compare(evidence: Evidence, document: Mapping[str, Any], kind: str, wanted: Mapping[Place, Decimal]) -> Row | None:
    booked = dict.fromkeys(wanted, ZERO)
    for entry in evidence.find("erp", "itemLedgerEntries", "documentNumber", document["number"]):
        if entry["documentType"] == kind:
            booked[_place(entry)] = booked.get(_place(entry), ZERO) + dec(entry["quantity"])
    wrong = {place: quantity for place, quantity in booked.items() if quantity != wanted.get(place, ZERO)}
    if not wrong:
        return None
    place, quantity = next(iter(wrong.items()))
    row = {"document": document["number"], **_named(place), "ledger": plain(quantity)}
    return {**row, "posted": plain(wanted.get(place, ZERO))}


def _wrong_sign(entry: Mapping[str, Any]) -> Row | None:
    """An issue lowers stock and a receipt raises it; only an undo turns the sign round."""
    quantity = dec(entry["quantity"])
    if entry.get("reversalOf") is not None:
        quantity = -quantity
    down = entry["entryType"] in ("Sale", "NegativeAdjustment")
    up = entry["entryType"] in ("Purchase", "SaleReturn", "PositiveAdjustment")
    if (down and quantity > 0) or (up and quantity < 0):
        return {name: entry[name] for name in ("entryNumber", "entryType", "itemNumber", "quantity")}
    return None


def _promised(evidence: Evidence) -> Mapping[Place, Decimal]:
    """Place -> base units reserved by the lines of open orders."""
    found: dict[Place, Decimal] = {}
    for status in OPEN:
        for order in evidence.find("erp", "salesOrders", "status", status):
            for line in order["lines"]:
                reserved = dec(line["reserved"])
                if reserved:
                    place = (line["itemNumber"], line["locationCode"], SELLABLE)
                    found[place] = found.get(place, ZERO) + in_base_units(evidence, line, reserved)
    return found


def _place(row: Mapping[str, Any]) -> Place:
    return row["itemNumber"], row["locationCode"], row["stockStatus"]


def _named(place: Place) -> dict[str, str]:
    return {"item": place[0], "location": place[1], "stockStatus": place[2]}


def _balance(evidence: Evidence, place: Place) -> dict[str, Any] | None:
    """The stored balance. Balances are kept by item, location and status, so that one is found without reading all."""
    return evidence.get("erp", "stockBalances", "|".join(place))


def _ledger(evidence: Evidence, place: Place) -> list[dict[str, Any]]:
    entries = evidence.find("erp", "itemLedgerEntries", "itemNumber", place[0])
    return [entry for entry in entries if _place(entry) == place]


def _balance_row(balance: Mapping[str, Any], *fields: str) -> Row:
    return {**_named(_place(balance)), **{name: balance[name] for name in fields}}
