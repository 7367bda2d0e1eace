"""Files as their receivers read them: rows to bytes, in as many files as the receiver's limits ask for.

Everything here is fast for a million rows: a chunk of cells that needs no quotes is written by Arrow, any other cell by
cell; both give the same bytes (a test compares them). A column of binary cells holds digests: they are written in hex.
"""

from __future__ import annotations

import binascii
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from dagster_project.domain.exports.manifest import BatchFile
from dagster_project.errors import HoivaError

Medium = Literal["csv", "jsonl", "parquet"]
ROWS_AT_ONCE = 8_192  # of a file being written: keeps the copy in memory small
CELLS_AT_ONCE = 4_096  # of one call to Arrow's writer: what stays in the processor's cache
FILE_NAME = re.compile(r"[a-z]{2,20}(_[1-9][0-9]{0,3})?\.(csv|jsonl|parquet)")
QUOTED = b'",\r\n'
NEEDS_QUOTES = re.compile('[",\r\n]')
DIGEST = pa.binary(32)  # SHA-256
PLAIN = pa.csv.WriteOptions(include_header=False, quoting_style="none", batch_size=CELLS_AT_ONCE)


def file_name(stem: str, number: int, medium: Medium) -> str:
    """The name of a role's first, second ... file. Nothing of a customer, an audience or a file's content is in it.

    >>> file_name("add", 1, "csv"), file_name("contacts", 2, "jsonl")
    ('add.csv', 'contacts_2.jsonl')
    """
    name = f"{stem}.{medium}" if number == 1 else f"{stem}_{number}.{medium}"
    if not FILE_NAME.fullmatch(name):
        raise HoivaError(
            "a file of a batch is called contacts, add, remove or rows, with a number where there are more"
        )
    return name


def hex_digits(values: npt.NDArray[np.uint8]) -> bytes:
    """Two hex digits per byte.

    >>> hex_digits(np.array([0, 159, 250, 255], np.uint8))
    b'009ffaff'
    """
    return binascii.hexlify(np.ascontiguousarray(values).data)


def hex_text(digests: pa.Array) -> pa.Array:
    """Digests of 32 bytes in hex; null stays null.

    >>> hex_text(pa.array([b"\\xab" * 32, None], pa.binary(32))).to_pylist() == ["ab" * 32, None]
    True
    """
    digests = pa.concat_arrays([digests])  # at offset 0
    count = len(digests)
    kept = digests.is_valid()
    values = np.frombuffer(digests.buffers()[1], np.uint8, count * 32) if count else np.empty(0, np.uint8)
    if digests.null_count:
        places = kept.to_numpy(zero_copy_only=False)
        values = values.reshape(count, 32)[places].reshape(-1)
        ends = np.cumsum(places, dtype=np.int32) * 64
        offsets = np.concatenate([np.zeros(1, np.int32), ends.astype(np.int32)])
    else:
        offsets = np.arange(count + 1, dtype=np.int32) * 64
    buffers = [digests.buffers()[0], pa.py_buffer(offsets), pa.py_buffer(hex_digits(values))]
    return pa.Array.from_buffers(pa.string(), count, buffers, digests.null_count)


def hex_of(rows: npt.NDArray[np.uint8]) -> pa.Array:
    """Rows of equally many bytes in hex.

    >>> hex_of(np.array([[0, 255], [16, 1]], np.uint8)).to_pylist()
    ['00ff', '1001']
    """
    count, size = rows.shape
    offsets = np.arange(count + 1, dtype=np.int32) * (2 * size)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(hex_digits(np.ascontiguousarray(rows).reshape(-1)))]
    return pa.Array.from_buffers(pa.string(), count, buffers, 0)


def shown(cells: pa.Table) -> pa.Table:
    """The same with digests in hex; a column with few different values stays coded."""
    cells = in_hex_once(cells)
    for place, field in enumerate(cells.schema):
        if field.type == DIGEST:
            chunks = [hex_text(chunk) for chunk in cells.column(place).chunks]
            cells = cells.set_column(place, field.name, pa.chunked_array(chunks, pa.string()))
    return cells


