"""Orders in which every field says something: what a mapping moves, and the money that comes of it (4.1, domain 5)."""

from __future__ import annotations

import pytest
from hands import HOME, OFFICE, Shopper, Warehouse, Watcher, freight, line

from understudy.testing import Landscape


@pytest.mark.understudy(proves=["MAP-4.1", "ORD-8", "TAX-3", "MDM-3"])
def test_every_field_means_something_else(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """Bill-to is not ship-to, firms and second address lines, a remark, a wished day, the same item twice."""
    parcel_shop = {
        "company": "Kiosk am Markt",
        "first_name": "Olga",
        "last_name": "Brandt",
        "address1": "Markt 3",
        "address2": "Hinterhaus",
        "city": "Görlitz",
        "zip": "02826",
        "country_code": "DE",
    }
    bill_to = {**OFFICE, "address2": "Kontor 4"}
    order = shopper.checks_out(
        [
            line("SKU-1001", 3, "24.90", "14.19"),
            line("SKU-1002", 2, "12.00", "1.68", rate=0.07),
            line("SKU-1001", 1, "22.41", "4.26"),
        ],
        tax="21.06",
        total="147.07",
        shipping=[freight("4.90", "0.93", code="dhl_exp")],
        customer={"id": 7730},
        email="einkauf@nordwind.example.com",
        phone="040 66969050",
        billing_address=bill_to,
        shipping_address=parcel_shop,
        note="Please ring twice",
        note_attributes=[{"name": "delivery_date", "value": "2026-03-05"}],
        payment_terms="net_14",
        transactions=[],
    )
    world.settle()
    taken = watcher.sales_order(order)
    assert (taken["billTo"]["name"], taken["billTo"]["addressLine2"]) == ("Nordwind Handels GmbH", "Kontor 4")
    assert (taken["shipTo"]["name"], taken["shipTo"]["postalCode"]) == ("Kiosk am Markt", "02826")
    assert (taken["shipmentMethodCode"], taken["paymentTermsCode"]) == ("DHL-EXP", "N14")
    assert taken["requestedDeliveryDate"] == "2026-03-05"
    # 19 % on 74.70 + 22.41 + 4.90 = 102.01 is 19.38, 7 % on 24.00 is 1.68.
    assert taken["totals"] == {"excludingTax": "126.01", "tax": "21.06", "includingTax": "147.07"}
    assert [row["description"] for row in taken["lines"] if row["lineType"] == "Comment"] == ["Please ring twice"]
    sent = warehouse.order_of(taken["number"])
    assert (sent["shipTo"]["name"], sent["shipTo"]["city"]) == ("Kiosk am Markt", "Görlitz")
    warehouse.ships(taken["number"])
    world.settle()
    assert watcher.only("erp", "salesInvoices")["totals"]["includingTax"] == "147.07"
    assert watcher.only("crm", "invoiceViews")["status"] == "issued"


@pytest.mark.understudy(proves=["MAP-4.1"])
def test_a_dirty_order_equals_its_clean_twin(world: Landscape, shopper: Shopper, watcher: Watcher) -> None:
    """MD-3 thin: blanks, no-break spaces, lower case, a country by name, "N/A" (DQ-1, 2, 3, 10, 14)."""
    spoilt = {**HOME, "country_code": "Germany", "city": " Dresden\u00a0", "company": "N/A", "address1": "Hauptstr.  5"}
    dirty = shopper.checks_out(
        [line(" sku-1001\u00a0", 1, "24.90", "4.73")],
        tax="4.73",
        total="29.63",
        email=" Anna.K@Example.com",
        customer=None,
        billing_address=spoilt,
        shipping_address=spoilt,
    )
    clean = shopper.orders_a_mug()
    world.settle()
    mine = ("id", "number", "sourceOrderId", "externalDocumentNumber", "lines", "@etag", "lastModifiedDateTime")
    first, second = (watcher.sales_order(order) for order in (dirty, clean))
    compared = [{k: v for k, v in row.items() if k not in mine and not k.startswith("_")} for row in (first, second)]
    for row in compared:
        for volatile in ("releasedAt", "correlationId", "createdAt"):
            row.pop(volatile, None)
    assert compared[0] == compared[1]
    assert first["lines"][0]["itemNumber"] == second["lines"][0]["itemNumber"] == "SKU-1001"


@pytest.mark.understudy(proves=["TAX-1", "TAX-5", "MAP-4.1", "FIN-4"])
def test_prices_with_tax_and_a_voucher(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """PT-3 (M-20) at Austria's 20 %: net 45.81, tax 9.16, gross 54.97, from checkout to portal."""
    vienna = {**HOME, "address1": "Gumpendorfer Str. 9", "city": "Wien", "zip": "1060", "country_code": "AT"}
    voucher = {"type": "discount_code", "title": "MINUS5", "value": "5.00", "value_type": "fixed_amount"}
    order = shopper.checks_out(
        [line("SKU-1001", 3, "19.99", "9.16", rate=0.2, discount="5.00")],
        tax="9.16",
        total="54.97",
        taxes_included=True,
        shipping=[freight("0.00", "0.00", rate=0.2)],
        customer=None,
        email="wien@example.com",
        billing_address=vienna,
        shipping_address=vienna,
        discount_applications=[{**voucher, "target_type": "line_item", "target_selection": "all"}],
    )
    world.settle()
    assert watcher.sales_order(order)["totals"] == {"excludingTax": "45.81", "tax": "9.16", "includingTax": "54.97"}
    warehouse.ships(watcher.sales_order(order)["number"])
    world.settle()
    invoice = watcher.only("erp", "salesInvoices")
    assert [(row["base"], row["percent"], row["tax"]) for row in invoice["taxSummary"]] == [("45.81", "20", "9.16")]
    assert (invoice["totals"]["includingTax"], invoice["status"]) == ("54.97", "paid")
    assert watcher.only("crm", "invoiceViews")["total"] == "54.97"


@pytest.mark.understudy(proves=["FIN-8", "MAP-4.1"])
def test_two_ways_to_pay_are_two_payments(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """A24: a gift card is money, not a discount; tax and total stay (PT-3)."""
    by_card = {"kind": "sale", "status": "success", "amount": "50.73", "gateway": "card"}
    by_gift = {"kind": "sale", "status": "success", "amount": "20.00", "gateway": "gift_card"}
    declined = {"kind": "sale", "status": "failure", "amount": "50.73", "gateway": "card"}
    shopper.orders_the_standard(transactions=[by_gift, declined, by_card])
    world.settle()
    paid = [(row["amount"], row["paymentMethodCode"]) for row in world.rows("erp", "customerPayments")]
    assert sorted(paid) == [("20.00", "GIFTCARD"), ("50.73", "CARD")]
    warehouse.ships(watcher.only("erp", "salesOrders")["number"])
    world.settle()
    invoice = watcher.only("erp", "salesInvoices")
    assert (invoice["totals"]["tax"], invoice["status"], invoice["remainingAmount"]) == ("10.21", "paid", "0.00")


@pytest.mark.understudy(proves=["REC-2", "FIN-2", "CON-3"])
def test_an_invoice_that_is_paid_in_parts(
    world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher
) -> None:
    """C4: issued, partially paid, paid; the portal follows each time."""
    shopper.orders_the_standard(
        customer={"id": 7730}, billing_address=OFFICE, shipping_address=OFFICE, payment_terms="net_30", transactions=[]
    )
    world.settle()
    order = watcher.only("erp", "salesOrders")
    warehouse.ships(order["number"])
    world.settle()
    seen = [watcher.only("crm", "invoiceViews")]
    for number, amount in (("bank-1", "30.73"), ("bank-2", "40.00")):
        transfer = {
            "customerId": order["customerId"],
            "amount": amount,
            "currencyCode": "EUR",
            "externalPaymentId": number,
            "applications": [{"documentNumber": seen[0]["number"], "amount": amount}],
        }
        assert world.erp.call("createCustomerPayment", transfer, companyId="DE01").status == 201
        world.settle()
        seen.append(watcher.only("crm", "invoiceViews"))
    shown = [(view["status"], view["remaining"]) for view in seen]
    assert shown == [("issued", "70.73"), ("partially_paid", "40.00"), ("paid", "0.00")]


@pytest.mark.understudy(proves=["MAP-4.1", "MAP-4.2", "DOC-7"])
def test_the_other_location(world: Landscape, shopper: Shopper, warehouse: Warehouse, watcher: Watcher) -> None:
    """A27, B5: the shop means to fulfil from Warsaw, so EAST promises, WAW1 ships, EAST's stock falls."""
    warehouse.receives("SKU-1001", "7", code="WAW1")
    world.settle()
    shopper.orders_a_mug(location_id=70002)
    world.settle()
    order = watcher.only("erp", "salesOrders")
    assert {row["locationCode"] for row in order["lines"] if row["lineType"] == "Item"} == {"EAST"}
    assert warehouse.order_of(order["number"])["warehouseCode"] == "WAW1"
    warehouse.ships(order["number"])
    world.settle()
    left = {
        row["locationCode"]: row["onHand"]
        for row in world.rows("erp", "stockBalances")
        if (row["itemNumber"], row["stockStatus"]) == ("SKU-1001", "SELLABLE")
    }
    assert left == {"MAIN": "20", "EAST": "6"}
    assert watcher.offered("SKU-1001") == 26
