"""Killed at any named point, an erasure that is resumed ends where one that was never interrupted ends."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.erasing.erasing import House, erase, resume_all
from dagster_project.adapters.erasing.journal import read
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import scan
from tests.adapters.erasing.people import PLANTED, Person
from tests.adapters.erasing.planted import LATER, Wanted, house_of, take_all

ONE = PLANTED[5]
FIRST = "erase.found"


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def _points() -> Iterator[None]:
    yield
    durable.on_reached = None


def begin(house: House, one: Person = ONE) -> None:
    erase(house, Wanted(customer_ids=frozenset({one.customer_id(house.settings.identity_salt)})), LATER)


def go_on(house: House) -> None:
    take_all(house.settings, "google")
    resume_all(house, LATER)


def whole_way(house: House) -> None:
    begin(house)
    go_on(house)


def points_of(house: House) -> list[str]:
    """Every named point of an erasure, in order."""
    seen: list[str] = []
    durable.on_reached = seen.append
    begin(house)
    go_on(house)
    durable.on_reached = None
    return list(dict.fromkeys(seen))


def is_ours(point: str) -> bool:
    """A point of the erasure's own; once a step is noted as done, the next thing is the next step's beginning."""
    return point.startswith("erase.") and not point.endswith(".done")


def state_of(house: House) -> dict[str, object]:
    """What an erasure leaves: every file that does not carry a random name, and the sums of the ledger."""
    home = house.settings.at_home
    folders = (home.lake, home.vault_lake, home.quarantine, home.vault_quarantine, home.vault_archive, home.published)
    files = {
        f"{folder.name}/{path.relative_to(folder)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    contacts = [(row["contact_id"], row["status"], row["reason"]) for row in house.ledger.contacts().to_pylist()]
    counted = [
        (one.file_name, one.count_loaded, one.count_quarantined, one.count_erased) for one in house.ledger.deliveries()
    ]
    return {
        "files": files,
        "contacts": contacts,
        "deliveries": counted,
        "batches": [(one.destination, one.sequence, one.state) for one in house.ledger.batches()],
        "states": [one.state for one in house.ledger.erasures()],
        "blocked": house.ledger.erased_digests(),
        "journal": len(read(home)),
        "miscounts": house.ledger.miscounts(),
        "open_cases": len(list((home.vault / "erasures").iterdir())),
    }


def stop_at(point: str) -> None:
    def stop(reached: str) -> None:
        if reached == point:
            raise Killed

    durable.on_reached = stop


def test_an_erasure_killed_at_every_point_in_turn_ends_like_one_that_was_not(
    few: House, few_home: Path, tmp_path: Path
) -> None:
    """One erasure that dies at its first point, is resumed and dies at the next new one, and so on to the last."""
    with house_of(shutil.copytree(few_home, tmp_path / "whole", symlinks=True)) as whole:
        points = points_of(whole)
        expected = state_of(whole)
    killed: list[str] = []

    def stop(reached: str) -> None:
        if is_ours(reached) and reached not in killed:
            killed.append(reached)
            raise Killed

    durable.on_reached = stop
    while not few.ledger.erasures("ended") or any((few.settings.at_home.vault / "erasures").glob("*.json")):
        with suppress(Killed):
            begin(few) if killed in ([], [FIRST]) else go_on(few)
        if killed == [FIRST]:
            assert few.ledger.erasures() == [], "nothing was changed before the first point"
    durable.on_reached = None
    ours = {point for point in points if is_ours(point)}
    assert len(ours) > 25
    assert ours <= {*killed}
    assert state_of(few) == expected
    assert scan(few.settings.at_home, Patterns(ONE.fields)).hits == {}


@pytest.mark.slow
def test_an_erasure_killed_once_anywhere_ends_like_one_that_was_not(few_home: Path, tmp_path: Path) -> None:
    with house_of(shutil.copytree(few_home, tmp_path / "whole", symlinks=True)) as whole:
        points = points_of(whole)
        expected = state_of(whole)
    for number, point in enumerate(points):
        copy = shutil.copytree(few_home, tmp_path / str(number), symlinks=True)
        with house_of(copy) as own:
            stop_at(point)
            with pytest.raises(Killed):
                whole_way(own)
            durable.on_reached = None
            if not own.ledger.erasures() and not list((own.settings.at_home.vault / "erasures").glob("*.json")):
                begin(own)
            go_on(own)
            go_on(own)
            assert state_of(own) == expected, point
        shutil.rmtree(copy)


def test_a_file_that_comes_between_the_look_and_the_block_is_not_missed(few: House, tmp_path: Path) -> None:
    from tests.adapters.erasing.people import deliveries
    from tests.adapters.erasing.planted import land_all

    late = {key: data + b"\n" for key, data in deliveries([ONE]).items() if key == ("standard", "contacts_1.csv")}

    def deliver(point: str) -> None:
        if point == "erase.case_kept":
            land_all(few.settings, few.ledger, tmp_path / "late", late)

    durable.on_reached = deliver
    begin(few)
    durable.on_reached = None
    go_on(few)
    assert scan(few.settings.at_home, Patterns(ONE.fields)).hits == {}
    assert few.ledger.deliveries()[-1].count_erased == 1


def test_a_restored_backup_forgets_again(few: House, tmp_path: Path) -> None:
    """The journal is kept apart from the backup; it names nobody, and everybody in it is found again."""
    from dagster_project.adapters.erasing.erasing import replay
    from dagster_project.adapters.erasing.journal import folder_of

    root = few.settings.at_home.root
    backup = shutil.copytree(root, tmp_path / "backup", symlinks=True)
    begin(few)
    go_on(few)
    with house_of(shutil.copytree(backup, tmp_path / "restored", symlinks=True)) as restored:
        shutil.copytree(folder_of(few.settings.at_home), folder_of(restored.settings.at_home))
        assert scan(restored.settings.at_home, Patterns(ONE.fields)).numbers == set(range(7))
        replay(restored, LATER)
        take_all(restored.settings, "google")
        (told,) = resume_all(restored, LATER)
        assert told.state == "ended"
        assert scan(restored.settings.at_home, Patterns(ONE.fields)).hits == {}
        assert replay(restored, LATER) == [], "once is enough"
        assert restored.ledger.erased_digests().keys() >= few.ledger.erased_digests().keys()


def test_a_restored_home_that_sends_nothing_yet_forgets_and_tells_later(few: House) -> None:
    from dagster_project.adapters.holding import hold, let_go

    home = few.settings.at_home
    hold(home, {"batches": {}})
    begin(few)
    (told,) = few.ledger.erasures()
    assert told.state == "waiting"
    assert len(few.ledger.batches("google")) == 1, "nothing leaves a held home"
    let_go(home)
    go_on(few)
    go_on(few)
    assert scan(home, Patterns(ONE.fields)).hits == {}
