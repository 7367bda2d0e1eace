"""Delivered bytes as records of text: nothing typed, nothing dropped, every record with its line.

A file that cannot be trusted as a whole is refused with one sentence; a record that does not fit is kept apart. The
number of records is counted a second time, by another method than the parser's, and the two must agree.
"""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dagster_project.domain.sources.drift import Header
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

LONGEST_LINE = 16 * 1024 * 1024  # bytes; a longer one is a file without line ends, not a record
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LARGEST_PLAIN = 4 * 2**30  # bytes of one delivery, unpacked: it is read as a whole
PACKED_AT_MOST = 200  # times smaller than what it holds; real deliveries reach 5 to 50, a bomb 1,000 and more
BELIEVED = 64 * 2**20  # bytes up to which nobody asks how they were packed
ENDINGS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")


@dataclass
class Misfit:
    """A record that could not be read as the contract says, before any value was typed."""

    line_number: int
    column: str
    reason_code: str
    raw: str


@dataclass
class Records:
    """All records of a file.

    Attributes:
        texts: one text column per contract column; null where blank or absent.
        line_number: the line (CSV, JSON lines) or row (Parquet) of each of them, from 1.
        misfits: records that are not in ``texts``.
        count_delivered: how many records there are, counted by another method than the parser's.
        names: the columns in the order they were delivered in, by the contract's name where it has one.
        header: how they were held against the contract.
    """

    texts: pa.Table
    line_number: pa.Array
    misfits: list[Misfit] = field(default_factory=list)
    count_delivered: int = 0
    names: list[str] = field(default_factory=list)
    header: Header = field(default_factory=lambda: Header({}))


def kind_of(file_name: str) -> str:
    """``csv``, ``jsonl`` or ``parquet``, from the file's ending.

    Raises:
        Refused: the ending is none of those the gate reads.
    """
    name = file_name.lower().removesuffix(".gz")
    for kind in ("csv", "jsonl", "parquet"):
        if name.endswith(f".{kind}"):
            return kind
    raise Refused("unknown_kind", f"the file's ending is none of {', '.join(ENDINGS)}")


def unpacked(data: bytes, file_name: str) -> bytes:
    """The bytes without gzip.

    Raises:
        Refused: the file is empty, the gzip is damaged or cut off, or it unpacks beyond measure.
    """
    if not data:
        raise Refused("empty_file", "the file is empty: ask for it again")
    if not file_name.lower().endswith(".gz"):
        return data
    try:
        plain = _gunzipped(data)
    except (OSError, EOFError, zlib.error):
        raise Refused("damaged_gzip", "the gzip is damaged or cut off: ask for the file again") from None
    if not plain:
        raise Refused("empty_file", "the gzip holds nothing: ask for the file again")
    return plain


def _gunzipped(data: bytes) -> bytes:
    """What the gzip holds, read piece by piece so that a bomb is noticed before it fills the memory."""
    allowed = max(BELIEVED, min(LARGEST_PLAIN, PACKED_AT_MOST * len(data)))
    plain = bytearray()
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        while piece := file.read(2**20):
            plain += piece
            if len(plain) > allowed:
                raise Refused(
                    "too_large",
                    f"the gzip holds more than {allowed // 2**20} MiB, {len(plain) // len(data)} times its own size:"
                    " deliver it in parts, or unpacked",
                )
    return bytes(plain)


def decoded(data: bytes) -> str:
    """Text of a CSV or JSON-lines file, without a byte-order mark.

    Raises:
        Refused: a NUL byte, a line of more than 16 MiB, or bytes that are not UTF-8.
    """
    check_bytes(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(10, 0, error.start) + 1
        raise Refused("not_utf8", f"line {line} is not UTF-8: save the file as UTF-8") from None


def check_bytes(data: bytes) -> None:
    """What can be told of text without decoding it.

    Raises:
        Refused: a NUL byte, or a line of more than 16 MiB.
    """
    nul = data.find(b"\x00")
    if nul >= 0:
        raise Refused("nul_byte", f"line {data.count(10, 0, nul) + 1} holds a NUL byte: the file is damaged")
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    edges = np.concatenate(([-1], ends, [len(data)]))
    longest = int(np.diff(edges).max())
    if longest > LONGEST_LINE:
        raise Refused("line_too_long", f"a line is {longest // 2**20} MiB long: the line ends are missing")


def text_table(columns: dict[str, pa.Array], table: Table, rows: int) -> pa.Table:
    """The contract's columns in its order, as text; absent ones are null throughout."""
    arrays = [
        columns[name].cast(pa.string()) if name in columns else pa.nulls(rows, pa.string()) for name in table.columns
    ]
    return pa.table(dict(zip(table.columns, arrays, strict=True)))


def named_by_the_contract(names: list[str], header: Header) -> list[str]:
    """Delivered names in their order, each by the contract's name where it has one."""
    meant = {delivered: name for name, delivered in header.taken.items()}
    return [meant.get(name, name) for name in names]
