"""The mapping tables that the flows execute: the same files that people review and that the harness judges by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .failure import Cause, Refused

if TYPE_CHECKING:
    from understudy.mapping import Applied, CodeTable, MappingTable

ORDER = "storefront-order-to-erp-sales-order"
CUSTOMER = "storefront-order-to-erp-customer"
PAYMENT = "storefront-transaction-to-erp-customer-payment"
SHIPMENT = "wms-shipment-to-erp-sales-shipment"
RECEIPT = "wms-receipt-to-erp-purchase-receipt"
ADJUSTMENT = "wms-adjustment-to-erp-item-journal"
INVOICE = "erp-sales-invoice-to-crm-invoice-view"


class Mappings:
    """The tables in a folder, by name. Files are read when first needed and kept while they do not change.

    Raises the mapping engine's MappingError for a file that is missing or cannot be executed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def table(self, name: str) -> MappingTable:
        return _load(*_version_of(self._folder / f"{name}.yaml"))

    def codes(self, name: str) -> CodeTable:
        """A crosswalk, such as `warehouses`."""
        return _load_codes(*_version_of(self._folder / "tables" / f"{name}.yaml"))

    def version(self, name: str) -> str:
        """The table's version for logs and dead letters, empty for a flow that maps nothing."""
        return self.table(name).version if name else ""

    def map(self, name: str, source: Any, lookups: Mapping[str, Any], documents: Mapping[str, Any]) -> Applied:
        """Map one message; what the table refuses is in the result."""
        return self.table(name).apply(source, lookups, documents)


def require_intact(mapped: Applied) -> dict[str, Any]:
    """The mapped document. Raises Refused with every violation, not only the first."""
    if mapped.refused:
        violations = [violation.as_dict() for violation in mapped.violations]
        count = f"{len(violations)} problem{'s' if len(violations) > 1 else ''}"
        detail = f"{count}: {'; '.join(str(row['detail']) for row in violations)}"
        raise Refused(Cause(code=mapped.error_code, detail=detail, errors=violations))
    return mapped.document


def _version_of(path: Path) -> tuple[Path, int]:
    """The path and its time of change: a changed file is read again, an unchanged one is not, in any integration."""
    return path, path.stat().st_mtime_ns if path.is_file() else 0


@lru_cache(maxsize=64)
def _load(path: Path, changed: int) -> MappingTable:  # noqa: ARG001
    # Imported late: the mapping engine takes longer to import than an integration takes to start.
    from understudy.mapping import load_mapping

    return load_mapping(path)


@lru_cache(maxsize=64)
def _load_codes(path: Path, changed: int) -> CodeTable:  # noqa: ARG001
    from understudy.mapping import load_code_table

    return load_code_table(path)
