"""An audience's platform holds exactly today's audience, and lets go of everyone who is no longer in it."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, GOOGLE, META, batches, consent, customer_ids, house, point, take_all

IDS = customer_ids(6)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        consent(opened, IDS)
        yield opened


def cells_of(path: Path) -> list[tuple[str, ...]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def platform(settings: Settings, destination: str) -> list[tuple[str, ...]]:
    """What a platform holds that applies every batch in order: removes, then adds."""
    holding: list[tuple[str, ...]] = []
    for folder in batches(settings, destination):
        for row in cells_of(folder / "remove.csv"):
            assert row in holding, "only what was added is removed"
            holding.remove(row)
        for row in cells_of(folder / "add.csv"):
            assert row not in holding, "nobody is added twice"
            holding.append(row)
    return sorted(holding)


def told(settings: Settings, ledger: Ledger, audience: list[str], **changed: dict[str, str | None]) -> None:
    points = [point(customer_id) | changed.get(customer_id, {}) for customer_id in IDS]
    house(settings, points, audience=audience)
    for destination in (GOOGLE, META):
        export_destination(settings, ledger, destination, AS_OF)
        take_all(settings, destination.name)


def expected(settings: Settings, tmp_path: Path, audience: list[str], **changed: dict[str, str | None]) -> Settings:
    """A fresh house that is told this audience at once."""
    fresh = Settings(home=tmp_path / "fresh")
    with open_ledger(fresh.ledger_address) as own:
        consent(own, IDS)
        told(fresh, own, audience, **changed)
    return fresh


def test_the_sum_of_all_batches_is_the_audience(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    moved: dict[str, dict[str, str | None]] = {IDS[2]: {"email": "uusi@example.com"}, IDS[4]: {"phone": "+358501"}}
    for audience, changed in ((IDS[:3], {}), (IDS[1:5], {}), (IDS[1:5], moved), ([], moved), (IDS[2:], moved)):
        told(home, ledger, audience, **changed)
    fresh = expected(home, tmp_path, IDS[2:], **moved)
    for name in ("google", "meta"):
        assert platform(home, name) == platform(fresh, name)
        assert len(platform(home, name)) == 4


def test_an_unchanged_audience_is_no_batch(home: Settings, ledger: Ledger) -> None:
    told(home, ledger, IDS[:3])
    told(home, ledger, IDS[:3])
    assert len(batches(home, "google")) == len(batches(home, "meta")) == 1


@pytest.mark.parametrize("why", ["consent withdrawn", "suppressed", "held out", "left the audience"])
def test_who_must_go_is_removed_under_the_identifiers_added(home: Settings, ledger: Ledger, why: str) -> None:
    told(home, ledger, IDS[:3])
    added = cells_of(batches(home, "google")[0] / "add.csv")
    gone: dict[str, dict[str, str | None]] = {IDS[0]: {"email": None, "phone": None, "postal_code": None}}
    if why == "consent withdrawn":
        consent(ledger, IDS, denied=IDS[:1])
    elif why == "suppressed":
        ledger.suppress([Suppression(IDS[0], "erased")], AS_OF)
    elif why == "held out":
        ledger.hold_out(IDS[:1], AS_OF)
    told(home, ledger, IDS[1:3] if why == "left the audience" else IDS[:3], **gone)
    second = batches(home, "google")[1]
    removed = cells_of(second / "remove.csv")
    assert len(removed) == 1
    assert removed[0] in added
    assert not (second / "add.csv").exists()
    assert len(platform(home, "google")) == 2


def test_who_has_nothing_to_match_is_not_added_and_is_once_she_has(home: Settings, ledger: Ledger) -> None:
    nothing: dict[str, str | None] = {"email": None, "phone": None, "postal_code": None}
    told(home, ledger, IDS[:2], **{IDS[0]: nothing})
    assert len(platform(home, "google")) == 1
    told(home, ledger, IDS[:2])
    assert len(platform(home, "google")) == 2


def test_a_merge_of_two_members_keeps_the_customer(home: Settings, ledger: Ledger) -> None:
    told(home, ledger, IDS[:2], **{IDS[1]: point(IDS[0]) | {"customer_id": IDS[1]}})
    aliases = pa.table({"alias_customer_id": [IDS[0]], "customer_id": [IDS[1]]})
    ledger.follow_aliases(aliases, AS_OF)
    told(home, ledger, [IDS[1]], **{IDS[1]: point(IDS[0]) | {"customer_id": IDS[1]}})
    second = batches(home, "google")[1]
    assert len(cells_of(second / "remove.csv")) == 2
    assert len(cells_of(second / "add.csv")) == 1, "she would be out with the old id's row otherwise"


def test_lost_rows_are_said_and_the_others_still_go(
    home: Settings, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    told(home, ledger, IDS[:2])
    told(home, ledger, IDS[:4])
    (home.at_home.vault / "sent" / "google" / f"{batches(home, 'google')[0].name}.arrow").unlink()
    with caplog.at_level(logging.WARNING):
        told(home, ledger, [])
    assert len(cells_of(batches(home, "google")[2] / "remove.csv")) == 2
    assert "google: 2 customers cannot be let go" in caplog.text
    states = ledger.memberships("google")["state"].to_pylist()
    assert states.count("adding") == 2, "they are not forgotten: the next export tries again"


def test_the_rows_sent_are_kept_for_their_owner_alone(home: Settings, ledger: Ledger) -> None:
    told(home, ledger, IDS[:2])
    kept = list((home.at_home.vault / "sent" / "google").iterdir())
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    assert kept[0].parent.stat().st_mode & 0o777 == 0o700
