"""``hoiva land``: what it says and with which code it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters.gate import passing
from dagster_project.errors import HoivaError

ORDERS = "order_id,customer_number,ordered_at\nA1,10017,2026-03-30 18:00:00\nA2,10018,2026-03-31T09:30:00Z\n"


@pytest.fixture(autouse=True)
def _without_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "_failed_expectations", lambda *_: "")


def hoiva(*arguments: str) -> tuple[int, str]:
    """The exit code and everything that was printed; an error a person can mend is raised as it is."""
    result = CliRunner().invoke(cli.app, list(arguments))
    if isinstance(result.exception, HoivaError):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders_2026-03.csv"
    path.write_text(ORDERS)
    return path


def test_a_good_file_ends_with_0_and_its_counts(orders: Path) -> None:
    code, text = hoiva("land", "standard", str(orders))
    assert code == 0
    assert "loaded" in text
    assert orders.exists(), "a file named on the command line stays where it is"


def test_json_tells_each_file(orders: Path) -> None:
    code, text = hoiva("land", "standard", str(orders), str(orders), "--history", "--json")
    first, second = json.loads(text)
    assert code == 0
    assert (first["status"], first["count_loaded"], first["known_mode"]) == ("loaded", 2, "history")
    assert second["status"] == "repeated"


def test_a_refused_file_ends_with_1_after_the_others_were_taken(orders: Path, tmp_path: Path) -> None:
    empty = tmp_path / "orders_empty.csv"
    empty.write_text("")
    code, text = hoiva("land", "standard", str(empty), str(orders), "--json")
    assert code == 1
    assert [told["status"] for told in json.loads(text)] == ["refused", "loaded"]


def test_the_table_may_be_told(orders: Path) -> None:
    march = orders.rename(orders.with_name("march.csv"))
    assert hoiva("land", "standard", str(march))[0] == 1
    assert hoiva("land", "standard", str(march), "--table", "orders")[0] == 0


def test_arrived_at_is_when_it_became_known(orders: Path) -> None:
    _, text = hoiva("land", "standard", str(orders), "--arrived-at", "2026-03-31T12:00", "--json")
    assert json.loads(text)[0]["arrived_at"].startswith("2026-03-31")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--history", "--arrived-at", "2026-03-31"),
        ("--arrived-at", "some day"),
        ("--nonsense",),
    ],
    ids=" ".join,
)
def test_a_mistake_on_the_command_line_ends_with_2(orders: Path, arguments: tuple[str, ...]) -> None:
    assert hoiva("land", "standard", str(orders), *arguments)[0] == 2
    assert hoiva("land")[0] == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HoivaError, match=r"no file 'orders\.csv'"):
        hoiva("land", "standard", str(tmp_path / "orders.csv"))


def test_a_source_that_is_not_there_is_named_with_those_that_are(orders: Path) -> None:
    with pytest.raises(HoivaError, match=r"no source is called 'shopp'; there are ga4, hubspot"):
        hoiva("land", "shopp", str(orders))


def test_one_line_of_error_and_1_for_what_a_person_can_mend(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["hoiva", "land", "shopp", str(orders)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_fresh_home_has_a_vault_for_its_owner_alone(orders: Path, tmp_path: Path) -> None:
    own = tmp_path / "another"
    before = os.umask(0o022)
    try:
        assert hoiva("land", "standard", str(orders), "--home", str(own))[0] == 0
    finally:
        os.umask(before)
    assert (own / "vault").stat().st_mode & 0o777 == 0o700
