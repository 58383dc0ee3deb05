"""Settings come from the environment, and every fault is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.settings import PREFIX, VARIABLES, Settings, SettingsError, describe

GOOD = {
    "ERP_URL": "http://127.0.0.1:8700/erp/v1/",
    "WMS_URL": "http://127.0.0.1:8700/wms/v1",
    "STOREFRONT_URL": "http://127.0.0.1:8700/store/v1",
    "CRM_URL": "https://crm.example.com/crm/v1",
    "PUBLIC_URL": "http://127.0.0.1:8710",
    "ERP_CLIENT_ID": "integration",
    "ERP_CLIENT_SECRET": "erp-client-secret",
    "CRM_CLIENT_ID": "integration",
    "CRM_CLIENT_SECRET": "crm-client-secret",
    "WMS_API_KEY": "wms-api-key",
    "STOREFRONT_TOKEN": "store-token",
    "ERP_SECRET": "signing-secret-of-erp",
    "WMS_SECRET": "signing-secret-of-wms",
    "STOREFRONT_SECRET": "signing-secret-of-storefront",
    "CRM_SECRET": "signing-secret-of-crm",
    "ADMIN_KEY": "an-admin-key-of-some-length",
}


def environ(**changes: str | None) -> dict[str, str]:
    merged = {**GOOD, **changes}
    return {PREFIX + name: value for name, value in merged.items() if value is not None}


def faults(given: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(given)
    return caught.value.faults


def test_required_variables_are_enough() -> None:
    settings = Settings.from_env(environ())
    assert settings.erp_url == "http://127.0.0.1:8700/erp/v1"
    assert (settings.port, settings.attempts, settings.grace_s, settings.zone) == (8710, 8, 600, "Europe/Berlin")
    assert settings.secrets["erp"] == ("signing-secret-of-erp",)


def test_optional_variables_override_defaults() -> None:
    settings = Settings.from_env(environ(PORT="0", COALESCE_S="1.5", SAFETY_STOCK="2", CUSTOMER_CREATE="never"))
    assert (settings.port, settings.coalesce_s, settings.safety_stock) == (0, 1.5, "2")
    assert settings.customer_create == "never"


def test_the_previous_secret_follows_the_current_one() -> None:
    settings = Settings.from_env(environ(ERP_SECRET_PREVIOUS="the-secret-of-last-week"))
    assert settings.secrets["erp"] == ("signing-secret-of-erp", "the-secret-of-last-week")


def test_every_missing_variable_is_named_at_once() -> None:
    found = faults({})
    assert len(found) == len(GOOD)
    assert all("missing" in fault for fault in found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ERP_URL": "erp.example.com"}, "no http or https URL"),
        ({"ERP_URL": "http://user:pw@erp.example.com"}, "credentials"),
        ({"ERP_SECRET": "short"}, "16 characters"),
        ({"ZONE": "Mars/Olympus"}, "no time zone"),
        ({"PORT": "70000"}, "from 0 to 65535"),
        ({"PORT": "-1"}, "from 0 to 65535"),
        ({"TIMEOUT_S": "nan"}, "seconds"),
        ({"ATTEMPTS": "0"}, "from 1"),
        ({"CUSTOMER_CREATE": "maybe"}, "auto, never"),
        ({"SAFETY_STOCK": "1.5"}, "whole number"),
        ({"MAPPINGS": "/nowhere"}, "no folder"),
        ({"GRACE_SECONDS": "1"}, "did you mean UNDERSTUDY_INTEGRATION_GRACE_S?"),
        ({"ERP_SECRET_FILE": "/nowhere"}, "given twice"),
    ],
)
def test_an_unusable_value_is_refused_in_words(change: dict[str, str], words: str) -> None:
    (fault,) = faults(environ(**change))
    assert words in fault
    assert next(iter(change)).removesuffix("_FILE") in fault


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("a-secret-from-a-mounted-file\n", encoding="utf-8")
    settings = Settings.from_env(environ(ERP_SECRET=None, ERP_SECRET_FILE=str(path)))
    assert settings.secrets["erp"] == ("a-secret-from-a-mounted-file",)
    (fault,) = faults(environ(ERP_SECRET=None, ERP_SECRET_FILE=str(tmp_path / "missing")))
    assert "cannot be read" in fault


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings.from_env(environ()))
    assert not [
        value for name, value in GOOD.items() if "SECRET" in name or "KEY" in name or "TOKEN" in name if value in shown
    ]


def test_every_variable_is_described() -> None:
    text = describe()
    assert [variable.name for variable in VARIABLES if variable.name not in text] == []


def test_an_unknown_defect_is_refused() -> None:
    from .bench import Bench

    with pytest.raises(SettingsError, match="did you mean 'drops-freight'"):
        Bench(defect="drop-freight")
