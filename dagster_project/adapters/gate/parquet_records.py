"""Parquet as records of text, so that every kind of file passes the same typing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters.gate.records import (
    BELIEVED,
    LARGEST_PLAIN,
    PACKED_AT_MOST,
    Records,
    named_by_the_contract,
    text_table,
)
from dagster_project.domain.sources.drift import header_of
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

MARKS = b"PAR1PAR1"  # the end of one file and the beginning of the next
FEWEST_TOO_MANY = 1_000_000  # rows that nobody asks about
ROWS_PER_BYTE = 16  # a row has a key; what packs sixteen of them into a byte holds none


def parquet_records(data: bytes, table: Table) -> Records:
    """Read a Parquet file by the contract; the footer's row count is the independent one.

    Raises:
        Refused: it is not Parquet, is cut off, lacks columns, or nests values.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        _check_size(data, file.metadata)
        repeating = _repeating(file.metadata)
        if repeating:
            file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True, read_dictionary=repeating)
        names = file.schema_arrow.names
        told = header_of(names, table, "file")
        rows = _read(file, list(told.taken.values()))
        texts = {name: as_text(rows.column(delivered), name) for name, delivered in told.taken.items()}
    except Refused:
        raise
    except Exception:
        raise Refused("not_parquet", "the file is not readable Parquet: it is damaged or cut off") from None
    if file.metadata.num_rows != rows.num_rows:
        raise Refused("count_mismatch", f"the footer says {file.metadata.num_rows} rows, {rows.num_rows} were read")
    if rows.num_rows == 0:
        raise Refused("empty_file", "the file holds no row: ask for it again")
    numbers = pa.array(np.arange(1, rows.num_rows + 1))
    read = text_table(texts, table, rows.num_rows)
    return Records(read, numbers, [], rows.num_rows, named_by_the_contract(names, told), told)


def _check_size(data: bytes, footer: pq.FileMetaData) -> None:
    """Compare what the footer promises with the bytes there are.

    Raises:
        Refused: the file unpacks beyond measure, or is two files one behind the other: the first would never be read.
    """
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if unpacked > max(BELIEVED, min(LARGEST_PLAIN, PACKED_AT_MOST * len(data))) or footer.num_rows > max(
        FEWEST_TOO_MANY, ROWS_PER_BYTE * len(data)
    ):
        raise Refused(
            "too_large",
            f"the file promises {footer.num_rows} rows, {unpacked // 2**20} MiB, in {len(data)} bytes: deliver less",
        )
    if MARKS in data[len(MARKS) : -len(MARKS)] and not _is_value(data, footer):
        raise Refused("not_parquet", "the file is several Parquet files one behind the other: deliver each for itself")


def _is_value(data: bytes, footer: pq.FileMetaData) -> bool:
    """Whether the marks between two files lie inside the pages that the footer names, as part of a value."""
    ends = [0]
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for place in range(group.num_columns):
            chunk = group.column(place)
            start = chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset
            ends.append(start + chunk.total_compressed_size)
    return data.find(MARKS) < max(ends)


def _repeating(footer: pq.FileMetaData) -> list[str]:
    """Text columns that say few things very often: read as a dictionary, they take the room they take in the file."""
    found = set()
    for number in range(footer.num_row_groups):
        for place in range(footer.row_group(number).num_columns):
            chunk = footer.row_group(number).column(place)
            is_text = chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page
            if is_text and chunk.total_compressed_size * 4 < chunk.num_values:
                found.add(chunk.path_in_schema)
    return sorted(found)


def _plain_size(column: pa.ChunkedArray) -> int:
    """Bytes of a column, each text counted as often as it stands there."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    texts = (pc.binary_length(chunk.dictionary.cast(pa.string())).take(chunk.indices) for chunk in column.chunks)
    return sum(pc.sum(lengths.cast(pa.int64())).as_py() or 0 for lengths in texts)


def _read(file: pq.ParquetFile, names: list[str]) -> pa.Table:
    """The columns asked for, row group by row group, so that a text repeated a million times is noticed before it fills
    the memory.

    Raises:
        Refused: they hold more than is read at once.
    """
    parts, held = [], 0
    for number in range(file.num_row_groups):
        packed = file.read_row_group(number, columns=names)
        held += sum(_plain_size(column) for column in packed.columns)
        if held > LARGEST_PLAIN:
            raise Refused("too_large", "the file unpacks to more than is read at once: deliver it in parts")
        parts.append(packed)
    rows = pa.concat_tables(parts) if parts else file.read(columns=names)
    rows.validate(full=True)
    return rows


def as_text(values: pa.ChunkedArray, name: str) -> pa.Array:
    """A column as a CSV would have it.

    Raises:
        Refused: its values are lists, structs or bytes.
    """
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        raise Refused("nested_column", f"column {name} holds nested or binary values; deliver text, or JSON as text")
    if pa.types.is_timestamp(kind):
        zoned = values if kind.tz is None else pc.cast(values, pa.timestamp("us", "UTC"))
        text = pc.strftime(zoned.cast(pa.timestamp("us", zoned.type.tz)), "%Y-%m-%d %H:%M:%S")
        if kind.tz is not None:
            text = pc.binary_join_element_wise(text, "+00:00", "")
    elif pa.types.is_floating(kind):
        text = pc.replace_substring_regex(values.cast(pa.string()), r"\.0$", "")  # an id of 17850.0 is 17850
    else:
        text = values.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
