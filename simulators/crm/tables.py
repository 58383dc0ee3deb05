"""What the CRM remembers. Fields that begin with `_` never leave it."""

from __future__ import annotations

from understudy import TableSpec

TABLES = (
    TableSpec("currencies", key="code", versioned=False),
    TableSpec("accounts", unique=("erpCustomerNumber",), indexes=("_email",)),
    TableSpec("invoiceViews", key="number", indexes=("orderRef", "accountId"), tracked=("status",)),
)

SEQUENCES = {"account": 101}
