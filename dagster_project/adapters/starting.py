"""What every command and job that writes does first: it looks what a crash left, and ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.adapters.outbox import recover
from dagster_project.adapters.verifying.repairing import clear_left_over

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Settings


def end_what_broke_off(settings: Settings, ledger: Ledger) -> int:
    """Finish or take back broken-off exports, and remove files under temporary names; how many things were ended.

    Safe at any time and beside others: a destination is held while it is recovered, and a temporary file must have
    been left alone for an hour, as its writer may be a process of another machine. A home held after a restore is
    left as it is, but for those files.
    """
    return len(recover(settings, ledger)) + clear_left_over(settings)
