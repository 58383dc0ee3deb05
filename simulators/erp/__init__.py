"""The ERP: orders, shipments, invoices, payments, stock and ledgers of company DE01 (domain 2.2)."""

from __future__ import annotations

from understudy import Simulator

from ..common.problems import PROBLEMS
from .numbering import SEQUENCES
from .operations import JOBS, OPERATIONS
from .seed import seed
from .tables import TABLES

simulator = Simulator(
    name="erp",
    source="/erp/DE01",
    tables=TABLES,
    operations=OPERATIONS,
    problems=PROBLEMS,
    jobs=JOBS,
    seed=seed,
    sequences=SEQUENCES,
)

__all__ = ["simulator"]
