"""Negative controls: ways of doing a day that look right. The judge must find what they lose and what they double."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.outbox import recover
from tests.crash.day import say_no, settings_of
from tests.crash.killed import copy_of, killed_at
from tests.crash.played import Played
from tests.crash.receiver import Receiver
from tests.crash.reckoning import published_in_spite, reckon, seen_by, settle
from tests.crash.wrong_days import (
    answer_away_then_record,
    publishing_without_a_last_look,
    record_then_send,
    recovering_by_sending_again,
    send_then_record,
)


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
    with publishing_without_a_last_look(), open_ledger(settings_of(home).ledger_address) as ledger:
        recover(settings_of(home), ledger)
    Receiver(home).poll()  # before the export that would take the batch back
    settle(home)
    assert published_in_spite(home, out_before)


def _letters_alone(home: Path) -> None:
    from tests.crash import day

    day.GOOGLE = day.LETTERS  # this process is thrown away
    day.work(home)
