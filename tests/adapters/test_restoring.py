"""A home lost and restored: what left after the backup does not leave again, and what had not left does."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.backing_up import back_up
from dagster_project.adapters.exporting import export_all, waiting
from dagster_project.adapters.holding import is_held, let_go
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.restoring import restore
from dagster_project.adapters.settling import PERHAPS_SENT, Settled, settle
from dagster_project.adapters.verifying import verify
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
)
from tests.adapters.verifying.sound_home import make_sound_home

IDS = customer_ids(8)
BOTH = [LETTERS, GOOGLE]
NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)


def night(settings: Settings, ledger: Ledger, letters: list[str], audience: list[str]) -> None:
    """What a run does: publish, decide, export. Run again it decides the same contacts under the same ids."""
    house(settings, [point(one) for one in IDS], audience=audience)
    known = {row["claimed_customer_id"] for row in ledger.contacts().to_pylist()}
    claim(ledger, [one for one in letters if one not in known])
    export_all(settings, ledger, BOTH, AS_OF)


class Receiver:
    """A tool that takes whatever it can see, and keeps it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, settings: Settings) -> None:
        for destination in ("letters", "google"):
            for batch in batches(settings, destination):
                if batch.name[:1].isdigit() and not (self.folder / destination / batch.name).exists():
                    shutil.copytree(batch, self.folder / destination / batch.name)

    def letters(self) -> Counter[str]:
        return Counter(row["Contact ID"] for row in self._rows("letters", "contacts.csv"))

    def audience(self) -> set[tuple[str, ...]]:
        holding: set[tuple[str, ...]] = set()
        for batch in sorted((self.folder / "google").iterdir()):
            holding -= {tuple(row.values()) for row in self._read(batch / "remove.csv")}
            holding |= {tuple(row.values()) for row in self._read(batch / "add.csv")}
        return holding

    def _rows(self, destination: str, name: str) -> list[dict[str, str]]:
        return [row for batch in sorted((self.folder / destination).iterdir()) for row in self._read(batch / name)]

    def _read(self, path: Path) -> list[dict[str, str]]:
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home backed up after its first night, which lived a second night before its disk broke; made once."""
    root = tmp_path_factory.mktemp("nights")
    own, receiver = Settings(home=root / "home"), Receiver(root / "receiver")
    own.at_home.make()
    with open_ledger(own.ledger_address) as ledger:
        consent(ledger, IDS)
        night(own, ledger, IDS[:2], IDS[:3])
        receiver.take(own)
        claim(ledger, IDS[2:3])  # decided and not sent yet as the backup is made
        back_up(own, root / "backups", NOW)
        night(own, ledger, IDS[2:5], IDS[1:5])
        receiver.take(own)
    return root


@pytest.fixture
def lost(nights: Path, tmp_path: Path) -> Settings:
    """A copy of it."""
    shutil.copytree(nights, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Settings(home=tmp_path / "home")


@pytest.fixture
def receiver(lost: Settings) -> Receiver:
    return Receiver(lost.home.parent / "receiver")


@pytest.fixture
def restored(lost: Settings, tmp_path: Path) -> Settings:
    (backup,) = (tmp_path / "backups").iterdir()
    restore(backup, tmp_path / "new")
    return Settings(home=tmp_path / "new")


@pytest.fixture
def ledger(restored: Settings) -> Iterator[Ledger]:
    with open_ledger(restored.ledger_address) as opened:
        yield opened


def settled(own: Settings, ledger: Ledger, *sent: Path, perhaps_sent: bool = False, **last: int) -> Settled:
    return settle(own, ledger, BOTH, sent, last, NOW, perhaps_sent=perhaps_sent)


def test_a_restored_home_is_sound_and_sends_nothing(restored: Settings, ledger: Ledger, receiver: Receiver) -> None:
    assert verify(restored) == []
    before = receiver.letters()
    night(restored, ledger, IDS[2:5], IDS[1:5])
    assert waiting(restored, ledger, BOTH) == []
    receiver.take(restored)
    assert receiver.letters() == before


@pytest.mark.parametrize("source", ["the lost home's outbox", "what the receiver kept"])
def test_what_left_after_the_backup_does_not_leave_again(
    lost: Settings, restored: Settings, ledger: Ledger, receiver: Receiver, source: str
) -> None:
    night(restored, ledger, IDS[2:5], IDS[1:5])  # the lost night runs again, held
    sent = lost.at_home.outbox if source == "the lost home's outbox" else receiver.folder
    told = settled(restored, ledger, sent)
    assert [place[:13] for place in told.adopted] == ["google/000002", "letters/00000"]
    assert told.is_open
    assert is_held(restored.at_home), "the receivers' numbers are not confirmed yet"
    assert not settled(restored, ledger, letters=2, google=2).is_open
    assert verify(restored) == []
    night(restored, ledger, IDS[2:7], IDS[2:6])
    receiver.take(restored)
    assert set(receiver.letters().values()) == {1}, "no contact twice"
    assert len(receiver.letters()) == 7, "and none is lost"
    assert len(receiver.audience()) == 4, "the audience is as it should be: its rows are let go of by what was kept"
    assert [path.name[:6] for path in batches(restored, "letters") if path.name[0] == "0"][-1] == "000003"
    assert verify(restored) == []


def test_without_the_hold_it_would_leave_again(restored: Settings, ledger: Ledger, receiver: Receiver) -> None:
    """Negative control: a ledger of yesterday sends today's contacts a second time, in another batch."""
    let_go(restored.at_home)
    night(restored, ledger, IDS[2:6], IDS[1:5])
    receiver.take(restored)
    assert set(receiver.letters().values()) == {1, 2}


