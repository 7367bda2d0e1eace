"""A receiver takes a batch at the very instant it is taken back: exactly one of the two has it, every time."""

from __future__ import annotations

import csv
import os
import random
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters import withdrawing
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import TAKEN
from dagster_project.adapters.withdrawing import withdraw
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, LETTERS, claim, consent, customer_ids, house, point

IDS = customer_ids(6)
SHORT, LONG = 12, 400  # rounds
# Who lost is given more time in the next round: so the two meet at one instant on a busy machine as on a quiet one.
LATER, SOONER = 1.7, 0.6
JITTER = 0.7, 1.3


def _receive(folder: str, go: Event, stop: Event, wait: Any) -> None:
    """A receiver that takes every batch it sees, about so many seconds after it is told to look."""
    chance = random.Random(7)
    taken = Path(folder, TAKEN)
    taken.mkdir(parents=True, exist_ok=True)
    while not stop.is_set():
        if not go.wait(0.05):
            continue
        time.sleep(wait.value * chance.uniform(*JITTER))
        for name in sorted(name for name in os.listdir(folder) if not name.startswith(".")):
            try:
                os.rename(Path(folder, name), taken / name)
            except FileNotFoundError:
                continue
        go.clear()


def play(home: Settings, ledger: Ledger, rounds: int) -> tuple[Counter[str], Counter[str]]:
    """So many batches fought for: who won how often, and how often each contact stands in a batch that was taken."""
    house(home, map(point, IDS))
    consent(ledger, IDS)
    context = get_context("forkserver")
    go, stop, wait = context.Event(), context.Event(), context.Value("d", 0.01)
    folder = home.at_home.make().outbox / "letters"
    folder.mkdir()
    receiver: Any = context.Process(target=_receive, args=(str(folder), go, stop, wait))
    receiver.start()
    won: Counter[str] = Counter()
    try:
        for number in range(rounds):
            claim(ledger, IDS, care_model=f"model_{number}")
            batch = export_destination(home, ledger, LETTERS, AS_OF)
            assert batch is not None
            go.set()
            is_withdrawn = bool(withdraw(home, ledger, IDS[:1], AS_OF))
            while go.is_set():
                time.sleep(0.001)
            is_taken = (folder / TAKEN / batch.folder_name).is_dir()
            won["both" if is_withdrawn and is_taken else "withdrawal" if is_withdrawn else "receiver"] += 1
            wait.value *= SOONER if is_withdrawn else LATER
            assert is_taken or is_withdrawn, "nobody has it"
            assert [path.name for path in folder.iterdir()] == [TAKEN]
    finally:
        stop.set()
        receiver.join(30)
    rows: Counter[str] = Counter()
    for path in (folder / TAKEN).glob("*/rows.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows.update(row["row_key"] for row in csv.DictReader(file))
    return won, rows


def both_happened(won: Counter[str]) -> bool:
    return won["receiver"] > 0 and won["withdrawal"] > 0


def judge(home: Settings, ledger: Ledger, rounds: int) -> None:
    won, rows = play(home, ledger, rounds)
    assert both_happened(won), f"{won}: the two never met"
    assert won["both"] == 0
    assert set(rows.values()) == {1}, "a contact in two batches that were taken"
    waiting = set(ledger.claimed_contacts("email", AS_OF)["contact_id"].to_pylist())
    assert not waiting & rows.keys(), "a contact that was taken waits again"
    assert len(waiting) + len(rows) == rounds * len(IDS)
    assert ledger.miscounts() == {}


def test_taking_and_taking_back_at_once(home: Settings) -> None:
    with open_ledger(home.ledger_address) as ledger:
        judge(home, ledger, SHORT)


@pytest.mark.slow
def test_taking_and_taking_back_at_once_many_times(home: Settings) -> None:
    with open_ledger(home.ledger_address) as ledger:
        judge(home, ledger, LONG)


def test_a_withdrawal_that_only_looks_is_caught(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: one that looks whether the batch is there, and is met between its look and its rename."""

    def only_look(own: Any, destination: str, name: str) -> bool:
        batch = Path(own.outbox / destination / name)
        seen = batch.is_dir()
        latest = time.monotonic() + 10
        while batch.is_dir() and time.monotonic() < latest:
            time.sleep(0.001)
        return seen

    monkeypatch.setattr(withdrawing, "take_back", only_look)
    with open_ledger(home.ledger_address) as ledger:
        won, rows = play(home, ledger, 3)
    assert won["both"] > 0
    assert max(rows.values()) > 1
