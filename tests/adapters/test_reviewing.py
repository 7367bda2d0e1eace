"""The review queue as a person meets it: in a useful order, without values unless they are asked for."""

from __future__ import annotations

import json

import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters.reviewing import queue_of, said_of
from dagster_project.domain.identity.rules import REASONS
from dagster_project.domain.identity.words import REVIEW_ORDER
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.identified import AINO, OTSO, publish_identity


@pytest.fixture
def identified(home: Settings) -> Settings:
    publish_identity(home)
    return home


def with_a_vault(settings: Settings) -> None:
    """One contact with a name, as dbt leaves it in the vault."""
    with duckdb.connect(str(settings.at_home.warehouse)) as connection:
        connection.execute(f"attach '{settings.at_home.vault_database}' as vault")
        connection.execute("create schema vault.identity")
        connection.execute(
            "create table vault.identity.known_contacts as select 'hubspot:contact:1' as source_record_id,"
            " true as is_newest, 'Etunimi' as first_name, 'Sukunimi' as last_name, date '1980-02-03' as birth_date,"
            " 'etunimi@example.com' as email_raw, null as phone_raw, null as street, null as postal_code,"
            " null as city, null as customer_number, false as is_deleted, timestamp '2026-01-01' as created_at"
        )


def test_every_reason_has_words_and_a_place_in_the_queue() -> None:
    assert sorted(REVIEW_ORDER) == sorted(REASONS)


def test_what_a_look_can_settle_comes_first_and_what_it_cannot_last(identified: Settings) -> None:
    queue = queue_of(identified)
    assert [row["reason"] for row in queue["pairs"]] == ["below_threshold", "names_differ", "two_customer_numbers"]
    assert queue["by_reason"][0] == {"reason": "below_threshold", "count_pairs": 1}
    assert queue["count_pairs"] == 3


def test_it_can_be_narrowed_to_a_reason_a_customer_and_a_length(identified: Settings) -> None:
    assert [row["score"] for row in queue_of(identified, reason="below_threshold")["pairs"]] == [0.93]
    assert {row["customer_id_b"] for row in queue_of(identified, customer_id=OTSO)["pairs"]} == {OTSO}
    short = queue_of(identified, customer_id=AINO, limit=1)
    assert (len(short["pairs"]), short["count_pairs"]) == (1, 3)


def test_a_reason_nothing_is_held_for_is_refused(identified: Settings) -> None:
    with pytest.raises(HoivaError, match="names_differ"):
        queue_of(identified, reason="no_reason")


def test_the_command_tells_ids_and_no_values(identified: Settings) -> None:
    with_a_vault(identified)
    told = CliRunner().invoke(cli.app, ["identity", "review"])
    assert told.exit_code == 0, told.output
    assert "hubspot:contact:1" in told.output
    assert "ga4:cookie:x" not in told.output, "no browser is held here"
    assert "nimi" not in told.output
    program = CliRunner().invoke(cli.app, ["identity", "review", "--json", "--reason", "names_differ"])
    assert json.loads(program.stdout)["pairs"][0]["source_record_id_b"] == "hubspot:contact:2"


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_values_go_to_a_terminal_and_nowhere_else(identified: Settings, more: list[str]) -> None:
    with_a_vault(identified)
    told = CliRunner().invoke(cli.app, ["identity", "review", "--show", *more])
    assert told.exit_code == 2
    assert "nimi" not in told.output


def test_a_person_who_may_see_them_sees_both_sides(identified: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with_a_vault(identified)
    monkeypatch.setattr("dagster_project.commands.shared.is_terminal", lambda: True)
    told = CliRunner().invoke(cli.app, ["identity", "review", "--show", "--reason", "names_differ"])
    assert told.exit_code == 0, told.output
    assert "Sukunimi" in told.output
    assert said_of(identified, ["hubspot:contact:2"]) == {}


def test_a_home_without_a_vault_says_so(identified: Settings) -> None:
    with pytest.raises(HoivaError, match="no vault yet"):
        said_of(identified, ["hubspot:contact:1"])


def test_record_ids_are_never_drawn_as_pictures(identified: Settings) -> None:
    told = CliRunner().invoke(cli.app, ["identity", "why", "mailchimp:member:a", "ga4:cookie:x"])
    assert "ga4:cookie:x: logged in with the browser" in told.output
