"""The CRM with its customer portal: accounts, and the invoices that they may see (domain 2.5)."""

from __future__ import annotations

from understudy import Simulator

from ..common.problems import PROBLEMS
from .operations import JOBS, OPERATIONS
from .seed import seed
from .tables import SEQUENCES, TABLES

simulator = Simulator(
    name="crm",
    source="/crm/main",
    tables=TABLES,
    operations=OPERATIONS,
    problems=PROBLEMS,
    jobs=JOBS,
    seed=seed,
    sequences=SEQUENCES,
)

__all__ = ["simulator"]
