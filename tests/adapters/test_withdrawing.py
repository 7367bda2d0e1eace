"""A batch nobody has taken can be taken back; one that was taken cannot; and it is always one of the two."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.exporting import export_destination, waiting
from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.outbox import recover, take
from dagster_project.adapters.withdrawing import withdraw
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.domain.exports.manifest import Batch
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
    waiting_house,
)

IDS = customer_ids(4)


class Stopped(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with waiting_house(home, IDS) as opened:
        yield opened


def exported(home: Settings, ledger: Ledger, destination: object = LETTERS) -> Batch:
    batch = export_destination(home, ledger, destination, AS_OF)  # type: ignore[arg-type]
    assert batch is not None
    return batch


def say_no(ledger: Ledger, customer_id: str) -> None:
    ledger.suppress([Suppression(customer_id, "withdrawn")], AS_OF)


def hidden(home: Settings) -> list[str]:
    return [path.name for path in (home.at_home.outbox / ".withdrawn").glob("*/*")]


def states(ledger: Ledger) -> list[tuple[int, str]]:
    return [(record.sequence, record.state) for record in ledger.batches("letters")]


def test_the_others_leave_in_the_next_batch_and_its_manifest_says_what_became_of_the_first(
    home: Settings, ledger: Ledger
) -> None:
    first = exported(home, ledger)
    say_no(ledger, IDS[0])
    (record,) = withdraw(home, ledger, [IDS[0]], AS_OF)
    assert (record.batch_id, batches(home, "letters"), hidden(home)) == (first.batch_id, [], [])
    assert sorted(status for status, _ in statuses(ledger).values()) == ["claimed"] * 3 + ["returned"]
    assert ledger.miscounts() == {}
    assert waiting(home, ledger, [LETTERS]) == ["letters"]
    second = exported(home, ledger)
    assert (second.sequence, second.count("contacts")) == (2, 3)
    manifest = json.loads(second.manifest)
    assert manifest["previous_manifest_sha256"] is None
    assert manifest["withdrawn"] == [
        {"sequence": 1, "batch_id": first.batch_id, "manifest_sha256": first.manifest_sha256}
    ]
    assert states(ledger) == [(1, "withdrawn"), (2, "published")]
    claim(ledger, IDS[1:], care_model="second")
    third = json.loads(exported(home, ledger).manifest)
    assert (third["previous_manifest_sha256"], third["withdrawn"]) == (second.manifest_sha256, [])


def test_batches_after_the_one_taken_back_are_taken_back_with_it(home: Settings, ledger: Ledger) -> None:
    exported(home, ledger)
    claim(ledger, IDS[1:], care_model="second")
    exported(home, ledger)
    say_no(ledger, IDS[0])
    assert [record.sequence for record in withdraw(home, ledger, [IDS[0]], AS_OF)] == [1, 2]
    third = exported(home, ledger)
    assert (third.sequence, third.count("contacts")) == (3, 6)
    assert [one["sequence"] for one in json.loads(third.manifest)["withdrawn"]] == [1, 2]


def test_a_batch_taken_or_without_her_stays(home: Settings, ledger: Ledger) -> None:
    batch = exported(home, ledger)
    taken = take(home.at_home, "letters", batch.folder_name)
    assert taken is not None
    claim(ledger, IDS[1:], care_model="second")
    exported(home, ledger)
    say_no(ledger, IDS[0])
    assert withdraw(home, ledger, [IDS[0]], AS_OF) == []
    assert states(ledger) == [(1, "published"), (2, "published")]
    assert taken.is_dir()
    assert take(home.at_home, "letters", batch.folder_name) is None


def test_one_whose_receiver_can_only_copy_counts_as_taken(home: Settings, ledger: Ledger) -> None:
    from dataclasses import replace

    exported(home, ledger, replace(LETTERS, pickup="copy"))
    say_no(ledger, IDS[0])
    assert withdraw(home, ledger, [IDS[0]], AS_OF) == []
    assert len(batches(home, "letters")) == 1


def test_she_is_found_under_every_id(home: Settings, ledger: Ledger) -> None:
    exported(home, ledger)
    ledger.follow_aliases(pa.table({"alias_customer_id": [IDS[0]], "customer_id": ["c9"]}), AS_OF)
    say_no(ledger, "c9")
    assert len(withdraw(home, ledger, ["c9"], AS_OF)) == 1
    assert sorted(status for status, _ in statuses(ledger).values()) == ["claimed"] * 3 + ["returned"]


def memberships(ledger: Ledger) -> list[dict[str, object]]:
    return ledger.memberships("google").to_pylist()


def test_an_audience_is_what_it_was_before(home: Settings, ledger: Ledger) -> None:
    first = exported(home, ledger, GOOGLE)
    assert take(home.at_home, "google", first.folder_name) is not None
    ledger.acknowledge(first.batch_id, "accepted", {}, AS_OF)
    before = memberships(ledger)
    more = customer_ids(6)
    moved = point(IDS[1], email="uusi@example.com")
    consent(ledger, more)
    house(home, [moved, *(point(one) for one in more if one != IDS[1])], audience=more[1:])
    second = exported(home, ledger, GOOGLE)
    assert (second.count("add"), second.count("remove")) == (3, 2)
    kept = home.at_home.vault / "sent" / "google"
    assert len(list(kept.iterdir())) == 2
    say_no(ledger, more[5])
    assert len(withdraw(home, ledger, [more[5]], AS_OF)) == 1
    assert memberships(ledger) == before
    assert [path.stem for path in kept.iterdir()] == [first.folder_name]
    assert waiting(home, ledger, [GOOGLE]) == ["google"]
    third = exported(home, ledger, GOOGLE)
    assert (third.sequence, third.count("add"), third.count("remove")) == (3, 2, 2)


def test_an_answer_that_came_meanwhile_counts_for_what_stands_again(home: Settings, ledger: Ledger) -> None:
    first = exported(home, ledger, GOOGLE)
    assert take(home.at_home, "google", first.folder_name) is not None
    house(home, map(point, IDS), audience=IDS[1:])
    exported(home, ledger, GOOGLE)  # lets go of the first customer, while the first batch is not answered
    ledger.acknowledge(first.batch_id, "rejected", {}, AS_OF)
    consent(ledger, customer_ids(5))
    house(home, map(point, customer_ids(5)), audience=customer_ids(5)[1:])
    exported(home, ledger, GOOGLE)
    say_no(ledger, IDS[2])
    withdraw(home, ledger, [customer_ids(5)[4]], AS_OF)
    assert {row["state"] for row in memberships(ledger)} <= {"removing"}


POINTS = ["withdraw.before_rename", "withdraw.renamed", "withdraw.flushed", "withdraw.recorded", "withdraw.cleared"]


def stopped(point_name: str, task: Callable[[], object]) -> None:
    def stop(at: str) -> None:
        if at == point_name:
            raise Stopped

    durable.on_reached = stop
    try:
        with pytest.raises(Stopped):
            task()
    finally:
        durable.on_reached = None


@pytest.mark.parametrize("point_name", POINTS)
@pytest.mark.parametrize("destination", [LETTERS, GOOGLE], ids=["letters", "google"])
def test_a_crash_at_any_point_is_ended_by_the_next_start(
    home: Settings, ledger: Ledger, point_name: str, destination: object
) -> None:
    exported(home, ledger, destination)
    say_no(ledger, IDS[0])
    stopped(point_name, lambda: withdraw(home, ledger, [IDS[0]], AS_OF))
    recover(home, ledger)
    withdraw(home, ledger, [IDS[0]], AS_OF)
    assert hidden(home) == []
    assert ledger.miscounts() == {}
    second = exported(home, ledger, destination)
    assert (second.sequence, second.count_rows) == (2, 3)
    assert [record.state for record in ledger.batches()] == ["withdrawn", "published"]


def test_a_batch_lost_between_the_two_renames_would_be_noticed(home: Settings, ledger: Ledger) -> None:
    """Negative control: without the recovery, a crash after the rename would leave contacts nobody delivers."""
    exported(home, ledger)
    say_no(ledger, IDS[0])
    stopped("withdraw.renamed", lambda: withdraw(home, ledger, [IDS[0]], AS_OF))
    assert batches(home, "letters") == []
    assert {status for status, _ in statuses(ledger).values()} == {"published"}
    assert hidden(home) != []


def test_withdrawing_nobody_or_again_does_nothing(home: Settings, ledger: Ledger) -> None:
    exported(home, ledger)
    assert withdraw(home, ledger, [], AS_OF) == []
    assert withdraw(home, ledger, ["c-unknown"], AS_OF) == []
    assert len(withdraw(home, ledger, IDS, AS_OF)) == 1, "asked for by a person, without a reason recorded"
    assert withdraw(home, ledger, IDS, AS_OF) == []
    assert {status for status, _ in statuses(ledger).values()} == {"claimed"}
    assert os.listdir(home.at_home.outbox / ".withdrawn" / "letters") == []
