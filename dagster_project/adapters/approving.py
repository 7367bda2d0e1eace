"""Changes that wait for a person's word: found, shown, and let go or not.

A change is held when it would remove too many members or be far larger than usual (`domain/exports/guards.py`). The
word is about exactly that change after exactly the batches before it: one more customer in it, and it is another one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from dagster_project.adapters import seen
from dagster_project.domain.exports.guards import Size, fingerprint_of, held_because, usual
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.content import Content
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.ledger.holds import HeldChange
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.domain.exports.guards import Guards
    from dagster_project.settings import Settings

WORDS = {
    "many_removed": "would remove {count_removes:,} of {count_held:,} members",
    "many_rows": "would have {rows:,} rows where {count_usual:,} are usual",
}


def must_wait(ledger: Ledger, destination: Destination, content: Content, as_of: datetime) -> bool:
    """Whether this change must wait for a person, who has not let it go yet; if so, the ledger shows it."""
    if destination.guards is None:
        return False
    size = _size_of(ledger, destination, content, destination.guards)
    reason = held_because(size, destination.guards)
    if reason is None:
        ledger.end_hold(destination.name)
        return False
    before = ledger.batches(destination=destination.name)
    parts = [("after", before[-1].batch_id if before else "")]
    parts += [("contact", contact_id) for contact_id in content.contact_ids]
    parts += [(change.operation, change.customer_id + change.fingerprint) for change in content.changed]
    held = ledger.hold_change(destination.name, fingerprint_of(parts), reason, size, as_of)
    return held.decision != "approved"


def _size_of(ledger: Ledger, destination: Destination, content: Content, guards: Guards) -> Size:
    records = [record for record in ledger.batches(destination=destination.name) if record.state != "withdrawn"]
    # A batch of a few rows is somebody who withdrew consent, between the large ones; it says nothing of what is usual.
    sizes = [record.count_rows for record in records if record.count_rows >= guards.from_rows]
    removes = sum(change.operation == "remove" for change in content.changed)
    adds = len(content.contact_ids) + len(content.changed) - removes
    held = ledger.count_members(destination.name) if destination.kind == "membership" else 0
    return Size(adds, removes, held, usual(sizes))


def in_words(held: HeldChange) -> str:
    """Why a change waits, as a person reads it.

    >>> from dagster_project.adapters.ledger.holds import HeldChange
    >>> in_words(HeldChange("google", "ab12", "many_removed", 0, 40, 100, None, datetime(2026, 3, 1)))
    'would remove 40 of 100 members'
    """
    rows = held.count_adds + held.count_removes
    return WORDS[held.reason].format(rows=rows, **vars(held))


def decide(
    settings: Settings, destination: str, *, is_approved: bool, by: str, because: str, moment: datetime
) -> HeldChange:
    """Let the change go that a destination holds now, or not; written down with who, why and when.

    Raises:
        HoivaError: the destination holds nothing.
    """
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(settings.ledger_address) as ledger:
        waiting = ledger.held_changes()
        found = next((held for held in waiting if held.destination == destination), None)
        if found is None:
            names = ", ".join(held.destination for held in waiting) or "none does"
            raise HoivaError(f"no change of {destination} waits for approval; of these one does: {names}")
        word: Literal["approved", "refused"] = "approved" if is_approved else "refused"
        decided = ledger.decide_change(destination, found.fingerprint, word, by, because, moment)
    seen.forget(settings.at_home, destination)  # the sensor looks at it again
    return decided
