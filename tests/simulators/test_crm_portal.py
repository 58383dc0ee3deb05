"""Accounts and invoice views (domain 2.5, 4.3; CON-3, REC-2)."""

from __future__ import annotations

from typing import Any

import pytest

from understudy import EventEntry, Response
from understudy.testing import Landscape

Json = dict[str, Any]

VIEW: Json = {
    "number": "INV-2026-000456",
    "accountId": "acc_81",
    "orderRef": "#1001",
    "status": "paid",
    "total": "70.73",
    "remaining": "0.00",
    "currency": "EUR",
    "documentDate": "2026-03-03",
    "dueDate": "2026-03-03",
    "creditNotes": [],
    "updatedAt": "2026-03-03T13:06:02Z",
}


class Portal:
    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape

    def call(self, operation_id: str, body: Any = None, **others: Any) -> Response:
        response: Response = self.landscape.crm.call(operation_id, body, **others)
        return response

    def upsert(self, **changes: Any) -> Response:
        body = {**VIEW, **changes}
        return self.call("upsertInvoiceView", body, number=body["number"])

    def read(self, number: str = "INV-2026-000456") -> Json:
        answer = self.call("getInvoiceView", number=number)
        assert answer.status == 200
        result: Json = answer.json()
        return result

    def event_names(self) -> list[str]:
        entries = self.landscape.world.journal.entries()
        return [entry.name for entry in entries if isinstance(entry, EventEntry) and entry.system == "crm"]


@pytest.fixture
def portal(landscape: Landscape) -> Portal:
    return Portal(landscape)


class TestInvoiceViews:
    def test_the_first_news_creates_later_news_replaces(self, portal: Portal) -> None:
        issued = portal.upsert(status="issued", remaining="70.73", updatedAt="2026-03-03T13:05:00Z")
        assert (issued.status, issued.headers["etag"]) == (201, 'W/"1"')
        paid = portal.upsert()
        assert (paid.status, paid.json()["status"], paid.json()["@etag"]) == (200, "paid", 'W/"2"')
        assert portal.read() == paid.json()

    def test_older_news_is_409_and_leaves_the_newer(self, portal: Portal) -> None:
        """CON-3; a client takes it as success."""
        portal.upsert()
        late = portal.upsert(status="issued", remaining="70.73", updatedAt="2026-03-03T13:06:01Z")
        assert (late.status, late.json()["code"], late.json()["existingId"]) == (
            409,
            "entity-changed",
            "INV-2026-000456",
        )
        assert portal.read()["status"] == "paid"

    def test_an_equal_repeat_is_200_without_effect(self, portal: Portal) -> None:
        """IDM-1."""
        assert [portal.upsert().status, portal.upsert().status] == [201, 200]
        assert portal.read()["@etag"] == 'W/"1"'

    def test_news_of_the_same_instant_is_taken(self, portal: Portal) -> None:
        """Posting and payment by prepayment may carry one time."""
        portal.upsert(status="issued", remaining="70.73")
        assert portal.upsert().json()["status"] == "paid"

    def test_instants_are_compared_not_their_spelling(self, portal: Portal) -> None:
        portal.upsert()
        assert portal.upsert(updatedAt="2026-03-03T14:06:01+01:00").status == 409

    @pytest.mark.parametrize(
        ("changes", "pointers"),
        [
            pytest.param({"status": "settled"}, ["/status"], id="unknown status text"),
            pytest.param({"accountId": "acc_0"}, ["/accountId"], id="unknown account"),
            pytest.param({"remaining": "70.74"}, ["/remaining"], id="more open than the total"),
            pytest.param({"remaining": "-0.01"}, ["/remaining"], id="less than nothing open"),
            pytest.param({"dueDate": "2026-03-02"}, ["/dueDate"], id="due before the document"),
            pytest.param({"total": "70.735", "currency": "EUR"}, ["/total"], id="too many decimals"),
            pytest.param({"creditNotes": [{"number": "CM-1", "amount": "70.74"}]}, ["/creditNotes"], id="credited"),
            pytest.param(
                {"accountId": "acc_0", "remaining": "99.00", "dueDate": "2026-03-01"},
                ["/accountId", "/remaining", "/dueDate"],
                id="everything at once",
            ),
        ],
    )
    def test_what_cannot_be_is_422_with_every_violation(
        self, portal: Portal, changes: Json, pointers: list[str]
    ) -> None:
        refused = portal.upsert(**changes)
        assert refused.status == 422
        assert [error["pointer"] for error in refused.json()["errors"]] == pointers
        assert portal.call("getInvoiceView", number="INV-2026-000456").status == 404

    def test_the_number_in_the_path_is_the_number_of_the_view(self, portal: Portal) -> None:
        refused = portal.call("upsertInvoiceView", VIEW, number="INV-2026-000457")
        assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, "/number")

    def test_lists_filter_by_order_and_status(self, portal: Portal) -> None:
        portal.upsert()
        portal.upsert(number="INV-2026-000457", status="overdue", remaining="70.73")
        portal.upsert(number="INV-2026-000458", orderRef="#1002")

        def found(**query: str) -> list[str]:
            return [view["number"] for view in portal.call("listInvoiceViews", query=query).json()["invoiceViews"]]

        assert found(orderRef="#1001") == ["INV-2026-000456", "INV-2026-000457"]
        assert found(orderRef="#1001", status="overdue") == ["INV-2026-000457"]
        assert found(limit="1") == ["INV-2026-000456"]


