"""Mends what can be mended without asking anybody: nothing that was decided or sent is changed by it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select, update

from dagster_project.adapters.durable import PRIVATE_FOLDER
from dagster_project.adapters.ledger.frames import rows_of
from dagster_project.adapters.ledger.tables import LIVE, capacity_counters, contacts
from dagster_project.adapters.outbox import recover
from dagster_project.adapters.verifying.folder_checks import left_over

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.operations.findings import Finding
    from dagster_project.settings import Settings


def repair(settings: Settings, ledger: Ledger, findings: Iterable[Finding]) -> list[Finding]:
    """Mend those findings that are safe to mend; returns them. Look again afterwards."""
    mended = [finding for finding in findings if finding.about.is_repairable]
    kinds = {finding.kind for finding in mended}
    home = settings.at_home
    if "batch_half_done" in kinds:
        recover(settings, ledger)
    if "capacity_miscounted" in kinds:
        _count_again(ledger)
    if "open_to_others" in kinds:
        for folder in (home.vault, home.outbox, home.landing):
            folder.chmod(PRIVATE_FOLDER)
    if "left_over" in kinds:
        clear_left_over(settings)
    return mended


def clear_left_over(settings: Settings) -> int:
    """Remove what broken-off steps left under temporary names and nobody has touched for an hour; how many."""
    found = left_over(settings.at_home)
    for path in found:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    return len(found)


def _count_again(ledger: Ledger) -> None:
    """Let each counter say what is there. A capacity is never below it, as after one was lowered."""
    counters = capacity_counters
    live = func.count(case((contacts.c.status.in_(LIVE), 1)))
    with ledger.writing() as connection:
        by_day = select(contacts.c.channel, contacts.c.planned_date, live)
        rows = rows_of(connection, by_day.group_by(contacts.c.channel, contacts.c.planned_date))
        counted = {(channel, day): number for channel, day, number in rows}
        known = {(row.channel, row.day): row for row in rows_of(connection, select(counters))}
        for key, row in known.items():
            number = counted.get(key, 0)
            capacity = None if row.capacity is None else max(row.capacity, number)
            same = (counters.c.channel == key[0], counters.c.day == key[1])
            connection.execute(update(counters).where(*same).values(used=number, capacity=capacity))
        for (channel, day), number in counted.items():
            if number and (channel, day) not in known:
                values = {"channel": channel, "day": day, "used": number, "capacity": None}
                connection.execute(counters.insert().values(values))
