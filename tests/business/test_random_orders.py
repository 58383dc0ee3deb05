"""200 random orders from checkout to portal: the books equal a second computation made from the journal alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from understudy.testing import Landscape

from .arithmetic import parts, spread
from .checkout import Basket, Json, Line, baskets
from .landscape import OPENING, audit, done, landscape, sales_order_number, ship
from .reckoning import Journal, differences

ORDERS = 200


@pytest.mark.slow
@settings(
    max_examples=ORDERS,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(basket=baskets())
def test_the_books_equal_a_second_computation(basket: Basket) -> None:
    """Totals, tax, postings, costs, remaining amounts, stock, shop and portal; and every invariant agrees."""
    with landscape() as world:
        order = _order(world, basket)
        if not basket.explicable:
            _was_refused(world)
            return
        _ship(world, basket, order)
        assert differences(Journal(audit(world)), OPENING) == []
        _invariants_hold(world)


# Lines whose taxes round otherwise than their sum, a part of an uneven amount, and both rates.
_TELLING = Basket(
    lines=(
        Line(sku="SKU-1001", quantity=3, price=Decimal("3.33333"), discount=Decimal("0.50")),
        Line(sku="SKU-1002", quantity=2, price=Decimal("7.77"), discount=Decimal("0.00")),
        Line(sku="SKU-1004", quantity=1, price=Decimal("3.33"), discount=Decimal("0.00")),
    ),
    order_discount=Decimal("2.83"),
    freight=Decimal("4.91"),
    freight_discount=Decimal("0.00"),
    included=False,
    payment="card",
    drift=0,
    first=(1, 2, 0),
)


@pytest.mark.parametrize(
    "change, difference",
    [
        ({"taxRoundingLevel": "perLine"}, "order tax: 4.10 in the books, 4.11 by reckoning"),
        ({"taxRoundingDirection": "down"}, "order tax: 4.09 in the books, 4.11 by reckoning"),
        ({"freightTax": "byGoodsShare"}, "order line 40000 taxAmount: 0.61 in the books, 0.93 by reckoning"),
        ({"costTiming": "invoice"}, "5000 by shipment: [] in the books"),
        ({"defect": "drops-freight"}, "3 order lines, not 4"),
        ({"defect": "discount-in-price"}, "order line 20000 netAmount: 14.00 in the books, 13.99 by reckoning"),
        ({"defect": "prepayment-without-tax"}, "payments: [Decimal('29.04')] in the books"),
        ({"defect": "invoice-always-issued"}, "portal: [('issued', Decimal('24.20')"),
        ({"defect": "order-date-in-utc"}, "order date: 2026-03-01 in the books, 2026-03-02 by reckoning"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_the_second_computation_notices(change: dict[str, str], difference: str) -> None:
    """An auditor who is always content is none: the same order under another policy, or a defect, is found out."""
    with landscape(**change) as world:
        _ship(world, _TELLING, _order(world, _TELLING))
        found = differences(Journal(audit(world)), OPENING)
    assert [each for each in found if each.startswith(difference)], found


@pytest.mark.parametrize("drift", [1, -1, 0], ids=["a cent more", "a cent less", "to the cent"])
def test_a_last_parcel_worth_nothing_leaves_no_cent_behind(drift: int) -> None:
    """FIN-8, FIN-10: what the shop charged beside the ERP's sum goes to 6900, also when the last invoice is 0.00."""
    free = Line(sku="SKU-1001", quantity=1, price=Decimal("0.00001"), discount=Decimal("0.00"))
    basket = Basket(
        lines=(free, free, free),
        order_discount=Decimal("0.00"),
        freight=Decimal("4.90"),
        freight_discount=Decimal("0.00"),
        included=False,
        payment="card",
        drift=drift,
        first=(0, 0, 1),
    )
    with landscape() as world:
        _ship(world, basket, _order(world, basket))
        assert differences(Journal(audit(world)), OPENING) == []
        assert [i["status"] for i in world.rows("erp", "salesInvoices")] == ["paid", "paid"]
        assert [p["unappliedAmount"] for p in world.rows("erp", "customerPayments")] == ["0.00"]
        _invariants_hold(world)


def _order(world: Landscape, basket: Basket) -> Json:
    """Checkout, and the money at once or later."""
    checkout = basket.checkout()
    order = done(world.storefront.call("createOrder", checkout))
    world.settle()
    if basket.payment == "later":
        _capture(world, order["id"], checkout["total_price"])
    return order


def _ship(world: Landscape, basket: Basket, order: Json) -> None:
    number, shipments = sales_order_number(world, order["id"]), basket.shipments
    for pieces in shipments:
        ship(world, number, pieces, final=pieces is shipments[-1])
        world.settle()


def _capture(world: Landscape, order_id: int, amount: str) -> None:
    """What was authorised at checkout is captured later."""
    found = done(world.storefront.call("listOrderTransactions", orderId=order_id))
    (authorised,) = found["transactions"]
    capture = {"kind": "capture", "amount": amount, "gateway": "card", "parent_id": authorised["id"]}
    done(world.storefront.call("createOrderTransaction", capture, orderId=order_id))
    world.settle()


def _was_refused(world: Landscape) -> None:
    """A23: more than rounding can cause makes a dead letter that names both totals, and nothing else."""
    letters = world.control("listRunDeadLetters")["items"]
    assert "total-mismatch" in {letter["errorCode"] for letter in letters}
    journal = Journal(audit(world))
    for operation in ("listSalesOrders", "listSalesInvoices", "listCustomerPayments", "listInvoiceViews"):
        assert journal.rows(operation) == []
    assert journal.exchanges("createSalesOrder", client="integration") == []
    _invariants_hold(world)


def _invariants_hold(world: Landscape) -> None:
    verdicts = world.judge()["verdicts"]
    assert [(v["id"], v["offending"]) for v in verdicts if v["status"] in ("failed", "error")] == []


def test_the_second_computation_knows_the_figures_of_domain() -> None:
    """M-4 and M-12, so that the two computations do not agree on the same mistake."""
    assert spread(Decimal("5.00"), [Decimal(x) for x in ("19.99", "5.49", "0.99")]) == [
        Decimal("3.77"),
        Decimal("1.04"),
        Decimal("0.19"),
    ]
    assert spread(Decimal("10.00"), [Decimal(10)] * 3) == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert parts(Decimal("29.00"), [Decimal(1)] * 3, Decimal(3)) == [Decimal("9.67"), Decimal("9.66"), Decimal("9.67")]
