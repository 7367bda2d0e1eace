"""What every form has: its columns, what it needs to know of a customer, and how a row is made or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from dagster_project.domain.exports.destination import Kind

CONTACT_COLUMNS = ("contact_id", "care_model", "treatment", "offer", "subject", "link", "priority")  # of a message


@dataclass(frozen=True)
class Rows:
    """A file's rows, one per row given, with the reason for each that cannot be sent.

    Attributes:
        cells: text columns in the file's order; a null is a blank cell.
        reasons: None for a row that can be sent, else a reason code such as ``no_valid_email``.
    """

    cells: pa.Table = field(repr=False)
    reasons: list[str | None]

    def sendable(self) -> pa.BooleanArray:
        """Which rows can be sent."""
        return pa.array([reason is None for reason in self.reasons], pa.bool_())


@dataclass(frozen=True)
class Format:
    """A form that files can leave in.

    Attributes:
        name: as written in a destination's YAML.
        kind: whether it carries messages or memberships.
        columns: the header, in order.
        contact_points: columns of the vault's contact points it uses; no others are ever read for it.
        one_row_per: a column that may hold a value only once per file, as the tool would overwrite the first.
        make: rows of customers (a message's also with ``CONTACT_COLUMNS``) to rows of the file.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    contact_points: tuple[str, ...]
    make: Callable[[pa.Table], Rows]
    one_row_per: str | None = None
