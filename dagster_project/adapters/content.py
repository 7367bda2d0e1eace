"""What a batch will hold, and what the ledger must note with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters import at_hand, sent_rows
from dagster_project.adapters.differences import POINTS
from dagster_project.adapters.digests import digests_of
from dagster_project.domain.exports.batches import CHANGE_SCHEMA, MembershipChange, Operation
from dagster_project.domain.exports.manifest import Batch, BatchFile
from dagster_project.domain.exports.writing import files_of

if TYPE_CHECKING:
    from datetime import datetime

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.published import Version
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.domain.exports.formats import Format
    from dagster_project.settings import Home

FEW = 8  # fewer than one in so many


@contextmanager
def many_rows() -> Iterator[None]:
    """Take memory for a million rows from the system itself, not from Arrow's own pool.

    The pool takes it in pages of 2 MiB: a file of 266 MB cost 0.83 s of processor time before its first byte was
    written, and 0.19 s in pages of 4 KiB.
    """
    pool = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(pool)


def noted(customer_ids: pa.Array, keys: pa.Array, fingerprints: pa.Array, operation: Operation) -> pa.Table:
    """One part of what the ledger notes."""
    operations = pa.repeat(pa.scalar(operation, pa.string()), len(customer_ids))
    return pa.table([customer_ids, keys, fingerprints, operations], schema=CHANGE_SCHEMA)


@dataclass(frozen=True)
class Content:
    """A batch before it has a number.

    Attributes:
        files: in the order of the manifest.
        contact_ids: the contacts in it (message).
        memberships: the changes in it (membership).
        added: customer_id and cells of the rows it adds, to let go of them by later (membership).
        count_retold: how many at the end of ``memberships`` are told again by a full batch, and change nothing.
        is_whole: False when a member cannot be let go though she should be: everybody is looked at again.
    """

    files: tuple[BatchFile, ...]
    contact_ids: Sequence[str] = ()
    memberships: Sequence[MembershipChange] = ()
    added: pa.Table | None = field(default=None, repr=False)
    count_retold: int = 0
    is_whole: bool = True

    @property
    def count_rows(self) -> int:
        """Contacts, or adds and removes; of a full batch what changes, as guard rails compare it with other batches."""
        if any(file.role == "full" for file in self.files):
            return len(self.changed)
        return sum(file.count_rows for file in self.files if file.role != "rows")

    @property
    def changed(self) -> Sequence[MembershipChange]:
        """The changes in it without whoever is only told again."""
        return self.memberships[: len(self.memberships) - self.count_retold]

    @many_rows()
    def keep(self, home: Home, batch: Batch) -> None:
        """Keep in the vault what is needed to let go of the customers added."""
        if self.added is not None and self.added.num_rows:
            sent_rows.keep(home, batch.destination, batch.folder_name, self.added)


def with_contact_points(version: Version, form: Format, customers: pa.Table) -> pa.Table:
    """Customers (or their contacts) with what this form needs to know of them and nothing else; null where it is not.

    The contact points themselves, and the digests the vault keeps of them.
    """
    points = at_hand.read(version, POINTS, ["customer_id", *form.contact_points], form.coded)
    place = _places(customers["customer_id"].combine_chunks(), points["customer_id"].combine_chunks())
    columns = {name: points[name].combine_chunks() for name in form.contact_points}
    for name, values in (columns | digests_of(version, form.digests)).items():
        customers = customers.append_column(name, values if place is None else values.take(place))
    return customers


def _places(ids: pa.Array, known: pa.Array) -> pa.Array | None:
    """Where each id stands among those known, each of which stands there once; None: they are the same."""
    if ids.equals(known):
        return None
    if len(ids) * FEW > len(known):
        return pc.index_in(ids, known)
    near = pc.indices_nonzero(pc.is_in(known, ids))  # a few are sooner looked for in many than many are put in order
    return near.take(pc.index_in(ids, known.take(near)))


def with_consents(ledger: Ledger, form: Format, customers: pa.Table, purpose: str, as_of: datetime) -> pa.Table:
    """The customers with what each allows just now, where the form tells it: yes only if nothing speaks against it."""
    ids = customers["customer_id"].to_pylist() if form.consents else []
    for name, channel in form.consents:
        blocked = pa.array(list(ledger.blocked_customers(ids, purpose, channel, as_of)), pa.string())
        customers = customers.append_column(name, pc.invert(pc.is_in(customers["customer_id"], blocked)))
    return customers


def customers_of(
    ledger: Ledger, destination: Destination, version: Version, form: Format, customers: pa.Table, as_of: datetime
) -> pa.Table:
    """Customers (or their contacts) with everything the form needs."""
    known = with_contact_points(version, form, customers)
    return with_consents(ledger, form, known, destination.purpose, as_of)


@dataclass(frozen=True)
class Lines:
    """Whose the lines of a batch's files are.

    Attributes:
        files: of one role, in order.
        keys: contact ids, or the customers' keys at this destination, in the order of the rows.
        consents: the consent that allows each row; null where none is needed, as for a removal.
    """

    files: Sequence[BatchFile]
    keys: pa.Array
    consents: pa.Array


def rows_files(lines: Sequence[Lines]) -> list[BatchFile]:
    """The file that says whose each line is and which consent allows it. It is for answers, not for the platform."""
    parts = []
    for one in lines:
        at = 0
        for file in one.files:
            count = file.count_rows
            # Where there is a header, it is line 1; elsewhere rows are counted from 1.
            first = 2 if file.name.endswith(".csv") else 1
            numbers = pa.array(np.arange(first, first + count))
            named = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([file.name]))
            cells = [named, numbers, one.keys.slice(at, count), one.consents.slice(at, count)]
            parts.append(pa.table(cells, names=["file", "line", "row_key", "consent_id"]))
            at += count
    return files_of("rows", pa.concat_tables(parts))
