"""The pytest plugin as a user has it: a project of their own, `pytest`, `pytest -n 2`, failures that say why."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import ROOT

TESTS = """
import pytest

ORDER = {
    "email": "anna.k@example.com", "customer": {"id": 7723}, "currency": "EUR", "taxes_included": False,
    "billing_address": {"first_name": "Anna", "last_name": "Keller", "address1": "Hauptstr. 5", "city": "Dresden",
                        "zip": "01067", "country_code": "DE"},
    "shipping_address": {"first_name": "Anna", "last_name": "Keller", "address1": "Hauptstr. 5", "city": "Dresden",
                         "zip": "01067", "country_code": "DE"},
    "line_items": [{"sku": "SKU-1001", "title": "Travel mug", "quantity": 1, "price": "24.90",
                    "requires_shipping": True, "tax_lines": [{"title": "MwSt", "rate": 0.19, "price": "4.73"}]}],
    "shipping_lines": [{"title": "DHL", "code": "dhl_std", "price": "4.90",
                        "tax_lines": [{"title": "MwSt", "rate": 0.19, "price": "0.93"}]}],
    "total_tax": "5.66", "total_price": "35.46",
    "transactions": [{"kind": "sale", "status": "success", "amount": "35.46", "gateway": "card"}],
}


def test_an_order_reaches_the_erp(world, storefront, erp):
    assert storefront.call("createOrder", ORDER).status == 201
    world.settle()
    listed = erp.call("listSalesOrders", companyId="DE01").json()["value"]
    assert [order["status"] for order in listed] == ["released"]


@pytest.mark.understudy(integration="none")
def test_without_an_integration_nothing_happens(world, storefront, erp):
    storefront.call("createOrder", ORDER)
    world.settle()
    assert erp.call("listSalesOrders", companyId="DE01").json()["value"] == []


@pytest.mark.understudy(policies={"idempotencySupport": "none"}, seed=7)
def test_policies_and_seed_come_from_the_marker(world):
    assert (world.run.policies["idempotencySupport"], world.run.seed) == ("none", 7)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_own.py").write_text(TESTS)
    (tmp_path / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios/happy-path/hp-1.arazzo.yaml", tmp_path / "scenarios")
    return tmp_path


def run_pytest(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-W", "error", *options]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_fixtures_and_scenario_files_are_tests(project: Path, options: tuple[str, ...]) -> None:
    unjudged = TESTS.replace('integration="none"', 'integration="none", judge=False')
    (project / "test_own.py").write_text(unjudged)
    done = run_pytest(project, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_the_world_is_judged_after_the_test_whatever_the_test_looked_at(project: Path) -> None:
    done = run_pytest(project, "-k", "order_reaches_the_erp", "--understudy-defect", "drops-freight")
    assert done.returncode == 1
    assert "1 passed" in done.stdout
    assert "1 error" in done.stdout
    assert "ORD-8 does not hold" in done.stdout


def test_a_defect_fails_the_scenario_with_place_and_reason(project: Path) -> None:
    done = run_pytest(project, "--understudy-defect", "drops-freight", "scenarios")
    assert done.returncode == 1
    assert "hp-1.arazzo.yaml" in done.stdout
    assert "ORD-8" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_broken_scenario_is_a_collection_error_with_its_line(project: Path) -> None:
    path = project / "scenarios/hp-1.arazzo.yaml"
    path.write_text(path.read_text().replace("storefront.createOrder", "storefront.createOrdr"))
    done = run_pytest(project, "scenarios")
    assert done.returncode in (1, 2)
    assert "createOrdr" in done.stdout
    assert "hp-1.arazzo.yaml:" in done.stdout


def test_an_unknown_marker_argument_is_named(project: Path) -> None:
    (project / "test_own.py").write_text(
        "import pytest\n\n@pytest.mark.understudy(polices={})\ndef test_it(world):\n    pass\n"
    )
    done = run_pytest(project, "test_own.py")
    assert done.returncode == 1
    assert "polices" in done.stdout
    assert "policies" in done.stdout


def test_a_message_that_is_still_on_its_way_is_an_error(project: Path) -> None:
    """Nothing is proven while something is in flight; here, for a month."""
    late = '{"kind": "late-event", "system": "storefront", "parameters": {"seconds": 30 * 86400}}'
    test = f"def test_it(world, storefront):\n    world.control('injectFault', {late})\n"
    (project / "test_own.py").write_text(TESTS + test + "    storefront.call('createOrder', ORDER)\n")
    done = run_pytest(project, "-k", "test_it", "test_own.py")
    assert done.returncode == 1
    assert "messages were still in flight a day after the test" in done.stdout
