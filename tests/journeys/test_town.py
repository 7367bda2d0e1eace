"""A synthetic town through the command line: what a newcomer does, and what must never happen to a customer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.ledger.tables import households
from dagster_project.adapters.reading import reader
from dagster_project.domain.synthetic import Town, make_town
from dagster_project.settings import CHECKOUT
from tests.journeys.homes import (
    TOWN,
    TOWN_SIZE,
    at_home,
    contacts_of,
    copy_of,
    customers_contacted,
    files_of,
    recipients_of,
)
from tests.journeys.personal import found_in, personal_values


@pytest.fixture(scope="module")
def town() -> Town:
    """The same people again, with the truth about them."""
    return make_town(customers=int(TOWN_SIZE[1]), days=int(TOWN_SIZE[3]), seed=1)


@pytest.fixture
def at_town(town_home: Path) -> Iterator[Path]:
    """The town's home, as the one the command line works in."""
    with at_home(town_home, **TOWN):
        yield town_home


def said(*arguments: str) -> Any:
    """What a command prints as JSON."""
    result = CliRunner().invoke(cli.app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_demo_tells_who_was_chosen_and_where_things_lie(at_town: Path) -> None:
    text = (at_town / "said.txt").read_text()
    for expected in ("Segments", "Decisions", "Batches in outbox", "hoiva explain c", "quarantined"):
        assert expected in text


def test_the_demo_run_again_changes_nothing(town_home: Path, tmp_path: Path) -> None:
    copy = copy_of(town_home, tmp_path / "home")
    stores = ("published", "outbox", "vault/published", "lake", "vault/lake", "quarantine")
    before = files_of(copy, *stores)
    assert {name.partition("/")[0] for name in before} >= {"published", "outbox", "vault", "lake"}
    with at_home(copy, **TOWN) as own:
        contacts = contacts_of(own)
        result = CliRunner().invoke(cli.app, ["demo", *TOWN_SIZE])
        assert result.exit_code == 0, result.output
        assert contacts_of(own) == contacts != []
    assert files_of(copy, *stores) == before


def test_a_draft_is_planned_against_the_town_and_leaves_no_trace(at_town: Path) -> None:
    before = files_of(at_town, ".")
    draft = CHECKOUT / "docs" / "examples" / "tell_us_what_you_like.yaml"
    (planned,) = said("plan", str(draft))["models"]
    taken = sum(row["count_displaced"] for row in planned["conflicts"]["overlaps"])
    assert taken == sum(row["count_displaced"] for row in planned["conflicts"]["displaced"])
    assert planned["conflicts"]["overlaps"] != []
    (action,) = said("plan", "reader_offer")["models"]
    assert (action["is_action"], action["changes"]) == (True, [])
    assert files_of(at_town, ".") == before


def test_the_people_of_one_address_are_one_household_for_the_decisions(at_town: Path, town: Town) -> None:
    with at_home(at_town, **TOWN) as own, open_ledger(own.ledger_address) as ledger, ledger.reading() as connection:
        rows = connection.execute(select(households.c.customer_id, households.c.household_id)).all()
    homes = Counter(household for _, household in rows)
    assert set(homes.values()) <= {2, 3, 4}, "nobody of the town lives with more"
    assert 10 < len(homes) <= (np.bincount(town.people.household) > 1).sum()


def test_status_counts_what_was_delivered_and_what_lies_in_the_outbox(at_town: Path, town: Town) -> None:
    state = said("status")
    for delivery in state["deliveries"]:
        assert delivery["count_delivered"] == delivery["count_loaded"] + delivery["count_quarantined"]
    quarantined = {
        f"{delivery['source']}.{delivery['table_name']}": delivery["count_quarantined"]
        for delivery in state["deliveries"]
        if delivery["count_quarantined"]
    }
    assert quarantined == {table: count for table, count in town.count_broken().items() if count}
    assert state["published"]["count_customers"] > 200
    assert {batch["destination"] for batch in state["batches"]} >= {"mailchimp_letters", "google_ads_fading_high_value"}


def test_explain_tells_a_chosen_customers_whole_story(at_town: Path) -> None:
    with at_home(at_town, **TOWN) as own:
        chosen = next(str(row["customer_id"]) for row in contacts_of(own) if row["care_model"].startswith("welcome"))  # type: ignore[attr-defined]
        story = said("explain", chosen)
        assert story["customer_id"] == chosen
        assert story["identity"]
        assert story["customer_360"]["count_orders"] == 1
        assert [row["outcome"] for row in story["decisions"] if row["care_model"].startswith("welcome")] == ["chosen"]
        with reader(own) as published:
            older = published.rows(
                "select alias_customer_id, customer_id from identity.customer_aliases"
                " where alias_customer_id != customer_id order by all limit 1"
            )[0]
    assert said("explain", older["alias_customer_id"])["customer_id"] == older["customer_id"]


def test_an_unknown_customer_is_one_line_and_exit_code_1(
    at_town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["hoiva", "explain", "c00000000000000000000", "--json"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    assert "no customer has the id 'c00000000000000000000'" in printed.err


def test_a_day_that_is_none_is_a_usage_error(at_town: Path) -> None:
    before = files_of(at_town, "published")
    result = CliRunner().invoke(cli.app, ["run", "--as-of", "nonsense"])
    assert result.exit_code == 2
    assert "2026-03-31" in result.output
    assert files_of(at_town, "published") == before


def test_no_personal_value_leaves_the_vault_but_in_a_batch(at_town: Path, town: Town) -> None:
    """Logs, Dagster's events, pages, artifacts, the warehouse and published tables: none holds contact data."""
    found = found_in(at_town, personal_values(town.people))
    for kind in ("email", "phone", "last_name"):
        assert found["vault"][kind] > 50, "negative control: the scan finds them where they belong"
    outside = {place: counts for place, counts in found.items() if place not in ("vault", "outbox", "town")}
    assert outside == {}


def test_the_holdout_is_in_no_batch(at_town: Path) -> None:
    with at_home(at_town, **TOWN) as own, open_ledger(own.ledger_address) as ledger:
        held_out = ledger.held_out()
        contacted = customers_contacted(own)
        members = {
            row["todays_customer_id"]
            for path in own.at_home.outbox.glob("*/*/manifest.json")
            if json.loads(path.read_text())["kind"] == "membership"
            for row in ledger.memberships(path.parent.parent.name).to_pylist()
        }
        with reader(own) as published:
            stopped = published.rows(
                "select distinct customer_id from decisions.candidates where stopped_by = 'holdout'"
            )
    assert len(contacted) >= 5
    assert held_out
    assert not (contacted | members) & held_out
    assert {row["customer_id"] for row in stopped} <= held_out


def test_nobody_who_took_their_consent_back_is_in_a_batch(at_town: Path, town: Town) -> None:
    """Against the truth of the town: written addresses belong to people who never withdrew."""
    withdrew = ~np.isnan(town.lives.withdrawn_at)
    people = {str(email).lower(): bool(gone) for email, gone in zip(town.people.email, withdrew, strict=True)}
    assert any(people.values())
    rows = recipients_of(at_town)
    written = {row["Email Address"].lower() for row in rows if "Email Address" in row}
    assert written
    assert [address for address in written if people[address]] == []
    numbers = {str(number) for number in town.people.customer_number[withdrew]}
    with at_home(at_town, **TOWN) as own:
        contacted = customers_contacted(own)
        points = pq.read_table(own.at_home.vault_published / "contact_points.parquet").to_pylist()
    known = {row["customer_id"]: row["customer_number"] for row in points}
    reached = {known[customer_id] for customer_id in contacted}
    assert reached - {None}
    assert not reached & numbers
