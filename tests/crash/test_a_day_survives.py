"""A day is killed at its system calls and at random, while a receiver polls: none lost, none twice, none in spite."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.crash.day import withdraw, work
from tests.crash.killed import copy_of, killed_after
from tests.crash.played import Played
from tests.crash.receiver import Receiver
from tests.crash.reckoning import Reckoning, contacts_of, published_in_spite, reckon, seen_by, settle, taken_by
from tests.crash.syscalls import Call, calls_of, killed_before, needs_strace

FEW = 12  # kills in the short subset: at calls spread over the day, and as many at random instants
MANY = 1_000  # kills at random instants
AGAIN = 0.3  # of the days that were killed are killed once more while they recover
NOTHING_WRONG = Reckoning()


def test_a_day_without_a_crash_settles_and_does_everything(played: Played) -> None:
    assert reckon(played.evening) == NOTHING_WRONG
    ended = {(status, reason) for status, reason, _ in contacts_of(played.evening).values()}
    assert ended >= {("accepted", None), ("rejected", "nobody_there"), ("returned", "no_valid_email")}
    receiver = Receiver(played.evening)
    assert len(receiver.taken("letters")) >= 3
    assert len(receiver.taken("google")) >= 2
    assert receiver.holding()


def survive(played: Played, home: Path) -> None:
    """What a crash left: the receiver polls, and the next ticks end the day as if nothing had happened."""
    Receiver(home).poll()
    settle(home)
    receiver, undisturbed = Receiver(home), Receiver(played.evening)
    assert reckon(home) == NOTHING_WRONG
    assert contacts_of(home) == contacts_of(played.evening), "every contact chosen ends as it would have"
    assert receiver.sent() == undisturbed.sent()
    assert receiver.contents("google") == undisturbed.contents("google"), "byte for byte what would have come"
    assert receiver.holding() == undisturbed.holding()


def survive_withdrawn(home: Path, *, polls_first: bool) -> None:
    """The same with consents withdrawn between crash and recovery: nobody hears of it who had not taken it before."""
    if polls_first:
        Receiver(home).poll()
    before = taken_by(home)
    withdraw(home)
    settle(home)
    assert published_in_spite(home, before) == []
    assert reckon(home) == NOTHING_WRONG


def kill_at(played: Played, calls: list[Call], places: range) -> None:
    for place in places:
        home = played.killed()
        assert killed_before(home, calls[place], work, played.folder / "record") == place, calls[place]
        withdrawn = copy_of(home, played.folder / "withdrawn")
        try:
            survive(played, home)
            survive_withdrawn(withdrawn, polls_first=place % 2 == 0)
        except AssertionError as error:
            error.add_note(f"killed before call {place} of {len(calls)}: {calls[place]}")
            raise


@needs_strace
def test_the_day_has_every_kind_of_call(calls: list[Call]) -> None:
    assert {call.name for call in calls} >= {
        "openat",
        "write",
        "pwrite64",
        "fsync",
        "rename",
        "mkdir",
        "fcntl",
        "flock",
    }
    assert len(calls) > 300


@needs_strace
def test_killed_at_calls_spread_over_the_day(played: Played, calls: list[Call]) -> None:
    step = len(calls) // FEW
    kill_at(played, calls, range(step // 2, len(calls), step))


@needs_strace
@pytest.mark.crash
@pytest.mark.parametrize("part", range(10))
def test_killed_at_every_call_of_the_day(played: Played, calls: list[Call], part: int) -> None:
    kill_at(played, calls, range(part, len(calls), 10))


@pytest.fixture(scope="module")
def published(played: Played) -> Path:
    """The house after its day's work, before anybody took the batches."""
    home = copy_of(played.morning, played.folder / "published")
    work(home)
    return home


def kill_withdrawal(published: Path, folder: Path, step: int) -> int:
    """A withdrawal that is killed: whatever was not published when it was recorded never is. How many were killed."""
    listened = calls_of(copy_of(published, folder / "home"), withdraw, folder / "record")
    listened = calls_of(copy_of(published, folder / "home"), withdraw, folder / "record")
    for place in range(0, len(listened), step):
        home = copy_of(published, folder / "home")
        assert killed_before(home, listened[place], withdraw, folder / "record") == place, listened[place]
        before = seen_by(home)
        if place // step % 2:
            Receiver(home).poll()
            before = taken_by(home)
        withdraw(home)  # the gate did not hear that it was recorded, and does it again
        settle(home)
        assert published_in_spite(home, before & taken_by(home)) == [], listened[place]
        assert reckon(home) == NOTHING_WRONG, listened[place]
    return len(range(0, len(listened), step))


@needs_strace
def test_a_withdrawal_killed_at_calls_spread_over_it(published: Path, played: Played) -> None:
    assert kill_withdrawal(published, played.folder, step=25) > 4


@needs_strace
@pytest.mark.crash
def test_a_withdrawal_killed_at_every_call_of_it(published: Path, played: Played) -> None:
    assert kill_withdrawal(published, played.folder, step=1) > 100


def kill_at_random(played: Played, kills: int, seed: int) -> None:
    """Kill so many running days, each at an instant of its own between its start and its end, some again and again
    while they recover, with the receiver polling between or not."""
    whole = max(_seconds_of_a_day(played) for _ in range(2))
    instants = random.Random(seed)
    hits = 0
    while hits < kills:
        home = played.killed()
        if killed_after(home, instants.uniform(0, whole), work):
            hits += 1
            while hits < kills and instants.random() < AGAIN:
                if instants.random() < 0.5:
                    Receiver(home).poll()
                hits += killed_after(home, instants.uniform(0, whole), work)
            if hits % 3:
                survive(played, home)
            else:
                survive_withdrawn(home, polls_first=hits % 2 == 0)
        else:
            whole *= 0.97  # it ended before: the machine is quicker now
            assert whole > 0.01, "nothing is killed"


def _seconds_of_a_day(played: Played) -> float:
    home = played.killed()
    started = time.monotonic()
    assert not killed_after(home, 60, work)
    return time.monotonic() - started


def test_killed_at_random_instants_of_the_day(played: Played) -> None:
    kill_at_random(played, FEW, seed=4)


@pytest.mark.crash
@pytest.mark.parametrize("part", range(10))
def test_killed_at_a_thousand_random_instants(played: Played, part: int) -> None:
    kill_at_random(played, MANY // 10, seed=100 + part)
