"""The CRM and customer portal: accounts and the invoices shown to them."""

from __future__ import annotations

from typing import Any

from ..failure import Refused
from ..outbox import Outbox
from .http import Caller, Request, body_of, part
from .write import Write, write_once

Record = dict[str, Any]


class Crm:
    """Calls on behalf of one message."""

    def __init__(self, caller: Caller, outbox: Outbox) -> None:
        self._caller = caller
        self._outbox = outbox

    def account_of(self, erp_customer_number: str) -> Record | None:
        return self._first({"erpCustomerNumber": erp_customer_number})

    def account_with_email(self, email: str) -> Record | None:
        return self._first({"email": email})

    def create_account(self, body: Record, *, name: str) -> Record:
        request = Request(operation="createAccount", method="POST", path="/accounts", body=body_of(body))
        write = Write(
            name=name, request=request, find=lambda: self.account_of(body["erpCustomerNumber"]), read=self._account
        )
        answer: Record = write_once(self._caller, self._outbox, write)
        return answer

    def link_account(self, account: Record, erp_customer_number: str) -> Record:
        """Note the ERP's number at an account; re-read when somebody else changed it meanwhile."""
        for round_ in range(3):
            path = f"/accounts/{part(account['id'])}"
            body = body_of({"erpCustomerNumber": erp_customer_number})
            request = Request(
                operation="updateAccount", method="PATCH", path=path, body=body, if_match=account["@etag"]
            )
            try:
                answer: Record = self._caller.call(request)
                return answer
            except Refused as refusal:
                if refusal.cause.status != 412 or round_ == 2:
                    raise
                account = self._account(account["id"])
        raise AssertionError("the last round returns or raises")

    def show_invoice(self, view: Record) -> bool:
        """Upsert an invoice by its number. Returns False when the CRM already shows a newer state (C12)."""
        path = f"/invoiceViews/{part(view['number'])}"
        try:
            self._caller.call(Request(operation="upsertInvoiceView", method="PUT", path=path, body=body_of(view)))
        except Refused as refusal:
            if refusal.cause.code == "entity-changed":
                return False
            raise
        return True

    def _account(self, account_id: str) -> Record:
        record: Record = self._caller.call(
            Request(operation="getAccount", method="GET", path=f"/accounts/{part(account_id)}")
        )
        return record

    def _first(self, query: dict[str, str]) -> Record | None:
        page = self._caller.call(Request(operation="listAccounts", method="GET", path="/accounts", query=query))
        rows: list[Record] = page["accounts"]
        return rows[0] if rows else None
