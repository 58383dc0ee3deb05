"""Reading the calls in a table: steps, rules, conditions and paths, with every name in them known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from understudy.errors import MappingError, closest
from understudy.mapping.argument import Mention, mentions
from understudy.mapping.condition import condition_mentions
from understudy.mapping.function import Function
from understudy.mapping.path import Path, parse_path
from understudy.mapping.rule import RULES
from understudy.mapping.source import Source
from understudy.mapping.spec import LookupSpec, RuleSpec, StepSpec
from understudy.mapping.transform import TRANSFORMATIONS

STEP_OPTIONS = ("repair", "code")
RULE_OPTIONS = ("code", "level", "when", "on", "detail")
_TARGET_SCOPES = ("source", "header", "query", "path", "control")


class Calls(Source):
    """A source with the names that its calls may use: recipes, lookups, conditions, and documents (`scopes`)."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, name)
        self.recipes: dict[str, tuple[StepSpec, ...]] = {}
        self.lookups: dict[str, LookupSpec] = {}
        self.conditions: Mapping[str, Any] = {}
        self.scopes: set[str] = set()

    def read_steps(self, node: Any, pointer: str) -> tuple[StepSpec, ...]:
        steps: list[StepSpec] = []
        for index, call in enumerate(self.sequence(node, pointer, "steps")):
            place = f"{pointer}/{index}"
            if isinstance(call, str) and call in self.recipes:
                steps.append(StepSpec(name=call, arguments={}, pointer=place))
                continue
            name, arguments, options = self.read_call(call, place, TRANSFORMATIONS, STEP_OPTIONS, "transformation")
            steps.append(
                StepSpec(
                    name=name,
                    arguments=arguments,
                    repair=str(options.get("repair", "")),
                    code=str(options.get("code", "")),
                    pointer=place,
                )
            )
        return tuple(steps)

    def read_rules(self, node: Any, pointer: str) -> tuple[RuleSpec, ...]:
        rules: list[RuleSpec] = []
        for index, call in enumerate(self.sequence(node, pointer, "rules")):
            place = f"{pointer}/{index}"
            name, arguments, options = self.read_call(call, place, RULES, RULE_OPTIONS, "rule")
            if options.get("level", "error") not in ("error", "warning"):
                raise self.refuse(f"level {options['level']!r}", f"{place}/level", allowed="error or warning")
            if options.get("when") is not None:
                self.check_condition(options["when"], f"{place}/when")
            with self.at(place):
                self.check_mentions(mentions(options.get("on")))
            rules.append(
                RuleSpec(
                    name=name,
                    arguments=arguments,
                    code=str(options.get("code", "")),
                    warning=options.get("level") == "warning",
                    when=options.get("when"),
                    on=options.get("on"),
                    detail=str(options.get("detail", "")),
                    pointer=place,
                )
            )
        return tuple(rules)

    def read_call(
        self, call: Any, pointer: str, known: Mapping[str, Function], options: tuple[str, ...], what: str
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """`upper`, `{cut: 250}` or `{crosswalk: {table: t, to: erp}, repair: X}` -> name, arguments, options."""
        data = {call: None} if isinstance(call, str) else self.mapping(call, pointer, f"a {what}")
        names = [key for key in data if key not in options or key in known]
        allowed = (*self.recipes, *known) if what == "transformation" else tuple(known)
        if len(names) != 1 or names[0] not in known:
            name = next((key for key in names if key not in known), names[0] if names else "")
            raise self.refuse(
                f"unknown {what} {name!r}" if name not in known else f"a {what} is one name with its arguments",
                pointer,
                hint=closest(name, allowed) or f"known: {', '.join(allowed)}",
            )
        name = names[0]
        function, given = known[name], data[name]
        parameters = function.parameters
        if isinstance(given, dict) and "lookup" not in given:
            arguments = dict(given)
        else:
            arguments = {} if given is None else {next(iter(parameters), ""): given}
        for argument in arguments:
            if argument not in parameters:
                raise self.refuse(
                    f"{what} {name!r} has no argument {argument!r}",
                    pointer,
                    allowed=", ".join(parameters) or "none",
                    hint=closest(argument, parameters),
                )
        for argument, parameter in parameters.items():
            if parameter.default is parameter.empty and argument not in arguments:
                raise self.refuse(f"{what} {name!r} needs the argument {argument!r}", pointer)
        with self.at(pointer):
            for argument, value in arguments.items():
                self.check_argument(function, argument, value)
        return name, arguments, {key: data[key] for key in data if key != name}

    def check_argument(self, function: Function, argument: str, value: Any) -> None:
        if argument in function.tables:
            self.check_mentions([Mention(lookup=str(value))])
        elif argument in function.cases:
            if not isinstance(value, list) or not all(isinstance(case, dict) and "then" in case for case in value):
                raise MappingError(f"{function.name} needs cases", allowed="a list of {when: condition, then: value}")
            for case in value:
                if case.keys() - {"when", "then"}:
                    raise MappingError("a case has `when` and `then`")
                if "when" in case:
                    self.check_mentions(condition_mentions(case["when"], self.conditions))
                self.check_mentions(mentions(case["then"]))
        else:
            self.check_mentions(mentions(value, templates=argument in function.templates))

    def check_condition(self, condition: Any, pointer: str) -> None:
        with self.at(pointer):
            self.check_mentions(condition_mentions(condition, self.conditions))

    def check_mentions(self, found: Iterable[Mention]) -> None:
        for mention in found:
            if mention.path is not None:
                self.check_scope(mention.path)
            elif mention.lookup not in self.lookups:
                raise MappingError(
                    f"lookup {mention.lookup!r} is not declared",
                    allowed=", ".join(self.lookups),
                    hint=closest(mention.lookup, self.lookups) or "declare it under `lookups`",
                )

    def check_scope(self, path: Path) -> None:
        if path.scope not in self.scopes:
            raise MappingError(
                f"{path.text!r} names an unknown document {path.scope!r}",
                allowed=", ".join(sorted(self.scopes)),
                hint=closest(path.scope, self.scopes) or "declare it under `documents`",
            )
        if path.scope == "lookup":
            self.check_mentions([Mention(lookup=str(path.segments[0]) if path.segments else "")])

    def path(self, text: Any, pointer: str) -> Path:
        if not isinstance(text, str):
            raise self.refuse(f"{text!r} is no path", pointer)
        with self.at(pointer):
            path = parse_path(text)
            self.check_scope(path)
        return path

    def target_path(self, text: str, pointer: str) -> Path:
        with self.at(pointer):
            path = parse_path(text)
        if path.scope not in _TARGET_SCOPES or path.relative or not path.segments:
            raise self.refuse(
                f"{text!r} is no target",
                pointer,
                allowed="a field of the target document, header:, query:, path:, control: or -",
            )
        return path
