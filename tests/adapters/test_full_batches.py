"""A list that is replaced holds exactly the audience of its last full batch, and nobody in it has said no."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dagster_project.adapters import durable, full_batches
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import take
from dagster_project.adapters.pushing.batch_rows import files_of
from dagster_project.adapters.settling_members import changes_in
from dagster_project.adapters.transports.trip import Delayed
from dagster_project.adapters.verifying import verify
from dagster_project.adapters.verifying.outbox_checks import rows_listed
from dagster_project.adapters.withdrawing import withdraw
from dagster_project.domain.analytics.segments import SizeBand, sizes
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.domain.exports.destination import Destination
from dagster_project.domain.exports.guards import Guards
from dagster_project.domain.exports.manifest import Batch
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, GOOGLE, batches, consent, customer_ids, house, point, take_all

IDS = customer_ids(8)
LIST = replace(GOOGLE, name="list", format="linkedin", full_every=1)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        consent(opened, IDS)
        yield opened


def told(home: Settings, ledger: Ledger, audience: Iterable[str], to: Destination = LIST) -> Batch | None:
    """Publish an audience, export it, and let its receiver take it."""
    house(home, map(point, IDS), audience=audience)
    batch = export_destination(home, ledger, to, AS_OF)
    take_all(home, to.name)
    return batch


def say_no(ledger: Ledger, customer_id: str) -> None:
    ledger.suppress([Suppression(customer_id, "withdrawn")], AS_OF)


def rows_in(folder: Path, role: str) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for file in json.loads((folder / "manifest.json").read_text())["files"]:
        if file["role"] == role:
            with (folder / file["name"]).open(encoding="utf-8", newline="") as opened:
                found += [tuple(row) for row in csv.reader(opened)][1:]
    return sorted(found)


def held(settings: Settings, name: str = "list") -> list[tuple[str, ...]]:
    """What a receiver holds that applies every batch in order; a full one replaces all."""
    holding: list[tuple[str, ...]] = []
    for folder in batches(settings, name):
        if roles(folder) == {"full", "rows"}:
            holding = rows_in(folder, "full")
            continue
        for row in rows_in(folder, "remove"):
            holding.remove(row)
        holding += rows_in(folder, "add")
    return sorted(holding)


def roles(folder: Path) -> set[str]:
    return {file["role"] for file in json.loads((folder / "manifest.json").read_text())["files"]}


def alone(tmp_path: Path, audience: Iterable[str]) -> list[tuple[str, ...]]:
    """The rows of an audience, as a fresh house tells them."""
    fresh = Settings(home=tmp_path / "alone")
    with open_ledger(fresh.ledger_address) as own:
        consent(own, IDS)
        told(fresh, own, audience)
    return held(fresh)


def members(ledger: Ledger, name: str = "list") -> set[str]:
    rows = ledger.memberships(name).to_pylist()
    return {row["customer_id"] for row in rows if row["state"] in ("adding", "member")}


def damage(home: Settings) -> list[str]:
    return [str(finding) for finding in verify(home)]


def test_each_batch_is_the_whole_audience(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    for audience in (IDS[:4], IDS[1:6], IDS[3:4], [], IDS[5:]):
        batch = told(home, ledger, audience)
        assert batch is not None
        assert batch.count("full") == len(audience)
        assert members(ledger) == set(audience), "the sum of the changes noted is the audience"
        assert told(home, ledger, audience) is None, "unchanged is no batch"
    assert [roles(folder) for folder in batches(home, "list")] == [{"full", "rows"}] * 5
    assert len(held(home)) == 3
    assert held(home) == alone(tmp_path, IDS[5:])
    assert [record.count_rows for record in ledger.batches("list")] == [4, 3, 4, 1, 3]
    assert damage(home) == []


def test_a_full_batch_comes_each_third_time_or_as_soon_as_one_was_taken_back(home: Settings, ledger: Ledger) -> None:
    third = replace(LIST, full_every=3)
    told(home, ledger, IDS[:2], third)
    told(home, ledger, IDS[:3], third)
    house(home, map(point, IDS), audience=IDS[:5])
    export_destination(home, ledger, third, AS_OF)
    assert roles(batches(home, "list")[2]) == {"full", "rows"}
    say_no(ledger, IDS[0])
    assert [record.sequence for record in withdraw(home, ledger, [IDS[0]], AS_OF)] == [3]
    assert members(ledger) == set(IDS[:3])
    for audience in (IDS[:5], IDS[:6], IDS[:7], IDS[:8]):
        told(home, ledger, audience, third)
    found = [roles(folder) - {"rows"} for folder in batches(home, "list")]
    assert found == [{"add"}, {"add"}, {"full"}, {"add"}, {"full"}, {"add"}], "numbers 1, 2, 4, 5, 6, 7"
    assert len(held(home)) == 7
    assert members(ledger) == set(IDS[1:])


def test_who_says_no_as_the_batch_appears_is_not_told_again(home: Settings, ledger: Ledger) -> None:
    batch = _told_while_a_member_says_no(home, ledger)
    assert batch.count("full") == 4
    assert members(ledger) == set(IDS[1:5])


def test_the_last_check_asks_about_everybody(home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: were only the new ones noted, she would be in the file in spite of her no."""
    right = full_batches.MembershipChanges
    monkeypatch.setattr(full_batches, "MembershipChanges", lambda *parts: right(*parts[:2]))
    assert _told_while_a_member_says_no(home, ledger).count("full") == 5


def _told_while_a_member_says_no(home: Settings, ledger: Ledger) -> Batch:
    told(home, ledger, IDS[:4])

    def meanwhile(at: str) -> None:
        if at == "export.opened":
            durable.on_reached = None
            say_no(ledger, IDS[0])

    durable.on_reached = meanwhile
    try:
        batch = told(home, ledger, IDS[:5])
    finally:
        durable.on_reached = None
    assert batch is not None
    return batch


