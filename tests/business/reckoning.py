"""An auditor with nothing but the journal: recomputes an order's whole life and lists what is otherwise in the books.

Read are requests and answers only: what the shop was told at checkout and later (`createOrder`,
`createOrderTransaction`), what left the warehouse (`shipShipment`), and the lists that the auditor asked the systems
for at the end. Sources of the rules: domain.md section 5, the Postings table of 2.2, 4.1 to 4.3; INV-11 and M-19 for
stock values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from understudy import parse_instant

from .arithmetic import ZERO, half_up, parts, spread, tax_on

Json = Mapping[str, Any]
Books = dict[str, Decimal]
"""Account -> debit less credit."""

CODES = {Decimal("0.19"): "DE-S19", Decimal("0.07"): "DE-S7"}
RATES = {code: rate for rate, code in CODES.items()}
TAX_ACCOUNTS = {"DE-S19": "2110", "DE-S7": "2111"}
RECEIVABLES, PREPAYMENTS, CLEARING = "1200", "2200", "1210"
SALES, FREIGHT_INCOME, ROUNDING = "4000", "4100", "6900"
COST_OF_SALES, INVENTORY = "5000", "1300"
COMPANY_ZONE = ZoneInfo("Europe/Berlin")
DAYS = {"net_30": 30, None: 0}
"""Payment terms of the checkout -> days until an invoice is due."""


class Journal:
    """Entries as `to_json` writes them. answers: the newest answer to the auditor, by operation."""

    def __init__(self, entries: Iterable[Json]) -> None:
        self._exchanges = [entry for entry in entries if entry["kind"] == "exchange" and entry["response"]]

    def exchanges(self, operation: str, client: str = "scenario") -> list[Json]:
        found = [e for e in self._exchanges if e["operationId"] == operation and e["client"] == client]
        return [exchange for exchange in found if exchange["response"]["status"] < 300]

    def rows(self, operation: str) -> list[Json]:
        """What the auditor's last list of this operation held; it has to be complete."""
        body = self.exchanges(operation)[-1]["response"]["body"]
        assert not body.get("@odata.nextLink"), f"{operation} has more pages"
        (rows,) = (value for value in body.values() if isinstance(value, list))
        return list(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it was sold. amount: after discount, tax included or not, as the order's prices are."""

    reference: str
    sku: str
    quantity: Decimal
    price: Decimal
    discount: Decimal
    amount: Decimal
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one document charges: net and tax per code. amounts: per line, as sold."""

    amounts: Mapping[str, Decimal]
    nets: Mapping[str, Decimal]
    taxes: Mapping[str, Decimal]

    @property
    def totals(self) -> dict[str, Decimal]:
        net, tax = sum(self.nets.values(), ZERO), sum(self.taxes.values(), ZERO)
        return {"excludingTax": net, "tax": tax, "includingTax": net + tax}


@dataclass(slots=True)
class Order:
    """A store order as it should be in the books. shipments: (day, pieces by line reference), in order."""

    checkout: Json
    placed: Json
    paid: list[Decimal] = field(default_factory=list)
    shipments: list[tuple[date, dict[str, Decimal]]] = field(default_factory=list)

    @property
    def included(self) -> bool:
        return bool(self.checkout["taxes_included"])

    @property
    def lines(self) -> list[Line]:
        """Goods in the order of the basket, then freight; the ERP numbers them 10000, 20000 and so on."""
        goods = [(row, Decimal(row["quantity"])) for row in self.checkout["line_items"]]
        freight = [({**row, "sku": "FREIGHT"}, Decimal(1)) for row in self.checkout["shipping_lines"]]
        return [_line(10_000 * (index + 1), row, quantity) for index, (row, quantity) in enumerate([*goods, *freight])]

    def charge(self, amounts: Mapping[str, Decimal]) -> Document:
        """The document that charges these amounts, by line reference."""
        bases: dict[str, Decimal] = {}
        for line in self.lines:
            if line.reference in amounts:
                bases[line.code] = bases.get(line.code, ZERO) + amounts[line.reference]
        charged = {code: tax_on(base, RATES[code], included=self.included) for code, base in bases.items()}
        return Document(
            amounts=amounts,
            nets={code: net for code, (net, _) in charged.items()},
            taxes={code: tax for code, (_, tax) in charged.items()},
        )

    @property
    def whole(self) -> Document:
        return self.charge({line.reference: line.amount for line in self.lines})

    @property
    def invoices(self) -> list[Document]:
        """One for each shipment: its goods, and with the first one the freight."""
        amounts: list[dict[str, Decimal]] = [{} for _ in self.shipments]
        for line in self.lines:
            gone = [pieces.get(line.reference, Decimal(0)) for _, pieces in self.shipments]
            if line.sku == "FREIGHT":
                gone = [Decimal(index == 0) for index in range(len(self.shipments))]
            for index, part in enumerate(parts(line.amount, gone, line.quantity)):
                if gone[index]:
                    amounts[index][line.reference] = part
        return [self.charge(each) for each in amounts]


def _line(sequence: int, row: Json, quantity: Decimal) -> Line:
    discount = sum((Decimal(each["amount"]) for each in row.get("discount_allocations", ())), ZERO)
    (tax_line,) = row["tax_lines"]
    return Line(
        reference=str(sequence),
        sku=row["sku"],
        quantity=quantity,
        price=Decimal(row["price"]),
        discount=discount,
        amount=half_up(Decimal(row["price"]) * quantity) - discount,
        code=CODES[Decimal(str(tax_line["rate"]))],
    )


def read_order(journal: Journal) -> Order:
    """The one order of the journal, from what the shop and the warehouse were told."""
    (placed,) = journal.exchanges("createOrder")
    order = Order(placed["request"]["body"], placed["response"]["body"])
    moved = [
        *order.checkout["transactions"],
        *(e["request"]["body"] for e in journal.exchanges("createOrderTransaction")),
    ]
    order.paid = [Decimal(row["amount"]) for row in moved if row["kind"] in ("sale", "capture")]
    for exchange in journal.exchanges("shipShipment"):
        shipment = exchange["response"]["body"]
        pieces: dict[str, Decimal] = defaultdict(Decimal)
        for content in (row for carton in shipment["cartons"] for row in carton["lines"]):
            pieces[content["lineRef"]] += Decimal(content["qty"])
        order.shipments.append((parse_instant(shipment["shippedAt"]).astimezone(COMPANY_ZONE).date(), dict(pieces)))
    return order


def differences(journal: Journal, opening: Mapping[str, Sequence[tuple[str, str]]]) -> list[str]:
    """What is in the books otherwise than it should be, [] when all is right.

    opening: item -> (quantity, unit cost) of every lot that it started with.
    """
    order = read_order(journal)
    return [
        *_sales_order(journal, order),
        *_invoices(journal, order),
        *_payments(journal, order),
        *_postings(journal, order),
        *_stock(journal, order, opening),
        *_elsewhere(journal, order),
    ]


def _sales_order(journal: Journal, order: Order) -> Iterator[str]:
    rows = journal.rows("listSalesOrders")
    if len(rows) != 1:
        yield f"{len(rows)} sales orders"
        return
    (found,) = rows
    yield from _same("order status", found["status"], "closed")
    yield from _same("source order", found["sourceOrderId"], str(order.placed["id"]))
    ordered_on = parse_instant(order.placed["created_at"]).astimezone(COMPANY_ZONE).date()
    yield from _same("order date", found["orderDate"], ordered_on.isoformat())
    yield from _same("prices include tax", found["pricesIncludeTax"], order.included)
    yield from _money("order", found["totals"], order.whole.totals)
    if len(found["lines"]) != len(order.lines):
        yield f"{len(found['lines'])} order lines, not {len(order.lines)}"
        return
    for line, row in zip(order.lines, found["lines"], strict=True):
        what = f"order line {line.reference}"
        wanted = {"itemNumber": line.sku, "taxCode": line.code, "sequence": int(line.reference)}
        yield from _same(what, {name: row[name] for name in wanted}, wanted)
        numbers = {"quantity": line.quantity, "unitPrice": line.price, "discountAmount": line.discount}
        done = dict.fromkeys(("shipped", "invoiced"), line.quantity) | dict.fromkeys(("outstanding", "reserved"), ZERO)
        yield from _money(what, row, {**numbers, **done})
    yield from _line_taxes("order", found["lines"], order, order.whole, key="sequence")


def _line_taxes(what: str, rows: Sequence[Json], order: Order, document: Document, *, key: str) -> Iterator[str]:
    """Tax of a code is spread over its lines by largest remainder, so that lines add up to the document."""
    for code, tax in document.taxes.items():
        mine = [row for row in rows if row["taxCode"] == code]
        amounts = [document.amounts[str(row[key])] for row in mine]
        for row, share, amount in zip(mine, spread(tax, amounts), amounts, strict=True):
            net = amount - share if order.included else amount
            yield from _money(f"{what} line {row[key]}", row, {"netAmount": net, "taxAmount": share})


def _invoices(journal: Journal, order: Order) -> Iterator[str]:
    rows = sorted(journal.rows("listSalesInvoices"), key=lambda row: str(row["number"]))
    if len(rows) != len(order.invoices):
        yield f"{len(rows)} invoices, not {len(order.invoices)}"
        return
    for row, document, (day, _) in zip(rows, order.invoices, order.shipments, strict=True):
        what = f"invoice {row['number']}"
        due = day + timedelta(days=DAYS[order.checkout["payment_terms"]])
        yield from _same(f"{what} date", row["documentDate"], day.isoformat())
        yield from _same(f"{what} due date", row["dueDate"], due.isoformat())
        yield from _money(what, row["totals"], document.totals)
        summary = {each["taxCode"]: (Decimal(each["base"]), Decimal(each["tax"])) for each in row["taxSummary"]}
        wanted = {code: (net, document.taxes[code]) for code, net in document.nets.items()}
        yield from _same(f"{what} tax summary", summary, wanted)
        yield from _same(
            f"{what} lines", {str(each["orderLineSequence"]) for each in row["lines"]}, {*document.amounts}
        )
        yield from _line_taxes(what, row["lines"], order, document, key="orderLineSequence")
        open_amount = ZERO if order.paid else document.totals["includingTax"]
        yield from _money(what, row, {"remainingAmount": open_amount})
        yield from _same(f"{what} status", row["status"], "open" if open_amount else "paid")
    charged = sum((document.totals["includingTax"] for document in order.invoices), ZERO)
    (customer,) = [row for row in journal.rows("listCustomers") if row["email"] == order.checkout["email"]]
    yield from _money("customer", customer, {"balanceDue": ZERO if order.paid else charged})


def _payments(journal: Journal, order: Order) -> Iterator[str]:
    found = sorted(Decimal(row["amount"]) for row in journal.rows("listCustomerPayments"))
    yield from _same("payments", found, sorted(order.paid))


def _postings(journal: Journal, order: Order) -> Iterator[str]:
    """The Postings table: what every document did to the accounts."""
    entries = [row for row in journal.rows("listGeneralLedgerEntries") if row["documentType"] != "Opening"]
    by_document: dict[str, Books] = defaultdict(lambda: defaultdict(Decimal))
    for row in entries:
        by_document[row["documentNumber"]][row["accountNumber"]] += Decimal(row["debitAmount"]) - Decimal(
            row["creditAmount"]
        )
    for number, books in by_document.items():
        if sum(books.values()):
            yield f"{number} is not balanced: {_shown(books)}"
    numbers = sorted(str(row["number"]) for row in journal.rows("listSalesInvoices"))
    freight = {line.reference for line in order.lines if line.sku == "FREIGHT"}
    for number, document in zip(numbers, order.invoices, strict=False):
        shares: Books = defaultdict(Decimal)
        for row in next(each for each in journal.rows("listSalesInvoices") if each["number"] == number)["lines"]:
            # The line nets are checked above; here only whose income they are.
            income = FREIGHT_INCOME if str(row["orderLineSequence"]) in freight else SALES
            shares[income] -= Decimal(row["netAmount"])
        for code, tax in document.taxes.items():
            shares[TAX_ACCOUNTS[code]] -= tax
        income_only = {a: v for a, v in by_document[number].items() if a[0] in "4" or a in TAX_ACCOUNTS.values()}
        yield from _same(f"postings of {number}", _shown(income_only), _shown(shares))
    charged = sum((document.totals["includingTax"] for document in order.invoices), ZERO)
    taken = sum(order.paid, ZERO)
    debits, credits = _sides(entries)
    settled = charged if order.paid else ZERO
    too_much = taken - charged if order.paid else ZERO
    yield from _same("1200 debit", debits[RECEIVABLES], charged)
    yield from _same("1200 credit", credits[RECEIVABLES], settled)
    yield from _same("1210 debit", debits[CLEARING], taken)
    yield from _same("1210 credit", credits[CLEARING], ZERO)
    yield from _same("2200 credit", credits[PREPAYMENTS], taken)
    yield from _same("2200 debit", debits[PREPAYMENTS], taken)
    yield from _same("6900", credits[ROUNDING] - debits[ROUNDING], too_much)


def _sides(entries: Iterable[Json]) -> tuple[Books, Books]:
    debits: Books = defaultdict(lambda: ZERO)
    credits: Books = defaultdict(lambda: ZERO)
    for row in entries:
        debits[row["accountNumber"]] += Decimal(row["debitAmount"])
        credits[row["accountNumber"]] += Decimal(row["creditAmount"])
    return debits, credits


def _stock(journal: Journal, order: Order, opening: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[str]:
    """Quantities and moving average values (M-19), and cost of sales shipment by shipment."""
    on_hand = {sku: sum((Decimal(quantity) for quantity, _ in lots), Decimal(0)) for sku, lots in opening.items()}
    value = {sku: sum((half_up(Decimal(q) * Decimal(cost)) for q, cost in lots), ZERO) for sku, lots in opening.items()}
    ledger = [row for row in journal.rows("listItemLedgerEntries") if row["documentType"] != "Opening"]
    expected: list[tuple[str, Decimal, Decimal]] = []
    costs: list[Decimal] = []
    sku_of = {line.reference: line.sku for line in order.lines}
    for _, pieces in order.shipments:
        before = len(expected)
        for reference in sorted(pieces, key=int):
            sku, quantity = sku_of[reference], pieces[reference]
            cost = half_up(value[sku] * quantity / on_hand[sku])
            on_hand[sku], value[sku] = on_hand[sku] - quantity, value[sku] - cost
            expected.append((sku, -quantity, -cost))
        costs.append(-sum((cost for _, _, cost in expected[before:]), ZERO))
    found = [(row["itemNumber"], Decimal(row["quantity"]), Decimal(row["costAmount"])) for row in ledger]
    yield from _same("item ledger", found, expected)
    entries = journal.rows("listGeneralLedgerEntries")
    for account, sign in ((COST_OF_SALES, 1), (INVENTORY, -1)):
        booked = [
            sign * (Decimal(row["debitAmount"]) - Decimal(row["creditAmount"]))
            for row in entries
            if row["accountNumber"] == account and row["documentType"] == "SalesShipment"
        ]
        yield from _same(f"{account} by shipment", booked, costs)
    debits, credits = _sides(entries)
    yield from _same("value of stock", debits[INVENTORY] - credits[INVENTORY], sum(value.values()))
    balances = {row["itemNumber"]: row for row in journal.rows("listStockBalances") if row["stockStatus"] == "SELLABLE"}
    for sku, quantity in on_hand.items():
        wanted = {"onHand": quantity, "reserved": ZERO, "available": quantity}
        yield from _money(f"stock of {sku}", balances[sku], wanted)


def _elsewhere(journal: Journal, order: Order) -> Iterator[str]:
    """The shop and the portal tell the same story."""
    (sold,) = journal.rows("listOrders")
    yield from _same("shop", sold["fulfillment_status"], "fulfilled")
    balances = {
        r["itemNumber"]: int(r["available"])
        for r in journal.rows("listStockBalances")
        if r["stockStatus"] == "SELLABLE"
    }
    offered = {row["sku"]: row["available"] for row in journal.rows("listInventoryLevels")}
    ordered = {line.sku for line in order.lines} - {"FREIGHT"}
    yield from _same("on offer", {s: offered[s] for s in ordered}, {s: balances[s] for s in ordered})
    views = sorted(journal.rows("listInvoiceViews"), key=lambda row: str(row["number"]))
    shown = [(row["status"], Decimal(row["total"]), Decimal(row["remaining"])) for row in views]
    totals = [document.totals["includingTax"] for document in order.invoices]
    # C4: nothing remains of an invoice over nothing, so it is paid.
    wanted = [("paid", total, ZERO) if order.paid or not total else ("issued", total, total) for total in totals]
    yield from _same("portal", shown, wanted)


def _money(what: str, found: Json, wanted: Mapping[str, Decimal]) -> Iterator[str]:
    for name, amount in wanted.items():
        yield from _same(f"{what} {name}", Decimal(found[name]), amount)


def _same(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found} in the books, {wanted} by reckoning"


def _shown(books: Mapping[str, Decimal]) -> dict[str, str]:
    return {account: f"{amount:f}" for account, amount in sorted(books.items()) if amount}
