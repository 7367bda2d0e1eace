"""What a batch will hold, and what the ledger must note with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters import sent_rows
from dagster_project.domain.exports.batches import MembershipChange
from dagster_project.domain.exports.manifest import Batch, BatchFile
from dagster_project.domain.exports.values import csv_bytes, text_table

if TYPE_CHECKING:
    from dagster_project.adapters.published import Version
    from dagster_project.domain.exports.formats import Format
    from dagster_project.settings import Home

ROWS_FILE = "rows.csv"  # which line is whose, for answers; not for the platform
FIRST_LINE = 2  # of the rows; line 1 is the header


@dataclass(frozen=True)
class Content:
    """A batch before it has a number.

    Attributes:
        files: in the order of the manifest.
        contact_ids: the contacts in it (message).
        memberships: the changes in it (membership).
        added: customer_id and cells of the rows it adds, to let go of them by later (membership).
    """

    files: tuple[BatchFile, ...]
    contact_ids: Sequence[str] = ()
    memberships: Sequence[MembershipChange] = ()
    added: pa.Table | None = field(default=None, repr=False)

    @property
    def count_rows(self) -> int:
        """Contacts, or adds and removes."""
        return sum(file.count_rows for file in self.files if file.role != "rows")

    def keep(self, home: Home, batch: Batch) -> None:
        """Keep in the vault what is needed to let go of the customers added."""
        if self.added is not None and self.added.num_rows:
            sent_rows.keep(home, batch.destination, batch.folder_name, self.added)


def with_contact_points(version: Version, form: Format, customers: pa.Table) -> pa.Table:
    """Customers (or their contacts) with the contact points this form needs and no others; null where there is none."""
    points = version.read_vault("contact_points", columns=["customer_id", *form.contact_points])
    points = points.filter(pc.is_in(points["customer_id"], customers["customer_id"].combine_chunks()))
    place = pc.index_in(customers["customer_id"], points["customer_id"].combine_chunks())
    for column in form.contact_points:
        customers = customers.append_column(column, points[column].cast(pa.string()).take(place))
    return customers


def data_file(name: str, role: str, cells: pa.Table) -> BatchFile:
    """A file for the platform."""
    return BatchFile(name, role, csv_bytes(cells), cells.num_rows, tuple(cells.column_names))


def rows_file(lines: Sequence[tuple[str, Sequence[str], Sequence[str | None]]]) -> BatchFile:
    """The file that says whose each line is and which consent allows it.

    Args:
        lines: per file: its name, its rows' keys in order, and their consent ids.
    """
    cells = text_table(
        {
            "file": [name for name, keys, _ in lines for _ in keys],
            "line": [str(FIRST_LINE + number) for _, keys, _ in lines for number in range(len(keys))],
            "row_key": [key for _, keys, _ in lines for key in keys],
            "consent_id": [consent or "" for _, _, consents in lines for consent in consents],
        }
    )
    return data_file(ROWS_FILE, "rows", cells)