def in_hex_once(cells: pa.Table) -> pa.Table:
    """The same with coded digests in hex, each of the few values once; they stay coded."""
    for place, field in enumerate(cells.schema):
        if pa.types.is_dictionary(field.type) and field.type.value_type == DIGEST:
            chunks = [
                pa.DictionaryArray.from_arrays(chunk.indices, hex_text(chunk.dictionary))
                for chunk in cells.column(place).chunks
            ]
            kind = pa.dictionary(field.type.index_type, pa.string())
            cells = cells.set_column(place, field.name, pa.chunked_array(chunks, kind))
    return cells


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The columns with the types of their values, none of them coded."""
    return pa.schema(
        [(field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type) for field in schema]
    )


def decoded(column: pa.Array) -> pa.Array:
    """A coded column as its values."""
    return column.dictionary.take(column.indices) if pa.types.is_dictionary(column.type) else column


def cell(value: object) -> str:
    """A value as a cell of CSV.

    >>> cell(None), cell(7), cell("a,b"), len(cell(chr(13)))
    ('', '7', '"a,b"', 3)
    """
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if NEEDS_QUOTES.search(text) else text


def csv_bytes(rows: pa.Table) -> bytes:
    """A table as CSV: UTF-8 without a mark, commas, quotes where needed, one line feed per row.

    >>> table = pa.table({"First Name": ["Aino", "Veera, V"], "Zip": ["00100", None]})
    >>> csv_bytes(table).decode().splitlines()
    ['First Name,Zip', 'Aino,00100', '"Veera, V",']
    """
    return csv_buffer(rows).to_pybytes()


def csv_buffer(rows: pa.Table) -> pa.Buffer:
    """The same without a copy."""
    head = (",".join(rows.column_names) + "\n").encode()
    # Room for the largest file these cells can make: what is not written to is never taken from the machine, whereas a
    # buffer that grows is copied again and again.
    room = pa.allocate_buffer(len(head) + sum(_most_bytes(column) for column in rows.columns) + 3 * rows.num_rows)
    sink = pa.FixedSizeBufferWriter(room)
    sink.write(head)
    # The hex of a digest needs no quotes, and is most of a file.
    doubtful = [place for place, field in enumerate(plain_schema(rows.schema)) if field.type != DIGEST]
    for chunk in _chunks(rows):
        if _needs_quotes(chunk, doubtful):
            cells = [map(cell, column.to_pylist()) for column in chunk.columns]
            lines = (",".join(row) or '""' for row in zip(*cells, strict=True))
            sink.write("".join(f"{line}\n" for line in lines).encode())
        else:
            pa.csv.write_csv(chunk, sink, PLAIN)
    return room.slice(0, sink.tell())


def _most_bytes(column: pa.ChunkedArray) -> int:
    """The most bytes of a column's cells, each in quotes, all of it quotes, and followed by a comma."""
    longest = 40  # of a number or a moment
    if column.type == DIGEST:
        longest = 64
    elif pa.types.is_dictionary(column.type):
        if column.type.value_type == DIGEST:
            longest = 64
        else:
            lengths = [pc.max(pc.binary_length(chunk.dictionary)).as_py() or 0 for chunk in column.chunks]
            longest = 2 * max(lengths, default=0)
    elif pa.types.is_string(column.type):
        return 2 * (pc.sum(pc.binary_length(column)).as_py() or 0) + 3 * len(column)
    return (longest + 3) * len(column)


def json_lines(rows: pa.Table) -> bytes:
    """A table as JSON, one object a line; a cell that is blank is left out.

    >>> json_lines(pa.table({"email": ["a@example.com"], "phone": [None], "priority": [1]}))
    b'{"email":"a@example.com","priority":1}\\n'
    """
    sink = io.BytesIO()
    for chunk in _chunks(rows):
        for row in chunk.to_pylist():
            said = {name: value for name, value in row.items() if value is not None}
            sink.write((json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str) + "\n").encode())
    return sink.getvalue()


