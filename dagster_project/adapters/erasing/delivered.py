"""Delivered files without the rows of people who were erased: the other lines keep every byte and their number.

The lake, the quarantine and a later erasure know a record by its line, so a line that goes leaves its line end, and a
row of Parquet its place. Taking the same lines out again changes nothing.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.gate.csv_records import csv_records, misplaced_quote, stray_return
from dagster_project.adapters.gate.json_records import json_records
from dagster_project.adapters.gate.records import BYTE_ORDER_MARK, kind_of, unpacked
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

ANY_LINE_END = re.compile(rb"\r\n|\r|\n")


def without_lines(data: bytes, file_name: str, table: Table, lines: Collection[int]) -> bytes:
    """A file's bytes without the records that begin on these lines (rows, in Parquet).

    Args:
        file_name: its ending tells what it is.
        table: what the contract says of it.
        lines: as the lake and the quarantine number them.

    Raises:
        Refused: the file cannot be read as the contract says.
    """
    kind = kind_of(file_name)
    if kind == "parquet":
        rows = pq.read_table(pa.BufferReader(data))
        places = pa.array([None if number + 1 in lines else number for number in range(rows.num_rows)], pa.int64())
        sink = io.BytesIO()
        pq.write_table(rows.take(places), sink, compression="zstd")
        return sink.getvalue()
    plain = unpacked(data, file_name)
    try:
        records = (csv_records if kind == "csv" else json_records)(plain, table)
    except Refused as refused:
        if refused.reason_code == "empty_file":
            return data  # its last record went before
        raise
    starts = {*records.line_number.to_pylist(), *(misfit.line_number for misfit in records.misfits)}
    cut = _cut(plain, _line_ends(plain, kind), starts, set(lines))
    return gzip.compress(cut, mtime=0) if file_name.lower().endswith(".gz") else cut


def _line_ends(plain: bytes, kind: str) -> Iterable[int]:
    """Where each line ends, as the reader of this kind counts lines."""
    if kind == "csv":
        body = plain.removeprefix(BYTE_ORDER_MARK)
        if misplaced_quote(body) is None and not stray_return(body):
            return (found.end() for found in ANY_LINE_END.finditer(plain))
        if not (0 <= body.find(b"\n") < body.find(b"\r") + 2 or b"\r" not in body):
            return (found.end() for found in re.finditer(rb"\r", plain))
    return (found.end() for found in re.finditer(rb"\n", plain))


def _cut(plain: bytes, ends: Iterable[int], starts: set[int], gone: set[int]) -> bytes:
    """The bytes without the lines from each start that is gone to the next start; their line ends stay."""
    kept = []
    begin, number, is_kept = 0, 1, True
    for end in [*ends, len(plain)]:
        if number in starts:
            is_kept = number not in gone
        line = plain[begin:end]
        kept.append(line if is_kept else line[len(line.rstrip(b"\r\n")) :])
        begin, number = end, number + 1
    return b"".join(kept)
