"""Whoever is not in doubt is as the destination holds her: looking at everybody would find the same change."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters import differences, durable, exporting, membership_batches
from dagster_project.adapters.differences import kept_versions
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.ledger.plans import aliases
from tests.adapters.small_house import AS_OF, GOOGLE, consent_rows, house, point, take_all
from tests.adapters.test_converging import IDS, Platform

DAY = timedelta(days=1)
MOVES = (
    "tell", "tell", "tell", "publish_alone", "take", "take_back", "answer", "answer", "deny", "expire", "suppress",
    "lift", "hold_out", "merge", "lose", "wait", "break_off", "break_off",
)  # fmt: skip


class BreakOff(BaseException):
    """The end of a process."""


class Life(Platform):
    """A platform, and customers who say no, say yes, are merged, are held out, and whose consents end by time."""

    def __init__(self, home: Settings, ledger: Ledger, chance: random.Random) -> None:
        super().__init__(home, ledger)
        self.chance, self.denied = chance, set[str]()
        self.ends: dict[str, int] = {}

    def live(self, move: str) -> None:
        few = set(self.chance.sample(range(len(IDS)), self.chance.randint(0, 2)))
        one = self.chance.choice(IDS)
        if move == "tell":
            self.tell({number for number in range(len(IDS)) if self.chance.random() < 0.6}, few)
        elif move == "publish_alone":
            self.audience = {number for number in range(len(IDS)) if self.chance.random() < 0.6}
            self.publish()
        elif move in ("take", "take_back"):
            self.step(move, IDS.index(one), 0)
        elif move == "answer":
            self.answer(self.chance.choice(["accepted", "accepted", "partly", "rejected"]), IDS.index(one))
        elif move == "deny":
            self.denied ^= {one}
            self.sync()
        elif move == "expire":
            self.ends = {one: self.chance.randint(1, 4)}
            self.sync()
        elif move == "suppress":
            self.suppress(one)
        elif move == "lift":
            self.ledger.lift_suppressions([one], "withdrawn")
        elif move == "hold_out" and self.chance.random() < 0.3:
            self.ledger.hold_out([one], self.now)
        elif move == "merge":
            self.now += DAY
            self.ledger.follow_aliases(aliases(**{one: self.chance.choice(IDS)}), self.now)
        elif move == "lose":
            shutil.rmtree(self.home.at_home.vault / "differences", ignore_errors=True)
        elif move == "wait":
            self.now += DAY
        elif move == "break_off":
            former = set(self.audience)
            self.tell({number for number in range(len(IDS)) if self.chance.random() < 0.6}, set())
            self.break_off(self.chance.choice(["publish.renamed", "publish.recorded", "export.opened"]))
            if self.chance.random() < 0.5:
                self.tell(former, set())
        self.export()

    def break_off(self, point: str) -> None:
        """Export, and end there as by a crash."""

        def reached(name: str) -> None:
            if name == point:
                raise BreakOff

        durable.on_reached = reached
        try:
            self.export()
        except BreakOff:
            pass
        finally:
            durable.on_reached = None

    def export(self) -> None:
        export_destination(self.home, self.ledger, GOOGLE, self.now)

    def suppress(self, one: str) -> None:
        self.ledger.suppress([Suppression(one, "withdrawn", GOOGLE.purpose, GOOGLE.channel)], self.now)

    def tell(self, audience: set[int], moved: set[int]) -> None:
        self.audience = audience
        for number in moved:
            self.moves[IDS[number]] += 1
        self.publish()

    def sync(self) -> None:
        self.now += DAY
        rows = consent_rows(IDS, self.denied)
        ends = [
            naive_utc(self.now + self.ends[one] * DAY) if one in self.ends else None
            for one in rows["customer_id"].to_pylist()
        ]
        self.ledger.sync_consents(rows.append_column("expires_at", pa.array(ends, pa.timestamp("us"))), self.now)


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


@contextmanager
def living(empty: Path, seed: int) -> Iterator[Life]:
    with TemporaryDirectory() as folder:
        home = Settings(home=Path(shutil.copytree(empty, Path(folder) / "home", symlinks=True)))
        with open_ledger(home.ledger_address) as ledger:
            yield Life(home, ledger, random.Random(seed))


def play(empty: Path, seed: int, count: int) -> None:
    with living(empty, seed) as life:
        life.live("tell")
        for move in life.chance.choices(MOVES, k=count):
            life.live(move)


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
