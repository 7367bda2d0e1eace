"""CSV as records of text."""

from __future__ import annotations

import csv
import io
from array import array
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dagster_project.adapters.gate.records import LONGEST_LINE, Misfit, Records, check_columns, decoded, text_table
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

csv.field_size_limit(LONGEST_LINE)
QUOTE, LINE_FEED, RETURN = 34, 10, 13
ROWS_AT_ONCE = 50_000  # held as Python texts before they are packed


def count_records(data: bytes) -> int:
    """Records of a CSV, header included, by counting line ends outside quotes; blank lines are none.

    >>> count_records(b'id,note\\n1,"two\\nlines"\\n\\n2,plain')
    3
    """
    codes = np.frombuffer(data.replace(b"\r\n", b"\n"), np.uint8)
    outside = np.cumsum(codes == QUOTE) % 2 == 0
    ends = np.flatnonzero(((codes == LINE_FEED) | (codes == RETURN)) & outside)
    edges = np.concatenate(([-1], ends, [len(codes)]))
    return int((np.diff(edges) > 1).sum())


def csv_records(data: bytes, table: Table) -> Records:
    """Read a CSV by the contract: a record of another length is a misfit, never a shifted row.

    Raises:
        Refused: damaged header, unclosed or misplaced quotes, or two counts of records that differ.
    """
    text = decoded(data)
    if data.count(b'"') % 2:
        raise Refused("unclosed_quote", "a quote is opened and never closed: the file is damaged or cut off")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        check_columns(header, table, "header")
        width = len(header)
        places = {name: place for place, name in enumerate(header) if name in table.columns}
        parts: dict[str, list[pa.Array]] = {name: [] for name in places}
        rows: list[list[str]] = []
        lines = array("q")
        misfits: list[Misfit] = []
        line = reader.line_num + 1
        for row in reader:
            if len(row) == width:
                rows.append(row)
                lines.append(line)
                if len(rows) == ROWS_AT_ONCE:
                    _pack(rows, places, parts)
            elif row:
                misfits.append(Misfit(line, "", "field_count", _as_csv(row)))
            line = reader.line_num + 1
        _pack(rows, places, parts)
    except csv.Error:
        raise Refused("damaged_quotes", f"near line {reader.line_num} a quote stands where none may") from None
    delivered = count_records(data.removeprefix(b"\xef\xbb\xbf")) - 1
    if delivered != len(lines) + len(misfits):
        raise Refused(
            "count_mismatch",
            f"{delivered} records by line ends but {len(lines) + len(misfits)} as read: quotes are misplaced",
        )
    if delivered == 0:
        raise Refused("empty_file", "the file has a header and no record: ask for it again")
    columns = {name: pa.concat_arrays(packed) for name, packed in parts.items()}
    numbers = pa.array(np.frombuffer(lines, np.int64))
    return Records(text_table(columns, table, len(lines)), numbers, misfits, delivered)


def _pack(rows: list[list[str]], places: dict[str, int], parts: dict[str, list[pa.Array]]) -> None:
    """Put the rows away by column, and forget them: as Python's texts a file takes ten times its size."""
    by_column = list(zip(*rows, strict=True))
    for name, place in places.items():
        parts[name].append(pa.array(by_column[place] if rows else (), pa.string()))
    rows.clear()


def _as_csv(row: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
