"""Mapping tables: rendered for people, checked against contracts, executed, and used as the judge. Pure."""

from understudy.mapping.result import Applied, Repair, Violation
from understudy.mapping.table import MappingTable, load_mapping

__all__ = ["Applied", "MappingTable", "Repair", "Violation", "load_mapping"]
