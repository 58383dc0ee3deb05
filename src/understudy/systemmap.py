"""The shape of understudy.toml: what each key may be, so that a slip is named before anything is built on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.errors import WorkspaceError, closest

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_text(item) for item in value)


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _base(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("/") and not value.endswith("/")


# section -> key -> (what it may be, in words); `*` stands for any name.
SECTIONS: Mapping[str, Mapping[str, tuple[Check, str]]] = {
    "understudy": {
        "version": (_whole, "a whole number"),
        "title": (_text, "a text"),
        "start": (_text, "an instant in quotes"),
        "seed": (_whole, "a whole number"),
    },
    "systems.*": {
        "contract": (_text, "the path of an OpenAPI document"),
        "behaviour": (_text, "the folder of a simulator"),
        "base": (_base, "a path such as /api/v1, without a slash at its end"),
        "pagination": (_text, "odata, cursor or link"),
        "token_lifetime_s": (_seconds, "a number of seconds"),
        "settings": (_table, "a table"),
    },
    "policies": {"*": (_texts, "a list of texts, the default first")},
    "data": {
        "module": (_text, "a module of the workspace"),
        "dataset": (_text, "the name of a function"),
        "literals": (_text, "the name of a function"),
    },
    "scenarios": {"paths": (_texts, "a list of paths"), "invariants": (_text, "a module of the workspace")},
    "mappings": {"path": (_text, "a folder")},
    "integration": {
        "module": (_text, "a module of the workspace"),
        "contract": (_text, "the path of an OpenAPI document"),
        "sink": (_text, "an address"),
        "env": (_table, "a table"),
        "env_outside": (_table, "a table"),
    },
    "flows.*": {
        "from": (_text, "the name of a system"),
        "to": (_text, "the name of a system"),
        "object": (_text, "a text"),
        "event": (_text, "the name of an event"),
        "operation": (_text, "an operation id"),
        "p95_s": (_seconds, "a number of seconds"),
        "alarm_s": (_seconds, "a number of seconds"),
    },
}


def check_system_map(config: Mapping[str, Any], place: str) -> None:
    """Raises WorkspaceError for a section or key that is unknown or cannot be what it is, naming it and its place.

    What is required is for those to say who need it; whether the named files are there, for those who read them.
    """
    known = dict.fromkeys(name.partition(".")[0] for name in SECTIONS)
    for name, value in config.items():
        if name not in known:
            raise _refusal(f"there is no section [{name}]", place, ", ".join(known), closest(name, known))
        if not isinstance(value, dict):
            raise _refusal(f"[{name}] is not a table", place)
    for section, keys in SECTIONS.items():
        name, _, each = section.partition(".")
        rows = config.get(name, {})
        for row, table in rows.items() if each else ((name, rows),):
            shown = f"{name}.{row}" if each else name
            if not isinstance(table, dict):
                raise _refusal(f"[{shown}] is not a table", place)
            _check_keys(table, keys, shown, place)
    _check_bases(config.get("systems", {}), place)


def _check_keys(table: Mapping[str, Any], keys: Mapping[str, tuple[Check, str]], section: str, place: str) -> None:
    for key, value in table.items():
        check, words = keys.get(key) or keys.get("*") or (None, "")
        if check is None:
            raise _refusal(f"[{section}] has no key {key!r}", place, ", ".join(keys), closest(key, keys))
        if not check(value):
            raise _refusal(f"`{key}` in [{section}] cannot be {value!r}", place, words)


def _check_bases(systems: Mapping[str, Mapping[str, Any]], place: str) -> None:
    """A request finds its system by the beginning of its path, so no base may begin with another."""
    bases = {name: str(row["base"]) for name, row in systems.items() if "base" in row}
    for name, base in bases.items():
        for other, prefix in bases.items():
            if other != name and f"{base}/".startswith(f"{prefix}/"):
                raise _refusal(f"the base {base} of {name!r} lies within that of {other!r}, {prefix}", place)


def _refusal(message: str, place: str, allowed: str = "", hint: str = "") -> WorkspaceError:
    return WorkspaceError(message, where=place, allowed=allowed, hint=hint)