class TestAccounts:
    def test_a_new_account_is_told(self, portal: Portal) -> None:
        created = portal.call("createAccount", {"name": "Ben", "email": "ben@example.com"})
        assert (created.status, created.json()["erpCustomerNumber"]) == (201, None)
        assert portal.event_names() == ["crm.account.created.v1"]
        assert portal.call("getAccount", accountId=created.json()["id"]).json() == created.json()

    def test_a_customer_number_belongs_to_one_account(self, portal: Portal) -> None:
        body = {"name": "Ben", "email": "ben@example.com", "erpCustomerNumber": "C00042"}
        refused = portal.call("createAccount", body)
        assert (refused.status, refused.json()["code"], refused.json()["existingId"]) == (
            409,
            "duplicate-external-document",
            "acc_81",
        )
        moved = portal.call("updateAccount", {"erpCustomerNumber": "C00042"}, accountId="acc_82")
        assert (moved.status, moved.json()["existingId"]) == (409, "acc_81")

    def test_only_a_real_change_is_told_and_raises_the_version(self, portal: Portal) -> None:
        same = portal.call("updateAccount", {"name": "Anna Keller"}, accountId="acc_81").json()
        assert (same["@etag"], portal.event_names()) == ('W/"1"', [])
        changed = portal.call("updateAccount", {"name": "Anna Keller-Wolf"}, accountId="acc_81").json()
        assert (changed["@etag"], changed["updatedAt"]) == ('W/"2"', "2026-03-01T23:29:00Z")
        assert portal.event_names() == ["crm.account.changed.v1"]

    def test_a_stale_if_match_is_412(self, portal: Portal) -> None:
        """CON-1."""
        portal.call("updateAccount", {"name": "A"}, accountId="acc_81")
        stale = portal.call("updateAccount", {"name": "B"}, accountId="acc_81", headers={"If-Match": 'W/"1"'})
        assert (stale.status, stale.json()["code"]) == (412, "precondition-failed")

    def test_accounts_are_found_by_customer_number_and_email(self, portal: Portal) -> None:
        def found(**query: str) -> list[str]:
            return [account["id"] for account in portal.call("listAccounts", query=query).json()["accounts"]]

        assert found(erpCustomerNumber="C00050") == ["acc_82"]
        assert found(email="ANNA.K@example.com") == ["acc_81"]
        assert found(email="anna.k@example.com", erpCustomerNumber="C00050") == []
        assert found() == ["acc_81", "acc_82"]
        assert portal.call("getAccount", accountId="acc_0").status == 404
