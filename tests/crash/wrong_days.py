"""Days that look right and are not. Killed at the right instant, each must be found out by the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from dagster_project.adapters import acks, durable, exporting, outbox
from dagster_project.adapters.acks import APPLIED, Applied
from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.manifest import folder_name
from dagster_project.settings import Home
from tests.crash import day
from tests.crash.killed import wrong_publish

_right_publish_batch = Ledger.publish_batch
_right_take = acks._take


def send_then_record(home: Path) -> None:
    """The batch can be seen before the ledger knows of it."""
    exporting._publish = partial(wrong_publish, True)  # this process is thrown away
    day.work(home)


def record_then_send(home: Path) -> None:
    """The ledger says published before the batch can be seen."""
    exporting._publish = partial(wrong_publish, False)
    day.work(home)


def answer_away_then_record(home: Path) -> None:
    """The answer's file is put away before the ledger has taken it in."""

    def take(home: Home, ledger: Ledger, records: dict[str, BatchRecord], path: Path, at: datetime) -> Applied:
        acks._move(path, APPLIED)
        durable.reached("wrong.between")
        acks._move(path.parent / APPLIED / path.name, ".")
        return _right_take(home, ledger, records, path, at)

    acks._take = take
    day.work(home)


def nothing_flushed(home: Path) -> None:
    """Right in every order, and nothing of it on the disk: no kill shows that, only the calls themselves do."""
    durable.os = _NoFlush()  # type: ignore[attr-defined]
    day.work(home)


class _NoFlush:
    def __getattr__(self, name: str) -> object:
        import os

        return (lambda handle: None) if name == "fsync" else getattr(os, name)


@contextmanager
def recovering_by_sending_again() -> Iterator[None]:
    """A recovery for which a batch that is neither staged nor in the outbox was never out."""
    right = outbox.recover_destination

    def wrong(home: Home, ledger: Ledger, destination: str) -> list[BatchRecord]:
        for record in ledger.batches(destination=destination, states={"prepared"}):
            name = folder_name(record.sequence, record.batch_id)
            places = (outbox.batch_folder, outbox.staging_folder)
            if not any(place(home, destination, name).is_dir() for place in places):
                outbox.release(home, ledger, record)
        return right(home, ledger, destination)

    with _instead("recover_destination", wrong):
        yield


@contextmanager
def publishing_without_a_last_look() -> Iterator[None]:
    """A recovery that publishes what was opened, without asking once more who may be contacted."""

    def wrong(self: Ledger, batch_id: str, put_in_place: Callable[[], None], moment: datetime, recheck: bool = True):  # type: ignore[no-untyped-def]
        return _right_publish_batch(self, batch_id, put_in_place, moment, recheck=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "publish_batch", wrong)
        yield


@contextmanager
def _instead(name: str, wrong: object) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (outbox, exporting):
            patch.setattr(module, name, wrong)
        yield
