"""A consent withdrawn at any instant between the claim and the answer: nothing with her in it is published after it.

She withdraws at every named point that a whole round passes: while the process goes on, where a withdrawal can be
recorded at that point at all (under the ledger's lock it waits), and after the process died there. From the moment it
is recorded on, a receiver that takes whatever it sees must never get her.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dagster_project.adapters import durable, exporting, outbox, withdrawing
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.exporting import export_all
from dagster_project.adapters.gate.heeding import let_go
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.ledger.tables import membership_changes
from dagster_project.domain.decisions.suppression import Suppression
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
    take_all,
)

IDS = customer_ids(4)
HER = IDS[0]
BOTH = [LETTERS, GOOGLE]
UNDER_THE_LOCK = ("publish.before_rename", "publish.renamed", "publish.flushed")
ROUNDS = ("first", "second")  # the second one begins with the answers to the first


class Died(BaseException):
    """Stands for the end of the process."""


def answer(home: Settings) -> None:
    """A receiver that takes every batch it sees and accepts it."""
    for destination in BOTH:
        take_all(home, destination.name)
        for folder in batches(home, destination.name):
            batch_id = folder.name.partition("-")[2]
            path = home.at_home.acks / destination.name / f"{batch_id}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"batch_id": batch_id, "status": "accepted"}))


def work(home: Settings, ledger: Ledger, care_model: str) -> None:
    """Claim, take the answers in, export. The claim refuses whoever withdrew."""
    wanted = [one for one in IDS if one not in ledger.blocked_customers(IDS, "marketing", "email")]
    claim(ledger, wanted, care_model=care_model)
    read_acks(home, ledger, AS_OF)
    export_all(home, ledger, BOTH, AS_OF)


def keys_of_her(ledger: Ledger) -> set[str]:
    """Every key a row of hers ever had: also of a membership that is over."""
    with ledger.reading() as connection:
        told = select(membership_changes.c.customer_key).where(membership_changes.c.customer_id == HER)
        keys = set(connection.execute(told).scalars())
    return keys | {row["contact_id"] for row in ledger.contacts().to_pylist() if row["customer_id"] == HER}


def with_her(home: Settings, keys: set[str]) -> set[str]:
    """The batches, taken or not, in which she is contacted or added."""
    found = set()
    for destination in BOTH:
        for folder in batches(home, destination.name):
            with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
                rows = [row for row in csv.DictReader(file) if not row["file"].startswith("remove")]
            if keys & {row["row_key"] for row in rows}:
                found.add(folder.name)
    return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consent") / "home"
    settings = Settings(home=folder)
    settings.at_home.make()
    with open_ledger(settings.ledger_address) as ledger:
        consent(ledger, IDS)
        house(settings, map(point, IDS), audience=IDS)
    return folder


@pytest.fixture(autouse=True)
def nothing_hangs_on() -> Iterator[None]:
    yield
    durable.on_reached = None


def play(template: Path, tmp_path: Path, on_point: Callable[[Settings, int, str], None]) -> tuple[Settings, list[str]]:
    """Two rounds in a copy of the house, with something that happens at a point; the points that were passed."""
    home = Settings(home=tmp_path / "home")
    shutil.rmtree(home.home, ignore_errors=True)
    shutil.copytree(template, home.home, symlinks=True)
    passed: list[str] = []

    def hook(name: str) -> None:
        passed.append(name)
        on_point(home, len(passed) - 1, name)

    for care_model in ROUNDS:
        durable.on_reached = hook
        try:
            with open_ledger(home.ledger_address) as ledger:
                work(home, ledger, care_model)
        except Died:
            durable.on_reached = None
            withdraw_now(home)
            with open_ledger(home.ledger_address) as ledger:
                work(home, ledger, care_model + "_again")
        durable.on_reached = None
        answer(home)
    with open_ledger(home.ledger_address) as ledger:
        work(home, ledger, "last")
    return home, passed


SEEN: dict[Path, set[str]] = {}  # per home: the batches with her that were there as her no was recorded


def withdraw_now(home: Settings) -> None:
    """What a landing file does: record it, then take back what nobody has taken; then a receiver looks at once."""
    held, durable.on_reached = durable.on_reached, None
    with open_ledger(home.ledger_address) as ledger:
        ledger.suppress([Suppression(HER, "withdrawn")], AS_OF)
        if held is None:  # the process died, so nobody holds the destinations
            let_go(home, ledger, [HER], AS_OF)
            SEEN[home.home] = {name for name in with_her(home, keys_of_her(ledger)) if is_taken(home, name)}
        else:  # the export that runs now may still have published; what it publishes from here on is looked at
            SEEN[home.home] = with_her(home, keys_of_her(ledger))
    durable.on_reached = held


def is_taken(home: Settings, name: str) -> bool:
    return any((home.at_home.outbox / one.name / ".taken" / name).is_dir() for one in BOTH)


def judge(home: Settings) -> None:
    """Nothing with her came to be after her no, and every audience has let go of her."""
    with open_ledger(home.ledger_address) as ledger:
        after = with_her(home, keys_of_her(ledger)) - SEEN.pop(home.home)
        assert after == set(), "published after she withdrew"
        states = {row["customer_id"]: row["state"] for row in ledger.memberships("google").to_pylist()}
        assert states.get(HER) in (None, "removing")
        statuses = {row["status"] for row in ledger.contacts().to_pylist() if row["customer_id"] == HER}
        assert not statuses & {"claimed", "batched"}
        assert ledger.miscounts() == {}


@pytest.fixture(scope="module")
def points(template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every point two undisturbed rounds pass, in order."""
    return play(template, tmp_path_factory.mktemp("undisturbed"), lambda *_: None)[1]