def parquet_bytes(rows: pa.Table) -> bytes:
    """A table as Parquet, the same bytes for the same rows."""
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(_plain(rows), sink, compression="zstd", row_group_size=131_072, version="2.6")
    return sink.getvalue().to_pybytes()


def stored(rows: pa.Table, **how: Any) -> pa.Buffer:
    """A table as Parquet for a store of our own, without a copy.

    Args:
        how: as ``pyarrow.parquet.write_table`` takes it.
    """
    room = pa.allocate_buffer(rows.nbytes + rows.nbytes // 4 + 1_000_000)  # pages have heads, and a file a foot
    sink = pa.FixedSizeBufferWriter(room)
    pa.parquet.write_table(rows, sink, **how)
    return room.slice(0, sink.tell())


def _plain(rows: pa.Table) -> pa.Table:
    columns = [decoded(column.combine_chunks()) for column in shown(rows).columns]
    return pa.table(columns, names=rows.column_names)


def bytes_of(cells: pa.Table, medium: Medium) -> bytes | pa.Buffer:
    """The rows as a file of this kind."""
    if medium == "csv":
        return csv_buffer(cells)
    return json_lines(cells) if medium == "jsonl" else parquet_bytes(cells)


def files_of(
    stem: str,
    cells: pa.Table,
    medium: Medium = "csv",
    most_rows: int | None = None,
    most_bytes: int | None = None,
    first: int = 1,
) -> list[BatchFile]:
    """The rows in as few files as the receiver's limits allow, in order.

    Args:
        stem: ``contacts``, ``add``, ``remove``, ``full`` or ``rows``; also the role.
        cells: without a row they are one file that says so.
        most_rows: of one file, without its header.
        most_bytes: of one file. A single row that is larger goes out alone.
        first: the number of the first file.
    """
    files: list[BatchFile] = []
    waiting = [cells]
    if most_rows:
        waiting = [cells.slice(at, most_rows) for at in range(0, max(cells.num_rows, 1), most_rows)]
    while waiting:
        part = waiting.pop(0)
        content = bytes_of(part, medium)
        size = len(memoryview(content))
        if most_bytes is not None and size > most_bytes and part.num_rows > 1:
            pieces = min(part.num_rows, size // most_bytes + 1)
            each = -(-part.num_rows // pieces)
            waiting[:0] = [part.slice(at, each) for at in range(0, part.num_rows, each)]
            continue
        name = file_name(stem, first + len(files), medium)
        files.append(BatchFile(name, stem, content, part.num_rows, tuple(cells.column_names)))
    return files


def _chunks(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    whole = in_hex_once(rows.combine_chunks())
    for at in range(0, whole.num_rows, ROWS_AT_ONCE):
        part = shown(whole.slice(at, ROWS_AT_ONCE))
        columns = [decoded(column.combine_chunks()) for column in part.columns]
        yield pa.RecordBatch.from_arrays(columns, names=part.column_names)


def _needs_quotes(chunk: pa.RecordBatch, doubtful: Sequence[int]) -> bool:
    if chunk.num_columns == 1 and chunk.column(0).null_count:
        return True  # a blank line would be no row: it is written as ""
    columns = (chunk.column(place) for place in doubtful)
    return any(_has_any(column, QUOTED) for column in columns if pa.types.is_string(column.type))


def _has_any(column: pa.Array, letters: bytes) -> bool:
    """Whether one of these letters stands anywhere in a column: looked for in its bytes, value after value."""
    _, offsets, data = column.buffers()
    if data is None:
        return False
    ends = np.frombuffer(offsets, np.int32)[[column.offset, column.offset + len(column)]]
    text = bytes(memoryview(data)[ends[0] : ends[1]])
    return any(text.find(letter) >= 0 for letter in letters)
