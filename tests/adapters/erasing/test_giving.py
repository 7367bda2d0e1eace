"""A person is given everything that is held of her, and nothing of anybody else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.adapters.erasing.erasing import House
from dagster_project.adapters.erasing.finding import Wanted
from dagster_project.adapters.erasing.giving import as_json, held_of, write_held
from dagster_project.adapters.ledger import open_ledger
from dagster_project.cli import app
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings, settings
from tests.adapters.erasing.conftest import Forgotten
from tests.adapters.erasing.people import OTHERS, PLANTED, deliveries
from tests.adapters.erasing.planted import land_all

AINO, EINO = PLANTED[1], OTHERS[1]
PLACES = {
    "delivered/hubspot/contact", "delivered/hubspot/ticket", "delivered/mailchimp/member", "delivered/ga4/events",
    "delivered/shop/invoice_lines", "delivered/standard/order_lines", "did_not_fit/hubspot/contact",
    "warehouse/customer_360/customer_360", "vault/identity/known_contacts", "published/identity/clusters",
    "ledger/consents", "ledger/contacts", "ledger/memberships", "told/google", "outbox/letters",
}  # fmt: skip


@pytest.fixture
def cli() -> CliRunner:
    return CliRunner()


def test_every_store_tells_what_it_holds_of_her(planted_home: Path, tmp_path: Path) -> None:
    own = Settings(home=shutil.copytree(planted_home, tmp_path / "own", symlinks=True))
    from tests.adapters.erasing.planted import house_of

    with house_of(own.at_home.root) as house:
        wanted = Wanted(customer_ids=frozenset({AINO.customer_id(own.identity_salt)}))
        held = held_of(own, house.ledger, house.contracts, wanted)
    assert held.places.keys() >= PLACES
    text = as_json(held).lower()
    for value in AINO.fields:
        assert value.lower() in text, value
    for value in EINO.fields:
        assert value.lower() not in text, value
    files = write_held(held, tmp_path / "aino")
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert json.loads(files[0].read_text()).keys() == held.places.keys()
    with pytest.raises(HoivaError, match="not empty"):
        write_held(held, tmp_path / "aino")


def test_nothing_is_held_of_somebody_who_was_erased(forgotten: Forgotten) -> None:
    own: House = forgotten.house
    with pytest.raises(HoivaError, match="nothing is held"):
        held_of(own.settings, own.ledger, own.contracts, Wanted(emails=frozenset({AINO.email})))


@pytest.fixture
def small(home: Settings, tmp_path: Path) -> Settings:
    """A home with two people whom one source knows."""
    files = {key: data for key, data in deliveries([AINO, EINO]).items() if key[1] == "contacts_1.csv"}
    with open_ledger(home.ledger_address) as ledger:
        land_all(home, ledger, tmp_path / "delivered", files)
    return home


def test_the_command_erases_whom_standard_input_names_and_prints_nothing_of_them(
    small: Settings, cli: CliRunner
) -> None:
    table = f"email\n{AINO.email}\n"
    assert cli.invoke(app, ["erase", "--verify", "--file", "-"], input=table).exit_code == 1
    done = cli.invoke(app, ["erase", "--file", "-"], input=table)
    assert done.exit_code == 0, done.output
    assert "ended" in done.output
    assert not [value for value in AINO.fields if value.lower() in done.output.lower()]
    settings.cache_clear()
    verified = cli.invoke(app, ["erase", "--verify", "--file", "-", "--json"], input=table)
    assert (verified.exit_code, json.loads(verified.stdout)["found"]) == (0, {})
    other = cli.invoke(app, ["erase", "--verify", "--phone", "-"], input=f"{EINO.phone}\n")
    assert other.exit_code == 1, "the other is still there"


def test_the_command_gives_a_person_her_data_for_a_program(small: Settings, cli: CliRunner) -> None:
    given = cli.invoke(app, ["export-person", "--email", "-"], input=AINO.email)
    assert given.exit_code == 0, given.output
    (row,) = json.loads(given.stdout)["delivered/standard/contacts"]
    assert row["last_name"] == AINO.last_name


def test_personal_data_do_not_go_to_a_screen(small: Settings, cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.commands.export_person.is_terminal", lambda: True)
    refused = cli.invoke(app, ["export-person", "--email", AINO.email])
    assert isinstance(refused.exception, HoivaError)
    assert AINO.last_name not in refused.output
    assert cli.invoke(app, ["export-person", "--email", AINO.email, "--show"]).exit_code == 0


def test_a_command_that_names_nobody_is_refused(small: Settings, cli: CliRunner) -> None:
    for arguments in (["erase"], ["erase", "--resume", "c1"], ["erase", "--verify"], ["export-person"]):
        assert cli.invoke(app, arguments).exit_code == 2
    assert cli.invoke(app, ["erase", "--resume"]).exit_code == 0


def test_an_erasure_waits_while_a_run_is_at_work(small: Settings, cli: CliRunner) -> None:
    from dagster_project.adapters.dagster_home import only_run

    with only_run(small):
        refused = cli.invoke(app, ["erase", "--email", AINO.email])
    assert "at work" in str(refused.exception)
