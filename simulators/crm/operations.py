"""Which function answers which operation of contracts/crm/openapi.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from understudy import Handler, Job

from . import accounts, invoice_views

OPERATIONS: Mapping[str, Handler] = {
    "listAccounts": accounts.list_accounts,
    "createAccount": accounts.create,
    "getAccount": accounts.get,
    "updateAccount": accounts.update,
    "listInvoiceViews": invoice_views.list_views,
    "getInvoiceView": invoice_views.get,
    "upsertInvoiceView": invoice_views.upsert,
}

JOBS: Mapping[str, Job] = {}
