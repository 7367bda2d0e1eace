"""Contacts that count as made where nothing is handed out: in stories and backtests, whose ledger stands apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger

NOWHERE = "nowhere"  # the destination of contacts that nobody receives


def count_as_made(ledger: Ledger, channels: Iterable[str], until: datetime) -> int:
    """Let every contact count as made whose hour has come, as a real day's batches would; how many.

    What is made cannot be taken back: a complaint of this week ends no letter of the last.

    Args:
        ledger: a ledger apart; on the real one contacts count as made when their batch is published.
        channels: the channels of the contact policy.
        until: the moment, UTC.
    """
    from dagster_project.domain.exports.batches import BatchRecord

    ids = ledger.claimed_contacts(list(channels), until)["contact_id"].to_pylist()
    if not ids:
        return 0
    number = len(ledger.batches(NOWHERE)) + 1
    record = BatchRecord(f"{number:032x}", NOWHERE, "message", number, until, "0" * 64, "prepared", len(ids))
    ledger.open_batch(record, ids)
    ledger.publish_batch(record.batch_id, lambda: None, until, recheck=False)
    return len(ids)
