"""Settings, read from environment variables at one place and checked all at once.

Every variable is a row of VARIABLES, with its meaning; `describe()` prints them. A variable `X` may also be given as
`X_FILE`, the path of a file that holds the value (mounted secrets).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from .retry import Policy

PREFIX = "UNDERSTUDY_INTEGRATION_"
SYSTEMS = ("erp", "wms", "storefront", "crm")
_MAPPINGS = Path(__file__).resolve().parent.parent / "contracts" / "mappings"


class SettingsError(Exception):
    """Settings that cannot be used; `faults` lists every one of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(["the integration's settings cannot be used", *(f"  {fault}" for fault in faults)]))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the systems are, with what the integration signs in, and how patient it is.

    URLs carry the API's base path (`http://127.0.0.1:8700/erp/v1`). secrets: per system the signing secret of its
    webhooks, followed by the previous one while a rotation is under way. defect: a name from `defects.CATALOGUE`, empty
    for a sound integration.
    """

    erp_url: str
    wms_url: str
    storefront_url: str
    crm_url: str
    public_url: str
    erp_client_id: str
    erp_client_secret: str = field(repr=False)
    crm_client_id: str
    crm_client_secret: str = field(repr=False)
    wms_api_key: str = field(repr=False)
    storefront_token: str = field(repr=False)
    secrets: Mapping[str, tuple[str, ...]] = field(repr=False)
    admin_key: str = field(repr=False)
    company: str = "DE01"
    zone: str = "Europe/Berlin"
    mappings: Path = _MAPPINGS
    database: str = "understudy-integration.sqlite3"
    host: str = "127.0.0.1"
    port: int = 8710
    timeout_s: float = 10.0
    attempts: int = 8
    backoff_base_s: float = 10.0
    backoff_cap_s: float = 5400.0
    grace_s: float = 600.0
    coalesce_s: float = 30.0
    safety_stock: str = "0"
    customer_create: str = "auto"
    lookup_ttl_s: float = 60.0
    signature_tolerance_s: int = 300
    max_body_bytes: int = 1024 * 1024
    keep_days: int = 30
    runbooks: str = "https://example.com/runbooks"
    defect: str = ""

    @property
    def retry(self) -> Policy:
        return Policy(
            attempts=self.attempts, base_s=self.backoff_base_s, cap_s=self.backoff_cap_s, grace_s=self.grace_s
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from the environment. Raises SettingsError that names every missing or unusable variable."""
        given = os.environ if environ is None else environ
        faults: list[str] = []
        values: dict[str, Any] = {}
        known = {field.name for field in fields(cls)}
        secrets: dict[str, tuple[str, ...]] = {}
        for variable in VARIABLES:
            try:
                text = _lookup(given, variable.name)
                value = variable.read(text) if text is not None else None
            except ValueError as error:
                faults.append(f"{variable.name}: {error}")
                continue
            if value is None:
                if variable.required:
                    faults.append(f"{variable.name}: missing ({variable.meaning})")
            elif variable.field in known:
                values[variable.field] = value
            else:
                system = variable.field.removesuffix("_secret").removesuffix("_secret_previous")
                secrets[system] = (*secrets.get(system, ()), value)
        faults += _unknown(given)
        if faults:
            raise SettingsError(faults)
        return cls(**values, secrets=secrets)


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable. field: the attribute of Settings, or `<system>_secret` for the signing secrets."""

    name: str
    field: str
    read: Callable[[str], Any]
    meaning: str
    required: bool = False


def _text(value: str) -> str:
    return value


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{value!r} is no http or https URL")
    if "@" in parts.netloc:
        raise ValueError("credentials do not belong into a URL")
    return value.rstrip("/")


def _secret(value: str) -> str:
    if len(value) < 16:
        raise ValueError("a signing secret needs at least 16 characters")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone, try 'Europe/Berlin'") from None
    return value


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not least <= int(value[:12]) <= most:
            raise ValueError(f"{value!r} is no whole number from {least} to {most}")
        return int(value)

    return read


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not least <= seconds <= most:
            raise ValueError(f"{value!r} is no number of seconds from {least:g} to {most:g}")
        return seconds

    return read


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
        return value

    return read


def _folder(value: str) -> Path:
    path = Path(value)
    if not path.is_dir():
        raise ValueError(f"{value!r} is no folder")
    return path


def _quantity(value: str) -> str:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise ValueError(f"{value!r} is no whole number of pieces")
    return value


def _variable(name: str, read: Callable[[str], Any], meaning: str, *, required: bool = False) -> Variable:
    return Variable(PREFIX + name, name.lower(), read, meaning, required)


VARIABLES: tuple[Variable, ...] = (
    _variable("ERP_URL", _url, "base of the ERP's API, such as http://127.0.0.1:8700/erp/v1", required=True),
    _variable("WMS_URL", _url, "base of the WMS's API", required=True),
    _variable("STOREFRONT_URL", _url, "base of the storefront's API", required=True),
    _variable("CRM_URL", _url, "base of the CRM's API", required=True),
    _variable(
        "PUBLIC_URL", _url, "where the systems reach this integration; /webhooks/{system} follows", required=True
    ),
    _variable("ERP_CLIENT_ID", _text, "OAuth client at the ERP", required=True),
    _variable("ERP_CLIENT_SECRET", _text, "its secret", required=True),
    _variable("CRM_CLIENT_ID", _text, "OAuth client at the CRM", required=True),
    _variable("CRM_CLIENT_SECRET", _text, "its secret", required=True),
    _variable("WMS_API_KEY", _text, "key of the WMS", required=True),
    _variable("STOREFRONT_TOKEN", _text, "access token of the storefront app", required=True),
    *(
        row
        for system in SYSTEMS
        for row in (
            _variable(f"{system.upper()}_SECRET", _secret, f"signing secret of the {system}'s webhooks", required=True),
            _variable(f"{system.upper()}_SECRET_PREVIOUS", _secret, "the secret before it, while one is rotated"),
        )
    ),
    _variable("ADMIN_KEY", _secret, "X-Admin-Key of the admin surface", required=True),
    _variable("COMPANY", _text, "company code at the ERP; default DE01"),
    _variable("ZONE", _zone, "time zone of the company; default Europe/Berlin"),
    _variable("MAPPINGS", _folder, "folder of the mapping tables; default: those of the workspace"),
    _variable(
        "DATABASE", _text, "SQLite file of inbox, outbox and dead letters; default understudy-integration.sqlite3"
    ),
    _variable("HOST", _text, "address to listen on; default 127.0.0.1"),
    _variable("PORT", _whole(0, 65535), "port to listen on, 0 picks a free one; default 8710"),
    _variable("TIMEOUT_S", _seconds(0.1, 600), "how long to wait for an answer; default 10"),
    _variable("ATTEMPTS", _whole(1, 50), "calls in all before a message is given up; default 8"),
    _variable("BACKOFF_BASE_S", _seconds(0, 3600), "upper bound of the first wait, doubling; default 10"),
    _variable("BACKOFF_CAP_S", _seconds(0, 86400), "upper bound of any wait; default 5400"),
    _variable("GRACE_S", _seconds(0, 86400), "how long an early message waits for its object; default 600"),
    _variable("COALESCE_S", _seconds(0, 3600), "stock changes of one item within this time become one; default 30"),
    _variable("SAFETY_STOCK", _quantity, "pieces the store never offers, per item; default 0"),
    _variable("CUSTOMER_CREATE", _choice("auto", "never"), "whether unknown customers are created at the ERP"),
    _variable("LOOKUP_TTL_S", _seconds(0, 86400), "how long code tables read from the ERP are reused; default 60"),
    _variable("SIGNATURE_TOLERANCE_S", _whole(1, 86400), "how old a signature may be; default 300"),
    _variable("MAX_BODY_BYTES", _whole(1024, 64 * 1024 * 1024), "largest webhook accepted; default 1048576"),
    _variable("KEEP_DAYS", _whole(1, 3650), "how long finished messages are kept; default 30"),
    _variable("RUNBOOKS", _url, "base of the runbook links in dead letters"),
    _variable("DEFECT", _text, "switches on one known defect, to see it caught; never in production"),
)
_NAMES = frozenset(variable.name for variable in VARIABLES)


def describe() -> str:
    """All variables with their meaning, required ones first, for `--help` and the guide."""
    ordered = sorted(VARIABLES, key=lambda variable: not variable.required)
    return "\n".join(
        f"  {variable.name}{' (required)' if variable.required else ''}\n      {variable.meaning}"
        for variable in ordered
    )


def _lookup(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name)
    path = environ.get(f"{name}_FILE")
    if value and path:
        raise ValueError(f"given twice, here and as {name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{path!r} cannot be read ({error.__class__.__name__})") from None
    return value or None


def _unknown(environ: Mapping[str, str]) -> list[str]:
    """A misspelled variable is refused, or its default would silently win."""
    from difflib import get_close_matches

    found = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name.removesuffix("_FILE") in _NAMES or name in _NAMES:
            continue
        near = get_close_matches(name, _NAMES, n=1)
        found.append(f"{name}: unknown" + (f", did you mean {near[0]}?" if near else ""))
    return found
