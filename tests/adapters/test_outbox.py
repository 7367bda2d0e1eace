"""Whatever a crash left half done is ended once, and a batch that was seen never changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from dagster_project.adapters import durable, outbox
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.outbox import batch_folder, is_whole, recover, staging_folder
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.small_house import (
    AS_OF,
    GOOGLE,
    LETTERS,
    batches,
    customer_ids,
    outside,
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


@pytest.fixture
def stop_at(monkeypatch: pytest.MonkeyPatch) -> object:
    def arm(point_name: str | None) -> None:
        def stop(at: str) -> None:
            if at == point_name:
                raise Stopped

        monkeypatch.setattr(durable, "on_reached", stop if point_name else None)

    return arm


def export_until(home: Settings, ledger: Ledger, stop_at: object, point_name: str) -> None:
    stop_at(point_name)  # type: ignore[operator]
    with pytest.raises(Stopped):
        export_destination(home, ledger, LETTERS, AS_OF)
    stop_at(None)  # type: ignore[operator]


BEFORE_OPENING = ["stage.folder_made", "stage.file_written", "stage.manifest_written", "stage.flushed"]


@pytest.mark.parametrize("point_name", BEFORE_OPENING)
def test_what_was_not_opened_is_swept_away(home: Settings, ledger: Ledger, stop_at: object, point_name: str) -> None:
    export_until(home, ledger, stop_at, point_name)
    assert recover(home, ledger) == []
    assert not list((home.at_home.outbox / ".staging" / "letters").iterdir())
    assert {status for status, _ in statuses(ledger).values()} == {"claimed"}
    assert export_destination(home, ledger, LETTERS, AS_OF) is not None
    assert len(batches(home, "letters")) == 1


@pytest.mark.parametrize("point_name", ["export.opened", "publish.before_rename"])
def test_an_opened_batch_is_published_at_the_next_start(
    home: Settings, ledger: Ledger, stop_at: object, point_name: str
) -> None:
    export_until(home, ledger, stop_at, point_name)
    assert batches(home, "letters") == []
    (record,) = recover(home, ledger)
    assert [folder.name[7:] for folder in batches(home, "letters")] == [record.batch_id]
    assert {status for status, _ in statuses(ledger).values()} == {"published"}
    assert export_destination(home, ledger, LETTERS, AS_OF) is None


@pytest.mark.parametrize("point_name", ["publish.renamed", "publish.flushed", "publish.recorded"])
def test_a_batch_in_the_outbox_is_noted_and_never_sent_again(
    home: Settings, ledger: Ledger, stop_at: object, point_name: str
) -> None:
    export_until(home, ledger, stop_at, point_name)
    seen = outside(home)
    assert seen
    recover(home, ledger)
    assert export_destination(home, ledger, LETTERS, AS_OF) is None
    assert outside(home) == seen
    assert {status for status, _ in statuses(ledger).values()} == {"published"}


def test_a_withdrawal_between_crash_and_recovery_counts(home: Settings, ledger: Ledger, stop_at: object) -> None:
    export_until(home, ledger, stop_at, "export.opened")
    ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
    recover(home, ledger)
    assert batches(home, "letters") == []
    batch = export_destination(home, ledger, LETTERS, AS_OF)
    assert batch is not None
    assert batch.count("contacts") == 3
    assert sorted(status for status, _ in statuses(ledger).values()) == ["published"] * 3 + ["returned"]


def test_a_damaged_staged_batch_is_made_again(home: Settings, ledger: Ledger, stop_at: object) -> None:
    export_until(home, ledger, stop_at, "export.opened")
    (record,) = ledger.batches(states={"prepared"})
    staged = staging_folder(home.at_home, "letters", f"000001-{record.batch_id}")
    (staged / "contacts.csv").write_bytes(b"half a li")
    assert not is_whole(staged)
    recover(home, ledger)
    assert batches(home, "letters") == []
    assert export_destination(home, ledger, LETTERS, AS_OF) is not None
    assert is_whole(batches(home, "letters")[0])


def test_a_batch_carried_off_before_it_was_noted_is_not_sent_again(
    home: Settings, ledger: Ledger, stop_at: object, tmp_path: Path
) -> None:
    export_until(home, ledger, stop_at, "publish.renamed")
    os.rename(batches(home, "letters")[0], tmp_path / "taken")
    recover(home, ledger)
    assert export_destination(home, ledger, LETTERS, AS_OF) is None
    assert {status for status, _ in statuses(ledger).values()} == {"published"}


def test_rows_kept_for_a_batch_never_opened_are_removed(home: Settings, ledger: Ledger, stop_at: object) -> None:
    stop_at("stage.flushed")  # type: ignore[operator]
    with pytest.raises(Stopped):
        export_destination(home, ledger, GOOGLE, AS_OF)
    stop_at(None)  # type: ignore[operator]
    kept = home.at_home.vault / "sent" / "google"
    assert len(list(kept.iterdir())) == 1
    recover(home, ledger)
    assert not list(kept.iterdir())


def test_recovering_a_quiet_house_changes_nothing(home: Settings, ledger: Ledger) -> None:
    export_destination(home, ledger, LETTERS, AS_OF)
    seen = outside(home)
    assert recover(home, ledger) == recover(home, ledger) == []
    assert outside(home) == seen


def test_two_exports_to_one_destination_wait_for_each_other(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LONGEST_WAIT", 0.2)
    locks = home.at_home.outbox / ".locks"
    locks.mkdir()
    with FileLock(locks / "letters.lock"), pytest.raises(HoivaError, match="letters has been held"):
        export_destination(home, ledger, LETTERS, AS_OF)
    assert export_destination(home, ledger, LETTERS, AS_OF) is not None


def test_a_batch_is_never_written_over(home: Settings, ledger: Ledger) -> None:
    batch = export_destination(home, ledger, LETTERS, AS_OF)
    assert batch is not None
    seen = outside(home)
    outbox.stage(home.at_home, batch)
    with pytest.raises(OSError, match="not empty"):
        outbox.put_in_place(home.at_home, "letters", batch.folder_name)
    assert outside(home) == seen
    assert batch_folder(home.at_home, "letters", batch.folder_name).is_dir()
