"""What every form has: its columns, what it needs to know of a customer, and how a row is made or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.exports.destination import Kind
from dagster_project.domain.exports.manifest import BatchFile
from dagster_project.domain.exports.values import language_code, texts
from dagster_project.domain.exports.writing import Medium, files_of

CONTACT_COLUMNS = (
    "contact_id", "care_model", "treatment", "offer", "subject", "link", "language_fallback", "planned_for", "priority",
)  # of a message  # fmt: skip
BETWEEN = "\x1f"  # the contact points of one identifier, as they are stored


@dataclass(frozen=True)
class Digest:
    """One identifier in one platform's normal form, hashed. It is computed when the identifier first appears.

    Attributes:
        rule: names the normal form. Platforms with equal rules share what was computed; a test holds them equal.
        of: the contact points it is made of.
        normal: their values (trimmed, '' for none) to the text that is hashed, or '' for nothing to hash.
    """

    rule: str
    of: tuple[str, ...]
    normal: Callable[..., str] = field(compare=False)

    @property
    def column(self) -> str:
        """What its column is called beside the contact points.

        >>> Digest("meta_postal_code", ("postal_code", "country_code"), str).column
        'postal_code+country_code:meta_postal_code'
        """
        return f"{'+'.join(self.of)}:{self.rule}"

    def identifiers(self, customers: pa.Table) -> pa.Array:
        """The contact points it is made of, as one text per customer; null where there is nothing to hash."""
        columns = [customers[name].combine_chunks().cast(pa.string()) for name in self.of]
        if len(columns) == 1:
            return columns[0]
        known = pc.is_valid(columns[0])
        filled = [pc.fill_null(column, "") for column in columns]
        return pc.if_else(known, pc.binary_join_element_wise(*filled, BETWEEN), pa.scalar(None, pa.string()))

    def digests(self, identifiers: pa.Array) -> pa.Array:
        """SHA-256 of each identifier's normal form, 32 bytes; null where it has none."""
        parts = [texts(pa.array(values, pa.string())) for values in _split(identifiers, len(self.of))]
        normals = map(self.normal, *parts)
        hashed = [hashlib.sha256(normal.encode()).digest() if normal else None for normal in normals]
        return pa.array(hashed, pa.binary(32))


def _split(identifiers: pa.Array, count: int) -> list[list[str | None]]:
    rows = [(value or "").split(BETWEEN) if count > 1 else [value] for value in identifiers.to_pylist()]
    return [[row[place] for row in rows] for place in range(count)]


def with_digests(customers: pa.Table, digests: Sequence[Digest]) -> pa.Table:
    """The customers with these digests, computed here and now: for tests and for whoever keeps none."""
    for digest in digests:
        coded = digest.identifiers(customers).dictionary_encode()
        customers = customers.append_column(digest.column, digest.digests(coded.dictionary).take(coded.indices))
    return customers


@dataclass(frozen=True)
class Rows:
    """A file's rows, one per row given, with the reason for each that cannot be sent.

    Attributes:
        cells: columns in the file's order: text, or digests (32 bytes, written in hex); a null is a blank cell.
        reasons: null for a row that can be sent, else a reason code such as ``no_valid_email``.
    """

    cells: pa.Table = field(repr=False)
    reasons: pa.Array

    @classmethod
    def of(cls, cells: pa.Table, reasons: Sequence[str | None]) -> Rows:
        """From reasons in a list."""
        return cls(cells, pa.array(reasons, pa.string()))

    def sendable(self) -> pa.BooleanArray:
        """Which rows can be sent."""
        return pc.is_null(self.reasons)

    def refused(self) -> list[tuple[int, str]]:
        """The place and the reason of each row that cannot be sent."""
        places = pc.indices_nonzero(pc.is_valid(self.reasons))
        return list(zip(places.to_pylist(), self.reasons.take(places).to_pylist(), strict=True))


@dataclass(frozen=True)
class Format:
    """A form that files can leave in.

    Attributes:
        name: as written in a destination's YAML.
        kind: whether it carries messages or memberships.
        channels: the channels it can serve.
        columns: the header, in order.
        contact_points: columns of the vault's contact points it uses; no others are ever read for it.
        coded: those of them it takes coded, as each of few different values stands for many customers.
        make: rows of customers (a message's also with ``CONTACT_COLUMNS``) to rows of the file.
        digests: the hashed identifiers it uses, as columns beside the contact points.
        consents: yes/no columns it needs beside them, each with the channel whose consent answers it.
        one_row_per: a column that may hold a value only once per file, as the tool would overwrite the first.
        medium: how its files are written.
        most_rows, most_bytes: of one file, as the receiver's limits say; more rows go into several files.
        write: writes its files in a way of its own.
    """

    name: str
    kind: Kind
    channels: tuple[str, ...]
    columns: tuple[str, ...]
    contact_points: tuple[str, ...]
    make: Callable[[pa.Table], Rows]
    coded: tuple[str, ...] = ()
    digests: tuple[Digest, ...] = ()
    consents: tuple[tuple[str, str], ...] = ()
    one_row_per: str | None = None
    medium: Medium = "csv"
    most_rows: int | None = None
    most_bytes: int | None = None
    write: Callable[[str, pa.Table, int], list[BatchFile]] | None = None

    def files(self, stem: str, cells: pa.Table, first: int = 1) -> list[BatchFile]:
        """The rows as files: ``contacts``, ``add``, ``remove`` or ``full``, numbered from ``first``."""
        if self.write is not None:
            return self.write(stem, cells, first)
        return files_of(stem, cells, self.medium, self.most_rows, self.most_bytes, first)


def language_of(contacts: pa.Table) -> list[str]:
    """The language each contact is in: the customer's own, or the one the action falls back on.

    >>> language_of(pa.table({"language_code": ["fi", None], "language_fallback": ["en", "en"]}))
    ['fi', 'en']
    """
    own, fallback = texts(contacts["language_code"]), texts(contacts["language_fallback"])
    return [language_code(one) or language_code(other) for one, other in zip(own, fallback, strict=True)]
