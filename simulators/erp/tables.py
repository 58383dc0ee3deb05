"""What the ERP remembers. Tables are named like the API's collections; fields that begin with `_` never leave it."""

from __future__ import annotations

from understudy import TableSpec

TABLES = (
    # Master data and settings
    TableSpec("companies", key="code", versioned=False),
    TableSpec("customers", unique=("number",), indexes=("email", "taxRegistrationNumber")),
    TableSpec("items", unique=("number",)),
    TableSpec("locations", key="code", versioned=False),
    TableSpec("unitsOfMeasure", key="code", versioned=False),
    TableSpec("taxCodes", key="_key", indexes=("code",), versioned=False),
    TableSpec("paymentTerms", key="code", versioned=False),
    TableSpec("paymentMethods", key="code", versioned=False),
    TableSpec("shipmentMethods", key="code", versioned=False),
    TableSpec("currencies", key="code", versioned=False),
    TableSpec("exchangeRates", key="_key", indexes=("currencyCode",), versioned=False),
    TableSpec("accountingPeriods", key="start", versioned=False),
    TableSpec("accounts", key="number", versioned=False),
    TableSpec("postingSetup", key="_key", versioned=False),
    TableSpec("numberSeries", key="code", versioned=False),
    # Documents. Business keys are plain indexes: under `idempotencySupport=none` nothing makes them unique.
    TableSpec(
        "salesOrders",
        unique=("number",),
        indexes=(("sourceSystem", "sourceOrderId"), "customerId", "status", "_waiting"),
        tracked=("status", "shipmentStatus", "invoiceStatus"),
    ),
    TableSpec("salesShipments", unique=("number",), indexes=("orderNumber", "wmsShipmentId"), tracked=("status",)),
    TableSpec("salesInvoices", unique=("number",), indexes=("orderNumber", "customerId"), tracked=("status",)),
    TableSpec("creditMemos", unique=("number",), indexes=("invoiceNumber", "customerId"), tracked=("status",)),
    TableSpec(
        "customerPayments",
        unique=("number",),
        indexes=("externalPaymentId", "orderNumber", "customerId"),
        tracked=("status",),
    ),
    TableSpec("purchaseReceipts", unique=("number",), indexes=("wmsReceiptId",)),
    TableSpec("itemJournalEntries", unique=("number",), indexes=("externalDocumentNumber",)),
    # Stock and ledgers
    TableSpec("stockBalances", key="_key", versioned=False),
    TableSpec("valuations", key="itemNumber", versioned=False),
    TableSpec("itemLedgerEntries", key="entryNumber", indexes=("documentNumber", "itemNumber"), versioned=False),
    TableSpec("generalLedgerEntries", key="entryNumber", indexes=("documentNumber", "accountNumber"), versioned=False),
)
