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

if TYPE_CHECKING:
    from dagster_project.settings import Home


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
    hashed = [field.name for field in rows.schema if pa.types.is_fixed_size_binary(field.type)]
    content = pa.BufferOutputStream()
    # Digests do not compress.
    compression = {name: "none" if name in hashed else "zstd" for name in rows.column_names}
    others = [name for name in rows.column_names if name not in hashed]
    pq.write_table(rows, content, compression=compression, use_dictionary=others)
    write_file(path, memoryview(content.getvalue()), PRIVATE_FILE)
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
            rows = _as_digests(pq.read_table(path, partitioning=None).select(schema.names), schema).cast(schema)
            found.append(rows.filter(pc.is_in(rows["customer_id"], pa.array(wanted, pa.string()))))
    return pa.concat_tables(found).sort_by("customer_id")


def _as_digests(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows kept by an earlier version, which wrote digests in hex, in today's types."""
    for place, field in enumerate(schema):
        if pa.types.is_fixed_size_binary(field.type) and pa.types.is_string(rows.schema.field(place).type):
            values = [None if value is None else bytes.fromhex(value) for value in rows.column(place).to_pylist()]
            rows = rows.set_column(place, field.name, pa.array(values, field.type))
    return rows


def clear(home: Home, destination: str, known: set[str]) -> None:
    """Remove the rows of batches that were never opened or were taken back."""
    folder = folder_of(home) / destination
    for path in sorted(folder.glob("*.parquet")) if folder.is_dir() else []:
        if path.stem not in known:
            path.unlink()
