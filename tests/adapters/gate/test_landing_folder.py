"""Files dropped into the landing folder: taken in once they are whole, moved away, and nobody stops a neighbour."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.adapters.gate import land_waiting, landing_folder, settled_files
from dagster_project.components.fenced import Folder
from dagster_project.domain.sources.contract import SourceContract
from tests.adapters.small_deliveries import CAFE, GOOD, HEADER, Gate

CONTRACTS: Folder[SourceContract] = Folder({"cafe": CAFE}, [])


def drop(gate: Gate, name: str, lines: list[str], seconds_old: float = 60) -> Path:
    """A file that came to lie in the landing folder so long ago."""
    path = gate.settings.at_home.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    then = datetime.now(UTC).timestamp() - seconds_old
    os.utime(path, (then, then))
    return path


@pytest.fixture(autouse=True)
def _without_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.adapters.gate.passing._failed_expectations", lambda *_: "")


def test_only_whole_files_are_taken(gate: Gate) -> None:
    whole = drop(gate, "cafe/visits/visits_1.csv", [HEADER, GOOD])
    for name in ("visits_2.csv.part", ".visits_3.csv", "visits_4.tmp"):
        drop(gate, f"cafe/visits/{name}", [HEADER, GOOD])
    drop(gate, "cafe/visits/visits_5.csv", [HEADER, GOOD], seconds_old=0)
    now = datetime.now(UTC)
    assert settled_files(gate.settings, now) == [whole]
    later = [path.name for path in settled_files(gate.settings, now + timedelta(seconds=10))]
    assert later == ["visits_1.csv", "visits_5.csv"]


def test_what_was_taken_is_moved_away_and_what_was_refused_too(gate: Gate) -> None:
    good = drop(gate, "cafe/visits/visits.csv", [HEADER, GOOD])
    bad = drop(gate, "cafe/broken.csv", ["nonsense"])
    stranger = drop(gate, "nobody/visits.csv", [HEADER, GOOD])
    named = drop(gate, "cafe/visits/march.csv", [HEADER, GOOD, GOOD])
    told = {one.file_name: one.status for one in land_waiting(gate.settings, gate.ledger, CONTRACTS, datetime.now(UTC))}
    assert told == {"visits.csv": "loaded", "broken.csv": "refused", "march.csv": "loaded"}
    assert [path.exists() for path in (good, bad, named)] == [False, False, False]
    assert stranger.exists(), "its contract may be mended"
    archived = [path.name.split("__")[1] for path in gate.settings.at_home.vault_archive.rglob("*__*")]
    assert sorted(archived) == ["broken.csv", "march.csv", "visits.csv"]
    assert land_waiting(gate.settings, gate.ledger, CONTRACTS, datetime.now(UTC)) == []


def test_a_file_taken_away_meanwhile_stops_nobody(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(gate, "cafe/visits/visits.csv", [HEADER, GOOD])
    real = settled_files
    gone = gate.settings.at_home.landing / "cafe" / "gone.csv"
    monkeypatch.setattr(landing_folder, "settled_files", lambda *given: [gone, *real(*given)])
    told = land_waiting(gate.settings, gate.ledger, CONTRACTS, datetime.now(UTC))
    assert [one.status for one in told] == ["loaded"]
