"""`understudy seed`: hash and counts on stdout, files on request, and a clear refusal of bad input."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from understudy.cli.seed import command
from understudy.errors import UnderstudyError

from .conftest import ROOT

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))


def seed(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--workspace", str(ROOT), *arguments])


def refused(*arguments: str) -> UnderstudyError:
    error = seed(*arguments).exception
    assert isinstance(error, UnderstudyError), error
    assert error.exit_code == 2
    return error


def test_same_hash_on_any_machine() -> None:
    """The hash of 1000 customers and 2000 items, made in processes with different hash seeds, is the committed one."""
    assert version("Faker") == GOLDEN["faker"], (
        f"golden.json was made with Faker {GOLDEN['faker']}, whose word lists change between releases: install that "
        "one, or review the new data set and write its hashes to golden.json"
    )
    options = [f"--count={entity}={count}" for entity, count in GOLDEN["counts"].items()]
    code = "import sys; from understudy.cli.seed import command; command(sys.argv[1:])"
    arguments = ["--workspace", str(ROOT), f"--seed={GOLDEN['seed']}", "--format=json", *options]
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "LC_ALL": "C", "TZ": "Asia/Tokyo"},
            capture_output=True,
            text=True,
            check=True,
        )
        result = json.loads(done.stdout)
        assert {row["entity"]: row["hash"] for row in result["entities"]} == GOLDEN["entities"]
        assert result["hash"] == GOLDEN["hash"]


def test_a_thousand_customers_and_two_thousand_items_take_less_than_three_seconds_of_processor_time() -> None:
    started = time.process_time()
    result = seed("--count", "customers=1000", "--count", "items=2000")
    assert result.exit_code == 0
    assert time.process_time() - started < 3


def test_text_output_shows_the_hash_the_counts_and_each_entity() -> None:
    result = seed("--count", "customers=3", "--seed", "7")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"data set +\d+  [0-9a-f]{64}", lines[0])
    assert any(re.fullmatch(r"  customers +5  [0-9a-f]{64}", line) for line in lines)
    assert len(lines) == 19


def test_json_output_is_one_object() -> None:
    document = json.loads(seed("--count", "customers=30", "--dirty", "DQ-10", "--format", "json").stdout)
    assert sorted(document) == ["counts", "dirty", "entities", "faker", "files", "hash", "seed", "spoilt"]
    assert (document["seed"], document["counts"], document["dirty"]) == (42, {"customers": 30}, ["DQ-10"])
    assert {row["mutation"] for row in document["spoilt"]} == {"DQ-10"}


def test_without_counts_it_is_the_standard_data_set() -> None:
    one, other = (json.loads(seed("--seed", number, "--format", "json").stdout) for number in ("1", "2"))
    assert one["hash"] == other["hash"]
    assert {row["entity"]: row["count"] for row in one["entities"]}["customers"] == 2


def test_files_hold_the_data_set(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    result = seed("--count", "customers=5", "--out", str(folder))
    assert result.exit_code == 0
    assert result.stderr == f"wrote 37 files to {folder}\n"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["hash"] == result.stdout.split()[3]
    assert (manifest["seed"], manifest["counts"]) == (42, {"customers": 5})
    records: list[dict[str, Any]] = json.loads((folder / "customers.json").read_text(encoding="utf-8"))
    assert len(records) == 7
    with (folder / "customers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["postalCode"] for row in rows] == [record["postalCode"] for record in records]
    assert rows[0]["postalCode"] == "01067"
    assert rows[0]["addressLine2"] == ""
    with (folder / "items.csv").open(encoding="utf-8", newline="") as file:
        mug = next(csv.DictReader(file))
    assert (mug["blocked"], json.loads(mug["unitsOfMeasure"])) == ("false", [{"code": "CS", "qtyPerBase": "12"}])


REFUSALS = {
    "unknown entity": (["--count", "custmers=3"], "no entity 'custmers'.*did you mean 'customers'"),
    "negative": (["--count", "customers=-3"], "count of customers cannot be -3.*allowed: 0 to 500000"),
    "no number": (["--count", "customers"], "'customers' is no count.*--count customers=1000"),
    "a fraction": (["--count", "customers=2.5"], "'customers=2.5' is no count"),
    "twice": (["--count", "items=1", "--count", "items=2"], "items is counted twice"),
    "fixed list": (["--count", "company=2"], "company cannot be counted: its records are fixed"),
    "more than there are": (["--count", "currencies=17"], "cannot be 17.*allowed: 0 to 16"),
    "too few items": (["--count", "itemPrices=900"], "more than the items allow.*ask for more items"),
    "unknown mutation": (["--dirty", "DQ-99"], "no mutation 'DQ-99'.*allowed: DQ-1"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSALS.values(), ids=REFUSALS)
def test_bad_input_is_refused(arguments: list[str], message: str) -> None:
    assert re.search(message, str(refused(*arguments)), re.DOTALL)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    error = refused("--out", str(tmp_path / "file" / "data"))
    assert str(error).startswith("the data set cannot be written: Not a directory")
    assert error.where == str(tmp_path / "file" / "data")
    assert str(refused("--out", str(tmp_path / "file"))).startswith("the data set cannot be written: File exists")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"
