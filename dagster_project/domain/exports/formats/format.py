"""What every form has: its columns, what it needs to know of a customer, and how a row is made or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.exports.destination import Kind
from dagster_project.domain.exports.values import texts

CONTACT_COLUMNS = (
    "contact_id", "care_model", "treatment", "offer", "subject", "link", "language_fallback", "planned_for", "priority",
)  # of a message  # fmt: skip


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


def language_of(contacts: pa.Table) -> list[str]:
    """The language each contact is in: the customer's own, or the one the action falls back on.

    >>> language_of(pa.table({"language_code": ["fi", None], "language_fallback": ["en", "en"]}))
    ['fi', 'en']
    """
    own = pa.array(texts(contacts["language_code"]), pa.string())
    fallback = pa.array(texts(contacts["language_fallback"]), pa.string())
    return pc.if_else(pc.equal(own, ""), fallback, own).to_pylist()
