"""A slip in understudy.toml is named with its section, before anything is built on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import ROOT
from understudy.errors import WorkspaceError
from understudy.workspace import open_workspace

WHOLE = (ROOT / "understudy.toml").read_text(encoding="utf-8")


def test_the_reference_workspace_and_a_small_one_are_accepted() -> None:
    for folder in (ROOT, ROOT / "tests" / "benchmarks" / "workspace"):
        assert open_workspace(folder).systems


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("seed = 42", 'seed = "x"', "`seed` in [understudy] cannot be 'x'"),
        ("[policies]", "[polices]", "there is no section [polices]"),
        ('["on_shipment", "on_order"]', "[]", "`invoicePolicy` in [policies] cannot be []"),
        ('["on_shipment", "on_order"]', '"on_order"', "`invoicePolicy` in [policies] cannot be 'on_order'"),
        ('pagination = "odata"', 'pagnation = "odata"', "did you mean 'pagination'?"),
        ('base = "/wms/v1"', 'base = "wms/v1/"', "a path such as /api/v1, without a slash at its end"),
        ('base = "/wms/v1"', 'base = "/erp/v1"', "the base /erp/v1 of 'erp' lies within that of 'wms', /erp/v1"),
        (
            'base = "/wms/v1"',
            'base = "/erp/v1/wms"',
            "the base /erp/v1/wms of 'wms' lies within that of 'erp', /erp/v1",
        ),
        ("token_lifetime_s = 3600", 'token_lifetime_s = "1 h"', "`token_lifetime_s` in [systems.erp] cannot be '1 h'"),
        ("p95_s = 60", "p95_s = -1", "`p95_s` in [flows.F-1] cannot be -1"),
        ('paths = ["scenarios"]', "paths = 4", "`paths` in [scenarios] cannot be 4"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in WHOLE
    (tmp_path / "understudy.toml").write_text(WHOLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(WorkspaceError) as refused:
        open_workspace(tmp_path)
    assert says in str(refused.value)
    assert str(tmp_path / "understudy.toml") in str(refused.value)
