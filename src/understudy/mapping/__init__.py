"""Mapping tables: rendered for people, checked against contracts, executed, and used as the judge. Pure.

table = load_mapping("contracts/mappings/storefront-order-to-erp-sales-order.yaml")
applied = table.apply(order, lookups, {"event": envelope})     # document, headers, violations, repairs, skip
findings = check(table, contracts)                             # against both contracts, examples run
differences = judge(table, order, written, headers, lookups, {"event": envelope})
text = render(table)                                           # the document that people review
"""

from understudy.mapping.check import check, ensure, samples_of
from understudy.mapping.example import ExampleOutcome, run_examples
from understudy.mapping.finding import MappingFinding
from understudy.mapping.judge import Difference, judge
from understudy.mapping.lookup import CodeTable, load_code_table
from understudy.mapping.render import render, render_index
from understudy.mapping.result import Applied, Repair, Violation
from understudy.mapping.table import MappingTable, load_mapping

__all__ = [  # noqa: RUF022 - grouped by what they are for
    # a table and what it yields
    "MappingTable",
    "load_mapping",
    "Applied",
    "Violation",
    "Repair",
    # the judge
    "judge",
    "Difference",
    # checks and examples
    "check",
    "ensure",
    "MappingFinding",
    "run_examples",
    "ExampleOutcome",
    "samples_of",
    # the document for people
    "render",
    "render_index",
    # reference data
    "CodeTable",
    "load_code_table",
]
