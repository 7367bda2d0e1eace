"""A change too great to be true waits for a person's word, and the word is about that change alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from dagster_project.adapters import approving
from dagster_project.adapters.exporting import export_destination, waiting
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.cli import app
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.domain.exports.guards import Guards
from dagster_project.domain.exports.manifest import Batch
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.small_house import (
    AS_OF,
    GOOGLE,
    LETTERS,
    batches,
    claim,
    consent,
    customer_ids,
    house,
    point,
    statuses,
    take_all,
)

IDS = customer_ids(20)
GUARDS = Guards(from_rows=3)
AUDIENCE = replace(GOOGLE, guards=GUARDS)
MAIL = replace(LETTERS, guards=GUARDS)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        consent(opened, IDS)
        house(home, map(point, IDS), audience=IDS)
        export_destination(home, opened, AUDIENCE, AS_OF)
        take_all(home, "google")
        yield opened


def told(home: Settings, ledger: Ledger, audience: list[str]) -> Batch | None:
    house(home, map(point, IDS), audience=audience)
    batch = export_destination(home, ledger, AUDIENCE, AS_OF)
    take_all(home, "google")
    return batch


def approve(home: Settings, destination: str = "google", is_approved: bool = True) -> None:
    approving.decide(home, destination, is_approved=is_approved, by="liisa", because="agreed", moment=AS_OF)


def test_more_than_thirty_of_a_hundred_removed_wait(home: Settings, ledger: Ledger) -> None:
    assert told(home, ledger, IDS[6:]) is not None, "six of twenty may go"
    assert told(home, ledger, IDS[11:]) is None, "five of fourteen may not"
    (held,) = ledger.held_changes()
    assert (held.destination, held.reason, held.decision) == ("google", "many_removed", None)
    assert approving.in_words(held) == "would remove 5 of 14 members"
    assert len(batches(home, "google")) == 2
    approve(home)
    assert waiting(home, ledger, [AUDIENCE]) == ["google"]
    batch = told(home, ledger, IDS[11:])
    assert batch is not None
    assert batch.count("remove") == 5
    assert ledger.held_changes() == []


def test_the_word_is_about_that_change_and_no_later_one(home: Settings, ledger: Ledger) -> None:
    assert told(home, ledger, IDS[7:]) is None
    approve(home)
    assert told(home, ledger, IDS[8:]) is None, "one more than was approved"
    assert ledger.held_changes()[0].decision is None
    assert told(home, ledger, IDS[7:]) is not None
    assert told(home, ledger, IDS) is not None
    assert told(home, ledger, IDS[7:]) is None, "the same again on another day is another change"


def test_what_is_refused_does_not_go_and_what_follows_does(home: Settings, ledger: Ledger) -> None:
    assert told(home, ledger, IDS[10:]) is None
    approve(home, is_approved=False)
    assert told(home, ledger, IDS[10:]) is None
    (held,) = ledger.held_changes()
    assert (held.decision, held.decided_by, held.decided_because) == ("refused", "liisa", "agreed")
    assert told(home, ledger, IDS[1:]) is not None
    assert ledger.held_changes() == []
    with pytest.raises(HoivaError, match="no change of google waits"):
        approve(home)


def test_who_withdrew_leaves_at_once_whatever_is_held(home: Settings, ledger: Ledger) -> None:
    ledger.suppress([Suppression(one, "withdrawn") for one in IDS[:2]], AS_OF)
    batch = told(home, ledger, IDS[12:])
    assert batch is not None
    assert (batch.count("remove"), batch.count("add")) == (2, 0)
    (held,) = ledger.held_changes()
    assert (held.count_removes, held.count_held) == (10, 18), "what remains, not what has left"
    approve(home)
    assert told(home, ledger, IDS[12:]) is not None


def test_three_times_the_usual_size_waits(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS))
    for number in range(3):
        claim(ledger, IDS[:4], care_model=f"model_{number}")
        assert export_destination(home, ledger, MAIL, AS_OF) is not None
    claim(ledger, IDS[:13], care_model="too_many")
    assert export_destination(home, ledger, MAIL, AS_OF) is None
    assert ledger.held_changes()[0].reason == "many_rows"
    assert [status for status, _ in statuses(ledger).values()].count("claimed") == 13, "they wait, nothing is lost"
    approve(home, "letters")
    batch = export_destination(home, ledger, MAIL, AS_OF)
    assert batch is not None
    assert batch.count("contacts") == 13


def test_without_guards_it_would_go(home: Settings, ledger: Ledger) -> None:
    """Negative control."""
    house(home, map(point, IDS), audience=[])
    assert export_destination(home, ledger, AUDIENCE, AS_OF) is None
    assert export_destination(home, ledger, GOOGLE, AS_OF) is not None


def test_the_command_lets_it_go_and_the_state_shows_it(home: Settings, ledger: Ledger) -> None:
    told(home, ledger, IDS[10:])
    run = CliRunner().invoke
    place = ["--home", str(home.home)]
    home.at_home.published.unlink()  # this small house has no tables for the status to count
    shown = run(app, ["status", *place])
    assert "google: its next batch would remove 10 of 20 members (held: hoiva approve google)" in shown.output
    told_json = json.loads(run(app, ["status", "--json", *place]).stdout)
    assert told_json["held_changes"][0]["count_removes"] == 10
    wrong = run(app, ["approve", "meta", "--because", "x", *place])
    assert wrong.exit_code == 1
    done = run(app, ["approve", "google", "--because", "a new segment", "--by", "liisa", "--json", *place])
    assert (done.exit_code, json.loads(done.stdout)["decided_by"]) == (0, "liisa")
    assert told(home, ledger, IDS[10:]) is not None
    assert run(app, ["approve", "google", *place]).exit_code == 2, "a reason must be given"


def test_a_refusal_for_a_while_is_tried_again_under_the_same_id(home: Settings, ledger: Ledger) -> None:
    (contact_id,) = claim(ledger, IDS[:1])
    moment = AS_OF
    for waits in (timedelta(hours=1), timedelta(hours=6), None):
        batch = export_destination(home, ledger, LETTERS, moment)
        assert batch is not None
        assert batch.count("contacts") == 1
        assert ledger.acknowledge(batch.batch_id, "partly", {contact_id: "try_later"}, moment)
        assert ledger.miscounts() == {}
        if waits is not None:
            assert statuses(ledger)[contact_id] == ("claimed", None)
            early = moment + waits - timedelta(seconds=1)
            assert export_destination(home, ledger, LETTERS, early) is None
            assert waiting(home, ledger, [LETTERS], early) == []
            moment += waits
            assert waiting(home, ledger, [LETTERS], moment) == ["letters"]
    assert statuses(ledger)[contact_id] == ("rejected", "try_later")
    assert export_destination(home, ledger, LETTERS, moment + timedelta(days=2)) is None


def test_a_refusal_that_is_about_the_row_ends_it(home: Settings, ledger: Ledger) -> None:
    (contact_id,) = claim(ledger, IDS[:1])
    batch = export_destination(home, ledger, LETTERS, AS_OF)
    assert batch is not None
    ledger.acknowledge(batch.batch_id, "partly", {contact_id: "address_unknown"}, AS_OF)
    assert statuses(ledger)[contact_id] == ("rejected", "address_unknown")


def test_a_member_refused_for_a_while_is_offered_again_at_most_three_times(home: Settings, ledger: Ledger) -> None:
    moment = AS_OF
    key = {row["customer_id"]: row["customer_key"] for row in ledger.memberships("google").to_pylist()}[IDS[0]]
    (record,) = ledger.batches("google")
    for waits in (timedelta(hours=1), timedelta(hours=6), None):
        ledger.acknowledge(record.batch_id, "partly", {key: "busy"}, moment)
        if waits is not None:
            assert export_destination(home, ledger, GOOGLE, moment + waits - timedelta(seconds=1)) is None
            moment += waits
            assert waiting(home, ledger, [GOOGLE], moment) == ["google"]
            batch = export_destination(home, ledger, GOOGLE, moment)
            assert batch is not None
            assert (batch.count("add"), batch.count("remove")) == (1, 0)
            record = ledger.batches("google")[-1]
    assert export_destination(home, ledger, GOOGLE, moment + timedelta(days=30)) is None
    assert waiting(home, ledger, [GOOGLE], moment + timedelta(days=30)) == []
