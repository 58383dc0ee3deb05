"""Moving-average cost and due dates by hand (domain M-19, 2.2)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from simulators.erp.terms import due_date
from simulators.erp.valuation import Valuation, issue, receive

D = Decimal


def bought(*lots) -> Any:
    """A valuation after receipts of (quantity, unit cost)."""
    valuation = Valuation()
    for quantity, unit_cost in lots:
        valuation = receive(valuation, D(quantity), D(quantity) * D(unit_cost), 2).valuation
    return valuation


def test_m19_the_last_issue_takes_the_residue() -> None:
    valuation = bought((10, "5.00"), (3, "5.50"))
    assert (valuation.quantity, valuation.value) == (13, D("66.50"))
    costs = []
    for quantity in (4, 5, 4):
        valuation, cost = issue(valuation, D(quantity), 2)
        costs.append(str(cost))
    assert costs == ["20.46", "25.58", "20.46"]
    assert (valuation.quantity, valuation.value) == (0, D("0.00"))


def test_pieces_issued_below_zero_are_revalued_when_they_arrive() -> None:
    """10 at 5.00, issue 12: 2 below zero cost 5.00 each; they arrive at 6.00, so 2.00 more belongs to goods sold."""
    valuation, cost = issue(bought((10, "5.00")), D(12), 2)
    assert (cost, valuation.quantity, valuation.value) == (D("60.00"), -2, D("-10.00"))
    receipt = receive(valuation, D(3), D("18.00"), 2)
    assert (receipt.revaluation, receipt.valuation.quantity, receipt.valuation.value) == (D("2.00"), 1, D("6.00"))


def test_quantity_zero_has_value_zero_also_from_below() -> None:
    valuation, _ = issue(bought((1, "5.00")), D(3), 2)
    receipt = receive(valuation, D(2), D("13.00"), 2)
    assert (receipt.valuation.quantity, receipt.valuation.value, receipt.revaluation) == (0, D("0.00"), D("3.00"))


N30 = {"baseDate": "document", "dueDays": 30}
EOM15 = {"baseDate": "endOfMonth", "dueDays": 15}


@pytest.mark.parametrize(
    ("terms", "document_date", "due"),
    [
        (N30, date(2026, 3, 3), date(2026, 4, 2)),
        ({"baseDate": "document", "dueDays": 0}, date(2026, 3, 3), date(2026, 3, 3)),
        (EOM15, date(2026, 3, 3), date(2026, 4, 15)),
        (EOM15, date(2028, 2, 29), date(2028, 3, 15)),
        ({**N30, "discountPercent": "2", "discountDays": 10}, date(2026, 3, 3), date(2026, 4, 2)),
    ],
    ids=["N30", "PREPAID", "EOM+15", "EOM+15 in a leap year", "2/10N30"],
)
def test_an_invoice_is_due_by_its_terms(terms: Any, document_date: Any, due: Any) -> None:
    assert due_date(terms, document_date) == due
