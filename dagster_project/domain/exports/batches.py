"""What the ledger remembers of a batch, and of each change it carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, overload

import pyarrow as pa

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
        count_rows: contacts, or adds and removes; of a full batch the changes in it, not whoever is told again.
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


CHANGE_SCHEMA = pa.schema([(name, pa.string()) for name in MembershipChange.__annotations__])


class MembershipChanges(Sequence[MembershipChange]):
    """Membership changes held as columns, for a million; each becomes an object when somebody asks for it.

    Attributes:
        table: ``CHANGE_SCHEMA``.
    """

    def __init__(self, *parts: pa.Table) -> None:
        """``parts``: in the order in which the changes are told."""
        self.table = pa.concat_tables([CHANGE_SCHEMA.empty_table(), *parts])

    @classmethod
    def of(cls, changes: Sequence[MembershipChange]) -> MembershipChanges:
        """The same changes as columns.

        >>> MembershipChanges.of([MembershipChange("c1", "k1", "f1", "add")]).table["operation"].to_pylist()
        ['add']
        """
        if isinstance(changes, MembershipChanges):
            return changes
        columns = [pa.array([vars(change)[name] for change in changes], pa.string()) for name in CHANGE_SCHEMA.names]
        return cls(pa.table(columns, schema=CHANGE_SCHEMA))

    def __len__(self) -> int:
        return self.table.num_rows

    @overload
    def __getitem__(self, place: int) -> MembershipChange: ...

    @overload
    def __getitem__(self, place: slice) -> MembershipChanges: ...

    def __getitem__(self, place: int | slice) -> MembershipChange | MembershipChanges:
        if isinstance(place, slice):
            first, last, step = place.indices(len(self))
            return MembershipChanges(self.table.slice(first, max(last - first, 0))[::step])
        return list(self)[place]

    def __iter__(self) -> Iterator[MembershipChange]:
        columns = (column.to_pylist() for column in self.table.columns)
        return (MembershipChange(*row) for row in zip(*columns, strict=True))


def is_full_due(full_every: int | None, sequence: int, before: Sequence[BatchRecord]) -> bool:
    """Whether the batch of this number carries the whole audience: each n-th does, or the next one if that was undone.

    Args:
        full_every: n; None for never.
        before: the destination's batches so far.

    >>> one = BatchRecord("b1", "list", "membership", 1, datetime(2026, 3, 1), "m1", "accepted", 3)
    >>> two = BatchRecord("b2", "list", "membership", 2, one.as_of, "m2", "withdrawn", 3)
    >>> [is_full_due(n, 3, [one, two]) for n in (None, 1, 2, 3, 4)]
    [False, True, True, True, False]
    """
    if full_every is None:
        return False
    last = max((one.sequence for one in before if one.state not in ("withdrawn", "rejected")), default=0)
    return sequence // full_every > last // full_every
