"""Tables of our own that are read again and again, as they lie in memory: nothing is unpacked, a few rows cost little.

Arrow's file form, uncompressed; digests and ids do not compress anyway. A file is mapped, not read: what nobody looks
at is never taken from the disk.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa

from dagster_project.adapters.durable import PRIVATE_FILE, sync_folder, writing, writing_much
from dagster_project.domain.exports.writing import decoded

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".arrow"
AT_ONCE = 16_777_216  # rows of one piece: no column of texts reaches 2 GiB


def write(path: Path, rows: pa.Table, *, is_read_soon: bool) -> None:
    """Write a new file, for the owner alone, and flush it to the disk.

    Args:
        is_read_soon: whether it should stay in the system's memory.

    Raises:
        FileExistsError: there is one of that name.
    """
    way = writing if is_read_soon else writing_much
    with way(path, PRIVATE_FILE) as file, pa.ipc.new_file(file, rows.schema) as target:
        target.write_table(rows.unify_dictionaries().combine_chunks(), max_chunksize=AT_ONCE)


def replace(path: Path, rows: pa.Table, *, is_read_soon: bool) -> None:
    """Put rows in a file's place as a whole: a reader sees the old or the new, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    write(fresh, rows, is_read_soon=is_read_soon)
    os.replace(fresh, path)
    sync_folder(path.parent)


def read(path: Path, columns: list[str] | None = None) -> pa.Table:
    """The rows of a file, some of its columns or all.

    Raises:
        FileNotFoundError: there is none.
        pyarrow.ArrowInvalid: it is damaged.
    """
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        rows = file.read_all()
    return rows if columns is None else rows.select(columns)


def recoded(rows: pa.Table) -> pa.Table:
    """The rows with coded columns that hold no value which no row has: a value of a row taken out is in none."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            chunks = [decoded(chunk) for chunk in rows.column(place).chunks]
            plain = pa.chunked_array(chunks, field.type.value_type).combine_chunks()
            rows = rows.set_column(place, field.name, plain.dictionary_encode())
    return rows
