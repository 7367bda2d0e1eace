"""Every command that writes first ends what a crash left: debris of each kind is gone, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.exporting import export_all
from dagster_project.adapters.holding import hold
from dagster_project.adapters.landing import land_all
from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.starting import end_what_broke_off
from dagster_project.adapters.verifying import verify
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.small_house import (
    AS_OF,
    GOOGLE,
    LETTERS,
    batches,
    customer_ids,
    outside,
    waiting_house,
)

IDS = customer_ids(3)


class Crash(Exception):
    """The process is gone."""


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with waiting_house(home, IDS) as opened:
        yield opened


def broken_off_at(name: str) -> Callable[[Settings, Ledger], None]:
    def break_off(own: Settings, ledger: Ledger) -> None:
        def crash(point_name: str) -> None:
            if point_name == name:
                raise Crash

        durable.on_reached = crash
        try:
            with pytest.raises(Crash):
                export_all(own, ledger, [LETTERS, GOOGLE], AS_OF)
        finally:
            durable.on_reached = None

    return break_off


def leave(place: str) -> Callable[[Settings, Ledger], None]:
    def left(own: Settings, ledger: Ledger) -> None:
        path = own.at_home.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if place.endswith("/") else path.write_text("half")
        os.utime(path, (1, 1))

    return left


DEBRIS = {
    "a batch half written": broken_off_at("stage.file_written"),
    "a batch staged": broken_off_at("stage.flushed"),
    "a batch opened": broken_off_at("export.opened"),
    "a batch to be seen": broken_off_at("publish.renamed"),
    "rows kept for nothing": broken_off_at("sent_rows.kept"),
    "a version half written": leave(".publishing-77/"),
    "a vault's version half written": leave("vault/.publishing-77/"),
    "a version half removed": leave(".removed-0123/"),
    "a backup's second names": leave(".backup-77/"),
    "a lake file half written": leave("lake/cafe/visits/arrived=2026-03-31/.ab.parquet.77"),
    "an archived file half written": leave("vault/archive/cafe/visits/.ab__visits.csv.77"),
    "a file half replaced": leave("acks/letters/.x.json.new"),
}


@pytest.mark.parametrize("what", DEBRIS)
def test_debris_of_each_kind_is_ended(home: Settings, ledger: Ledger, what: str) -> None:
    DEBRIS[what](home, ledger)
    assert verify(home), "negative control: it is there to be found"
    end_what_broke_off(home, ledger)
    assert verify(home) == []
    seen = outside(home)
    end_what_broke_off(home, ledger)
    assert outside(home) == seen, "again, it changes nothing"
    export_all(home, ledger, [LETTERS, GOOGLE], AS_OF)
    assert len(batches(home, "letters")) == 1


def test_what_somebody_may_be_writing_is_left_alone(home: Settings, ledger: Ledger) -> None:
    fresh = home.at_home.lake / ".ab.parquet.77"
    fresh.write_text("half")
    end_what_broke_off(home, ledger)
    assert fresh.exists()


def test_a_held_home_keeps_what_it_does_not_know_about(home: Settings, ledger: Ledger) -> None:
    broken_off_at("export.opened")(home, ledger)
    hold(home.at_home, {"batches": {}})
    end_what_broke_off(home, ledger)
    assert [record.state for record in ledger.batches()] == ["prepared"]
    assert outside(home) == {}


def test_landing_begins_with_it(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    broken_off_at("export.opened")(home, ledger)
    (tmp_path / "nothing.csv").write_text("no,table\n1,2\n")
    land_all(home, "shop", [tmp_path / "nothing.csv"], None, AS_OF, history=False)
    assert [record.state for record in ledger.batches()] == ["published"]


@pytest.mark.parametrize("file", ["adapters/jobs.py", "adapters/landing.py", "defs/sources/deliveries.py"])
def test_every_way_in_begins_with_it(file: str) -> None:
    """Running a job costs half a minute; the journeys do. Exports and answers recover by themselves."""
    assert "end_what_broke_off(settings" in (CHECKOUT / "dagster_project" / file).read_text()
    for other in ("exporting.py", "acks.py"):
        assert "recover(settings, ledger)" in (CHECKOUT / "dagster_project" / "adapters" / other).read_text()
