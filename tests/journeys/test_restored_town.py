"""A town that has run is sound; lost and restored, its next run builds everything again and sends nothing twice."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.adapters.backing_up import back_up
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.restoring import restore
from dagster_project.adapters.settling import settle
from dagster_project.adapters.verifying import verify
from dagster_project.components.destination import destinations
from dagster_project.domain.synthetic import make_town
from tests.journeys.homes import TOWN, TOWN_SIZE, at_home, contacts_of, files_of, run_day
from tests.journeys.personal import TOKENS, personal_values

DAY = date(2026, 3, 31)  # the day the demo runs as of
CUSTOMER_ID = re.compile(rb"\bc[0-9a-f]{20}\b")


def test_a_town_that_has_run_is_sound(town_home: Path) -> None:
    with at_home(town_home, **TOWN) as own:
        assert verify(own) == []


def test_the_health_file_of_a_run_tells_how_it_ended_and_names_nobody(town_home: Path) -> None:
    content = (town_home / "health.json").read_bytes()
    told = json.loads(content)
    assert told["last_run"]["success"] is True
    assert told["last_batches"]
    people = make_town(customers=int(TOWN_SIZE[1]), days=int(TOWN_SIZE[3]), seed=1).people
    for kind, values in personal_values(people).items():
        assert not TOKENS[kind](content) & values
    with at_home(town_home, **TOWN) as own, open_ledger(own.ledger_address) as ledger:
        known = ledger.contacts()["customer_id"].to_pylist()
    assert CUSTOMER_ID.fullmatch(known[0].encode()), "this is what one looks like"
    assert not CUSTOMER_ID.search(content), "no customer's id"


@pytest.mark.slow
def test_a_restored_town_builds_everything_again_and_sends_nothing_twice(town_home: Path, tmp_path: Path) -> None:
    with at_home(town_home, **TOWN) as lost:
        made = back_up(lost, tmp_path / "backups", datetime.now(UTC))
    restore(made, tmp_path / "new")
    with at_home(tmp_path / "new", **TOWN) as own:
        assert not own.at_home.warehouse.exists()
        assert verify(own) == []
        before = files_of(own.home, "outbox", "published")
        contacts = contacts_of(own)
        run_day(own, DAY)
        assert files_of(own.home, "outbox") == {name: sha for name, sha in before.items() if name.startswith("outbox")}
        with open_ledger(own.ledger_address) as ledger:
            last = {record.destination: record.sequence for record in ledger.batches()}
            assert not settle(own, ledger, destinations(), [], last, datetime.now(UTC)).is_open
        run_day(own, DAY)
        assert files_of(own.home, "outbox", "published") == before, "the same night again, byte for byte"
        assert contacts_of(own) == contacts
        assert verify(own) == []
