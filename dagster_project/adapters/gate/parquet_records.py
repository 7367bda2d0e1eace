"""Parquet as records of text, so that every kind of file passes the same typing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters.gate.records import Records, named_by_the_contract, text_table
from dagster_project.domain.sources.drift import header_of
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table


def parquet_records(data: bytes, table: Table) -> Records:
    """Read a Parquet file by the contract; the footer's row count is the independent one.

    Raises:
        Refused: it is not Parquet, is cut off, lacks columns, or nests values.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        names = file.schema_arrow.names
        told = header_of(names, table, "file")
        rows = file.read(columns=list(told.taken.values()))
        rows.validate(full=True)
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


def as_text(values: pa.ChunkedArray, name: str) -> pa.Array:
    """A column as a CSV would have it.

    Raises:
        Refused: its values are lists, structs or bytes.
    """
    kind = values.type
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
