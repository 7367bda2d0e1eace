"""What an audience's platform was told about each customer, kept in the vault.

A customer is let go under the identifiers she was added with, even if her address has changed or is gone since. One
file per batch, ``vault/sent/<destination>/<sequence>-<batch_id>.parquet``: customer_id and the row's cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_folder,
    reached,
    sync_folder,
    write_file,
)
from dagster_project.domain.exports.writing import DIGEST, stored

if TYPE_CHECKING:
    from dagster_project.settings import Home

ROW_GROUP = 131_072  # rows that are read at once when a few of them are looked for


def folder_of(home: Home) -> Path:
    """The folder with one folder per destination."""
    return home.vault / "sent"


def keep(home: Home, destination: str, name: str, rows: pa.Table) -> None:
    """Keep the rows a batch adds, before the batch can be published.

    Args:
        name: the batch's folder name.
        rows: customer_id and the cells of the file.
    """
    folder = make_folder(folder_of(home) / destination, PRIVATE_FOLDER)
    path = folder / f"{name}.parquet"
    path.unlink(missing_ok=True)  # of an attempt that was never published
    hashed = [field.name for field in rows.schema if field.type == DIGEST]  # these do not compress
    compression = {name: "none" if name in hashed else "zstd" for name in rows.column_names}
    coded = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    how = {"use_dictionary": coded, "write_statistics": ["customer_id"], "row_group_size": ROW_GROUP}
    content = stored(_storable(rows), compression=compression, **how)
    write_file(path, memoryview(content), PRIVATE_FILE)
    sync_folder(folder)
    reached("sent_rows.kept")


def read(home: Home, destination: str, added_in: Mapping[str, str], schema: pa.Schema) -> pa.Table:
    """The rows customers were last added with.

    Args:
        added_in: customer_id to the batch_id that added her.
        schema: customer_id and the cells.

    Returns:
        one row per customer found, sorted by customer_id.
    """
    by_batch: dict[str, list[str]] = {}
    for customer_id, batch_id in added_in.items():
        by_batch.setdefault(batch_id, []).append(customer_id)
    folder = folder_of(home) / destination
    found = [schema.empty_table()]
    for path in sorted(folder.glob("*.parquet")) if folder.is_dir() else []:
        wanted = by_batch.get(path.stem.partition("-")[2])
        if wanted:
            found.append(_in_types(_rows_of(path, pa.array(wanted, pa.string()), schema.names), schema))
    return pa.concat_tables(found).sort_by("customer_id")


def _rows_of(path: Path, customer_ids: pa.Array, names: list[str]) -> pa.Table:
    """Some customers' rows of one file, which is read a part at a time: a few of many cost little memory."""
    with pq.ParquetFile(path) as file:
        empty = file.schema_arrow.empty_table().select(names)
        parts = [
            pa.Table.from_batches([batch.filter(pc.is_in(batch["customer_id"], customer_ids))]).select(names)
            for batch in file.iter_batches(ROW_GROUP, columns=names)
        ]
    return pa.concat_tables([empty, *parts])


def _storable(rows: pa.Table) -> pa.Table:
    """Parquet gives coded columns back coded if their values are of any length: coded digests become such."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type) and field.type.value_type == DIGEST:
            coded = rows.column(place).combine_chunks()
            values = pa.DictionaryArray.from_arrays(coded.indices, coded.dictionary.cast(pa.binary()))
            rows = rows.set_column(place, field.name, values)
    return rows


def _in_types(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows as they were kept in the types asked for. An earlier version kept digests in hex."""
    for place, field in enumerate(schema):
        column = rows.column(place)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if field.type == DIGEST and pa.types.is_string(column.type):
            values = [None if value is None else bytes.fromhex(value) for value in column.to_pylist()]
            column = pa.chunked_array([pa.array(values, DIGEST)])
        rows = rows.set_column(place, field.name, column.cast(field.type))
    return rows.cast(schema)


def clear(home: Home, destination: str, known: set[str]) -> None:
    """Remove the rows of batches that were never opened or were taken back."""
    folder = folder_of(home) / destination
    for path in sorted(folder.glob("*.parquet")) if folder.is_dir() else []:
        if path.stem not in known:
            path.unlink()
