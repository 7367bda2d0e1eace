"""What the ledger remembers of a batch, and of each change it carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dagster_project.domain.exports.destination import Kind, Pickup

State = Literal["prepared", "published", "accepted", "partly", "rejected", "withdrawn"]
Operation = Literal["add", "remove"]


@dataclass(frozen=True)
class BatchRecord:
    """One batch as the ledger knows it.

    Attributes:
        batch_id: 32 hex digits of its destination, sequence and content.
        sequence: 1, 2, 3 ... per destination, without a gap.
        as_of: the moment of the export (UTC).
        manifest_sha256: of its ``manifest.json``; the next one names it.
        state: ``prepared`` until its folder stands in the outbox, ``published`` until its receiver has answered, or
            ``withdrawn`` when it was taken back before its receiver took it.
        count_rows: contacts, or adds and removes.
        pickup: how its receiver takes it; one that is copied counts as taken at once.
        withdrawn_after: of a withdrawn one: the highest sequence its destination had by then.
    """

    batch_id: str
    destination: str
    kind: Kind
    sequence: int
    as_of: datetime
    manifest_sha256: str
    state: State
    count_rows: int
    pickup: Pickup = "move"
    withdrawn_after: int | None = None


@dataclass(frozen=True)
class MembershipChange:
    """One customer added to, or let go from, a destination's audience.

    Attributes:
        customer_key: the customer's pseudonym at this destination alone; answers name it.
        fingerprint: stands for the identifiers of the row.
    """

    customer_id: str
    customer_key: str
    fingerprint: str
    operation: Operation
