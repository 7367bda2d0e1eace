"""What keeps the house running goes on where people were erased: a look finds it sound, a backup brings nobody back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dagster_project.adapters.backing_up import back_up
from dagster_project.adapters.erasing.erasing import House, replay
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.restoring import JOURNAL, not_replayed, restore
from dagster_project.adapters.settling import settle
from dagster_project.adapters.verifying import verify
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.erasing.conftest import Forgotten
from tests.adapters.erasing.planted import LATER, house_of, look

MOMENT = datetime(2026, 4, 9, tzinfo=UTC)


def kinds(settings: Settings) -> set[str]:
    worse = [finding for finding in verify(settings) if finding.about.severity != "notice"]
    return {f"{finding.kind}: {finding.place}" for finding in worse}


def test_a_home_is_as_sound_after_an_erasure_as_before(house: House, forgotten: Forgotten) -> None:
    assert kinds(forgotten.house.settings) == kinds(house.settings) == set()


def test_a_backup_of_before_brings_nobody_back(house: House, forgotten: Forgotten, tmp_path: Path) -> None:
    made = back_up(house.settings, tmp_path / "backups", MOMENT)
    journal = forgotten.house.settings.at_home.root / JOURNAL
    told = restore(made, tmp_path / "new", journal)
    assert told["erasures_to_replay"] == 1
    own = Settings(home=tmp_path / "new")
    assert look(own).hits, "negative control: they are in the backup"
    with open_ledger(own.ledger_address) as ledger:
        assert not_replayed(own.at_home, ledger) == 1
        with pytest.raises(HoivaError, match="wait to be replayed"):
            settle(own, ledger, [], [], {}, MOMENT)
    with house_of(tmp_path / "new") as again:
        replay(again, LATER)
        assert not_replayed(again.settings.at_home, again.ledger) == 0
