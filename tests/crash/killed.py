"""What is run and killed: an export in a process of its own, ended by SIGKILL at a named point or at an instant."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from dagster_project.adapters import durable, exporting, outbox
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.content import Content
from dagster_project.adapters.durable import reached
from dagster_project.adapters.exporting import export_all
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.published import Version
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.destination import Destination
from dagster_project.domain.exports.manifest import Batch, folder_name, make_batch
from dagster_project.settings import CHECKOUT, Home, Settings
from tests.adapters.small_house import AS_OF, GOOGLE, LETTERS

MOMENT = datetime(2026, 4, 1, 8, tzinfo=UTC)
PROCESSES = get_context("forkserver")  # one process that has everything imported; each run is a copy of it
PROCESSES.set_forkserver_preload(
    [
        "tests.crash.syscalls",
        "tests.crash.killed",
        "tests.crash.day",
        "dagster_project.domain.decisions.arbitration",
        "dagster_project.domain.decisions.arbitration.solve",
        "dagster_project.domain.decisions.as_problem",
        "pandas",
        "pyarrow.acero",
        "pyarrow.dataset",
        "pyarrow.parquet",
        "scipy.optimize",
        "sqlalchemy.dialects.sqlite",
        "tzdata",
    ]
)


def work(home: Path) -> None:
    """What a sensor does: take the answers in, then export."""
    settings = Settings(home=home)
    with open_ledger(settings.ledger_address) as ledger:
        read_acks(settings, ledger, MOMENT)
        export_all(settings, ledger, [LETTERS, GOOGLE], AS_OF)


def points_of(home: Path) -> list[str]:
    """Every named point a whole run passes, in order."""
    seen: list[str] = []
    durable.on_reached = seen.append
    try:
        work(home)
    finally:
        durable.on_reached = None
    return seen


def _until(home: Path, stop: int | str | None, task: Callable[[Path], None]) -> None:
    """Run a task; die without a word at the given point: its number, counted from 0, or its name."""
    passed = -1

    def count(point: str) -> None:
        nonlocal passed
        passed += 1
        if stop in (passed, point):
            os.kill(os.getpid(), signal.SIGKILL)

    durable.on_reached = count
    task(home)


def warm() -> None:
    """Let the process that is copied be there, with everything imported once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(CHECKOUT))  # the copied process must find these modules to import them once
        forkserver.ensure_running()


def _process(*arguments: object) -> ForkServerProcess:
    warm()
    process = PROCESSES.Process(target=_until, args=arguments)
    process.start()
    return process


def killed_at(home: Path, point: int | str, task: Callable[[Path], None] = work) -> bool:
    """Run in a process that is killed at this point. Whether it was, rather than ending before."""
    process = _process(home, point, task)
    process.join()
    return process.exitcode == -signal.SIGKILL


def killed_after(home: Path, seconds: float, task: Callable[[Path], None] = work) -> bool:
    """Run in a process that is killed so long after its start. Whether it was."""
    process = _process(home, None, task)
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def copy_of(template: Path, home: Path) -> Path:
    """A home to ruin: everything as in the template, links kept."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(template, home, symlinks=True)
    return home


_right_publish = exporting._publish

# Two deliberately wrong orders: the judge must find what they lose and what they double.


def send_then_record(home: Path) -> None:
    """Wrong: the batch can be seen before the ledger knows of it."""
    _wrongly(home, send_first=True)


def record_then_send(home: Path) -> None:
    """Wrong: the ledger says published before the batch can be seen."""
    _wrongly(home, send_first=False)


def _wrongly(home: Path, *, send_first: bool) -> None:
    exporting._publish = partial(wrong_publish, send_first)  # this process is thrown away
    work(home)


def wrong_publish(
    send_first: bool,
    home: Home,
    ledger: Ledger,
    destination: Destination,
    version: Version,
    content: Content,
    as_of: datetime,
) -> Batch | None:
    if destination.kind != "message":
        return _right_publish(home, ledger, destination, version, content, as_of)
    sequence = 1 + max((record.sequence for record in ledger.batches(destination=destination.name)), default=0)
    batch = make_batch(destination, sequence, None, content.files, as_of, version.as_of)
    content.keep(home, batch)
    sha256, rows = batch.manifest_sha256, content.count_rows
    record = BatchRecord(batch.batch_id, destination.name, destination.kind, sequence, as_of, sha256, "prepared", rows)

    def send() -> None:
        outbox.stage(home, batch)
        outbox.put_in_place(home, destination.name, folder_name(sequence, batch.batch_id))

    def note() -> None:
        consent = {"purpose": destination.purpose, "channel": destination.channel}
        ledger.open_batch(record, contact_ids=content.contact_ids, memberships=content.memberships, **consent)
        ledger.publish_batch(record.batch_id, lambda: None, as_of, recheck=False)

    for step in (send, note) if send_first else (note, send):
        step()
        reached("wrong.between")
    return batch
