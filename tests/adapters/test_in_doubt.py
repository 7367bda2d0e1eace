"""Whoever is not in doubt is as the destination holds her: looking at everybody would find the same change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters import differences, exporting, membership_batches
from dagster_project.adapters.differences import kept_versions
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.settings import Settings
from tests.adapters.ledger.plans import aliases
from tests.adapters.lives import DAY, Life, living, play
from tests.adapters.small_house import AS_OF, GOOGLE, consent_rows, house, point, take_all
from tests.adapters.test_converging import IDS


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Per look at some alone: how many they were, and how many changes that found; looking at all finds the same."""
    found: list[tuple[int, int]] = []
    look: Callable[..., set[str] | None] = exporting._in_doubt

    def both(settings: Settings, ledger: Ledger, *asked: object) -> set[str] | None:
        among = look(settings, ledger, *asked)
        if among is not None:
            alone, whole = (changes(settings, ledger, *asked, among=who) for who in (among, None))
            assert alone == whole, f"of {len(among)} in doubt"
            found.append((len(among), len(alone)))
        return among

    monkeypatch.setattr(exporting, "_in_doubt", both)
    return found


def changes(*asked: object, among: set[str] | None) -> list[str]:
    content = membership_batches.content(*asked, among=among)  # type: ignore[arg-type]
    return sorted(map(str, content.changed)) if content is not None else []


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("in-doubt") / "home")
    settings.at_home.make()
    with open_ledger(settings.ledger_address) as ledger:
        ledger.sync_consents(consent_rows(IDS), AS_OF)
    return settings.home


@pytest.mark.parametrize("seed", range(4))
def test_some_alone_are_looked_at_and_nothing_is_missed(
    empty: Path, compared: list[tuple[int, int]], seed: int
) -> None:
    play(empty, seed, 25)
    assert any(changed for _, changed in compared), "something changed"
    assert any(count < len(IDS) for count, _ in compared), "fewer than all were looked at"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_nothing_is_missed_in_long_lives(empty: Path, compared: list[tuple[int, int]], seed: int) -> None:
    play(empty, seed, 60)
    assert any(changed for _, changed in compared)


FORGOTTEN: dict[str, tuple[str, Callable[..., object], Callable[[Life], None]]] = {}


def forgetting(reason: str, attribute: str, instead: Callable[..., object]) -> Callable[[Any], None]:
    """A short life in which one reason to look at somebody again counts, and what leaves that reason out."""

    def note(life: Callable[[Life], None]) -> None:
        FORGOTTEN[reason] = (f"dagster_project.adapters.{attribute}", instead, life)

    return note


def none(*_: object, **__: object) -> set[str]:
    return set()


@forgetting("what was published", "exporting.differing", none)
def _(life: Life) -> None:
    life.tell({0, 1}, set())
    life.export()
    life.take()
    life.tell({0}, set())


@forgetting("permissions", "ledger.Ledger.touched_since", none)
def _(life: Life) -> None:
    life.tell({0, 1}, set())
    life.export()
    life.take()
    life.suppress(IDS[0])


@forgetting("refusals", "ledger.memberships.touch", none)
def _(life: Life) -> None:
    for audience, status in (({0}, "accepted"), (set[int](), "partly")):
        life.tell(audience, set())
        life.export()
        life.take()
        life.answer(status, 0)


@forgetting("the end of a consent", "ledger.Ledger.consents_ended", none)
def _(life: Life) -> None:
    life.tell({0, 1}, set())
    life.ends = {IDS[0]: 2}
    life.sync()
    life.export()
    life.take()
    life.now += 2 * DAY


@forgetting("the end of waiting", "ledger.Ledger.due_members", none)
def _(life: Life) -> None:
    life.tell({0}, set())
    life.export()
    life.take()
    life.answer("partly", 0)
    life.export()
    life.take()
    life.now += 2 * DAY