def test_a_batch_whose_night_has_not_run_again_is_not_taken_in(
    restored: Settings, ledger: Ledger, receiver: Receiver
) -> None:
    with pytest.raises(HoivaError, match="2 of the 3 contacts .* run that night again"):
        settled(restored, ledger, receiver.folder)
    assert is_held(restored.at_home)


def test_batches_that_nobody_can_find_end_what_may_have_been_in_them(
    restored: Settings, ledger: Ledger, receiver: Receiver
) -> None:
    night(restored, ledger, IDS[2:5], IDS[1:5])
    with pytest.raises(HoivaError, match="google has had batch 2, here 1 is the last"):
        settled(restored, ledger, letters=2, google=2)
    told = settled(restored, ledger, letters=2, google=2, perhaps_sent=True)
    assert (told.count_ended, told.is_open) == (3, False)
    assert Counter(statuses(ledger).values()) == {("returned", PERHAPS_SENT): 3, ("published", None): 2}
    night(restored, ledger, IDS[2:7], IDS[1:5])
    receiver.take(restored)
    assert set(receiver.letters().values()) == {1}
    assert verify(restored) == []


def test_a_number_lower_than_known_is_refused(restored: Settings, ledger: Ledger) -> None:
    with pytest.raises(HoivaError, match="letters has had at least batch 1"):
        settled(restored, ledger, letters=0, google=1)