def test_the_rounds_pass_every_kind_of_point(points: list[str]) -> None:
    assert set(points) >= {
        "acks.recorded",
        "acks.moved",
        "sent_rows.kept",
        "stage.folder_made",
        "stage.file_written",
        "stage.manifest_written",
        "stage.flushed",
        "export.opened",
        "publish.before_rename",
        "publish.renamed",
        "publish.flushed",
        "publish.recorded",
        "export.marked",
    }


def dies_at(number: int) -> Callable[[Settings, int, str], None]:
    def on_point(home: Settings, place: int, name: str) -> None:
        if place == number and home.home not in SEEN:
            raise Died

    return on_point


def withdraws_at(number: int) -> Callable[[Settings, int, str], None]:
    def on_point(home: Settings, place: int, name: str) -> None:
        if place == number and home.home not in SEEN:
            withdraw_now(home)

    return on_point


def test_withdrawn_after_the_process_died(template: Path, points: list[str], tmp_path: Path) -> None:
    for name in ("export.opened", "publish.renamed", "publish.recorded"):
        home, _ = play(template, tmp_path, dies_at(points.index(name)))
        judge(home)


def test_withdrawn_while_the_process_goes_on(template: Path, points: list[str], tmp_path: Path) -> None:
    for name in ("stage.flushed", "export.opened"):
        home, _ = play(template, tmp_path, withdraws_at(points.index(name)))
        judge(home)


@pytest.mark.slow
def test_withdrawn_at_every_single_passing_of_a_point(template: Path, points: list[str], tmp_path: Path) -> None:
    for number, name in enumerate(points):
        judge(play(template, tmp_path, dies_at(number))[0])
        if name not in UNDER_THE_LOCK:
            judge(play(template, tmp_path, withdraws_at(number))[0])


@pytest.mark.parametrize("broken", ["no last check", "no taking back"])
def test_the_judge_catches_a_check_left_out(
    template: Path, points: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Negative controls: without the check under the lock, or without taking back, she would be published after."""
    if broken == "no last check":
        right = Ledger.publish_batch

        def unchecked(self: Ledger, batch_id: str, put: Any, moment: Any, recheck: bool = True) -> dict[str, str]:
            return right(self, batch_id, put, moment, recheck=False)

        monkeypatch.setattr(Ledger, "publish_batch", unchecked)
        for module in (exporting, withdrawing):
            monkeypatch.setattr(module, "withdraw_blocked_from", lambda *_: [])
        number = points.index("export.opened")
    else:
        for module in (exporting, withdrawing):
            monkeypatch.setattr(module, "withdraw_blocked_from", lambda *_: [])
        monkeypatch.setattr(outbox, "is_whole", lambda *_: True)
        number = points.index("publish.renamed")
    home, _ = play(template, tmp_path, dies_at(number))
    with pytest.raises(AssertionError, match="published after"):
        judge(home)
