"""The tables of the documentation that come from the code, by name; `python -m tests.docs` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields

import click

from tests.cli.shell import ROOT
from understudy.cli import COMMANDS, cli
from understudy.simulate.control import control_contract
from understudy.simulate.fault import EVENT_FAULTS, REQUEST_FAULTS
from understudy.workspace import open_workspace

_PLACE = re.compile(r"(<!-- from the code: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def invariants() -> str:
    """Every rule of scenarios/invariants with its statement, when it is judged and what it needs."""
    rows = []
    for rule in open_workspace(ROOT).invariants.values():
        judged = "after every step" if rule.each_step else "at the end"
        needs = "what the integration tells" if "integration" in rule.needs else ""
        rows.append([f"`{rule.id}`", rule.statement, judged, needs])
    return table(["rule", "what must hold", "judged", "needs"], rows)


def control_operations() -> str:
    """Every operation of the control plane."""
    rows = [
        [f"`{operation.id}`", f"`{operation.method} {operation.path}`", _summary(operation.path, operation.method)]
        for operation in control_contract().operations.values()
    ]
    return table(["operation", "request", "does"], rows)


def _summary(path: str, method: str) -> str:
    document = control_contract().document
    operation = document["paths"][path][method.lower()]
    return str(operation["summary"])


def faults() -> str:
    """Every kind of fault with its parameters and their defaults."""
    rows = []
    for kind, fault in sorted(REQUEST_FAULTS.items()):
        parameters = ", ".join(f"`{f.name}` {_value(f.default)}" for f in fields(fault))
        words = " ".join((fault.__doc__ or "").split("\n\n")[0].split())
        rows.append([f"`{kind}`", "request", words, parameters])
    for kind, event_fault in sorted(EVENT_FAULTS.items()):
        parameters = ", ".join(f"`{name}` {value}" for name, value in event_fault.parameters.items())
        words = f"{event_fault.words[:1].upper()}{event_fault.words[1:]}."
        rows.append([f"`{kind}`", "event", words, parameters])
    return table(["kind", "of", "what happens", "parameters and defaults"], rows)


def _value(default: object) -> str:
    return "none" if default is None else str(default)


def _options(name: str) -> Callable[[], str]:
    def options() -> str:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        rows = []
        for parameter in command.params:
            if isinstance(parameter, click.Option) and "--help" not in parameter.opts:
                rows.append([_spelled(parameter), parameter.help or "", _default(parameter)])
        return table(["option", "does", "default"], rows)

    options.__doc__ = f"Every option of `understudy {name}`."
    return options


def _spelled(option: click.Option) -> str:
    value = ""
    if isinstance(option.type, click.Choice):
        value = " " + "|".join(option.type.choices)
    elif not option.is_flag:
        value = f" {option.metavar or {'path': 'PATH', 'text': 'TEXT'}.get(option.type.name, 'N')}"
    return ", ".join(f"`{name}{value}`" for name in sorted(option.opts, key=len, reverse=True))


def _default(option: click.Option) -> str:
    shown = option.default
    plain = isinstance(shown, str | int) and not isinstance(shown, bool) and shown != ""
    return f"`{shown}`" if plain else ""


TABLES: Mapping[str, Callable[[], str]] = {
    "invariants": invariants,
    "control-operations": control_operations,
    "faults": faults,
    **{f"options-of-{name}": _options(name) for name in COMMANDS},
}


def places(text: str) -> list[str]:
    """The names of the tables that a page has a place for."""
    return [match["name"] for match in _PLACE.finditer(text)]


def filled(text: str) -> str:
    """The page with every table as the code has it today. Raises KeyError for a name that no table has."""
    return _PLACE.sub(lambda match: f"{match[1]}{TABLES[match['name']]()}{match[3]}", text)
