"""The transformations that a table may name, as a table. Their arguments are those of the functions."""

from __future__ import annotations

from understudy.mapping import collection, moment, number, reference, text, total
from understudy.mapping.function import Function, Shape, catalogue

EACH, WHOLE, CHOOSE = Shape.EACH, Shape.WHOLE, Shape.CHOOSE

TRANSFORMATIONS = catalogue(
    [
        # text
        Function(name="trim", call=text.trim),
        Function(name="one_space", call=text.one_space),
        Function(name="nfc", call=text.nfc),
        Function(name="upper", call=text.upper),
        Function(name="lower_email", call=text.lower_email),
        Function(name="missing", call=text.missing),
        Function(name="strip_prefix", call=text.strip_prefix),
        Function(name="replace", call=text.replace),
        Function(name="cut", call=text.cut),
        Function(name="head", call=text.head),
        Function(name="tail", call=text.tail),
        Function(name="join", call=text.join, shape=WHOLE),
        Function(name="template", call=text.template, shape=WHOLE, takes_missing=True, templates=("text",)),
        Function(name="to_text", call=text.to_text),
        Function(name="e164", call=text.e164, tables=("table",)),
        # numbers
        Function(name="int_to_string", call=number.int_to_string),
        Function(name="decimal", call=number.decimal),
        Function(name="quantity", call=number.quantity),
        Function(name="rate", call=number.rate),
        Function(name="sum", call=number.total, shape=WHOLE, takes_missing=True),
        Function(name="integer", call=number.integer),
        Function(name="minus", call=number.minus),
        Function(name="absolute", call=number.absolute),
        Function(name="to_base_unit", call=number.to_base_unit),
        Function(name="percent_totals", call=total.percent_totals, shape=WHOLE, tables=("table",)),
        # instants and dates
        Function(name="instant_to_date", call=moment.instant_to_date),
        Function(name="parse_date", call=moment.parse_date),
        # reference data
        Function(name="crosswalk", call=reference.crosswalk, tables=("table",)),
        Function(name="lookup", call=reference.lookup, takes_missing=True, tables=("table",)),
        Function(name="alias", call=reference.alias, tables=("table",)),
        # several values
        Function(name="first", call=collection.first, shape=CHOOSE),
        Function(name="constant", call=collection.constant, shape=WHOLE, takes_missing=True),
        Function(name="decide", call=collection.decide, shape=WHOLE, takes_missing=True, cases=("cases",)),
        Function(name="distinct", call=collection.distinct, shape=WHOLE),
        Function(name="size", call=collection.size, shape=WHOLE),
        Function(name="pluck", call=collection.pluck, shape=WHOLE),
        Function(name="project", call=collection.project, shape=WHOLE),
        Function(name="sort", call=collection.sort, shape=WHOLE),
        Function(name="find_one", call=collection.find_one),
    ]
)
