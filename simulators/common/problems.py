"""What the simulated businesses refuse, with the status of each refusal (domain 2.1, table of errors)."""

from __future__ import annotations

from collections.abc import Mapping

PROBLEMS: Mapping[str, int] = {
    "card-declined": 402,
    "company-not-permitted": 403,
    "document-locked": 409,
    "document-posted": 409,
    "duplicate-external-document": 409,
    "duplicate-source-order": 409,
    "insufficient-stock": 409,
    "currency-mismatch": 422,
    "customer-blocked": 422,
    "item-blocked": 422,
    "over-credit": 422,
    "over-invoice": 422,
    "over-receipt": 422,
    "over-shipment": 422,
    "posting-period-closed": 422,
    "posting-setup-missing": 422,
    "total-mismatch": 422,
}