def test_a_gap_between_the_batches_handed_in_is_refused(
    lost: Settings, restored: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    with open_ledger(lost.ledger_address) as former:
        night(lost, former, IDS[2:6], IDS[1:5])
    newest = batches(lost, "letters")[-1]
    shutil.copytree(newest, tmp_path / "found" / "letters" / newest.name)
    with pytest.raises(HoivaError, match="does not follow batch 1"):
        settled(restored, ledger, tmp_path / "found")


def test_a_damaged_batch_is_refused(restored: Settings, ledger: Ledger, receiver: Receiver) -> None:
    night(restored, ledger, IDS[2:5], IDS[1:5])
    batches_of_letters = sorted(path.name for path in (receiver.folder / "letters").iterdir())
    (receiver.folder / "letters" / batches_of_letters[-1] / "contacts.csv").write_text("other")
    with pytest.raises(HoivaError, match="is damaged"):
        settled(restored, ledger, receiver.folder)


def test_a_home_that_was_not_restored_is_not_settled(lost: Settings) -> None:
    with open_ledger(lost.ledger_address) as former, pytest.raises(HoivaError, match="is not held"):
        settled(lost, former)


def test_erasures_after_the_backup_wait_to_be_replayed(
    lost: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"erasure_id": "e1"}\n{"cut o')
    (backup,) = (tmp_path / "backups").iterdir()
    assert restore(backup, tmp_path / "new", journal)["erasures_to_replay"] == 2
    own = Settings(home=tmp_path / "new")
    with open_ledger(own.ledger_address) as ledger:
        with pytest.raises(HoivaError, match="wait to be replayed"):
            settled(own, ledger, letters=1, google=1)
        begun = [SimpleNamespace(erasure_id="e1")]  # as hoiva erase --replay leaves it
        monkeypatch.setattr(Ledger, "erasures", lambda self, *states: begun, raising=False)
        assert not settled(own, ledger, letters=1, google=1).is_open


def test_a_backup_holds_everything_but_what_a_run_makes_again(home: Settings, tmp_path: Path) -> None:
    make_sound_home(home, tmp_path / "delivered")
    (home.at_home.dagster / "history.db").write_text("runs")
    home.at_home.warehouse.write_text("can be built again")
    made = back_up(home, tmp_path / "backups", NOW)
    restore(made, tmp_path / "new")
    own = Settings(home=tmp_path / "new")
    assert verify(own) == []

    def files(settings: Settings) -> set[str]:
        root = settings.at_home.root
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    left_out = {path for path in files(home) - files(own) if not path.startswith((".published-", "vault/.published-"))}
    assert {path for path in left_out if ".lock" not in path and ".landing-" not in path} == {
        "dagster/history.db", "warehouse.duckdb",
    }  # fmt: skip
    assert files(own) - files(home) == {"restored.json"}
    assert own.at_home.vault.stat().st_mode & 0o077 == 0
    assert not list(home.at_home.root.glob(".backup-*"))


@pytest.mark.parametrize("what", ["a byte", "a file", "a file too many"])
def test_a_damaged_backup_is_not_restored(lost: Settings, tmp_path: Path, what: str) -> None:
    (backup,) = (tmp_path / "backups").iterdir()
    path = next((backup / "home" / "vault").rglob("*.parquet"))
    if what == "a byte":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
    elif what == "a file":
        path.unlink()
    else:
        shutil.copy(path, path.with_name("more.parquet"))
    with pytest.raises(HoivaError, match="the backup is damaged"):
        restore(backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_nothing_is_restored_over_a_home(lost: Settings, tmp_path: Path) -> None:
    (backup,) = (tmp_path / "backups").iterdir()
    with pytest.raises(HoivaError, match="is not empty"):
        restore(backup, lost.at_home.root)


def test_a_backup_beside_a_working_house_is_of_one_instant(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the instant and the copying a whole night passes; the backup knows nothing of it."""
    with open_ledger(home.ledger_address) as ledger:
        consent(ledger, IDS)
        night(home, ledger, IDS[:2], IDS[:3])

        def on_reached(point_name: str) -> None:
            if point_name == "backup.held":
                durable.on_reached = None
                night(home, ledger, IDS[2:5], IDS[1:5])

        monkeypatch.setattr(durable, "on_reached", on_reached)
        made = back_up(home, tmp_path / "backups", NOW + timedelta(days=1))
    restore(made, tmp_path / "new")
    own = Settings(home=tmp_path / "new")
    assert verify(own) == []
    assert len(batches(own, "letters")) == 1
    assert len(batches(home, "letters")) == 2, "negative control: the house went on"
