"""The warehouse: allocates, picks, packs, ships and counts physical stock (domain 2.3)."""

from __future__ import annotations

from understudy import Simulator

from ..common.problems import PROBLEMS
from .operations import JOBS, OPERATIONS
from .seed import seed
from .tables import SEQUENCES, TABLES

simulator = Simulator(
    name="wms",
    source="/wms/LEJ1",
    tables=TABLES,
    operations=OPERATIONS,
    problems=PROBLEMS,
    jobs=JOBS,
    seed=seed,
    sequences=SEQUENCES,
)

__all__ = ["simulator"]
