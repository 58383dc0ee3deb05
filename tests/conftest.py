"""Quick tests first; tests whose tools are missing are skipped by name, and with CI=true such a skip is a failure."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / "build" / "wheels"
REDOCLY = ROOT / "build" / "node" / "node_modules" / ".bin" / "redocly"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


def _missing(item: pytest.Item) -> str:
    if item.get_closest_marker("needs_node") and not (shutil.which("node") and REDOCLY.exists()):
        return "@redocly/cli is not installed; ci/test installs it where Node.js and npm are"
    if item.get_closest_marker("needs_wheels") and not any(WHEELS.glob("understudy-*.whl")):
        return "the project's wheel is not built; ci/test builds it and collects what it depends on"
    if item.get_closest_marker("needs_browser") and not shutil.which("chromium"):
        return "Chromium is not installed; ci/test installs it as root or with CI=true"
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    reason = _missing(item)
    if not reason:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{item.name} cannot run: {reason}", pytrace=False)
    pytest.skip(reason)
