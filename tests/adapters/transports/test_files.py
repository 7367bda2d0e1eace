"""A batch arrives whole, in order and once, through real servers, wherever the way there broke off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.transports.answers import fetch_answers
from dagster_project.adapters.transports.deliver import deliver, deliver_destination
from dagster_project.adapters.transports.files import FileCarrier
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, statuses
from tests.adapters.transports.carried import (
    There,
    differs_from_manifest,
    export,
    export_another,
    folder_there,
    letters_by,
    s3_there,
    sftp_there,
)

LATER = AS_OF + timedelta(hours=7)


class Stopped(BaseException):
    """Stands for the end of the process."""


SLOW_S3 = pytest.param("s3", marks=pytest.mark.slow)  # its client takes seconds to start


@pytest.fixture(params=["folder", "sftp", SLOW_S3])
def there(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> There:
    if request.param == "folder":
        return folder_there(tmp_path)
    if request.param == "sftp":
        return sftp_there(request.getfixturevalue("sftp"), monkeypatch)
    return s3_there(request.getfixturevalue("s3"), monkeypatch)


@pytest.fixture
def stop_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def arm(point: str | None, times: int = 1) -> None:
        left = [times]

        def stop(at: str) -> None:
            if at == point:
                left[0] -= 1
                if left[0] == 0:
                    raise Stopped

        monkeypatch.setattr(durable, "on_reached", stop if point else None)

    yield arm
    arm(None)


def test_batches_arrive_as_they_were_published(home: Settings, ledger: Ledger, there: There) -> None:
    they_arrive(home, ledger, there)


def test_batches_arrive_in_a_bucket(home: Settings, ledger: Ledger, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    they_arrive(home, ledger, s3_there(s3, monkeypatch))


def they_arrive(home: Settings, ledger: Ledger, there: There) -> None:
    letters = letters_by(there.transport)
    first, second = export(home, ledger, letters), export_another(home, ledger, letters, 2)
    outcomes = deliver(home, ledger, [letters], AS_OF)
    assert [(one.batch, one.outcome) for one in outcomes] == [
        (first.folder_name, "delivered"),
        (second.folder_name, "delivered"),
    ]
    files = there.files()
    for batch in (first, second):
        assert differs_from_manifest(files, f"outbox/letters/{batch.folder_name}", batch) == []
    assert files == there.seen(), "nothing half done is left behind"
    assert deliver(home, ledger, [letters], LATER) == []
    assert there.files() == files


def test_the_comparison_with_the_manifest_can_fail(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    there = folder_there(tmp_path)
    batch = export(home, ledger, letters_by(there.transport))
    deliver(home, ledger, [letters_by(there.transport)], AS_OF)
    there.put(f"outbox/letters/{batch.folder_name}/contacts.csv", b"half a li")
    folder = f"outbox/letters/{batch.folder_name}"
    assert differs_from_manifest(there.files(), folder, batch) == ["contacts.csv"]


def test_what_the_tool_answers_over_there_comes_home(home: Settings, ledger: Ledger, there: There) -> None:
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    assert fetch_answers(home, ledger, [letters]) == 0, "nothing is delivered yet"
    deliver(home, ledger, [letters], AS_OF)
    assert fetch_answers(home, ledger, [letters]) == 0
    rejected = [{"contact_id": sorted(statuses(ledger))[0], "reason": "address_unknown"}]
    answer = {"batch_id": batch.batch_id, "status": "partly", "rejected": rejected}
    there.put(f"acks/letters/{batch.batch_id}.json", json.dumps(answer).encode())
    assert fetch_answers(home, ledger, [letters]) == 1
    assert fetch_answers(home, ledger, [letters]) == 0, "it is here already"
    assert [one.outcome for one in read_acks(home, ledger, AS_OF)] == ["applied"]
    assert fetch_answers(home, ledger, [letters]) == 0
    assert sorted(status for status, _ in statuses(ledger).values()) == ["accepted"] * 3 + ["rejected"]


POINTS = [
    ("transfer.begun", 1),
    ("transfer.file_sent", 1),
    ("transfer.file_sent", 2),
    ("transfer.file_sent", 3),
    ("take.noted", 1),
    ("take.renamed", 1),
    ("take.recorded", 1),
    ("transfer.appeared", 1),
    ("transfer.carried", 1),
    ("transfer.recorded", 1),
]


def test_a_crash_at_any_point_is_ended_by_the_next_delivery(
    home: Settings, ledger: Ledger, there: There, stop_at: Any
) -> None:
    letters = letters_by(there.transport)
    stopped = 0
    for number, (point, times) in enumerate(POINTS, 2):
        batch = export_another(home, ledger, letters, number)
        stop_at(point, times)
        with pytest.raises(Stopped):
            deliver_destination(home, ledger, letters, AS_OF)
        stopped += 1
        stop_at(None)
        seen = there.seen()
        folder = f"outbox/letters/{batch.folder_name}"
        if any(name.startswith(folder) for name in seen):
            assert differs_from_manifest(seen, folder, batch) == [], f"seen half done after {point}"
        deliver_destination(home, ledger, letters, AS_OF)
        assert differs_from_manifest(there.files(), folder, batch) == [], point
        assert there.files() == there.seen(), point
    assert stopped == len(POINTS)
    assert [one.state for one in ledger.transfers("letters")] == ["delivered"] * stopped


def test_a_file_that_is_there_already_is_not_sent_again(
    home: Settings, ledger: Ledger, there: There, stop_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = letters_by(there.transport)
    export(home, ledger, letters)
    stop_at("transfer.file_sent", 2)
    with pytest.raises(Stopped):
        deliver_destination(home, ledger, letters, AS_OF)
    stop_at(None)
    sent: list[str] = []
    send = FileCarrier._send

    def note(self: FileCarrier, trip: Any, place: str, name: str, size: int, sha256: str) -> None:
        if not self.remote.holds(place, size, sha256):
            sent.append(name)
        send(self, trip, place, name, size, sha256)

    monkeypatch.setattr(FileCarrier, "_send", note)
    deliver_destination(home, ledger, letters, AS_OF)
    assert sent == ["manifest.json"]


def test_a_delivered_batch_is_out_of_the_outbox_and_cannot_be_withdrawn(
    home: Settings, ledger: Ledger, there: There
) -> None:
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    deliver(home, ledger, [letters], AS_OF)
    assert not (home.at_home.outbox / "letters" / batch.folder_name).exists()
    assert (home.at_home.outbox / "letters" / ".taken" / batch.folder_name / "manifest.json").is_file()
