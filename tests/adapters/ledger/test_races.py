"""Processes that claim at the same instant: nothing exceeded, nothing doubled, nothing half done."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.ledger import claims as claims_module
from dagster_project.domain.decisions.policy import Cap
from dagster_project.domain.decisions.recheck import refusals
from dagster_project.domain.decisions.volume import VolumeConstraint
from tests.adapters.ledger.plans import DAY, NOON, allow, contact, plan, policy, statuses

CUSTOMERS = [f"c{number:02d}" for number in range(40)]
WEEKLY = policy(Cap("weekly", 1, 7))
SCARCE = policy(Cap("weekly", 1, 7), capacity=25)
RUNS = 3
WAIT = 60  # seconds for the others to come


def own_plan(number: int) -> Any:
    """What one run proposes: its own care model for everybody, and a letter that all the runs propose alike."""
    own = [contact(one, care_model=f"model{number}", score=float(number)) for one in CUSTOMERS]
    same = [contact(one, care_model="all", score=5.0) for one in CUSTOMERS[:5]]
    return plan(*own, *same)


def guarded(url: str, number: int, barrier: Barrier) -> None:
    """Claim at the same instant as the others."""
    with open_ledger(url) as ledger:
        barrier.wait(WAIT)
        ledger.claim(own_plan(number), SCARCE, NOON)


def unguarded(url: str, number: int, barrier: Barrier) -> None:
    """The control: look first, write later, as a claim without the lock would."""
    with open_ledger(url) as ledger:
        rows = plan(*[contact(one, care_model=f"model{number}") for one in CUSTOMERS])
        standing = ledger.standing(rows, WEEKLY, NOON)
        barrier.wait(WAIT)
        with ledger.writing() as connection:
            refused = refusals(rows, standing, WEEKLY)
            claims_module._write(connection, rows, WEEKLY, standing, refused, NOON, NOON)


def killed(url: str, number: int, barrier: Barrier) -> None:
    """Die with everything written and nothing committed."""
    claims_module.count = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    guarded(url, number, barrier)


def race(url: str, run: Any, count: int = RUNS) -> list[int]:
    """Run so many processes at once; their exit codes."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imports once, not in every process
    barrier = context.Barrier(count)
    processes = [context.Process(target=run, args=(url, number, barrier)) for number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(WAIT)
    return [process.exitcode for process in processes]


def contacts_per_customer(ledger: Ledger) -> Counter[str]:
    return Counter(ledger.contacts()["customer_id"].to_pylist())


def test_three_runs_at_once_pass_no_cap_and_no_capacity_and_leave_nothing_over(ledger: Ledger, ledger_url: str) -> None:
    allow(ledger, *CUSTOMERS)
    assert race(ledger_url, guarded) == [0] * RUNS
    per_customer = contacts_per_customer(ledger)
    assert max(per_customer.values()) == 1
    assert per_customer.total() == 25
    assert ledger.miscounts() == {}


def test_the_race_test_can_fail(ledger: Ledger, ledger_url: str) -> None:
    allow(ledger, *CUSTOMERS)
    assert race(ledger_url, unguarded) == [0] * RUNS
    assert max(contacts_per_customer(ledger).values()) == RUNS


def test_a_run_that_is_killed_leaves_nothing_and_keeps_nobody_waiting(ledger: Ledger, ledger_url: str) -> None:
    allow(ledger, *CUSTOMERS)
    assert race(ledger_url, killed, count=1) == [-signal.SIGKILL]
    assert statuses(ledger) == {}
    assert len(ledger.claim(own_plan(0), SCARCE, NOON).claimed) == 25


@pytest.mark.parametrize("first", ["withdrawal", "publishing"])
def test_a_withdrawal_comes_before_a_publishing_or_after_it_and_never_between(ledger: Ledger, first: str) -> None:
    """While the batch is put in place, no withdrawal can be recorded: the one who would, waits."""
    from threading import Thread

    from dagster_project.domain.decisions.suppression import Suppression
    from tests.adapters.ledger.plans import batch, ids

    row = contact("c1")
    allow(ledger, "c1")
    ledger.claim(plan(row), WEEKLY, NOON)
    ledger.open_batch(batch(), ids(row))
    order: list[str] = []

    def withdraw() -> None:
        ledger.suppress([Suppression("c1", "withdrawn")], NOON + DAY)
        order.append("withdrawn")

    thread = Thread(target=withdraw)
    if first == "withdrawal":
        thread.start()
        thread.join()
        assert ledger.publish_batch(batch().batch_id, lambda: order.append("published"), NOON) != {}
        assert order == ["withdrawn"]
        return

    def put_in_place() -> None:
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "the withdrawal waits for the lock"
        order.append("published")

    assert ledger.publish_batch(batch().batch_id, put_in_place, NOON) == {}
    thread.join()
    assert order == ["published", "withdrawn"]


HOURS = VolumeConstraint("agent_minutes", "minutes", "day", Decimal(80), of={"channel": frozenset({"phone"})})
LAST_HOURS = replace(policy(Cap("one", 1, 7), capacity=12), volumes=(HOURS,))
EIGHT = 8


def crowded(url: str, number: int, barrier: Barrier) -> None:
    """Want everybody, by phone and by e-mail; every third process dies within its transaction."""
    if number % 3 == 2:
        claims_module.count = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    with open_ledger(url) as ledger:
        calls = [contact(one, care_model=f"call{number}", channel="phone", minutes=8.0) for one in CUSTOMERS]
        mails = [contact(one, care_model="mail", score=2.0) for one in CUSTOMERS]
        wanted = plan(*calls, *mails)
        barrier.wait(WAIT)
        ledger.claim(wanted, LAST_HOURS, NOON + timedelta(seconds=number))


def crowd(empty_url: Callable[[], str], rounds: int) -> None:
    for _ in range(rounds):
        url = empty_url()
        with open_ledger(url) as ledger:
            allow(ledger, *CUSTOMERS)
        codes = race(url, crowded, EIGHT)
        assert codes == [-signal.SIGKILL if number % 3 == 2 else 0 for number in range(EIGHT)], "nobody waits for ever"
        with open_ledger(url) as ledger:
            rows = ledger.contacts().to_pylist()
            assert max(contacts_per_customer(ledger).values()) == 1
            assert sum(row["channel"] == "email" for row in rows) == 12
            assert sum(row["minutes"] or 0.0 for row in rows) == 80.0, "ten calls of eight minutes: all there is"
            assert len({row["contact_id"] for row in rows}) == len(rows) == 22
            assert ledger.miscounts() == {}


def test_eight_runs_share_the_last_hours_though_some_are_killed(tmp_path: Path) -> None:
    numbers = iter(range(100))
    crowd(lambda: f"sqlite:///{tmp_path / str(next(numbers))}.db", 1)


@pytest.mark.slow
def test_fifty_rounds_of_eight_runs(tmp_path: Path) -> None:
    numbers = iter(range(100))
    crowd(lambda: f"sqlite:///{tmp_path / str(next(numbers))}.db", 50)