def test_a_batch_not_taken_is_taken_back_with_whoever_was_told_again(home: Settings, ledger: Ledger) -> None:
    told(home, ledger, IDS[:4])
    house(home, map(point, IDS), audience=IDS[:5])
    export_destination(home, ledger, LIST, AS_OF)
    say_no(ledger, IDS[0])
    assert len(withdraw(home, ledger, [IDS[0]], AS_OF)) == 1
    assert members(ledger) == set(IDS[:4]), "as the first batch left it"
    batch = told(home, ledger, IDS[:5])
    assert batch is not None
    assert batch.count("full") == 4
    assert damage(home) == []


def test_answers_count_for_everybody_in_it(home: Settings, ledger: Ledger) -> None:
    first = told(home, ledger, IDS[:3])
    assert first is not None
    ledger.acknowledge(first.batch_id, "accepted", {}, AS_OF)
    second = told(home, ledger, IDS[:4])
    assert second is not None
    keys = {row["customer_id"]: row["customer_key"] for row in ledger.memberships("list").to_pylist()}
    ledger.acknowledge(second.batch_id, "partly", {keys[IDS[0]]: "address_unknown"}, AS_OF)
    assert members(ledger) == set(IDS[1:4])
    third = told(home, ledger, IDS[:5])
    assert third is not None
    assert third.count("full") == 4, "who was refused is not offered again under the same address"
    ledger.acknowledge(third.batch_id, "rejected", {}, AS_OF)
    assert members(ledger) == set(IDS[1:4])
    fourth = told(home, ledger, IDS[:5])
    assert fourth is not None
    assert fourth.count("full") == 4
    assert damage(home) == []


def test_a_held_back_audience_is_told_again_without_who_must_leave(
    home: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    told(home, ledger, IDS[:4])
    before = held(home)
    say_no(ledger, IDS[0])
    moved = [point(one, email=f"uusi{one}@example.com") for one in IDS]
    looked_at = sizes({"fading": ("team:crm", "analysis", SizeBand(min_count=1, max_count=3))}, {"fading": 2}, 100)
    house(home, moved, audience=IDS[6:], segment_sizes=looked_at)
    batch = export_destination(home, ledger, LIST, AS_OF)
    assert batch is not None
    take_all(home, "list")
    assert members(ledger) == set(IDS[1:4])
    assert len(held(home)) == 3
    assert set(held(home)) < set(before), "under the identifiers they were told with"
    consents = [row["consent_id"] for row in rows_listed(batches(home, "list")[1], json.loads(batch.manifest))]
    assert sorted(consents) == [f"s-{one}" for one in IDS[1:4]]
    say_no(ledger, IDS[1])
    (home.at_home.vault / "sent" / "list" / f"{batch.folder_name}.arrow").unlink()
    last = export_destination(home, ledger, LIST, AS_OF)
    assert last is not None
    assert last.count("full") == 0
    assert members(ledger) == set(), "a list that is replaced holds nobody it is not told of"


def test_guard_rails_weigh_the_change_and_not_the_file(home: Settings, ledger: Ledger) -> None:
    guarded = replace(LIST, guards=Guards(most_removed=0.3, most_times_usual=3, from_rows=1))
    for count in (4, 5, 6, 7):
        assert told(home, ledger, IDS[:count], guarded) is not None
    assert told(home, ledger, IDS, guarded) is not None, "8 rows, 1 change, as usual"
    assert told(home, ledger, IDS[:4], guarded) is None
    say_no(ledger, IDS[7])
    batch = told(home, ledger, IDS[:4], guarded)
    assert batch is not None
    assert batch.count("full") == 7, "who must leave has left; the others wait for a person's word"


def test_after_a_restore_a_full_batch_says_who_was_added_and_removed(home: Settings, ledger: Ledger) -> None:
    told(home, ledger, IDS[:4])
    copy = home.home / "copy.sqlite"
    with closing(sqlite3.connect(home.at_home.ledger)) as now, closing(sqlite3.connect(copy)) as then:
        now.backup(then)
    batch = told(home, ledger, IDS[1:6])
    assert batch is not None
    folder = batches(home, "list")[-1]
    with open_ledger(f"sqlite:///{copy}") as older:
        manifest = json.loads(batch.manifest)
        found = changes_in(home, older, LIST, folder, manifest, rows_listed(folder, manifest))
    assert sorted((one.operation, one.customer_id) for one in found) == [
        *(("add", one) for one in IDS[1:6]),
        ("remove", IDS[0]),
    ]
    prints = {row["customer_id"]: row["fingerprint"] for row in ledger.memberships("list").to_pylist()}
    assert all(prints[one.customer_id] == one.fingerprint for one in found)


def test_an_api_is_never_told_to_replace(home: Settings, ledger: Ledger) -> None:
    told(home, ledger, IDS[:2])
    (folder,) = batches(home, "list")
    with pytest.raises(Delayed, match="full_batch_not_carried"):
        list(files_of(folder, json.loads((folder / "manifest.json").read_text())))


def test_the_parts_of_a_large_one_are_numbered(home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.domain.exports.formats import FORMATS

    monkeypatch.setitem(FORMATS, "linkedin", replace(FORMATS["linkedin"], most_rows=3))
    batch = told(home, ledger, IDS)
    assert batch is not None
    assert [file.name for file in batch.files] == ["full.csv", "full_2.csv", "full_3.csv", "rows.csv"]
    assert len(held(home)) == 8
    assert damage(home) == []
    assert take(home.at_home, "list", batch.folder_name) is None
