"""The runbook for a supplier's change, followed step by step: its commands work and end where it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters import landing
from dagster_project.adapters.gate import passing
from dagster_project.settings import CHECKOUT, Settings

PAGE = (CHECKOUT / "docs/runbooks/schema_drift.md").read_text()
COMMANDS = re.findall(r"^ {4}hoiva (.+)$", PAGE, re.MULTILINE)
RENAMED = "order_id,customer_number,order_date\nA1,10017,2026-03-30 18:00:00\nA2,10018,2026-03-31T09:30:00Z\n"


@pytest.fixture
def contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped contracts, in a folder of the test's own."""
    folder = tmp_path / "contracts"
    shutil.copytree(landing.CONTRACTS, folder)
    monkeypatch.setattr(landing, "CONTRACTS", folder)
    monkeypatch.setattr(passing, "_failed_expectations", lambda *_: "")
    return folder


def hoiva(command: str, home: Settings, folder: Path) -> tuple[int, str]:
    """Run a command of the page, with its paths in the test's folders."""
    words = command.replace("var/", f"{home.home}/").split()
    files = [str(path) for word in words if "*" in word for path in Path("/").glob(word.lstrip("/"))]
    words = [word for word in words if "*" not in word] + files
    words = [str(folder / word) if (folder / word).is_file() else word for word in words]
    result = CliRunner().invoke(cli.app, words)
    return result.exit_code, " ".join(result.output.split())


def test_the_page_is_followed_from_the_refusal_to_the_loaded_file(
    home: Settings, contracts: Path, tmp_path: Path
) -> None:
    (tmp_path / "orders_2026-04.csv").write_text(RENAMED)
    first, again, status, _ = COMMANDS
    shown = " ".join(re.findall(r"^ {4}(orders_2026-04\.csv: .+\n {4}.+)$", PAGE, re.MULTILINE)[0].split())
    code, text = hoiva(first, home, tmp_path)
    assert code == 1
    assert shown in text, "the page shows the line as it is"
    assert hoiva(again, home, tmp_path)[0] == 1, "negative control: nothing was changed yet"

    ours = contracts / "standard.yaml"
    mended = ours.read_text().replace(
        "ordered_at: {type: timestamp, required: true",
        "ordered_at: {also: [order_date], type: timestamp, required: true",
        1,
    )
    assert mended != ours.read_text()
    ours.write_text(mended)
    code, text = hoiva(again, home, tmp_path)
    assert (code, "loaded" in text) == (0, True), text
    assert hoiva(status, home, tmp_path)[0] == 0


def test_the_count_of_reasons_counts_them(home: Settings, contracts: Path, tmp_path: Path) -> None:
    good = RENAMED.replace("order_date", "ordered_at")
    (tmp_path / "orders_2026-05.csv").write_text(good + "A3,10019,1.4.2026\nA4,10020,2.4.2026\n")
    assert hoiva("land standard orders_2026-05.csv", home, tmp_path)[0] == 0
    query = re.search(r'duckdb\.sql\("""(.+?)"""\)', PAGE, re.DOTALL)
    assert query is not None
    rows = duckdb.sql(query.group(1).replace("var/", f"{home.home}/")).fetchall()
    assert rows == [("ordered_at", "not_a_timestamp", 4, 2)]
