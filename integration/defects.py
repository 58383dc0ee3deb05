"""Known ways to get an integration wrong, one switch each, so that the harness can prove that it notices them.

A defect replaces one point of good practice (`practice.py`); nothing else in the integration knows that it is on. Never
switch one on in production: `UNDERSTUDY_INTEGRATION_DEFECT` is for `understudy run --defect` and `understudy prove`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from . import mistakes
from .practice import SOUND, Practice
from .settings import SettingsError


@dataclass(frozen=True, slots=True)
class Defect:
    """name: as switched on. what: one sentence. where: the point of practice it replaces. practice: with the defect."""

    name: str
    what: str
    where: str
    practice: Practice


def practice(name: str) -> Practice:
    """The practice under a defect; good practice for an empty name. Raises SettingsError for an unknown one."""
    if not name:
        return SOUND
    defect = CATALOGUE.get(name)
    if defect is None:
        near = get_close_matches(name, CATALOGUE, n=1)
        hint = f", did you mean {near[0]!r}?" if near else f"; there are: {', '.join(CATALOGUE)}"
        raise SettingsError([f"unknown defect {name!r}{hint}"])
    return replace(defect.practice, defect=name)


_ALL = (
    Defect(
        "random-idempotency-key",
        "Every request carries a fresh Idempotency-Key, and nothing is looked up before it is sent again.",
        "key, looks_up_first, remembers_writes",
        Practice(key=lambda key, attempt, nonce: nonce, looks_up_first=False, remembers_writes=False),  # noqa: ARG005
    ),
    Defect(
        "new-key-on-retry",
        "A retry carries another Idempotency-Key than the first try, and goes out without looking the order up.",
        "key, looks_up_first",
        Practice(key=lambda key, attempt, nonce: f"{key}:{attempt}", looks_up_first=False),  # noqa: ARG005
    ),
    Defect(
        "lost-on-503",
        "A message whose target answers 5xx is dropped instead of tried again.",
        "verdict",
        Practice(verdict=mistakes.lost_on_outage),
    ),
    Defect(
        "acknowledges-before-storing",
        "Webhooks are answered and only kept in memory: the first failure ends the process, and all of them with it.",
        "verdict",
        Practice(verdict=mistakes.crash),
    ),
    Defect(
        "duplicate-webhook-second-order",
        "A redelivered webhook is not recognised and makes a second order.",
        "recognises_repeats, source_order_id",
        Practice(
            recognises_repeats=False,
            source_order_id=mistakes.another_order,
        ),
    ),
    Defect(
        "rounds-tax-per-line",
        "Prices go to the ERP including tax, rounded to cents line by line.",
        "sales_order",
        Practice(sales_order=mistakes.rounds_tax_per_line),
    ),
    Defect(
        "drops-freight",
        "The freight line is left out of the order.",
        "sales_order",
        Practice(sales_order=mistakes.drops_freight),
    ),
    Defect(
        "loses-leading-zero",
        "Postcodes pass through a number and lose their leading zero.",
        "sales_order",
        Practice(sales_order=mistakes.loses_leading_zero),
    ),
    Defect(
        "id-through-float",
        "Ids of the store pass through binary floating point, which has no room for all of their digits.",
        "source_order_id, sales_order",
        Practice(source_order_id=mistakes.order_id_through_float, sales_order=mistakes.line_ids_through_float),
    ),
    Defect(
        "no-correlation-id",
        "Calls to the target systems carry no correlation id.",
        "passes_correlation",
        Practice(passes_correlation=False),
    ),
    Defect(
        "ignores-retry-after",
        "A target that asks for quiet with Retry-After is called again as if it had not.",
        "honours_retry_after",
        Practice(honours_retry_after=False),
    ),
    Defect(
        "swallows-422",
        "A refusal for business reasons is logged as success: no dead letter, no document.",
        "verdict",
        Practice(verdict=mistakes.swallowed),
    ),
    Defect(
        "retries-refusals",
        "A refusal that no repetition can change is tried again like an outage.",
        "verdict",
        Practice(verdict=mistakes.retried),
    ),
    Defect(
        "wrong-tax-code-second-line",
        "The second line of an order gets the tax code of the first.",
        "sales_order",
        Practice(sales_order=mistakes.wrong_tax_code),
    ),
    Defect(
        "invoice-status-from-draft",
        "The portal is told of an invoice while it is still a draft.",
        "after_shipment",
        Practice(after_shipment=mistakes.shows_draft),
    ),
    Defect(
        "invoice-always-issued",
        "The portal shows every invoice as issued with its whole amount open, whatever was paid.",
        "invoice_view",
        Practice(invoice_view=mistakes.always_issued),
    ),
    Defect(
        "order-date-in-utc",
        "The order date is the date in UTC instead of the company's time zone.",
        "store_order",
        Practice(store_order=mistakes.date_in_utc),
    ),
    Defect(
        "drops-discount",
        "Discounts are left out of the order.",
        "sales_order",
        Practice(sales_order=mistakes.no_discount),
    ),
    Defect(
        "discount-twice",
        "Discounts go to the ERP on the lines and once more on the header.",
        "sales_order",
        Practice(sales_order=mistakes.discount_twice),
    ),
    Defect(
        "discount-in-price",
        "Discounts are taken off the unit price, rounded to cents, instead of stated.",
        "sales_order",
        Practice(sales_order=mistakes.discount_in_price),
    ),
    Defect(
        "ships-full-quantity",
        "Whatever the warehouse shipped, the ERP is told that the whole line went out.",
        "sales_shipment",
        Practice(sales_shipment=mistakes.ships_everything),
    ),
    Defect(
        "prepayment-twice",
        "A payment is booked when the order comes and again when the store says that it is paid.",
        "payments",
        Practice(payments=mistakes.payment_twice),
    ),
    Defect(
        "prepayment-without-tax",
        "Prepayments are booked net of tax.",
        "payments",
        Practice(payments=mistakes.payment_without_tax),
    ),
    Defect(
        "stale-availability",
        "Stock for the store is taken from each event as it comes, so that an older one overwrites a newer one.",
        "refuses_old_state, balances",
        Practice(refuses_old_state=False, balances=lambda _rows, event: [dict(event)]),
    ),
    Defect(
        "no-signature-check",
        "Webhooks are believed without checking their signature.",
        "checks_signature",
        Practice(checks_signature=False),
    ),
    Defect(
        "customer-by-exact-email",
        "Customers are matched by the e-mail address exactly as it was typed.",
        "matches_typed_email",
        Practice(matches_typed_email=True),
    ),
    Defect(
        "customer-by-name",
        "Customers are matched by first and last name.",
        "matches_by_name",
        Practice(matches_by_name=True),
    ),
    Defect(
        "if-match-any",
        "Conditional writes are sent with If-Match: *, so that changes of others are overwritten.",
        "if_match",
        Practice(if_match=lambda _etag: "*"),
    ),
    Defect(
        "freight-to-warehouse",
        "The freight line is sent to the warehouse as if it could be picked.",
        "fulfilment_order",
        Practice(fulfilment_order=mistakes.everything_to_warehouse),
    ),
    Defect(
        "no-tracking",
        "Shipments are told to the store without their tracking number.",
        "store_fulfilment",
        Practice(store_fulfilment=mistakes.no_tracking),
    ),
)

CATALOGUE: Mapping[str, Defect] = {defect.name: defect for defect in _ALL}
DEFECTS: Mapping[str, str] = {defect.name: defect.what for defect in _ALL}
