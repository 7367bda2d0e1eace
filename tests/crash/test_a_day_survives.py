"""A day is killed at its system calls and at random, while a receiver polls: none lost, none twice, none in spite."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.day import make_template, say_no, withdraw, work
from tests.crash.killed import copy_of, killed_after, killed_at
from tests.crash.receiver import Receiver
from tests.crash.reckoning import Reckoning, contacts_of, published_in_spite, reckon, seen_by, settle, taken_by
from tests.crash.syscalls import Call, calls_of, killed_before, needs_strace
from tests.crash.wrong_days import (
    answer_away_then_record,
    nothing_flushed,
    publishing_without_a_last_look,
    record_then_send,
    recovering_by_sending_again,
    send_then_record,
)

FEW = 16  # kills in the short subset: at calls spread over the day, and as many at random instants
MANY = 1_000  # kills at random instants
NOTHING_WRONG = Reckoning()


@dataclass(frozen=True)
class Played:
    """A house in the morning, and the same house after a day that nobody killed."""

    morning: Path
    evening: Path
    folder: Path

    def killed(self, name: str = "home") -> Path:
        """A home to ruin."""
        return copy_of(self.morning, self.folder / name)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("day")
    morning = make_template(folder / "morning")
    evening = copy_of(morning, folder / "evening")
    settle(evening)
    return Played(morning, evening, folder)


@pytest.fixture(scope="module")
def calls(played: Played) -> list[Call]:
    """Every call of the day that changes something; the second listening, when everything is loaded."""
    calls_of(played.killed(), work, played.folder / "record")
    return calls_of(played.killed(), work, played.folder / "record")


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
    """Kill so many running days, each at an instant of its own between its start and its end."""
    whole = max(_seconds_of_a_day(played) for _ in range(2))
    instants = random.Random(seed)
    hits = 0
    while hits < kills:
        home = played.killed()
        if killed_after(home, instants.uniform(0, whole), work):
            hits += 1
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


@pytest.mark.parametrize(
    ("task", "faults"),
    [
        (send_then_record, {"doubled"}),
        (record_then_send, {"lost", "unsettled"}),
        (answer_away_then_record, {"unsettled"}),
    ],
)
def test_the_judge_finds_a_wrong_order(played: Played, task: Callable[[Path], None], faults: set[str]) -> None:
    """Negative control: killed between its two steps, each must be caught."""
    home = played.killed()
    assert killed_at(home, "wrong.between", task)
    Receiver(home).poll()
    settle(home)
    found = vars(reckon(home))
    assert {name for name in faults if found[name]} == faults


def test_the_judge_finds_a_recovery_that_sends_again(played: Played) -> None:
    """Negative control: seen only because the receiver polls between the crash and the recovery."""
    home = played.killed()
    assert killed_at(home, "publish.renamed", _letters_alone)
    waited = copy_of(home, played.folder / "waited")
    Receiver(home).poll()
    with recovering_by_sending_again():
        settle(home)
        settle(waited)
    assert reckon(home).doubled
    assert not reckon(waited).doubled


def test_the_judge_finds_a_recovery_that_does_not_ask_for_consent(played: Played) -> None:
    """Negative control: a batch that was opened before the withdrawal and published after it."""
    home = played.killed()
    assert killed_at(home, "publish.before_rename", _letters_alone)
    out_before = seen_by(home)
    say_no(home)
    with publishing_without_a_last_look():
        settle(home)
    assert published_in_spite(home, out_before)


def _letters_alone(home: Path) -> None:
    from tests.crash import day

    day.GOOGLE = day.LETTERS  # this process is thrown away
    day.work(home)


def unflushed(calls: list[Call]) -> list[str]:
    """What a power cut could undo: files of a batch not flushed before it appears, and names not flushed after.

    A kill does not show it, as what was written stays in the machine's memory. The order of the calls does.
    """
    written, wrong = set(), []
    appeared: str | None = None
    for call in calls:
        path = _path_of(call)
        if call.name in ("openat", "write", "mkdir") and "/.staging/" in path and "EEXIST" not in call.text:
            written.add(path)
        elif call.name in ("fsync", "fdatasync"):
            written.discard(path)
            appeared = None if appeared and path == str(Path(appeared).parent) else appeared
            if appeared and path.endswith("ledger.db-wal"):
                wrong.append(f"noted before the name is on the disk: {appeared}")
        elif call.name == "rename" and "/.staging/" in path:
            wrong += [f"seen before it is on the disk: {name}" for name in sorted(written) if name.startswith(path)]
            appeared = re.findall(r'"([^"]+)"', call.text)[1]
    return wrong


def _path_of(call: Call) -> str:
    quoted, of_handle = re.search(r'"([^"]+)"', call.text), re.search(r"^\d+<([^>]+)>", call.text)
    found = of_handle or quoted
    return found.group(1) if found else ""


@needs_strace
def test_a_batch_is_on_the_disk_before_it_is_seen_and_its_name_before_it_is_noted(calls: list[Call]) -> None:
    assert unflushed(calls) == []
    assert sum("/.staging/" in call.text for call in calls if call.name == "rename") == 2


@needs_strace
def test_a_day_that_flushes_nothing_is_found_out(played: Played) -> None:
    """Negative control."""
    found = unflushed(calls_of(played.killed(), nothing_flushed, played.folder / "record"))
    assert any("seen before" in line for line in found)
    assert any("noted before" in line for line in found)