@forgetting("other ids", "ledger.revisions._everyone_akin", lambda _, ids: set(ids))
def _(life: Life) -> None:
    life.tell({0, 1}, set())
    life.ledger.follow_aliases(aliases(**{IDS[0]: IDS[1]}), life.now)
    life.export()
    life.take()
    life.suppress(IDS[1])


@pytest.mark.parametrize("is_forgotten", [False, True])
@pytest.mark.parametrize("reason", FORGOTTEN)
def test_each_reason_to_look_again_is_needed(
    empty: Path, compared: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, reason: str, is_forgotten: bool
) -> None:
    """Negative controls: with one of them left out, looking at everybody finds more."""
    attribute, instead, live = FORGOTTEN[reason]
    if is_forgotten:
        monkeypatch.setattr(attribute, instead)
    with living(empty, seed=0) as life:
        live(life)
        if not is_forgotten:
            life.export()
            assert compared[-1][1] > 0
            return
        with pytest.raises(AssertionError, match="in doubt"):
            life.export()


@pytest.mark.parametrize("point", ["export.opened", "publish.renamed", "publish.recorded", "export.marked"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_what_was_told_is_forgotten_before_more_is_told(
    empty: Path, compared: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, point: str, is_kept: bool
) -> None:
    """An export breaks off, and the audience is the former one again. Negative control: the mark that would be left."""
    with living(empty, seed=0) as life:
        life.tell({0, 1}, set())
        life.export()
        life.take()
        if is_kept:
            monkeypatch.setattr(exporting.seen, "forget", none)
        life.tell({0}, set())
        life.break_off(point)
        life.tell({0, 1}, set())
        if is_kept and point != "export.marked":
            with pytest.raises(AssertionError, match="in doubt"):
                life.export()
            return
        life.export()
        told = life.ledger.memberships("google", ("customer_id", "state")).to_pylist()
        assert {row["customer_id"]: row["state"] for row in told} == dict.fromkeys(IDS[:2], "adding")


def test_a_change_of_what_a_form_does_not_tell_is_none(home: Settings, compared: list[tuple[int, int]]) -> None:
    with open_ledger(home.ledger_address) as ledger:
        ledger.sync_consents(consent_rows(IDS), AS_OF)
        for street in ("Vanhakatu 1", "Uusikatu 2"):
            house(home, [point(one, street=street) for one in IDS], audience=IDS)
            export_destination(home, ledger, GOOGLE, AS_OF)
            take_all(home, GOOGLE.name)
    assert compared == [(0, 0)]


def test_a_chain_of_versions_is_followed(home: Settings, compared: list[tuple[int, int]]) -> None:
    """Whoever was told three versions ago is looked up in the lists between; only two versions are kept."""
    with open_ledger(home.ledger_address) as ledger:
        ledger.sync_consents(consent_rows(IDS), AS_OF)
        version = house(home, map(point, IDS), audience=IDS)
        export_destination(home, ledger, GOOGLE, AS_OF)
        take_all(home, GOOGLE.name)
        for place in range(3):
            moved = [point(one) | ({"email": f"{place}@example.com"} if one == IDS[place] else {}) for one in IDS]
            version = house(home, moved, audience=IDS)
            differences.keep_differences(home, version)
        assert len(kept_versions(home)) == 2
        batch = export_destination(home, ledger, GOOGLE, AS_OF)
    assert compared == [(3, 1)], "the last of the three has her new address still"
    assert batch is not None
    assert (batch.count("add"), batch.count("remove")) == (1, 1)


def test_a_list_of_a_version_that_is_gone_cannot_be_made(home: Settings) -> None:
    house(home, map(point, IDS), audience=IDS)
    version = house(home, map(point, IDS), audience=IDS[1:])
    assert differences.differing(home, "0" * 20, version, {"contact_points": ["email"]}) is None
    assert differences.differing(home, version.name, version, {}) == set()
