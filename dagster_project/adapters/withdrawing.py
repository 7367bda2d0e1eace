"""Taking batches back that nobody has taken: somebody in them said no, or is to be forgotten.

A receiver takes a batch by renaming its folder, a withdrawal renames it too, under the ledger's write lock: exactly one
of the two succeeds. Everybody else in the batch leaves with the next one. See docs/contracts/outbox.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.durable import reached
from dagster_project.adapters.outbox import (
    batch_folder,
    one_at_a_time,
    recover_destination,
    take_back,
)
from dagster_project.domain.exports.manifest import folder_name

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.batches import BatchRecord
    from dagster_project.settings import Home, Settings


def withdraw(settings: Settings, ledger: Ledger, customer_ids: Iterable[str], moment: datetime) -> list[BatchRecord]:
    """Take back every batch not yet taken in which one of these customers is contacted or added, under any id.

    Record first why (a suppression, a denial): whoever must not be contacted ends with that reason; the others wait
    again and leave in the next batch. Batches of the same destination that follow are taken back too, newest first, so
    that its receiver sees no gap that the next manifest does not explain.

    Args:
        moment: when this happens (UTC).

    Returns:
        the batches taken back, as they were. One that its receiver had taken is not among them.
    """
    home = settings.at_home.make()
    ids = sorted(set(customer_ids))
    taken_back = []
    for destination in sorted(set(ledger.batches_naming(ids).values())):
        with one_at_a_time(home, destination):
            recover_destination(home, ledger, destination)
            named = ledger.batches_naming(ids)  # what was being prepared a moment ago may be published now, or gone
            taken_back += withdraw_from(home, ledger, destination, set(named), moment)
    return taken_back


def withdraw_from(
    home: Home, ledger: Ledger, destination: str, batch_ids: set[str], moment: datetime
) -> list[BatchRecord]:
    """Take these batches of a destination back, as far as nobody took them; the caller holds the destination."""
    waiting = not_taken(home, ledger, destination)
    first = min((record.sequence for record in waiting if record.batch_id in batch_ids), default=None)
    if first is None:
        return []
    taken_back = []
    for record in reversed(waiting):
        if record.sequence >= first:
            name = folder_name(record.sequence, record.batch_id)
            if ledger.withdraw_batch(record.batch_id, lambda: take_back(home, destination, name), moment):  # noqa: B023
                reached("withdraw.recorded")
                taken_back.append(record)
    recover_destination(home, ledger, destination)  # removes its files, and the rows kept for what nobody had
    return taken_back[::-1]


def withdraw_blocked(settings: Settings, ledger: Ledger, moment: datetime) -> list[BatchRecord]:
    """Take back every batch not yet taken in which somebody must not be contacted (any more), whatever the reason.

    Returns:
        the batches taken back, as they were.
    """
    home = settings.at_home.make()
    taken_back = []
    for destination in sorted({record.destination for record in ledger.batches(states={"published"})}):
        with one_at_a_time(home, destination):
            recover_destination(home, ledger, destination)
            taken_back += withdraw_blocked_from(home, ledger, destination, moment)
    return taken_back


def withdraw_blocked_naming(
    settings: Settings, ledger: Ledger, customer_ids: Iterable[str], moment: datetime
) -> list[BatchRecord]:
    """The same for destinations that have one of these customers in an unanswered batch, under any id."""
    home = settings.at_home.make()
    taken_back = []
    for destination in sorted(set(ledger.batches_naming(customer_ids).values())):
        with one_at_a_time(home, destination):
            recover_destination(home, ledger, destination)
            taken_back += withdraw_blocked_from(home, ledger, destination, moment)
    return taken_back


def withdraw_blocked_from(home: Home, ledger: Ledger, destination: str, moment: datetime) -> list[BatchRecord]:
    """The same for one destination, which the caller holds."""
    blocked = {
        record.batch_id for record in not_taken(home, ledger, destination) if ledger.blocked_in(record.batch_id, moment)
    }
    return withdraw_from(home, ledger, destination, blocked, moment)


def not_taken(home: Home, ledger: Ledger, destination: str) -> list[BatchRecord]:
    """The published batches of a destination that its receiver has not taken, by sequence. A copied one is taken."""
    return [
        record
        for record in ledger.batches(destination=destination, states={"published"})
        if record.pickup == "move"
        and batch_folder(home, destination, folder_name(record.sequence, record.batch_id)).is_dir()
    ]
