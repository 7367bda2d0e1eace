"""The alarms: a source that fell silent, a batch nobody took, stale tables; and the file that says so to a watcher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.exporting import export_all
from dagster_project.adapters.health import alarms_of, handed_of, write_health
from dagster_project.adapters.holding import hold
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import take
from dagster_project.adapters.verifying.outbox_checks import batch_folders
from dagster_project.domain.operations.alarms import Handed, late_sources, stuck_batches
from dagster_project.settings import Settings
from tests.adapters.small_deliveries import GOOD, HEADER, Gate
from tests.adapters.small_house import (
    AS_OF,
    GOOGLE,
    LETTERS,
    SECRETS,
    batches,
    claim,
    consent,
    customer_ids,
    house,
    point,
)
from tests.adapters.verifying.sound_home import answer

DAY = timedelta(days=1)
IDS = customer_ids(4)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        yield opened


def subjects(settings: Settings, ledger: Ledger, now: datetime) -> set[str]:
    return {alarm.subject for alarm in alarms_of(settings, ledger, now)} - {"disk"}


def test_a_source_that_came_daily_and_fell_silent_is_named(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    gate = Gate(home, ledger, tmp_path)
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for day in range(5):
        moment = first + day * DAY
        gate.land(f"visits_{day}.csv", [HEADER, GOOD, f"d{day},2026-03-30 18:00:00,,,,,"], arrived_at=moment)
    assert subjects(home, ledger, first + 7 * DAY) == set(), "a weekend is no alarm"
    assert [alarm.text for alarm in alarms_of(home, ledger, first + 9 * DAY) if alarm.subject == "sources"] == [
        "cafe.visits: nothing for 5 days, usually every 1"
    ]


def test_what_came_too_seldom_to_know_is_no_alarm() -> None:
    arrivals = {("cafe", "visits"): [AS_OF, AS_OF + DAY, AS_OF + 2 * DAY]}
    assert late_sources(arrivals, AS_OF + 90 * DAY) == []


def test_a_batch_not_answered_by_who_answers_is_named_in_time(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS), audience=IDS[:1])
    consent(ledger, IDS)
    for ids in (IDS[:2], IDS[2:]):
        claim(ledger, ids)
        export_all(home, ledger, [LETTERS, GOOGLE], AS_OF)
    assert "batches" in subjects(home, ledger, AS_OF + LETTERS.expires_after / 2), "nobody took them"
    for destination in ("letters", "google"):
        for batch in batches(home, destination):
            take(home.at_home, destination, batch.name)
    half = LETTERS.expires_after / 2
    assert "batches" not in subjects(home, ledger, AS_OF + half), "neither has ever answered"
    answer(home, next(iter(batch_folders(home.at_home, "letters").values())), "accepted")
    read_acks(home, ledger, AS_OF)
    assert "batches" not in subjects(home, ledger, AS_OF + half - DAY)
    told = [alarm.text for alarm in alarms_of(home, ledger, AS_OF + half) if alarm.subject == "batches"]
    assert told == ["letters, batch 2: not answered since 2026-03-31, expires 2026-04-07"]


def test_a_batch_nobody_took_is_named() -> None:
    waiting = Handed("letters", 1, AS_OF, AS_OF + 8 * DAY, is_taken=False, is_answered=False)
    assert stuck_batches([waiting], AS_OF + 3 * DAY) == []
    assert [alarm.text for alarm in stuck_batches([waiting], AS_OF + 9 * DAY)] == [
        "letters, batch 1: not taken since 2026-03-31, expired 2026-04-08"
    ]


def test_tables_of_three_days_ago_are_stale(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS))
    assert subjects(home, ledger, AS_OF + 2 * DAY) == set()
    assert subjects(home, ledger, AS_OF + 3 * DAY) == {"published"}


def test_the_file_says_how_the_house_is_and_names_nobody(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS), audience=IDS[:1])
    consent(ledger, IDS)
    claim(ledger, IDS)
    export_all(home, ledger, [LETTERS, GOOGLE], AS_OF)
    run = {"run_id": "r1", "job": "day", "as_of": AS_OF.isoformat(), "success": True}
    write_health(home, ledger, AS_OF, run)
    path = home.at_home.root / "health.json"
    told = json.loads(path.read_bytes())
    assert (told["status"], told["last_run"], told["last_batches"]) == ("ok", run, {"google": 1, "letters": 1})
    write_health(home, ledger, AS_OF + 3 * DAY)
    told = json.loads(path.read_bytes())
    assert (told["status"], told["last_run"]) == ("alarm", run), "a look keeps what the last run said"
    assert not [secret for secret in (*SECRETS, *IDS) if secret in path.read_text()]
    assert not list(path.parent.glob(".health*"))


def test_a_held_home_says_so(home: Settings, ledger: Ledger) -> None:
    assert write_health(home, ledger, AS_OF)["status"] == "ok"
    hold(home.at_home, {"batches": {}})
    told = write_health(home, ledger, AS_OF)
    assert (told["status"], told["is_held_after_restore"]) == ("alarm", True)


def test_only_batches_that_left_are_watched(home: Settings, ledger: Ledger) -> None:
    assert handed_of(home.at_home, ledger) == []
