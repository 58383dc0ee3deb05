"""The storefront: orders as they were charged, payments, fulfilments, customers and what is on offer (domain 2.4)."""

from __future__ import annotations

from understudy import Simulator

from ..common.problems import PROBLEMS
from .operations import JOBS, OPERATIONS
from .seed import seed
from .tables import SEQUENCES, TABLES

simulator = Simulator(
    name="storefront",
    source="/store/demo",
    tables=TABLES,
    operations=OPERATIONS,
    problems=PROBLEMS,
    jobs=JOBS,
    seed=seed,
    sequences=SEQUENCES,
)

__all__ = ["simulator"]
