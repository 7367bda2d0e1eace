"""CSV as records of text."""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dagster_project.adapters.gate.records import (
    BYTE_ORDER_MARK,
    LONGEST_LINE,
    Misfit,
    Records,
    decoded,
    named_by_the_contract,
    text_table,
)
from dagster_project.domain.sources.drift import header_of
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from _csv import Reader

    from dagster_project.domain.sources.contract import Table

csv.field_size_limit(LONGEST_LINE)
QUOTE, LINE_FEED, RETURN, COMMA = 34, 10, 13, 44
ROWS_AT_ONCE = 50_000  # held as Python texts before they are packed
QUOTED = r'"(?:[^"]|"")*"'
FIELD = rf'(?:[^",]*|{QUOTED})'
WHOLE_LINE = re.compile(rf"{FIELD}(?:,{FIELD})*")
OPENS_A_FIELD = re.compile(r'(?:^|,)"')
LINE_END = re.compile("\r\n|\r|\n")


def count_records(data: bytes) -> int:
    """Records of a CSV, header included, by counting line ends outside quotes; blank lines are none.

    >>> count_records(b'id,note\\n1,"two\\nlines"\\n\\n2,plain')
    3
    """
    codes = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero((codes == LINE_FEED) | (codes == RETURN))
    ends = ends[np.searchsorted(np.flatnonzero(codes == QUOTE), ends) % 2 == 0]  # as many quotes before: outside
    edges = np.concatenate(([-1], ends, [len(codes)]))
    return int((np.diff(edges) > 1).sum())


def misplaced_quote(data: bytes) -> int | None:
    """The line (from 1) of the first quote that neither opens nor closes a field nor is doubled; None when all do.

    >>> misplaced_quote(b'id,note\\n1,"a ""quoted"" word"\\n2,""'), misplaced_quote(b'id,note\\n1,plain\\n2,12" pipe')
    (None, 3)
    """
    codes = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(codes == QUOTE)
    if not len(quotes):
        return None
    before = np.where(quotes > 0, codes[quotes - 1], LINE_FEED)
    after = np.where(quotes + 1 < len(codes), codes[np.minimum(quotes + 1, len(codes) - 1)], LINE_FEED)
    beside = np.where(np.arange(len(quotes)) % 2 == 0, before, after)  # quotes open and close in turn
    wrong = np.flatnonzero(~np.isin(beside, (QUOTE, COMMA, LINE_FEED, RETURN)))
    if not len(wrong) and len(quotes) % 2 == 0:
        return None
    place = int(quotes[wrong[0]] if len(wrong) else quotes[-1])
    return len(LINE_END.findall(data[:place].decode("utf-8"))) + 1


def stray_return(data: bytes) -> bool:
    r"""Whether a lone carriage return stands outside quotes in a file whose lines end otherwise.

    Some writers leave it unquoted inside a text; taken for a line end it would cut the record in two.

    >>> stray_return(b'id\n1\r2\n'), stray_return(b'id\r1\r2\r'), stray_return(b'id\n"1\r2"\n')
    (True, False, False)
    """
    if b"\r" not in data:
        return False
    codes = np.frombuffer(data, np.uint8)
    returns = np.flatnonzero(codes == RETURN)
    lone = returns[(returns + 1 == len(codes)) | (codes[np.minimum(returns + 1, len(codes) - 1)] != LINE_FEED)]
    quotes = np.flatnonzero(codes == QUOTE)
    lone = lone[(np.searchsorted(quotes, lone) % 2 == 0) & (lone + 1 < len(codes))]
    feeds = np.flatnonzero(codes == LINE_FEED)
    feeds = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    return bool(len(lone) and len(feeds) and feeds[0] < lone[0])  # the header's end says how lines end


def csv_records(data: bytes, table: Table) -> Records:
    """Read a CSV by the contract: a record of another length is a misfit, never a shifted row.

    Where a quote or line end stands that the format does not allow (``12" pipe``), each line is read for itself and its
    record set apart, if no line opens a quote that it does not close; otherwise nobody can tell where records end.

    Raises:
        Refused: damaged header, unclosed or misplaced quotes, or two counts of records that differ.
    """
    text = decoded(data)
    plain = data.removeprefix(BYTE_ORDER_MARK)
    if misplaced_quote(plain) is None and not stray_return(plain):
        delivered = count_records(plain)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return _records(_numbered(reader), delivered, table)
    line_end = "\n" if 0 <= plain.find(b"\n") < plain.find(b"\r") + 2 or b"\r" not in plain else "\r"
    delivered = sum(1 for line in plain.split(line_end.encode()) if line.strip(b"\r\n"))
    return _records(_line_by_line(text, line_end), delivered, table)


def _numbered(reader: Reader) -> Iterable[tuple[int, list[str], str]]:
    """Each record with the line it begins on; the third part is a reason against it."""
    line = 1
    try:
        for row in reader:
            yield line, row, ""
            line = reader.line_num + 1
    except csv.Error:
        raise Refused("damaged_quotes", f"the quoted value that begins on line {line} has no end") from None


def _line_by_line(text: str, line_end: str) -> Iterable[tuple[int, list[str], str]]:
    """The same, where every line is one record; a line with a misplaced quote or return is one text and its reason."""
    for number, whole in enumerate(text.split(line_end), 1):
        line = whole.strip("\r\n")
        if WHOLE_LINE.fullmatch(line):
            if "\r" in line and "\r" in re.sub(QUOTED, "", line):
                yield number, [line], "misplaced_line_end"
            else:
                yield number, next(csv.reader([line], strict=True)) if line else [], ""
        elif OPENS_A_FIELD.search(line):
            raise Refused("damaged_quotes", f"line {number} opens a quote that does not close where it should")
        else:
            yield number, [line], "misplaced_quote"


def _records(read: Iterable[tuple[int, list[str], str]], delivered: int, table: Table) -> Records:
    """Rows of the header's length packed by column, the others kept apart; all of them counted."""
    rows_in = iter(read)
    header: list[str] = []
    for _, header, reason in rows_in:
        if reason:
            raise Refused("damaged_header", "a quote stands in the header where none may")
        if header:
            break
    told = header_of(header, table, "header")
    width = len(header)
    places = {name: header.index(delivered) for name, delivered in told.taken.items()}
    parts: dict[str, list[pa.Array]] = {name: [] for name in places}
    rows: list[list[str]] = []
    lines = array("q")
    misfits: list[Misfit] = []
    for line, row, reason in rows_in:
        if row == header:  # files put together by hand carry their header along
            misfits.append(Misfit(line, "", "repeated_header", _as_csv(row)))
        elif len(row) == width and not reason:
            rows.append(row)
            lines.append(line)
            if len(rows) == ROWS_AT_ONCE:
                _pack(rows, places, parts)
        elif row:
            misfits.append(Misfit(line, "", reason or "field_count", _as_csv(row)))
    _pack(rows, places, parts)
    delivered -= 1  # the header
    if delivered != len(lines) + len(misfits):
        raise Refused(
            "count_mismatch",
            f"{delivered} records by line ends but {len(lines) + len(misfits)} as read: the file is damaged",
        )
    if delivered == 0:
        raise Refused("empty_file", "the file has a header and no record: ask for it again")
    names = named_by_the_contract(header, told)
    columns = {name: pa.concat_arrays(packed) for name, packed in parts.items()}
    numbers = pa.array(np.frombuffer(lines, np.int64))
    return Records(text_table(columns, table, len(lines)), numbers, misfits, delivered, names, told)


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
