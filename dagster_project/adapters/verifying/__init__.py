"""Holds ledger, batches, consents, memberships, lake and what is published against each other: ``hoiva verify``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError

from dagster_project.adapters.verifying.repairing import repair
from dagster_project.domain.operations.findings import Finding, by_weight

if TYPE_CHECKING:
    from dagster_project.settings import Settings

__all__ = ["CHECKED", "repair", "verify"]
CHECKED = ("folders", "published", "lake", "ledger", "batches", "memberships")


def verify(settings: Settings, on_check: Callable[[str, int], None] = lambda name, done: None) -> list[Finding]:
    """Everything that is wrong with a home, the worst first; nothing for a healthy one. Nothing is changed.

    It may run beside a run: what looks half done because it is being done is not told.

    Args:
        on_check: called before each part with its name and how many are done.
    """
    from dagster_project.adapters.verifying.folder_checks import check_folders
    from dagster_project.adapters.verifying.published_checks import check_published

    found: list[Finding] = []
    for done, (name, look) in enumerate({"folders": check_folders, "published": check_published}.items()):
        on_check(name, done)
        found += look(settings)
    try:
        for name, findings in _with_ledger(settings):
            on_check(name, CHECKED.index(name))
            found += findings
    except DatabaseError:
        found.append(Finding("ledger_damaged", "ledger.db cannot be read to the end"))
    return by_weight(found)


def _with_ledger(settings: Settings) -> Iterator[tuple[str, Iterator[Finding]]]:
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.verifying.lake_checks import check_lake
    from dagster_project.adapters.verifying.ledger_checks import check_ledger
    from dagster_project.adapters.verifying.membership_checks import check_memberships
    from dagster_project.adapters.verifying.outbox_checks import check_batches

    with open_ledger(settings.ledger_address) as ledger:
        yield "lake", check_lake(settings, ledger)
        yield "ledger", check_ledger(settings, ledger)
        yield "batches", check_batches(settings, ledger)
        yield "memberships", check_memberships(settings, ledger)
